/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/frame.c. */
#include "sources/frame.h"

#include <drm_fourcc.h>
#include <sys/eventfd.h>

#include "sources/shm-image.h"
#include "tests/support/fixture.h"

typedef struct Released {
	unsigned count; /* only touched in the main context */
	GThread *thread;
} Released;

static void on_released(void *user_data)
{
	Released *released = user_data;

	released->count++;
	released->thread = g_thread_self();
}

static VitFrame *make_frame(const pixman_region32_t *damage, Released *released)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(64, 32, DRM_FORMAT_XRGB8888, 0, false, NULL);

	return vit_frame_new(vit_shm_image_get_buffer(image), damage, 7, eventfd(0, EFD_CLOEXEC),
			     on_released, released);
}

static bool is_released_once(void *user_data)
{
	const Released *released = user_data;

	return released->count == 1;
}

static void test_values(void)
{
	Released released = {0};
	g_autoptr(VitFrame) frame = make_frame(NULL, &released);

	g_assert_cmpuint(vit_frame_get_sequence(frame), ==, 7);
	g_assert_null(vit_frame_get_damage(frame));
	g_assert_cmpint(vit_frame_peek_acquire_fence(frame), >=, 0);
	g_assert_cmpuint(vit_buffer_get_width(vit_frame_get_buffer(frame)), ==, 64);
	g_assert_cmpint(vit_frame_get_time_ns(frame) / 1000, <=, g_get_monotonic_time());
	g_assert_cmpint(vit_frame_get_time_ns(frame), >, 0);
}

static void test_damage_is_clipped(void)
{
	Released released = {0};
	pixman_region32_t damage, expected;
	g_autoptr(VitFrame) frame = NULL;

	pixman_region32_init_rect(&damage, -5, 30, 20, 20);
	(void)pixman_region32_union_rect(&damage, &damage, 60, 0, 1000, 2);
	frame = make_frame(&damage, &released);
	pixman_region32_fini(&damage);
	pixman_region32_init_rect(&expected, 0, 30, 15, 2);
	(void)pixman_region32_union_rect(&expected, &expected, 60, 0, 4, 2);
	g_assert_true(
		pixman_region32_equal((pixman_region32_t *)vit_frame_get_damage(frame), &expected));
	pixman_region32_fini(&expected);
}

static void test_release_at_last_unref(void)
{
	Released released = {0};
	VitFrame *frame = make_frame(NULL, &released);

	vit_frame_unref(vit_frame_ref(frame));
	g_assert_false(vit_frame_is_released(frame));
	g_assert_cmpuint(released.count, ==, 0);
	vit_frame_unref(frame);
	g_assert_cmpuint(released.count, ==, 1);
	vit_frame_unref(NULL);
}

static void test_early_release(void)
{
	Released released = {0};
	VitFrame *frame = make_frame(NULL, &released);

	vit_frame_release(frame);
	vit_frame_release(frame);
	g_assert_true(vit_frame_is_released(frame));
	g_assert_cmpuint(released.count, ==, 1);
	vit_frame_unref(frame);
	g_assert_cmpuint(released.count, ==, 1);
}

static void test_without_notifier(void)
{
	g_autoptr(VitShmImage) image = vit_shm_image_new(4, 4, DRM_FORMAT_XRGB8888, 0, false, NULL);
	g_autoptr(VitFrame) frame =
		vit_frame_new(vit_shm_image_get_buffer(image), NULL, 1, -1, NULL, NULL);

	vit_frame_release(frame);
	g_assert_true(vit_frame_is_released(frame));
}

static void *unref_in_thread(void *user_data)
{
	vit_frame_unref(user_data);
	return NULL;
}

static void *release_and_unref_in_thread(void *user_data)
{
	vit_frame_release(user_data);
	vit_frame_unref(user_data);
	return NULL;
}

static void test_unref_from_another_thread(void)
{
	Released released = {0};
	VitFrame *frame = make_frame(NULL, &released);

	/* The loop is not running here, so the other thread could acquire its context. */
	g_thread_join(g_thread_new("unref", unref_in_thread, frame));
	g_assert_cmpuint(released.count, ==, 0);
	vit_test_wait("the release to be posted", 10, is_released_once, &released);
	g_assert_true(released.thread == g_thread_self());
}

static void test_context_of_the_maker(void)
{
	Released released = {0};
	GMainContext *context = g_main_context_new();
	VitFrame *frame;

	g_main_context_push_thread_default(context);
	frame = make_frame(NULL, &released);
	g_main_context_pop_thread_default(context);
	g_thread_join(g_thread_new("unref", unref_in_thread, frame));
	while (g_main_context_iteration(NULL, FALSE)) {
	}
	g_assert_cmpuint(released.count, ==, 0);
	while (g_main_context_iteration(context, FALSE)) {
	}
	g_assert_cmpuint(released.count, ==, 1);
	g_main_context_unref(context);
}

static void test_race(void)
{
	for (unsigned round = 0; round < 200; round++) {
		Released released = {0};
		VitFrame *frame = make_frame(NULL, &released);
		GThread *threads[3];

		for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
			threads[i] = g_thread_new("race", release_and_unref_in_thread,
						  vit_frame_ref(frame));
		}
		vit_frame_release(frame);
		vit_frame_unref(frame);
		for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
			g_thread_join(threads[i]);
		}
		vit_test_wait("the release", 10, is_released_once, &released);
		while (g_main_context_iteration(NULL, FALSE)) {
		}
		g_assert_cmpuint(released.count, ==, 1);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/frame/values", test_values);
	vit_test_add("/frame/damage-is-copied-and-clipped", test_damage_is_clipped);
	vit_test_add("/frame/release/at-last-unref", test_release_at_last_unref);
	vit_test_add("/frame/release/early-only-once", test_early_release);
	vit_test_add("/frame/release/without-notifier", test_without_notifier);
	vit_test_add("/frame/release/posted-from-another-thread", test_unref_from_another_thread);
	vit_test_add("/frame/release/in-the-context-of-the-maker", test_context_of_the_maker);
	vit_test_add("/frame/release/once-in-a-race", test_race);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Tests of encoders/surface.c over the real vitrine-render: updates, readers, and who goes first.
 */
#include "encoders/surface.h"

#include <drm_fourcc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "tests/support/fixture.h"
#include "tests/support/surface-fixture.h"

static void test_first_picture(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 333, 71);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_assert_changed(&fixture, 0, 0, 333, 71);
	surface_fixture_assert_shown(&fixture);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).jobs, ==, 1);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).failed_jobs, ==, 0);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).last_job_ns, >, 0);
	surface_fixture_clear(&fixture);
}

static void test_starts_black(void)
{
	SurfaceFixture fixture;
	pixman_region32_t corner;
	g_autofree uint32_t *shown = NULL;

	surface_fixture_init(&fixture, 100, 40);
	surface_fixture_paint(&fixture, 1);
	pixman_region32_init_rect(&corner, 0, 0, 1, 1);
	surface_fixture_update(&fixture, &corner);
	g_assert_no_error(fixture.ending.error);
	shown = surface_fixture_read(&fixture);
	g_assert_cmphex(shown[0], ==, *surface_fixture_pixel(&fixture, 0, 0) | 0xff000000u);
	for (unsigned i = 1; i < 100 * 40; i++) {
		g_assert_cmphex(shown[i], ==, 0xff000000u);
	}
	pixman_region32_fini(&corner);
	surface_fixture_clear(&fixture);
}

static void test_changed_tiles_only(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 640, 480);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_update(&fixture, NULL);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	*surface_fixture_pixel(&fixture, 639, 479) ^= 1;
	surface_fixture_update(&fixture, NULL);
	surface_fixture_assert_changed(&fixture, 576, 464, 640, 480);
	/* A change of X alone is none. */
	*surface_fixture_pixel(&fixture, 0, 0) ^= 0xff000000u;
	surface_fixture_update(&fixture, NULL);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

static void test_only_inside_damage(void)
{
	SurfaceFixture fixture;
	pixman_region32_t damage;
	uint32_t before;
	g_autofree uint32_t *shown = NULL;

	surface_fixture_init(&fixture, 640, 480);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	before = *surface_fixture_pixel(&fixture, 99, 50) | 0xff000000u;
	surface_fixture_paint(&fixture, 2);
	/* Partly outside: it is clipped. */
	pixman_region32_init_rect(&damage, 100, 50, 1000, 1);
	surface_fixture_update(&fixture, &damage);
	surface_fixture_assert_changed(&fixture, 64, 48, 640, 64);
	shown = surface_fixture_read(&fixture);
	g_assert_cmphex(shown[50 * 640 + 99], ==, before);
	for (unsigned x = 100; x < 640; x++) {
		g_assert_cmphex(shown[50 * 640 + x], ==,
				*surface_fixture_pixel(&fixture, x, 50) | 0xff000000u);
	}
	g_assert_cmphex(shown[51 * 640 + 100], !=,
			*surface_fixture_pixel(&fixture, 100, 51) | 0xff000000u);
	pixman_region32_fini(&damage);
	surface_fixture_clear(&fixture);
}

static void test_empty_damage(void)
{
	SurfaceFixture fixture;
	pixman_region32_t damage;

	surface_fixture_init(&fixture, 64, 64);
	pixman_region32_init_rect(&damage, 64, 0, 10, 10);
	surface_fixture_update(&fixture, &damage);
	g_assert_no_error(fixture.ending.error);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	pixman_region32_fini(&damage);
	surface_fixture_clear(&fixture);
}

static void test_wrong_size(void)
{
	SurfaceFixture fixture;
	g_autoptr(VitShmImage) larger =
		vit_shm_image_new(65, 64, DRM_FORMAT_XRGB8888, 0, false, NULL);

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(larger), NULL);
	surface_fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

static void test_not_linear(void)
{
	SurfaceFixture fixture;
	int fd = memfd_create("tiled", MFD_CLOEXEC);
	VitBufferLayout layout = {
		.fourcc = DRM_FORMAT_XRGB8888,
		.modifier = I915_FORMAT_MOD_X_TILED,
		.width = 64,
		.height = 64,
		.n_planes = 1,
		.stride_bytes = {256},
	};
	g_autoptr(VitBuffer) tiled = NULL;

	g_assert_cmpint(ftruncate(fd, 64 * 256), ==, 0);
	tiled = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_ask_for(&fixture, tiled, NULL);
	surface_fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(fixture.ending.error->message, "linear"));
	g_assert_cmpuint(vit_render_get_stats(fixture.render).failed_jobs, ==, 1);
	surface_fixture_clear(&fixture);
}

/* A reader's thread that stays inside until it is told to leave. */
typedef struct Lingerer {
	VitSurface *surface;
	GThread *thread;
	int inside, leave; /* atomic */
} Lingerer;

static void *linger(void *user_data)
{
	Lingerer *lingerer = user_data;

	(void)vit_surface_begin_read(lingerer->surface);
	g_atomic_int_set(&lingerer->inside, 1);
	g_main_context_wakeup(NULL);
	while (!g_atomic_int_get(&lingerer->leave)) {
		g_thread_yield();
	}
	vit_surface_end_read(lingerer->surface);
	return NULL;
}

static bool is_inside(void *user_data)
{
	return g_atomic_int_get(&((Lingerer *)user_data)->inside) != 0;
}

static gboolean on_let_go(void *user_data)
{
	g_atomic_int_set(&((Lingerer *)user_data)->leave, 1);
	return G_SOURCE_REMOVE;
}

/* An update begins when the last reader leaves; the loop goes on meanwhile. */
static void test_waits_for_reader(void)
{
	SurfaceFixture fixture;
	Lingerer lingerer = {0};
	const uint32_t *shown;
	uint32_t before;

	surface_fixture_init(&fixture, 320, 200);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	before = *surface_fixture_pixel(&fixture, 0, 0) | 0xff000000u;
	lingerer.surface = fixture.surface;
	lingerer.thread = g_thread_new("lingerer", linger, &lingerer);
	vit_test_wait("a reader inside", SURFACE_PATIENCE_S, is_inside, &lingerer);
	surface_fixture_paint(&fixture, 2);
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
	vit_test_run_for_ms(50);
	g_assert_cmpuint(fixture.ending.count, ==, 0);
	/* The gate lets the test in as the loop, since nobody is writing yet: the old picture. */
	shown = (const uint32_t *)vit_surface_begin_read(fixture.surface);
	g_assert_cmphex(*shown, ==, before);
	vit_surface_end_read(fixture.surface);
	(void)g_idle_add(on_let_go, &lingerer);
	surface_fixture_await(&fixture);
	g_assert_no_error(fixture.ending.error);
	(void)g_thread_join(lingerer.thread);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

static void *drop_surface(void *user_data)
{
	vit_surface_unref(user_data);
	return NULL;
}

/* The last reference goes on a reader's thread: the loop takes the surface apart. */
static void test_dropped_by_reader(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_update(&fixture, NULL);
	(void)g_thread_join(g_thread_new("reader", drop_surface, fixture.surface));
	fixture.surface = vit_surface_new(fixture.render, 64, 64, NULL);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

/* A guest that changes its size as fast as it can, and nobody looks: nothing piles up. */
static void test_dropped_unread(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 64, 64);
	for (unsigned i = 0; i < 1000; i++) {
		g_autoptr(VitSurface) surface = vit_surface_new(fixture.render, 64, 64, NULL);

		g_assert_nonnull(surface);
	}
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

/* Dropped in the middle of an update: it is answered nevertheless. */
static void test_dropped_updating(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
	vit_surface_unref(fixture.surface);
	fixture.surface = NULL;
	vit_test_wait("the end of an update", SURFACE_PATIENCE_S, is_surface_update_ended,
		      &fixture.ending);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_clear(&fixture);
}

/* The client goes in the middle of an update, the surface stays. */
static void test_outlives_client(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
	vit_render_unref(fixture.render);
	fixture.render = NULL;
	g_assert_cmpuint(fixture.ending.count, ==, 0);
	surface_fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	surface_fixture_update(&fixture, NULL);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	surface_fixture_clear(&fixture);
}

typedef struct Chain {
	SurfaceFixture *fixture;
	unsigned left;
} Chain;

static void on_chain_updated(void *user_data, const pixman_region32_t *changed, const GError *error)
{
	Chain *chain = user_data;

	g_assert_no_error(error);
	if (--chain->left > 0) {
		vit_surface_update(chain->fixture->surface,
				   vit_shm_image_get_buffer(chain->fixture->image), NULL,
				   on_chain_updated, chain);
		return;
	}
	/* The last of all references, from within. */
	vit_surface_unref(g_steal_pointer(&chain->fixture->surface));
	vit_render_unref(g_steal_pointer(&chain->fixture->render));
}

static bool is_chain_done(void *user_data)
{
	return ((Chain *)user_data)->left == 0;
}

static void test_next_from_within(void)
{
	SurfaceFixture fixture;
	Chain chain = {&fixture, 20};

	surface_fixture_init(&fixture, 64, 64);
	vit_surface_update(fixture.surface, vit_shm_image_get_buffer(fixture.image), NULL,
			   on_chain_updated, &chain);
	vit_test_wait("the last update", SURFACE_PATIENCE_S, is_chain_done, &chain);
	surface_fixture_clear(&fixture);
}

/* Several surfaces and more buffers than are kept, one client. */
static void test_many_surfaces(void)
{
	SurfaceFixture fixture;
	SurfaceEnding endings[12] = {0};
	VitSurface *surfaces[12];
	VitShmImage *images[12];

	surface_fixture_init(&fixture, 64, 64);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 12; i++) {
			if (round == 0) {
				surfaces[i] = vit_surface_new(fixture.render, 64, 64, NULL);
				images[i] = vit_shm_image_new(64, 64, DRM_FORMAT_XRGB8888, 0, false,
							      NULL);
				pixman_region32_init(&endings[i].changed);
			}
			endings[i].count = 0;
			vit_surface_update(surfaces[i], vit_shm_image_get_buffer(images[i]), NULL,
					   on_surface_updated, &endings[i]);
		}
		for (unsigned i = 0; i < 12; i++) {
			vit_test_wait("each update", SURFACE_PATIENCE_S, is_surface_update_ended,
				      &endings[i]);
			g_assert_no_error(endings[i].error);
		}
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).jobs, ==, 36);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 0);
	for (unsigned i = 0; i < 12; i++) {
		vit_surface_unref(surfaces[i]);
		vit_shm_image_free(images[i]);
		pixman_region32_fini(&endings[i].changed);
	}
	surface_fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/surface/update/first-picture", test_first_picture);
	vit_test_add("/surface/update/starts-black", test_starts_black);
	vit_test_add("/surface/update/changed-tiles-only", test_changed_tiles_only);
	vit_test_add("/surface/update/only-inside-damage", test_only_inside_damage);
	vit_test_add("/surface/update/empty-damage", test_empty_damage);
	vit_test_add("/surface/update/wrong-size", test_wrong_size);
	vit_test_add("/surface/update/not-linear", test_not_linear);
	vit_test_add("/surface/update/next-from-within", test_next_from_within);
	vit_test_add("/surface/update/waits-for-reader", test_waits_for_reader);
	vit_test_add("/surface/dropped/by-reader", test_dropped_by_reader);
	vit_test_add("/surface/dropped/unread", test_dropped_unread);
	vit_test_add("/surface/dropped/updating", test_dropped_updating);
	vit_test_add("/surface/outlives-client", test_outlives_client);
	vit_test_add("/surface/many", test_many_surfaces);
	return g_test_run();
}

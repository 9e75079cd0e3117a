/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The console and front-ends that show the guest's buffers themselves: who holds a frame up, for
 * how long, and what they hear of slates. */
#include "config/error.h"
#include "tests/support/console-rig.h"
#include "tests/support/fixture.h"

/* Who takes buffers: no read is needed, the frame itself is held. */
static void test_holds_frame(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.keeps_frames = true;
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_cmpuint(rig.frame_calls, ==, 1);
	g_assert_true(vit_frame_get_buffer(rig.kept) == buffer);
	g_assert_cmpint(pixman_region32_contains_rectangle(
				(pixman_region32_t *)vit_frame_get_damage(rig.kept),
				&(pixman_box32_t){0, 0, 8, 8}),
			==, PIXMAN_REGION_IN);
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	g_assert_cmpuint(rig.released, ==, 0);
	g_clear_pointer(&rig.kept, vit_frame_unref);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_cmpuint(vit_console_get_stats(rig.console).deadline_misses, ==, 0);
	vit_console_rig_clear(&rig);
}

static void test_all_hold_frame(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.keeps_frames = true;
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, NULL);
	g_assert_cmpuint(rig.released, ==, 0);
	g_clear_pointer(&rig.kept, vit_frame_unref);
	g_assert_cmpuint(rig.released, ==, 1);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_clear_pointer(&rig.kept, vit_frame_unref);
	g_assert_cmpuint(rig.released, ==, 1);
	vit_console_rig_end_update(&rig, vit_rig_corner, NULL);
	g_assert_cmpuint(rig.released, ==, 2);
	vit_console_rig_clear(&rig);
}

static void test_misses_deadline(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.keeps_frames = true;
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_test_wait("the deadline", 5, vit_console_rig_has_released, &rig);
	g_assert_cmpuint(vit_console_get_stats(rig.console).deadline_misses, ==, 1);
	g_assert_true(vit_frame_is_released(rig.kept));
	/* It is still busy with that one, so the next is not held. */
	vit_console_rig_send_frame(&rig, buffer, vit_rig_centre);
	g_assert_cmpuint(rig.frame_calls, ==, 2);
	g_assert_cmpuint(rig.released, ==, 2);
	g_clear_pointer(&rig.kept, vit_frame_unref);
	g_assert_cmpuint(rig.released, ==, 2);
	vit_console_rig_clear(&rig);
}

static void test_hears_of_slates(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test refuses this");

	g_assert_true(rig.scanout == buffer);
	vit_console_rig_scanout(&rig, NULL);
	g_assert_true(rig.scanout != buffer);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_true(rig.scanout == buffer);
	rig.source.events->lost(rig.source.events_data, error);
	g_assert_true(rig.scanout != buffer);
	vit_console_rig_scanout(&rig, buffer);
	g_assert_true(rig.scanout == buffer);
	rig.source.events->refused(rig.source.events_data, error);
	g_assert_true(rig.scanout != buffer);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_true(rig.scanout == buffer);
	vit_console_rig_clear(&rig);
}

/* What cannot be read can still be passed on. */
static void test_keeps_what_cannot_be_read(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, (VitRect){0}, error);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything)); /* the slate */
	g_assert_true(rig.scanout == buffer);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_cmpuint(rig.frame_calls, ==, 2);
	rig.scanout = NULL;
	vit_console_rig_attach(&rig);
	g_assert_true(rig.scanout == buffer);
	vit_console_rig_clear(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	vit_test_add("/console-readers/holds-frame", test_holds_frame);
	vit_test_add("/console-readers/with-others", test_all_hold_frame);
	vit_test_add("/console-readers/misses-deadline", test_misses_deadline);
	vit_test_add("/console-readers/hears-of-slates", test_hears_of_slates);
	vit_test_add("/console-readers/keeps-what-cannot-be-read", test_keeps_what_cannot_be_read);
	return g_test_run();
}

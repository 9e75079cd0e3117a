/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The console: replay, newest frame wins, the one deadline, slates, errors. */
#include <sys/resource.h>

#include "config/error.h"
#include "tests/support/console-rig.h"
#include "tests/support/fake-surface.h"
#include "tests/support/fixture.h"

static void test_replays_present_state(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer =
		vit_console_rig_make_buffer(VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	const uint32_t pixel = 0xffffffff;
	g_autoptr(VitCursor) cursor = vit_cursor_new(1, 1, 0, 0, &pixel, sizeof pixel, NULL);
	const VitSourceEvents *events;

	vit_console_rig_init(&rig);
	events = rig.source.events;
	vit_console_rig_scanout(&rig, buffer);
	events->cursor(rig.source.events_data, cursor);
	events->cursor_moved(rig.source.events_data, 3, 4, true);
	events->leds(rig.source.events_data, VIT_LED_NUM_LOCK);
	events->pointer_mode(rig.source.events_data, false);
	vit_console_rig_attach(&rig);
	g_assert_cmpuint(rig.scanout_calls, ==, 1);
	g_assert_true(rig.scanout == buffer);
	g_assert_cmpuint(rig.surface_calls, ==, 1);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, VIT_RIG_WIDTH_PX);
	g_assert_false(pixman_region32_not_empty(&rig.changed)); /* no pixels yet */
	g_assert_true(rig.cursor == cursor);
	g_assert_cmpint(rig.cursor_x, ==, 3);
	g_assert_cmpint(rig.cursor_y, ==, 4);
	g_assert_true(rig.cursor_visible);
	g_assert_cmpuint(rig.leds, ==, VIT_LED_NUM_LOCK);
	g_assert_false(rig.absolute);
	vit_console_rig_clear(&rig);
}

static void test_reads_nothing_unasked(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

static void test_holds_frame_until_read(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	g_assert_false(
		vit_console_rig_is_updating(&rig, vit_rig_everything)); /* nothing is stale */
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_corner));
	g_assert_cmpuint(rig.released, ==, 0);
	vit_console_rig_end_update(&rig, vit_rig_corner, NULL);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_true(pixman_region32_not_empty(&rig.changed));
	vit_console_rig_clear(&rig);
}

static void test_merges_damage_while_reading(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_send_frame(&rig, buffer,
				   vit_rig_centre); /* released at once: nothing queues */
	g_assert_cmpuint(rig.released, ==, 1);
	vit_console_rig_end_update(&rig, vit_rig_corner, NULL);
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	rig.host->request_pixels(rig.host_data);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_centre));
	vit_console_rig_clear(&rig);
}

static void test_unknown_damage_is_everything(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, (VitRect){0});
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

static void test_unchanged_keeps_request_open(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	unsigned calls = rig.surface_calls;

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_cmpuint(rig.surface_calls, ==, calls);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_centre);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_centre));
	vit_console_rig_clear(&rig);
}

static void test_deadline_releases_once(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_test_wait("the deadline", 5, vit_console_rig_has_released, &rig);
	g_assert_cmpuint(vit_console_get_stats(rig.console).deadline_misses, ==, 1);
	/* Late: the next frames do not wait for it. */
	vit_console_rig_send_frame(&rig, buffer, vit_rig_centre);
	g_assert_cmpuint(rig.released, ==, 2);
	vit_console_rig_end_update(&rig, vit_rig_corner, NULL);
	g_assert_cmpuint(rig.released, ==, 2);
	/* Done: it is waited for again. */
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_end_update(&rig, vit_rig_centre, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_cmpuint(rig.released, ==, 2);
	vit_console_rig_clear(&rig);
	g_assert_cmpuint(rig.released, ==, 3);
}

static void test_resize_replaces_surface(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) large =
		vit_console_rig_make_buffer(2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	VitSurface *before;

	vit_buffer_unref(vit_console_rig_show(&rig));
	before = rig.surface;
	vit_console_rig_scanout(&rig, large);
	g_assert_true(rig.surface != before);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, 2 * VIT_RIG_WIDTH_PX);
	g_assert_false(pixman_region32_not_empty(&rig.changed));
	rig.host->request_pixels(rig.host_data);
	/* Even when no pixel differs from black, the first read is told as a whole. */
	vit_console_rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_true(pixman_region32_not_empty(&rig.changed));
	vit_console_rig_clear(&rig);
}

static void test_resize_while_reading(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) small = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) large =
		vit_console_rig_make_buffer(2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	unsigned calls;

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, small, vit_rig_corner);
	vit_console_rig_scanout(&rig, large);
	calls = rig.surface_calls;
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_end_update(&rig, vit_rig_corner,
				   NULL); /* of the old surface: told to nobody */
	g_assert_cmpuint(rig.surface_calls, ==, calls);
	g_assert_true(vit_console_rig_is_updating(
		&rig, (VitRect){0, 0, 2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX}));
	vit_console_rig_clear(&rig);
}

/* A viewer that asks at once when it hears of the size: one read, which holds the frame. */
static void test_resize_by_frame_holds_it(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) small = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) large =
		vit_console_rig_make_buffer(2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	const VitRect all_of_large = {0, 0, 2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX};

	rig.asks_when_told = true;
	vit_console_rig_send_frame(&rig, large, vit_rig_corner);
	g_assert_true(vit_console_rig_is_updating(&rig, all_of_large));
	g_assert_cmpuint(rig.released, ==, 0);
	vit_console_rig_end_update(&rig, all_of_large, NULL);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(vit_console_rig_is_updating(&rig, all_of_large));
	vit_console_rig_scanout(&rig, small);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

static void test_resize_without_memory(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) small = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) large =
		vit_console_rig_make_buffer(2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	VitSurface *before = rig.surface;

	rig.host->request_pixels(rig.host_data);
	vit_fake_render_set_full(rig.render, true);
	vit_console_rig_scanout(&rig, large);
	g_assert_true(rig.surface == before);
	vit_console_rig_send_frame(&rig, large, vit_rig_corner);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(vit_console_rig_is_updating_anything(&rig));
	/* The guest says no more, and the request is still open. */
	vit_fake_render_set_full(rig.render, false);
	vit_test_wait("another attempt", 10, vit_console_rig_is_updating_anything, &rig);
	g_assert_true(rig.surface != before);
	g_assert_true(vit_console_rig_is_updating(
		&rig, (VitRect){0, 0, 2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX}));
	vit_console_rig_clear(&rig);
}

/* Back at the old size the old surface is there, but what is on it is not the guest's. */
static void test_resize_without_memory_and_back(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) small = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) large =
		vit_console_rig_make_buffer(2 * VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	VitSurface *before = rig.surface;

	vit_fake_render_set_full(rig.render, true);
	vit_console_rig_send_frame(&rig, large, vit_rig_corner);
	vit_console_rig_send_frame(&rig, small, vit_rig_corner);
	rig.host->request_pixels(rig.host_data);
	vit_test_wait("another attempt", 10, vit_console_rig_is_updating_anything, &rig);
	g_assert_true(rig.surface == before);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

static void test_lost_shows_slate_of_same_size(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "the test took the VM away");
	VitSurface *surface = rig.surface;

	rig.host->request_pixels(rig.host_data);
	rig.source.events->lost(rig.source.events_data, error);
	g_assert_cmpuint(vit_fake_render_get_forgets(rig.render), ==, 1);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	g_assert_true(rig.surface == surface);
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	vit_console_rig_scanout(&rig, buffer);
	rig.host->request_pixels(rig.host_data);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

static void test_slate_of_huge_picture_is_small(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) huge = vit_console_rig_make_buffer(VIT_BUFFER_MAX_SIDE, 4096);

	vit_console_rig_init(&rig);
	vit_console_rig_attach(&rig);
	vit_console_rig_scanout(&rig, huge);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, VIT_BUFFER_MAX_SIDE);
	vit_console_rig_scanout(&rig, NULL);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, 1024);
	g_assert_cmpuint(vit_surface_get_height(rig.surface), ==, 768);
	vit_console_rig_clear(&rig);
}

static void test_refused_buffer_shows_slate(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, (VitRect){0}, error);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything)); /* the slate */
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner); /* still the refused one */
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	g_assert_cmpuint(rig.released, ==, 2);
	vit_console_rig_clear(&rig);
}

/* A guest that draws into two buffers in turn: the second lacks on the surface what the first,
 * which could not be read, was to bring. */
static void test_refused_buffer_leaves_its_damage(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) first = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) second =
		vit_console_rig_make_buffer(VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test took its memory away");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, first, vit_rig_corner);
	vit_console_rig_send_frame(&rig, second, vit_rig_beside_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 0);
	g_assert_true(vit_console_rig_is_updating(&rig, (VitRect){0, 0, 16, 8}));
	vit_console_rig_clear(&rig);
}

/* What a failed read has half written must be told, even where the slate leaves it as it is. */
static void test_refused_buffer_is_told(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test took its memory away");
	unsigned calls = rig.surface_calls;

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	vit_console_rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_cmpuint(rig.surface_calls, ==, calls + 1);
	g_assert_cmpint(
		pixman_region32_contains_rectangle(&rig.changed, &(pixman_box32_t){0, 0, 8, 8}), ==,
		PIXMAN_REGION_IN);
	vit_console_rig_clear(&rig);
}

/* Damage is what differs from the guest's picture before; a slate is not that. */
static GLogWriterOutput count_warnings(GLogLevelFlags level, const GLogField *fields,
				       gsize n_fields, gpointer user_data)
{
	unsigned *warnings = user_data;

	*warnings += (level & G_LOG_LEVEL_WARNING) ? 1 : 0;
	return g_log_writer_default(level, fields, n_fields, NULL);
}

static unsigned *get_warnings(void)
{
	static unsigned warnings;

	return &warnings;
}

/* A VMM that sends nothing but nonsense fills no disk, and has no slate drawn for each. */
static void test_refused_by_the_thousand(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test refuses this");
	unsigned before = *get_warnings();

	for (unsigned i = 0; i < 1000; i++) {
		rig.source.events->refused(rig.source.events_data, error);
	}
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1000);
	g_assert_cmpuint(*get_warnings() - before, >=, 1);
	g_assert_cmpuint(*get_warnings() - before, <, 100);
	/* A picture that comes and is refused then is replaced all the same. */
	vit_console_rig_scanout(&rig, buffer);
	rig.source.events->refused(rig.source.events_data, error);
	rig.host->request_pixels(rig.host_data);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	g_assert_false(vit_console_rig_is_reading(&rig, buffer));
	vit_console_rig_clear(&rig);
}

static void test_frame_replaces_whole_slate(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) first = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) second =
		vit_console_rig_make_buffer(VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test refuses this");

	rig.host->request_pixels(rig.host_data);
	rig.source.events->refused(rig.source.events_data, error);
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, second, vit_rig_corner);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, second, vit_rig_corner);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_corner));
	vit_console_rig_clear(&rig);
}

static void test_refused_frame_is_made_up_for(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) first = vit_console_rig_show(&rig);
	g_autoptr(VitBuffer) second =
		vit_console_rig_make_buffer(VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, first, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL); /* the slate */
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, second, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, first, vit_rig_corner); /* not read */
	g_assert_false(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_send_frame(&rig, second, vit_rig_centre);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

/* A render process that can read nothing at all: no slate after slate, as fast as it answers. */
static void test_refused_slate_is_retried(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test can read nothing");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything)); /* the slate */
	vit_console_rig_end_update(&rig, vit_rig_everything, error);
	g_assert_false(vit_console_rig_is_updating_anything(&rig));
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1);
	vit_test_wait("the retry", 10, vit_console_rig_is_updating_anything, &rig);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	vit_console_rig_clear(&rig);
}

/* No fd left for a slate: the buffer is not asked for again as fast as it is refused. */
static void test_refused_without_slate(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");
	struct rlimit limit, none;

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	g_assert_false(vit_console_rig_is_updating_anything(&rig));
	vit_test_wait("the retry", 10, vit_console_rig_is_updating_anything, &rig);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything)); /* the slate */
	g_assert_false(vit_console_rig_is_reading(&rig, buffer));
	vit_console_rig_clear(&rig);
}

/* A machine that was slow for a moment, and a guest that sends no more frames. */
static void test_busy_buffer_is_retried(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error = g_error_new(VIT_ERROR, VIT_ERROR_BUSY, "the test hung twice");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything)); /* the slate */
	g_assert_false(vit_console_rig_is_reading(&rig, buffer));
	vit_console_rig_end_update(&rig, vit_rig_everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_test_wait("the retry", 20, vit_console_rig_is_updating_anything, &rig);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_everything));
	g_assert_true(vit_console_rig_is_reading(&rig, buffer));
	vit_console_rig_clear(&rig);
}

static void test_render_death_is_retried(void)
{
	VitConsoleRig rig;
	g_autoptr(VitBuffer) buffer = vit_console_rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "the test killed it");

	rig.host->request_pixels(rig.host_data);
	vit_console_rig_send_frame(&rig, buffer, vit_rig_corner);
	vit_console_rig_end_update(&rig, vit_rig_corner, error);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 0);
	vit_test_wait("the retry", 5, vit_console_rig_is_updating_anything, &rig);
	g_assert_true(vit_console_rig_is_updating(&rig, vit_rig_corner));
	vit_console_rig_clear(&rig);
}

static void test_input_is_clipped(void)
{
	VitConsoleRig rig;
	const VitInput far_away = {.type = VIT_INPUT_POINTER_ABSOLUTE,
				   .absolute = {.x = 5000, .y = 7}};
	const VitInput touch = {.type = VIT_INPUT_TOUCH, .touch = {.x = -3, .y = 1e9}};

	vit_buffer_unref(vit_console_rig_show(&rig));
	rig.host->input(rig.host_data, &far_away);
	g_assert_cmpuint(rig.last_input.absolute.x, ==, VIT_RIG_WIDTH_PX - 1);
	g_assert_cmpuint(rig.last_input.absolute.y, ==, 7);
	rig.host->input(rig.host_data, &touch);
	g_assert_cmpfloat(rig.last_input.touch.x, ==, 0);
	g_assert_cmpfloat(rig.last_input.touch.y, ==, VIT_RIG_HEIGHT_PX - 1);
	rig.host->set_size(rig.host_data, 0, 100000);
	g_assert_cmpuint(rig.wished_width, ==, 1);
	g_assert_cmpuint(rig.wished_height, ==, VIT_BUFFER_MAX_SIDE);
	vit_console_rig_clear(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_writer_func(count_warnings, get_warnings(), NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	vit_test_add("/console/attach/replays-present-state", test_replays_present_state);
	vit_test_add("/console/frame/reads-nothing-unasked", test_reads_nothing_unasked);
	vit_test_add("/console/frame/held-until-read", test_holds_frame_until_read);
	vit_test_add("/console/frame/merges-damage", test_merges_damage_while_reading);
	vit_test_add("/console/frame/unknown-damage", test_unknown_damage_is_everything);
	vit_test_add("/console/frame/unchanged-keeps-request-open",
		     test_unchanged_keeps_request_open);
	vit_test_add("/console/deadline/releases-once", test_deadline_releases_once);
	vit_test_add("/console/resize/replaces-surface", test_resize_replaces_surface);
	vit_test_add("/console/resize/while-reading", test_resize_while_reading);
	vit_test_add("/console/resize/by-frame-holds-it", test_resize_by_frame_holds_it);
	vit_test_add("/console/resize/without-memory", test_resize_without_memory);
	vit_test_add("/console/resize/without-memory-and-back",
		     test_resize_without_memory_and_back);
	vit_test_add("/console/lost/slate-of-same-size", test_lost_shows_slate_of_same_size);
	vit_test_add("/console/lost/slate-of-huge-picture", test_slate_of_huge_picture_is_small);
	vit_test_add("/console/refused/slate", test_refused_buffer_shows_slate);
	vit_test_add("/console/refused/leaves-its-damage", test_refused_buffer_leaves_its_damage);
	vit_test_add("/console/refused/half-written-is-told", test_refused_buffer_is_told);
	vit_test_add("/console/refused/by-the-thousand", test_refused_by_the_thousand);
	vit_test_add("/console/refused/slate-goes-whole", test_frame_replaces_whole_slate);
	vit_test_add("/console/refused/frame-is-made-up-for", test_refused_frame_is_made_up_for);
	vit_test_add("/console/refused/slate-is-retried", test_refused_slate_is_retried);
	vit_test_add("/console/refused/without-slate", test_refused_without_slate);
	vit_test_add("/console/refused/busy-is-retried", test_busy_buffer_is_retried);
	vit_test_add("/console/render/death-is-retried", test_render_death_is_retried);
	vit_test_add("/console/input/is-clipped", test_input_is_clipped);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Real dmabufs read back by vitrine-render: every linear format in every kind of memory and with
 * every way to use buffers, whole at first and then by damage. The reference decodes the buffer
 * itself (tests/support/pixels.c).
 */
#include <drm_fourcc.h>

#include "sources/pattern/screen.h"
#include "tests/support/fixture.h"
#include "tests/support/pixels.h"
#include "tests/support/surface-fixture.h"

/* Larger than a stamp, and a multiple of nothing. */
#define WIDTH  163
#define HEIGHT 131
#define SHOWN  4 /* pictures of a format */

/* The machine is slow, and no deadline is what is tested here. */
#define JOB_DEADLINE_MS 10000

typedef struct Case {
	VitPixelMemory memory;
	const char *memory_name;
	VitPatternBuffering buffering;
	const char *buffering_name;
} Case;

static const Case cases[] = {
	{VIT_PIXEL_UDMABUF, "udmabuf", VIT_PATTERN_SINGLE, "single"},
	{VIT_PIXEL_UDMABUF, "udmabuf", VIT_PATTERN_RING, "ring"},
	{VIT_PIXEL_UDMABUF, "udmabuf", VIT_PATTERN_FRESH, "fresh"},
	{VIT_PIXEL_DMA_HEAP, "dma-heap", VIT_PATTERN_SINGLE, "single"},
	{VIT_PIXEL_DMA_HEAP, "dma-heap", VIT_PATTERN_RING, "ring"},
	{VIT_PIXEL_DMA_HEAP, "dma-heap", VIT_PATTERN_FRESH, "fresh"},
};

static void init_fixture(SurfaceFixture *fixture)
{
	VitRenderOptions options = {
		.program = g_getenv("VIT_TEST_RENDER"),
		.job_deadline_ms = JOB_DEADLINE_MS,
	};
	g_autoptr(GError) error = NULL;

	*fixture = (SurfaceFixture){0};
	pixman_region32_init(&fixture->ending.changed);
	fixture->render = vit_render_new(&options, &error);
	g_assert_no_error(error);
	fixture->surface = vit_surface_new(fixture->render, WIDTH, HEIGHT, &error);
	g_assert_no_error(error);
}

static void assert_shown(SurfaceFixture *fixture, const VitBuffer *buffer, const VitStamp *stamp)
{
	g_autofree uint32_t *shown = surface_fixture_read(fixture);
	g_autofree uint32_t *expected = vit_test_read_picture(buffer);
	VitStamp found;

	for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
		g_assert_cmphex(shown[i], ==, expected[i] | 0xff000000u);
	}
	g_assert_true(vit_stamp_read(shown, WIDTH * 4, 0, 0, &found));
	g_assert_cmpuint(found.number, ==, stamp->number);
}

static void check_format(SurfaceFixture *fixture, const VitPatternOptions *options)
{
	VitPatternScreen *screen = vit_pattern_screen_new(options, 0, WIDTH, HEIGHT);
	VitPatternDesktop *desktop = vit_pattern_screen_get_desktop(screen);
	pixman_region32_t damage;

	pixman_region32_init(&damage);
	for (unsigned i = 0; i < SHOWN; i++) {
		VitStamp stamp = {i + 1, 0};
		g_autoptr(VitBuffer) buffer = NULL;
		g_autoptr(GError) error = NULL;

		vit_pattern_desktop_type(desktop);
		vit_pattern_desktop_stamp(desktop, &stamp);
		g_assert_true(vit_pattern_screen_is_ready(screen));
		buffer = vit_pattern_screen_show(screen, &damage, &error);
		g_assert_no_error(error);
		/* The surface still shows the format before. */
		surface_fixture_ask_for(fixture, buffer, i == 0 ? NULL : &damage);
		surface_fixture_await(fixture);
		g_assert_no_error(fixture->ending.error);
		assert_shown(fixture, buffer, &stamp);
	}
	pixman_region32_fini(&damage);
	vit_pattern_screen_free(screen);
}

static void test_formats(const void *user_data)
{
	const Case *each = user_data;
	const VitFormat *format;
	SurfaceFixture fixture;

	init_fixture(&fixture);
	for (unsigned i = 0; (format = vit_format_nth(i)); i++) {
		VitPatternOptions options = {
			.fourcc = format->fourcc,
			.rate_hz = 60,
			.heads = 1,
			.memory = each->memory,
			.buffering = each->buffering,
			.bottom_up = i % 2 == 1,
			.padding_bytes = i % 3 * 4,
		};

		check_format(&fixture, &options);
	}
	surface_fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/vm/readback/%s/%s", cases[i].memory_name,
							cases[i].buffering_name);

		vit_test_add_with(path, test_formats, &cases[i]);
	}
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of encoders/render-damage.c. */
#include "encoders/render-damage.h"

#include <glib.h>

#include "encoders/surface.h"
#include "tests/support/fixture.h"

static void add_box(pixman_region32_t *region, int x, int y, unsigned width, unsigned height)
{
	(void)pixman_region32_union_rect(region, region, x, y, width, height);
}

static void test_few_rects(void)
{
	pixman_region32_t region;
	VitRenderRect rects[VIT_RENDER_MAX_RECTS];

	pixman_region32_init(&region);
	g_assert_cmpuint(vit_render_region_to_rects(&region, 100, 100, rects), ==, 0);
	add_box(&region, 3, 4, 5, 6);
	add_box(&region, 50, 60, 7, 8);
	g_assert_cmpuint(vit_render_region_to_rects(&region, 100, 100, rects), ==, 2);
	g_assert_cmpint(rects[0].x, ==, 3);
	g_assert_cmpint(rects[0].y, ==, 4);
	g_assert_cmpint(rects[0].width, ==, 5);
	g_assert_cmpint(rects[0].height, ==, 6);
	g_assert_cmpint(rects[1].x, ==, 50);
	g_assert_cmpint(rects[1].height, ==, 8);
	pixman_region32_fini(&region);
}

/* Many small ones in few tiles become those tiles. */
static void test_many_rects(void)
{
	pixman_region32_t region;
	VitRenderRect rects[VIT_RENDER_MAX_RECTS];

	pixman_region32_init(&region);
	for (int y = 0; y < 40; y += 2) {
		for (int x = 10; x < 130; x += 2) {
			add_box(&region, x, y, 1, 1);
		}
	}
	g_assert_cmpint(pixman_region32_n_rects(&region), >, VIT_RENDER_MAX_RECTS);
	g_assert_cmpuint(vit_render_region_to_rects(&region, 131, 39, rects), ==, 1);
	g_assert_cmpint(rects[0].x, ==, 0);
	g_assert_cmpint(rects[0].y, ==, 0);
	g_assert_cmpint(rects[0].width, ==, 131);
	g_assert_cmpint(rects[0].height, ==, 39);
	pixman_region32_fini(&region);
}

/* And in too many tiles the box around them. */
static void test_very_many_rects(void)
{
	pixman_region32_t region;
	VitRenderRect rects[VIT_RENDER_MAX_RECTS];

	pixman_region32_init(&region);
	for (int y = 16; y < 2000; y += 32) {
		for (int x = 64; x < 2000; x += 128) {
			add_box(&region, x + 1, y + 1, 3, 3);
		}
	}
	g_assert_cmpuint(vit_render_region_to_rects(&region, 2000, 2000, rects), ==, 1);
	g_assert_cmpint(rects[0].x, ==, 64);
	g_assert_cmpint(rects[0].y, ==, 16);
	g_assert_cmpint(rects[0].x + rects[0].width, ==, 2000);
	g_assert_cmpint(rects[0].y + rects[0].height, ==, 1984);
	pixman_region32_fini(&region);
}

static void test_tiles(void)
{
	pixman_region32_t region, tiles, expected;

	pixman_region32_init_rect(&region, 63, 15, 2, 2);
	add_box(&region, 299, 99, 1, 1);
	vit_render_region_to_tiles(&region, 300, 100, &tiles);
	pixman_region32_init_rect(&expected, 0, 0, 128, 32);
	add_box(&expected, 256, 96, 44, 4);
	g_assert_true(pixman_region32_equal(&tiles, &expected));
	pixman_region32_fini(&region);
	pixman_region32_fini(&tiles);
	pixman_region32_fini(&expected);
}

static void test_bitmap(void)
{
	uint8_t bitmap[2 * 3] = {0};
	pixman_region32_t region, expected;

	vit_render_region_from_bitmap(bitmap, 600, 40, &region);
	g_assert_false(pixman_region32_not_empty(&region));
	pixman_region32_fini(&region);

	bitmap[0] = 0x06;
	bitmap[1] = 0xfe; /* only the lowest two bits are tiles */
	bitmap[4] = bitmap[5] = 0xff;
	vit_render_region_from_bitmap(bitmap, 600, 40, &region);
	pixman_region32_init_rect(&expected, 64, 0, 128, 16);
	add_box(&expected, 576, 0, 24, 16);
	add_box(&expected, 0, 32, 600, 8);
	g_assert_true(pixman_region32_equal(&region, &expected));
	pixman_region32_fini(&region);
	pixman_region32_fini(&expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/render-damage/rects/few", test_few_rects);
	vit_test_add("/render-damage/rects/many", test_many_rects);
	vit_test_add("/render-damage/rects/very-many", test_very_many_rects);
	vit_test_add("/render-damage/tiles", test_tiles);
	vit_test_add("/render-damage/bitmap", test_bitmap);
	return g_test_run();
}

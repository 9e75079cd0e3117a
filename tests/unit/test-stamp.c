/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/pattern/stamp.c. */
#include "sources/pattern/stamp.h"

#include <glib.h>
#include <string.h>

#include "tests/support/fixture.h"

#define WIDTH  (VIT_STAMP_WIDTH_PX + 5)
#define HEIGHT (VIT_STAMP_HEIGHT_PX + 7)

static const VitStamp stamps[] = {
	{0, 0},          {1, 16667},      {0xffffffff, 0xffffffff},
	{0x80000000, 1}, {0xaaaaaaaa, 5}, {0x12345678, 0x9abcdef0},
};

static uint32_t *make_picture(const VitStamp *stamp)
{
	uint32_t *pixels = g_new(uint32_t, WIDTH * HEIGHT);

	for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
		pixels[i] = 0x00123456;
	}
	vit_stamp_draw(pixels, WIDTH * 4, 3, 4, stamp);
	return pixels;
}

static void assert_reads(const uint32_t *pixels, const VitStamp *stamp)
{
	VitStamp read;

	g_assert_true(vit_stamp_read(pixels, WIDTH * 4, 3, 4, &read));
	g_assert_cmphex(read.number, ==, stamp->number);
	g_assert_cmphex(read.time_us, ==, stamp->time_us);
}

static void test_round_trip(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(stamps); i++) {
		g_autofree uint32_t *pixels = make_picture(&stamps[i]);

		assert_reads(pixels, &stamps[i]);
	}
}

static void test_stays_inside(void)
{
	g_autofree uint32_t *pixels = make_picture(&stamps[2]);

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			bool inside = x >= 3 && x < 3 + VIT_STAMP_WIDTH_PX && y >= 4 &&
				      y < 4 + VIT_STAMP_HEIGHT_PX;

			g_assert_true((pixels[y * WIDTH + x] == 0x00123456) == !inside);
		}
	}
}

static void test_noise(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(stamps); i++) {
		g_autofree uint32_t *pixels = make_picture(&stamps[i]);
		g_autoptr(GRand) random = g_rand_new_with_seed(i);

		for (unsigned pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
			uint32_t noisy = 0;

			for (unsigned shift = 0; shift < 24; shift += 8) {
				int value = (int)(pixels[pixel] >> shift & 0xff) +
					    g_rand_int_range(random, -100, 101);

				noisy |= (uint32_t)CLAMP(value, 0, 255) << shift;
			}
			pixels[pixel] = noisy | 0x5a000000;
		}
		assert_reads(pixels, &stamps[i]);
	}
}

static void test_blur(void)
{
	g_autofree uint32_t *pixels = make_picture(&stamps[5]);

	/* As a scaler or a video filter does it: every pixel takes from its left neighbours. */
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = WIDTH * HEIGHT - 1; i > 0; i--) {
			uint32_t mean = ((pixels[i] & 0xff) + (pixels[i - 1] & 0xff)) / 2;

			pixels[i] = mean * 0x010101;
		}
	}
	assert_reads(pixels, &stamps[5]);
}

static void test_no_stamp(void)
{
	static const uint32_t colours[] = {0, 0xffffff, 0x808080, 0xff0000, 0x00ff00};

	for (unsigned i = 0; i < G_N_ELEMENTS(colours); i++) {
		g_autofree uint32_t *pixels = g_new(uint32_t, WIDTH * HEIGHT);
		VitStamp read;

		for (unsigned pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
			pixels[pixel] = colours[i];
		}
		g_assert_false(vit_stamp_read(pixels, WIDTH * 4, 0, 0, &read));
	}
}

static void test_torn(void)
{
	g_autofree uint32_t *upper = make_picture(&stamps[1]);
	g_autofree uint32_t *lower = make_picture(&stamps[5]);
	VitStamp read;

	for (unsigned row = 1; row < VIT_STAMP_ROWS; row++) {
		size_t offset = (size_t)WIDTH * (4 + VIT_STAMP_CELL_PX * row);
		g_autofree uint32_t *torn = g_memdup2(upper, sizeof *torn * WIDTH * HEIGHT);

		memcpy(torn + offset, lower + offset, sizeof *torn * (WIDTH * HEIGHT - offset));
		g_assert_false(vit_stamp_read(torn, WIDTH * 4, 3, 4, &read));
	}
}

static void test_one_wrong_cell(void)
{
	VitStamp read;

	for (unsigned cell = 0; cell < VIT_STAMP_COLUMNS * VIT_STAMP_ROWS; cell++) {
		g_autofree uint32_t *pixels = make_picture(&stamps[1]);
		unsigned x = 3 + cell % VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX;
		unsigned y = 4 + cell / VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX;

		for (unsigned i = 0; i < VIT_STAMP_CELL_PX * VIT_STAMP_CELL_PX; i++) {
			pixels[(y + i / VIT_STAMP_CELL_PX) * WIDTH + x + i % VIT_STAMP_CELL_PX] ^=
				0xffffff;
		}
		g_assert_false(vit_stamp_read(pixels, WIDTH * 4, 3, 4, &read));
	}
}

static void test_difference(void)
{
	for (unsigned i = 0; i + 1 < G_N_ELEMENTS(stamps); i++) {
		g_autofree uint32_t *before = g_new0(uint32_t, WIDTH * HEIGHT);
		g_autofree uint32_t *after = g_new0(uint32_t, WIDTH * HEIGHT);
		pixman_region32_t region;

		vit_stamp_draw(before, WIDTH * 4, 0, 0, &stamps[i]);
		vit_stamp_draw(after, WIDTH * 4, 0, 0, &stamps[i + 1]);
		pixman_region32_init(&region);
		vit_stamp_add_difference(&stamps[i], &stamps[i + 1], &region);
		for (int pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
			g_assert_true((before[pixel] != after[pixel]) ==
				      (pixman_region32_contains_point(&region, pixel % WIDTH,
								      pixel / WIDTH, NULL) != 0));
		}
		pixman_region32_fini(&region);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/stamp/round-trip", test_round_trip);
	vit_test_add("/stamp/stays-inside", test_stays_inside);
	vit_test_add("/stamp/survives-noise", test_noise);
	vit_test_add("/stamp/survives-blur", test_blur);
	vit_test_add("/stamp/none-in-a-plain-picture", test_no_stamp);
	vit_test_add("/stamp/none-in-a-torn-picture", test_torn);
	vit_test_add("/stamp/one-wrong-square-is-noticed", test_one_wrong_cell);
	vit_test_add("/stamp/difference-is-exact", test_difference);
	return g_test_run();
}

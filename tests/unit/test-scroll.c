/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/scroll.h"

#include <glib.h>
#include <string.h>

#include "tests/support/fixture.h"

#define WIDTH_PX  400
#define HEIGHT_PX 300
/* Rows are longer after than before. */
#define AFTER_STRIDE_PX 410

typedef struct Pictures {
	uint32_t before[HEIGHT_PX][WIDTH_PX];
	uint32_t after[HEIGHT_PX][AFTER_STRIDE_PX];
} Pictures;

static const pixman_box32_t everything = {0, 0, WIDTH_PX, HEIGHT_PX};

/* Noise; after is like before. */
static Pictures *pictures_new(uint32_t seed)
{
	Pictures *self = g_new0(Pictures, 1);
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);

	for (unsigned y = 0; y < HEIGHT_PX; y++) {
		for (unsigned x = 0; x < WIDTH_PX; x++) {
			self->before[y][x] = g_rand_int(random);
		}
		memcpy(self->after[y], self->before[y], sizeof(self->before[y]));
	}
	return self;
}

/* Moves what is in the box; what comes into view is new. */
static void pictures_move(Pictures *self, const pixman_box32_t *box, int32_t down_px)
{
	for (int32_t y = box->y1; y < box->y2; y++) {
		for (int32_t x = box->x1; x < box->x2; x++) {
			int32_t from = y - down_px;

			self->after[y][x] = from >= box->y1 && from < box->y2
						    ? self->before[from][x]
						    : 0x01010101u * (uint32_t)(y + x);
		}
	}
}

static bool find(const Pictures *pictures, const pixman_box32_t *box, VitScroll *ret_scroll)
{
	const VitPixels before = {(const uint8_t *)pictures->before, sizeof(pictures->before[0])};
	const VitPixels after = {(const uint8_t *)pictures->after, sizeof(pictures->after[0])};

	return vit_scroll_find(&before, &after, box, ret_scroll);
}

/* Checks that a viewer that copies what was found has the right pixels there. */
static void check_copy(const Pictures *pictures, const pixman_box32_t *box, const VitScroll *scroll)
{
	const pixman_box32_t *to = &scroll->to;

	g_assert_cmpint(to->x1, >=, box->x1);
	g_assert_cmpint(to->x2, <=, box->x2);
	g_assert_cmpint(to->y1, >=, box->y1 + MAX(scroll->down_px, 0));
	g_assert_cmpint(to->y2, <=, box->y2 + MIN(scroll->down_px, 0));
	for (int32_t y = to->y1; y < to->y2; y++) {
		g_assert_cmpmem(&pictures->after[y][to->x1], (size_t)(to->x2 - to->x1) * 4,
				&pictures->before[y - scroll->down_px][to->x1],
				(size_t)(to->x2 - to->x1) * 4);
	}
}

static int32_t box_area(const pixman_box32_t *box)
{
	return (box->x2 - box->x1) * (box->y2 - box->y1);
}

static void check_move(const pixman_box32_t *moved, int32_t down_px)
{
	g_autofree Pictures *pictures = pictures_new(1);
	VitScroll scroll;

	pictures_move(pictures, moved, down_px);
	g_assert_true(find(pictures, &everything, &scroll));
	g_assert_cmpint(scroll.down_px, ==, down_px);
	check_copy(pictures, &everything, &scroll);
	/* Nearly all that moved; the blocks may not fit its edges. */
	g_assert_cmpint(box_area(&scroll.to), >,
			(moved->y2 - moved->y1 - ABS(down_px)) * (moved->x2 - moved->x1 - 32) * 9 /
				10);
}

static void test_all_moves(void)
{
	check_move(&everything, -16);
	check_move(&everything, 1);
	check_move(&everything, 150);
	check_move(&everything, -200);
}

static void test_part_moves(void)
{
	check_move(&(pixman_box32_t){100, 50, 350, 250}, -24);
	check_move(&(pixman_box32_t){3, 7, 211, 299}, 13);
}

static void test_nothing_moves(void)
{
	g_autofree Pictures *pictures = pictures_new(1);
	g_autofree Pictures *others = pictures_new(2);
	VitScroll scroll;

	g_assert_false(find(pictures, &everything, &scroll)); /* nothing changed */
	memcpy(pictures->after, others->after, sizeof(others->after));
	g_assert_false(find(pictures, &everything, &scroll)); /* everything did */
	memset(pictures->before, 0, sizeof(pictures->before));
	memset(pictures->after, 0, sizeof(pictures->after));
	g_assert_false(find(pictures, &everything, &scroll)); /* blank */
}

static void test_too_small(void)
{
	g_autofree Pictures *pictures = pictures_new(1);
	const pixman_box32_t flat = {0, 0, WIDTH_PX, 63}, narrow = {0, 0, 63, HEIGHT_PX};
	VitScroll scroll;

	pictures_move(pictures, &everything, 2);
	g_assert_false(find(pictures, &flat, &scroll));
	g_assert_false(find(pictures, &narrow, &scroll));
}

/* The rows agree on a distance, and hardly anything of them moved. */
static void test_little_moves(void)
{
	g_autofree Pictures *pictures = pictures_new(1);
	VitScroll scroll;

	for (int32_t column = 0; column < 4; column++) {
		int32_t x = (WIDTH_PX - 64) * (2 * column + 1) / 8;

		pictures_move(pictures, &(pixman_box32_t){x, 20, x + 64, 40}, 2);
	}
	g_assert_false(find(pictures, &everything, &scroll));
}

/* Whatever is found must be right, whatever the pictures are. */
static void test_random(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	unsigned n_found = 0;

	for (unsigned round = 0; round < 60; round++) {
		g_autofree Pictures *pictures = pictures_new(round);
		int32_t x = g_rand_int_range(random, 0, 200), y = g_rand_int_range(random, 0, 150);
		const pixman_box32_t moved = {x, y, g_rand_int_range(random, x + 1, WIDTH_PX),
					      g_rand_int_range(random, y + 1, HEIGHT_PX)};
		const pixman_box32_t box = {x / 2, y / 2, WIDTH_PX - x / 3, HEIGHT_PX - y / 3};
		VitScroll scroll;

		pictures_move(pictures, &moved, g_rand_int_range(random, -100, 100));
		if (find(pictures, &box, &scroll)) {
			check_copy(pictures, &box, &scroll);
			n_found++;
		}
	}
	g_assert_cmpuint(n_found, >, 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/scroll/all", test_all_moves);
	vit_test_add("/scroll/part", test_part_moves);
	vit_test_add("/scroll/nothing", test_nothing_moves);
	vit_test_add("/scroll/too-small", test_too_small);
	vit_test_add("/scroll/little", test_little_moves);
	vit_test_add("/scroll/random", test_random);
	return g_test_run();
}

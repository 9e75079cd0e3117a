/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Pointer shapes, drawn by arithmetic. Colours are premultiplied. */
#include "sources/pattern/cursor-shapes.h"

#define ARROW_WIDTH  12
#define ARROW_HEIGHT 19
#define BEAM_WIDTH   7
#define BEAM_HEIGHT  16
#define DISC_SIDE    192
#define WHITE        0xffffffff
#define BLACK        0xff000000

/* A triangle that leans on its left side, white with a black border. */
static VitCursor *cursor_new_arrow(void)
{
	uint32_t pixels[ARROW_WIDTH * ARROW_HEIGHT] = {0};

	for (int y = 0; y < ARROW_HEIGHT; y++) {
		int end = y < ARROW_WIDTH ? y : (ARROW_HEIGHT - 1 - y) * ARROW_WIDTH / 8;

		for (int x = 0; x <= end && x < ARROW_WIDTH; x++) {
			pixels[y * ARROW_WIDTH + x] = x == 0 || x >= end - 1 ? BLACK : WHITE;
		}
	}
	return vit_cursor_new(ARROW_WIDTH, ARROW_HEIGHT, 0, 0, pixels, sizeof pixels, NULL);
}

static VitCursor *cursor_new_beam(void)
{
	uint32_t pixels[BEAM_WIDTH * BEAM_HEIGHT] = {0};

	for (int y = 0; y < BEAM_HEIGHT; y++) {
		for (int x = 0; x < BEAM_WIDTH; x++) {
			if (y == 0 || y == BEAM_HEIGHT - 1 || x == BEAM_WIDTH / 2) {
				pixels[y * BEAM_WIDTH + x] = BLACK;
			}
		}
	}
	return vit_cursor_new(BEAM_WIDTH, BEAM_HEIGHT, BEAM_WIDTH / 2, BEAM_HEIGHT / 2, pixels,
			      sizeof pixels, NULL);
}

/* A red disc that fades out towards its rim; larger than what some servers can send. */
static VitCursor *cursor_new_disc(void)
{
	const int radius = DISC_SIDE / 2;
	uint32_t pixels[DISC_SIDE * DISC_SIDE] = {0};

	for (int y = 0; y < DISC_SIDE; y++) {
		for (int x = 0; x < DISC_SIDE; x++) {
			int dx = x - radius, dy = y - radius;
			int left = radius * radius - dx * dx - dy * dy;

			if (left > 0) {
				uint32_t alpha = (uint32_t)(left * 255 / (radius * radius));

				pixels[y * DISC_SIDE + x] = alpha << 24 | alpha << 16;
			}
		}
	}
	return vit_cursor_new(DISC_SIDE, DISC_SIDE, radius, radius, pixels, sizeof pixels, NULL);
}

VitCursor *vit_pattern_cursor_new(unsigned number)
{
	switch (number % VIT_PATTERN_CURSORS) {
	case 0:
		return cursor_new_arrow();
	case 1:
		return cursor_new_beam();
	case 2:
		return cursor_new_disc();
	default:
		return NULL;
	}
}

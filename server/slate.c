/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Draws the slate: a title and a wrapped sentence, centred on a dark ground, in the letters of
 * slate-font-table.c, enlarged so that they can be read on any head.
 */
#include "server/slate.h"

#include <drm_fourcc.h>
#include <string.h>

#include "server/slate-font.h"
#include "sources/shm-image.h"

#define GROUND_XRGB 0xff1c2530u
#define TITLE_XRGB  0xfff2f2f2u
#define DETAIL_XRGB 0xffa8b4c0u

#define CELL_COLUMNS   (VIT_GLYPH_COLUMNS + 1) /* with the gap to the next letter */
#define CELL_ROWS      (VIT_GLYPH_ROWS + 4)
#define TITLE_SCALE    4
#define DETAIL_SCALE   2
#define DETAIL_COLUMNS 60 /* letters in a line before it wraps */
#define DETAIL_LINES   6  /* at the most */

typedef struct VitSlatePen {
	uint32_t *pixels;
	uint32_t width_px, height_px, stride_px;
	uint32_t colour_xrgb;
	unsigned scale;
	unsigned top_px; /* of the line to write */
} VitSlatePen;

static void pen_fill(const VitSlatePen *pen, int x, int y, unsigned side)
{
	for (int row = y; row < y + (int)side; row++) {
		for (int column = x; column < x + (int)side; column++) {
			if (row >= 0 && column >= 0 && row < (int)pen->height_px &&
			    column < (int)pen->width_px) {
				pen->pixels[(size_t)row * pen->stride_px + column] =
					pen->colour_xrgb;
			}
		}
	}
}

static void pen_glyph(const VitSlatePen *pen, int left, char letter)
{
	const uint8_t *columns;

	if (letter < VIT_GLYPH_FIRST || letter > VIT_GLYPH_LAST) {
		letter = '?';
	}
	columns = vit_slate_glyphs[letter - VIT_GLYPH_FIRST];
	for (int column = 0; column < VIT_GLYPH_COLUMNS; column++) {
		for (int row = 0; row < VIT_GLYPH_ROWS; row++) {
			if (columns[column] & (1u << row)) {
				pen_fill(pen, left + column * (int)pen->scale,
					 (int)pen->top_px + row * (int)pen->scale, pen->scale);
			}
		}
	}
}

/* Writes @length letters in the middle of the line and moves on to the next line. */
static void pen_line(VitSlatePen *pen, const char *text, size_t length)
{
	int cell_px = (int)(CELL_COLUMNS * pen->scale);
	int left = ((int)pen->width_px - (int)length * cell_px) / 2;

	for (size_t i = 0; i < length; i++) {
		pen_glyph(pen, left + (int)i * cell_px, text[i]);
	}
	pen->top_px += CELL_ROWS * pen->scale;
}

/* How many letters of @text go on a line of @columns: whole words where possible. */
static size_t line_length(const char *text, size_t columns)
{
	size_t length = strnlen(text, columns + 1);

	if (length <= columns) {
		return length;
	}
	for (size_t end = columns; end > 0; end--) {
		if (text[end] == ' ') {
			return end;
		}
	}
	return columns;
}

static void pen_paragraph(VitSlatePen *pen, const char *text)
{
	size_t fitting = pen->width_px / (CELL_COLUMNS * pen->scale);
	size_t columns = CLAMP(fitting, 1, DETAIL_COLUMNS);

	for (unsigned line = 0; *text && line < DETAIL_LINES; line++) {
		size_t length = line_length(text, columns);

		pen_line(pen, text, length);
		text += length;
		text += strspn(text, " ");
	}
}

VitBuffer *vit_slate_new(uint32_t width, uint32_t height, const char *title, const char *detail,
			 GError **error)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, error);
	VitSlatePen pen = {0};

	if (!image) {
		return NULL;
	}
	pen.pixels = (uint32_t *)(void *)vit_shm_image_get_pixels(image);
	pen.width_px = width;
	pen.height_px = height;
	pen.stride_px = vit_shm_image_get_stride_bytes(image) / sizeof *pen.pixels;
	for (size_t i = 0; i < (size_t)pen.stride_px * height; i++) {
		pen.pixels[i] = GROUND_XRGB;
	}
	pen.colour_xrgb = TITLE_XRGB;
	pen.scale = TITLE_SCALE;
	pen.top_px = height * 2 / 5;
	pen_line(&pen, title, strlen(title));
	pen.colour_xrgb = DETAIL_XRGB;
	pen.scale = DETAIL_SCALE;
	pen_paragraph(&pen, detail);
	return vit_buffer_ref(vit_shm_image_get_buffer(image));
}

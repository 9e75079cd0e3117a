/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Drawing for the pattern source: clipped rectangles, letter-like glyphs, moving colours. */
#include "sources/pattern/canvas.h"

#include <glib.h>
#include <string.h>

void vit_pattern_canvas_init(VitPatternCanvas *self, uint32_t width, uint32_t height)
{
	self->pixels = g_new0(uint32_t, (size_t)width * height);
	self->width = (int32_t)width;
	self->height = (int32_t)height;
	pixman_region32_init_rect(&self->damage, 0, 0, width, height);
}

void vit_pattern_canvas_clear(VitPatternCanvas *self)
{
	g_clear_pointer(&self->pixels, g_free);
	pixman_region32_fini(&self->damage);
}

static uint32_t *canvas_row(VitPatternCanvas *self, int32_t y)
{
	return self->pixels + (size_t)self->width * (size_t)y;
}

/* Clips @rect and notes it as damage. Returns false when nothing of it is left. */
static bool canvas_touch(VitPatternCanvas *self, VitRect *rect)
{
	int32_t right = MIN(rect->x + rect->width, self->width);
	int32_t bottom = MIN(rect->y + rect->height, self->height);

	rect->x = MAX(rect->x, 0);
	rect->y = MAX(rect->y, 0);
	rect->width = right - rect->x;
	rect->height = bottom - rect->y;
	if (rect->width < 1 || rect->height < 1) {
		return false;
	}
	(void)pixman_region32_union_rect(&self->damage, &self->damage, rect->x, rect->y,
					 (unsigned)rect->width, (unsigned)rect->height);
	return true;
}

void vit_pattern_canvas_fill(VitPatternCanvas *self, VitRect rect, uint32_t colour)
{
	vit_pattern_canvas_gradient(self, rect, colour, colour);
}

static uint32_t canvas_mix(uint32_t from, uint32_t to, int64_t part, int64_t whole)
{
	uint32_t mixed = 0;

	for (unsigned shift = 0; shift < 24; shift += 8) {
		int64_t a = from >> shift & 0xff, b = to >> shift & 0xff;

		mixed |= (uint32_t)(a + (b - a) * part / whole) << shift;
	}
	return mixed;
}

void vit_pattern_canvas_gradient(VitPatternCanvas *self, VitRect rect, uint32_t top,
				 uint32_t bottom)
{
	VitRect whole = rect;

	if (!canvas_touch(self, &rect)) {
		return;
	}
	for (int32_t y = rect.y; y < rect.y + rect.height; y++) {
		uint32_t colour = canvas_mix(top, bottom, y - whole.y, whole.height);
		uint32_t *row = canvas_row(self, y);

		for (int32_t x = rect.x; x < rect.x + rect.width; x++) {
			row[x] = colour;
		}
	}
}

/* Whether a pixel of a glyph's cell is ink: strokes that its code switches on, as on a display of
 * segments. */
static bool glyph_is_ink(uint32_t code, int32_t x, int32_t y)
{
	bool bar = x >= 1 && x <= 5, upper = y >= 3 && y <= 7, lower = y >= 7 && y <= 11;

	return ((code & 1) && bar && y == 3) || ((code & 2) && bar && y == 7) ||
	       ((code & 4) && bar && y == 11) || ((code & 8) && upper && x == 1) ||
	       ((code & 16) && upper && x == 5) || ((code & 32) && lower && x == 1) ||
	       ((code & 64) && lower && x == 5) || ((code & 128) && y >= 3 && y <= 11 && x == 3);
}

void vit_pattern_canvas_glyph(VitPatternCanvas *self, int32_t x, int32_t y,
			      const VitPatternGlyph *glyph)
{
	VitRect rect = {x, y, VIT_PATTERN_GLYPH_WIDTH, VIT_PATTERN_GLYPH_HEIGHT};

	if (!canvas_touch(self, &rect)) {
		return;
	}
	for (int32_t row = rect.y; row < rect.y + rect.height; row++) {
		uint32_t *pixels = canvas_row(self, row);

		for (int32_t column = rect.x; column < rect.x + rect.width; column++) {
			bool ink = glyph_is_ink(glyph->code, column - x, row - y);

			pixels[column] = ink ? glyph->foreground : glyph->background;
		}
	}
}

void vit_pattern_canvas_scroll_up(VitPatternCanvas *self, VitRect rect, int32_t rows_px)
{
	if (!canvas_touch(self, &rect)) {
		return;
	}
	for (int32_t y = rect.y; y + rows_px < rect.y + rect.height; y++) {
		memcpy(canvas_row(self, y) + rect.x, canvas_row(self, y + rows_px) + rect.x,
		       (size_t)rect.width * sizeof *self->pixels);
	}
}

/* A wave of period 256 between 0 and 255, made of two parabolas. */
static uint32_t canvas_wave(uint32_t position)
{
	uint32_t half = position & 127, height = half * (127 - half) / 32;

	return (position & 128) != 0 ? 127 - height : 128 + height;
}

void vit_pattern_canvas_plasma(VitPatternCanvas *self, VitRect rect, uint32_t phase)
{
	uint32_t wave[256], palette[256];

	if (!canvas_touch(self, &rect)) {
		return;
	}
	for (uint32_t i = 0; i < 256; i++) {
		wave[i] = canvas_wave(i);
		palette[i] = canvas_wave(i + 2 * phase) << 16 |
			     canvas_wave(2 * i + 7 * phase) << 8 | canvas_wave(i + 85 + 5 * phase);
	}
	for (int32_t y = rect.y; y < rect.y + rect.height; y++) {
		uint32_t *row = canvas_row(self, y);
		uint32_t across = wave[((uint32_t)y + 3 * phase) & 255];

		for (int32_t x = rect.x; x < rect.x + rect.width; x++) {
			uint32_t value = wave[((uint32_t)x + across / 2 + phase) & 255] + across;

			row[x] = palette[value & 255];
		}
	}
}

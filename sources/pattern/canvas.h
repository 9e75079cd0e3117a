/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * VitPatternCanvas: XRGB8888 pixels in ordinary memory, rows packed, top row first, the X byte 0.
 * Whatever is drawn is clipped to it and added to its damage. Embedded in its owner.
 */
typedef struct VitPatternCanvas {
	uint32_t *pixels;
	int32_t width, height;
	pixman_region32_t damage; /* since whoever shows the picture cleared it */
} VitPatternCanvas;

/* A glyph fills a cell of this size. Pixels. */
#define VIT_PATTERN_GLYPH_WIDTH  8
#define VIT_PATTERN_GLYPH_HEIGHT 16

typedef struct VitPatternGlyph {
	uint32_t code; /* 0 is a blank; anything else looks like a letter */
	uint32_t foreground, background;
} VitPatternGlyph;

/* Black, with everything damaged. */
void vit_pattern_canvas_init(VitPatternCanvas *self, uint32_t width, uint32_t height);
void vit_pattern_canvas_clear(VitPatternCanvas *self);

void vit_pattern_canvas_fill(VitPatternCanvas *self, VitRect rect, uint32_t colour);
/* A vertical gradient. */
void vit_pattern_canvas_gradient(VitPatternCanvas *self, VitRect rect, uint32_t top,
				 uint32_t bottom);
void vit_pattern_canvas_glyph(VitPatternCanvas *self, int32_t x, int32_t y,
			      const VitPatternGlyph *glyph);
/* Moves what is in @rect up by @rows_px; the rows that become free stay as they were. */
void vit_pattern_canvas_scroll_up(VitPatternCanvas *self, VitRect rect, int32_t rows_px);
/* Smooth moving colours: with another @phase nearly every pixel differs. */
void vit_pattern_canvas_plasma(VitPatternCanvas *self, VitRect rect, uint32_t phase);

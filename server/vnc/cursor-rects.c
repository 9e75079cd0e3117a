/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The two encodings differ in what they can say of alpha: one has it in full, colours multiplied by
 * it, as R, G, B, A bytes whatever the viewer's pixel format is; the other knows only "opaque" and
 * "not there", with plain colours in the viewer's format.
 */
#include "server/vnc/cursor-rects.h"

#include "server/vnc/pseudo-rects.h"

#define OPAQUE_FROM_ALPHA 0x80

static void append_head(GByteArray *out, const VitCursor *cursor, int32_t encoding)
{
	VitRfbRect rect = {0};

	if (cursor) {
		rect = (VitRfbRect){
			.x = (uint16_t)vit_cursor_get_hot_x(cursor),
			.y = (uint16_t)vit_cursor_get_hot_y(cursor),
			.width = (uint16_t)vit_cursor_get_width(cursor),
			.height = (uint16_t)vit_cursor_get_height(cursor),
		};
	}
	vit_rfb_append_rect(out, rect, encoding);
}

void vit_rfb_append_cursor_with_alpha(GByteArray *out, const VitCursor *cursor)
{
	static const uint8_t raw[4] = {0}; /* the encoding of the pixels that follow */
	const uint32_t *pixels;
	unsigned n_pixels, start;

	append_head(out, cursor, VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA);
	g_byte_array_append(out, raw, sizeof(raw));
	if (!cursor) {
		return;
	}
	pixels = vit_cursor_get_pixels(cursor);
	n_pixels = vit_cursor_get_width(cursor) * vit_cursor_get_height(cursor);
	start = out->len;
	g_byte_array_set_size(out, start + n_pixels * 4);
	for (unsigned i = 0; i < n_pixels; i++) {
		uint8_t *rgba = out->data + start + i * 4;

		rgba[0] = (uint8_t)(pixels[i] >> 16);
		rgba[1] = (uint8_t)(pixels[i] >> 8);
		rgba[2] = (uint8_t)pixels[i];
		rgba[3] = (uint8_t)(pixels[i] >> 24);
	}
}

/* One channel without the alpha that it was multiplied by. */
static uint32_t divide_by_alpha(uint32_t channel, uint32_t alpha)
{
	return MIN((channel * 255 + alpha / 2) / alpha, 255);
}

static uint32_t without_alpha(uint32_t pixel)
{
	uint32_t alpha = pixel >> 24;

	if (alpha == 0 || alpha == 255) {
		return pixel & 0xffffff;
	}
	return divide_by_alpha(pixel >> 16 & 0xff, alpha) << 16 |
	       divide_by_alpha(pixel >> 8 & 0xff, alpha) << 8 |
	       divide_by_alpha(pixel & 0xff, alpha);
}

/* A bit a pixel, rows padded to bytes, the leftmost pixel in the top bit. */
static void append_mask(GByteArray *out, const VitCursor *cursor)
{
	unsigned width = vit_cursor_get_width(cursor), height = vit_cursor_get_height(cursor);
	const uint32_t *pixels = vit_cursor_get_pixels(cursor);

	for (unsigned y = 0; y < height; y++) {
		for (unsigned first = 0; first < width; first += 8) {
			uint8_t bits = 0;

			for (unsigned x = first; x < MIN(first + 8, width); x++) {
				if (pixels[y * width + x] >> 24 >= OPAQUE_FROM_ALPHA) {
					bits |= (uint8_t)(0x80 >> (x - first));
				}
			}
			g_byte_array_append(out, &bits, 1);
		}
	}
}

void vit_rfb_append_cursor(GByteArray *out, VitRfbEngine *engine, const VitCursor *cursor)
{
	g_autofree uint32_t *colours = NULL;
	const uint32_t *pixels;
	unsigned n_pixels;

	append_head(out, cursor, VIT_RFB_PSEUDO_CURSOR);
	if (!cursor) {
		return;
	}
	pixels = vit_cursor_get_pixels(cursor);
	n_pixels = vit_cursor_get_width(cursor) * vit_cursor_get_height(cursor);
	colours = g_new(uint32_t, n_pixels);
	for (unsigned i = 0; i < n_pixels; i++) {
		colours[i] = without_alpha(pixels[i]);
	}
	vit_rfb_engine_translate(engine, colours, n_pixels, out);
	append_mask(out, cursor);
}

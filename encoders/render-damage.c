/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Damage as regions, rectangles and bitmaps of tiles. A tile at the right or lower edge of a
 * surface ends with the surface.
 */
#include "encoders/render-damage.h"

#include <glib.h>

#include "encoders/surface.h"

static void damage_region_from_boxes(const GArray *boxes, pixman_region32_t *ret_region)
{
	/* It fails only for want of memory, on which GLib aborts everywhere else. */
	if (!pixman_region32_init_rects(ret_region, (const pixman_box32_t *)boxes->data,
					(int)boxes->len)) {
		g_error("no memory for a region of %u boxes", boxes->len);
	}
}

void vit_render_region_to_tiles(const pixman_region32_t *region, uint32_t width, uint32_t height,
				pixman_region32_t *ret_tiles)
{
	int n_boxes;
	const pixman_box32_t *boxes =
		pixman_region32_rectangles((pixman_region32_t *)region, &n_boxes);
	g_autoptr(GArray) rounded =
		g_array_sized_new(FALSE, FALSE, sizeof(pixman_box32_t), (unsigned)n_boxes);

	for (int i = 0; i < n_boxes; i++) {
		pixman_box32_t box = {
			.x1 = boxes[i].x1 / VIT_TILE_WIDTH * VIT_TILE_WIDTH,
			.y1 = boxes[i].y1 / VIT_TILE_HEIGHT * VIT_TILE_HEIGHT,
			.x2 = (boxes[i].x2 + VIT_TILE_WIDTH - 1) / VIT_TILE_WIDTH * VIT_TILE_WIDTH,
			.y2 = (boxes[i].y2 + VIT_TILE_HEIGHT - 1) / VIT_TILE_HEIGHT *
			      VIT_TILE_HEIGHT,
		};

		g_array_append_val(rounded, box);
	}
	damage_region_from_boxes(rounded, ret_tiles);
	(void)pixman_region32_intersect_rect(ret_tiles, ret_tiles, 0, 0, width, height);
}

static uint32_t damage_write_rects(const pixman_box32_t *boxes, int n_boxes,
				   VitRenderRect *ret_rects)
{
	for (int i = 0; i < n_boxes; i++) {
		ret_rects[i] = (VitRenderRect){
			.x = boxes[i].x1,
			.y = boxes[i].y1,
			.width = boxes[i].x2 - boxes[i].x1,
			.height = boxes[i].y2 - boxes[i].y1,
		};
	}
	return (uint32_t)n_boxes;
}

uint32_t vit_render_region_to_rects(const pixman_region32_t *region, uint32_t width,
				    uint32_t height,
				    VitRenderRect ret_rects[static VIT_RENDER_MAX_RECTS])
{
	pixman_region32_t tiles;
	uint32_t n_rects;
	int n_boxes;
	const pixman_box32_t *boxes =
		pixman_region32_rectangles((pixman_region32_t *)region, &n_boxes);

	if (n_boxes <= VIT_RENDER_MAX_RECTS) {
		return damage_write_rects(boxes, n_boxes, ret_rects);
	}
	vit_render_region_to_tiles(region, width, height, &tiles);
	boxes = pixman_region32_rectangles(&tiles, &n_boxes);
	if (n_boxes > VIT_RENDER_MAX_RECTS) {
		boxes = pixman_region32_extents(&tiles);
		n_boxes = 1;
	}
	n_rects = damage_write_rects(boxes, n_boxes, ret_rects);
	pixman_region32_fini(&tiles);
	return n_rects;
}

static bool damage_bit(const uint8_t *row, uint32_t tile)
{
	return (row[tile / 8] >> (tile % 8) & 1) != 0;
}

void vit_render_region_from_bitmap(const uint8_t *bitmap, uint32_t width, uint32_t height,
				   pixman_region32_t *ret_region)
{
	uint32_t stride_bytes = vit_render_bitmap_stride_bytes(width);
	uint32_t n_columns = (width + VIT_TILE_WIDTH - 1) / VIT_TILE_WIDTH;
	uint32_t n_rows = (height + VIT_TILE_HEIGHT - 1) / VIT_TILE_HEIGHT;
	g_autoptr(GArray) boxes = g_array_new(FALSE, FALSE, sizeof(pixman_box32_t));

	for (uint32_t row = 0; row < n_rows; row++) {
		const uint8_t *bits = bitmap + (size_t)row * stride_bytes;
		uint32_t end;

		for (uint32_t column = 0; column < n_columns; column = end + 1) {
			pixman_box32_t run;

			for (end = column; end < n_columns && damage_bit(bits, end); end++) {
			}
			run = (pixman_box32_t){
				.x1 = (int32_t)(column * VIT_TILE_WIDTH),
				.y1 = (int32_t)(row * VIT_TILE_HEIGHT),
				.x2 = (int32_t)MIN(end * VIT_TILE_WIDTH, width),
				.y2 = (int32_t)MIN((row + 1) * VIT_TILE_HEIGHT, height),
			};
			if (end > column) {
				g_array_append_val(boxes, run);
			}
		}
	}
	damage_region_from_boxes(boxes, ret_region);
}

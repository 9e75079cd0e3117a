/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdint.h>

#include "encoders/render-protocol.h"

/* Damage between its two shapes: pixman regions here, rectangles and bitmaps on the wire. */

/*
 * Writes @region as rectangles and returns their number. One of more than VIT_RENDER_MAX_RECTS is
 * rounded outwards, to whole tiles or, if that is not enough, to its bounding box; never beyond
 * @width x @height. Thread: any.
 */
uint32_t vit_render_region_to_rects(const pixman_region32_t *region, uint32_t width,
				    uint32_t height,
				    VitRenderRect ret_rects[static VIT_RENDER_MAX_RECTS]);

/* Makes @ret_tiles (not initialised yet) the tiles that @region touches. Thread: any. */
void vit_render_region_to_tiles(const pixman_region32_t *region, uint32_t width, uint32_t height,
				pixman_region32_t *ret_tiles);

/* Makes @ret_region (not initialised yet) of the tiles of a surface's bitmap. Thread: any. */
void vit_render_region_from_bitmap(const uint8_t *bitmap, uint32_t width, uint32_t height,
				   pixman_region32_t *ret_region);

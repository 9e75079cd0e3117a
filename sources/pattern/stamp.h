/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * VitStamp: which picture this is and when it was due, as black and white squares in the picture
 * itself, so that whoever receives it can tell, also after JPEG or video. Squares are as large as a
 * macroblock and only their luma counts. Pure functions over XRGB8888 pixels in native words, the
 * top row first.
 */

#define VIT_STAMP_CELL_PX   16
#define VIT_STAMP_COLUMNS   10
#define VIT_STAMP_ROWS      8
#define VIT_STAMP_WIDTH_PX  (VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX)
#define VIT_STAMP_HEIGHT_PX (VIT_STAMP_ROWS * VIT_STAMP_CELL_PX)

typedef struct VitStamp {
	uint32_t number;  /* of the picture; wraps */
	uint32_t time_us; /* CLOCK_MONOTONIC at which it was due, low 32 bits */
} VitStamp;

/*
 * Draws the whole stamp with its top left at x, y; VIT_STAMP_WIDTH_PX by VIT_STAMP_HEIGHT_PX pixels
 * there must be the caller's.
 */
void vit_stamp_draw(void *pixels, uint32_t stride_bytes, uint32_t x, uint32_t y,
		    const VitStamp *stamp);

/*
 * Reads the stamp at x, y. Returns false when there is none: the squares are neither dark nor
 * bright, or the checksum is wrong.
 */
bool vit_stamp_read(const void *pixels, uint32_t stride_bytes, uint32_t x, uint32_t y,
		    VitStamp *ret_stamp);

/* Adds to @region the squares in which two stamps at 0, 0 differ. */
void vit_stamp_add_difference(const VitStamp *from, const VitStamp *to, pixman_region32_t *region);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "encoders/render-protocol.h"
#include "encoders/surface/convert.h"

/* A picture that is brought into a surface, and which tiles of that changed. */
typedef struct VitCopy {
	const uint8_t *source;       /* the upper left pixel of the picture */
	ptrdiff_t source_step_bytes; /* to the row below; negative where memory is bottom-up */
	unsigned bytes_per_pixel;
	VitConvert convert; /* NULL: the source is XRGB8888 */

	uint8_t *target; /* the upper left pixel of the surface, XRGB8888 */
	size_t target_stride_bytes;
	uint8_t *bitmap; /* of changed tiles; bits are set, never cleared */
	size_t bitmap_stride_bytes;
} VitCopy;

/*
 * Makes the pixels of @rect (picture pixels) in the surface those of the source, X bytes 0xff, and
 * marks the tiles in which that changed anything. Each byte of the source is read once; nothing is
 * written that is right already. Thread: any; several at a time if they touch different rows of
 * tiles.
 */
void vit_copy_rect(const VitCopy *copy, const VitRenderRect *rect);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdint.h>

#include "sources/format.h"

/* One rectangle of pixels, from the canvas's XRGB8888 to any format that Vitrine knows. */

typedef struct VitPatternConversion {
	const VitFormat *format; /* of the destination */
	const uint32_t *source;  /* first pixel of the rectangle */
	uint32_t source_stride_bytes;
	uint8_t *destination;             /* likewise */
	int32_t destination_stride_bytes; /* negative when its rows go upwards */
	int32_t width, height;            /* pixels */
} VitPatternConversion;

void vit_pattern_convert(const VitPatternConversion *job);

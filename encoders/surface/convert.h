/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Converts pixels to XRGB8888, X undefined. The parameters are those of libyuv's converters to its
 * "ARGB", which in memory is XRGB8888. Strides do not matter when @height is 1. Thread: any.
 */
typedef int (*VitConvert)(const uint8_t *source, int source_stride_bytes, uint8_t *target,
			  int target_stride_bytes, int width, int height);

/*
 * Finds how pixels of @fourcc are converted; false: not at all. *ret_convert is NULL where they are
 * XRGB8888 already.
 */
bool vit_convert_find(uint32_t fourcc, VitConvert *ret_convert);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdint.h>

#include "sources/buffer.h"
#include "sources/pixel-memory.h"

/*
 * Where pixels are, and those of a linear buffer decoded from the bits that drm_fourcc.h names and
 * by nothing that the product uses for it.
 */

/*
 * The memory that tests have the product draw into: what VIT_TEST_MEMORY names, a memfd where it is
 * not set. In the test machine tests run once for each kind.
 */
VitPixelMemory vit_test_memory(void);

/* One pixel, in the low bytes of @word, as 0x00RRGGBB; short channels are widened by repetition. */
uint32_t vit_test_decode_pixel(uint32_t fourcc, uint32_t word);

/*
 * The visible picture of @buffer as it is now, 0x00RRGGBB words, rows packed, top row first.
 * Ownership: free it with g_free().
 */
uint32_t *vit_test_read_picture(const VitBuffer *buffer);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds out that a part of a picture moved up or down: then a viewer can copy it, and only what
 * came into view needs to be encoded. No VMM says so. Pure. Thread: any.
 */

/* 32-bit pixels, top row first. */
typedef struct VitPixels {
	const uint8_t *rows;
	size_t stride_bytes;
} VitPixels;

typedef struct VitScroll {
	pixman_box32_t to; /* where the pixels are after */
	int32_t down_px;   /* they were so much higher before; negative: lower */
} VitScroll;

/*
 * Looks within @box, which both pictures have. Returns false where nothing worth copying moved.
 * What it finds is compared pixel by pixel. A box in which nothing moved costs little: a few
 * columns of it are read.
 */
bool vit_scroll_find(const VitPixels *before, const VitPixels *after, const pixman_box32_t *box,
		     VitScroll *ret_scroll);

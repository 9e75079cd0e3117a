/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

/* VitCursor: a pointer shape. Immutable, atomic reference count. */

#define VIT_CURSOR_MAX_SIDE 512 /* pixels */

typedef struct VitCursor VitCursor;

/*
 * Copies @pixels: width * height native-endian 0xAARRGGBB words, colours premultiplied by alpha,
 * rows packed, top row first. A hot spot outside the image is moved to its edge: guests send such.
 * Errors: INVALID_METADATA when a side is 0 or above VIT_CURSOR_MAX_SIDE, or n_bytes is not
 * width * height * 4. Thread: any.
 */
VitCursor *vit_cursor_new(uint32_t width, uint32_t height, int32_t hot_x, int32_t hot_y,
			  const void *pixels, size_t n_bytes, GError **error);

VitCursor *vit_cursor_ref(VitCursor *self);
/* NULL is allowed. Thread: any. */
void vit_cursor_unref(VitCursor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitCursor, vit_cursor_unref)

uint32_t vit_cursor_get_width(const VitCursor *self);
uint32_t vit_cursor_get_height(const VitCursor *self);
uint32_t vit_cursor_get_hot_x(const VitCursor *self);
uint32_t vit_cursor_get_hot_y(const VitCursor *self);
/* Premultiplied 0xAARRGGBB words, rows packed. Valid as long as the cursor. */
const uint32_t *vit_cursor_get_pixels(const VitCursor *self);

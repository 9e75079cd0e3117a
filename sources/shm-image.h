/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * VitShmImage: a linear picture of our own in a memfd that is sealed against resizing, mapped
 * writable here and shared as a VitBuffer. Sources put pixels that arrive as bytes into one; the
 * slate is one. The mapping cannot be truncated by anybody.
 */

typedef struct VitShmImage VitShmImage;

/*
 * Makes an image filled with zeroes. @stride_bytes 0 means packed, rounded up to 64.
 * Errors: INVALID_METADATA or UNSUPPORTED as vit_buffer_new_take_fds(), INTERNAL (no memory).
 * Thread: any.
 */
VitShmImage *vit_shm_image_new(uint32_t width, uint32_t height, uint32_t fourcc,
			       uint32_t stride_bytes, bool bottom_up, GError **error);
/* The buffer lives on while others hold it. NULL is allowed. */
void vit_shm_image_free(VitShmImage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitShmImage, vit_shm_image_free)

/* First row in memory. Valid as long as the image. */
uint8_t *vit_shm_image_get_pixels(VitShmImage *self);
uint32_t vit_shm_image_get_stride_bytes(const VitShmImage *self);
/* Borrowed; valid as long as the image. */
VitBuffer *vit_shm_image_get_buffer(VitShmImage *self);

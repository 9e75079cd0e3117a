/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "sources/buffer.h"
#include "sources/pixel-memory.h"

/*
 * VitShmImage: a linear picture of our own in memory that nobody can resize, mapped writable here
 * and shared as a VitBuffer. Sources put pixels that arrive as bytes into one; the slate is one.
 * The mapping cannot be truncated by anybody.
 */

typedef struct VitShmImage VitShmImage;

typedef struct VitShmImageOptions {
	VitPixelMemory memory;
	uint32_t width, height; /* pixels */
	uint32_t fourcc;
	uint32_t stride_bytes; /* 0 means packed, rounded up to 64 */
	bool bottom_up;
} VitShmImageOptions;

/*
 * Makes an image filled with zeroes. Errors: INVALID_METADATA or UNSUPPORTED as
 * vit_buffer_new_take_fds(), UNSUPPORTED or INTERNAL as vit_pixel_memory_new_fd(). Thread: any.
 */
VitShmImage *vit_shm_image_new_with(const VitShmImageOptions *options, GError **error);
/* The same in a memfd. */
VitShmImage *vit_shm_image_new(uint32_t width, uint32_t height, uint32_t fourcc,
			       uint32_t stride_bytes, bool bottom_up, GError **error);
/* The buffer lives on while others hold it. NULL is allowed. */
void vit_shm_image_free(VitShmImage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitShmImage, vit_shm_image_free)

/*
 * Writes to a picture in a dmabuf stand between begin and end; to one in a memfd they may. To begin
 * waits for devices that still read, if the image is not idle. Errors: INTERNAL. Thread: any.
 */
bool vit_shm_image_is_idle(const VitShmImage *self);
bool vit_shm_image_begin_write(VitShmImage *self, GError **error);
bool vit_shm_image_end_write(VitShmImage *self, GError **error);

/* First row in memory. Valid as long as the image. */
uint8_t *vit_shm_image_get_pixels(VitShmImage *self);
uint32_t vit_shm_image_get_stride_bytes(const VitShmImage *self);
/* Borrowed; valid as long as the image. */
VitBuffer *vit_shm_image_get_buffer(VitShmImage *self);

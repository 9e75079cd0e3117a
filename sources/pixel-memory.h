/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Memory of our own for pixels, as an fd that can be mapped for reading and writing and be passed
 * on, and that nobody can resize. Thread: any.
 */

typedef enum VitPixelMemory {
	VIT_PIXEL_MEMFD,    /* shared memory; everywhere */
	VIT_PIXEL_UDMABUF,  /* a dmabuf over the pages of a memfd: /dev/udmabuf */
	VIT_PIXEL_DMA_HEAP, /* a dmabuf of the kernel's own: /dev/dma_heap/system */
} VitPixelMemory;

/* The names of the configuration: "memfd", …; false when there is no such name. */
bool vit_pixel_memory_from_name(const char *name, VitPixelMemory *ret_memory);

/*
 * Makes an fd of @n_bytes zero bytes, rounded up to whole pages for a dmabuf; -1 on error.
 * Errors: UNSUPPORTED (the kernel has no such memory, or this user may not have it), INTERNAL.
 */
int vit_pixel_memory_new_fd(VitPixelMemory memory, size_t n_bytes, GError **error);

/* Whether a write can begin without waiting for a device that still reads. A memfd is always idle.
 */
bool vit_pixel_memory_is_idle(int fd);

/*
 * What is written by the CPU into a dmabuf stands between these, so that devices see it. To begin
 * waits until the memory is idle. With a memfd they do nothing. Errors: INTERNAL.
 */
bool vit_pixel_memory_begin_write(VitPixelMemory memory, int fd, GError **error);
bool vit_pixel_memory_end_write(VitPixelMemory memory, int fd, GError **error);

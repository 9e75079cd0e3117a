/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/format.h"

/*
 * VitBuffer: pixels that somebody else may own, as fds plus their layout. Immutable; the reference
 * count is atomic, so any thread may ref, unref and read. Every picture in Vitrine is one: a
 * dmabuf, a memfd that a VMM shares, or a memfd into which a source put pixels that came as bytes.
 *
 * vit_buffer_new_take_fds() is the only place that validates what a peer says of a buffer.
 */

#define VIT_BUFFER_MAX_SIDE   16384               /* pixels; the largest width or height */
#define VIT_BUFFER_MAX_PIXELS (64u * 1024 * 1024) /* of the memory: 8192 squared */

typedef struct VitRect {
	int32_t x, y;
	int32_t width, height;
} VitRect;

typedef struct VitBufferLayout {
	uint32_t fourcc;        /* DRM fourcc */
	uint64_t modifier;      /* DRM format modifier; INVALID means implicit, unknown */
	uint32_t width, height; /* of the memory, in pixels */
	unsigned n_planes;      /* 1 to VIT_MAX_PLANES; as many fds */
	uint32_t offset_bytes[VIT_MAX_PLANES]; /* of the plane's first row within its fd */
	uint32_t stride_bytes[VIT_MAX_PLANES]; /* from one row to the next */
	VitRect visible;     /* the part that is shown, in memory pixels; all 0 means everything */
	bool bottom_up;      /* true: the first row in memory is the lowest of the picture */
	bool linear_vouched; /* the source promises that modifier INVALID is linear here */
} VitBufferLayout;

typedef struct VitBuffer VitBuffer;

/*
 * Checks everything about @layout that can be checked without its fds, for who is about to make the
 * memory. Errors: as vit_buffer_new_take_fds(). Thread: any.
 */
bool vit_buffer_check_layout(const VitBufferLayout *layout, GError **error);

/*
 * Makes a buffer of @layout over @fds. The same fd number may stand for several planes; it is one
 * fd then.
 * Ownership: takes the fds on every path, error included. Returns a new reference.
 * Errors: INVALID_METADATA (says which number is wrong and what would be allowed), UNSUPPORTED
 * (fourcc unknown). For a linear buffer, offset + stride * (height - 1) + width * bytes must lie
 * within the fd's real size, and offset and stride be multiples of a 2 or 4 byte pixel; the size of
 * a tiled one cannot be checked, so it is only ever imported. Thread: any.
 */
VitBuffer *vit_buffer_new_take_fds(const VitBufferLayout *layout, const int *fds, unsigned n_fds,
				   GError **error);

VitBuffer *vit_buffer_ref(VitBuffer *self);
/* Closes the fds with the last reference. NULL is allowed. Thread: any. */
void vit_buffer_unref(VitBuffer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitBuffer, vit_buffer_unref)

/* Valid as long as the buffer; `visible` is always filled in. Thread: any. */
const VitBufferLayout *vit_buffer_get_layout(const VitBuffer *self);
const VitFormat *vit_buffer_get_format(const VitBuffer *self);

/* Size of the visible picture in pixels. Thread: any. */
uint32_t vit_buffer_get_width(const VitBuffer *self);
uint32_t vit_buffer_get_height(const VitBuffer *self);

/* Whether rows lie one after the other: modifier LINEAR, or INVALID with the source's promise. */
bool vit_buffer_is_linear(const VitBuffer *self);

/* Borrows the fd of a plane; valid as long as the buffer. Thread: any. */
int vit_buffer_peek_fd(const VitBuffer *self, unsigned plane);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/render.h"
#include "sources/buffer.h"

/*
 * VitSurface: the DisplaySurface. A CPU framebuffer, XRGB8888 (DRM XR24, the X byte always 0xff),
 * in a memfd that this process creates, seals against resizing and maps read-only; only
 * vitrine-render writes it, and only within an update that was asked for here.
 *
 * One writer, many readers: an update waits, without blocking the loop, until no reader is inside;
 * a reader's thread waits until no update is running. Readers copy their dirty tiles out and leave
 * before they encode.
 */

/* Changes are reported in whole tiles of this size, clipped to the surface. Pixels. */
#define VIT_TILE_WIDTH  64
#define VIT_TILE_HEIGHT 16

typedef struct VitSurface VitSurface;

/*
 * The end of an update. @changed: the tiles whose pixels really differ now; on error, those that
 * may.
 * @error is NULL, or DISCONNECTED / TIMED_OUT (the render process went away: the same update may be
 * asked for again), BUSY (it went away over this buffer again and again: ask in some seconds),
 * UNSUPPORTED or INVALID_METADATA (this buffer can never be read; says why).
 */
typedef void (*VitSurfaceUpdated)(void *user_data, const pixman_region32_t *changed,
				  const GError *error);

/* Its pixels are 0 until the first update, black outside of that. Errors: INTERNAL (no memory).
 * Thread: loop. */
VitSurface *vit_surface_new(VitRender *render, uint32_t width, uint32_t height, GError **error);
VitSurface *vit_surface_ref(VitSurface *self);
/* NULL is allowed. Thread: any. */
void vit_surface_unref(VitSurface *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSurface, vit_surface_unref)

/* Thread: any. */
uint32_t vit_surface_get_width(const VitSurface *self);
uint32_t vit_surface_get_height(const VitSurface *self);
uint32_t vit_surface_get_stride_bytes(const VitSurface *self);

/*
 * Brings the surface up to date with @buffer, whose visible size must be the surface's, inside
 * @damage (picture pixels; NULL: everywhere). Exactly one update at a time; @updated is called
 * exactly once, from the loop, never from within this call. The buffer is referenced until then.
 * Thread: loop.
 */
void vit_surface_update(VitSurface *self, VitBuffer *buffer, const pixman_region32_t *damage,
			VitSurfaceUpdated updated, void *user_data);
/* Whether an update was asked for and has not ended. Thread: loop. */
bool vit_surface_is_updating(const VitSurface *self);

/*
 * Enters the surface as a reader: waits while an update is running, at most as long as a job's
 * deadline. Returns its first pixel row. Leave soon: the next update waits. Thread: any but the
 * loop.
 */
const uint8_t *vit_surface_begin_read(VitSurface *self);
void vit_surface_end_read(VitSurface *self);

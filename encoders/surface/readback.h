/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoders/render-protocol.h"
#include "encoders/surface/mapping.h"
#include "encoders/surface/pool.h"

/* Jobs on surfaces, in vitrine-render. Thread: one at a time. */

/* The memory of a surface, mapped for writing. It cannot vanish: vitrine sealed it. */
typedef struct VitCanvas {
	uint8_t *pixels;
	size_t n_bytes;
	uint32_t width, height;
	uint32_t stride_bytes;
} VitCanvas;

/*
 * Maps the memory of @attach. Ownership: the fd stays the caller's.
 * Errors: INVALID_METADATA (it is not sealed, or not of the size), INTERNAL.
 */
bool vit_canvas_init(VitCanvas *self, const VitRenderAttachSurface *attach, int fd, GError **error);
void vit_canvas_clear(VitCanvas *self);

/* Makes the whole canvas black, X bytes 0xff, and marks every tile in @bitmap. */
void vit_canvas_fill(VitCanvas *self, VitPool *pool, uint8_t *bitmap);

typedef struct VitCanvasUpdate {
	VitMapping *mapping;
	const VitRenderRect *rects; /* within the canvas */
	uint32_t n_rects;
	uint8_t *bitmap; /* of tiles that changed, or that may have if it fails; only set */
} VitCanvasUpdate;

/*
 * Brings the canvas up to date with a buffer of its size. Returns what became of it; the reason, a
 * sentence, is written when that is not OK.
 */
VitRenderStatus vit_canvas_update(VitCanvas *self, VitPool *pool, const VitCanvasUpdate *update,
				  char ret_reason[static VIT_RENDER_REASON_BYTES]);

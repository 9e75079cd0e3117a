/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/surface.h"
#include "server/vnc/scroll.h"
#include "sources/cursor.h"

/*
 * VitVncShadow: the framebuffer that one viewer knows: its size, pixels copied out of the surface,
 * and on top the cursor where the viewer cannot draw one itself. What the surface lacks is black,
 * what it has beyond is cut off. Embedded. Thread: one at a time.
 */

typedef struct VitVncShadow {
	uint32_t width, height;
	uint32_t *pixels;     /* 0xffRRGGBB words, rows packed */
	VitCursor *cursor;    /* drawn on top; NULL: none */
	pixman_box32_t drawn; /* where; may lie partly outside */
} VitVncShadow;

/* Starts without pixels: vit_vnc_shadow_resize() comes next. */
void vit_vnc_shadow_init(VitVncShadow *self);
void vit_vnc_shadow_clear(VitVncShadow *self);

/* Makes it all black. Sides from 1 to 16384 pixels. Errors: INTERNAL (no memory; unchanged). */
bool vit_vnc_shadow_resize(VitVncShadow *self, uint32_t width, uint32_t height, GError **error);
void vit_vnc_shadow_blacken(VitVncShadow *self);

/*
 * Moves or changes the cursor on top; NULL: none. (@x, @y) is its hot spot. Adds what looks
 * different now to @damage; it shows with the next vit_vnc_shadow_copy() there.
 */
void vit_vnc_shadow_set_cursor(VitVncShadow *self, VitCursor *cursor, int32_t x, int32_t y,
			       pixman_region32_t *damage);

/*
 * Copies @region, which lies within the shadow, out of the surface. May wait for the surface's
 * writer. With @ret_scroll it looks first whether a part of that only moved, since it was last
 * copied; then true is returned, and that part is copied as well. Thread: not the loop.
 */
bool vit_vnc_shadow_copy(VitVncShadow *self, VitSurface *surface, const pixman_region32_t *region,
			 VitScroll *ret_scroll);

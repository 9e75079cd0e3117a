/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/surface.h"
#include "sources/cursor.h"

/*
 * VitVncScene: what a head shows, and what of that has changed since somebody last looked. Nothing
 * queues: the newest wins. Embedded. Thread: one at a time.
 */

/* Parts of the scene, as bits. */
typedef enum VitVncScenePart {
	VIT_VNC_SCENE_SURFACE = 1 << 0,
	VIT_VNC_SCENE_CURSOR = 1 << 1,
	VIT_VNC_SCENE_CURSOR_POSITION = 1 << 2,
	VIT_VNC_SCENE_LEDS = 1 << 3,
	VIT_VNC_SCENE_NAME = 1 << 4,
	VIT_VNC_SCENE_POINTER_MODE = 1 << 5,
	VIT_VNC_SCENE_NEW_SURFACE = 1 << 6, /* with SURFACE: another one than before */
	VIT_VNC_SCENE_WARP = 1 << 7, /* the viewer is to put its pointer where the cursor is */
} VitVncScenePart;

typedef struct VitVncScene {
	unsigned changed;         /* VitVncScenePart bits */
	VitSurface *surface;      /* owned; NULL: none yet */
	bool has_pixels;          /* of this surface */
	pixman_region32_t damage; /* of this surface */
	VitCursor *cursor;        /* owned; may be NULL */
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	bool cursor_was_visible; /* at least once: before that nobody said that it is hidden */
	unsigned leds;           /* VitLeds bits */
	char *name;              /* owned; may be NULL */
	bool pointer_absolute;
} VitVncScene;

/* Nothing is shown; the pointer is absolute. */
void vit_vnc_scene_init(VitVncScene *self);
void vit_vnc_scene_clear(VitVncScene *self);

/* Each of these notes the change. Another surface than before voids the damage of the old one. */
void vit_vnc_scene_set_surface(VitVncScene *self, VitSurface *surface,
			       const pixman_region32_t *damage);
/* @cursor may be NULL. */
void vit_vnc_scene_set_cursor(VitVncScene *self, VitCursor *cursor);
void vit_vnc_scene_set_cursor_position(VitVncScene *self, int32_t x, int32_t y, bool visible);
void vit_vnc_scene_set_leds(VitVncScene *self, unsigned leds);
void vit_vnc_scene_set_name(VitVncScene *self, const char *name);
void vit_vnc_scene_set_pointer_mode(VitVncScene *self, bool absolute);

/* Adds to @self what changed in @from, which has not changed then. */
void vit_vnc_scene_take(VitVncScene *self, VitVncScene *from);
/* Makes @self, just initialized, show what @from shows: all that it knows counts as changed. */
void vit_vnc_scene_copy(VitVncScene *self, const VitVncScene *from);

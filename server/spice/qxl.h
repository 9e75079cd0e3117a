/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/spice/core.h"
#include "server/spice/cursor-command.h"

/*
 * VitSpiceQxl: one display of one viewer's server. Thread: loop, for every call and every event.
 *
 * What must hold, or the library aborts the process: scanout() and draw() only while no draw is
 * out, and draw() only after a scanout(). VitSpiceScreen sees to it.
 */

typedef struct VitSpiceQxl VitSpiceQxl;
struct RedsState; /* SpiceServer */

typedef struct VitSpiceQxlEvents {
	/* The draw that was out is acknowledged, or there is no viewer left to do so. Never from
	 * within a call. */
	void (*draw_done)(void *user_data);
	/* The viewer wants this size, in pixels; neither is 0. */
	void (*size_wished)(void *user_data, uint32_t width, uint32_t height);
} VitSpiceQxlEvents;

typedef struct VitSpiceScanout {
	int fd; /* borrowed */
	uint32_t width, height, stride_bytes;
	uint32_t fourcc;
	bool bottom_up;
} VitSpiceScanout;

typedef struct VitSpiceQxlPlace {
	struct RedsState *server; /* initialised */
	VitSpiceCore *core;       /* the server's */
	unsigned id;              /* of the display: 0, 1, … */
} VitSpiceQxlPlace;

/*
 * Adds a display to a server. Errors: INTERNAL (the library refuses). Ownership: all of @place, and
 * @events, stay valid until free.
 */
VitSpiceQxl *vit_spice_qxl_new(const VitSpiceQxlPlace *place, const VitSpiceQxlEvents *events,
			       void *user_data, GError **error);
/*
 * Takes the scanout back, before the server is destroyed, which would leave its fd open. The
 * viewer's channels are disconnected. Waits for the worker.
 */
void vit_spice_qxl_stop(VitSpiceQxl *self);
/* The server is destroyed. NULL is allowed. */
void vit_spice_qxl_free(VitSpiceQxl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSpiceQxl, vit_spice_qxl_free)

/*
 * Shows another buffer, of which the library gets an fd of its own. Errors: INTERNAL (no fds left);
 * the old buffer is shown still.
 */
bool vit_spice_qxl_scanout(VitSpiceQxl *self, const VitSpiceScanout *scanout, GError **error);
/* Tells the viewer to draw this part. Exactly one draw_done() follows. */
void vit_spice_qxl_draw(VitSpiceQxl *self, uint32_t x, uint32_t y, uint32_t width, uint32_t height);

/* The pointer's shape; NULL: none. The newest wins. */
void vit_spice_qxl_set_cursor(VitSpiceQxl *self, const VitCursor *cursor,
			      const VitSpiceCursorPlace *place);
void vit_spice_qxl_move_cursor(VitSpiceQxl *self, const VitSpiceCursorPlace *place);

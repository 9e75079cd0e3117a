/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/surface.h"
#include "sources/cursor.h"
#include "sources/frame.h"
#include "sources/input.h"

/*
 * VitFrontend: the seam of everything that viewers connect to. A front-end serves all heads and
 * knows a console only by the host struct it was given for that head. Everything runs on the loop.
 */

typedef struct VitFrontend VitFrontend;

/* What a front-end may ask of the console of one head. */
typedef struct VitHost {
	/* Input for the guest; clipped to the head by the console. */
	void (*input)(void *host_data, const VitInput *input);
	/* A viewer wants this size, in pixels. */
	void (*set_size)(void *host_data, uint32_t width, uint32_t height);
	/*
	 * Opens a read request: the surface is brought up to date now if it is stale, else at the
	 * next frame. One surface_changed() answers all requests that are open when it happens.
	 */
	void (*request_pixels)(void *host_data);
} VitHost;

typedef struct VitFrontendImpl {
	const char *name;
	/* Required. Starts listening. Errors: CONFIG, INTERNAL; name the address. */
	bool (*start)(VitFrontend *self, GError **error);
	/* Required. Disconnects every viewer and stops listening. Idempotent. */
	void (*stop)(VitFrontend *self);
	/* Required. Stops first if needed. */
	void (*destroy)(VitFrontend *self);
	/*
	 * Required. Head @head exists from now on; may come before or after start. What it shows is
	 * told right afterwards by the calls below. Errors: CONFIG, INTERNAL.
	 */
	bool (*add_head)(VitFrontend *self, unsigned head, const VitHost *host, void *host_data,
			 GError **error);
	/* Optional. The VM's name, for window titles. */
	void (*named)(VitFrontend *self, const char *name);
	/*
	 * Optional, together with frame(): for who shows the guest's memory itself. This buffer is
	 * shown from now on: the guest's, or a slate. Borrowed; keep it by a reference.
	 */
	void (*scanout)(VitFrontend *self, unsigned head, VitBuffer *buffer);
	/*
	 * Optional, together with scanout(). The guest drew; the frame's buffer is the scanout from
	 * now on. The frame is borrowed. A reader that keeps a reference holds the guest up, until
	 * it lets go or the console's deadline passes; then the pixels may change under it. One
	 * that is still busy with an older frame takes none: it looks at the newest buffer when it
	 * is done.
	 */
	void (*frame)(VitFrontend *self, unsigned head, VitFrame *frame);
	/*
	 * Optional. These tiles of the head's surface have new pixels. When the surface is another
	 * one than before, the head's size changed; @changed is then empty as long as the new
	 * surface has no pixels yet, and everything once it has. Showing an empty new surface would
	 * flash black: take its size and ask for pixels. Surface and region are borrowed; keep the
	 * surface by a reference.
	 */
	void (*surface_changed)(VitFrontend *self, unsigned head, VitSurface *surface,
				const pixman_region32_t *changed);
	/* Optional. NULL: no shape. */
	void (*cursor)(VitFrontend *self, unsigned head, VitCursor *cursor);
	/* Optional. Hot spot in head pixels. */
	void (*cursor_moved)(VitFrontend *self, unsigned head, int32_t x, int32_t y, bool visible);
	/* Optional. VitLeds bits. */
	void (*leds)(VitFrontend *self, unsigned head, unsigned leds);
	/* Optional. */
	void (*pointer_mode)(VitFrontend *self, unsigned head, bool absolute);
} VitFrontendImpl;

struct VitFrontend {
	const VitFrontendImpl *impl;
};

bool vit_frontend_start(VitFrontend *self, GError **error);
void vit_frontend_stop(VitFrontend *self);
/* NULL is allowed. */
void vit_frontend_destroy(VitFrontend *self);
bool vit_frontend_add_head(VitFrontend *self, unsigned head, const VitHost *host, void *host_data,
			   GError **error);
void vit_frontend_named(VitFrontend *self, const char *name);
void vit_frontend_scanout(VitFrontend *self, unsigned head, VitBuffer *buffer);
void vit_frontend_frame(VitFrontend *self, unsigned head, VitFrame *frame);
void vit_frontend_surface_changed(VitFrontend *self, unsigned head, VitSurface *surface,
				  const pixman_region32_t *changed);
void vit_frontend_cursor(VitFrontend *self, unsigned head, VitCursor *cursor);
void vit_frontend_cursor_moved(VitFrontend *self, unsigned head, int32_t x, int32_t y,
			       bool visible);
void vit_frontend_leds(VitFrontend *self, unsigned head, unsigned leds);
void vit_frontend_pointer_mode(VitFrontend *self, unsigned head, bool absolute);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/spice/qxl.h"
#include "sources/frame.h"

/*
 * VitSpiceScreen: what one viewer is shown of one head, and how far it is. At most one draw is out;
 * whatever comes meanwhile is merged, and shown when that draw is acknowledged. So nothing queues,
 * a slow viewer skips pictures, and one that does not acknowledge is paused until it does: it then
 * gets the newest picture. Thread: loop.
 */

typedef struct VitSpiceScreen VitSpiceScreen;

typedef struct VitSpiceScreenStats {
	uint64_t draws;   /* that were sent */
	uint64_t skipped; /* frames that came while a draw was out */
} VitSpiceScreenStats;

/*
 * Whether SPICE viewers can be given @buffer: one plane at the start of its fd, linear or with an
 * implicit modifier. Errors: UNSUPPORTED (says what they cannot take).
 */
bool vit_spice_screen_can_show(VitBuffer *buffer, GError **error);

/* Shows nothing yet. Ownership: borrows @qxl until free. */
VitSpiceScreen *vit_spice_screen_new(VitSpiceQxl *qxl);
/* Lets go of the frame that it keeps. NULL is allowed. */
void vit_spice_screen_free(VitSpiceScreen *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSpiceScreen, vit_spice_screen_free)

/* Shows a buffer that vit_spice_screen_can_show() allows. */
void vit_spice_screen_scanout(VitSpiceScreen *self, VitBuffer *buffer);
/* Likewise of a frame, which is kept until the viewer has acknowledged it, unless that is late. */
void vit_spice_screen_frame(VitSpiceScreen *self, VitFrame *frame);
/* The viewer has nothing on this screen: it gets everything again. */
void vit_spice_screen_redraw(VitSpiceScreen *self);
/* The draw that was out is acknowledged. */
void vit_spice_screen_draw_done(VitSpiceScreen *self);

/* For how long the draw that is out has been; 0: none is. Microseconds. */
int64_t vit_spice_screen_get_wait_us(const VitSpiceScreen *self, int64_t now_us);
VitSpiceScreenStats vit_spice_screen_get_stats(const VitSpiceScreen *self);

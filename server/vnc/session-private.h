/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>

#include "server/vnc/session.h"

/* Inside of a session: session.c knows what is to be told, session-update.c tells it. */

/* What the viewer is to be told with the next update, as bits. */
typedef enum VitVncPending {
	VIT_VNC_PENDING_SIZE = 1 << 0,        /* the surface's is another one than the viewer's */
	VIT_VNC_PENDING_SIZE_ANSWER = 1 << 1, /* ExtendedDesktopSize for a full request */
	VIT_VNC_PENDING_SIZE_RESULT = 1 << 2, /* and for a SetDesktopSize */
	VIT_VNC_PENDING_NAME = 1 << 3,
	VIT_VNC_PENDING_EXTENDED_KEY = 1 << 4,
	VIT_VNC_PENDING_EXTENDED_BUTTONS = 1 << 5,
	VIT_VNC_PENDING_POINTER_MODE = 1 << 6,
	VIT_VNC_PENDING_LEDS = 1 << 7,
	VIT_VNC_PENDING_CURSOR = 1 << 8,
	VIT_VNC_PENDING_WARP = 1 << 9,
} VitVncPending;

/* VitVncPending bits of what the viewer understands. */
unsigned vit_vnc_session_understands(const VitVncSession *self);
/* The viewer has nothing right any more. */
void vit_vnc_session_damage_all(VitVncSession *self);
/* Adds a box; an empty one adds nothing. */
void vit_vnc_region_add(pixman_region32_t *region, const pixman_box32_t *box);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/frontend.h"
#include "server/spice/spice.h"
#include "sources/shm-image.h"
#include "tests/support/spice-viewer.h"

/* A SPICE front-end on a unix socket, with heads that show what the test says. */

#define VIT_SPICE_RIG_MAX_HEADS 2

typedef struct VitSpiceRigHead {
	struct VitSpiceRig *rig;
	VitShmImage *image;  /* shown, with a stamp at 0, 0 */
	VitStamp stamp;      /* of the picture that was shown last */
	unsigned n_released; /* frames acknowledged */
	GArray *input;       /* VitInput */
	uint32_t wanted_width, wanted_height;
	unsigned n_wanted_sizes;
} VitSpiceRigHead;

typedef struct VitSpiceRig {
	char *directory, *path;
	VitFrontend *spice;
	unsigned n_heads;
	VitSpiceRigHead heads[VIT_SPICE_RIG_MAX_HEADS];
} VitSpiceRig;

/* Starts it, with heads that show a picture of 320x200 with stamp 1, and are called "rig". */
VitSpiceRig *vit_spice_rig_new(unsigned n_heads, unsigned max_clients);
void vit_spice_rig_free(VitSpiceRig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSpiceRig, vit_spice_rig_free)

/* Adds a head that shows a picture of 320x200. */
void vit_spice_rig_add_head(VitSpiceRig *self);
/* Shows another buffer of this size, with the next stamp. */
void vit_spice_rig_show(VitSpiceRig *self, unsigned head, uint32_t width, uint32_t height);
/* Draws the next stamp, and sends a frame for it. */
void vit_spice_rig_send_frame(VitSpiceRig *self, unsigned head);
/* Waits until the head's frames were acknowledged so often in all. */
void vit_spice_rig_wait_released(VitSpiceRig *self, unsigned head, unsigned n_released);

/* Takes the oldest input of a head; waits until there is some. */
VitInput vit_spice_rig_take_input(VitSpiceRig *self, unsigned head);

/* Connects a viewer and waits until it has drawn what head 0 shows. */
VitTestSpiceViewer *vit_spice_rig_connect(VitSpiceRig *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "server/frontend.h"
#include "server/vnc/vnc.h"
#include "tests/support/painted-surface.h"
#include "tests/support/rfb-viewer.h"

/*
 * A VNC front-end on a unix socket, with a host that keeps what it is asked and a surface that the
 * test paints.
 */

typedef struct VitVncRig {
	char *directory, *path;
	VitFrontend *vnc;
	VitSurface *surface;
	unsigned n_requests; /* for pixels */
	GArray *input;       /* VitInput */
	uint32_t wanted_width, wanted_height;
	unsigned n_wanted_sizes;
} VitVncRig;

/* Options that the tests change as they need. The path is filled in by vit_vnc_rig_new(). */
VitVncOptions vit_vnc_rig_options(void);

/* Starts it, with one head that shows a black surface of 320x200 and is called "rig". */
VitVncRig *vit_vnc_rig_new(VitVncOptions options);
void vit_vnc_rig_free(VitVncRig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitVncRig, vit_vnc_rig_free)

/* Shows another surface, painted black, whose pixels are there at once, or not yet. */
void vit_vnc_rig_show(VitVncRig *self, uint32_t width, uint32_t height, bool has_pixels);
/* Paints and announces it. */
void vit_vnc_rig_paint(VitVncRig *self, VitRect rect, uint32_t pixel);
/* Tells that these tiles changed. */
void vit_vnc_rig_announce(VitVncRig *self, VitRect rect);
/* Waits until the host was asked for pixels so often in all. */
void vit_vnc_rig_wait_requests(VitVncRig *self, unsigned n_requests);
/* Waits until so much input came in all. */
void vit_vnc_rig_wait_input(VitVncRig *self, unsigned n_inputs);

/* Connects a viewer that shares, and takes it through the handshake. */
VitTestViewer *vit_vnc_rig_connect(VitVncRig *self);

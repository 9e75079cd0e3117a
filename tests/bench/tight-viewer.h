/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/pattern/stamp.h"

/*
 * VitTightViewer: a VNC viewer that counts. It asks for Tight with JPEG and continuous updates, as
 * TigerVNC does, takes rectangles off the wire and decodes only those in which the pattern source's
 * stamp lies. It blocks.
 */

typedef struct VitTightViewer VitTightViewer;

typedef struct VitTightUpdate {
	bool has_stamp; /* one can be read now; not whether it changed */
	VitStamp stamp;
	int64_t received_us; /* g_get_monotonic_time() after its last byte */
	uint64_t n_bytes;    /* of all that was received so far */
} VitTightUpdate;

/* Connects to a unix socket and sets up. Errors: DISCONNECTED, INVALID_METADATA. */
VitTightViewer *vit_tight_viewer_new(const char *path, GError **error);
/* NULL is allowed. */
void vit_tight_viewer_free(VitTightViewer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitTightViewer, vit_tight_viewer_free)

/* Waits for the next update that has pixels. Errors: DISCONNECTED, INVALID_METADATA. */
bool vit_tight_viewer_receive(VitTightViewer *self, VitTightUpdate *ret_update, GError **error);

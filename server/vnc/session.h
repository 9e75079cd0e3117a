/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/engine.h"
#include "server/vnc/mailbox.h"
#include "server/vnc/rfb-protocol.h"
#include "server/vnc/shadow.h"

/*
 * VitVncSession: what one viewer knows and wants, and what it is sent. The worker's private part:
 * the mailbox appears here only as the values that come out of it. Embedded. Thread: the worker's.
 */

typedef struct VitVncSession {
	VitRfbEngine *engine; /* borrowed; open */
	VitVncScene scene;    /* its damage: what the viewer does not have yet */
	VitVncShadow shadow;
	VitRfbEncodings encodings;
	unsigned pending; /* VitVncPending bits, of session-private.h */
	VitRfbDesktopSizeResult size_result;
	pixman_region32_t requested;
	bool is_continuous;
	pixman_box32_t continuous_box;
	bool told_fence, told_continuous; /* that this server knows them */
	pixman_region32_t known;          /* where the viewer has pixels of this size from us */
	bool cursor_was_known;            /* the guest has had a pointer shape */
	bool cursor_is_hidden;
	uint32_t n_fences;
} VitVncSession;

/* @engine is open. Errors: INTERNAL (no memory for a framebuffer of this size). */
bool vit_vnc_session_init(VitVncSession *self, VitRfbEngine *engine, uint32_t width,
			  uint32_t height, GError **error);
/* Before the engine is closed. */
void vit_vnc_session_clear(VitVncSession *self);

/* Notes what changed in self->scene, and empties it of changes. */
void vit_vnc_session_see(VitVncSession *self);

/* Acts on what the viewer said. Returns false when the engine broke. */
bool vit_vnc_session_obey(VitVncSession *self, const VitVncCommand *command);

/* Whether the viewer waits for an update, or takes them as they come. */
bool vit_vnc_session_wants_update(const VitVncSession *self);
/* Whether there is something for such an update. */
bool vit_vnc_session_has_update(const VitVncSession *self);

typedef struct VitVncUpdate {
	GByteArray *rects; /* that are no pixels, encoded */
	unsigned n_rects;
	pixman_region32_t pixels;
	/* What the viewer is told that matters to how it is to be understood. */
	bool tells_pointer_mode, tells_absolute;
	bool tells_extended_buttons;
	bool has_fence; /* a fence follows, as the update was not asked for */
} VitVncUpdate;

/*
 * Makes an update of what there is, and takes that out of what is to be sent. Errors: INTERNAL (no
 * memory); then nothing is to be cleared.
 */
bool vit_vnc_session_make_update(VitVncSession *self, VitVncUpdate *ret_update, GError **error);
/* Sends it. Returns false when the engine broke. */
bool vit_vnc_session_send_update(VitVncSession *self, const VitVncUpdate *update);
void vit_vnc_update_clear(VitVncUpdate *self);

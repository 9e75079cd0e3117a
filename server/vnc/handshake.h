/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/password-file.h"
#include "server/vnc/rfb-message.h"

/*
 * VitRfbHandshake: everything between a viewer's connect and its first message: version, security,
 * authentication, ClientInit. RFB 3.3, 3.7 and 3.8. Pure: bytes in, bytes out, no sockets, no
 * clock. Thread: any, one at a time. Spec: RFC 6143 §7.1–7.3, Appendix A for 3.3 and 3.7.
 */

typedef struct VitRfbHandshake VitRfbHandshake;

typedef struct VitRfbHandshakeOptions {
	/* Both NULL: no authentication. A viewer that gives the second one may only look. Copied.
	 */
	const VitVncPassword *password;
	const VitVncPassword *view_only_password;
	/* NULL, or why nobody is let in now: told to the viewer in place of the security types.
	 * Copied. */
	const char *refusal;
} VitRfbHandshakeOptions;

typedef enum VitRfbHandshakeState {
	VIT_RFB_HANDSHAKE_NEED_MORE,
	VIT_RFB_HANDSHAKE_READY, /* ServerInit comes next, then messages */
	/*
	 * The connection is to be closed, after the reply was sent if there is one. Wrong password:
	 * the reply is to be held back for the delay against guessing.
	 */
	VIT_RFB_HANDSHAKE_WRONG_PASSWORD,
	VIT_RFB_HANDSHAKE_FAILED,
} VitRfbHandshakeState;

/* Appends the server's version to @reply: the server speaks first. */
VitRfbHandshake *vit_rfb_handshake_new(const VitRfbHandshakeOptions *options, GByteArray *reply);
/* Overwrites the passwords. NULL is allowed. */
void vit_rfb_handshake_free(VitRfbHandshake *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitRfbHandshake, vit_rfb_handshake_free)

/*
 * Takes what it needs off the front of @span, never a byte that follows ClientInit, and appends to
 * @reply what is to be sent. What is left in the span after VIT_RFB_HANDSHAKE_NEED_MORE, fewer than
 * 16 bytes, is to be kept and more appended. Not to be called again after another state. Errors:
 * INVALID_METADATA (not RFB, or out of its rules), DISCONNECTED (wrong password, refused),
 * INTERNAL.
 */
VitRfbHandshakeState vit_rfb_handshake_feed(VitRfbHandshake *self, VitRfbSpan *span,
					    GByteArray *reply, GError **error);

/* Valid after VIT_RFB_HANDSHAKE_READY: whether other viewers may stay; whether this one may act. */
bool vit_rfb_handshake_is_shared(const VitRfbHandshake *self);
bool vit_rfb_handshake_is_view_only(const VitRfbHandshake *self);
/* 3, 7 or 8: the minor version agreed on; 0 before that. */
unsigned vit_rfb_handshake_get_minor_version(const VitRfbHandshake *self);

/* Appends a ServerInit. @name is cut after 255 bytes, at a character's end. Spec: RFC 6143 §7.3.2.
 */
void vit_rfb_server_init(GByteArray *out, uint16_t width, uint16_t height,
			 const VitRfbPixelFormat *format, const char *name);

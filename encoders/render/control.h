/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "encoders/render-protocol.h"

/*
 * VitControl: what vitrine told this vitrine-render, and the doing of it, one request after the
 * other. Thread: one.
 */

typedef struct VitControl VitControl;

VitControl *vit_control_new(void);
/* NULL is allowed. */
void vit_control_free(VitControl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitControl, vit_control_free)

/*
 * Checks one request and does it. *ret_reply is the answer, to be sent, or NULL if there is none;
 * it is valid until the next call. Ownership: takes the packet's fds on every path.
 * Errors: INVALID_METADATA (the request breaks the protocol: the connection is to be ended).
 */
bool vit_control_handle(VitControl *self, VitRenderPacket *packet,
			const VitRenderMessage **ret_reply, GError **error);

/*
 * Serves @socket_fd until it ends (true) or the other end breaks the protocol. Errors:
 * INVALID_METADATA.
 */
bool vit_control_serve(VitControl *self, int socket_fd, GError **error);

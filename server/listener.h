/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

#include "config/address.h"

/*
 * VitListener: one listening socket. Thread: loop. The owner is copied, its strings stay.
 */

typedef struct VitListener VitListener;

/* A connection was accepted. Ownership: @fd, non-blocking, is the callee's. The listener is not to
 * be freed inside. */
typedef void (*VitListenerAccepted)(void *user_data, int fd);

/* Who listens. */
typedef struct VitListenerOwner {
	const char *protocol; /* as messages call it: "VNC" */
	const char *group;    /* of its configuration: "vnc"; the keys are listen (TCP) and unix */
	VitListenerAccepted accepted;
	void *user_data;
} VitListenerOwner;

/* Errors: CONFIG (in use, not an address of this machine), INTERNAL. */
VitListener *vit_listener_new_tcp(const VitAddress *address, const VitListenerOwner *owner,
				  GError **error);
/*
 * Makes a socket that only its owner can connect to. A socket file that is there already is
 * replaced when nobody answers on it. The file goes with the listener. Errors: CONFIG (somebody
 * answers, the file is no socket, the path is too long or its folder is missing), INTERNAL.
 */
VitListener *vit_listener_new_unix(const char *path, const VitListenerOwner *owner, GError **error);
/*
 * Listens on an fd that was passed in. Ownership: takes it on every path. Errors: CONFIG (not a
 * listening stream socket).
 */
VitListener *vit_listener_new_fd(int fd, const VitListenerOwner *owner, GError **error);
/* NULL is allowed. */
void vit_listener_free(VitListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitListener, vit_listener_free)

/* As people write it: "127.0.0.1:5900", "/run/vm/vnc". Borrowed. */
const char *vit_listener_get_name(const VitListener *self);

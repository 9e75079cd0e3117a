/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/address.h"
#include "server/listener.h"
#include "server/vnc/vnc.h"

/*
 * VitVncPlaces: where heads listen. VitVncListeners: those of one head. Both embedded. Thread:
 * loop.
 */

typedef struct VitVncPlaces {
	bool listens_tcp;
	VitAddress address; /* of head 0; head N has the port + N */
	char *unix_path;    /* of head 0; head N has ".N" appended; NULL: none */
	int *listen_fds;    /* of head N; -1 where taken */
	unsigned n_listen_fds;
	bool insecure;
} VitVncPlaces;

/*
 * Takes the passed-in fds on every path. Errors: CONFIG (other machines can reach the address);
 * then it is still to be cleared.
 */
bool vit_vnc_places_init(VitVncPlaces *self, const VitVncOptions *options, GError **error);
void vit_vnc_places_clear(VitVncPlaces *self);

#define VIT_VNC_MAX_LISTENERS 3 /* TCP, unix socket, passed-in fd */

typedef struct VitVncListeners {
	VitListener *listeners[VIT_VNC_MAX_LISTENERS];
	unsigned n_listeners;
} VitVncListeners;

/* Starts to listen wherever this head does. On an error it listens nowhere. Errors: CONFIG,
 * INTERNAL. */
bool vit_vnc_listeners_open(VitVncListeners *self, VitVncPlaces *places, unsigned head,
			    const VitListenerOwner *owner, GError **error);
/* All zeroes is allowed. */
void vit_vnc_listeners_close(VitVncListeners *self);

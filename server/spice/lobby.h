/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "server/spice/link-message.h"

/*
 * VitSpiceLobby: accepted sockets whose link message has not come or was not acted on. They cost an
 * fd and nothing else. Thread: loop.
 *
 * A session is begun only while there is room for one; until then its socket waits here, and of
 * those that wait the newest is first: somebody who opens sockets by the hundred has no queue to
 * fill, but for a moment each. When too many wait, the oldest makes room.
 */

typedef struct VitSpiceLobby VitSpiceLobby;

/* The lobby is not to be freed inside; only refused() may come from within a call of it. */
typedef struct VitSpiceLobbyEvents {
	/* Whether there is room for a session; asked again shortly after where there is none. */
	bool (*has_room)(void *user_data);
	/* A session begins with this socket. Ownership: @fd is the callee's; nothing was read. */
	void (*begin)(void *user_data, int fd);
	/* This socket belongs to a session. Ownership: likewise. */
	void (*join)(void *user_data, int fd, const VitSpiceLink *link);
	/* This socket is about to be closed. @reason ends a sentence. Borrowed. */
	void (*refused)(void *user_data, int fd, const char *reason);
} VitSpiceLobbyEvents;

typedef struct VitSpiceLobbyOptions {
	unsigned max_sockets;
	unsigned timeout_ms; /* for a socket to leave the lobby */
} VitSpiceLobbyOptions;

VitSpiceLobby *vit_spice_lobby_new(const VitSpiceLobbyOptions *options,
				   const VitSpiceLobbyEvents *events, void *user_data);
/* Closes what is there. NULL is allowed. */
void vit_spice_lobby_free(VitSpiceLobby *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSpiceLobby, vit_spice_lobby_free)

/* Ownership: takes @fd, which is non-blocking. */
void vit_spice_lobby_add(VitSpiceLobby *self, int fd);
unsigned vit_spice_lobby_count(const VitSpiceLobby *self);

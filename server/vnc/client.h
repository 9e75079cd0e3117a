/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "server/frontend.h"
#include "server/log-limit.h"
#include "server/vnc/engine-pool.h"
#include "server/vnc/guess-delay.h"
#include "server/vnc/keysym.h"
#include "server/vnc/password-file.h"
#include "server/vnc/scene.h"

/*
 * VitVncClient: one connection, from accept to its end. Thread: loop.
 */

typedef struct VitVncClient VitVncClient;

/* One head, as its viewers need it. */
typedef struct VitVncHead {
	unsigned index;
	const VitHost *host;
	void *host_data;
	VitVncScene scene; /* the present one, for those who come; its damage is not kept */
} VitVncHead;

/* What all viewers share; outlives them. */
typedef struct VitVncShared {
	const VitVncPassword *password, *view_only_password; /* NULL: none */
	const VitKeymap *keymap;
	VitEnginePool *pool;
	VitGuessDelay *guess_delay;
	VitLogLimit *refusals; /* logged */
	bool jpeg;
	unsigned handshake_timeout_s, stall_timeout_s;

	/*
	 * The viewer is through its handshake and wants in. Returns NULL, or why it may not: a
	 * sentence to be freed. May close other viewers.
	 */
	char *(*admit)(void *user_data, VitVncClient *client);
	/* Nothing is left of it but to free it. Called once, never from within another call. */
	void (*gone)(void *user_data, VitVncClient *client);
	void *user_data;
} VitVncShared;

/*
 * Begins the handshake, at once or after the delay against guessing. Ownership: takes @fd; borrows
 * @head and @shared. @refusal is NULL, or why nobody is let in now, to be told to the viewer.
 */
VitVncClient *vit_vnc_client_new(int fd, VitVncHead *head, const VitVncShared *shared,
				 const char *refusal);
/* Ends it at once, waiting for its worker. NULL is allowed. */
void vit_vnc_client_free(VitVncClient *self);

/* Disconnects the viewer; gone() comes later. @reason ends the sentence "VNC viewer … left: ". */
void vit_vnc_client_close(VitVncClient *self, const char *reason);

VitVncHead *vit_vnc_client_get_head(const VitVncClient *self);
/* Whether it is through the handshake and was not closed. */
bool vit_vnc_client_is_admitted(const VitVncClient *self);
/* Whether it is in the handshake still. */
bool vit_vnc_client_is_half_open(const VitVncClient *self);
/* As it asked when it connected. Valid in and after admit(). */
bool vit_vnc_client_wants_to_share(const VitVncClient *self);
bool vit_vnc_client_is_view_only(const VitVncClient *self);

/* What the head shows changed. Only for clients that are admitted. */
void vit_vnc_client_surface_changed(VitVncClient *self, VitSurface *surface,
				    const pixman_region32_t *changed);
void vit_vnc_client_cursor(VitVncClient *self, VitCursor *cursor);
void vit_vnc_client_cursor_moved(VitVncClient *self, int32_t x, int32_t y, bool visible);
void vit_vnc_client_leds(VitVncClient *self, unsigned leds);
void vit_vnc_client_named(VitVncClient *self, const char *name);
void vit_vnc_client_pointer_mode(VitVncClient *self, bool absolute);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/frontend.h"
#include "server/log-limit.h"
#include "server/spice/cursor-command.h"
#include "server/spice/link-message.h"

/*
 * VitSpiceViewer: one viewer, from the link message of its main channel to its end, with a
 * SpiceServer of its own: so whatever it does, it does to itself. Thread: loop.
 */

typedef struct VitSpiceViewer VitSpiceViewer;

/* One head, as viewers need it. */
typedef struct VitSpiceHead {
	unsigned index;
	const VitHost *host;
	void *host_data;
	VitBuffer *guest; /* of the console; NULL: not told yet */
	VitBuffer *shown; /* that viewers can show: the same or a slate; NULL: none yet */
	char *refusal;    /* why it is a slate of the front-end's; NULL: it is none */
	VitLogLimit refusals;
	VitCursor *cursor; /* NULL: none */
	VitSpiceCursorPlace cursor_place;
	bool absolute; /* the pointer; that of head 0 counts */
	unsigned leds; /* VitLeds bits; those of head 0 count */
} VitSpiceHead;

/* What all viewers share; outlives them. */
typedef struct VitSpiceShared {
	GPtrArray *heads; /* VitSpiceHead; the array is borrowed, and only grows */
	const char *name; /* of the VM, for titles; NULL: not known */
	VitLogLimit *refusals;

	/* The viewer is through its handshake. */
	void (*logged_in)(void *user_data, VitSpiceViewer *viewer);
	/* Nothing is left of it but to free it. Called once, never from within another call. */
	void (*gone)(void *user_data, VitSpiceViewer *viewer);
	void *user_data;
} VitSpiceShared;

/*
 * Makes a server for the viewer and gives it the socket of the main channel, on which nothing was
 * read yet. Ownership: takes @fd on every path; borrows @shared. Errors: INTERNAL.
 */
VitSpiceViewer *vit_spice_viewer_new(int fd, const VitSpiceShared *shared, GError **error);
/* Ends it at once. NULL is allowed. */
void vit_spice_viewer_free(VitSpiceViewer *self);

/* Another socket of the same viewer. Ownership: takes @fd. */
void vit_spice_viewer_add_socket(VitSpiceViewer *self, int fd);
/* Disconnects the viewer; gone() comes later. @reason ends the sentence "SPICE viewer … left: ". */
void vit_spice_viewer_close(VitSpiceViewer *self, const char *reason);

/* As people know it: "pid 123, uid 1000". Borrowed. */
const char *vit_spice_viewer_get_name(const VitSpiceViewer *self);
/* Whether it is through the handshake and was not closed. */
bool vit_spice_viewer_is_logged_in(const VitSpiceViewer *self);
/* Whether it is in the handshake still. */
bool vit_spice_viewer_is_half_open(const VitSpiceViewer *self);
/* When it came, by the monotonic clock. */
int64_t vit_spice_viewer_get_since_us(const VitSpiceViewer *self);
/* Whether sockets with this connection id are its own. */
bool vit_spice_viewer_owns(const VitSpiceViewer *self, uint32_t connection_id);

/* What a head shows changed; a head of the shared array. */
void vit_spice_viewer_add_head(VitSpiceViewer *self, const VitSpiceHead *head);
void vit_spice_viewer_scanout(VitSpiceViewer *self, const VitSpiceHead *head);
void vit_spice_viewer_frame(VitSpiceViewer *self, const VitSpiceHead *head, VitFrame *frame);
void vit_spice_viewer_cursor(VitSpiceViewer *self, const VitSpiceHead *head);
void vit_spice_viewer_cursor_moved(VitSpiceViewer *self, const VitSpiceHead *head);
void vit_spice_viewer_pointer_mode(VitSpiceViewer *self, bool absolute);
void vit_spice_viewer_leds(VitSpiceViewer *self, unsigned leds);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "server/console.h"
#include "server/deadline.h"

/*
 * Inside of a console: console.c has what it shows, console-surface.c the surface that follows it.
 */

typedef struct VitUpdate VitUpdate;

struct VitConsole {
	unsigned index;
	char *label;
	VitDeadline *deadline;
	VitRender *render;
	VitSource *source;
	VitInputSink *sink;
	GPtrArray *frontends; /* VitFrontend, borrowed */

	VitBuffer *scanout;     /* what front-ends that take buffers were told; never NULL */
	VitBuffer *shown;       /* on the surface; never NULL */
	VitBuffer *refused;     /* of the guest, cannot be read; may be NULL */
	unsigned refusal_timer; /* after which it is tried again; 0: never */
	bool shows_slate;
	bool behind; /* the surface lacks more than the damage of the next frame */
	VitSurface *surface;
	bool surface_has_pixels; /* it was updated at least once */
	pixman_region32_t stale;
	pixman_region32_t half_written; /* by updates that failed; viewers were not told */
	bool wanted;                    /* a viewer's read request is open */
	bool adopting;                  /* another buffer: what is stale is not known yet */
	VitUpdate *update;              /* running, or NULL */
	unsigned retry_timer;           /* 0: not armed */

	VitCursor *cursor; /* may be NULL */
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	unsigned leds;
	bool pointer_absolute;

	VitConsoleStats stats; /* without deadline_misses */
	unsigned complaints;   /* since complaints_since_us, by the monotonic clock */
	int64_t complaints_since_us;
};

/* console.c */

/* Logs a warning, or for debugging only where there were too many. Returns whether it did. */
bool vit_console_complain(VitConsole *self, const char *text);
/*
 * Shows a slate on the surface in place of the guest's buffer, which could not be read. @error says
 * why, and whether it can be tried again.
 */
void vit_console_refuse_buffer(VitConsole *self, VitBuffer *buffer, const GError *error);

/* console-surface.c */

bool vit_console_surface_fits(const VitConsole *self);
/* Gives viewers a surface of the shown picture's size. It has no pixels until its first update. */
void vit_console_replace_surface(VitConsole *self);
void vit_console_mark_all_stale(VitConsole *self);
/*
 * Starts an update of what is stale, where somebody waits for it and none is running. @frame may be
 * NULL; it is held until the update ends.
 */
void vit_console_update_if_wanted(VitConsole *self, VitFrame *frame);
/* Lets go of what the running update holds, and does not hear of its end. */
void vit_console_drop_update(VitConsole *self);

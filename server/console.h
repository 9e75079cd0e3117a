/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "encoders/render.h"
#include "server/frontend.h"
#include "sources/source.h"

/*
 * VitConsole: the hub for one head. It has one source and one input sink; it remembers the last
 * buffer, cursor and size and replays them to whoever attaches; the newest frame wins, damage
 * merges, nothing queues. It owns the one deadline after which a guest's frame is acknowledged
 * although a reader is not done (design: frame release). Everything runs on the loop.
 */

typedef struct VitConsole VitConsole;

typedef struct VitConsoleOptions {
	unsigned index;       /* of the head */
	const char *label;    /* for logs; copied */
	unsigned deadline_ms; /* a frame is acknowledged at the latest after this */
} VitConsoleOptions;

typedef struct VitConsoleStats {
	uint64_t frames;          /* that the source sent */
	uint64_t deadline_misses; /* frames acknowledged before their readers were done */
	uint64_t updates;         /* surface updates that ended well */
	uint64_t failed_updates;  /* and those that did not */
	uint64_t refused;         /* pictures that could not be shown */
	uint64_t lost;            /* times that the VM went away */
} VitConsoleStats;

/*
 * Shows a slate until the source has a picture, and starts the source.
 * Ownership: takes source and sink on every path, error included; refs render.
 * Errors: INTERNAL (no memory).
 */
VitConsole *vit_console_new(const VitConsoleOptions *options, VitRender *render, VitSource *source,
			    VitInputSink *sink, GError **error);
/* Stops the source first. Front-ends must be stopped before. NULL is allowed. */
void vit_console_free(VitConsole *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitConsole, vit_console_free)

/*
 * Attaches a front-end (borrowed until the console is freed): adds the head to it and replays the
 * present state before anything new. Errors: the front-end's.
 */
bool vit_console_attach(VitConsole *self, VitFrontend *frontend, GError **error);

VitConsoleStats vit_console_get_stats(const VitConsole *self);

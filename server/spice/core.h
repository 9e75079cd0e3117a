/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * VitSpiceCore: what one SpiceServer knows of the main loop: its watches, its timers and its
 * channel events. Thread: loop.
 *
 * The library gives no pointer when it asks for a watch or a timer or tells of an event, so it has
 * to be known for whom it works: whoever calls it enters the core of that server first.
 */

typedef struct VitSpiceCore VitSpiceCore;

/* From spice.h. */
struct SpiceChannelEventInfo;
struct SpiceCoreInterface;

/* @event is SPICE_CHANNEL_EVENT_…. @info stays the same pointer for all events of one socket. */
typedef void (*VitSpiceChannelEvent)(void *user_data, int event,
				     const struct SpiceChannelEventInfo *info);

VitSpiceCore *vit_spice_core_new(VitSpiceChannelEvent on_event, void *user_data);
/* The server is destroyed, or was never initialised. What it left behind never runs. */
void vit_spice_core_free(VitSpiceCore *self);

/* The same for all cores. Constant, but the library's prototype does not say so. */
struct SpiceCoreInterface *vit_spice_core_get_interface(void);

/* From here on the library works for @self, until leave() with what enter() returned. */
VitSpiceCore *vit_spice_core_enter(VitSpiceCore *self);
void vit_spice_core_leave(VitSpiceCore *previous);

/*
 * Tells each watch that waits to read that it can, once. After a shutdown(2) of the server's
 * sockets those that live on the loop come to their end by this. Enters by itself.
 */
void vit_spice_core_wake_readers(VitSpiceCore *self);

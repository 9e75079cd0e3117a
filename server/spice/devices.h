/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "server/spice/core.h"
#include "sources/input.h"

/*
 * VitSpiceDevices: the keyboard, the mouse and the agent of one viewer's server. Thread: loop.
 *
 * The agent stands in for the one that runs in guests. It takes absolute positions, with the head
 * that they are on, and it is what makes viewers ask for sizes; the library answers that part
 * itself. Nothing that is told to it reaches the guest but the pointer.
 */

typedef struct VitSpiceDevices VitSpiceDevices;
struct RedsState; /* SpiceServer */

typedef void (*VitSpiceDevicesEmit)(void *user_data, unsigned head, const VitInput *input);

/* Keys belong to head 0. */
VitSpiceDevices *vit_spice_devices_new(VitSpiceDevicesEmit emit, void *user_data);
/*
 * Adds them, once, to a server that is initialised, whose core is entered. Errors: INTERNAL (the
 * library refuses).
 */
bool vit_spice_devices_add(VitSpiceDevices *self, struct RedsState *server, GError **error);
/* The server, if it was added to one, is destroyed. What the viewer holds is released. NULL is
 * allowed. */
void vit_spice_devices_free(VitSpiceDevices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitSpiceDevices, vit_spice_devices_free)

/* Whether the guest's pointer takes absolute positions; until the first call it does. The core is
 * entered. */
void vit_spice_devices_set_absolute(VitSpiceDevices *self, bool absolute);
/* The guest's lock lights, VitLeds bits. The core is entered. */
void vit_spice_devices_set_leds(VitSpiceDevices *self, unsigned leds);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "server/vnc/engine.h"

/*
 * VitEnginePool: the engines of all viewers that may be connected at once, with an fd below
 * FD_SETSIZE reserved for each. All are made before any thread uses one, because libvncserver
 * starts its globals without a lock. Thread: loop, unless it says otherwise.
 */

typedef struct VitEnginePool VitEnginePool;
typedef struct VitEngineSlot VitEngineSlot;

/* Runs one engine through its paces. Errors: INTERNAL (memory, fds). */
VitEnginePool *vit_engine_pool_new(unsigned n_engines, GError **error);
/* All slots were given back. NULL is allowed. */
void vit_engine_pool_free(VitEnginePool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitEnginePool, vit_engine_pool_free)

/* Errors: BUSY (all are in use). */
VitEngineSlot *vit_engine_pool_take(VitEnginePool *self, GError **error);
/* The slot is closed. */
void vit_engine_pool_give_back(VitEnginePool *self, VitEngineSlot *slot);

/* Borrowed; valid as long as the slot is taken. Thread: any. */
VitRfbEngine *vit_engine_slot_get_engine(VitEngineSlot *self);
/*
 * Opens the engine on a socket pair. @ret_peer is the other end, non-blocking; it is the caller's
 * and must stay open until vit_engine_slot_close(). Errors: INTERNAL. Thread: any, one at a time.
 */
bool vit_engine_slot_open(VitEngineSlot *self, int *ret_peer, GError **error);
/* Closes the engine if it is open and reserves its fd again. Thread: any, one at a time. */
void vit_engine_slot_close(VitEngineSlot *self);

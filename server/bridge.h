/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/config.h"

/*
 * VitBridge: owns everything that runs. It starts bottom-up, listeners last, and stops in the exact
 * reverse. Thread: loop.
 */

typedef struct VitBridge VitBridge;

/* Starts what @config says (borrowed during the call). Errors: CONFIG, INTERNAL. */
VitBridge *vit_bridge_new(const VitConfig *config, GError **error);
/* Stops everything. NULL is allowed. */
void vit_bridge_free(VitBridge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitBridge, vit_bridge_free)

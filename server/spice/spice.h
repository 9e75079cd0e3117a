/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

#include "config/config.h"
#include "server/frontend.h"

/*
 * The SPICE front-end for viewers on this machine: one unix socket for all heads, over which they
 * are given the guest's buffers themselves. Who may connect is a matter of the socket's file.
 * Thread: loop.
 */

typedef struct VitSpiceOptions {
	const char *unix_path;
	unsigned max_clients; /* 1 to 64 */
} VitSpiceOptions;

/* Does not listen yet. @options is copied. */
VitFrontend *vit_spice_new(const VitSpiceOptions *options);
/* The same from the group [spice]. */
VitFrontend *vit_spice_new_from_config(const VitConfig *config);

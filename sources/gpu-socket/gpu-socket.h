/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sources/source.h"

/*
 * A VM whose graphics device shows its pictures on a display socket (sources/display-wire.h), which
 * the machine dials. It survives the producer: it dials again until there is one.
 */

typedef struct VitGpuSocketOptions {
	const char *path;       /* of the socket, at most 107 bytes */
	unsigned heads;         /* that the guest is offered, 1 to VIT_DISPLAY_MAX_HEADS */
	uint32_t width, height; /* pixels, what it is told to show until a viewer wants otherwise */
	/* The user that the producer must run as. Without it: root, or the user we are. */
	bool has_uid;
	uid_t uid;
} VitGpuSocketOptions;

/*
 * Makes the machine; it announces all its heads from within its start. Errors: INVALID_ARGUMENT.
 * Thread: loop.
 */
VitMachine *vit_gpu_socket_machine_new(const VitGpuSocketOptions *options, GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Passwords of VNC authentication. The protocol uses eight bytes of one and no more, whatever a
 * person types.
 */

#define VIT_VNC_PASSWORD_BYTES 8

typedef struct VitVncPassword {
	uint8_t bytes[VIT_VNC_PASSWORD_BYTES]; /* padded with zeroes */
} VitVncPassword;

/* The first bytes of @text, without a terminator; @n_bytes at least 1. */
void vit_vnc_password_set(VitVncPassword *self, const char *text, size_t n_bytes);
/* Overwrites it, so that it does not stay in memory. */
void vit_vnc_password_clear(VitVncPassword *self);

/*
 * Reads the first line of the file. @ret_warning is NULL or sentences for the log: others may read
 * the file, or the password is longer than what counts. Ownership: free it. Errors: CONFIG (no such
 * file, not a regular file, empty first line). Blocks on the disk: call at start-up.
 */
bool vit_vnc_password_load(const char *path, VitVncPassword *ret_password, char **ret_warning,
			   GError **error);

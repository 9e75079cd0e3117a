/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

/*
 * VitQmp: one conversation with a VMM over its QMP unix socket: connect, take the greeting, leave
 * capability negotiation, then run commands, one at a time. Everything runs on the loop and nothing
 * blocks. QEMU serves one QMP client at a time, so keep a conversation short.
 */

typedef struct VitQmp VitQmp;

/*
 * The step that was under way ended; @error is NULL when it went well, else borrowed. Called once a
 * step, never from within the call that began it. The conversation may be freed from within.
 */
typedef void (*VitQmpDone)(void *user_data, const GError *error);

typedef struct VitQmpCommand {
	const char *name;
	const char *arguments; /* a JSON object on one line; NULL: none */
	int fd;                /* passed along; borrowed until the command is done; -1: none */
} VitQmpCommand;

/*
 * Begins a conversation; @ready says when commands may be run. Each step, this one included, fails
 * with TIMED_OUT after @deadline_ms.
 * Errors, by @ready and each done: DISCONNECTED (nobody listens, or the VMM closed), TIMED_OUT
 * (often: another program holds the socket), INVALID_METADATA (not QMP), UNSUPPORTED (the VMM
 * refused the command; says why). After anything but UNSUPPORTED no command can succeed.
 */
VitQmp *vit_qmp_new(const char *path, unsigned deadline_ms, VitQmpDone ready, void *user_data);

/* Runs a command. No step may be under way. */
void vit_qmp_execute(VitQmp *self, const VitQmpCommand *command, VitQmpDone done, void *user_data);

/* Ends the conversation; nothing is called after it. NULL is allowed. */
void vit_qmp_free(VitQmp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitQmp, vit_qmp_free)

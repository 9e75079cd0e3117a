/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "encoders/render-protocol.h"

/*
 * VitRenderProcess: keeps one vitrine-render running. One that died is started again at once, and
 * when it dies again soon after longer and longer pauses. Everything here runs on the loop and
 * nothing blocks it.
 */

typedef struct VitRenderProcess VitRenderProcess;

/*
 * All members are required. None is called from within vit_render_process_new(). The process may be
 * killed and freed from within any.
 */
typedef struct VitRenderProcessEvents {
	/* A fresh process runs, to which nothing is attached; or the one that runs can be sent to
	 * again after vit_render_process_send() said AGAIN. */
	void (*ready)(void *user_data);
	/* A packet came; its fds are closed afterwards. */
	void (*received)(void *user_data, const VitRenderPacket *packet);
	/* The process is gone, or could not be started again. It will be started (again) later. */
	void (*lost)(void *user_data, const GError *error);
} VitRenderProcessEvents;

/*
 * Starts the program; `ready` follows. @program and @events stay valid until the process is freed.
 * Errors: INTERNAL (names the program).
 */
VitRenderProcess *vit_render_process_new(const char *program, const VitRenderProcessEvents *events,
					 void *user_data, GError **error);
/* Ends the process. NULL is allowed. */
void vit_render_process_free(VitRenderProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitRenderProcess, vit_render_process_free)

/*
 * Sends a sealed message; @fds stay the caller's. AGAIN when the process is not running or does not
 * read: `ready` then says when to try again, unless `lost` comes first.
 */
VitRenderTransfer vit_render_process_send(VitRenderProcess *self, const VitRenderMessage *message,
					  const int *fds, unsigned n_fds);

/*
 * Kills the process, because of @reason (given to `lost`, which is called from within). Does
 * nothing when none is running.
 */
void vit_render_process_kill(VitRenderProcess *self, const GError *reason);

/* Of the running process, or -1. */
int vit_render_process_get_pid(const VitRenderProcess *self);
/* Processes started after the first. */
uint64_t vit_render_process_get_restarts(const VitRenderProcess *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/engine-pool.h"
#include "server/vnc/mailbox.h"

/*
 * VitVncWorker: the thread that encodes for one viewer. It is steered by the mailbox and writes
 * into a socket pair, whose other end the loop reads. Thread: loop.
 *
 * To end one: vit_vnc_mailbox_quit() and shutdown(2) of the loop's end, so that a write that waits
 * comes back; when news say "ended", or at once if waiting is all right, vit_vnc_worker_join().
 */

typedef struct VitVncWorker VitVncWorker;

/*
 * Opens the slot's engine and starts the thread. The viewer was told this size in ServerInit.
 * Ownership: refs the mailbox; borrows the slot. *ret_socket is the loop's end; it is closed by the
 * caller, after the join. Errors: INTERNAL.
 */
VitVncWorker *vit_vnc_worker_start(VitVncMailbox *mailbox, VitEngineSlot *slot, uint32_t width,
				   uint32_t height, int *ret_socket, GError **error);
/* Waits for the thread. NULL is allowed. Closes the slot's engine. */
void vit_vnc_worker_join(VitVncWorker *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/fd-watch.h"
#include "server/vnc/client.h"
#include "server/vnc/flow.h"
#include "server/vnc/handshake.h"
#include "server/vnc/input.h"
#include "server/vnc/mailbox.h"
#include "server/vnc/output-queue.h"
#include "server/vnc/rfb-message.h"
#include "server/vnc/worker.h"

/*
 * Inside of a client: client.c has its life and handshake, client-io.c its sockets and the flow of
 * updates, client-messages.c what it says once it is admitted.
 */

#define VIT_VNC_CLIENT_INPUT_BYTES 4096

typedef enum VitVncClientState {
	VIT_VNC_CLIENT_WAITING, /* for the delay against guessing */
	VIT_VNC_CLIENT_HANDSHAKE,
	VIT_VNC_CLIENT_REFUSED, /* its last words are on their way */
	VIT_VNC_CLIENT_ADMITTED,
	VIT_VNC_CLIENT_CLOSED,
} VitVncClientState;

struct VitVncClient {
	VitVncHead *head;
	const VitVncShared *shared;
	VitVncClientState state;
	char *name, *origin;
	char *refusal;  /* NULL: none */
	unsigned timer; /* of the state, unless it is admitted; 0: none */

	int fd; /* -1 once closed */
	VitFdWatch *watch;
	uint8_t input[VIT_VNC_CLIENT_INPUT_BYTES];
	unsigned n_input_bytes;
	unsigned pause_timer; /* nothing is read until it fires; 0: none */
	VitOutputQueue output;
	unsigned stall_timer; /* armed while output waits; 0: none */
	int64_t progress_us;  /* monotonic time at which output last went out */

	VitRfbHandshake *handshake;
	GByteArray *held_reply; /* to a wrong password */

	/* From here on only once admitted. */
	bool view_only;
	VitRfbParser parser;
	VitVncInput *keys_and_pointer;
	bool absolute_pointer;      /* the guest's is */
	bool was_told_pointer_mode; /* by QEMU pointer motion change … */
	bool sends_movements;       /* … to send these */
	int64_t pointer_us;         /* monotonic time of its last pointer message */
	VitVncCommand held_command; /* waits for room in the mailbox … */
	bool holds_command;         /* … and then nothing is read */

	VitEngineSlot *slot;
	VitVncMailbox *mailbox;
	VitVncWorker *worker;
	int worker_fd;
	VitFdWatch *worker_watch;

	/* A wish of the worker's to send: made, then granted, then answered by new pixels. */
	unsigned wish, granted, open_request;
	VitFlow flow;
	unsigned flow_timer; /* armed while only a fence is waited for; 0: none */
};

/* client.c */

/* Reads what is in the input buffer, as the state asks for it. */
void vit_vnc_client_process(VitVncClient *self);

/* client-io.c */

void vit_vnc_client_start_io(VitVncClient *self);
/* Starts to read from the worker. */
void vit_vnc_client_start_worker_io(VitVncClient *self);
void vit_vnc_client_stop_io(VitVncClient *self);
/* Sends bytes of our own; only before there is a worker. */
void vit_vnc_client_send(VitVncClient *self, const GByteArray *bytes);
/* Decides anew what to wait for. */
void vit_vnc_client_update_watches(VitVncClient *self);
/* Reads nothing for a moment, so that others have theirs. */
void vit_vnc_client_pause(VitVncClient *self);
/* The worker sends so many more fences. */
void vit_vnc_client_count_fences(VitVncClient *self, unsigned n_fences);
/* Grants the worker's wish if what was sent before has left. */
void vit_vnc_client_grant_wish(VitVncClient *self);

/* client-messages.c */

/* Takes messages off the input buffer. */
void vit_vnc_client_process_messages(VitVncClient *self);
/* Tries again to send the command that is held. */
void vit_vnc_client_release_command(VitVncClient *self);
void vit_vnc_client_update_pointer_mode(VitVncClient *self);

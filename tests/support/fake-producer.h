/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/display-wire.h"

/*
 * The other end of a display socket, in the process and on the loop of the test: says what it is
 * told to, good or bad, and keeps what it is told. Whatever waits here runs the loop.
 */

typedef struct VitFakeProducer VitFakeProducer;

/* What came from the viewer. */
typedef struct VitFakeProducerMessage {
	VitDisplayHeader header;
	union {
		VitDisplayFeatures features;
		VitDisplayInfo info;
		VitDisplayEdid edid;
		VitDisplayInput input;
	};
} VitFakeProducerMessage;

/* Listens on a socket in a folder of its own. */
VitFakeProducer *vit_fake_producer_new(void);
void vit_fake_producer_free(VitFakeProducer *self);
const char *vit_fake_producer_get_path(const VitFakeProducer *self);

/* How many times somebody connected. The last one to do so is talked to. */
unsigned vit_fake_producer_get_connections(const VitFakeProducer *self);
/* Waits for the first connection, or the next after a hang-up. */
void vit_fake_producer_wait_connected(VitFakeProducer *self);
/* Waits until the viewer closed the connection. */
void vit_fake_producer_wait_disconnected(VitFakeProducer *self);
void vit_fake_producer_hang_up(VitFakeProducer *self);
/* Closes the socket that it listens on, too, and removes it; comes back with listen. */
void vit_fake_producer_vanish(VitFakeProducer *self);
void vit_fake_producer_listen(VitFakeProducer *self);
/* From now on nothing is read. */
void vit_fake_producer_stop_reading(VitFakeProducer *self);
void vit_fake_producer_go_on_reading(VitFakeProducer *self);

/* Sends bytes with fds, which stay the caller's; a viewer that hangs up meanwhile is no error. */
void vit_fake_producer_send_bytes(VitFakeProducer *self, const void *bytes, size_t n_bytes,
				  const int *fds, unsigned n_fds);
/* Sends a message whose header tells the truth. */
void vit_fake_producer_send(VitFakeProducer *self, VitDisplayRequest request, const void *payload,
			    uint32_t n_bytes);
void vit_fake_producer_send_fds(VitFakeProducer *self, VitDisplayRequest request,
				const void *payload, uint32_t n_bytes, const int *fds,
				unsigned n_fds);
/* As many bytes as the socket takes at once. */
size_t vit_fake_producer_try_to_send(VitFakeProducer *self, const void *bytes, size_t n_bytes);

/* Takes the oldest message that came; false when none is complete. */
bool vit_fake_producer_poll(VitFakeProducer *self, VitFakeProducerMessage *ret_message);
/* Waits for the next message, which must be this one, and of this size. */
void vit_fake_producer_expect(VitFakeProducer *self, VitDisplayRequest request, uint32_t size_bytes,
			      VitFakeProducerMessage *ret_message);
/* Agrees on features; the viewer must have offered them. */
void vit_fake_producer_agree(VitFakeProducer *self, uint64_t features);
/* Waits until the viewer has taken all that was sent so far. */
void vit_fake_producer_settle(VitFakeProducer *self);

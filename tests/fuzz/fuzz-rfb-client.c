/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * All that a viewer can send, from its first byte: handshake, messages, and what keys and pointer
 * come to. The first input byte picks the server's options and the size of the pieces in which the
 * rest arrives: it must not matter how a network cuts a stream.
 */
#include <stdlib.h>
#include <string.h>

#include "server/vnc/handshake.h"
#include "server/vnc/input.h"
#include "server/vnc/rfb-message.h"
#include "tests/fuzz/target.h"

/* Of the options byte. */
#define WITH_PASSWORD    0x01
#define WITH_EXTENSIONS  0x02 /* second button byte; lights and relative pointer of the guest */
#define PIECE_BYTES(opt) ((size_t)1 + ((opt) >> 2))

/* The receive buffer of a connection: what is not consumed stays in front. */
typedef struct Inbox {
	uint8_t bytes[VIT_RFB_MESSAGE_MAX_BYTES];
	size_t n_bytes;
} Inbox;

typedef struct Viewer {
	VitRfbHandshake *handshake; /* NULL once it is over */
	VitRfbParser parser;
	VitVncInput *input;
	bool closed;
} Viewer;

static void on_input(void *user_data, const VitInput *input)
{
	unsigned *n_inputs = user_data;

	(*n_inputs)++;
	if (input->type == VIT_INPUT_KEY) {
		g_assert_cmpuint(input->key.code, <, 0x300);
	}
}

static void use_message(Viewer *self, const VitRfbMessage *message)
{
	g_assert_cmpuint(message->n_wire_bytes, <=, VIT_RFB_MESSAGE_MAX_BYTES);
	switch (message->type) {
	case VIT_RFB_KEY:
	case VIT_RFB_EXTENDED_KEY:
	case VIT_RFB_POINTER:
		vit_vnc_input_message(self->input, message);
		break;
	case VIT_RFB_SET_ENCODINGS:
		for (unsigned i = 0; i < message->n_encodings; i++) {
			(void)vit_rfb_message_get_encoding(message, i);
		}
		break;
	case VIT_RFB_FENCE:
		g_assert_true(message->fence.payload + message->fence.n_bytes ==
			      message->wire + message->n_wire_bytes);
		break;
	default:
		break;
	}
}

static void parse_messages(Viewer *self, VitRfbSpan *span)
{
	VitRfbMessage message;
	VitRfbParsed parsed;
	g_autoptr(GError) error = NULL;

	do {
		parsed = vit_rfb_parser_next(&self->parser, span, &message, &error);
		if (parsed == VIT_RFB_PARSED_MESSAGE) {
			use_message(self, &message);
		}
	} while (parsed == VIT_RFB_PARSED_MESSAGE);
	self->closed = parsed == VIT_RFB_PARSED_INVALID;
	g_assert_true(self->closed == (error != NULL));
	g_assert_true(self->closed || span->n_bytes < VIT_RFB_MESSAGE_MAX_BYTES);
}

static void shake_hands(Viewer *self, VitRfbSpan *span)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	switch (vit_rfb_handshake_feed(self->handshake, span, reply, &error)) {
	case VIT_RFB_HANDSHAKE_NEED_MORE:
		g_assert_no_error(error);
		break;
	case VIT_RFB_HANDSHAKE_READY:
		vit_rfb_handshake_free(g_steal_pointer(&self->handshake));
		break;
	case VIT_RFB_HANDSHAKE_WRONG_PASSWORD:
	case VIT_RFB_HANDSHAKE_FAILED:
		g_assert_nonnull(error);
		self->closed = true;
		break;
	}
}

static void receive(Viewer *self, Inbox *inbox)
{
	VitRfbSpan span = {inbox->bytes, inbox->n_bytes};

	if (self->handshake) {
		shake_hands(self, &span);
	}
	if (!self->handshake && !self->closed) {
		parse_messages(self, &span);
	}
	memmove(inbox->bytes, span.bytes, span.n_bytes);
	inbox->n_bytes = span.n_bytes;
}

static void set_up(Viewer *self, uint8_t options, VitVncPassword *password)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	VitRfbHandshakeOptions handshake = {.password = options & WITH_PASSWORD ? password : NULL};

	self->handshake = vit_rfb_handshake_new(&handshake, reply);
	vit_rfb_parser_init(&self->parser);
	if (options & WITH_EXTENSIONS) {
		vit_rfb_parser_set_extended_buttons(&self->parser, true);
		vit_vnc_input_set_pointer_mode(self->input, VIT_VNC_POINTER_DIFFERENCES);
		vit_vnc_input_set_leds(self->input, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	/* Compiling a layout takes longer than all the rest: it is kept from one input to the next.
	 */
	static VitKeymap *keymap;
	unsigned n_inputs = 0;
	Viewer viewer = {0};
	Inbox inbox = {.n_bytes = 0};
	VitVncPassword password;
	size_t position = 1;

	if (n_bytes == 0) {
		return 0;
	}
	if (!keymap) {
		keymap = vit_keymap_new("us", NULL);
	}
	vit_vnc_password_set(&password, "geheim", strlen("geheim"));
	viewer.input = vit_vnc_input_new(keymap, false, on_input, &n_inputs);
	set_up(&viewer, bytes[0], &password);
	while (position < n_bytes && !viewer.closed) {
		size_t room = sizeof inbox.bytes - inbox.n_bytes;
		size_t n = MIN(MIN(PIECE_BYTES(bytes[0]), n_bytes - position), room);

		g_assert_cmpuint(n, >, 0);
		memcpy(inbox.bytes + inbox.n_bytes, bytes + position, n);
		inbox.n_bytes += n;
		position += n;
		receive(&viewer, &inbox);
	}
	vit_vnc_input_release_all(viewer.input);
	vit_vnc_input_free(viewer.input);
	vit_rfb_handshake_free(viewer.handshake);
	return 0;
}

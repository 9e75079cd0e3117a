/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What an admitted viewer says: input goes to the guest at once, the rest to the worker. A viewer
 * that says much at once is heard for a while, then others are; of its pointer's way only the last
 * place counts, as long as no button changes.
 */
#include <string.h>

#include "server/vnc/client-private.h"
#include "server/vnc/pseudo-rects.h"
#include "sources/buffer.h"

#define MESSAGES_AT_ONCE 64

static void client_command(VitVncClient *self, const VitVncCommand *command)
{
	if (!vit_vnc_mailbox_send(self->mailbox, command)) {
		self->held_command = *command;
		self->holds_command = true;
	}
}

void vit_vnc_client_release_command(VitVncClient *self)
{
	if (self->holds_command) {
		self->holds_command = false;
		client_command(self, &self->held_command);
	}
}

static pixman_box32_t make_box(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	return (pixman_box32_t){
		.x1 = (int32_t)x,
		.y1 = (int32_t)y,
		.x2 = (int32_t)(x + width),
		.y2 = (int32_t)(y + height),
	};
}

void vit_vnc_client_update_pointer_mode(VitVncClient *self)
{
	VitVncPointerMode mode = VIT_VNC_POINTER_ABSOLUTE;

	if (self->sends_movements) {
		mode = VIT_VNC_POINTER_MOVEMENTS;
	} else if (!self->absolute_pointer) {
		mode = VIT_VNC_POINTER_DIFFERENCES;
	}
	vit_vnc_input_set_pointer_mode(self->keys_and_pointer, mode);
}

static void client_on_encodings(VitVncClient *self, const VitRfbMessage *message)
{
	VitVncCommand command = {.type = VIT_VNC_COMMAND_ENCODINGS};

	vit_rfb_encodings_read(&command.encodings, message, self->shared->jpeg);
	client_command(self, &command);
}

static void client_on_fence(VitVncClient *self, const VitRfbMessage *message)
{
	VitVncCommand command = {
		.type = VIT_VNC_COMMAND_FENCE,
		.fence = {.flags = message->fence.flags, .n_bytes = message->fence.n_bytes},
	};
	uint32_t number;

	if (message->fence.flags & VIT_RFB_FENCE_REQUEST) {
		memcpy(command.fence.payload, message->fence.payload, message->fence.n_bytes);
		client_command(self, &command);
	} else if (message->fence.n_bytes == sizeof(number)) {
		memcpy(&number, message->fence.payload, sizeof(number));
		vit_vnc_client_count_fences(self, vit_vnc_mailbox_take_fences(self->mailbox));
		vit_flow_returned(&self->flow, GUINT32_FROM_BE(number), g_get_monotonic_time());
		vit_vnc_client_grant_wish(self);
	}
}

static VitRfbDesktopSizeResult client_set_desktop_size(VitVncClient *self,
						       const VitRfbMessage *message)
{
	uint32_t width = message->desktop_size.width, height = message->desktop_size.height;
	const VitVncHead *head = self->head;

	if (self->view_only) {
		return VIT_RFB_DESKTOP_SIZE_PROHIBITED;
	}
	if (width == 0 || height == 0 || width > VIT_BUFFER_MAX_SIDE ||
	    height > VIT_BUFFER_MAX_SIDE || message->desktop_size.n_screens == 0) {
		return VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT;
	}
	head->host->set_size(head->host_data, width, height);
	return VIT_RFB_DESKTOP_SIZE_REQUEST_FORWARDED;
}

static void client_on_desktop_size(VitVncClient *self, const VitRfbMessage *message)
{
	const VitVncCommand command = {
		.type = VIT_VNC_COMMAND_DESKTOP_SIZE,
		.desktop_size_result = client_set_desktop_size(self, message),
	};

	client_command(self, &command);
}

static void client_on_update_request(VitVncClient *self, const VitRfbMessage *message)
{
	const VitVncCommand command = {
		.type = VIT_VNC_COMMAND_UPDATE_REQUEST,
		.update_request =
			{
				.incremental = message->update_request.incremental,
				.box = make_box(message->update_request.x,
						message->update_request.y,
						message->update_request.width,
						message->update_request.height),
			},
	};

	client_command(self, &command);
}

static void client_on_continuous_updates(VitVncClient *self, const VitRfbMessage *message)
{
	const VitVncCommand command = {
		.type = VIT_VNC_COMMAND_CONTINUOUS_UPDATES,
		.continuous_updates =
			{
				.enable = message->continuous_updates.enable,
				.box = make_box(message->continuous_updates.x,
						message->continuous_updates.y,
						message->continuous_updates.width,
						message->continuous_updates.height),
			},
	};

	client_command(self, &command);
}

static void client_on_message(VitVncClient *self, const VitRfbMessage *message)
{
	switch (message->type) {
	case VIT_RFB_SET_PIXEL_FORMAT:
		client_command(self, &(VitVncCommand){.type = VIT_VNC_COMMAND_PIXEL_FORMAT,
						      .pixel_format = message->pixel_format});
		break;
	case VIT_RFB_SET_ENCODINGS:
		client_on_encodings(self, message);
		break;
	case VIT_RFB_UPDATE_REQUEST:
		client_on_update_request(self, message);
		break;
	case VIT_RFB_KEY:
	case VIT_RFB_EXTENDED_KEY:
	case VIT_RFB_POINTER:
		vit_vnc_input_message(self->keys_and_pointer, message);
		break;
	case VIT_RFB_CONTINUOUS_UPDATES:
		client_on_continuous_updates(self, message);
		break;
	case VIT_RFB_FENCE:
		client_on_fence(self, message);
		break;
	case VIT_RFB_SET_DESKTOP_SIZE:
		client_on_desktop_size(self, message);
		break;
	case VIT_RFB_IGNORED:
		break;
	}
}

/* A pointer message that waits for the next one, which may make it needless. */
typedef struct VitVncHeldPointer {
	bool is_held;
	VitRfbMessage message;
} VitVncHeldPointer;

static void held_pointer_release(VitVncHeldPointer *held, VitVncClient *self)
{
	if (held->is_held) {
		held->is_held = false;
		client_on_message(self, &held->message);
	}
}

/*
 * Whether a pointer message was sent before the viewer heard that it is to send movements, or
 * positions again. Positions are below the largest side, movements near VIT_RFB_RELATIVE_ORIGIN.
 */
static bool client_is_out_of_date(const VitVncClient *self, const VitRfbMessage *message)
{
	bool is_movement = message->pointer.x > VIT_BUFFER_MAX_SIDE ||
			   message->pointer.y > VIT_BUFFER_MAX_SIDE;

	return message->type == VIT_RFB_POINTER && self->was_told_pointer_mode &&
	       is_movement != self->sends_movements;
}

static void client_hold_or_act(VitVncClient *self, VitVncHeldPointer *held,
			       const VitRfbMessage *message)
{
	/* Movements add up, so none of them may be lost. */
	bool can_hold = message->type == VIT_RFB_POINTER && !self->sends_movements;

	if (client_is_out_of_date(self, message)) {
		return;
	}
	if (message->type == VIT_RFB_POINTER) {
		self->pointer_us = g_get_monotonic_time();
	}
	if (!can_hold || !held->is_held ||
	    held->message.pointer.buttons != message->pointer.buttons) {
		held_pointer_release(held, self);
	}
	if (can_hold) {
		*held = (VitVncHeldPointer){.is_held = true, .message = *message};
	} else {
		client_on_message(self, message);
	}
}

/* Parses until there is no whole message, or it is others' turn. Returns false on an error. */
static bool client_parse(VitVncClient *self, VitRfbSpan *span, VitVncHeldPointer *held,
			 GError **error)
{
	VitRfbMessage message;

	for (unsigned i = 0; !self->holds_command; i++) {
		if (i == MESSAGES_AT_ONCE) {
			vit_vnc_client_pause(self);
			return true;
		}
		switch (vit_rfb_parser_next(&self->parser, span, &message, error)) {
		case VIT_RFB_PARSED_MESSAGE:
			client_hold_or_act(self, held, &message);
			break;
		case VIT_RFB_PARSED_NEED_MORE:
			return true;
		case VIT_RFB_PARSED_INVALID:
			return false;
		}
	}
	return true;
}

void vit_vnc_client_process_messages(VitVncClient *self)
{
	VitRfbSpan span = {.bytes = self->input, .n_bytes = self->n_input_bytes};
	VitVncHeldPointer held = {0};
	g_autoptr(GError) error = NULL;
	bool parsed;

	if (self->pause_timer) {
		return;
	}
	parsed = client_parse(self, &span, &held, &error);
	held_pointer_release(&held, self);
	memmove(self->input, span.bytes, span.n_bytes);
	self->n_input_bytes = (unsigned)span.n_bytes;
	if (!parsed) {
		g_autofree char *reason =
			g_strdup_printf("it broke the protocol: %s.", error->message);

		vit_vnc_client_close(self, reason);
	}
}

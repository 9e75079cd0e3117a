/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What waits to be sent to a producer, as bytes in the order in which they go. How much
 * is put in is for the connection to limit. Motions of a pointer are merged while they wait:
 * absolute ones replace each other, relative ones and the wheel add up.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sources/gpu-socket/gpu-socket-private.h"

void vit_display_outbox_clear(VitDisplayOutbox *self)
{
	g_clear_pointer(&self->bytes, g_byte_array_unref);
	self->has_motion = false;
}

size_t vit_display_outbox_get_size(const VitDisplayOutbox *self)
{
	return self->bytes ? self->bytes->len : 0;
}

void vit_display_outbox_add(VitDisplayOutbox *self, const VitDisplayHeader *header,
			    const void *payload)
{
	if (!self->bytes) {
		self->bytes = g_byte_array_new();
	}
	g_byte_array_append(self->bytes, (const uint8_t *)header, sizeof(*header));
	if (header->size_bytes > 0) {
		g_byte_array_append(self->bytes, payload, header->size_bytes);
	}
	self->has_motion = false;
}

static int32_t outbox_sum(int32_t a, int32_t b)
{
	return (int32_t)CLAMP((int64_t)a + b, G_MININT32, G_MAXINT32);
}

/* Returns false when the last message that waits is not one of the same kind. */
static bool outbox_merge(VitDisplayOutbox *self, const VitDisplayInput *input)
{
	VitDisplayInput last;

	if (!self->has_motion) {
		return false;
	}
	memcpy(&last, self->bytes->data + self->motion, sizeof(last));
	if (last.head != input->head || last.type != input->type) {
		return false;
	}
	if (input->type == VIT_DISPLAY_POINTER_ABSOLUTE) {
		last = *input;
	} else {
		last.x = outbox_sum(last.x, input->x);
		last.y = outbox_sum(last.y, input->y);
	}
	memcpy(self->bytes->data + self->motion, &last, sizeof(last));
	return true;
}

bool vit_display_outbox_add_input(VitDisplayOutbox *self, const VitDisplayInput *input)
{
	const VitDisplayHeader header = {
		.request = VIT_DISPLAY_SEND_INPUT,
		.size_bytes = sizeof(*input),
	};
	bool is_motion = input->type == VIT_DISPLAY_POINTER_ABSOLUTE ||
			 input->type == VIT_DISPLAY_POINTER_RELATIVE ||
			 input->type == VIT_DISPLAY_WHEEL;

	if (is_motion && outbox_merge(self, input)) {
		return true;
	}
	if (vit_display_outbox_get_size(self) + sizeof(header) + sizeof(*input) >
	    VIT_DISPLAY_OUTBOX_MAX_BYTES) {
		return false;
	}
	vit_display_outbox_add(self, &header, input);
	self->has_motion = is_motion;
	self->motion = self->bytes->len - sizeof(*input);
	return true;
}

bool vit_display_outbox_send(VitDisplayOutbox *self, int socket_fd)
{
	while (vit_display_outbox_get_size(self) > 0) {
		ssize_t sent = send(socket_fd, self->bytes->data, self->bytes->len,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno != EINTR) {
			return errno == EAGAIN;
		}
		if (sent > 0) {
			g_byte_array_remove_range(self->bytes, 0, (unsigned)sent);
			/* A message of which a byte is out can no longer be changed. */
			self->has_motion = self->has_motion &&
					   self->motion >= sizeof(VitDisplayHeader) + (size_t)sent;
			self->motion -= self->has_motion ? (size_t)sent : 0;
		}
	}
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Reads a producer's messages. Legal order: init → step… → clear, and aim after each UPDATE.
 *
 * It never reads beyond the message that it is in: fds belong to the message with whose bytes they
 * came. The header is judged before a byte behind it is read, the payload before its pixels are, so
 * nothing is ever allocated for what a producer announces.
 */
#include "sources/gpu-socket/reader.h"

#include <string.h>

#include "config/error.h"

#define READER_MAX_ROWS      64          /* of pixels, in one call */
#define READER_PIXEL_BYTES   4           /* x8r8g8b8 */
#define READER_SCRATCH_BYTES (16 * 1024) /* for pixels that are thrown away */

void vit_display_reader_init(VitDisplayReader *self)
{
	memset(self, 0, sizeof(*self));
}

void vit_display_reader_clear(VitDisplayReader *self)
{
	vit_display_fds_close(&self->message.fds);
}

/* The parts of an image that the rest of an update's pixels go to, as far as they fit. */
static unsigned reader_aim_at_rows(const VitDisplayReader *self, struct iovec *parts)
{
	const VitDisplayUpdate *update = &self->message.payload.update;
	size_t row_bytes = (size_t)update->width * READER_PIXEL_BYTES;
	uint32_t row = (uint32_t)(self->n_pixels / row_bytes);
	size_t done = (size_t)(self->n_pixels % row_bytes);
	unsigned n = 0;

	for (; n < READER_MAX_ROWS && row < update->height; n++, row++) {
		parts[n].iov_base = self->rows.first + row * self->rows.stride_bytes + done;
		parts[n].iov_len = row_bytes - done;
		done = 0;
	}
	return n;
}

static uint64_t reader_pixel_bytes(const VitDisplayReader *self)
{
	return self->message.header.size_bytes - sizeof(VitDisplayUpdate);
}

/* The message in @message is complete; the next step begins another one. */
static VitDisplayRead reader_end_message(VitDisplayReader *self, GError **error)
{
	VitDisplayMessage *message = &self->message;

	if (!vit_display_check_payload(&message->header, &message->payload, message->fds.n_fds,
				       error)) {
		return VIT_DISPLAY_READ_ERROR;
	}
	self->n_header = 0;
	self->n_payload = 0;
	self->expects_pixels = message->header.request == VIT_DISPLAY_UPDATE;
	self->n_pixels = 0;
	return VIT_DISPLAY_READ_MESSAGE;
}

static VitDisplayRead reader_advance(VitDisplayReader *self, size_t n_bytes, uint64_t features,
				     GError **error)
{
	VitDisplayMessage *message = &self->message;

	if (self->expects_pixels) {
		self->n_pixels += n_bytes;
		if (message->fds.n_fds > 0) {
			g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				    "UPDATE with file descriptors: it has none");
			return VIT_DISPLAY_READ_ERROR;
		}
		return VIT_DISPLAY_READ_PART;
	}
	if (self->n_header < sizeof(message->header)) {
		self->n_header += (uint32_t)n_bytes;
		if (self->n_header < sizeof(message->header)) {
			return VIT_DISPLAY_READ_PART;
		}
		if (!vit_display_check_header(&message->header, features, error)) {
			return VIT_DISPLAY_READ_ERROR;
		}
	} else {
		self->n_payload += (uint32_t)n_bytes;
	}
	return self->n_payload == vit_display_fixed_bytes(&message->header)
		       ? reader_end_message(self, error)
		       : VIT_DISPLAY_READ_PART;
}

static void reader_set_end_error(const VitDisplayReader *self, GError **error)
{
	bool is_within = self->n_header > 0 || self->expects_pixels;

	g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED, "the producer closed it%s%s",
		    is_within ? " in the middle of " : "",
		    !is_within ? ""
		    : self->n_header < sizeof(VitDisplayHeader) && !self->expects_pixels
			    ? "a message"
			    : vit_display_request_name(self->message.header.request));
}

static unsigned reader_aim_parts(VitDisplayReader *self, uint8_t *scratch, struct iovec *parts)
{
	VitDisplayMessage *message = &self->message;

	if (self->expects_pixels && self->rows.first) {
		return reader_aim_at_rows(self, parts);
	}
	if (self->expects_pixels) {
		parts[0].iov_base = scratch;
		parts[0].iov_len =
			MIN(READER_SCRATCH_BYTES, reader_pixel_bytes(self) - self->n_pixels);
	} else if (self->n_header < sizeof(message->header)) {
		parts[0].iov_base = (uint8_t *)&message->header + self->n_header;
		parts[0].iov_len = sizeof(message->header) - self->n_header;
	} else {
		parts[0].iov_base = (uint8_t *)&message->payload + self->n_payload;
		parts[0].iov_len = vit_display_fixed_bytes(&message->header) - self->n_payload;
	}
	return 1;
}

VitDisplayRead vit_display_reader_step(VitDisplayReader *self, int socket_fd, uint64_t features,
				       GError **error)
{
	uint8_t scratch[READER_SCRATCH_BYTES];
	struct iovec parts[READER_MAX_ROWS];
	size_t n_bytes;

	if (self->expects_pixels && self->n_pixels == reader_pixel_bytes(self)) {
		self->expects_pixels = false;
		return VIT_DISPLAY_READ_PIXELS;
	}
	if (self->n_header == 0) {
		vit_display_fds_close(&self->message.fds);
	}
	switch (vit_display_receive(socket_fd, parts, reader_aim_parts(self, scratch, parts),
				    &self->message.fds, &n_bytes)) {
	case VIT_DISPLAY_TRANSFER_DONE:
		return reader_advance(self, n_bytes, features, error);
	case VIT_DISPLAY_TRANSFER_AGAIN:
		return VIT_DISPLAY_READ_AGAIN;
	case VIT_DISPLAY_TRANSFER_TOO_MANY:
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "more than %u file descriptors with one message", VIT_MAX_PLANES);
		return VIT_DISPLAY_READ_ERROR;
	case VIT_DISPLAY_TRANSFER_ENDED:
		break;
	}
	reader_set_end_error(self, error);
	return VIT_DISPLAY_READ_ERROR;
}

void vit_display_reader_aim(VitDisplayReader *self, const VitDisplayRows *rows)
{
	self->rows = *rows;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The parser of viewers' messages. RFB has no length in front of a message: one that is not known
 * cannot be skipped, so it ends the connection. Order of use: init, then next until it needs more.
 *
 * Cut text is the one message of any length. Its head is a message of its own here; its text is
 * skipped while it comes in, so that a megabyte of it never lies in memory.
 */
#include "server/vnc/rfb-message.h"

#include <string.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"

/* The sizes that do not depend on what is in the message; of the others the part that tells. */
enum {
	SET_PIXEL_FORMAT_BYTES = 4 + VIT_RFB_PIXEL_FORMAT_BYTES,
	SET_ENCODINGS_HEAD_BYTES = 4,
	UPDATE_REQUEST_BYTES = 10,
	KEY_EVENT_BYTES = 8,
	POINTER_EVENT_BYTES = 6,
	EXTENDED_POINTER_EVENT_BYTES = 7,
	CUT_TEXT_HEAD_BYTES = 8,
	EXTENDED_CUT_TEXT_FLAGS_BYTES = 4,
	CONTINUOUS_UPDATES_BYTES = 10,
	FENCE_HEAD_BYTES = 9,
	XVP_BYTES = 4,
	SET_DESKTOP_SIZE_HEAD_BYTES = 8,
	SCREEN_BYTES = 16,
	QEMU_HEAD_BYTES = 4,
	QEMU_EXTENDED_KEY_BYTES = 12,
	QEMU_AUDIO_FORMAT_BYTES = 10,
};

/* Top bit of a button mask: a second byte of buttons follows the position. */
#define EXTENDED_BUTTONS_MARK 0x80

static uint16_t read_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t read_u32(const uint8_t *bytes)
{
	return (uint32_t)read_u16(bytes) << 16 | read_u16(bytes + 2);
}

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool invalid(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (error) {
		*error = g_error_new_valist(VIT_ERROR, VIT_ERROR_INVALID_METADATA, format,
					    arguments);
	}
	va_end(arguments);
	return false;
}

void vit_rfb_parser_init(VitRfbParser *self)
{
	*self = (VitRfbParser){0};
}

void vit_rfb_parser_set_extended_buttons(VitRfbParser *self, bool enabled)
{
	self->extended_buttons = enabled;
}

int32_t vit_rfb_message_get_encoding(const VitRfbMessage *message, unsigned index)
{
	g_assert(message->type == VIT_RFB_SET_ENCODINGS && index < message->n_encodings);
	return (int32_t)read_u32(message->wire + SET_ENCODINGS_HEAD_BYTES + 4 * (size_t)index);
}

void vit_rfb_pixel_format_append(GByteArray *out, const VitRfbPixelFormat *format)
{
	const uint8_t bytes[VIT_RFB_PIXEL_FORMAT_BYTES] = {
		format->bits_per_pixel,
		format->depth,
		format->big_endian,
		format->true_colour,
		(uint8_t)(format->red_max >> 8),
		(uint8_t)format->red_max,
		(uint8_t)(format->green_max >> 8),
		(uint8_t)format->green_max,
		(uint8_t)(format->blue_max >> 8),
		(uint8_t)format->blue_max,
		format->red_shift,
		format->green_shift,
		format->blue_shift,
	};

	g_byte_array_append(out, bytes, sizeof bytes);
}

static bool check_channel(const char *name, unsigned max, unsigned shift, unsigned bits_per_pixel,
			  GError **error)
{
	if (max == 0 || (max & (max + 1)) != 0) {
		return invalid(error,
			       "SetPixelFormat has a %s maximum of %u, which is not a power of two "
			       "minus one; the connection is closed",
			       name, max);
	}
	if (shift + g_bit_storage(max) > bits_per_pixel) {
		return invalid(error,
			       "SetPixelFormat shifts %s (maximum %u) by %u, out of its %u bits; "
			       "the connection is closed",
			       name, max, shift, bits_per_pixel);
	}
	return true;
}

bool vit_rfb_pixel_format_parse(const uint8_t bytes[VIT_RFB_PIXEL_FORMAT_BYTES],
				VitRfbPixelFormat *ret_format, GError **error)
{
	const VitRfbPixelFormat format = {
		.bits_per_pixel = bytes[0],
		.depth = bytes[1],
		.big_endian = bytes[2] != 0,
		.true_colour = bytes[3] != 0,
		.red_max = read_u16(bytes + 4),
		.green_max = read_u16(bytes + 6),
		.blue_max = read_u16(bytes + 8),
		.red_shift = bytes[10],
		.green_shift = bytes[11],
		.blue_shift = bytes[12],
	};
	unsigned bits = format.bits_per_pixel;

	if (bits != 8 && bits != 16 && bits != 32) {
		return invalid(error,
			       "SetPixelFormat asks for %u bits per pixel, and 8, 16 or 32 are "
			       "possible; the connection is closed",
			       bits);
	}
	if (format.depth == 0 || format.depth > bits) {
		return invalid(error,
			       "SetPixelFormat asks for a depth of %u in %u bits per pixel; the "
			       "connection is closed",
			       format.depth, bits);
	}
	if (!format.true_colour) {
		return invalid(
			error,
			"SetPixelFormat asks for a colour map, and this server only has true "
			"colour: set the viewer to full colours; the connection is closed");
	}
	if (!check_channel("red", format.red_max, format.red_shift, bits, error) ||
	    !check_channel("green", format.green_max, format.green_shift, bits, error) ||
	    !check_channel("blue", format.blue_max, format.blue_shift, bits, error)) {
		return false;
	}
	*ret_format = format;
	return true;
}

/*
 * The parsers below get a span and answer with the size of the message at its front: 0 when that
 * cannot be told yet; a size above the span's when the rest is still to come. They set @message
 * once it is whole, and return false when it is invalid.
 */

static bool parse_set_pixel_format(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
				   GError **error)
{
	*ret_size = SET_PIXEL_FORMAT_BYTES;
	message->type = VIT_RFB_SET_PIXEL_FORMAT;
	return span->n_bytes < SET_PIXEL_FORMAT_BYTES ||
	       vit_rfb_pixel_format_parse(span->bytes + 4, &message->pixel_format, error);
}

static bool parse_set_encodings(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
				GError **error)
{
	if (span->n_bytes < SET_ENCODINGS_HEAD_BYTES) {
		return true;
	}
	message->type = VIT_RFB_SET_ENCODINGS;
	message->n_encodings = read_u16(span->bytes + 2);
	if (message->n_encodings > VIT_RFB_MAX_ENCODINGS) {
		return invalid(error,
			       "SetEncodings announces %u encodings, more than the %u that are "
			       "allowed; the connection is closed",
			       message->n_encodings, VIT_RFB_MAX_ENCODINGS);
	}
	*ret_size = SET_ENCODINGS_HEAD_BYTES + 4 * (size_t)message->n_encodings;
	return true;
}

static bool parse_update_request(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message)
{
	const uint8_t *bytes = span->bytes;

	*ret_size = UPDATE_REQUEST_BYTES;
	if (span->n_bytes >= UPDATE_REQUEST_BYTES) {
		message->type = VIT_RFB_UPDATE_REQUEST;
		message->update_request.incremental = bytes[1] != 0;
		message->update_request.x = read_u16(bytes + 2);
		message->update_request.y = read_u16(bytes + 4);
		message->update_request.width = read_u16(bytes + 6);
		message->update_request.height = read_u16(bytes + 8);
	}
	return true;
}

static bool parse_key(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message)
{
	*ret_size = KEY_EVENT_BYTES;
	if (span->n_bytes >= KEY_EVENT_BYTES) {
		message->type = VIT_RFB_KEY;
		message->key.down = span->bytes[1] != 0;
		message->key.keysym = read_u32(span->bytes + 4);
	}
	return true;
}

static bool parse_pointer(const VitRfbParser *self, const VitRfbSpan *span, size_t *ret_size,
			  VitRfbMessage *message)
{
	const uint8_t *bytes = span->bytes;
	bool extended;

	if (span->n_bytes < 2) {
		return true;
	}
	extended = self->extended_buttons && (bytes[1] & EXTENDED_BUTTONS_MARK) != 0;
	*ret_size = extended ? EXTENDED_POINTER_EVENT_BYTES : POINTER_EVENT_BYTES;
	if (span->n_bytes >= *ret_size) {
		message->type = VIT_RFB_POINTER;
		message->pointer.buttons = bytes[1];
		message->pointer.x = read_u16(bytes + 2);
		message->pointer.y = read_u16(bytes + 4);
		if (extended) {
			message->pointer.buttons = (uint16_t)((bytes[1] & ~EXTENDED_BUTTONS_MARK) |
							      (bytes[6] & 0x3) << 7);
		}
	}
	return true;
}

static bool parse_cut_text(VitRfbParser *self, const VitRfbSpan *span, size_t *ret_size,
			   VitRfbMessage *message, GError **error)
{
	int64_t length;

	if (span->n_bytes < CUT_TEXT_HEAD_BYTES) {
		return true;
	}
	/* A negative length marks the extended form, which starts with its flags. */
	length = (int32_t)read_u32(span->bytes + 4);
	if (length < 0 && -length < EXTENDED_CUT_TEXT_FLAGS_BYTES) {
		return invalid(error,
			       "an extended ClientCutText of %d bytes has no room for its flags; "
			       "the connection is closed",
			       (int)-length);
	}
	length = ABS(length);
	if (length > VIT_RFB_MAX_CUT_TEXT_BYTES) {
		return invalid(error,
			       "ClientCutText announces %" G_GINT64_FORMAT
			       " bytes of text, more than the %d that are allowed; the connection "
			       "is closed",
			       length, VIT_RFB_MAX_CUT_TEXT_BYTES);
	}
	*ret_size = CUT_TEXT_HEAD_BYTES;
	message->type = VIT_RFB_IGNORED;
	self->skip_bytes = (uint32_t)length;
	return true;
}

static bool parse_continuous_updates(const VitRfbSpan *span, size_t *ret_size,
				     VitRfbMessage *message)
{
	const uint8_t *bytes = span->bytes;

	*ret_size = CONTINUOUS_UPDATES_BYTES;
	if (span->n_bytes >= CONTINUOUS_UPDATES_BYTES) {
		message->type = VIT_RFB_CONTINUOUS_UPDATES;
		message->continuous_updates.enable = bytes[1] != 0;
		message->continuous_updates.x = read_u16(bytes + 2);
		message->continuous_updates.y = read_u16(bytes + 4);
		message->continuous_updates.width = read_u16(bytes + 6);
		message->continuous_updates.height = read_u16(bytes + 8);
	}
	return true;
}

static bool parse_fence(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
			GError **error)
{
	const uint8_t *bytes = span->bytes;

	if (span->n_bytes < FENCE_HEAD_BYTES) {
		return true;
	}
	message->type = VIT_RFB_FENCE;
	message->fence.flags = read_u32(bytes + 4);
	message->fence.n_bytes = bytes[8];
	message->fence.payload = bytes + FENCE_HEAD_BYTES;
	if (message->fence.n_bytes > VIT_RFB_MAX_FENCE_BYTES) {
		return invalid(error,
			       "a ClientFence carries %u bytes, more than the %u that are allowed; "
			       "the connection is closed",
			       message->fence.n_bytes, VIT_RFB_MAX_FENCE_BYTES);
	}
	*ret_size = FENCE_HEAD_BYTES + message->fence.n_bytes;
	return true;
}

static bool parse_set_desktop_size(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
				   GError **error)
{
	const uint8_t *bytes = span->bytes;

	if (span->n_bytes < SET_DESKTOP_SIZE_HEAD_BYTES) {
		return true;
	}
	message->type = VIT_RFB_SET_DESKTOP_SIZE;
	message->desktop_size.width = read_u16(bytes + 2);
	message->desktop_size.height = read_u16(bytes + 4);
	message->desktop_size.n_screens = bytes[6];
	if (message->desktop_size.n_screens > VIT_RFB_MAX_SCREENS) {
		return invalid(error,
			       "SetDesktopSize has %u screens, more than the %u that are allowed; "
			       "the connection is closed",
			       message->desktop_size.n_screens, VIT_RFB_MAX_SCREENS);
	}
	*ret_size = SET_DESKTOP_SIZE_HEAD_BYTES +
		    SCREEN_BYTES * (size_t)message->desktop_size.n_screens;
	if (span->n_bytes < *ret_size) {
		return true;
	}
	bytes += SET_DESKTOP_SIZE_HEAD_BYTES;
	for (unsigned i = 0; i < message->desktop_size.n_screens; i++, bytes += SCREEN_BYTES) {
		message->desktop_size.screens[i] = (VitRfbScreen){
			.id = read_u32(bytes),
			.x = read_u16(bytes + 4),
			.y = read_u16(bytes + 6),
			.width = read_u16(bytes + 8),
			.height = read_u16(bytes + 10),
			.flags = read_u32(bytes + 12),
		};
	}
	return true;
}

static bool parse_qemu_audio(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
			     GError **error)
{
	unsigned operation;

	if (span->n_bytes < QEMU_HEAD_BYTES) {
		return true;
	}
	operation = read_u16(span->bytes + 2);
	message->type = VIT_RFB_IGNORED;
	switch (operation) {
	case VIT_RFB_QEMU_AUDIO_ENABLE:
	case VIT_RFB_QEMU_AUDIO_DISABLE:
		*ret_size = QEMU_HEAD_BYTES;
		return true;
	case VIT_RFB_QEMU_AUDIO_SET_FORMAT:
		*ret_size = QEMU_AUDIO_FORMAT_BYTES;
		return true;
	default:
		return invalid(error,
			       "operation %u of a QEMU audio message is not one that this server "
			       "knows; the connection is closed",
			       operation);
	}
}

static bool parse_qemu(const VitRfbSpan *span, size_t *ret_size, VitRfbMessage *message,
		       GError **error)
{
	const uint8_t *bytes = span->bytes;

	if (span->n_bytes < 2) {
		return true;
	}
	switch (bytes[1]) {
	case VIT_RFB_QEMU_AUDIO:
		return parse_qemu_audio(span, ret_size, message, error);
	case VIT_RFB_QEMU_EXTENDED_KEY:
		*ret_size = QEMU_EXTENDED_KEY_BYTES;
		if (span->n_bytes >= QEMU_EXTENDED_KEY_BYTES) {
			message->type = VIT_RFB_EXTENDED_KEY;
			message->extended_key.down = read_u16(bytes + 2) != 0;
			message->extended_key.keysym = read_u32(bytes + 4);
			message->extended_key.qnum = read_u32(bytes + 8);
		}
		return true;
	default:
		return invalid(error,
			       "QEMU message %u (message 255) is not one that this server knows; "
			       "the connection is closed",
			       bytes[1]);
	}
}

static bool parse_one(VitRfbParser *self, const VitRfbSpan *span, size_t *ret_size,
		      VitRfbMessage *message, GError **error)
{
	switch (span->bytes[0]) {
	case VIT_RFB_CLIENT_SET_PIXEL_FORMAT:
		return parse_set_pixel_format(span, ret_size, message, error);
	case VIT_RFB_CLIENT_SET_ENCODINGS:
		return parse_set_encodings(span, ret_size, message, error);
	case VIT_RFB_CLIENT_UPDATE_REQUEST:
		return parse_update_request(span, ret_size, message);
	case VIT_RFB_CLIENT_KEY_EVENT:
		return parse_key(span, ret_size, message);
	case VIT_RFB_CLIENT_POINTER_EVENT:
		return parse_pointer(self, span, ret_size, message);
	case VIT_RFB_CLIENT_CUT_TEXT:
		return parse_cut_text(self, span, ret_size, message, error);
	case VIT_RFB_CLIENT_CONTINUOUS_UPDATES:
		return parse_continuous_updates(span, ret_size, message);
	case VIT_RFB_CLIENT_FENCE:
		return parse_fence(span, ret_size, message, error);
	case VIT_RFB_CLIENT_XVP:
		*ret_size = XVP_BYTES;
		message->type = VIT_RFB_IGNORED;
		return true;
	case VIT_RFB_CLIENT_SET_DESKTOP_SIZE:
		return parse_set_desktop_size(span, ret_size, message, error);
	case VIT_RFB_CLIENT_QEMU:
		return parse_qemu(span, ret_size, message, error);
	default:
		return invalid(error,
			       "message %u is not a message that this server knows; the connection "
			       "is closed",
			       span->bytes[0]);
	}
}

static void drop(VitRfbSpan *span, size_t n_bytes)
{
	span->bytes += n_bytes;
	span->n_bytes -= n_bytes;
}

VitRfbParsed vit_rfb_parser_next(VitRfbParser *self, VitRfbSpan *span, VitRfbMessage *ret_message,
				 GError **error)
{
	size_t skipped = MIN(self->skip_bytes, span->n_bytes);
	VitRfbMessage message = {0};
	size_t size = 0;

	drop(span, skipped);
	self->skip_bytes -= (uint32_t)skipped;
	if (span->n_bytes == 0) {
		return VIT_RFB_PARSED_NEED_MORE;
	}
	if (!parse_one(self, span, &size, &message, error)) {
		return VIT_RFB_PARSED_INVALID;
	}
	if (size == 0 || size > span->n_bytes) {
		return VIT_RFB_PARSED_NEED_MORE;
	}
	message.wire = span->bytes;
	message.n_wire_bytes = size;
	*ret_message = message;
	drop(span, size);
	return VIT_RFB_PARSED_MESSAGE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * VitRfbParser: cuts what a viewer sends after the handshake into messages and checks them. It
 * works on the caller's bytes and copies none, so the caller's receive buffer is the only one; with
 * room for VIT_RFB_MESSAGE_MAX_BYTES it never has to grow. Pure: no sockets, no clock. Thread: any,
 * one at a time.
 */

#define VIT_RFB_MAX_ENCODINGS      256
#define VIT_RFB_MAX_SCREENS        16
#define VIT_RFB_MAX_FENCE_BYTES    64
#define VIT_RFB_MAX_CUT_TEXT_BYTES (1024 * 1024)

/* The longest message that must lie in one piece: a SetEncodings. Cut text is skipped as it comes.
 */
#define VIT_RFB_MESSAGE_MAX_BYTES (4 + 4 * VIT_RFB_MAX_ENCODINGS)

typedef struct VitRfbPixelFormat {
	uint8_t bits_per_pixel; /* 8, 16 or 32 */
	uint8_t depth;          /* 1 … bits_per_pixel */
	bool big_endian;
	bool true_colour; /* always, from a viewer: colour maps are refused */
	uint16_t red_max, green_max, blue_max;
	uint8_t red_shift, green_shift, blue_shift;
} VitRfbPixelFormat;

#define VIT_RFB_PIXEL_FORMAT_BYTES 16

typedef struct VitRfbScreen {
	uint32_t id;
	uint16_t x, y, width, height;
	uint32_t flags;
} VitRfbScreen;

typedef enum VitRfbMessageType {
	VIT_RFB_SET_PIXEL_FORMAT,
	VIT_RFB_SET_ENCODINGS,
	VIT_RFB_UPDATE_REQUEST,
	VIT_RFB_KEY,
	VIT_RFB_EXTENDED_KEY,
	VIT_RFB_POINTER,
	VIT_RFB_CONTINUOUS_UPDATES,
	VIT_RFB_FENCE,
	VIT_RFB_SET_DESKTOP_SIZE,
	/* A known message about something this server does not offer: clipboard, audio, xvp. */
	VIT_RFB_IGNORED,
} VitRfbMessageType;

typedef struct VitRfbMessage {
	VitRfbMessageType type;
	/* As it came; borrowed from the bytes that were parsed. Cut text: its head only. */
	const uint8_t *wire;
	size_t n_wire_bytes;
	union {
		VitRfbPixelFormat pixel_format;
		unsigned n_encodings; /* read by vit_rfb_message_get_encoding() */
		struct {
			bool incremental;
			uint16_t x, y, width, height; /* as sent: may lie outside the framebuffer */
		} update_request;
		struct {
			bool down;
			uint32_t keysym;
		} key;
		struct {
			bool down;
			uint32_t keysym; /* 0: the viewer knows none */
			uint32_t qnum;   /* sources/keycode.h; as sent */
		} extended_key;
		struct {
			uint16_t buttons; /* VitRfbButton bits that are down */
			uint16_t x, y;    /* as sent: may lie outside the framebuffer */
		} pointer;
		struct {
			bool enable;
			uint16_t x, y, width, height;
		} continuous_updates;
		struct {
			uint32_t flags;
			unsigned n_bytes;
			const uint8_t *payload; /* borrowed like wire */
		} fence;
		struct {
			uint16_t width, height; /* as sent: may be 0 */
			unsigned n_screens;     /* may be 0 */
			VitRfbScreen screens[VIT_RFB_MAX_SCREENS];
		} desktop_size;
	};
} VitRfbMessage;

typedef struct VitRfbParser {
	uint32_t skip_bytes;   /* still to come of a cut text */
	bool extended_buttons; /* PointerEvent may have its second button byte */
} VitRfbParser;

/* What a viewer sent and nobody has used yet. Borrowed; vit_rfb_parser_next() moves it forward. */
typedef struct VitRfbSpan {
	const uint8_t *bytes;
	size_t n_bytes;
} VitRfbSpan;

typedef enum VitRfbParsed {
	VIT_RFB_PARSED_MESSAGE,
	VIT_RFB_PARSED_NEED_MORE, /* what is left in the span is no whole message yet */
	VIT_RFB_PARSED_INVALID,   /* the viewer broke the protocol: close it */
} VitRfbParsed;

void vit_rfb_parser_init(VitRfbParser *self);

/*
 * To be called with true once the viewer was told that ExtendedMouseButtons is supported: from then
 * on PointerEvent is one byte longer when its top bit is set.
 */
void vit_rfb_parser_set_extended_buttons(VitRfbParser *self, bool enabled);

/*
 * Takes the next message off the front of @span; a skipped cut text goes too. The message borrows
 * from the bytes that the span pointed at. After VIT_RFB_PARSED_MESSAGE call again; after
 * VIT_RFB_PARSED_NEED_MORE what is left, fewer than VIT_RFB_MESSAGE_MAX_BYTES, is to be kept and
 * more appended. Errors: INVALID_METADATA, a sentence that names the message and what is wrong.
 */
VitRfbParsed vit_rfb_parser_next(VitRfbParser *self, VitRfbSpan *span, VitRfbMessage *ret_message,
				 GError **error);

/* The encoding number at @index, below n_encodings, of a VIT_RFB_SET_ENCODINGS. */
int32_t vit_rfb_message_get_encoding(const VitRfbMessage *message, unsigned index);

/* Appends the 16 bytes of a pixel format, and reads and checks them. Errors: INVALID_METADATA. */
void vit_rfb_pixel_format_append(GByteArray *out, const VitRfbPixelFormat *format);
bool vit_rfb_pixel_format_parse(const uint8_t bytes[VIT_RFB_PIXEL_FORMAT_BYTES],
				VitRfbPixelFormat *ret_format, GError **error);

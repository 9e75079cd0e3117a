/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/encodings.h"

#include <stddef.h>

#include "server/vnc/rfb-protocol.h"

/* Numbers that mean "this feature, please". */
static const struct {
	int32_t number;
	size_t offset; /* of a bool in VitRfbEncodings */
} features[] = {
	{VIT_RFB_ENCODING_COPY_RECT, offsetof(VitRfbEncodings, copy_rect)},
	{VIT_RFB_PSEUDO_DESKTOP_SIZE, offsetof(VitRfbEncodings, desktop_size)},
	{VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE, offsetof(VitRfbEncodings, extended_desktop_size)},
	{VIT_RFB_PSEUDO_DESKTOP_NAME, offsetof(VitRfbEncodings, desktop_name)},
	{VIT_RFB_PSEUDO_CURSOR, offsetof(VitRfbEncodings, cursor)},
	{VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA, offsetof(VitRfbEncodings, cursor_with_alpha)},
	{VIT_RFB_PSEUDO_POINTER_POSITION, offsetof(VitRfbEncodings, pointer_position)},
	{VIT_RFB_PSEUDO_QEMU_LED_STATE, offsetof(VitRfbEncodings, led_state)},
	{VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT, offsetof(VitRfbEncodings, extended_key)},
	{VIT_RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS, offsetof(VitRfbEncodings, extended_buttons)},
	{VIT_RFB_PSEUDO_QEMU_POINTER_MOTION_CHANGE,
	 offsetof(VitRfbEncodings, pointer_motion_change)},
	{VIT_RFB_PSEUDO_FENCE, offsetof(VitRfbEncodings, fence)},
	{VIT_RFB_PSEUDO_CONTINUOUS_UPDATES, offsetof(VitRfbEncodings, continuous_updates)},
};

/* Numbers that the encoder hears; of each range it needs only the viewer's first choice. */
static const struct {
	int32_t lowest, highest;
	bool only_for_jpeg;
} pixel_encodings[VIT_RFB_MAX_PIXEL_ENCODINGS] = {
	{VIT_RFB_ENCODING_RAW, VIT_RFB_ENCODING_RAW, false},
	{VIT_RFB_ENCODING_HEXTILE, VIT_RFB_ENCODING_HEXTILE, false},
	{VIT_RFB_ENCODING_ZLIB, VIT_RFB_ENCODING_ZLIB, false},
	{VIT_RFB_ENCODING_TIGHT, VIT_RFB_ENCODING_TIGHT, false},
	{VIT_RFB_ENCODING_ZRLE, VIT_RFB_ENCODING_ZRLE, false},
	{VIT_RFB_PSEUDO_LAST_RECT, VIT_RFB_PSEUDO_LAST_RECT, false},
	{VIT_RFB_PSEUDO_COMPRESSION_LOWEST, VIT_RFB_PSEUDO_COMPRESSION_HIGHEST, false},
	{VIT_RFB_PSEUDO_JPEG_QUALITY_LOWEST, VIT_RFB_PSEUDO_JPEG_QUALITY_HIGHEST, true},
	{VIT_RFB_PSEUDO_JPEG_FINE_QUALITY_LOWEST, VIT_RFB_PSEUDO_JPEG_FINE_QUALITY_HIGHEST, true},
	{VIT_RFB_PSEUDO_JPEG_SUBSAMPLING_LOWEST, VIT_RFB_PSEUDO_JPEG_SUBSAMPLING_HIGHEST, true},
};

static void note_feature(VitRfbEncodings *self, int32_t number)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
		if (features[i].number == number) {
			*(bool *)((char *)self + features[i].offset) = true;
		}
	}
}

/* @seen has a bit for each row of the table. */
static void note_pixel_encoding(VitRfbEncodings *self, int32_t number, bool jpeg, unsigned *seen)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(pixel_encodings); i++) {
		if (number >= pixel_encodings[i].lowest && number <= pixel_encodings[i].highest &&
		    (jpeg || !pixel_encodings[i].only_for_jpeg) && !(*seen & 1u << i)) {
			*seen |= 1u << i;
			self->pixel_encodings[self->n_pixel_encodings++] = number;
		}
	}
}

void vit_rfb_encodings_read(VitRfbEncodings *ret_encodings, const VitRfbMessage *message, bool jpeg)
{
	VitRfbEncodings encodings = {0};
	unsigned seen = 0;

	for (unsigned i = 0; i < message->n_encodings; i++) {
		int32_t number = vit_rfb_message_get_encoding(message, i);

		note_feature(&encodings, number);
		note_pixel_encoding(&encodings, number, jpeg, &seen);
	}
	/* Every viewer takes it; the encoder, told of none, would keep to its last one. */
	note_pixel_encoding(&encodings, VIT_RFB_ENCODING_RAW, jpeg, &seen);
	*ret_encodings = encodings;
}

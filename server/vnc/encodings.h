/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/rfb-message.h"

/* What a viewer said that it understands, as far as this server makes use of it. Plain values. */

/* Pixel encodings, and the pseudo-encodings that tune them: each kind once. */
#define VIT_RFB_MAX_PIXEL_ENCODINGS 10

typedef struct VitRfbEncodings {
	bool copy_rect;
	bool desktop_size;
	bool extended_desktop_size;
	bool desktop_name;
	bool cursor;
	bool cursor_with_alpha;
	bool pointer_position;
	bool led_state;
	bool extended_key;
	bool extended_buttons;
	bool pointer_motion_change;
	bool fence;
	bool continuous_updates;
	/* For the encoder, in the viewer's order. */
	unsigned n_pixel_encodings;
	int32_t pixel_encodings[VIT_RFB_MAX_PIXEL_ENCODINGS];
} VitRfbEncodings;

/*
 * Reads a message of type VIT_RFB_SET_ENCODINGS. Encodings that are not known, and those that this
 * server does not offer, are passed over. @jpeg: whether wishes for JPEG are heard. Thread: any.
 */
void vit_rfb_encodings_read(VitRfbEncodings *ret_encodings, const VitRfbMessage *message,
			    bool jpeg);

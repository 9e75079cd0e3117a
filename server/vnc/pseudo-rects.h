/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/rfb-protocol.h"

/*
 * Rectangles of a FramebufferUpdate that carry no pixels themselves, and the messages around
 * updates, appended to @out in network byte order. Pure. Thread: any. Spec: RFC 6143 §7.8 for
 * DesktopSize, the rest rfbproto.
 */

typedef struct VitRfbRect {
	uint16_t x, y, width, height;
} VitRfbRect;

/* The head of any rectangle. */
void vit_rfb_append_rect(GByteArray *out, VitRfbRect rect, int32_t encoding);

/* The pixels of the rectangle are those that the viewer has at (@from_x, @from_y). */
void vit_rfb_append_copy_rect(GByteArray *out, VitRfbRect rect, uint16_t from_x, uint16_t from_y);

void vit_rfb_append_desktop_size(GByteArray *out, uint16_t width, uint16_t height);
/* One screen that fills the desktop. */
void vit_rfb_append_extended_desktop_size(GByteArray *out, uint16_t width, uint16_t height,
					  VitRfbDesktopSizeReason reason,
					  VitRfbDesktopSizeResult result);
/* @name is UTF-8; cut after 255 bytes, at a character's end. */
void vit_rfb_append_desktop_name(GByteArray *out, const char *name);
/* @leds: VitLeds bits. */
void vit_rfb_append_led_state(GByteArray *out, unsigned leds);
/* The viewer may send QEMU extended key events from now on. */
void vit_rfb_append_extended_key(GByteArray *out);
/* The viewer may set the top bit of button masks from now on. */
void vit_rfb_append_extended_buttons(GByteArray *out);
/* Whether the viewer is to send positions (@absolute) or movements. */
void vit_rfb_append_pointer_motion_change(GByteArray *out, bool absolute, uint16_t width,
					  uint16_t height);
void vit_rfb_append_pointer_position(GByteArray *out, uint16_t x, uint16_t y);

/* Whole messages. */
void vit_rfb_append_fence(GByteArray *out, uint32_t flags, const uint8_t *payload,
			  unsigned n_bytes);
void vit_rfb_append_end_of_continuous_updates(GByteArray *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/pseudo-rects.h"

#include <string.h>

#include "server/vnc/rfb-message.h"

#define MAX_NAME_BYTES 255

static void append_u8(GByteArray *out, uint8_t value)
{
	g_byte_array_append(out, &value, 1);
}

static void append_u16(GByteArray *out, uint16_t value)
{
	append_u8(out, (uint8_t)(value >> 8));
	append_u8(out, (uint8_t)value);
}

static void append_u32(GByteArray *out, uint32_t value)
{
	append_u16(out, (uint16_t)(value >> 16));
	append_u16(out, (uint16_t)value);
}

static void append_padding(GByteArray *out, unsigned n_bytes)
{
	while (n_bytes-- > 0) {
		append_u8(out, 0);
	}
}

void vit_rfb_append_rect(GByteArray *out, VitRfbRect rect, int32_t encoding)
{
	append_u16(out, rect.x);
	append_u16(out, rect.y);
	append_u16(out, rect.width);
	append_u16(out, rect.height);
	append_u32(out, (uint32_t)encoding);
}

void vit_rfb_append_copy_rect(GByteArray *out, VitRfbRect rect, uint16_t from_x, uint16_t from_y)
{
	vit_rfb_append_rect(out, rect, VIT_RFB_ENCODING_COPY_RECT);
	append_u16(out, from_x);
	append_u16(out, from_y);
}

void vit_rfb_append_desktop_size(GByteArray *out, uint16_t width, uint16_t height)
{
	vit_rfb_append_rect(out, (VitRfbRect){0, 0, width, height}, VIT_RFB_PSEUDO_DESKTOP_SIZE);
}

void vit_rfb_append_extended_desktop_size(GByteArray *out, uint16_t width, uint16_t height,
					  VitRfbDesktopSizeReason reason,
					  VitRfbDesktopSizeResult result)
{
	vit_rfb_append_rect(out, (VitRfbRect){(uint16_t)reason, (uint16_t)result, width, height},
			    VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE);
	append_u8(out, 1); /* screens */
	append_padding(out, 3);
	append_u32(out, 0); /* its id */
	append_u32(out, 0); /* its place */
	append_u16(out, width);
	append_u16(out, height);
	append_u32(out, 0); /* flags: none are defined */
}

void vit_rfb_append_desktop_name(GByteArray *out, const char *name)
{
	size_t n_bytes = strlen(name);

	if (n_bytes > MAX_NAME_BYTES) {
		n_bytes = (size_t)(g_utf8_find_prev_char(name, name + MAX_NAME_BYTES + 1) - name);
	}
	vit_rfb_append_rect(out, (VitRfbRect){0}, VIT_RFB_PSEUDO_DESKTOP_NAME);
	append_u32(out, (uint32_t)n_bytes);
	g_byte_array_append(out, (const uint8_t *)name, (unsigned)n_bytes);
}

void vit_rfb_append_led_state(GByteArray *out, unsigned leds)
{
	vit_rfb_append_rect(out, (VitRfbRect){0}, VIT_RFB_PSEUDO_QEMU_LED_STATE);
	append_u8(out, (uint8_t)leds); /* the bits of VitLeds are the protocol's */
}

void vit_rfb_append_extended_key(GByteArray *out)
{
	vit_rfb_append_rect(out, (VitRfbRect){0}, VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT);
}

void vit_rfb_append_extended_buttons(GByteArray *out)
{
	vit_rfb_append_rect(out, (VitRfbRect){0}, VIT_RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS);
}

void vit_rfb_append_pointer_motion_change(GByteArray *out, bool absolute, uint16_t width,
					  uint16_t height)
{
	vit_rfb_append_rect(out, (VitRfbRect){absolute, 0, width, height},
			    VIT_RFB_PSEUDO_QEMU_POINTER_MOTION_CHANGE);
}

void vit_rfb_append_pointer_position(GByteArray *out, uint16_t x, uint16_t y)
{
	vit_rfb_append_rect(out, (VitRfbRect){x, y, 0, 0}, VIT_RFB_PSEUDO_POINTER_POSITION);
}

void vit_rfb_append_fence(GByteArray *out, uint32_t flags, const uint8_t *payload, unsigned n_bytes)
{
	g_assert(n_bytes <= VIT_RFB_MAX_FENCE_BYTES);
	append_u8(out, VIT_RFB_SERVER_FENCE);
	append_padding(out, 3);
	append_u32(out, flags);
	append_u8(out, (uint8_t)n_bytes);
	g_byte_array_append(out, payload, n_bytes);
}

void vit_rfb_append_end_of_continuous_updates(GByteArray *out)
{
	append_u8(out, VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES);
}

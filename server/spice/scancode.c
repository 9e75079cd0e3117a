/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/spice/scancode.h"

#include <linux/input-event-codes.h>

#include "sources/keycode.h"

#define PREFIX_EXTENDED 0xe0
#define PREFIX_PAUSE    0xe1
#define RELEASE         0x80
/* As in a QEMU key number; otherwise that is the scan code. */
#define EXTENDED 0x80
/* Shift keys that a keyboard adds around keys which once were on its number block. */
#define FAKE_LEFT_SHIFT  0x2a
#define FAKE_RIGHT_SHIFT 0x36

static bool scancodes_end(VitSpiceScancodes *self, uint32_t code, bool down, VitInput *ret_input)
{
	*self = (VitSpiceScancodes){0};
	if (code == KEY_RESERVED) {
		return false;
	}
	*ret_input = (VitInput){.type = VIT_INPUT_KEY, .key = {.code = code, .down = down}};
	return true;
}

bool vit_spice_scancodes_take(VitSpiceScancodes *self, uint8_t byte, VitInput *ret_input)
{
	bool is_extended = self->prefix == PREFIX_EXTENDED;
	uint8_t code = byte & (uint8_t)~RELEASE;
	bool down = !(byte & RELEASE);

	if (byte == PREFIX_EXTENDED || byte == PREFIX_PAUSE) {
		*self = (VitSpiceScancodes){.prefix = byte};
		return false;
	}
	if (self->prefix == PREFIX_PAUSE) {
		return ++self->n_after == 2 && scancodes_end(self, KEY_PAUSE, down, ret_input);
	}
	if (is_extended && (code == FAKE_LEFT_SHIFT || code == FAKE_RIGHT_SHIFT)) {
		return scancodes_end(self, KEY_RESERVED, down, ret_input);
	}
	return scancodes_end(self, vit_keycode_from_qnum(is_extended ? code | EXTENDED : code),
			     down, ret_input);
}

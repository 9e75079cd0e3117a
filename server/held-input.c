/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What one viewer holds down, as one bit an evdev code: keys lie below BTN_MISC or from KEY_OK on.
 */
#include "server/held-input.h"

#include <glib.h>
#include <linux/input-event-codes.h>

G_STATIC_ASSERT(VIT_HELD_INPUT_CODES == KEY_CNT);

static bool is_button(uint32_t code)
{
	return code >= BTN_MISC && code < KEY_OK;
}

static void note_code(VitHeldInput *self, uint32_t code, bool down)
{
	if (code >= VIT_HELD_INPUT_CODES) {
		return;
	}
	if (down) {
		self->down[code / 64] |= UINT64_C(1) << code % 64;
	} else {
		self->down[code / 64] &= ~(UINT64_C(1) << code % 64);
	}
}

void vit_held_input_note(VitHeldInput *self, const VitInput *input)
{
	if (input->type == VIT_INPUT_KEY) {
		note_code(self, input->key.code, input->key.down);
	} else if (input->type == VIT_INPUT_BUTTON) {
		note_code(self, input->button.code, input->button.down);
	}
}

bool vit_held_input_has(const VitHeldInput *self, uint32_t code)
{
	return code < VIT_HELD_INPUT_CODES && (self->down[code / 64] >> code % 64 & 1) != 0;
}

static VitInput release_of(uint32_t code)
{
	if (is_button(code)) {
		return (VitInput){.type = VIT_INPUT_BUTTON, .button = {.code = code}};
	}
	return (VitInput){.type = VIT_INPUT_KEY, .key = {.code = code}};
}

void vit_held_input_release_all(VitHeldInput *self, VitHeldInputRelease release, void *user_data)
{
	for (uint32_t code = 0; code < VIT_HELD_INPUT_CODES; code++) {
		if (vit_held_input_has(self, code)) {
			VitInput input = release_of(code);

			note_code(self, code, false);
			release(user_data, &input);
		}
	}
}

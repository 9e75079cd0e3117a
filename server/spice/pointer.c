/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/spice/pointer.h"

#include <glib.h>
#include <linux/input-event-codes.h>
#include <spice/vd_agent.h>

/* In this order they are bits of `pressed`. */
typedef struct PointerButton {
	uint32_t code; /* evdev */
	uint32_t agent_mask;
	uint32_t mouse_mask; /* libspice-server's own: middle and right change places */
} PointerButton;

static const PointerButton buttons[] = {
	{BTN_LEFT, VD_AGENT_LBUTTON_MASK, 1 << 0},   {BTN_RIGHT, VD_AGENT_RBUTTON_MASK, 1 << 1},
	{BTN_MIDDLE, VD_AGENT_MBUTTON_MASK, 1 << 2}, {BTN_SIDE, VD_AGENT_SBUTTON_MASK, 1 << 6},
	{BTN_EXTRA, VD_AGENT_EBUTTON_MASK, 1 << 7},
};

static void pointer_emit(VitSpicePointer *self, VitInput input)
{
	self->emit(self->user_data, self->head, &input);
}

static void pointer_set_pressed(VitSpicePointer *self, uint32_t pressed)
{
	uint32_t changed = self->pressed ^ pressed;

	self->pressed = pressed;
	for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
		if (changed >> i & 1) {
			pointer_emit(self, (VitInput){
						   .type = VIT_INPUT_BUTTON,
						   .button = {.code = buttons[i].code,
							      .down = (pressed >> i & 1) != 0},
					   });
		}
	}
}

static void pointer_turn_wheel(VitSpicePointer *self, int32_t notches)
{
	if (notches != 0) {
		pointer_emit(self, (VitInput){.type = VIT_INPUT_WHEEL, .wheel = {.dy = notches}});
	}
}

void vit_spice_pointer_set_agent_state(VitSpicePointer *self, unsigned head, uint32_t x, uint32_t y,
				       uint32_t state)
{
	bool wheel_up = (state & VD_AGENT_UBUTTON_MASK) != 0;
	bool wheel_down = (state & VD_AGENT_DBUTTON_MASK) != 0;
	uint32_t pressed = 0;

	if (head != self->head) {
		vit_spice_pointer_release_all(self);
		self->head = head;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
		pressed |= (uint32_t)((state & buttons[i].agent_mask) != 0) << i;
	}
	pointer_emit(self, (VitInput){.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {x, y}});
	pointer_set_pressed(self, pressed);
	pointer_turn_wheel(self, (wheel_down && !self->wheel_down) - (wheel_up && !self->wheel_up));
	self->wheel_up = wheel_up;
	self->wheel_down = wheel_down;
}

void vit_spice_pointer_move(VitSpicePointer *self, int32_t dx, int32_t dy, int32_t wheel,
			    uint32_t state)
{
	uint32_t pressed = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
		pressed |= (uint32_t)((state & buttons[i].mouse_mask) != 0) << i;
	}
	if (dx != 0 || dy != 0) {
		pointer_emit(self,
			     (VitInput){.type = VIT_INPUT_POINTER_RELATIVE, .relative = {dx, dy}});
	}
	pointer_set_pressed(self, pressed);
	pointer_turn_wheel(self, wheel);
}

void vit_spice_pointer_release_all(VitSpicePointer *self)
{
	pointer_set_pressed(self, 0);
	self->wheel_up = false;
	self->wheel_down = false;
}

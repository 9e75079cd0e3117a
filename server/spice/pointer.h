/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sources/input.h"

/*
 * VitSpicePointer: positions, movements and buttons of one viewer. Buttons come as the state of all
 * of them; here they become presses and releases, on the head where the pointer is. Embedded; all
 * zeroes, and emit, is ready for use. Thread: loop.
 */

typedef void (*VitSpicePointerEmit)(void *user_data, unsigned head, const VitInput *input);

typedef struct VitSpicePointer {
	VitSpicePointerEmit emit;
	void *user_data;
	unsigned head;             /* where the pointer was last */
	uint32_t pressed;          /* one bit a button, in an order of its own */
	bool wheel_up, wheel_down; /* are "pressed" */
} VitSpicePointer;

/* The state of the buttons as the agent is told it: VD_AGENT_…BUTTON_MASK bits. */
void vit_spice_pointer_set_agent_state(VitSpicePointer *self, unsigned head, uint32_t x, uint32_t y,
				       uint32_t buttons);
/*
 * A movement in the relative mode. @buttons as SpiceMouseInterface has it; @wheel in notches,
 * positive is down.
 */
void vit_spice_pointer_move(VitSpicePointer *self, int32_t dx, int32_t dy, int32_t wheel,
			    uint32_t buttons);
/* The viewer is gone: releases what it holds. */
void vit_spice_pointer_release_all(VitSpicePointer *self);

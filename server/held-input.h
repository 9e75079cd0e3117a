/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sources/input.h"

/*
 * VitHeldInput: the keys and buttons that one viewer holds down, so that they can be released when
 * it goes. Embedded; all zeroes is empty.
 */

#define VIT_HELD_INPUT_CODES 0x300 /* evdev keys and buttons share one space, up to KEY_MAX */

typedef struct VitHeldInput {
	uint64_t down[VIT_HELD_INPUT_CODES / 64];
} VitHeldInput;

typedef void (*VitHeldInputRelease)(void *user_data, const VitInput *input);

/* Notes a key or button that went down or up; anything else is not held. */
void vit_held_input_note(VitHeldInput *self, const VitInput *input);
/* Whether the evdev key or button is down. */
bool vit_held_input_has(const VitHeldInput *self, uint32_t code);
/* Makes a release for each key and button that is down, and forgets them. */
void vit_held_input_release_all(VitHeldInput *self, VitHeldInputRelease release, void *user_data);

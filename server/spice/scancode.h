/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sources/input.h"

/*
 * VitSpiceScancodes: keys from the bytes that a PC keyboard sends (scan code set 1), which is how
 * SPICE sends them. Pure. Embedded; all zeroes is ready for use.
 */

typedef struct VitSpiceScancodes {
	uint8_t prefix;  /* 0xe0, 0xe1 (of Pause, which has two bytes after it), or 0 */
	uint8_t n_after; /* bytes after 0xe1 */
} VitSpiceScancodes;

/* Takes a byte; true when it ends a key, which is then *ret_input. */
bool vit_spice_scancodes_take(VitSpiceScancodes *self, uint8_t byte, VitInput *ret_input);

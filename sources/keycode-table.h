/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdint.h>

/* The QEMU key number of each evdev key code; 0: it has none. Private to keycode.c. */

#define VIT_KEYCODE_COUNT 256

extern const uint8_t vit_keycode_qnums[VIT_KEYCODE_COUNT];

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdint.h>

/*
 * evdev key codes and QEMU key numbers. A QEMU key number ("qnum") is the PC/XT set 1 scancode; the
 * second byte of an 0xe0-prefixed one has bit 7 set. It is also what VNC's QEMU extended key event
 * and SPICE send.
 */

/* Returns 0 when the key has no QEMU key number. Thread: any. */
uint32_t vit_keycode_to_qnum(uint32_t evdev_code);

/* Returns 0 (KEY_RESERVED) when no key has this number. Thread: any. */
uint32_t vit_keycode_from_qnum(uint32_t qnum);

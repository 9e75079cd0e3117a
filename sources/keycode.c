/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Lookups both ways between evdev key codes and QEMU key numbers. The numbers themselves stand in
 * keycode-table.c. */
#include "sources/keycode.h"

#include <linux/input-event-codes.h>

#include "sources/keycode-table.h"

/* What a PC keyboard sends for Print Screen pressed alone; 0x54 is the same key under Alt. */
#define KEYCODE_QNUM_PRINT_SCREEN 0xb7

uint32_t vit_keycode_to_qnum(uint32_t evdev_code)
{
	return evdev_code < VIT_KEYCODE_COUNT ? vit_keycode_qnums[evdev_code] : 0;
}

uint32_t vit_keycode_from_qnum(uint32_t qnum)
{
	if (qnum == 0) {
		return KEY_RESERVED;
	}
	if (qnum == KEYCODE_QNUM_PRINT_SCREEN) {
		return KEY_SYSRQ;
	}
	for (uint32_t code = 0; code < VIT_KEYCODE_COUNT; code++) {
		if (vit_keycode_qnums[code] == qnum) {
			return code;
		}
	}
	return KEY_RESERVED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/keycode.c. */
#include "sources/keycode.h"

#include <glib.h>
#include <linux/input-event-codes.h>

#include "tests/support/fixture.h"

static void test_round_trip(void)
{
	unsigned count = 0;

	for (uint32_t code = 1; code < 1024; code++) {
		uint32_t qnum = vit_keycode_to_qnum(code);

		if (qnum != 0) {
			g_assert_cmpuint(qnum, <, 256);
			g_assert_cmpuint(vit_keycode_from_qnum(qnum), ==, code);
			count++;
		}
	}
	g_assert_cmpuint(count, ==, 230);
}

static void test_known_numbers(void)
{
	static const struct {
		uint32_t code, qnum;
	} keys[] = {
		{KEY_ESC, 0x01},
		{KEY_A, 0x1e},
		{KEY_LEFTCTRL, 0x1d},
		{KEY_RIGHTCTRL, 0x9d},
		{KEY_LEFTALT, 0x38},
		{KEY_RIGHTALT, 0xb8},
		{KEY_LEFTMETA, 0xdb},
		{KEY_RIGHTMETA, 0xdc},
		{KEY_COMPOSE, 0xdd},
		{KEY_UP, 0xc8},
		{KEY_DOWN, 0xd0},
		{KEY_DELETE, 0xd3},
		{KEY_KPENTER, 0x9c},
		{KEY_KPSLASH, 0xb5},
		{KEY_KPASTERISK, 0x37},
		{KEY_KP7, 0x47},
		{KEY_NUMLOCK, 0x45},
		{KEY_SYSRQ, 0x54},
		{KEY_PAUSE, 0xc6},
		{KEY_102ND, 0x56},
		{KEY_RO, 0x73},
		{KEY_YEN, 0x7d},
		{KEY_HENKAN, 0x79},
		{KEY_MUHENKAN, 0x7b},
		{KEY_HANGEUL, 0x72},
		{KEY_HANJA, 0x71},
		{KEY_F11, 0x57},
		{KEY_F24, 0x6f},
		{KEY_VOLUMEUP, 0xb0},
		{KEY_MUTE, 0xa0},
		{KEY_PLAYPAUSE, 0xa2},
		{KEY_KATAKANAHIRAGANA, 0x70},
		{KEY_ZENKAKUHANKAKU, 0x76},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_assert_cmphex(vit_keycode_to_qnum(keys[i].code), ==, keys[i].qnum);
	}
}

static void test_pc_keyboard_is_complete(void)
{
	/* The main block, the keypad, the function keys and the navigation block. KEY 84 is not
	 * assigned. */
	for (uint32_t code = KEY_ESC; code <= KEY_COMPOSE; code++) {
		if (code != 84) {
			g_assert_cmphex(vit_keycode_to_qnum(code), !=, 0);
		}
	}
}

static void test_print_screen_alone(void)
{
	g_assert_cmpuint(vit_keycode_from_qnum(0xb7), ==, KEY_SYSRQ);
}

static void test_unknown(void)
{
	g_assert_cmpuint(vit_keycode_to_qnum(KEY_RESERVED), ==, 0);
	g_assert_cmpuint(vit_keycode_to_qnum(84), ==, 0);
	g_assert_cmpuint(vit_keycode_to_qnum(BTN_LEFT), ==, 0);
	g_assert_cmpuint(vit_keycode_to_qnum(G_MAXUINT32), ==, 0);
	g_assert_cmpuint(vit_keycode_from_qnum(0), ==, KEY_RESERVED);
	g_assert_cmpuint(vit_keycode_from_qnum(0x80), ==, KEY_RESERVED);
	g_assert_cmpuint(vit_keycode_from_qnum(0x11e), ==, KEY_RESERVED);
	g_assert_cmpuint(vit_keycode_from_qnum(G_MAXUINT32), ==, KEY_RESERVED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/keycode/round-trip", test_round_trip);
	vit_test_add("/keycode/known-numbers", test_known_numbers);
	vit_test_add("/keycode/pc-keyboard-is-complete", test_pc_keyboard_is_complete);
	vit_test_add("/keycode/print-screen-alone", test_print_screen_alone);
	vit_test_add("/keycode/unknown-is-zero", test_unknown);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* From keysym to key on several layouts: the smallest change of what is held wins. */
#include "server/vnc/keysym.h"

#include <linux/input-event-codes.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "config/error.h"
#include "tests/support/fixture.h"

#define NONE 0u

typedef struct Case {
	uint32_t keysym;
	unsigned present; /* VitKeyModifiers */
	uint32_t code;
	unsigned modifiers;
} Case;

static void expect(const char *layout, const Case *cases, unsigned n_cases)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitKeymap) keymap = vit_keymap_new(layout, &error);

	g_assert_no_error(error);
	for (unsigned i = 0; i < n_cases; i++) {
		VitKeymapKey key = {0};

		g_test_message("%s: keysym %#x with %#x", layout, cases[i].keysym,
			       cases[i].present);
		g_assert_true(vit_keymap_find(keymap, cases[i].keysym, cases[i].present, &key));
		g_assert_cmpuint(key.code, ==, cases[i].code);
		g_assert_cmphex(key.modifiers, ==, cases[i].modifiers);
	}
}

static void test_us(void)
{
	static const Case cases[] = {
		{XKB_KEY_a, NONE, KEY_A, NONE},
		{XKB_KEY_A, NONE, KEY_A, VIT_KEY_SHIFT},
		{XKB_KEY_a, VIT_KEY_SHIFT, KEY_A, NONE},
		{XKB_KEY_A, VIT_KEY_SHIFT, KEY_A, VIT_KEY_SHIFT},
		/* Caps Lock turns Shift round on letters, and not on digits. */
		{XKB_KEY_A, VIT_KEY_CAPS_LOCK, KEY_A, VIT_KEY_CAPS_LOCK},
		{XKB_KEY_a, VIT_KEY_CAPS_LOCK, KEY_A, VIT_KEY_CAPS_LOCK | VIT_KEY_SHIFT},
		{XKB_KEY_1, VIT_KEY_CAPS_LOCK, KEY_1, VIT_KEY_CAPS_LOCK},
		{XKB_KEY_at, NONE, KEY_2, VIT_KEY_SHIFT},
		/* Not the extra key beside the left Shift, which has it too. */
		{XKB_KEY_less, NONE, KEY_COMMA, VIT_KEY_SHIFT},
		{XKB_KEY_parenleft, NONE, KEY_9, VIT_KEY_SHIFT},
		{XKB_KEY_space, VIT_KEY_SHIFT, KEY_SPACE, VIT_KEY_SHIFT},
		{XKB_KEY_Return, NONE, KEY_ENTER, NONE},
		{XKB_KEY_BackSpace, NONE, KEY_BACKSPACE, NONE},
		{XKB_KEY_Tab, NONE, KEY_TAB, NONE},
		{XKB_KEY_ISO_Left_Tab, VIT_KEY_SHIFT, KEY_TAB, VIT_KEY_SHIFT},
		{XKB_KEY_Down, NONE, KEY_DOWN, NONE},
		{XKB_KEY_Delete, NONE, KEY_DELETE, NONE},
		{XKB_KEY_F1, VIT_KEY_SHIFT, KEY_F1, VIT_KEY_SHIFT},
		{XKB_KEY_F12, NONE, KEY_F12, NONE},
		{XKB_KEY_F13, NONE, KEY_F13, NONE},
		{XKB_KEY_Shift_L, NONE, KEY_LEFTSHIFT, NONE},
		{XKB_KEY_Shift_R, NONE, KEY_RIGHTSHIFT, NONE},
		{XKB_KEY_Control_L, NONE, KEY_LEFTCTRL, NONE},
		{XKB_KEY_Control_R, NONE, KEY_RIGHTCTRL, NONE},
		{XKB_KEY_Alt_L, NONE, KEY_LEFTALT, NONE},
		{XKB_KEY_Alt_R, NONE, KEY_RIGHTALT, NONE},
		{XKB_KEY_ISO_Level3_Shift, NONE, KEY_RIGHTALT, NONE},
		{XKB_KEY_Super_L, NONE, KEY_LEFTMETA, NONE},
		{XKB_KEY_Caps_Lock, NONE, KEY_CAPSLOCK, NONE},
		{XKB_KEY_Num_Lock, NONE, KEY_NUMLOCK, NONE},
		{XKB_KEY_Scroll_Lock, NONE, KEY_SCROLLLOCK, NONE},
		{XKB_KEY_Print, NONE, KEY_SYSRQ, NONE},
		{XKB_KEY_Pause, NONE, KEY_PAUSE, NONE},
		{XKB_KEY_Menu, NONE, KEY_COMPOSE, NONE},
		{XKB_KEY_XF86AudioMute, NONE, KEY_MUTE, NONE},
		/* Keypad: Num Lock decides, never Shift. */
		{XKB_KEY_KP_1, NONE, KEY_KP1, VIT_KEY_NUM_LOCK},
		{XKB_KEY_KP_1, VIT_KEY_NUM_LOCK, KEY_KP1, VIT_KEY_NUM_LOCK},
		{XKB_KEY_KP_End, VIT_KEY_NUM_LOCK, KEY_KP1, NONE},
		{XKB_KEY_KP_Enter, VIT_KEY_NUM_LOCK, KEY_KPENTER, VIT_KEY_NUM_LOCK},
		{XKB_KEY_KP_Decimal, VIT_KEY_NUM_LOCK, KEY_KPDOT, VIT_KEY_NUM_LOCK},
		{XKB_KEY_KP_Separator, NONE, KEY_KPDOT, NONE},
	};

	expect("us", cases, G_N_ELEMENTS(cases));
}

static void test_de(void)
{
	static const Case cases[] = {
		{XKB_KEY_z, NONE, KEY_Y, NONE},
		{XKB_KEY_slash, NONE, KEY_7, VIT_KEY_SHIFT},
		{XKB_KEY_at, NONE, KEY_Q, VIT_KEY_ALTGR},
		{XKB_KEY_at, VIT_KEY_SHIFT, KEY_Q, VIT_KEY_ALTGR},
		{XKB_KEY_EuroSign, VIT_KEY_ALTGR, KEY_E, VIT_KEY_ALTGR},
		/* The same character by its Unicode name. */
		{0x010020ac, VIT_KEY_ALTGR, KEY_E, VIT_KEY_ALTGR},
		{XKB_KEY_adiaeresis, NONE, KEY_APOSTROPHE, NONE},
		{0x010000e4, NONE, KEY_APOSTROPHE, NONE},
		{0x01000041, NONE, KEY_A, VIT_KEY_SHIFT},
		{XKB_KEY_less, NONE, KEY_102ND, NONE},
		{XKB_KEY_dead_acute, NONE, KEY_EQUAL, NONE},
		{XKB_KEY_ISO_Level3_Shift, NONE, KEY_RIGHTALT, NONE},
		{XKB_KEY_Alt_R, NONE, KEY_RIGHTALT, NONE},
		{XKB_KEY_KP_Separator, VIT_KEY_NUM_LOCK, KEY_KPDOT, VIT_KEY_NUM_LOCK},
		{XKB_KEY_KP_Decimal, NONE, KEY_KPCOMMA, NONE},
	};
	static const Case without_dead_keys[] = {
		{XKB_KEY_acute, NONE, KEY_EQUAL, NONE},
		{XKB_KEY_asciicircum, NONE, KEY_GRAVE, NONE},
	};

	expect("de", cases, G_N_ELEMENTS(cases));
	expect("de:nodeadkeys", without_dead_keys, G_N_ELEMENTS(without_dead_keys));
}

static void test_fr(void)
{
	static const Case cases[] = {
		{XKB_KEY_1, NONE, KEY_1, VIT_KEY_SHIFT},
		{XKB_KEY_ampersand, VIT_KEY_SHIFT, KEY_1, NONE},
		{XKB_KEY_a, NONE, KEY_Q, NONE},
	};

	expect("fr", cases, G_N_ELEMENTS(cases));
}

static void test_altgr(void)
{
	g_autoptr(VitKeymap) us = vit_keymap_new("us", NULL);
	g_autoptr(VitKeymap) de = vit_keymap_new("de", NULL);

	g_assert_false(vit_keymap_has_altgr(us));
	g_assert_true(vit_keymap_has_altgr(de));
}

static void test_not_on_the_layout(void)
{
	static const uint32_t keysyms[] = {
		0, XKB_KEY_Cyrillic_ya, 0x01004e2d, XKB_KEY_dead_acute, UINT32_MAX, 0x01ffffff,
	};
	g_autoptr(VitKeymap) keymap = vit_keymap_new("us", NULL);
	VitKeymapKey key;

	for (unsigned i = 0; i < G_N_ELEMENTS(keysyms); i++) {
		g_assert_false(vit_keymap_find(keymap, keysyms[i], 0, &key));
	}
}

static void test_is_character(void)
{
	g_assert_true(vit_keysym_is_character(XKB_KEY_a));
	g_assert_true(vit_keysym_is_character(XKB_KEY_space));
	g_assert_true(vit_keysym_is_character(XKB_KEY_EuroSign));
	g_assert_true(vit_keysym_is_character(0x010020ac));
	g_assert_true(vit_keysym_is_character(XKB_KEY_dead_acute));
	g_assert_false(vit_keysym_is_character(XKB_KEY_Return));
	g_assert_false(vit_keysym_is_character(XKB_KEY_Delete));
	g_assert_false(vit_keysym_is_character(XKB_KEY_Escape));
	g_assert_false(vit_keysym_is_character(XKB_KEY_KP_1));
	g_assert_false(vit_keysym_is_character(XKB_KEY_Shift_L));
	g_assert_false(vit_keysym_is_character(0));
}

static void test_unknown_layouts(void)
{
	static const char *const layouts[] = {"", ":", ":nodeadkeys", "klingon", "de:klingon"};

	for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(vit_keymap_new(layouts[i], &error));
		g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
		g_assert_nonnull(strstr(error->message, layouts[i]));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/keysym/us", test_us);
	vit_test_add("/keysym/de", test_de);
	vit_test_add("/keysym/fr", test_fr);
	vit_test_add("/keysym/altgr", test_altgr);
	vit_test_add("/keysym/not-on-the-layout", test_not_on_the_layout);
	vit_test_add("/keysym/is-character", test_is_character);
	vit_test_add("/keysym/unknown-layouts", test_unknown_layouts);
	return g_test_run();
}

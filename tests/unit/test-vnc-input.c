/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What a viewer's messages come to. Inputs are written down as words: "+30" and "-30" for evdev key
 * 30 going down and up, "@3,4" for a position, "~3,4" for a movement, "w0,-1" for the wheel.
 */
#include "server/vnc/input.h"

#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

#define ALL_LOCKS (VIT_LED_CAPS_LOCK | VIT_LED_NUM_LOCK | VIT_LED_SCROLL_LOCK)

typedef struct Fixture {
	VitKeymap *keymap;
	VitVncInput *input;
	GString *seen;
} Fixture;

static void on_input(void *user_data, const VitInput *input)
{
	Fixture *self = user_data;
	GString *seen = self->seen;

	g_string_append(seen, seen->len ? " " : "");
	switch (input->type) {
	case VIT_INPUT_KEY:
		g_string_append_printf(seen, "%c%u", input->key.down ? '+' : '-', input->key.code);
		break;
	case VIT_INPUT_BUTTON:
		g_string_append_printf(seen, "%cb%x", input->button.down ? '+' : '-',
				       input->button.code);
		break;
	case VIT_INPUT_POINTER_ABSOLUTE:
		g_string_append_printf(seen, "@%u,%u", input->absolute.x, input->absolute.y);
		break;
	case VIT_INPUT_POINTER_RELATIVE:
		g_string_append_printf(seen, "~%d,%d", input->relative.dx, input->relative.dy);
		break;
	case VIT_INPUT_WHEEL:
		g_string_append_printf(seen, "w%d,%d", input->wheel.dx, input->wheel.dy);
		break;
	case VIT_INPUT_TOUCH:
		g_assert_not_reached();
	}
}

static void set_up_with(Fixture *self, const char *layout, bool view_only)
{
	self->keymap = vit_keymap_new(layout, NULL);
	self->input = vit_vnc_input_new(self->keymap, view_only, on_input, self);
	self->seen = g_string_new(NULL);
}

static void set_up(Fixture *self, const char *layout)
{
	set_up_with(self, layout, false);
}

static void tear_down(Fixture *self)
{
	vit_vnc_input_free(self->input);
	vit_keymap_free(self->keymap);
	g_string_free(self->seen, TRUE);
}

static void expect(Fixture *self, const char *words)
{
	g_assert_cmpstr(self->seen->str, ==, words);
	g_string_truncate(self->seen, 0);
}

static void keysym(Fixture *self, uint32_t keysym, bool down)
{
	vit_vnc_input_message(self->input,
			      &(VitRfbMessage){.type = VIT_RFB_KEY, .key = {down, keysym}});
}

static void extended_key(Fixture *self, uint32_t keysym, uint32_t qnum, bool down)
{
	vit_vnc_input_message(self->input, &(VitRfbMessage){.type = VIT_RFB_EXTENDED_KEY,
							    .extended_key = {down, keysym, qnum}});
}

static void pointer(Fixture *self, unsigned buttons, int x, int y)
{
	vit_vnc_input_message(self->input, &(VitRfbMessage){.type = VIT_RFB_POINTER,
							    .pointer = {(uint16_t)buttons,
									(uint16_t)x, (uint16_t)y}});
}

static void test_plain_keys(void)
{
	Fixture self;

	set_up(&self, "us");
	keysym(&self, XKB_KEY_a, true);
	keysym(&self, XKB_KEY_a, true);
	keysym(&self, XKB_KEY_a, false);
	keysym(&self, XKB_KEY_a, false);
	expect(&self, "+30 +30 -30");
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_A, true);
	keysym(&self, XKB_KEY_A, false);
	keysym(&self, XKB_KEY_Shift_L, false);
	expect(&self, "+42 +30 -30 -42");
	keysym(&self, 0x01004e2d, true);
	keysym(&self, 0x01004e2d, false);
	expect(&self, "");
	tear_down(&self);
}

static void test_shift_is_synthesised(void)
{
	Fixture self;

	set_up(&self, "us");
	/* The viewer's layout has it unshifted, or the viewer sends no modifiers at all. */
	keysym(&self, XKB_KEY_at, true);
	keysym(&self, XKB_KEY_at, false);
	expect(&self, "+42 +3 -3 -42");
	/* The viewer's layout has it under Shift: a German slash. */
	keysym(&self, XKB_KEY_Shift_R, true);
	keysym(&self, XKB_KEY_slash, true);
	keysym(&self, XKB_KEY_slash, false);
	keysym(&self, XKB_KEY_Shift_R, false);
	expect(&self, "+54 -54 +53 -53 +54 -54");
	/* Both are held: both go, both come back. */
	keysym(&self, XKB_KEY_Shift_R, true);
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_slash, true);
	expect(&self, "+54 +42 -42 -54 +53 -53 +54 +42");
	tear_down(&self);
}

static void test_altgr_is_synthesised(void)
{
	Fixture self;

	set_up(&self, "de");
	keysym(&self, XKB_KEY_at, true);
	keysym(&self, XKB_KEY_at, false);
	expect(&self, "+100 +16 -16 -100");
	/* A US viewer's @, under Shift. */
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_at, true);
	expect(&self, "+42 -42 +100 +16 -16 -100 +42");
	keysym(&self, XKB_KEY_Shift_L, false);
	expect(&self, "-42");
	/* A French viewer's \, under AltGr on another key; then a character that needs none. */
	keysym(&self, XKB_KEY_ISO_Level3_Shift, true);
	keysym(&self, XKB_KEY_backslash, true);
	keysym(&self, XKB_KEY_backslash, false);
	keysym(&self, XKB_KEY_numbersign, true);
	expect(&self, "+100 +12 -12 -100 +43 -43 +100");
	tear_down(&self);
}

static void test_modifiers_stay_for_other_keys(void)
{
	Fixture self;

	set_up(&self, "us");
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_ISO_Left_Tab, true);
	keysym(&self, XKB_KEY_ISO_Left_Tab, false);
	keysym(&self, XKB_KEY_F1, true);
	keysym(&self, XKB_KEY_F1, false);
	keysym(&self, XKB_KEY_space, true);
	keysym(&self, XKB_KEY_space, false);
	expect(&self, "+42 +15 -15 +59 -59 +57 -57");
	keysym(&self, XKB_KEY_Control_L, true);
	keysym(&self, XKB_KEY_C, true);
	keysym(&self, XKB_KEY_C, false);
	expect(&self, "+29 +46 -46");
	tear_down(&self);
}

/* Shift pressed or released between: the key goes up by another name. */
static void test_released_by_another_name(void)
{
	Fixture self;

	set_up(&self, "us");
	keysym(&self, XKB_KEY_a, true);
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_A, false);
	keysym(&self, XKB_KEY_Shift_L, false);
	expect(&self, "+30 +42 -30 -42");
	/* On a German viewer's keyboard "," and ";" are one key, here they are two. */
	keysym(&self, XKB_KEY_comma, true);
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_semicolon, false);
	keysym(&self, XKB_KEY_Shift_L, false);
	expect(&self, "+51 +42 -51 -42");
	/* Something that was never pressed and is no character releases nothing. */
	keysym(&self, XKB_KEY_a, true);
	keysym(&self, XKB_KEY_F1, false);
	expect(&self, "+30");
	tear_down(&self);
}

/* More keys than fit: all that went down go up again. */
static void test_many_keys(void)
{
	Fixture self;

	set_up(&self, "us");
	for (uint32_t i = 0; i < 100; i++) {
		keysym(&self, XKB_KEY_F1 + i % 12, true);
		keysym(&self, XKB_KEY_a + i % 26, true);
	}
	g_string_truncate(self.seen, 0);
	vit_vnc_input_release_all(self.input);
	g_assert_cmpuint(self.seen->len, >, 0);
	g_string_truncate(self.seen, 0);
	vit_vnc_input_release_all(self.input);
	expect(&self, "");
	tear_down(&self);
}

static void test_caps_lock_of_the_guest(void)
{
	Fixture self;

	set_up(&self, "us");
	vit_vnc_input_set_leds(self.input, VIT_LED_CAPS_LOCK);
	keysym(&self, XKB_KEY_A, true);
	keysym(&self, XKB_KEY_A, false);
	expect(&self, "+30 -30");
	keysym(&self, XKB_KEY_a, true);
	keysym(&self, XKB_KEY_a, false);
	expect(&self, "+42 +30 -30 -42");
	/* The guest's light follows the key before the guest says so. */
	keysym(&self, XKB_KEY_Caps_Lock, true);
	keysym(&self, XKB_KEY_Caps_Lock, false);
	keysym(&self, XKB_KEY_a, true);
	expect(&self, "+58 -58 +30");
	tear_down(&self);
}

static void test_num_lock_follows_the_viewer(void)
{
	Fixture self;

	set_up(&self, "us");
	keysym(&self, XKB_KEY_KP_1, true);
	keysym(&self, XKB_KEY_KP_1, false);
	expect(&self, "+79 -79");
	vit_vnc_input_set_leds(self.input, 0);
	keysym(&self, XKB_KEY_KP_1, true);
	keysym(&self, XKB_KEY_KP_1, false);
	expect(&self, "+69 -69 +79 -79");
	keysym(&self, XKB_KEY_KP_1, true);
	keysym(&self, XKB_KEY_KP_1, false);
	keysym(&self, XKB_KEY_KP_Enter, true);
	keysym(&self, XKB_KEY_KP_Enter, false);
	expect(&self, "+79 -79 +96 -96");
	keysym(&self, XKB_KEY_KP_End, true);
	expect(&self, "+69 -69 +79");
	vit_vnc_input_set_leds(self.input, VIT_LED_NUM_LOCK);
	keysym(&self, XKB_KEY_Shift_L, true);
	keysym(&self, XKB_KEY_KP_Home, true);
	expect(&self, "+42 +71");
	tear_down(&self);
}

static void test_extended_keys(void)
{
	Fixture self;

	set_up(&self, "us");
	extended_key(&self, XKB_KEY_Down, 0xd0, true);
	extended_key(&self, XKB_KEY_Down, 0xd0, false);
	extended_key(&self, XKB_KEY_Down, 0xd0, false);
	expect(&self, "+108 -108");
	/* The number says which key; the keysym, of the viewer's layout, does not. */
	extended_key(&self, XKB_KEY_z, 0x15, true);
	extended_key(&self, XKB_KEY_z, 0x15, false);
	expect(&self, "+21 -21");
	/* Without a number the keysym has to do. */
	extended_key(&self, XKB_KEY_at, 0, true);
	extended_key(&self, XKB_KEY_at, 0, false);
	extended_key(&self, 0, 0, true);
	extended_key(&self, 0, 0xffffffff, true);
	expect(&self, "+42 +3 -3 -42");
	tear_down(&self);
}

static void test_extended_keys_sync_locks(void)
{
	Fixture self;

	set_up(&self, "us");
	/* Nobody knows the lights: nothing is done about them. */
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	extended_key(&self, XKB_KEY_A, 0x1e, false);
	expect(&self, "+30 -30");
	vit_vnc_input_set_leds(self.input, 0);
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	extended_key(&self, XKB_KEY_A, 0x1e, false);
	expect(&self, "+58 -58 +30 -30");
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	extended_key(&self, XKB_KEY_A, 0x1e, false);
	expect(&self, "+30 -30");
	extended_key(&self, XKB_KEY_Shift_L, 0x2a, true);
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	expect(&self, "+42 +58 -58 +30");
	extended_key(&self, XKB_KEY_A, 0x1e, false);
	extended_key(&self, XKB_KEY_Shift_L, 0x2a, false);
	expect(&self, "-30 -42");
	/* Ctrl with a letter tells nothing about the lock. */
	extended_key(&self, XKB_KEY_Control_L, 0x1d, true);
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	expect(&self, "+29 +30");
	/* The lock key itself goes through, and is not undone by the next letter. */
	extended_key(&self, XKB_KEY_Control_L, 0x1d, false);
	extended_key(&self, XKB_KEY_Caps_Lock, 0x3a, true);
	extended_key(&self, XKB_KEY_Caps_Lock, 0x3a, false);
	extended_key(&self, XKB_KEY_A, 0x1e, true);
	expect(&self, "-29 +58 -58 +30");
	tear_down(&self);
}

static void test_pointer_absolute(void)
{
	Fixture self;

	set_up(&self, "us");
	pointer(&self, 0, 3, 4);
	pointer(&self, 0, 3, 4);
	expect(&self, "@3,4");
	pointer(&self, VIT_RFB_BUTTON_LEFT, 3, 4);
	pointer(&self, VIT_RFB_BUTTON_LEFT, 5, 4);
	pointer(&self, 0, 5, 4);
	expect(&self, "@3,4 +b110 @5,4 @5,4 -b110");
	pointer(&self, 0x1ff, 65535, 65535);
	expect(&self, "@65535,65535 +b110 +b112 +b111 w0,-1 w0,1 w-1,0 w1,0 +b113 +b114");
	pointer(&self, 0xfe00, 65535, 65535);
	expect(&self, "@65535,65535 -b110 -b112 -b111 -b113 -b114");
	tear_down(&self);
}

static void test_pointer_relative(void)
{
	Fixture self;

	set_up(&self, "us");
	vit_vnc_input_set_pointer_mode(self.input, VIT_VNC_POINTER_DIFFERENCES);
	pointer(&self, 0, 100, 100);
	expect(&self, "");
	pointer(&self, 0, 103, 96);
	pointer(&self, VIT_RFB_BUTTON_LEFT, 103, 96);
	expect(&self, "~3,-4 +b110");
	vit_vnc_input_set_pointer_mode(self.input, VIT_VNC_POINTER_MOVEMENTS);
	pointer(&self, VIT_RFB_BUTTON_LEFT, 0x7fff + 2, 0x7fff - 1);
	pointer(&self, 0, 0x7fff, 0x7fff);
	pointer(&self, 0, 0, 65535);
	expect(&self, "~2,-1 -b110 ~-32767,32768");
	/* No jump by the difference to a position of long ago. */
	vit_vnc_input_set_pointer_mode(self.input, VIT_VNC_POINTER_DIFFERENCES);
	pointer(&self, 0, 500, 500);
	expect(&self, "");
	vit_vnc_input_set_pointer_mode(self.input, VIT_VNC_POINTER_ABSOLUTE);
	pointer(&self, 0, 500, 500);
	expect(&self, "@500,500");
	tear_down(&self);
}

static void test_release_all(void)
{
	Fixture self;

	set_up(&self, "us");
	keysym(&self, XKB_KEY_Control_L, true);
	extended_key(&self, XKB_KEY_Alt_L, 0x38, true);
	pointer(&self, VIT_RFB_BUTTON_RIGHT | VIT_RFB_BUTTON_WHEEL_UP, 1, 1);
	expect(&self, "+29 +56 @1,1 +b111 w0,-1");
	vit_vnc_input_release_all(self.input);
	expect(&self, "-29 -56 -b111");
	/* It may go on: what it still holds is pressed anew. */
	keysym(&self, XKB_KEY_Control_L, false);
	pointer(&self, VIT_RFB_BUTTON_RIGHT, 1, 1);
	expect(&self, "@1,1 +b111");
	tear_down(&self);
}

static void test_view_only(void)
{
	Fixture self;

	set_up_with(&self, "us", true);
	keysym(&self, XKB_KEY_a, true);
	extended_key(&self, XKB_KEY_a, 0x1e, true);
	pointer(&self, VIT_RFB_BUTTON_LEFT, 1, 1);
	vit_vnc_input_set_leds(self.input, ALL_LOCKS);
	vit_vnc_input_release_all(self.input);
	expect(&self, "");
	tear_down(&self);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/vnc-input/plain-keys", test_plain_keys);
	vit_test_add("/vnc-input/shift-is-synthesised", test_shift_is_synthesised);
	vit_test_add("/vnc-input/altgr-is-synthesised", test_altgr_is_synthesised);
	vit_test_add("/vnc-input/modifiers-stay-for-other-keys",
		     test_modifiers_stay_for_other_keys);
	vit_test_add("/vnc-input/released-by-another-name", test_released_by_another_name);
	vit_test_add("/vnc-input/many-keys-are-bounded", test_many_keys);
	vit_test_add("/vnc-input/caps-lock-of-the-guest", test_caps_lock_of_the_guest);
	vit_test_add("/vnc-input/num-lock-follows-the-viewer", test_num_lock_follows_the_viewer);
	vit_test_add("/vnc-input/extended-keys", test_extended_keys);
	vit_test_add("/vnc-input/extended-keys-sync-locks", test_extended_keys_sync_locks);
	vit_test_add("/vnc-input/pointer-absolute", test_pointer_absolute);
	vit_test_add("/vnc-input/pointer-relative", test_pointer_relative);
	vit_test_add("/vnc-input/release-all", test_release_all);
	vit_test_add("/vnc-input/view-only", test_view_only);
	return g_test_run();
}

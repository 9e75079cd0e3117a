/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What a viewer holds is released once, and as what it was. */
#include "server/held-input.h"

#include <glib.h>
#include <linux/input-event-codes.h>

#include "tests/support/fixture.h"

static VitInput key(uint32_t code, bool down)
{
	return (VitInput){.type = VIT_INPUT_KEY, .key = {.code = code, .down = down}};
}

static VitInput button(uint32_t code, bool down)
{
	return (VitInput){.type = VIT_INPUT_BUTTON, .button = {.code = code, .down = down}};
}

static void on_release(void *user_data, const VitInput *input)
{
	g_array_append_vals(user_data, input, 1);
}

static GArray *release_all(VitHeldInput *held)
{
	GArray *released = g_array_new(FALSE, FALSE, sizeof(VitInput));

	vit_held_input_release_all(held, on_release, released);
	return released;
}

static void test_releases_what_is_down(void)
{
	const VitInput inputs[] = {
		key(KEY_A, true),       key(KEY_B, true),       key(KEY_B, false),
		button(BTN_LEFT, true), button(BTN_SIDE, true), button(BTN_SIDE, false),
		key(KEY_MICMUTE, true), key(KEY_MAX, true),     key(KEY_LEFTSHIFT, true)};
	VitHeldInput held = {0};
	g_autoptr(GArray) released = NULL;
	g_autoptr(GArray) again = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(inputs); i++) {
		vit_held_input_note(&held, &inputs[i]);
	}
	g_assert_true(vit_held_input_has(&held, KEY_A));
	g_assert_false(vit_held_input_has(&held, KEY_B));
	g_assert_true(vit_held_input_has(&held, BTN_LEFT));

	released = release_all(&held);
	g_assert_cmpuint(released->len, ==, 5);
	for (unsigned i = 0; i < released->len; i++) {
		const VitInput *input = &g_array_index(released, VitInput, i);
		bool is_button = input->type == VIT_INPUT_BUTTON;

		g_assert_false(is_button ? input->button.down : input->key.down);
		g_assert_true(is_button == (input->key.code == BTN_LEFT));
	}
	again = release_all(&held);
	g_assert_cmpuint(again->len, ==, 0);
}

static void test_ignores_what_cannot_be_held(void)
{
	const VitInput inputs[] = {
		key(VIT_HELD_INPUT_CODES, true),
		key(UINT32_MAX, true),
		{.type = VIT_INPUT_WHEEL, .wheel = {.dy = 1}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {.x = 30, .y = 1}},
	};
	VitHeldInput held = {0};
	g_autoptr(GArray) released = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(inputs); i++) {
		vit_held_input_note(&held, &inputs[i]);
	}
	g_assert_false(vit_held_input_has(&held, UINT32_MAX));
	released = release_all(&held);
	g_assert_cmpuint(released->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/held-input/releases-what-is-down", test_releases_what_is_down);
	vit_test_add("/held-input/ignores-what-cannot-be-held", test_ignores_what_cannot_be_held);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What of a viewer's input reaches a fake QEMU. */
#include <linux/input-event-codes.h>
#include <math.h>

#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"
#include "tests/support/qemu-rig.h"

static bool is_absolute(void *user_data)
{
	return ((const VitTestHead *)user_data)->absolute;
}

static void send_key(VitQemuRig *self, uint32_t code, bool down)
{
	const VitInput input = {.type = VIT_INPUT_KEY, .key = {code, down}};

	vit_input_sink_send(self->head->sink, &input);
}

static void send_button(VitQemuRig *self, uint32_t code, bool down)
{
	const VitInput input = {.type = VIT_INPUT_BUTTON, .button = {code, down}};

	vit_input_sink_send(self->head->sink, &input);
}

static void send_position(VitQemuRig *self, uint32_t x, uint32_t y)
{
	const VitInput input = {.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {x, y}};

	vit_input_sink_send(self->head->sink, &input);
}

static void send_distance(VitQemuRig *self, int32_t dx, int32_t dy)
{
	const VitInput input = {.type = VIT_INPUT_POINTER_RELATIVE, .relative = {dx, dy}};

	vit_input_sink_send(self->head->sink, &input);
}

static void send_wheel(VitQemuRig *self, int32_t dx, int32_t dy)
{
	const VitInput input = {.type = VIT_INPUT_WHEEL, .wheel = {dx, dy}};

	vit_input_sink_send(self->head->sink, &input);
}

static void send_touch(VitQemuRig *self, VitTouchPhase phase, uint32_t slot, double x, double y)
{
	const VitInput input = {.type = VIT_INPUT_TOUCH, .touch = {phase, slot, x, y}};

	vit_input_sink_send(self->head->sink, &input);
}

/* Waits until the VM has got just these, a line each, and forgets them. */
static void expect_inputs(VitQemuRig *self, const char *const *expected)
{
	unsigned n_expected = g_strv_length((char **)expected);

	vit_test_wait_count("the input", &self->qemu->inputs->len, n_expected);
	for (unsigned i = 0; i < n_expected; i++) {
		g_assert_cmpstr(self->qemu->inputs->pdata[i], ==, expected[i]);
	}
	g_assert_cmpuint(self->qemu->inputs->len, ==, n_expected);
	g_ptr_array_set_size(self->qemu->inputs, 0);
}

#define EXPECT_INPUTS(rig, ...) expect_inputs(rig, (const char *const[]){__VA_ARGS__, NULL})

/* A head whose pointer mode and limits are known. */
static void set_up_input(VitQemuRig *self, bool absolute)
{
	vit_qemu_rig_init(self);
	self->qemu->consoles[0].is_absolute = absolute;
	vit_qemu_rig_connect(self, 1);
	vit_test_wait_count("the pointer mode", &self->head->pointer_modes, 1);
	/* The touch interface is the last to be read. */
	send_touch(self, VIT_TOUCH_CANCEL, 0, 0, 0);
	while (self->qemu->inputs->len == 0) {
		vit_test_run_for_ms(1);
		send_touch(self, VIT_TOUCH_CANCEL, 0, 0, 0);
	}
	vit_test_run_for_ms(20);
	g_ptr_array_set_size(self->qemu->inputs, 0);
}

static void test_keys(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	send_key(&rig, KEY_A, true);
	send_key(&rig, KEY_A, true); /* repeats */
	send_key(&rig, KEY_A, false);
	send_key(&rig, KEY_A, false); /* is up already */
	send_key(&rig, KEY_B, false); /* never was down */
	send_key(&rig, UINT32_MAX, true);
	send_key(&rig, KEY_RIGHTALT, true);
	EXPECT_INPUTS(&rig, "0 Keyboard.Press (30,)", "0 Keyboard.Press (30,)",
		      "0 Keyboard.Release (30,)", "0 Keyboard.Press (184,)");
	vit_qemu_rig_clear(&rig);
}

static void test_buttons_and_wheel(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	send_button(&rig, BTN_LEFT, true);
	send_button(&rig, BTN_LEFT, false);
	send_button(&rig, BTN_MIDDLE, true);
	send_button(&rig, BTN_RIGHT, true);
	send_button(&rig, BTN_SIDE, true);
	send_button(&rig, BTN_EXTRA, true);
	send_button(&rig, BTN_TOUCH, true);
	send_button(&rig, BTN_RIGHT, false);
	EXPECT_INPUTS(&rig, "0 Mouse.Press (0,)", "0 Mouse.Release (0,)", "0 Mouse.Press (1,)",
		      "0 Mouse.Press (2,)", "0 Mouse.Press (5,)", "0 Mouse.Press (6,)",
		      "0 Mouse.Release (2,)");
	send_wheel(&rig, 0, -1);
	send_wheel(&rig, 5, 0);
	send_wheel(&rig, 0, 2);
	EXPECT_INPUTS(&rig, "0 Mouse.Press (3,)", "0 Mouse.Release (3,)", "0 Mouse.Press (4,)",
		      "0 Mouse.Release (4,)", "0 Mouse.Press (4,)", "0 Mouse.Release (4,)");
	vit_qemu_rig_clear(&rig);
}

static void test_wheel_is_bounded(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	send_wheel(&rig, 0, INT32_MIN);
	vit_test_wait_count("the notches", &rig.qemu->inputs->len, 32);
	send_key(&rig, KEY_A, true);
	vit_test_wait_count("the key", &rig.qemu->inputs->len, 33);
	g_assert_cmpstr(rig.qemu->inputs->pdata[32], ==, "0 Keyboard.Press (30,)");
	vit_qemu_rig_clear(&rig);
}

static void test_positions(void)
{
	VitQemuRig rig;

	set_up_input(&rig, true);
	send_position(&rig, 3, 4);
	EXPECT_INPUTS(&rig, "0 Mouse.SetAbsPosition (3, 4)");
	send_position(&rig, 640, UINT32_MAX);
	EXPECT_INPUTS(&rig, "0 Mouse.SetAbsPosition (639, 479)");
	vit_qemu_rig_clear(&rig);
}

static void test_distances(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	send_distance(&rig, -3, 4);
	EXPECT_INPUTS(&rig, "0 Mouse.RelMotion (-3, 4)");
	vit_qemu_rig_clear(&rig);
}

/* A motion that the VM does not want makes us look again at what it wants. */
static void test_wrong_kind_of_motion(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	rig.qemu->consoles[0].is_absolute = true;
	send_distance(&rig, 1, 1);
	vit_test_wait("the new pointer mode", 20, is_absolute, rig.head);
	vit_qemu_rig_clear(&rig);
}

static void test_touch(void)
{
	VitQemuRig rig;

	set_up_input(&rig, true);
	send_touch(&rig, VIT_TOUCH_BEGIN, 9, 1.5, 2.5);
	send_touch(&rig, VIT_TOUCH_UPDATE, 9, 2.5, 2.5);
	send_touch(&rig, VIT_TOUCH_END, 9, 2.5, 2.5);
	send_touch(&rig, VIT_TOUCH_BEGIN, 10, 1, 1); /* has no such finger */
	send_touch(&rig, VIT_TOUCH_BEGIN, 0, (double)NAN, 1);
	send_touch(&rig, VIT_TOUCH_CANCEL, 0, 0, 0);
	EXPECT_INPUTS(&rig, "0 MultiTouch.SendEvent (0, 9, 1.5, 2.5)",
		      "0 MultiTouch.SendEvent (1, 9, 2.5, 2.5)",
		      "0 MultiTouch.SendEvent (2, 9, 2.5, 2.5)",
		      "0 MultiTouch.SendEvent (3, 0, 0.0, 0.0)");
	vit_qemu_rig_clear(&rig);
}

/* QEMU before 8.1 has no touch. */
static void test_no_touch(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->consoles[0].touch_slots = -1;
	vit_qemu_rig_connect(&rig, 1);
	vit_test_wait_count("the pointer mode", &rig.head->pointer_modes, 1);
	send_touch(&rig, VIT_TOUCH_BEGIN, 0, 1, 1);
	send_key(&rig, KEY_A, true);
	EXPECT_INPUTS(&rig, "0 Keyboard.Press (30,)");
	vit_qemu_rig_clear(&rig);
}

static void test_set_size(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	vit_input_sink_set_size(rig.head->sink, 1920, 1080, 0, 0);
	vit_input_sink_set_size(rig.head->sink, 800, 600, 300, 200000);
	/* To QEMU a side of 0 unplugs the monitor. */
	vit_input_sink_set_size(rig.head->sink, 0, 600, 0, 0);
	vit_input_sink_set_size(rig.head->sink, 65536, 600, 0, 0);
	EXPECT_INPUTS(&rig, "0 Console.SetUIInfo (508, 285, 0, 0, 1920, 1080)",
		      "0 Console.SetUIInfo (300, 65535, 0, 0, 800, 600)");
	vit_qemu_rig_clear(&rig);
}

/* A VM that does not answer gets few calls, the last position, and every release. */
static void test_input_is_bounded(void)
{
	VitQemuRig rig;
	unsigned n_calls;

	set_up_input(&rig, true);
	rig.qemu->ignores_input = true;
	for (uint32_t i = 0; i < 1000; i++) {
		send_position(&rig, i % 640, 7);
	}
	send_key(&rig, KEY_A, true);
	for (unsigned i = 0; i < 1000; i++) {
		send_wheel(&rig, 0, 1);
		send_key(&rig, KEY_B, true);
		send_touch(&rig, VIT_TOUCH_UPDATE, 0, 1, 1);
		send_touch(&rig, VIT_TOUCH_END, 0, 1, 1);
	}
	send_key(&rig, KEY_A, false);
	vit_input_sink_set_size(rig.head->sink, 800, 600, 0, 0);
	vit_test_wait_count("the calls", &rig.qemu->inputs->len, 256);
	vit_test_run_for_ms(50);
	n_calls = rig.qemu->inputs->len;
	g_assert_cmpuint(n_calls, <=, 600);
	g_assert_cmpstr(rig.qemu->inputs->pdata[16], ==, "0 Mouse.SetAbsPosition (359, 7)");
	g_assert_cmpstr(rig.qemu->inputs->pdata[17], ==, "0 Keyboard.Press (30,)");
	g_assert_cmpstr(rig.qemu->inputs->pdata[n_calls - 1], ==, "0 Keyboard.Release (30,)");
	vit_qemu_rig_clear(&rig);
}

static void test_motion_is_merged(void)
{
	VitQemuRig rig;
	unsigned n_calls;

	set_up_input(&rig, false);
	for (unsigned i = 0; i < 1000; i++) {
		send_distance(&rig, 1, -1);
	}
	send_distance(&rig, INT32_MAX, INT32_MIN); /* saturates */
	send_button(&rig, BTN_LEFT, true);
	vit_test_wait_count("the calls", &rig.qemu->inputs->len, 18);
	n_calls = rig.qemu->inputs->len;
	g_assert_cmpuint(n_calls, ==, 18);
	g_assert_cmpstr(rig.qemu->inputs->pdata[16], ==,
			"0 Mouse.RelMotion (2147483647, -2147483648)");
	g_assert_cmpstr(rig.qemu->inputs->pdata[17], ==, "0 Mouse.Press (0,)");
	vit_qemu_rig_clear(&rig);
}

/* What was held in a VM that is gone is not released in the next one. */
static void test_input_over_a_restart(void)
{
	VitQemuRig rig;

	set_up_input(&rig, false);
	send_key(&rig, KEY_A, true);
	EXPECT_INPUTS(&rig, "0 Keyboard.Press (30,)");
	vit_fake_qemu_kill(rig.qemu);
	vit_test_wait_count("the loss", &rig.head->losses, 1);
	send_key(&rig, KEY_B, true);
	send_position(&rig, 1, 1);
	vit_input_sink_set_size(rig.head->sink, 800, 600, 0, 0);
	vit_fake_qemu_start(rig.qemu);
	vit_test_wait_count("the listener", &rig.qemu->n_listeners, 2);
	send_key(&rig, KEY_A, false);
	send_key(&rig, KEY_C, true);
	EXPECT_INPUTS(&rig, "0 Keyboard.Press (46,)");
	vit_qemu_rig_clear(&rig);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		VitTest test;
	} tests[] = {
		{"/qemu-input/keys", test_keys},
		{"/qemu-input/buttons-and-wheel", test_buttons_and_wheel},
		{"/qemu-input/wheel-is-bounded", test_wheel_is_bounded},
		{"/qemu-input/positions", test_positions},
		{"/qemu-input/distances", test_distances},
		{"/qemu-input/wrong-kind-of-motion", test_wrong_kind_of_motion},
		{"/qemu-input/touch", test_touch},
		{"/qemu-input/no-touch", test_no_touch},
		{"/qemu-input/set-size", test_set_size},
		{"/qemu-input/bounded", test_input_is_bounded},
		{"/qemu-input/motion-is-merged", test_motion_is_merged},
		{"/qemu-input/restart", test_input_over_a_restart},
	};

	g_test_init(&argc, &argv, NULL);
	vit_test_warm_up_gio();
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		vit_test_add(tests[i].path, tests[i].test);
	}
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What people type and point at, on its way to a producer that agreed to take it. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "tests/support/display-rig.h"
#include "tests/support/fixture.h"

static void expect_input(VitDisplayRig *rig, const VitDisplayInput *expected)
{
	VitFakeProducerMessage message;

	vit_fake_producer_expect(rig->producer, VIT_DISPLAY_SEND_INPUT, sizeof(*expected),
				 &message);
	g_assert_cmpuint(message.input.head, ==, expected->head);
	g_assert_cmpuint(message.input.type, ==, expected->type);
	g_assert_cmpuint(message.input.code, ==, expected->code);
	g_assert_cmpuint(message.input.value, ==, expected->value);
	g_assert_cmpint(message.input.x, ==, expected->x);
	g_assert_cmpint(message.input.y, ==, expected->y);
}

static void set_up(VitDisplayRig *rig)
{
	vit_display_rig_set_up(rig, 2);
	vit_fake_producer_agree(rig->producer, VIT_DISPLAY_INPUT);
	vit_fake_producer_settle(rig->producer);
}

static void test_every_kind(void)
{
	static const struct {
		VitInput input;
		VitDisplayInput expected;
	} rows[] = {
		{{.type = VIT_INPUT_KEY, .key = {KEY_A, true}},
		 {1, VIT_DISPLAY_KEY, KEY_A, 1, 0, 0}},
		{{.type = VIT_INPUT_KEY, .key = {KEY_A, false}},
		 {1, VIT_DISPLAY_KEY, KEY_A, 0, 0, 0}},
		{{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {12, 34}},
		 {1, VIT_DISPLAY_POINTER_ABSOLUTE, 0, 0, 12, 34}},
		{{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {UINT32_MAX, 0}},
		 {1, VIT_DISPLAY_POINTER_ABSOLUTE, 0, 0, VIT_BUFFER_MAX_SIDE, 0}},
		{{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {-5, 6}},
		 {1, VIT_DISPLAY_POINTER_RELATIVE, 0, 0, -5, 6}},
		{{.type = VIT_INPUT_BUTTON, .button = {BTN_RIGHT, true}},
		 {1, VIT_DISPLAY_BUTTON, BTN_RIGHT, 1, 0, 0}},
		{{.type = VIT_INPUT_WHEEL, .wheel = {0, -2}}, {1, VIT_DISPLAY_WHEEL, 0, 0, 0, -2}},
		{{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_UPDATE, 3, 1.5, 2.25}},
		 {1, VIT_DISPLAY_TOUCH, 3, VIT_TOUCH_UPDATE, 384, 576}},
		{{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_END, 3, -1e300, 1e300}},
		 {1, VIT_DISPLAY_TOUCH, 3, VIT_TOUCH_END, 0, VIT_BUFFER_MAX_SIDE * 256}},
	};
	VitDisplayRig rig;

	set_up(&rig);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		vit_input_sink_send(rig.recorder.heads[1].sink, &rows[i].input);
		expect_input(&rig, &rows[i].expected);
	}
	vit_display_rig_tear_down(&rig);
}

static void test_not_sent_unless_agreed(void)
{
	const VitInput input = {.type = VIT_INPUT_KEY, .key = {KEY_A, true}};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_settle(rig.producer);
	vit_input_sink_send(rig.head->sink, &input);
	vit_display_rig_expect_silence(&rig);
	vit_display_rig_tear_down(&rig);
}

static void test_dropped_without_producer(void)
{
	const VitInput input = {.type = VIT_INPUT_KEY, .key = {KEY_A, true}};
	VitDisplayRig rig;

	set_up(&rig);
	vit_fake_producer_vanish(rig.producer);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	vit_input_sink_send(rig.head->sink, &input);
	vit_input_sink_set_size(rig.head->sink, 300, 200, 0, 0);
	vit_display_rig_tear_down(&rig);
}

static void test_guest_state(void)
{
	const VitDisplayInputState state = {1, 0, VIT_LED_CAPS_LOCK};
	VitDisplayRig rig;

	set_up(&rig);
	rig.recorder.heads[1].absolute = true;
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_INPUT_STATE, &state, sizeof(state));
	vit_test_wait_count("the lights", &rig.recorder.heads[1].leds, 1);
	g_assert_cmpuint(rig.recorder.heads[1].pointer_modes, ==, 1);
	g_assert_false(rig.recorder.heads[1].absolute);
	g_assert_cmpuint(rig.recorder.heads[1].lit, ==, VIT_LED_CAPS_LOCK);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* Fills the socket to a producer that does not read, so that what follows waits here. */
static unsigned jam(VitDisplayRig *rig)
{
	const VitInput key = {.type = VIT_INPUT_KEY, .key = {KEY_B, true}};
	/* Larger than any socket's buffer, were it not for what each message costs there. */
	const unsigned n_keys = 1000;

	vit_fake_producer_stop_reading(rig->producer);
	for (unsigned i = 0; i < n_keys; i++) {
		vit_input_sink_send(rig->head->sink, &key);
	}
	return n_keys;
}

/* Motions that wait become one; keys and buttons are all kept, in their order. */
static void test_motions_are_merged(void)
{
	static const VitInput inputs[] = {
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {1, 1}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {2, 2}},
		{.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, true}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {3, 3}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {4, 4}},
		{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {5, -5}},
		{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {INT32_MAX, INT32_MIN}},
		{.type = VIT_INPUT_WHEEL, .wheel = {0, 1}},
		{.type = VIT_INPUT_WHEEL, .wheel = {1, 1}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_UPDATE, 0, 1, 1}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_UPDATE, 0, 2, 2}},
	};
	static const VitDisplayInput expected[] = {
		{0, VIT_DISPLAY_POINTER_ABSOLUTE, 0, 0, 2, 2},
		{0, VIT_DISPLAY_BUTTON, BTN_LEFT, 1, 0, 0},
		{0, VIT_DISPLAY_POINTER_ABSOLUTE, 0, 0, 4, 4},
		{0, VIT_DISPLAY_POINTER_RELATIVE, 0, 0, INT32_MAX, INT32_MIN},
		{0, VIT_DISPLAY_WHEEL, 0, 0, 1, 2},
		{0, VIT_DISPLAY_TOUCH, 0, VIT_TOUCH_UPDATE, 256, 256},
		{0, VIT_DISPLAY_TOUCH, 0, VIT_TOUCH_UPDATE, 512, 512},
		{1, VIT_DISPLAY_POINTER_ABSOLUTE, 0, 0, 2, 2},
	};
	const VitDisplayInput key = {0, VIT_DISPLAY_KEY, KEY_B, 1, 0, 0};
	VitDisplayRig rig;
	unsigned n_keys;

	set_up(&rig);
	n_keys = jam(&rig);
	for (unsigned i = 0; i < G_N_ELEMENTS(inputs); i++) {
		vit_input_sink_send(rig.head->sink, &inputs[i]);
	}
	/* That of another head is another pointer. */
	vit_input_sink_send(rig.recorder.heads[1].sink, &inputs[1]);
	vit_fake_producer_go_on_reading(rig.producer);
	for (unsigned i = 0; i < n_keys; i++) {
		expect_input(&rig, &key);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
		expect_input(&rig, &expected[i]);
	}
	vit_display_rig_tear_down(&rig);
}

/* It is left, so that no key is lost without a word. */
static void test_producer_that_never_reads(void)
{
	VitDisplayRig rig;

	set_up(&rig);
	for (unsigned i = 0; i < 100 && rig.head->losses == 0; i++) {
		(void)jam(&rig);
		vit_test_run_for_ms(1);
	}
	g_assert_cmpuint(rig.head->losses, ==, 1);
	g_assert_nonnull(strstr(rig.head->loss->message, "does not read"));
	vit_display_rig_tear_down(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-input/every-kind", test_every_kind);
	vit_test_add("/display-input/not-sent-unless-agreed", test_not_sent_unless_agreed);
	vit_test_add("/display-input/dropped-without-producer", test_dropped_without_producer);
	vit_test_add("/display-input/guest-state", test_guest_state);
	vit_test_add("/display-input/motions-are-merged", test_motions_are_merged);
	vit_test_add("/display-input/producer-that-never-reads", test_producer_that_never_reads);
	return g_test_run();
}

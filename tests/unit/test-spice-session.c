/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What goes between a SPICE viewer and the guest beside pictures: keys, pointer, shapes, sizes. */
#include <linux/input-event-codes.h>
#include <spice-client.h>

#include "tests/support/fixture.h"
#include "tests/support/spice-rig.h"

#define PATIENCE_S 20

static bool has_inputs(void *user_data)
{
	const VitTestSpiceViewer *viewer = user_data;

	return viewer->inputs && viewer->n_channels >= 4;
}

static VitTestSpiceViewer *connect_with_inputs(VitSpiceRig *rig)
{
	VitTestSpiceViewer *viewer = vit_spice_rig_connect(rig);

	vit_test_wait("all channels", PATIENCE_S, has_inputs, viewer);
	return viewer;
}

static bool is_absolute(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->mouse_mode == SPICE_MOUSE_MODE_CLIENT;
}

static bool is_relative(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->mouse_mode == SPICE_MOUSE_MODE_SERVER;
}

static void assert_key(VitSpiceRig *rig, uint32_t code, bool down)
{
	VitInput input = vit_spice_rig_take_input(rig, 0);

	g_assert_cmpint(input.type, ==, VIT_INPUT_KEY);
	g_assert_cmpuint(input.key.code, ==, code);
	g_assert_cmpint(input.key.down, ==, down);
}

static void assert_button(VitSpiceRig *rig, unsigned head, uint32_t code, bool down)
{
	VitInput input = vit_spice_rig_take_input(rig, head);

	g_assert_cmpint(input.type, ==, VIT_INPUT_BUTTON);
	g_assert_cmpuint(input.button.code, ==, code);
	g_assert_cmpint(input.button.down, ==, down);
}

static void assert_position(VitSpiceRig *rig, unsigned head, uint32_t x, uint32_t y)
{
	VitInput input = vit_spice_rig_take_input(rig, head);

	g_assert_cmpint(input.type, ==, VIT_INPUT_POINTER_ABSOLUTE);
	g_assert_cmpuint(input.absolute.x, ==, x);
	g_assert_cmpuint(input.absolute.y, ==, y);
}

static void test_keys(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	spice_inputs_channel_key_press(viewer->inputs, 0x1e);
	spice_inputs_channel_key_release(viewer->inputs, 0x1e);
	spice_inputs_channel_key_press_and_release(viewer->inputs, 0x148); /* extended */
	assert_key(rig, KEY_A, true);
	assert_key(rig, KEY_A, false);
	assert_key(rig, KEY_UP, true);
	assert_key(rig, KEY_UP, false);
}

static void test_releases_what_was_held(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	VitTestSpiceViewer *viewer = connect_with_inputs(rig);

	vit_test_wait("the absolute mode", PATIENCE_S, is_absolute, viewer);
	spice_inputs_channel_key_press(viewer->inputs, 0x2a);
	assert_key(rig, KEY_LEFTSHIFT, true);
	spice_inputs_channel_position(viewer->inputs, 7, 8, 0, SPICE_MOUSE_BUTTON_MASK_LEFT);
	assert_position(rig, 0, 7, 8);
	assert_button(rig, 0, BTN_LEFT, true);
	vit_test_spice_viewer_free(viewer);
	assert_key(rig, KEY_LEFTSHIFT, false);
	assert_button(rig, 0, BTN_LEFT, false);
}

static void test_absolute_pointer(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	vit_test_wait("the absolute mode", PATIENCE_S, is_absolute, viewer);
	spice_inputs_channel_position(viewer->inputs, 100, 150, 0, 0);
	assert_position(rig, 0, 100, 150);
	spice_inputs_channel_button_press(viewer->inputs, SPICE_MOUSE_BUTTON_RIGHT,
					  SPICE_MOUSE_BUTTON_MASK_RIGHT);
	assert_position(rig, 0, 100, 150);
	assert_button(rig, 0, BTN_RIGHT, true);
	spice_inputs_channel_button_release(viewer->inputs, SPICE_MOUSE_BUTTON_RIGHT, 0);
	assert_position(rig, 0, 100, 150);
	assert_button(rig, 0, BTN_RIGHT, false);
	spice_inputs_channel_button_press(viewer->inputs, SPICE_MOUSE_BUTTON_DOWN, 0);
	assert_position(rig, 0, 100, 150);
	g_assert_cmpint(vit_spice_rig_take_input(rig, 0).wheel.dy, ==, 1);
}

static void test_relative_pointer(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = NULL;
	VitInput input;

	vit_frontend_pointer_mode(rig->spice, 0, false);
	viewer = connect_with_inputs(rig);
	vit_test_wait("the relative mode", PATIENCE_S, is_relative, viewer);
	spice_inputs_channel_motion(viewer->inputs, 5, -6, 0);
	input = vit_spice_rig_take_input(rig, 0);
	g_assert_cmpint(input.type, ==, VIT_INPUT_POINTER_RELATIVE);
	g_assert_cmpint(input.relative.dx, ==, 5);
	g_assert_cmpint(input.relative.dy, ==, -6);
	spice_inputs_channel_button_press(viewer->inputs, SPICE_MOUSE_BUTTON_MIDDLE,
					  SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	assert_button(rig, 0, BTN_MIDDLE, true);
	spice_inputs_channel_button_press(viewer->inputs, SPICE_MOUSE_BUTTON_UP,
					  SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	g_assert_cmpint(vit_spice_rig_take_input(rig, 0).wheel.dy, ==, -1);
	/* The guest starts to take positions, and stops again. */
	vit_frontend_pointer_mode(rig->spice, 0, true);
	assert_button(rig, 0, BTN_MIDDLE, false);
	vit_test_wait("the absolute mode", PATIENCE_S, is_absolute, viewer);
	spice_inputs_channel_position(viewer->inputs, 3, 4, 0, 0);
	assert_position(rig, 0, 3, 4);
	vit_frontend_pointer_mode(rig->spice, 0, false);
	vit_test_wait("the relative mode", PATIENCE_S, is_relative, viewer);
}

static bool has_two_displays(void *user_data)
{
	const VitTestSpiceViewer *viewer = user_data;

	return viewer->displays[0].n_draws > 0 && viewer->displays[1].n_draws > 0;
}

static void test_heads(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(2, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	vit_test_wait("two displays", PATIENCE_S, has_two_displays, viewer);
	vit_spice_rig_show(rig, 1, 400, 300);
	vit_spice_rig_send_frame(rig, 1);
	vit_test_spice_viewer_wait_stamp(viewer, 1, rig->heads[1].stamp.number);
	g_assert_cmpuint(viewer->displays[1].width, ==, 400);
	g_assert_cmpuint(viewer->displays[0].width, ==, 320);
	vit_test_wait("the absolute mode", PATIENCE_S, is_absolute, viewer);
	spice_inputs_channel_position(viewer->inputs, 9, 9, 1, 0);
	assert_position(rig, 1, 9, 9);
	/* One that is not there. */
	spice_inputs_channel_position(viewer->inputs, 9, 9, 7, 0);
	spice_inputs_channel_position(viewer->inputs, 1, 2, 0, 0);
	assert_position(rig, 0, 1, 2);
}

/* A head that comes while a viewer is connected. */
static void test_head_comes_late(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	vit_spice_rig_add_head(rig);
	vit_test_wait("two displays", PATIENCE_S, has_two_displays, viewer);
	vit_spice_rig_send_frame(rig, 1);
	vit_test_spice_viewer_wait_stamp(viewer, 1, rig->heads[1].stamp.number);
}

static bool has_cursor(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->n_cursors > 0;
}

static bool has_moved(void *user_data)
{
	const VitTestSpiceViewer *viewer = user_data;

	return viewer->n_cursor_moves > 0 && viewer->cursor_x == 40 && viewer->cursor_y == 50;
}

static bool is_hidden(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->cursor_hidden;
}

/* Half transparent red, opaque green, nothing. Premultiplied here, not there. */
static void test_cursor(void)
{
	static const uint32_t pixels[] = {0x80800000, 0xff00ff00, 0x00000000};
	static const uint8_t expected[] = {255, 0, 0, 128, 0, 255, 0, 255, 0, 0, 0, 0}; /* RGBA */
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitCursor) cursor = vit_cursor_new(3, 1, 2, 0, pixels, sizeof(pixels), NULL);
	g_autoptr(VitTestSpiceViewer) viewer = NULL;
	SpiceCursorShape *shape = NULL;

	vit_frontend_pointer_mode(rig->spice, 0, false);
	vit_frontend_cursor(rig->spice, 0, cursor);
	viewer = connect_with_inputs(rig); /* which comes after it */
	vit_test_wait("the shape", PATIENCE_S, has_cursor, viewer);
	g_object_get(viewer->cursor, "cursor", &shape, NULL);
	g_assert_cmpuint(shape->width, ==, 3);
	g_assert_cmpuint(shape->height, ==, 1);
	g_assert_cmpuint(shape->hot_spot_x, ==, 2);
	g_assert_cmpmem(shape->data, sizeof(expected), expected, sizeof(expected));
	g_boxed_free(SPICE_TYPE_CURSOR_SHAPE, shape);
	vit_frontend_cursor_moved(rig->spice, 0, 40, 50, true);
	vit_test_wait("the pointer to move", PATIENCE_S, has_moved, viewer);
	vit_frontend_cursor(rig->spice, 0, NULL);
	vit_test_wait("the pointer to hide", PATIENCE_S, is_hidden, viewer);
	viewer->n_cursors = 0;
	vit_frontend_cursor(rig->spice, 0, cursor);
	vit_test_wait("the shape again", PATIENCE_S, has_cursor, viewer);
}

/* Shapes of any size, as fast as they come, to a viewer that may be slow. */
static void test_many_cursors(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);
	size_t n_bytes = 4 * VIT_CURSOR_MAX_SIDE * VIT_CURSOR_MAX_SIDE;
	g_autofree void *pixels = g_malloc0(n_bytes);
	g_autoptr(VitCursor) cursor = vit_cursor_new(VIT_CURSOR_MAX_SIDE, VIT_CURSOR_MAX_SIDE, 0, 0,
						     pixels, n_bytes, NULL);

	for (int i = 0; i < 300; i++) {
		vit_frontend_cursor(rig->spice, 0, cursor);
		vit_frontend_cursor_moved(rig->spice, 0, i, i, true);
	}
	vit_test_wait("a shape", PATIENCE_S, has_cursor, viewer);
}

static bool has_agent(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->has_agent;
}

static bool has_wish(void *user_data)
{
	const VitSpiceRigHead *head = user_data;

	return head->n_wanted_sizes > 0 && head->wanted_width == 1000;
}

static void test_size_wish(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(2, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	vit_test_wait("the agent", PATIENCE_S, has_agent, viewer);
	spice_main_channel_update_display_enabled(viewer->main, 1, TRUE, FALSE);
	spice_main_channel_update_display(viewer->main, 1, 0, 0, 1000, 700, FALSE);
	(void)spice_main_channel_send_monitor_config(viewer->main);
	vit_test_wait("a wish for a size", PATIENCE_S, has_wish, &rig->heads[1]);
	g_assert_cmpuint(rig->heads[1].wanted_height, ==, 700);
	g_assert_cmpuint(rig->heads[0].n_wanted_sizes, ==, 0);
}

static bool has_caps_lock(void *user_data)
{
	unsigned modifiers;

	g_object_get(((VitTestSpiceViewer *)user_data)->inputs, "key-modifiers", &modifiers, NULL);
	return modifiers == SPICE_INPUTS_CAPS_LOCK;
}

static void test_leds(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = connect_with_inputs(rig);

	vit_frontend_leds(rig->spice, 0, VIT_LED_CAPS_LOCK);
	vit_test_wait("the lock light", PATIENCE_S, has_caps_lock, viewer);
}

/* What libraries open once and keep. */
static void warm_up(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);

	vit_test_spice_viewer_free(vit_spice_rig_connect(rig));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* viewers warn */
	warm_up();
	vit_test_add("/spice-session/keys", test_keys);
	vit_test_add("/spice-session/releases-what-was-held", test_releases_what_was_held);
	vit_test_add("/spice-session/pointer/absolute", test_absolute_pointer);
	vit_test_add("/spice-session/pointer/relative", test_relative_pointer);
	vit_test_add("/spice-session/heads/two", test_heads);
	vit_test_add("/spice-session/heads/comes-late", test_head_comes_late);
	vit_test_add("/spice-session/cursor/shape-and-place", test_cursor);
	vit_test_add("/spice-session/cursor/many", test_many_cursors);
	vit_test_add("/spice-session/size-wish", test_size_wish);
	vit_test_add("/spice-session/leds", test_leds);
	return g_test_run();
}

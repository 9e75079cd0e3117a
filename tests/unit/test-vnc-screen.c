/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The VNC front-end as a viewer sees it: size, pointer, and the other things beside pixels. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"
#include "tests/support/vnc-rig.h"

#define RED     0xffff0000
#define GREEN   0xff00ff00
#define BLACK   0xff000000
#define MAGENTA 0xffff00ff

/* Connects a viewer that knows these encodings, and gives it its first picture. */
static VitTestViewer *connect_with(VitVncRig *rig, const int32_t *encodings, unsigned n_encodings)
{
	VitTestViewer *viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_set_encodings(viewer, encodings, n_encodings);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
	return viewer;
}

#define CONNECT(rig, ...)                                                                          \
	connect_with(rig, (const int32_t[]){__VA_ARGS__},                                          \
		     sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void update(VitTestViewer *viewer, bool incremental)
{
	vit_test_viewer_request_all(viewer, incremental);
	vit_test_viewer_take_update(viewer);
}

/* ---- Size ---- */

static void check_resize(int32_t encoding)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, encoding);

	viewer->n_desktop_sizes = 0;
	vit_test_viewer_request_all(viewer, true);
	vit_vnc_rig_wait_requests(rig, 2);
	vit_vnc_rig_show(rig, 400, 300, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_desktop_sizes, ==, 1);
	g_assert_cmpuint(viewer->n_rects, ==, 1);
	g_assert_cmpuint(viewer->width, ==, 400);
	g_assert_cmpuint(viewer->height, ==, 300);
	g_assert_cmpuint(viewer->size_reason, ==, VIT_RFB_DESKTOP_SIZE_BY_SERVER);
	/* No picture before it has one. */
	vit_test_viewer_request_all(viewer, true);
	vit_vnc_rig_wait_requests(rig, 3);
	g_assert_false(vit_test_viewer_has_message(viewer));
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 400, 300}, RED);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 400 * 300);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 399, 299), ==, RED);
}

static void test_resize(void)
{
	check_resize(VIT_RFB_PSEUDO_DESKTOP_SIZE);
}

static void test_resize_extended(void)
{
	check_resize(VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE);
}

/* The size changes twice before the viewer asks again. */
static void test_resize_twice(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_DESKTOP_SIZE);

	vit_vnc_rig_show(rig, 640, 480, true);
	vit_vnc_rig_show(rig, 500, 100, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_desktop_sizes, ==, 1);
	g_assert_cmpuint(viewer->width, ==, 500);
	vit_vnc_rig_show(rig, 640, 480, true);
	vit_vnc_rig_show(rig, 500, 100, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_desktop_sizes, ==, 1); /* it is as it was */
	g_assert_cmpuint(viewer->n_pixels, ==, 500 * 100);
}

static void test_cut_off(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);

	vit_vnc_rig_show(rig, 400, 300, true);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 400, 300}, RED);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 319, 199), ==, RED);
}

static void test_black_beside(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);

	vit_vnc_rig_paint(rig, (VitRect){0, 0, 320, 200}, GREEN);
	update(viewer, true);
	vit_vnc_rig_show(rig, 100, 100, true);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 100, 100}, RED);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 99, 99), ==, RED);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 100, 99), ==, BLACK);
}

/* A viewer that says later that it can change its size. */
static void test_resize_once_known(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);
	const int32_t desktop_size = VIT_RFB_PSEUDO_DESKTOP_SIZE;

	vit_vnc_rig_show(rig, 400, 300, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->width, ==, 320);
	vit_test_viewer_set_encodings(viewer, &desktop_size, 1);
	update(viewer, true);
	g_assert_cmpuint(viewer->width, ==, 400);
}

static void check_set_size(VitTestViewer *viewer, uint16_t width, uint16_t height,
			   uint8_t n_screens, unsigned result)
{
	vit_test_viewer_set_desktop_size(viewer, width, height, n_screens);
	update(viewer, true);
	g_assert_cmpuint(viewer->size_reason, ==, VIT_RFB_DESKTOP_SIZE_BY_THIS_CLIENT);
	g_assert_cmpuint(viewer->size_result, ==, result);
}

static void test_set_size(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE);

	g_assert_cmpuint(viewer->n_desktop_sizes, ==, 1); /* the answer to a full request */
	check_set_size(viewer, 1000, 700, 1, VIT_RFB_DESKTOP_SIZE_REQUEST_FORWARDED);
	g_assert_cmpuint(rig->n_wanted_sizes, ==, 1);
	g_assert_cmpuint(rig->wanted_width, ==, 1000);
	g_assert_cmpuint(rig->wanted_height, ==, 700);
	g_assert_cmpuint(viewer->width, ==, 320); /* that is for the guest to decide */
	vit_vnc_rig_show(rig, 1000, 700, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->width, ==, 1000);
	g_assert_cmpuint(viewer->size_reason, ==, VIT_RFB_DESKTOP_SIZE_BY_SERVER);
}

static void test_set_size_refused(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE);

	check_set_size(viewer, 0, 700, 1, VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT);
	check_set_size(viewer, 700, 0, 1, VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT);
	check_set_size(viewer, 16385, 700, 1, VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT);
	check_set_size(viewer, 700, 65535, 1, VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT);
	check_set_size(viewer, 700, 700, 0, VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT);
	g_assert_cmpuint(rig->n_wanted_sizes, ==, 0);
}

/* ---- Pointer ---- */

static VitCursor *make_cursor(uint32_t side, uint32_t pixel)
{
	g_autofree uint32_t *pixels = g_new(uint32_t, side * side);
	g_autoptr(GError) error = NULL;
	VitCursor *cursor;

	for (uint32_t i = 0; i < side * side; i++) {
		pixels[i] = pixel;
	}
	cursor = vit_cursor_new(side, side, 1, 2, pixels, side * side * 4, &error);
	g_assert_no_error(error);
	return cursor;
}

static void show_cursor(VitVncRig *rig, uint32_t side, uint32_t pixel)
{
	g_autoptr(VitCursor) cursor = make_cursor(side, pixel);

	vit_frontend_cursor(rig->vnc, 0, cursor);
}

static void test_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR);

	g_assert_cmpuint(viewer->n_cursors, ==, 0); /* the guest has none: the viewer's own stays */
	show_cursor(rig, 16, 0x80800000);           /* red, half there */
	update(viewer, true);
	g_assert_cmpuint(viewer->n_cursors, ==, 1);
	g_assert_false(viewer->cursor_has_alpha);
	g_assert_cmpint(viewer->cursor.x, ==, 1);
	g_assert_cmpint(viewer->cursor.y, ==, 2);
	g_assert_cmpint(viewer->cursor.width, ==, 16);
	g_assert_cmphex(viewer->cursor_first_pixel & 0xffffff, ==, 0xff0000);
	g_assert_cmphex(viewer->cursor_first_mask, ==, 0xff);
	g_assert_cmpuint(viewer->n_pixels, ==, 0);
	show_cursor(rig, 16, 0x7f7f0000);
	update(viewer, true);
	g_assert_cmphex(viewer->cursor_first_mask, ==, 0);
}

/* libvncserver's own stalls the viewer above 32 KiB. */
static void test_big_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR);

	show_cursor(rig, VIT_CURSOR_MAX_SIDE, MAGENTA);
	update(viewer, true);
	g_assert_cmpint(viewer->cursor.width, ==, VIT_CURSOR_MAX_SIDE);
}

static void test_alpha_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = NULL;

	show_cursor(rig, 16, 0x80402010);
	viewer = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR, VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA);
	g_assert_cmpuint(viewer->n_cursors, ==, 1);
	g_assert_true(viewer->cursor_has_alpha);
	g_assert_cmphex(GUINT32_FROM_LE(viewer->cursor_first_pixel), ==, 0x80102040);
}

static void test_no_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = NULL;
	g_autoptr(VitTestViewer) viewer_with_alpha = NULL;

	show_cursor(rig, 16, MAGENTA);
	viewer = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR);
	viewer_with_alpha = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA);
	vit_frontend_cursor(rig->vnc, 0, NULL);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_cursors, ==, 2);
	g_assert_cmpint(viewer->cursor.width, ==, 0);
	update(viewer_with_alpha, true);
	g_assert_cmpint(viewer_with_alpha->cursor.width, ==, 0);
}

static void test_hidden_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_CURSOR);

	show_cursor(rig, 16, MAGENTA);
	update(viewer, true);
	g_assert_cmpint(viewer->cursor.width, ==, 16); /* nobody said that it is hidden */
	vit_frontend_cursor_moved(rig->vnc, 0, 5, 5, true);
	vit_frontend_cursor_moved(rig->vnc, 0, 5, 5, false);
	update(viewer, true);
	g_assert_cmpint(viewer->cursor.width, ==, 0);
	vit_frontend_cursor_moved(rig->vnc, 0, 6, 5, true);
	update(viewer, true);
	g_assert_cmpint(viewer->cursor.width, ==, 16);
}

static void test_drawn_cursor(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);

	show_cursor(rig, 16, MAGENTA);
	vit_frontend_cursor_moved(rig->vnc, 0, 101, 102, true); /* hot spot 1, 2 */
	update(viewer, true);
	g_assert_cmpuint(viewer->n_pixels, ==, 16 * 16);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 100, 100), ==, MAGENTA);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 115, 115), ==, MAGENTA);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 116, 115), ==, BLACK);
	/* What changes beneath does not swallow it. */
	vit_vnc_rig_paint(rig, (VitRect){64, 96, 64, 16}, GREEN);
	update(viewer, true);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 99, 100), ==, GREEN);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 100, 100), ==, MAGENTA);
	/* Where it was is the picture again. */
	vit_frontend_cursor_moved(rig->vnc, 0, 319, 199, true);
	update(viewer, true);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 100, 100), ==, GREEN);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 100, 113), ==, BLACK);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 319, 199), ==, MAGENTA);
	vit_frontend_cursor_moved(rig->vnc, 0, 319, 199, false);
	update(viewer, true);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 319, 199), ==, BLACK);
}

/* A VMM may say anything. */
static void test_cursor_far_away(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer =
		CONNECT(rig, VIT_RFB_ENCODING_RAW, VIT_RFB_PSEUDO_POINTER_POSITION);

	show_cursor(rig, 16, MAGENTA);
	vit_frontend_cursor_moved(rig->vnc, 0, G_MININT32, G_MAXINT32, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->pointer_x, ==, 0);
	g_assert_cmpuint(viewer->pointer_y, ==, 199);
	vit_frontend_cursor_moved(rig->vnc, 0, G_MAXINT32, G_MININT32, true);
	update(viewer, true);
	g_assert_cmpuint(viewer->pointer_x, ==, 319);
	g_assert_cmpuint(viewer->pointer_y, ==, 0);
}

/* The guest's pointer follows the viewer's: to send that back would pull at its mouse. */
static void test_own_pointer(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer =
		CONNECT(rig, VIT_RFB_PSEUDO_POINTER_POSITION, VIT_RFB_PSEUDO_CURSOR);
	g_autoptr(VitTestViewer) other =
		CONNECT(rig, VIT_RFB_PSEUDO_POINTER_POSITION, VIT_RFB_PSEUDO_CURSOR);

	vit_test_viewer_send_pointer(viewer, 0, 40, 50);
	vit_vnc_rig_wait_input(rig, 1);
	vit_frontend_cursor_moved(rig->vnc, 0, 40, 50, true);
	update(other, true);
	g_assert_cmpuint(other->n_pointer_positions, ==, 1);
	g_assert_cmpuint(other->pointer_x, ==, 40);
	vit_test_viewer_request_all(viewer, true);
	g_assert_false(vit_test_viewer_has_message(viewer));
}

static void test_pointer_mode(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_QEMU_POINTER_MOTION_CHANGE);
	const VitInput *input;

	g_assert_cmpuint(viewer->n_pointer_modes, ==, 1);
	g_assert_true(viewer->pointer_absolute);
	vit_frontend_pointer_mode(rig->vnc, 0, false);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_pointer_modes, ==, 2);
	g_assert_false(viewer->pointer_absolute);
	vit_test_viewer_send_pointer(viewer, 0, VIT_RFB_RELATIVE_ORIGIN + 3,
				     VIT_RFB_RELATIVE_ORIGIN - 4);
	vit_vnc_rig_wait_input(rig, 1);
	input = &g_array_index(rig->input, VitInput, 0);
	g_assert_cmpint(input->type, ==, VIT_INPUT_POINTER_RELATIVE);
	g_assert_cmpint(input->relative.dx, ==, 3);
	g_assert_cmpint(input->relative.dy, ==, -4);
}

/* A viewer that knows nothing of it: the differences of its positions count. */
static void test_pointer_differences(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);
	const VitInput *input;

	vit_frontend_pointer_mode(rig->vnc, 0, false);
	vit_test_viewer_send_pointer(viewer, 0, 100, 100);
	vit_test_viewer_send_pointer(viewer, VIT_RFB_BUTTON_LEFT, 100, 100);
	vit_vnc_rig_wait_input(rig, 1);
	vit_test_viewer_send_pointer(viewer, VIT_RFB_BUTTON_LEFT, 110, 95);
	vit_vnc_rig_wait_input(rig, 2);
	input = &g_array_index(rig->input, VitInput, 1);
	g_assert_cmpint(input->type, ==, VIT_INPUT_POINTER_RELATIVE);
	g_assert_cmpint(input->relative.dx, ==, 10);
	g_assert_cmpint(input->relative.dy, ==, -5);
}

/* ---- The rest ---- */

static void test_name(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_DESKTOP_NAME);
	g_autofree char *long_name = g_strnfill(254, 'n');
	g_autofree char *too_long = g_strconcat(long_name, "\303\244\303\266", NULL);

	vit_frontend_named(rig->vnc, "other");
	update(viewer, true);
	g_assert_cmpstr(viewer->name, ==, "other");
	vit_frontend_named(rig->vnc, too_long);
	update(viewer, true);
	g_assert_cmpstr(viewer->name, ==, long_name); /* no half a character */
}

static void test_leds(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_QEMU_LED_STATE);

	g_assert_cmpuint(viewer->n_leds, ==, 1);
	vit_frontend_leds(rig->vnc, 0, VIT_LED_NUM_LOCK | VIT_LED_CAPS_LOCK);
	update(viewer, true);
	g_assert_cmpuint(viewer->n_leds, ==, 2);
	g_assert_cmpuint(viewer->leds, ==, 6);
}

static void test_input_extensions(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT,
						  VIT_RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS);
	const uint8_t forward[] = {VIT_RFB_CLIENT_POINTER_EVENT, 0x80, 0, 9, 0, 9, 0x02};
	const uint8_t key_a[] = {VIT_RFB_CLIENT_QEMU, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 0x1e};
	const VitInput *input;

	g_assert_cmpuint(viewer->n_extended_keys, ==, 1);
	g_assert_cmpuint(viewer->n_extended_buttons, ==, 1);
	vit_test_viewer_send(viewer, forward, sizeof(forward));
	vit_test_viewer_send(viewer, key_a, sizeof(key_a));
	vit_vnc_rig_wait_input(rig, 3);
	input = &g_array_index(rig->input, VitInput, 1);
	g_assert_cmpint(input->type, ==, VIT_INPUT_BUTTON);
	g_assert_cmpuint(input->button.code, ==, BTN_EXTRA);
	input = &g_array_index(rig->input, VitInput, 2);
	g_assert_cmpint(input->type, ==, VIT_INPUT_KEY);
	g_assert_cmpuint(input->key.code, ==, KEY_A);
}

/* What a viewer held goes up when it goes. */
static void test_release(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	VitTestViewer *viewer = CONNECT(rig, VIT_RFB_ENCODING_RAW);
	const VitInput *input;

	vit_test_viewer_send_key(viewer, true, 'a');
	vit_vnc_rig_wait_input(rig, 1);
	vit_test_viewer_free(viewer);
	vit_vnc_rig_wait_input(rig, 2);
	input = &g_array_index(rig->input, VitInput, 1);
	g_assert_cmpint(input->type, ==, VIT_INPUT_KEY);
	g_assert_cmpuint(input->key.code, ==, KEY_A);
	g_assert_false(input->key.down);
}

/* What was told once is told again only to those who could not hear it before. */
static void test_encodings_again(void)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT,
				     VIT_RFB_PSEUDO_DESKTOP_NAME};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = CONNECT(rig, VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT);

	g_assert_cmpuint(viewer->n_extended_keys, ==, 1);
	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	update(viewer, true);
	g_assert_cmpuint(viewer->n_extended_keys, ==, 1);
	g_assert_cmpuint(viewer->n_rects, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/vnc/size/changes", test_resize);
	vit_test_add("/vnc/size/changes-extended", test_resize_extended);
	vit_test_add("/vnc/size/newest-wins", test_resize_twice);
	vit_test_add("/vnc/size/cut-off", test_cut_off);
	vit_test_add("/vnc/size/black-beside", test_black_beside);
	vit_test_add("/vnc/size/later-known", test_resize_once_known);
	vit_test_add("/vnc/size/wish", test_set_size);
	vit_test_add("/vnc/size/wish-refused", test_set_size_refused);
	vit_test_add("/vnc/cursor/mask", test_cursor);
	vit_test_add("/vnc/cursor/big", test_big_cursor);
	vit_test_add("/vnc/cursor/alpha", test_alpha_cursor);
	vit_test_add("/vnc/cursor/none", test_no_cursor);
	vit_test_add("/vnc/cursor/hidden", test_hidden_cursor);
	vit_test_add("/vnc/cursor/drawn", test_drawn_cursor);
	vit_test_add("/vnc/cursor/far-away", test_cursor_far_away);
	vit_test_add("/vnc/pointer/not-its-own", test_own_pointer);
	vit_test_add("/vnc/pointer/movements", test_pointer_mode);
	vit_test_add("/vnc/pointer/differences", test_pointer_differences);
	vit_test_add("/vnc/name", test_name);
	vit_test_add("/vnc/leds", test_leds);
	vit_test_add("/vnc/input/extensions", test_input_extensions);
	vit_test_add("/vnc/input/released-at-the-end", test_release);
	vit_test_add("/vnc/encodings/again", test_encodings_again);
	return g_test_run();
}

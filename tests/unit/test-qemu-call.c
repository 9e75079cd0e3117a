/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What each call of a VM's listener does to the picture. */
#include <drm_fourcc.h>
#include <pixman.h>
#include <unistd.h>

#include "config/error.h"
#include "tests/support/fixture.h"
#include "tests/support/listener-call.h"

#define WIDTH  VIT_CALL_WIDTH
#define HEIGHT VIT_CALL_HEIGHT
#define STRIDE VIT_CALL_STRIDE
#define BYTES  VIT_CALL_BYTES

static uint32_t pixel_at(const VitTestHead *head, uint32_t x, uint32_t y)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(head->buffer);
	off_t at = layout->offset_bytes[0] + (off_t)y * layout->stride_bytes[0] + (off_t)x * 4;
	uint32_t pixel = 0;

	g_assert_cmpint(pread(vit_buffer_peek_fd(head->buffer, 0), &pixel, sizeof(pixel), at), ==,
			sizeof(pixel));
	return pixel;
}

static void assert_shows(const VitTestHead *head, uint32_t width, uint32_t height)
{
	g_assert_nonnull(head->buffer);
	g_assert_cmpuint(vit_buffer_get_width(head->buffer), ==, width);
	g_assert_cmpuint(vit_buffer_get_height(head->buffer), ==, height);
}

static void assert_damaged(VitTestHead *head, int x, int y, int width, int height)
{
	pixman_region32_t expected;

	pixman_region32_init_rect(&expected, x, y, (unsigned)width, (unsigned)height);
	g_assert_false(head->damage_is_unknown);
	g_assert_true(pixman_region32_equal(&expected, &head->damage));
	pixman_region32_fini(&expected);
}

/* ---- Pixels in messages ---- */

static void test_scanout(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 0x11));
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.n_done, ==, 1);
	assert_shows(rig.head, WIDTH, HEIGHT);
	g_assert_cmpuint(vit_buffer_get_format(rig.head->buffer)->fourcc, ==, DRM_FORMAT_XRGB8888);
	g_assert_cmphex(pixel_at(rig.head, WIDTH - 1, HEIGHT - 1), ==, 0x11111111);
	vit_call_rig_clear(&rig);
}

/* QEMU 7.2 sends the whole picture for every change of it. */
static void test_scanout_of_same_mode_is_a_frame(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	for (uint8_t i = 1; i <= 60; i++) {
		vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, i));
	}
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.head->frames, ==, 59);
	g_assert_true(rig.head->damage_is_unknown);
	g_assert_cmphex(pixel_at(rig.head, 0, 0), ==, 60 * 0x01010101);
	vit_call_rig_clear(&rig);
}

static void test_scanout_of_another_mode(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT + 1, 2));
	vit_call_run(&rig, "Scanout",
		     g_variant_new("(uuuu@ay)", WIDTH, HEIGHT + 1, STRIDE, PIXMAN_r5g6b5,
				   vit_call_bytes(STRIDE * (HEIGHT + 1), 3)));
	g_assert_cmpuint(rig.head->scanouts, ==, 3);
	g_assert_cmpuint(rig.head->frames, ==, 0);
	g_assert_cmpuint(vit_buffer_get_format(rig.head->buffer)->fourcc, ==, DRM_FORMAT_RGB565);
	vit_call_rig_clear(&rig);
}

/* The last row may be shorter than the stride, and rows may be padded. */
static void test_scanout_with_padded_rows(void)
{
	const size_t stride = STRIDE + 12;
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout",
		     g_variant_new("(uuuu@ay)", WIDTH, HEIGHT, stride, PIXMAN_a8r8g8b8,
				   vit_call_bytes(stride * (HEIGHT - 1) + STRIDE, 5)));
	g_assert_cmphex(pixel_at(rig.head, WIDTH - 1, HEIGHT - 1), ==, 0x05050505);
	/* Alpha of a screen means nothing. */
	g_assert_cmpuint(vit_buffer_get_format(rig.head->buffer)->fourcc, ==, DRM_FORMAT_XRGB8888);
	vit_call_rig_clear(&rig);
}

static void test_scanout_spares_what_is_read(void)
{
	VitCallRig rig;
	VitFrame *first;
	uint32_t pixel;

	vit_call_rig_init(&rig);
	rig.head->hold_frames = true;
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 2));
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 3));
	first = rig.head->held->pdata[0];
	g_assert_true(vit_frame_get_buffer(first) != rig.head->buffer);
	g_assert_cmpint(
		pread(vit_buffer_peek_fd(vit_frame_get_buffer(first), 0), &pixel, sizeof(pixel), 0),
		==, sizeof(pixel));
	g_assert_cmphex(pixel, ==, 0x02020202);
	g_assert_cmphex(pixel_at(rig.head, 0, 0), ==, 0x03030303);
	vit_call_rig_clear(&rig);
}

/* Who lets go of nothing gets torn pictures, and costs no more memory than three of them. */
static void test_scanouts_that_nobody_lets_go(void)
{
	VitCallRig rig;
	unsigned n_fds;

	vit_call_rig_init(&rig);
	rig.head->hold_frames = true;
	for (uint8_t i = 0; i < 4; i++) {
		vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, i));
	}
	n_fds = vit_test_count_fds();
	for (uint8_t i = 0; i < 20; i++) {
		vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, i));
	}
	g_assert_cmpuint(vit_test_count_fds(), ==, n_fds);
	vit_call_rig_clear(&rig);
}

static void test_frames_outlive_the_picture(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	rig.head->hold_frames = true;
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 2));
	vit_call_rig_clear(&rig); /* the frame goes last */
}

static void test_update(void)
{
	VitCallRig rig;
	VitBuffer *buffer;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	buffer = rig.head->buffer;
	vit_call_run(&rig, "Update", vit_call_update(8, 4, 16, 2, 9));
	g_assert_cmpuint(rig.head->frames, ==, 1);
	assert_damaged(rig.head, 8, 4, 16, 2);
	g_assert_true(rig.head->buffer == buffer);
	g_assert_cmphex(pixel_at(rig.head, 8, 4), ==, 0x09090909);
	g_assert_cmphex(pixel_at(rig.head, 23, 5), ==, 0x09090909);
	g_assert_cmphex(pixel_at(rig.head, 7, 4), ==, 0x01010101);
	g_assert_cmphex(pixel_at(rig.head, 24, 5), ==, 0x01010101);
	g_assert_cmphex(pixel_at(rig.head, 8, 6), ==, 0x01010101);
	g_assert_cmpuint(rig.n_unsure, ==, 0);
	vit_call_rig_clear(&rig);
}

/* A VGA that goes to another mode sends no Scanout, but rows of a screen of another size. */
static void test_update_of_another_mode(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Update", vit_call_update(0, 0, WIDTH + 8, 2, 7));
	vit_call_run(&rig, "Update", vit_call_update(0, 2, WIDTH + 8, 2, 8));
	g_assert_cmpuint(rig.n_unsure, ==, 1);
	g_assert_cmpuint(rig.head->scanouts + rig.head->frames, ==, 1);
	vit_qemu_picture_set_console_size(rig.picture, WIDTH + 8, 20);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	assert_shows(rig.head, WIDTH + 8, 20);
	g_assert_cmphex(pixel_at(rig.head, WIDTH + 7, 1), ==, 0x07070707);
	g_assert_cmphex(pixel_at(rig.head, WIDTH + 7, 3), ==, 0x08080808);
	vit_call_run(&rig, "Update", vit_call_update(0, 4, WIDTH + 8, 2, 9));
	g_assert_cmpuint(rig.head->frames, ==, 1);
	vit_call_rig_clear(&rig);
}

static void test_update_without_scanout(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Update", vit_call_update(0, 0, 16, 16, 3));
	vit_call_run(&rig, "Update", vit_call_update(16, 16, 16, 16, 4));
	g_assert_cmpuint(rig.n_unsure, ==, 2);
	vit_qemu_picture_set_console_size(rig.picture, 32, 32);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	assert_shows(rig.head, 32, 32);
	g_assert_cmphex(pixel_at(rig.head, 15, 15), ==, 0x03030303);
	g_assert_cmphex(pixel_at(rig.head, 31, 31), ==, 0x04040404);
	vit_call_rig_clear(&rig);
}

static void test_update_in_another_format(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Update",
		     g_variant_new("(iiiiuu@ay)", 0, 0, 8, 8, 16, PIXMAN_r5g6b5,
				   vit_call_bytes(128, 2)));
	vit_qemu_picture_set_console_size(rig.picture, WIDTH, HEIGHT);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	g_assert_cmpuint(vit_buffer_get_format(rig.head->buffer)->fourcc, ==, DRM_FORMAT_RGB565);
	vit_call_rig_clear(&rig);
}

/* A VM that does not say how large its console is gets what its updates make likely. */
static void test_update_of_unknown_size(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Update", vit_call_update(0, 0, 16, 16, 3));
	vit_qemu_picture_set_console_size(rig.picture, 0, 0);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	assert_shows(rig.head, 16, 16);
	vit_call_run(&rig, "Update", vit_call_update(0, 0, 16, 17, 3));
	vit_qemu_picture_set_console_size(rig.picture, UINT32_MAX, UINT32_MAX);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	assert_shows(rig.head, 16, 17);
	vit_call_rig_clear(&rig);
}

/* The console became smaller: updates lie in the picture on show, and only its size tells. */
static void test_console_size_changes(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_qemu_picture_set_console_size(rig.picture, WIDTH, HEIGHT);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	vit_qemu_picture_set_console_size(rig.picture, 32, 16);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	assert_shows(rig.head, 32, 16);
	g_assert_cmphex(pixel_at(rig.head, 31, 15), ==, 0x01010101);
	vit_call_rig_clear(&rig);
}

/* The first size that is heard may be older than the picture. */
static void test_console_size_is_stale(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_qemu_picture_set_console_size(rig.picture, 640, 480);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	assert_shows(rig.head, WIDTH, HEIGHT);
	vit_call_rig_clear(&rig);
}

/* ---- Memory of the VM ---- */

static void test_map(void)
{
	VitCallRig rig;
	int fd = vit_call_memory(4096 + BYTES);

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutMap",
			g_variant_new("(huuuuu)", 0, 4096, WIDTH, HEIGHT, STRIDE, PIXMAN_x8r8g8b8),
			fd);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.n_done, ==, 1);
	assert_shows(rig.head, WIDTH, HEIGHT);
	g_assert_cmpuint(vit_buffer_get_layout(rig.head->buffer)->offset_bytes[0], ==, 4096);
	g_assert_true(vit_buffer_is_linear(rig.head->buffer));
	vit_call_run(&rig, "UpdateMap", vit_call_rectangle(1, 2, 3, 4));
	g_assert_cmpuint(rig.head->frames, ==, 1);
	assert_damaged(rig.head, 1, 2, 3, 4);
	vit_call_rig_clear(&rig);
}

static void test_dmabuf(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.n_done, ==, 1);
	assert_shows(rig.head, WIDTH, HEIGHT);
	g_assert_true(vit_buffer_is_linear(rig.head->buffer));
	g_assert_false(vit_buffer_get_layout(rig.head->buffer)->bottom_up);
	vit_call_rig_clear(&rig);
}

/* INVALID says nothing; only of a udmabuf is it known that it is linear. */
static void test_dmabuf_of_unknown_modifier(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_INVALID, false),
			vit_call_memory(BYTES));
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_false(vit_buffer_is_linear(rig.head->buffer));
	vit_call_rig_clear(&rig);
}

/* The VM waits for each answer before it draws on. */
static void test_dmabuf_is_acknowledged_with_its_frame(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	rig.head->hold_frames = true;
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	rig.n_done = 0;
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 10, 10));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(20, 20, 10, 10));
	g_assert_cmpuint(rig.head->frames, ==, 2);
	assert_damaged(rig.head, 20, 20, 10, 10);
	g_assert_cmpuint(rig.n_done, ==, 0);
	vit_frame_release(rig.head->held->pdata[1]);
	g_assert_cmpuint(rig.n_done, ==, 1);
	vit_test_head_release_frames(rig.head);
	g_assert_cmpuint(rig.n_done, ==, 2);
	vit_call_rig_clear(&rig);
}

/* A VM must never wait for an answer to what shows nothing. */
static void test_dmabuf_updates_without_a_frame(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 10, 10));
	g_assert_cmpuint(rig.n_done, ==, 1);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 0, 10));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 10, -1));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(WIDTH, 0, 10, 10));
	vit_call_run(&rig, "UpdateDMABUF",
		     vit_call_rectangle(INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX));
	g_assert_cmpuint(rig.n_done, ==, 6);
	g_assert_cmpuint(rig.head->frames, ==, 0);
	vit_call_rig_clear(&rig);
}

static void test_dmabuf_damage_is_clipped(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(-5, -5, INT32_MAX, 10));
	assert_damaged(rig.head, 0, 0, WIDTH, 5);
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(60, 40, INT32_MAX, INT32_MAX));
	assert_damaged(rig.head, 60, 40, WIDTH - 60, HEIGHT - 40);
	vit_call_rig_clear(&rig);
}

/* y0_top means bottom-up, and whose rows the damage counts is not known. */
static void test_dmabuf_bottom_up(void)
{
	VitCallRig rig;
	pixman_region32_t expected;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, true),
			vit_call_memory(BYTES));
	g_assert_true(vit_buffer_get_layout(rig.head->buffer)->bottom_up);
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(1, 2, 3, 4));
	pixman_region32_init_rect(&expected, 1, 2, 3, 4);
	pixman_region32_union_rect(&expected, &expected, 1, HEIGHT - 2 - 4, 3, 4);
	g_assert_true(pixman_region32_equal(&expected, &rig.head->damage));
	pixman_region32_fini(&expected);
	vit_call_rig_clear(&rig);
}

static void test_dmabuf2_of_two_planes(void)
{
	const VitRect whole = {0, 0, WIDTH, HEIGHT};
	int fds[] = {vit_call_memory(2 * BYTES), vit_call_memory(2 * BYTES), -1};
	g_autoptr(GError) error = NULL;
	VitCallRig rig;

	vit_call_rig_init(&rig);
	g_assert_true(vit_call_try(&rig, "ScanoutDMABUF2",
				   vit_call_dmabuf2(&whole, 2, 2, I915_FORMAT_MOD_Y_TILED_CCS), fds,
				   &error));
	g_assert_no_error(error);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(vit_buffer_get_layout(rig.head->buffer)->n_planes, ==, 2);
	g_assert_cmpuint(vit_buffer_get_layout(rig.head->buffer)->offset_bytes[1], ==, BYTES);
	g_assert_false(vit_buffer_is_linear(rig.head->buffer));
	vit_call_rig_clear(&rig);
}

/* Of a cut-out it is not known what damage counts from, so it is damaged as a whole. */
static void test_dmabuf2_of_a_part(void)
{
	const VitRect part = {16, 8, 32, 24};
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF2",
			vit_call_dmabuf2(&part, 1, 1, DRM_FORMAT_MOD_LINEAR),
			vit_call_memory(BYTES));
	assert_shows(rig.head, 32, 24);
	g_assert_cmpint(vit_buffer_get_layout(rig.head->buffer)->visible.x, ==, 16);
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(1, 1, 1, 1));
	assert_damaged(rig.head, 0, 0, 32, 24);
	vit_call_rig_clear(&rig);
}

/* ---- Nothing, and the cursor ---- */

static void test_disable(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Disable", NULL);
	vit_call_run(&rig, "Disable", NULL);
	g_assert_nonnull(rig.head->buffer);
	vit_test_wait_count("the blank", &rig.head->scanouts, 2);
	g_assert_null(rig.head->buffer);
	/* The same picture again is a new scanout. */
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	g_assert_cmpuint(rig.head->scanouts, ==, 3);
	g_assert_nonnull(rig.head->buffer);
	vit_call_rig_clear(&rig);
}

/* How QEMU flips pages of a blob: the old buffer's end comes after the new buffer. */
static void test_disable_within_a_flip(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	for (unsigned i = 0; i < 3; i++) {
		vit_call_run_fd(&rig, "ScanoutDMABUF",
				vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
				vit_call_memory(BYTES));
		vit_call_run(&rig, "Disable", NULL);
		vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, WIDTH, HEIGHT));
	}
	vit_test_run_for_ms(300);
	g_assert_cmpuint(rig.head->scanouts, ==, 3);
	g_assert_cmpuint(rig.head->frames, ==, 3);
	g_assert_nonnull(rig.head->buffer);
	vit_call_rig_clear(&rig);
}

static void test_cursor(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "CursorDefine",
		     g_variant_new("(iiii@ay)", 16, 24, 3, 4, vit_call_bytes(16 * 24 * 4, 0xff)));
	g_assert_cmpuint(rig.head->cursors, ==, 1);
	g_assert_cmpuint(vit_cursor_get_width(rig.head->cursor), ==, 16);
	g_assert_cmpuint(vit_cursor_get_height(rig.head->cursor), ==, 24);
	g_assert_cmpuint(vit_cursor_get_hot_x(rig.head->cursor), ==, 3);
	g_assert_cmpuint(vit_cursor_get_hot_y(rig.head->cursor), ==, 4);
	vit_call_run(&rig, "MouseSet", g_variant_new("(iii)", 7, -8, 1));
	g_assert_cmpint(rig.head->cursor_x, ==, 7);
	g_assert_cmpint(rig.head->cursor_y, ==, -8);
	g_assert_true(rig.head->cursor_visible);
	vit_call_run(&rig, "MouseSet", g_variant_new("(iii)", 0, 0, 0));
	g_assert_false(rig.head->cursor_visible);
	vit_call_rig_clear(&rig);
}

/* ---- Its life ---- */

static void test_silent_after_stop(void)
{
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run(&rig, "Disable", NULL);
	vit_qemu_picture_stop(rig.picture);
	rig.head->is_quiet = true;
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 10, 10));
	vit_call_run(&rig, "MouseSet", g_variant_new("(iii)", 1, 1, 1));
	g_assert_cmpuint(rig.n_done, ==, 6);
	vit_test_run_for_ms(300);
	vit_call_rig_clear(&rig);
}

static void test_lost_once(void)
{
	g_autoptr(GError) error = g_error_new_literal(VIT_ERROR, VIT_ERROR_DISCONNECTED, "gone");
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_qemu_picture_lose(rig.picture, error);
	vit_qemu_picture_lose(rig.picture, error);
	g_assert_cmpuint(rig.head->losses, ==, 1);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	vit_qemu_picture_lose(rig.picture, error);
	g_assert_cmpuint(rig.head->losses, ==, 2);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	vit_call_rig_clear(&rig);
}

/* Every format that is taken is one that can be shown, and has no alpha. */
static void test_pixman_formats(void)
{
	static const uint32_t formats[] = {
		PIXMAN_x8r8g8b8,    PIXMAN_a8r8g8b8,    PIXMAN_x8b8g8r8,    PIXMAN_a8b8g8r8,
		PIXMAN_b8g8r8x8,    PIXMAN_b8g8r8a8,    PIXMAN_r8g8b8x8,    PIXMAN_r8g8b8a8,
		PIXMAN_x2r10g10b10, PIXMAN_a2r10g10b10, PIXMAN_x2b10g10r10, PIXMAN_a2b10g10r10,
		PIXMAN_r8g8b8,      PIXMAN_r5g6b5,      PIXMAN_x1r5g5b5,    PIXMAN_a1r5g5b5,
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
		const VitFormat *format = vit_format_find(vit_qemu_fourcc_from_pixman(formats[i]));

		g_assert_nonnull(format);
		g_assert_false(format->has_alpha);
		g_assert_cmpuint(format->bytes_per_pixel, ==, PIXMAN_FORMAT_BPP(formats[i]) / 8);
	}
	g_assert_cmpuint(vit_qemu_fourcc_from_pixman(0), ==, 0);
	g_assert_cmpuint(vit_qemu_fourcc_from_pixman(PIXMAN_x8r8g8b8), ==, DRM_FORMAT_XRGB8888);
	g_assert_cmpuint(vit_qemu_fourcc_from_pixman(PIXMAN_b8g8r8a8), ==, DRM_FORMAT_BGRX8888);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		VitTest test;
	} tests[] = {
		{"/qemu-call/scanout", test_scanout},
		{"/qemu-call/scanout/same-mode-is-a-frame", test_scanout_of_same_mode_is_a_frame},
		{"/qemu-call/scanout/another-mode", test_scanout_of_another_mode},
		{"/qemu-call/scanout/padded-rows", test_scanout_with_padded_rows},
		{"/qemu-call/scanout/spares-what-is-read", test_scanout_spares_what_is_read},
		{"/qemu-call/scanout/nobody-lets-go", test_scanouts_that_nobody_lets_go},
		{"/qemu-call/scanout/frames-outlive-the-picture", test_frames_outlive_the_picture},
		{"/qemu-call/update", test_update},
		{"/qemu-call/update/another-mode", test_update_of_another_mode},
		{"/qemu-call/update/without-scanout", test_update_without_scanout},
		{"/qemu-call/update/another-format", test_update_in_another_format},
		{"/qemu-call/update/unknown-size", test_update_of_unknown_size},
		{"/qemu-call/console-size/changes", test_console_size_changes},
		{"/qemu-call/console-size/stale", test_console_size_is_stale},
		{"/qemu-call/map", test_map},
		{"/qemu-call/dmabuf", test_dmabuf},
		{"/qemu-call/dmabuf/unknown-modifier", test_dmabuf_of_unknown_modifier},
		{"/qemu-call/dmabuf/acknowledged-with-its-frame",
		 test_dmabuf_is_acknowledged_with_its_frame},
		{"/qemu-call/dmabuf/updates-without-a-frame", test_dmabuf_updates_without_a_frame},
		{"/qemu-call/dmabuf/damage-is-clipped", test_dmabuf_damage_is_clipped},
		{"/qemu-call/dmabuf/bottom-up", test_dmabuf_bottom_up},
		{"/qemu-call/dmabuf2/two-planes", test_dmabuf2_of_two_planes},
		{"/qemu-call/dmabuf2/a-part", test_dmabuf2_of_a_part},
		{"/qemu-call/disable", test_disable},
		{"/qemu-call/disable/within-a-flip", test_disable_within_a_flip},
		{"/qemu-call/cursor", test_cursor},
		{"/qemu-call/silent-after-stop", test_silent_after_stop},
		{"/qemu-call/lost-once", test_lost_once},
		{"/qemu-call/pixman-formats", test_pixman_formats},
	};

	g_test_init(&argc, &argv, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		vit_test_add(tests[i].path, tests[i].test);
	}
	return g_test_run();
}

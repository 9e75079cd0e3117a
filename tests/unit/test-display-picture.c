/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What a producer shows on a display socket, and what of it is refused. */
#include <drm_fourcc.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "tests/support/display-rig.h"
#include "tests/support/fixture.h"
#include "tests/support/pixels.h"

#define RED  0xff0000
#define BLUE 0x0000ff

static void assert_damage(const VitTestHead *head, int x, int y, int width, int height)
{
	const pixman_box32_t *box = pixman_region32_extents((pixman_region32_t *)&head->damage);

	g_assert_false(head->damage_is_unknown);
	g_assert_cmpint(pixman_region32_n_rects((pixman_region32_t *)&head->damage), ==, 1);
	g_assert_cmpint(box->x1, ==, x);
	g_assert_cmpint(box->y1, ==, y);
	g_assert_cmpint(box->x2 - box->x1, ==, width);
	g_assert_cmpint(box->y2 - box->y1, ==, height);
}

static void wait_refused(VitDisplayRig *rig, const char *words)
{
	vit_test_wait_count("a refusal", &rig->head->refusals, 1);
	g_assert_nonnull(strstr(rig->head->refusal->message, words));
	rig->head->refusals = 0;
	/* It stays connected. */
	vit_fake_producer_settle(rig->producer);
	g_assert_cmpuint(vit_fake_producer_get_connections(rig->producer), ==, 1);
}

/* ---- Pixels ---- */

static void test_pixels(void)
{
	VitDisplayRig rig;
	g_autofree uint32_t *picture = NULL;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_scanout(&rig, 0, 40, 30);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->scanouts, ==, 0);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 5, 6, 7, 8}, BLUE);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.head->frames, ==, 1);
	assert_damage(rig.head, 5, 6, 7, 8);
	picture = vit_test_read_picture(rig.head->buffer);
	for (unsigned i = 0; i < 40 * 30; i++) {
		bool is_blue = i % 40 >= 5 && i % 40 < 12 && i / 40 >= 6 && i / 40 < 14;

		g_assert_cmphex(picture[i], ==, is_blue ? BLUE : RED);
	}
	vit_display_rig_tear_down(&rig);
}

/* As a guest that flips pages says it. */
static void test_same_size_is_no_mode_change(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	for (unsigned i = 0; i < 3; i++) {
		vit_display_rig_scanout(&rig, 0, 40, 30);
		vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	}
	vit_display_rig_scanout(&rig, 0, 30, 40);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 30, 40}, RED);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	g_assert_cmpuint(rig.head->frames, ==, 2);
	g_assert_cmpuint(vit_buffer_get_width(rig.head->buffer), ==, 30);
	vit_display_rig_tear_down(&rig);
}

static void test_disable(void)
{
	const VitDisplayDmabufScanout nothing = {0};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	(void)vit_display_rig_share(&rig, 0);
	vit_test_wait_count("a scanout", &rig.head->scanouts, 1);
	g_assert_nonnull(rig.head->buffer);
	vit_display_rig_scanout(&rig, 0, 0, 0);
	vit_test_wait_count("a scanout", &rig.head->scanouts, 2);
	g_assert_null(rig.head->buffer);
	(void)vit_display_rig_share(&rig, 0);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_SCANOUT, &nothing, sizeof(nothing));
	vit_test_wait_count("a scanout", &rig.head->scanouts, 4);
	g_assert_null(rig.head->buffer);
	vit_display_rig_tear_down(&rig);
}

static void test_empty_update(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_scanout(&rig, 0, 40, 30);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 3, 3, 0, 5}, RED);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 3, 3, 5, 0}, RED);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_display_rig_tear_down(&rig);
}

static void test_update_without_scanout(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 200, 200}, RED);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* The pixels are thrown away, what follows is understood, and the picture can go on. */
static void test_update_outside(void)
{
	static const VitDisplayUpdate outside[] = {
		{0, 30, 0, 11, 5},
		{0, 0, 30, 5, 1},
		{0, 0, 0, 41, 1},
		{0, UINT32_MAX, 0, 5, 5},
		{0, 0, UINT32_MAX - 3, 5, 5},
	};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_scanout(&rig, 0, 40, 30);
	for (unsigned i = 0; i < G_N_ELEMENTS(outside); i++) {
		vit_display_rig_update(&rig, &outside[i], RED);
		wait_refused(&rig, "the picture has 40x30");
	}
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	vit_test_wait_count("a scanout", &rig.head->scanouts, 1);
	vit_display_rig_tear_down(&rig);
}

static void test_scanout_too_large(void)
{
	static const VitDisplayScanout scanouts[] = {
		{0, VIT_BUFFER_MAX_SIDE, VIT_BUFFER_MAX_SIDE},
		{0, VIT_BUFFER_MAX_SIDE + 1, 1},
		{0, UINT32_MAX, UINT32_MAX},
		{0, 1 << 31, 1 << 31},
	};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(scanouts); i++) {
		vit_display_rig_scanout(&rig, 0, scanouts[i].width, scanouts[i].height);
		wait_refused(&rig, "SCANOUT is refused");
		vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	}
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->scanouts, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* Pixels are not written under a reader; the cursor, behind them, waits as well. */
static void test_pixels_wait_for_readers(void)
{
	const VitDisplayCursorPos position = {0, 7, 7};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_scanout(&rig, 0, 40, 30);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	rig.head->hold_frames = true;
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, BLUE);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){0, 0, 0, 40, 30}, RED);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_POS, &position, sizeof(position));
	vit_test_head_wait_frames(rig.head, 1);
	vit_display_rig_expect_silence(&rig);
	g_assert_cmpuint(rig.head->frames, ==, 1);
	g_assert_cmpuint(rig.head->cursor_moves, ==, 0);
	vit_test_head_release_frames(rig.head);
	vit_test_head_wait_frames(rig.head, 2);
	vit_test_wait_count("the cursor", &rig.head->cursor_moves, 1);
	vit_test_head_release_frames(rig.head);
	vit_display_rig_tear_down(&rig);
}

/* ---- Dmabufs ---- */

/* Passed on, by identity. */
static void test_dmabuf(void)
{
	VitDisplayRig rig;
	uint64_t inode;

	vit_display_rig_set_up(&rig, 1);
	inode = vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.head->frames, ==, 1);
	g_assert_cmpuint(vit_test_get_inode(vit_buffer_peek_fd(rig.head->buffer, 0)), ==, inode);
	g_assert_cmphex(vit_buffer_get_layout(rig.head->buffer)->modifier, ==,
			DRM_FORMAT_MOD_LINEAR);
	assert_damage(rig.head, 0, 0, 4, 3);
	vit_display_rig_tear_down(&rig);
}

/* Of 100x80 pixels in a memfd; 20x10 of them, at 8, 4, are shown. */
static const VitDisplayDmabufScanout cut_out = {
	.x = 8,
	.y = 4,
	.width = 20,
	.height = 10,
	.fd_width = 100,
	.fd_height = 80,
	.fd_stride_bytes = 400,
	.fourcc = DRM_FORMAT_XRGB8888,
};

static void send_dmabuf(VitDisplayRig *rig, const VitDisplayDmabufScanout *scanout)
{
	VIT_AUTOFD int fd = vit_test_make_memory(100 * 80 * 4);

	vit_fake_producer_send_fds(rig->producer, VIT_DISPLAY_DMABUF_SCANOUT, scanout,
				   sizeof(*scanout), &fd, 1);
}

/* Without a modifier, shared memory is linear; and what a rectangle counts from is not said. */
static void test_dmabuf_without_modifier(void)
{
	const VitDisplayUpdate update = {0, 1, 2, 3, 4};
	const VitBufferLayout *layout;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	send_dmabuf(&rig, &cut_out);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_UPDATE, &update, sizeof(update));
	vit_display_rig_expect_acknowledgement(&rig);
	layout = vit_buffer_get_layout(rig.head->buffer);
	g_assert_cmphex(layout->modifier, ==, DRM_FORMAT_MOD_INVALID);
	g_assert_true(vit_buffer_is_linear(rig.head->buffer));
	g_assert_false(layout->bottom_up);
	g_assert_cmpint(layout->visible.x, ==, 8);
	g_assert_cmpint(layout->visible.y, ==, 4);
	g_assert_cmpint(layout->visible.width, ==, 20);
	g_assert_cmpint(layout->visible.height, ==, 10);
	assert_damage(rig.head, 0, 0, 20, 10);
	vit_display_rig_tear_down(&rig);
}

static void test_bottom_up(void)
{
	const VitDisplayUpdate update = {0, 1, 2, 3, 4};
	VitDisplayDmabufScanout scanout = cut_out;
	VitDisplayRig rig;

	scanout.x = 0;
	scanout.y = 0;
	scanout.width = 100;
	scanout.height = 80;
	scanout.fd_flags = VIT_DISPLAY_BOTTOM_UP;
	vit_display_rig_set_up(&rig, 1);
	send_dmabuf(&rig, &scanout);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_UPDATE, &update, sizeof(update));
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_true(vit_buffer_get_layout(rig.head->buffer)->bottom_up);
	/* From either end: at 2 and at 80 - 2 - 4. */
	g_assert_cmpint(pixman_region32_n_rects(&rig.head->damage), ==, 2);
	g_assert_true(pixman_region32_contains_point(&rig.head->damage, 1, 2, NULL));
	g_assert_true(pixman_region32_contains_point(&rig.head->damage, 1, 77, NULL));
	vit_display_rig_tear_down(&rig);
}

/* Damage that lies outside, in part or as a whole, does not hold up the guest. */
static void test_damage_outside(void)
{
	static const VitDisplayUpdate updates[] = {
		{0, 90, 70, 20, 20},
		{0, 100, 0, 1, 1},
		{0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
		{0, 0, 0, 0, 0},
	};
	VitDisplayDmabufScanout scanout = cut_out;
	VitDisplayRig rig;

	scanout.x = 0;
	scanout.y = 0;
	scanout.width = 100;
	scanout.height = 80;
	vit_display_rig_set_up(&rig, 1);
	send_dmabuf(&rig, &scanout);
	for (unsigned i = 0; i < G_N_ELEMENTS(updates); i++) {
		vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_UPDATE, &updates[i],
				       sizeof(updates[i]));
		vit_display_rig_expect_acknowledgement(&rig);
	}
	g_assert_cmpuint(rig.head->frames, ==, 1);
	assert_damage(rig.head, 90, 70, 10, 10);
	vit_display_rig_tear_down(&rig);
}

static void test_planes(void)
{
	const VitDisplayPlanes planes = {
		.x = 2,
		.y = 1,
		.width = 10,
		.height = 10,
		.fd_width = 64,
		.fd_height = 64,
		.fourcc = DRM_FORMAT_ARGB8888,
		.flags = VIT_DISPLAY_BOTTOM_UP,
		.n_planes = 2,
		.modifier = I915_FORMAT_MOD_Y_TILED_CCS,
		.offset_bytes = {4096, 128},
		.stride_bytes = {256, 64},
	};
	const VitDisplayUpdate update = {0, 1, 2, 3, 4};
	int fds[2] = {vit_test_make_memory(65536), vit_test_make_memory(8192)};
	const VitBufferLayout *layout;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_agree(rig.producer, VIT_DISPLAY_PLANES);
	vit_fake_producer_send_fds(rig.producer, VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &planes,
				   sizeof(planes), fds, 2);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_UPDATE, &update, sizeof(update));
	vit_display_rig_expect_acknowledgement(&rig);
	layout = vit_buffer_get_layout(rig.head->buffer);
	g_assert_cmpuint(layout->n_planes, ==, 2);
	g_assert_cmphex(layout->modifier, ==, I915_FORMAT_MOD_Y_TILED_CCS);
	g_assert_cmpuint(layout->offset_bytes[0], ==, 4096);
	g_assert_cmpuint(layout->offset_bytes[1], ==, 128);
	g_assert_cmpuint(layout->stride_bytes[1], ==, 64);
	g_assert_true(layout->bottom_up);
	g_assert_cmpint(layout->visible.x, ==, 2);
	for (unsigned i = 0; i < 2; i++) {
		g_assert_cmpuint(vit_test_get_inode(vit_buffer_peek_fd(rig.head->buffer, i)), ==,
				 vit_test_get_inode(fds[i]));
		vit_fd_clear(&fds[i]);
	}
	/* Here it is said what a rectangle counts from. */
	assert_damage(rig.head, 1, 2, 3, 4);
	vit_display_rig_tear_down(&rig);
}

/* Whatever is wrong with a buffer: told, nothing shown, frames answered, still connected. */
static void test_bad_layouts(void)
{
	static const struct {
		size_t field;
		uint32_t value;
		const char *words;
	} mistakes[] = {
		{offsetof(VitDisplayDmabufScanout, x), 81, "visible rectangle"},
		{offsetof(VitDisplayDmabufScanout, y), UINT32_MAX, "visible rectangle"},
		{offsetof(VitDisplayDmabufScanout, width), UINT32_MAX, "visible rectangle"},
		{offsetof(VitDisplayDmabufScanout, height), 77, "visible rectangle"},
		{offsetof(VitDisplayDmabufScanout, fd_width), 0, "picture of 0x80"},
		{offsetof(VitDisplayDmabufScanout, fd_width), 101, "stride of 400 bytes"},
		{offsetof(VitDisplayDmabufScanout, fd_height), 81, "needs 32400 bytes"},
		{offsetof(VitDisplayDmabufScanout, fd_height), UINT32_MAX, "picture of"},
		{offsetof(VitDisplayDmabufScanout, fd_stride_bytes), 0, "stride of 0"},
		{offsetof(VitDisplayDmabufScanout, fd_stride_bytes), 402, "multiples of 4"},
		{offsetof(VitDisplayDmabufScanout, fd_stride_bytes), UINT32_MAX - 3, "needs"},
		{offsetof(VitDisplayDmabufScanout, fourcc), 0, "pixel format"},
		{offsetof(VitDisplayDmabufScanout, fourcc), DRM_FORMAT_NV12, "NV12"},
	};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		VitDisplayDmabufScanout scanout = cut_out;

		memcpy((uint8_t *)&scanout + mistakes[i].field, &mistakes[i].value,
		       sizeof(mistakes[i].value));
		send_dmabuf(&rig, &scanout);
		wait_refused(&rig, mistakes[i].words);
		vit_display_rig_update_shared(&rig, 0);
		vit_display_rig_expect_acknowledgement(&rig);
	}
	g_assert_cmpuint(rig.head->scanouts, ==, 0);
	g_assert_cmpuint(rig.head->frames, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* Fds that are no memory, or too little, or missing. */
static void test_bad_fds(void)
{
	int pipes[2];
	int fds[4];
	static const char *const words[] = {"a pipe", "a socket", "needs 32000 bytes", "empty"};
	VitDisplayRig rig;

	g_assert_cmpint(pipe2(pipes, O_CLOEXEC), ==, 0);
	fds[0] = pipes[0];
	fds[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[2] = vit_test_make_memory(100 * 79 * 4);
	fds[3] = vit_test_make_memory(0);
	vit_display_rig_set_up(&rig, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		vit_fake_producer_send_fds(rig.producer, VIT_DISPLAY_DMABUF_SCANOUT, &cut_out,
					   sizeof(cut_out), &fds[i], 1);
		wait_refused(&rig, words[i]);
		vit_fd_clear(&fds[i]);
	}
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_SCANOUT, &cut_out, sizeof(cut_out));
	wait_refused(&rig, "0 file descriptors");
	vit_fd_clear(&pipes[1]);
	vit_display_rig_tear_down(&rig);
}

/* A buffer that is refused takes the place of a good one; a good one that of a refused one. */
static void test_refused_buffer_replaces(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	(void)vit_display_rig_share(&rig, 0);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_DMABUF_SCANOUT, &cut_out, sizeof(cut_out));
	wait_refused(&rig, "0 file descriptors");
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_cmpuint(rig.head->frames, ==, 0);
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_cmpuint(rig.head->frames, ==, 1);
	vit_display_rig_tear_down(&rig);
}

/* ---- Cursor ---- */

static void test_cursor(void)
{
	VitDisplayCursorUpdate update = {
		.position = {0, 100, (uint32_t)-3},
		.hot_x = 5,
		.hot_y = 200,
		.pixels = {0xff112233},
	};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_UPDATE, &update, sizeof(update));
	vit_test_wait_count("the cursor's place", &rig.head->cursor_moves, 1);
	g_assert_cmpuint(rig.head->cursors, ==, 1);
	g_assert_cmpuint(vit_cursor_get_width(rig.head->cursor), ==, 64);
	g_assert_cmpuint(vit_cursor_get_hot_x(rig.head->cursor), ==, 5);
	g_assert_cmpuint(vit_cursor_get_hot_y(rig.head->cursor), ==, 63);
	g_assert_cmphex(vit_cursor_get_pixels(rig.head->cursor)[0], ==, 0xff112233);
	g_assert_cmpint(rig.head->cursor_x, ==, 100);
	g_assert_cmpint(rig.head->cursor_y, ==, -3);
	g_assert_true(rig.head->cursor_visible);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_POS_HIDE, &update.position,
			       sizeof(update.position));
	vit_test_wait_count("the cursor's place", &rig.head->cursor_moves, 2);
	g_assert_false(rig.head->cursor_visible);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_POS, &update.position,
			       sizeof(update.position));
	vit_test_wait_count("the cursor's place", &rig.head->cursor_moves, 3);
	g_assert_true(rig.head->cursor_visible);
	vit_display_rig_tear_down(&rig);
}

/* ---- Heads ---- */

static void test_heads_are_apart(void)
{
	VitDisplayRig rig;
	uint64_t inode;

	vit_display_rig_set_up(&rig, 3);
	g_assert_cmpuint(rig.recorder.n_heads, ==, 3);
	inode = vit_display_rig_share(&rig, 1);
	vit_display_rig_scanout(&rig, 2, 40, 30);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){2, 0, 0, 40, 30}, RED);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.recorder.heads[0].events, ==, 0);
	g_assert_cmpuint(vit_test_get_inode(vit_buffer_peek_fd(rig.recorder.heads[1].buffer, 0)),
			 ==, inode);
	g_assert_cmpuint(vit_buffer_get_width(rig.recorder.heads[2].buffer), ==, 40);
	vit_display_rig_tear_down(&rig);
}

/* A head that is not offered may be used; nobody sees it. */
static void test_head_not_offered(void)
{
	const VitDisplayCursorPos position = {1, 5, 5};
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	(void)vit_display_rig_share(&rig, 1);
	vit_display_rig_update_shared(&rig, 1);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_scanout(&rig, 15, 40, 30);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){15, 0, 0, 40, 30}, RED);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_POS, &position, sizeof(position));
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* What came before somebody looked is told then. */
static void test_source_started_late(void)
{
	static const VitDisplayCursorUpdate cursor;
	const VitDisplayInputState state = {0, 1, VIT_LED_NUM_LOCK};
	VitDisplayRig rig;

	vit_display_rig_init(&rig, &(VitGpuSocketOptions){.heads = 2});
	vit_test_recorder_start(&rig.recorder);
	vit_fake_producer_wait_connected(rig.producer);
	vit_fake_producer_agree(rig.producer, VIT_DISPLAY_INPUT);
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_CURSOR_UPDATE, &cursor, sizeof(cursor));
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_INPUT_STATE, &state, sizeof(state));
	vit_display_rig_scanout(&rig, 1, 40, 30);
	vit_display_rig_update(&rig, &(VitDisplayUpdate){1, 0, 0, 40, 30}, RED);
	vit_fake_producer_settle(rig.producer);
	vit_test_head_start(rig.head);
	vit_test_head_start(&rig.recorder.heads[1]);
	vit_test_wait_count("the lights", &rig.head->leds, 1);
	vit_test_wait_count("a scanout", &rig.recorder.heads[1].scanouts, 1);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.head->cursors, ==, 1);
	g_assert_cmpuint(rig.head->cursor_moves, ==, 1);
	g_assert_true(rig.head->absolute);
	g_assert_cmpuint(rig.head->lit, ==, VIT_LED_NUM_LOCK);
	vit_display_rig_tear_down(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-picture/pixels", test_pixels);
	vit_test_add("/display-picture/same-size-is-no-mode-change",
		     test_same_size_is_no_mode_change);
	vit_test_add("/display-picture/disable", test_disable);
	vit_test_add("/display-picture/empty-update", test_empty_update);
	vit_test_add("/display-picture/update-without-scanout", test_update_without_scanout);
	vit_test_add("/display-picture/refuses/update-outside", test_update_outside);
	vit_test_add("/display-picture/refuses/scanout-too-large", test_scanout_too_large);
	vit_test_add("/display-picture/pixels-wait-for-readers", test_pixels_wait_for_readers);
	vit_test_add("/display-picture/dmabuf", test_dmabuf);
	vit_test_add("/display-picture/dmabuf-without-modifier", test_dmabuf_without_modifier);
	vit_test_add("/display-picture/bottom-up", test_bottom_up);
	vit_test_add("/display-picture/damage-outside", test_damage_outside);
	vit_test_add("/display-picture/planes", test_planes);
	vit_test_add("/display-picture/refuses/bad-layouts", test_bad_layouts);
	vit_test_add("/display-picture/refuses/bad-fds", test_bad_fds);
	vit_test_add("/display-picture/refused-buffer-replaces", test_refused_buffer_replaces);
	vit_test_add("/display-picture/cursor", test_cursor);
	vit_test_add("/display-picture/heads-are-apart", test_heads_are_apart);
	vit_test_add("/display-picture/head-not-offered", test_head_not_offered);
	vit_test_add("/display-picture/source-started-late", test_source_started_late);
	return g_test_run();
}

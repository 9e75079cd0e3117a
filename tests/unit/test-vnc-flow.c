/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The VNC front-end under load: continuous updates, viewers that stall, that say too much. */
#include <string.h>
#include <sys/socket.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"
#include "tests/support/vnc-rig.h"

#define RED 0xffff0000

static void test_announcement(void)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_FENCE, VIT_RFB_PSEUDO_CONTINUOUS_UPDATES,
				     VIT_RFB_PSEUDO_DESKTOP_NAME};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	/* Before any update: TigerVNC decides at its first. */
	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==,
			 VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES);
	g_assert_cmpuint(viewer->n_fence_requests, ==, 1);
	/* Only once. */
	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	g_assert_false(vit_test_viewer_has_message(viewer));
}

static void test_fence_comes_back(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);
	uint8_t payload[64];

	memset(payload, 0x5a, sizeof(payload));
	vit_test_viewer_send_fence(viewer, 0xffffffff, payload, sizeof(payload));
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
	g_assert_cmpuint(viewer->n_fence_replies, ==, 1);
	g_assert_cmphex(viewer->fence_flags, ==, 7); /* those that are known */
	g_assert_cmpmem(viewer->fence_payload, viewer->n_fence_bytes, payload, sizeof(payload));
}

/* A viewer with continuous updates and no fences. */
static VitTestViewer *connect_continuous(VitVncRig *rig)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_CONTINUOUS_UPDATES};
	VitTestViewer *viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	vit_test_viewer_enable_continuous_updates(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
	return viewer;
}

static void test_continuous_updates(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = connect_continuous(rig);

	for (unsigned i = 0; i < 10; i++) {
		vit_vnc_rig_wait_requests(rig, i + 2);
		vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, 0xff000000 | i);
		vit_test_viewer_take_update(viewer);
		g_assert_cmpuint(viewer->n_pixels, ==, 64 * 16);
		g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, 0xff000000 | i);
	}
	vit_test_viewer_enable_continuous_updates(viewer, false);
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==,
			 VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, RED);
	g_assert_false(vit_test_viewer_has_message(viewer));
	vit_test_viewer_request_all(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, RED);
}

/* Returns when the server has acted on all that was said. */
static void settle(VitTestViewer *viewer)
{
	vit_test_viewer_send_fence(viewer, VIT_RFB_FENCE_REQUEST, NULL, 0);
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
}

/* Resizing goes on with continuous updates, and they are of the new size. */
static void test_continuous_resize(void)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_CONTINUOUS_UPDATES,
				     VIT_RFB_PSEUDO_DESKTOP_SIZE};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = connect_continuous(rig);

	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	settle(viewer);
	vit_vnc_rig_show(rig, 640, 480, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->width, ==, 640);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 640 * 480);
}

/* A fence follows each update; the next update waits until the viewer returns it. */
static void test_pace(void)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_CONTINUOUS_UPDATES, VIT_RFB_PSEUDO_FENCE};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	vit_test_viewer_enable_continuous_updates(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
	g_assert_cmphex(viewer->fence_flags, ==,
			VIT_RFB_FENCE_REQUEST | VIT_RFB_FENCE_BLOCK_BEFORE);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, RED);
	g_assert_false(vit_test_viewer_has_message(viewer));
	vit_test_viewer_send_fence(viewer, VIT_RFB_FENCE_BLOCK_BEFORE, viewer->fence_payload,
				   (uint8_t)viewer->n_fence_bytes);
	vit_test_viewer_take_update(viewer);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, RED);
	/* What was never sent cannot come back. */
	vit_test_viewer_send_fence(viewer, 0, "\xff\xff\xff\xff", 4);
	vit_test_viewer_send_fence(viewer, 0, "what", 3);
	g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
}

/* It asked for fences and returns none: that costs it a while, not its picture. */
static void test_no_fence_comes_back(void)
{
	const int32_t encodings[] = {VIT_RFB_PSEUDO_CONTINUOUS_UPDATES, VIT_RFB_PSEUDO_FENCE};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	vit_test_viewer_enable_continuous_updates(viewer, true);
	vit_test_viewer_take_update(viewer);
	for (unsigned i = 0; i < 3; i++) {
		vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, 0xff000000 | i);
		vit_test_viewer_take_update(viewer);
		g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, 0xff000000 | i);
	}
}

/* ---- Viewers that are no good ---- */

static void give_small_buffer(VitTestViewer *viewer)
{
	const int small = 4096;

	(void)setsockopt(viewer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

static void test_stalled_viewer(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) stalled = NULL;
	g_autoptr(VitTestViewer) viewer = NULL;

	vit_vnc_rig_show(rig, 2000, 1000, true);
	stalled = vit_vnc_rig_connect(rig);
	give_small_buffer(stalled);
	viewer = vit_vnc_rig_connect(rig);
	vit_test_viewer_request_all(stalled, false);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	for (unsigned i = 0; i < 50; i++) {
		vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, 0xff000000 | i);
		vit_test_viewer_request_all(viewer, true);
		vit_test_viewer_take_update(viewer);
		g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, 0xff000000 | i);
	}
	/* It goes on where it stopped, and then has the newest, unless its worker began that late.
	 */
	vit_test_viewer_take_update(stalled);
	if (vit_test_viewer_get_pixel(stalled, 0, 0) != (0xff000000 | 49)) {
		vit_test_viewer_request_all(stalled, true);
		vit_test_viewer_take_update(stalled);
	}
	g_assert_cmphex(vit_test_viewer_get_pixel(stalled, 0, 0), ==, 0xff000000 | 49);
}

static void test_stalled_too_long(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) stalled = NULL;

	options.stall_timeout_s = 1;
	rig = vit_vnc_rig_new(options);
	vit_vnc_rig_show(rig, 2000, 1000, true);
	stalled = vit_vnc_rig_connect(rig);
	vit_test_viewer_request_all(stalled, false);
	vit_test_viewer_wait_hung_up(stalled);
}

/* The server stops while a worker waits for a viewer that reads nothing. */
static void test_stop_with_stalled(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) stalled = NULL;

	vit_vnc_rig_show(rig, 2000, 1000, true);
	stalled = vit_vnc_rig_connect(rig);
	give_small_buffer(stalled);
	vit_test_viewer_request_all(stalled, false);
	vit_vnc_rig_wait_requests(rig, 1);
	vit_test_run_for_ms(50);
	vit_frontend_stop(rig->vnc);
	vit_frontend_stop(rig->vnc);
	vit_test_viewer_wait_closed(stalled);
}

/* A viewer goes in the middle of an update. */
static void test_leaves_in_the_middle(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	uint8_t some[100];

	options.max_clients = 20; /* the server may notice late that they are gone */
	rig = vit_vnc_rig_new(options);
	vit_vnc_rig_show(rig, 2000, 1000, true);
	for (unsigned i = 0; i < 20; i++) {
		VitTestViewer *viewer = vit_vnc_rig_connect(rig);

		vit_test_viewer_request_all(viewer, false);
		vit_test_viewer_read(viewer, some, sizeof(some));
		vit_test_viewer_free(viewer);
	}
}

/* More orders than the mailbox holds; each is followed, in order. */
static void test_many_orders(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);
	const int32_t raw = VIT_RFB_ENCODING_RAW;

	for (uint32_t i = 0; i < 2000; i++) {
		vit_test_viewer_send_fence(viewer, VIT_RFB_FENCE_REQUEST, &i, sizeof(i));
		vit_test_viewer_set_encodings(viewer, &raw, 1);
	}
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t number;

		g_assert_cmpuint(vit_test_viewer_take_message(viewer), ==, VIT_RFB_SERVER_FENCE);
		memcpy(&number, viewer->fence_payload, sizeof(number));
		g_assert_cmpuint(number, ==, i);
	}
}

/* Of much pointer movement only as much comes through as the loop has turns. */
static void test_pointer_spray(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);
	const unsigned n_messages = 5000;
	const VitInput *last;

	for (unsigned i = 0; i < n_messages; i++) {
		vit_test_viewer_send_pointer(viewer, 0, (uint16_t)(i % 100), 7);
	}
	vit_test_viewer_send_pointer(viewer, 0, 200, 8);
	do {
		vit_vnc_rig_wait_input(rig, 1);
		vit_test_run_for_ms(10);
		last = &g_array_index(rig->input, VitInput, rig->input->len - 1);
	} while (last->absolute.x != 200);
	g_assert_cmpuint(rig->input->len, <, n_messages / 10);
}

static void expect_closed_after(const char *bytes, size_t n_bytes)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) healthy = vit_vnc_rig_connect(rig);
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_send(viewer, bytes, n_bytes);
	vit_test_viewer_wait_closed(viewer);
	vit_test_viewer_request_all(healthy, false);
	vit_test_viewer_take_update(healthy);
}

static void test_unknown_message(void)
{
	expect_closed_after("\x63", 1);
}

static void test_colour_map(void)
{
	const char message[] = "\0\0\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0";

	expect_closed_after(message, 20);
}

/* Other pixel formats; what comes is translated. */
static void test_pixel_format(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);
	/* 32 bits, red lowest. */
	const char message[] = "\0\0\0\0\x20\x18\0\x01\0\xff\0\xff\0\xff\x00\x08\x10\0\0";

	vit_vnc_rig_paint(rig, (VitRect){0, 0, 320, 200}, RED);
	vit_test_viewer_send(viewer, message, 20);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 1, 1) & 0xffffff, ==, 0x0000ff);
}

/* Rows longer than libvncserver can send raw in one piece. */
static void test_wide(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = NULL;

	vit_vnc_rig_show(rig, 16384, 4, true);
	vit_vnc_rig_paint(rig, (VitRect){16383, 3, 1, 1}, RED);
	viewer = vit_vnc_rig_connect(rig);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 16384 * 4);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 16383, 3), ==, RED);
}

/* Damage in very many places becomes one rectangle, sent in slices. */
static void test_scattered_damage(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = NULL;

	vit_vnc_rig_show(rig, 2048, 1024, true);
	viewer = vit_vnc_rig_connect(rig);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	for (int32_t y = 0; y < 1024; y += 32) {
		for (int32_t x = 0; x < 2048; x += 128) {
			vit_vnc_rig_announce(rig, (VitRect){x, y, 64, 16});
		}
	}
	vit_test_viewer_request_all(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixel_rects, ==, 4);
	g_assert_cmpuint(viewer->n_pixels, >, 1024 * 1024);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/vnc/fence/announced-first", test_announcement);
	vit_test_add("/vnc/fence/comes-back", test_fence_comes_back);
	vit_test_add("/vnc/continuous/updates", test_continuous_updates);
	vit_test_add("/vnc/continuous/size", test_continuous_resize);
	vit_test_add("/vnc/continuous/pace", test_pace);
	vit_test_add("/vnc/continuous/no-fence-comes-back", test_no_fence_comes_back);
	vit_test_add("/vnc/stalled/harms-nobody", test_stalled_viewer);
	vit_test_add("/vnc/stalled/too-long", test_stalled_too_long);
	vit_test_add("/vnc/stalled/stop", test_stop_with_stalled);
	vit_test_add("/vnc/leaves/in-the-middle", test_leaves_in_the_middle);
	vit_test_add("/vnc/much/orders", test_many_orders);
	vit_test_add("/vnc/much/pointer", test_pointer_spray);
	vit_test_add("/vnc/bad/unknown-message", test_unknown_message);
	vit_test_add("/vnc/bad/colour-map", test_colour_map);
	vit_test_add("/vnc/pixels/format", test_pixel_format);
	vit_test_add("/vnc/pixels/wide", test_wide);
	vit_test_add("/vnc/pixels/scattered", test_scattered_damage);
	return g_test_run();
}

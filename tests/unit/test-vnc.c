/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The VNC front-end as a viewer sees it: pixels, and when they come. */
#include <string.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"
#include "tests/support/vnc-rig.h"

#define RED  0xffff0000
#define BLUE 0xff0000ff

static void test_first_update(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = NULL;

	vit_vnc_rig_paint(rig, (VitRect){16, 16, 8, 8}, RED);
	viewer = vit_vnc_rig_connect(rig);
	g_assert_cmpuint(viewer->width, ==, 320);
	g_assert_cmpuint(viewer->height, ==, 200);
	g_assert_cmpstr(viewer->name, ==, "rig");
	g_assert_cmpuint(rig->n_requests, ==, 0); /* nobody looks: nothing is read */
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 16, 16), ==, RED);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 24, 16), ==, 0xff000000);
	g_assert_cmpuint(rig->n_requests, ==, 1);
}

static void test_only_changes(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	vit_test_viewer_request_all(viewer, true);
	vit_vnc_rig_wait_requests(rig, 2);
	g_assert_false(vit_test_viewer_has_message(viewer));
	vit_vnc_rig_paint(rig, (VitRect){64, 32, 64, 16}, BLUE);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 64 * 16);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 64, 32), ==, BLUE);
	g_assert_cmpuint(rig->n_requests, ==, 2);
}

static void test_newest_wins(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, BLUE);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, RED);
	g_assert_false(vit_test_viewer_has_message(viewer)); /* it has not asked */
	vit_test_viewer_request_all(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 64 * 16);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, RED);
}

static void test_waits_for_running_update(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_painted_surface_set_updating(rig->surface, true);
	vit_test_viewer_request_all(viewer, false);
	vit_vnc_rig_wait_requests(rig, 1);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 320, 200}, RED);
	vit_test_viewer_take_update(viewer);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 0, 0), ==, RED);
}

static void test_update_without_change(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	/* It never says that it ended: nothing had changed. The viewer gets what there is. */
	vit_painted_surface_set_updating(rig->surface, true);
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
}

static void test_other_part(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	vit_test_viewer_request(viewer, true, (VitRect){0, 0, 64, 16});
	vit_vnc_rig_wait_requests(rig, 2);
	vit_vnc_rig_paint(rig, (VitRect){128, 0, 64, 16}, BLUE);
	vit_vnc_rig_wait_requests(rig, 3); /* that was not for it: it asks again */
	g_assert_false(vit_test_viewer_has_message(viewer));
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, RED);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 64 * 16);
	vit_test_viewer_request_all(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmphex(vit_test_viewer_get_pixel(viewer, 128, 0), ==, BLUE);
}

static void test_viewers_at_once(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	VitTestViewer *viewers[4];

	for (unsigned i = 0; i < G_N_ELEMENTS(viewers); i++) {
		viewers[i] = vit_vnc_rig_connect(rig);
		vit_test_viewer_request_all(viewers[i], false);
		vit_test_viewer_take_update(viewers[i]);
		vit_test_viewer_request_all(viewers[i], true);
	}
	vit_vnc_rig_wait_requests(rig, 8);
	vit_vnc_rig_paint(rig, (VitRect){0, 0, 64, 16}, RED);
	for (unsigned i = 0; i < G_N_ELEMENTS(viewers); i++) {
		vit_test_viewer_take_update(viewers[i]);
		g_assert_cmphex(vit_test_viewer_get_pixel(viewers[i], 63, 15), ==, RED);
		vit_test_viewer_free(viewers[i]);
	}
}

/* Paints rows in colours that depend on how far the picture is scrolled. */
static void paint_rows(VitVncRig *rig, int32_t scrolled)
{
	for (int32_t y = 0; y < 200; y++) {
		uint32_t row = (uint32_t)(y + scrolled);

		vit_painted_surface_fill(rig->surface, (VitRect){0, y, 320, 1},
					 0xff000000 | row * 2654435 % 0xffffff);
	}
	vit_vnc_rig_announce(rig, (VitRect){0, 0, 320, 200});
}

static void test_scrolling(void)
{
	const int32_t encodings[] = {VIT_RFB_ENCODING_RAW, VIT_RFB_ENCODING_COPY_RECT,
				     VIT_RFB_PSEUDO_CURSOR};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);
	g_autoptr(VitTestViewer) plain = vit_vnc_rig_connect(rig);

	paint_rows(rig, 0);
	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	for (int32_t scrolled = 0; scrolled < 160; scrolled += 16) {
		paint_rows(rig, scrolled);
		vit_test_viewer_request_all(viewer, scrolled > 0);
		vit_test_viewer_take_update(viewer);
		g_assert_cmpuint(viewer->n_pixels, ==, scrolled > 0 ? 320 * 16 : 320 * 200);
		vit_test_viewer_request_all(plain, true);
		vit_test_viewer_take_update(plain);
		g_assert_cmpmem(viewer->pixels, 320 * 200 * 4, plain->pixels, 320 * 200 * 4);
	}
}

/* Only what the viewer has can be copied. */
static void test_scrolling_unknown(void)
{
	const int32_t encodings[] = {VIT_RFB_ENCODING_RAW, VIT_RFB_ENCODING_COPY_RECT,
				     VIT_RFB_PSEUDO_CURSOR};
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_vnc_rig_connect(rig);

	vit_test_viewer_set_encodings(viewer, encodings, G_N_ELEMENTS(encodings));
	paint_rows(rig, 0);
	vit_test_viewer_request(viewer, false, (VitRect){0, 0, 320, 100});
	vit_test_viewer_take_update(viewer);
	paint_rows(rig, 16);
	vit_test_viewer_request_all(viewer, true);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/vnc/update/first-is-everything", test_first_update);
	vit_test_add("/vnc/update/only-changes", test_only_changes);
	vit_test_add("/vnc/update/newest-wins", test_newest_wins);
	vit_test_add("/vnc/update/waits-for-running-update", test_waits_for_running_update);
	vit_test_add("/vnc/update/not-for-ever", test_update_without_change);
	vit_test_add("/vnc/update/asks-again-for-its-part", test_other_part);
	vit_test_add("/vnc/update/several-viewers", test_viewers_at_once);
	vit_test_add("/vnc/scroll/copied", test_scrolling);
	vit_test_add("/vnc/scroll/not-what-it-lacks", test_scrolling_unknown);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The SPICE front-end as a viewer sees it: buffers, and when they come. */
#include <drm_fourcc.h>

#include "tests/support/fixture.h"
#include "tests/support/spice-rig.h"

/* Zero copy by identity: the fd that the viewer has is the guest's own memory. */
static void test_gives_the_buffer_itself(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = vit_spice_rig_connect(rig);
	VitBuffer *buffer = vit_shm_image_get_buffer(rig->heads[0].image);
	struct stat given = vit_test_spice_viewer_stat_fd(viewer, 0), own;
	VitStamp stamp;

	g_assert_cmpint(fstat(vit_buffer_peek_fd(buffer, 0), &own), ==, 0);
	g_assert_cmpuint(given.st_ino, ==, own.st_ino);
	g_assert_cmpuint(given.st_dev, ==, own.st_dev);
	g_assert_cmpuint(viewer->displays[0].width, ==, 320);
	g_assert_cmpuint(viewer->displays[0].height, ==, 200);
	g_assert_cmphex(viewer->displays[0].fourcc, ==, DRM_FORMAT_XRGB8888);
	g_assert_false(viewer->displays[0].bottom_up);
	g_assert_true(vit_test_spice_viewer_read_stamp(viewer, 0, &stamp));
	g_assert_cmpuint(stamp.number, ==, 1);
}

static void test_frame_is_drawn(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = vit_spice_rig_connect(rig);
	unsigned n_draws = viewer->displays[0].n_draws;

	vit_spice_rig_send_frame(rig, 0);
	vit_test_spice_viewer_wait_draws(viewer, n_draws + 1);
	g_assert_cmpuint(viewer->displays[0].draw_width, ==, VIT_STAMP_WIDTH_PX);
	g_assert_cmpuint(viewer->displays[0].draw_height, ==, VIT_STAMP_HEIGHT_PX);
	vit_test_spice_viewer_wait_stamp(viewer, 0, rig->heads[0].stamp.number);
	vit_spice_rig_wait_released(rig, 0, 1);
}

static void test_frame_without_viewers(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);

	vit_spice_rig_send_frame(rig, 0);
	g_assert_cmpuint(rig->heads[0].n_released, ==, 1);
}

/* A viewer that does not acknowledge: it is left alone, and gets the newest picture once it does.
 */
static void test_resumes_with_newest(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = vit_spice_rig_connect(rig);
	g_autoptr(VitTestSpiceViewer) other = vit_spice_rig_connect(rig);
	unsigned n_draws, n_others;
	VitStamp stamp;

	viewer->keeps_draws = true;
	vit_spice_rig_send_frame(rig, 0);
	vit_test_spice_viewer_wait_draws(viewer, viewer->displays[0].n_draws + 1);
	n_draws = viewer->displays[0].n_draws;
	for (unsigned i = 0; i < 5; i++) {
		n_others = other->displays[0].n_draws;
		vit_spice_rig_send_frame(rig, 0);
		vit_test_spice_viewer_wait_draws(other, n_others + 1);
	}
	g_assert_cmpuint(rig->heads[0].n_released, <, 6); /* the first is held still */
	g_assert_cmpuint(viewer->displays[0].n_draws, ==, n_draws);
	vit_spice_rig_show(rig, 0, 640, 400); /* has to wait as well */
	vit_test_spice_viewer_acknowledge(viewer);
	vit_test_spice_viewer_wait_draws(viewer, n_draws + 1);
	g_assert_cmpuint(viewer->displays[0].width, ==, 640);
	g_assert_true(vit_test_spice_viewer_read_stamp(viewer, 0, &stamp));
	g_assert_cmpuint(stamp.number, ==, rig->heads[0].stamp.number);
	vit_spice_rig_wait_released(rig, 0, 6);
}

typedef struct Size {
	VitTestSpiceViewer *viewer;
	uint32_t width, height;
} Size;

static bool has_size(void *user_data)
{
	const Size *size = user_data;
	const VitTestSpiceDisplay *display = &size->viewer->displays[0];

	return display->width == size->width && display->height == size->height &&
	       display->monitor_width == size->width && display->monitor_height == size->height;
}

static void test_size_follows(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = vit_spice_rig_connect(rig);
	Size size = {viewer, 320, 200};

	vit_test_wait("the first size", 20, has_size, &size);
	for (unsigned i = 0; i < 10; i++) {
		size.width = 100 + 37 * i;
		size.height = 500 - 31 * i;
		vit_spice_rig_show(rig, 0, size.width, size.height);
		vit_test_wait("another size", 20, has_size, &size);
	}
	g_assert_cmpuint(viewer->displays[0].n_monitors, ==, 1);
}

static bool is_over(void *user_data)
{
	return ((VitTestSpiceViewer *)user_data)->is_over;
}

static void test_too_many(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 1);
	VitTestSpiceViewer *first = vit_spice_rig_connect(rig);
	g_autoptr(VitTestSpiceViewer) second = vit_test_spice_viewer_new(rig->path);
	g_autoptr(VitTestSpiceViewer) third = NULL;

	vit_test_wait("the second viewer to be refused", 20, is_over, second);
	g_assert_false(second->is_connected);
	g_assert_false(first->is_over);
	vit_test_spice_viewer_free(first);
	third = vit_spice_rig_connect(rig); /* the place is free again */
	g_assert_true(third->is_connected);
}

static void test_stop_disconnects(void)
{
	g_autoptr(VitSpiceRig) rig = vit_spice_rig_new(1, 4);
	g_autoptr(VitTestSpiceViewer) viewer = vit_spice_rig_connect(rig);
	g_autoptr(VitTestSpiceViewer) busy = vit_spice_rig_connect(rig);

	busy->keeps_draws = true;
	vit_spice_rig_send_frame(rig, 0);
	vit_frontend_stop(rig->spice);
	g_assert_cmpuint(rig->heads[0].n_released, ==, 1);
	vit_test_wait("the viewer to hear of it", 20, is_over, viewer);
	vit_test_wait("the busy viewer to hear of it", 20, is_over, busy);
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
	vit_test_add("/spice/picture/the-buffer-itself", test_gives_the_buffer_itself);
	vit_test_add("/spice/picture/frame-is-drawn", test_frame_is_drawn);
	vit_test_add("/spice/picture/nobody-holds-frame", test_frame_without_viewers);
	vit_test_add("/spice/picture/resumes-with-newest", test_resumes_with_newest);
	vit_test_add("/spice/picture/size-follows", test_size_follows);
	vit_test_add("/spice/viewers/too-many", test_too_many);
	vit_test_add("/spice/viewers/stop-disconnects", test_stop_disconnects);
	return g_test_run();
}

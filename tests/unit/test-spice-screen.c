/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What one viewer is shown: one draw at a time, the newest picture, and no call that would abort.
 */
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "server/spice/screen.h"
#include "sources/shm-image.h"
#include "tests/support/fake-spice-qxl.h"
#include "tests/support/fixture.h"

#define WIDTH_PX  64
#define HEIGHT_PX 48

static const VitRect everything = {0, 0, WIDTH_PX, HEIGHT_PX};
static const VitRect corner = {0, 0, 8, 8};
static const VitRect centre = {20, 20, 8, 4};

typedef struct Rig {
	VitFakeSpiceQxl qxl;
	VitSpiceScreen *screen;
	unsigned released; /* frames */
} Rig;

static void rig_init(Rig *rig)
{
	*rig = (Rig){0};
	rig->screen = vit_spice_screen_new(vit_fake_spice_qxl(&rig->qxl));
}

static void rig_clear(Rig *rig)
{
	vit_spice_screen_free(rig->screen);
}

static VitBuffer *make_buffer(uint32_t width, uint32_t height)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, NULL);

	return vit_buffer_ref(vit_shm_image_get_buffer(image));
}

static void on_released(void *user_data)
{
	((Rig *)user_data)->released++;
}

/* A width of 0 means damage unknown. */
static void rig_send_frame(Rig *rig, VitBuffer *buffer, VitRect rect)
{
	pixman_region32_t damage;
	VitFrame *frame;

	pixman_region32_init_rect(&damage, rect.x, rect.y, (unsigned)rect.width,
				  (unsigned)rect.height);
	frame = vit_frame_new(buffer, rect.width > 0 ? &damage : NULL, 1, -1, on_released, rig);
	vit_spice_screen_frame(rig->screen, frame);
	vit_frame_unref(frame);
	pixman_region32_fini(&damage);
}

static void rig_acknowledge(Rig *rig)
{
	g_assert_true(rig->qxl.is_drawing);
	rig->qxl.is_drawing = false;
	vit_spice_screen_draw_done(rig->screen);
}

static void assert_drew(const Rig *rig, unsigned n_draws, VitRect rect)
{
	g_assert_cmpuint(rig->qxl.n_draws, ==, n_draws);
	g_assert_cmpint(rig->qxl.x, ==, rect.x);
	g_assert_cmpint(rig->qxl.y, ==, rect.y);
	g_assert_cmpint(rig->qxl.width, ==, rect.width);
	g_assert_cmpint(rig->qxl.height, ==, rect.height);
}

/* A screen that shows a buffer which the viewer has drawn. */
static VitBuffer *rig_show(Rig *rig)
{
	VitBuffer *buffer = make_buffer(WIDTH_PX, HEIGHT_PX);

	rig_init(rig);
	vit_spice_screen_scanout(rig->screen, buffer);
	assert_drew(rig, 1, everything);
	rig_acknowledge(rig);
	return buffer;
}

static void test_gives_and_draws(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 1);
	g_assert_cmpint(rig.qxl.scanout.fd, ==, vit_buffer_peek_fd(buffer, 0));
	g_assert_cmpuint(rig.qxl.scanout.stride_bytes, ==, WIDTH_PX * 4);
	g_assert_cmphex(rig.qxl.scanout.fourcc, ==, DRM_FORMAT_XRGB8888);
	rig_send_frame(&rig, buffer, corner);
	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 1); /* it has that one */
	assert_drew(&rig, 2, corner);
	rig_clear(&rig);
}

static void test_keeps_frame_until_acknowledged(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, corner);
	g_assert_cmpuint(rig.released, ==, 0);
	rig_acknowledge(&rig);
	g_assert_cmpuint(rig.released, ==, 1);
	rig_clear(&rig);
}

static void test_busy_keeps_no_other_frame(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, corner);
	rig_send_frame(&rig, buffer, centre);
	g_assert_cmpuint(rig.released, ==, 1); /* the second */
	g_assert_cmpuint(rig.qxl.n_draws, ==, 2);
	g_assert_cmpuint(vit_spice_screen_get_stats(rig.screen).skipped, ==, 1);
	rig_acknowledge(&rig);
	g_assert_cmpuint(rig.released, ==, 2);
	assert_drew(&rig, 3, centre);
	rig_acknowledge(&rig);
	assert_drew(&rig, 3, centre); /* nothing is left */
	rig_clear(&rig);
}

static void test_merges_damage(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, centre);
	rig_send_frame(&rig, buffer, corner);
	rig_send_frame(&rig, buffer, centre);
	rig_acknowledge(&rig);
	assert_drew(&rig, 3, (VitRect){0, 0, 28, 24});
	rig_clear(&rig);
}

static void test_unknown_damage_is_everything(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, (VitRect){0});
	assert_drew(&rig, 2, everything);
	rig_clear(&rig);
}

static void test_other_buffer_waits(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(VitBuffer) wide = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	g_autoptr(VitBuffer) small = make_buffer(16, 8);

	rig_send_frame(&rig, buffer, corner);
	vit_spice_screen_scanout(rig.screen, wide);
	rig_send_frame(&rig, small, corner);
	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 1);
	rig_acknowledge(&rig);
	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 2); /* the newest, without those in between */
	g_assert_cmpuint(rig.qxl.scanout.width, ==, 16);
	assert_drew(&rig, 3, (VitRect){0, 0, 16, 8});
	rig_clear(&rig);
}

static void test_same_buffer_as_scanout_again(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	vit_spice_screen_scanout(rig.screen, buffer);
	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 1);
	assert_drew(&rig, 2, everything);
	rig_clear(&rig);
}

static void test_redraws_for_a_new_channel(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = NULL;

	rig_init(&rig);
	vit_spice_screen_redraw(rig.screen);
	g_assert_cmpuint(rig.qxl.n_draws, ==, 0); /* there is nothing yet */
	rig_clear(&rig);
	buffer = rig_show(&rig);
	vit_spice_screen_redraw(rig.screen);
	assert_drew(&rig, 2, everything);
	rig_send_frame(&rig, buffer, corner);
	vit_spice_screen_redraw(rig.screen);
	rig_acknowledge(&rig);
	assert_drew(&rig, 3, everything);
	rig_clear(&rig);
}

static void test_tries_again_without_fds(void)
{
	Rig rig;
	g_autoptr(VitBuffer) other = make_buffer(WIDTH_PX, HEIGHT_PX);

	vit_buffer_unref(rig_show(&rig));
	rig.qxl.is_full = true;
	rig_send_frame(&rig, other, corner);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_cmpuint(rig.qxl.n_draws, ==, 1);
	rig.qxl.is_full = false;
	rig_send_frame(&rig, other, corner);
	g_assert_cmpuint(rig.qxl.n_scanouts, ==, 2);
	assert_drew(&rig, 2, everything);
	rig_clear(&rig);
}

static void test_lets_go_when_freed(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, corner);
	rig_clear(&rig);
	g_assert_cmpuint(rig.released, ==, 1);
}

static void test_wait(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	int64_t now_us = g_get_monotonic_time();

	g_assert_cmpint(vit_spice_screen_get_wait_us(rig.screen, now_us + 1000), ==, 0);
	rig_send_frame(&rig, buffer, corner);
	g_assert_cmpint(vit_spice_screen_get_wait_us(rig.screen, now_us + 60000000), >, 0);
	rig_clear(&rig);
}

/* Whatever comes in whatever order: the fake fails where the library would abort. */
static void test_any_order_is_legal(void)
{
	Rig rig;
	VitBuffer *buffers[3];

	rig_init(&rig);
	for (unsigned i = 0; i < G_N_ELEMENTS(buffers); i++) {
		buffers[i] = make_buffer(16 + 16 * i, HEIGHT_PX);
	}
	for (unsigned i = 0; i < 20000; i++) {
		VitBuffer *buffer = buffers[g_test_rand_int_range(0, 3)];

		switch (g_test_rand_int_range(0, 5)) {
		case 0:
			vit_spice_screen_scanout(rig.screen, buffer);
			break;
		case 1:
			vit_spice_screen_redraw(rig.screen);
			break;
		case 2:
			rig.qxl.is_full = g_test_rand_bit();
			break;
		case 3:
			rig_send_frame(&rig, buffer, corner);
			break;
		default:
			if (rig.qxl.is_drawing) {
				rig_acknowledge(&rig);
			}
		}
	}
	g_assert_cmpuint(rig.qxl.n_draws, >, 100);
	for (unsigned i = 0; i < G_N_ELEMENTS(buffers); i++) {
		vit_buffer_unref(buffers[i]);
	}
	rig_clear(&rig);
}

/* ---- What can be shown ---- */

static VitBufferLayout plain_layout(void)
{
	return (VitBufferLayout){
		.fourcc = DRM_FORMAT_XRGB8888,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = WIDTH_PX,
		.height = HEIGHT_PX,
		.n_planes = 1,
		.stride_bytes = {WIDTH_PX * 4},
	};
}

static VitBuffer *buffer_of(const VitBufferLayout *layout)
{
	g_autoptr(GError) error = NULL;
	int fds[VIT_MAX_PLANES];
	VitBuffer *buffer;

	for (unsigned i = 0; i < layout->n_planes; i++) {
		fds[i] = memfd_create("test", MFD_CLOEXEC);
		g_assert_cmpint(ftruncate(fds[i], 1 << 20), ==, 0);
	}
	buffer = vit_buffer_new_take_fds(layout, fds, layout->n_planes, &error);
	g_assert_no_error(error);
	return buffer;
}

static void assert_can_show(VitBufferLayout layout)
{
	g_autoptr(VitBuffer) buffer = buffer_of(&layout);
	g_autoptr(GError) error = NULL;

	g_assert_true(vit_spice_screen_can_show(buffer, &error));
	g_assert_no_error(error);
}

static void assert_cannot_show(VitBufferLayout layout, const char *why)
{
	g_autoptr(VitBuffer) buffer = buffer_of(&layout);
	g_autoptr(GError) error = NULL;

	g_assert_false(vit_spice_screen_can_show(buffer, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(error->message, why));
}

static void test_can_show_linear(void)
{
	VitBufferLayout layout = plain_layout();

	assert_can_show(layout);
	layout.bottom_up = true;
	assert_can_show(layout);
	layout.bottom_up = false;
	layout.visible = (VitRect){0, 0, 20, 10};
	assert_can_show(layout);
	layout.visible = (VitRect){0};
	layout.modifier = DRM_FORMAT_MOD_INVALID;
	assert_can_show(layout);
}

static void test_cannot_show_offset(void)
{
	VitBufferLayout layout = plain_layout();

	layout.offset_bytes[0] = 4096;
	assert_cannot_show(layout, "begin");
}

static void test_cannot_show_planes(void)
{
	VitBufferLayout layout = plain_layout();

	layout.n_planes = 2;
	layout.modifier = I915_FORMAT_MOD_Y_TILED_CCS;
	layout.stride_bytes[1] = WIDTH_PX;
	assert_cannot_show(layout, "plane");
}

static void test_cannot_show_tiled(void)
{
	VitBufferLayout layout = plain_layout();

	layout.modifier = I915_FORMAT_MOD_X_TILED;
	assert_cannot_show(layout, "tiled");
}

static void test_cannot_show_part(void)
{
	VitBufferLayout layout = plain_layout();

	layout.visible = (VitRect){1, 0, 20, 10};
	assert_cannot_show(layout, "part");
	layout.visible = (VitRect){0, 1, 20, 10};
	assert_cannot_show(layout, "part");
	layout.visible = (VitRect){0, 0, 20, 10};
	layout.bottom_up = true;
	assert_cannot_show(layout, "part");
	layout.bottom_up = false;
	layout.modifier = DRM_FORMAT_MOD_INVALID;
	assert_cannot_show(layout, "part");
}

static void test_alpha_is_not_told(void)
{
	static const uint32_t pairs[][2] = {
		{DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888},
		{DRM_FORMAT_RGBA8888, DRM_FORMAT_RGBX8888},
		{DRM_FORMAT_ABGR2101010, DRM_FORMAT_XBGR2101010},
		{DRM_FORMAT_BGRA8888, DRM_FORMAT_BGRX8888},
		{DRM_FORMAT_RGB565, DRM_FORMAT_RGB565},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		VitBufferLayout layout = plain_layout();
		g_autoptr(VitBuffer) buffer = NULL;
		Rig rig;

		layout.fourcc = pairs[i][0];
		buffer = buffer_of(&layout);
		rig_init(&rig);
		vit_spice_screen_scanout(rig.screen, buffer);
		g_assert_cmphex(rig.qxl.scanout.fourcc, ==, pairs[i][1]);
		rig_clear(&rig);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/spice-screen/gives-and-draws", test_gives_and_draws);
	vit_test_add("/spice-screen/keeps-frame-until-acknowledged",
		     test_keeps_frame_until_acknowledged);
	vit_test_add("/spice-screen/busy-keeps-no-other-frame", test_busy_keeps_no_other_frame);
	vit_test_add("/spice-screen/merges-damage", test_merges_damage);
	vit_test_add("/spice-screen/unknown-damage", test_unknown_damage_is_everything);
	vit_test_add("/spice-screen/other-buffer-waits", test_other_buffer_waits);
	vit_test_add("/spice-screen/same-buffer-again", test_same_buffer_as_scanout_again);
	vit_test_add("/spice-screen/redraws-for-a-new-channel", test_redraws_for_a_new_channel);
	vit_test_add("/spice-screen/tries-again-without-fds", test_tries_again_without_fds);
	vit_test_add("/spice-screen/lets-go-when-freed", test_lets_go_when_freed);
	vit_test_add("/spice-screen/wait", test_wait);
	vit_test_add("/spice-screen/any-order-is-legal", test_any_order_is_legal);
	vit_test_add("/spice-screen/can-show/linear", test_can_show_linear);
	vit_test_add("/spice-screen/cannot-show/offset", test_cannot_show_offset);
	vit_test_add("/spice-screen/cannot-show/planes", test_cannot_show_planes);
	vit_test_add("/spice-screen/cannot-show/tiled", test_cannot_show_tiled);
	vit_test_add("/spice-screen/cannot-show/part", test_cannot_show_part);
	vit_test_add("/spice-screen/alpha-is-not-told", test_alpha_is_not_told);
	return g_test_run();
}

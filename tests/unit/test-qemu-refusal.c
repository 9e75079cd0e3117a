/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Calls of a VM's listener that cannot be true: each is refused, and costs nothing. */
#include <drm_fourcc.h>
#include <fcntl.h>
#include <pixman.h>
#include <unistd.h>

#include "config/error.h"
#include "tests/support/fixture.h"
#include "tests/support/listener-call.h"

#define WIDTH  VIT_CALL_WIDTH
#define HEIGHT VIT_CALL_HEIGHT
#define STRIDE VIT_CALL_STRIDE
#define BYTES  VIT_CALL_BYTES

/* Runs a call that must fail; nothing of it may be shown, and who waits is told by the error. */
static void refuse_with_fds(const char *member, GVariant *arguments, int *fds, VitError code)
{
	g_autoptr(GError) error = NULL;
	VitCallRig rig;

	vit_call_rig_init(&rig);
	g_assert_false(vit_call_try(&rig, member, arguments, fds, &error));
	g_assert_error(error, VIT_ERROR, (int)code);
	g_assert_cmpuint(rig.n_done, ==, 0);
	g_assert_cmpuint(rig.head->refusals, ==, 1);
	g_assert_cmpuint(rig.head->events, ==, 1);
	vit_call_rig_clear(&rig);
}

static void refuse(const char *member, GVariant *arguments, VitError code)
{
	int no_fds[] = {-1};

	refuse_with_fds(member, arguments, no_fds, code);
}

static void refuse_fd(const char *member, GVariant *arguments, int fd, VitError code)
{
	int fds[] = {fd, -1};

	refuse_with_fds(member, arguments, fds, code);
}

static GVariant *raw_scanout(uint32_t width, uint32_t height, uint32_t stride, uint32_t format,
			     size_t n_bytes)
{
	return g_variant_new("(uuuu@ay)", width, height, stride, format,
			     vit_call_bytes(n_bytes, 0));
}

static void test_refused_scanouts(void)
{
	const uint32_t xrgb = PIXMAN_x8r8g8b8;

	refuse("Scanout", raw_scanout(0, HEIGHT, STRIDE, xrgb, BYTES), VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, 0, STRIDE, xrgb, BYTES), VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(65536, 65536, 65536 * 4, xrgb, BYTES),
	       VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(UINT32_MAX, UINT32_MAX, UINT32_MAX, xrgb, 0),
	       VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, STRIDE - 1, xrgb, BYTES),
	       VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, 0, xrgb, BYTES), VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, UINT32_MAX, xrgb, BYTES),
	       VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, STRIDE, xrgb, BYTES - 1),
	       VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, STRIDE, xrgb, 0), VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, STRIDE, 0xdeadbeef, BYTES),
	       VIT_ERROR_UNSUPPORTED);
	refuse("Scanout", raw_scanout(WIDTH, HEIGHT, STRIDE, PIXMAN_a8, BYTES),
	       VIT_ERROR_UNSUPPORTED);
	refuse("Scanout", g_variant_new("(s)", "no picture"), VIT_ERROR_INVALID_METADATA);
	refuse("Scanout", NULL, VIT_ERROR_INVALID_METADATA);
}

static GVariant *raw_update(int x, int y, int width, int height, size_t n_bytes)
{
	return g_variant_new("(iiiiuu@ay)", x, y, width, height, 16, PIXMAN_x8r8g8b8,
			     vit_call_bytes(n_bytes, 0));
}

static void test_refused_updates(void)
{
	refuse("Update", raw_update(-1, 0, 4, 4, 64), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(0, INT32_MIN, 4, 4, 64), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(0, 0, -4, 4, 64), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(0, 0, 4, 0, 64), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(0, 0, 4, 4, 63), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(0, 0, 5, 4, 64), VIT_ERROR_INVALID_METADATA);
	/* A little update far out must not cost a large picture. */
	refuse("Update", raw_update(INT32_MAX, INT32_MAX, 4, 4, 64), VIT_ERROR_INVALID_METADATA);
	refuse("Update", raw_update(16380, 16380, 4, 4, 64), VIT_ERROR_INVALID_METADATA);
}

static GVariant *raw_map(int handle, uint32_t offset, uint32_t width, uint32_t stride,
			 uint32_t format)
{
	return g_variant_new("(huuuuu)", handle, offset, width, HEIGHT, stride, format);
}

static int pipe_end(void)
{
	int ends[2];

	g_assert_no_errno(pipe2(ends, O_CLOEXEC));
	(void)close(ends[1]);
	return ends[0];
}

static void test_refused_maps(void)
{
	const uint32_t xrgb = PIXMAN_x8r8g8b8;

	refuse_fd("ScanoutMap", raw_map(0, 4, WIDTH, STRIDE, xrgb), vit_call_memory(BYTES),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(0, UINT32_MAX - 3, WIDTH, STRIDE, xrgb),
		  vit_call_memory(BYTES), VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(0, 0, 0, STRIDE, xrgb), vit_call_memory(BYTES),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(0, 0, WIDTH, STRIDE - 4, xrgb), vit_call_memory(BYTES),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(0, 0, WIDTH, STRIDE, 7), vit_call_memory(BYTES),
		  VIT_ERROR_UNSUPPORTED);
	refuse_fd("ScanoutMap", raw_map(0, 0, WIDTH, STRIDE, xrgb), vit_call_memory(0),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(0, 0, WIDTH, STRIDE, xrgb), pipe_end(),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(1, 0, WIDTH, STRIDE, xrgb), vit_call_memory(BYTES),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutMap", raw_map(-1, 0, WIDTH, STRIDE, xrgb), vit_call_memory(BYTES),
		  VIT_ERROR_INVALID_METADATA);
	refuse("ScanoutMap", raw_map(0, 0, WIDTH, STRIDE, xrgb), VIT_ERROR_INVALID_METADATA);
}

static void test_refused_dmabufs(void)
{
	const uint64_t linear = DRM_FORMAT_MOD_LINEAR;

	refuse("ScanoutDMABUF", vit_call_dmabuf(linear, false), VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutDMABUF", vit_call_dmabuf(linear, false), vit_call_memory(BYTES - 1),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutDMABUF", vit_call_dmabuf(linear, false), pipe_end(),
		  VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutDMABUF",
		  g_variant_new("(huuuutb)", 0, 65536, 65536, 65536 * 4, DRM_FORMAT_XRGB8888,
				linear, FALSE),
		  vit_call_memory(BYTES), VIT_ERROR_INVALID_METADATA);
	refuse_fd("ScanoutDMABUF",
		  g_variant_new("(huuuutb)", 0, WIDTH, HEIGHT, STRIDE, DRM_FORMAT_NV12, linear,
				FALSE),
		  vit_call_memory(BYTES), VIT_ERROR_UNSUPPORTED);
}

static void test_refused_dmabuf2s(void)
{
	const VitRect whole = {0, 0, WIDTH, HEIGHT}, none = {0, 0, 0, 0};
	const VitRect outside = {1, 0, WIDTH, HEIGHT}, negative = {-1, 0, WIDTH, HEIGHT};
	const uint64_t tiled = I915_FORMAT_MOD_Y_TILED_CCS;
	const struct {
		const VitRect *visible;
		unsigned n_given;
		uint32_t n_planes;
		unsigned n_fds;
	} rows[] = {
		{&whole, 1, 0, 1}, {&whole, 5, 5, 5},   {&whole, 1, 2, 2},
		{&whole, 2, 2, 1}, {&whole, 0, 1, 1},   {&whole, 1, UINT32_MAX, 1},
		{&none, 1, 1, 1},  {&outside, 1, 1, 1}, {&negative, 1, 1, 1},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		int fds[6];

		for (unsigned j = 0; j < rows[i].n_fds; j++) {
			fds[j] = vit_call_memory(2 * BYTES);
		}
		fds[rows[i].n_fds] = -1;
		refuse_with_fds(
			"ScanoutDMABUF2",
			vit_call_dmabuf2(rows[i].visible, rows[i].n_given, rows[i].n_planes, tiled),
			fds, VIT_ERROR_INVALID_METADATA);
	}
}

static void test_refused_cursors(void)
{
	refuse("CursorDefine", g_variant_new("(iiii@ay)", 0, 16, 0, 0, vit_call_bytes(1024, 0)),
	       VIT_ERROR_INVALID_METADATA);
	refuse("CursorDefine", g_variant_new("(iiii@ay)", -16, -16, 0, 0, vit_call_bytes(1024, 0)),
	       VIT_ERROR_INVALID_METADATA);
	refuse("CursorDefine", g_variant_new("(iiii@ay)", 16, 16, 0, 0, vit_call_bytes(1023, 0)),
	       VIT_ERROR_INVALID_METADATA);
	refuse("CursorDefine",
	       g_variant_new("(iiii@ay)", 65536, 65536, 0, 0, vit_call_bytes(1024, 0)),
	       VIT_ERROR_INVALID_METADATA);
}

/* It concerns no picture, so nobody but the caller is told. */
static void test_unknown_call(void)
{
	g_autoptr(GError) error = NULL;
	int no_fds[] = {-1};
	VitCallRig rig;

	vit_call_rig_init(&rig);
	g_assert_false(vit_call_try(&rig, "ScanoutHologram", NULL, no_fds, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_call_rig_clear(&rig);
}

/* What was shown before is not shown any more, and its updates are not either. */
static void test_refusal_ends_what_was_shown(void)
{
	g_autoptr(GError) error = NULL;
	int fds[] = {vit_call_memory(16), -1};
	VitCallRig rig;

	vit_call_rig_init(&rig);
	vit_call_run_fd(&rig, "ScanoutDMABUF", vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false),
			vit_call_memory(BYTES));
	g_assert_false(vit_call_try(&rig, "ScanoutDMABUF",
				    vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false), fds, &error));
	vit_call_run(&rig, "UpdateDMABUF", vit_call_rectangle(0, 0, 10, 10));
	g_assert_cmpuint(rig.head->frames, ==, 0);
	vit_call_run(&rig, "Scanout", vit_call_scanout(WIDTH, HEIGHT, 1));
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	vit_call_rig_clear(&rig);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		VitTest test;
	} tests[] = {
		{"/qemu-refusal/scanouts", test_refused_scanouts},
		{"/qemu-refusal/updates", test_refused_updates},
		{"/qemu-refusal/maps", test_refused_maps},
		{"/qemu-refusal/dmabufs", test_refused_dmabufs},
		{"/qemu-refusal/dmabuf2s", test_refused_dmabuf2s},
		{"/qemu-refusal/cursors", test_refused_cursors},
		{"/qemu-refusal/unknown-call", test_unknown_call},
		{"/qemu-refusal/ends-what-was-shown", test_refusal_ends_what_was_shown},
	};

	g_test_init(&argc, &argv, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		vit_test_add(tests[i].path, tests[i].test);
	}
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/shm-image.c. */
#include "sources/shm-image.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/error.h"
#include "tests/support/fixture.h"

static void test_stride(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitShmImage) rounded =
		vit_shm_image_new(33, 7, DRM_FORMAT_RGB888, 0, false, &error);
	g_autoptr(VitShmImage) given =
		vit_shm_image_new(33, 7, DRM_FORMAT_RGB888, 99, true, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(vit_shm_image_get_stride_bytes(rounded), ==, 128);
	g_assert_cmpuint(vit_shm_image_get_stride_bytes(given), ==, 99);
	g_assert_false(vit_buffer_get_layout(vit_shm_image_get_buffer(rounded))->bottom_up);
	g_assert_true(vit_buffer_get_layout(vit_shm_image_get_buffer(given))->bottom_up);
}

static void test_shared(void)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(4, 2, DRM_FORMAT_XRGB8888, 16, false, NULL);
	g_autoptr(VitBuffer) buffer = vit_buffer_ref(vit_shm_image_get_buffer(image));
	uint8_t bytes[32];

	g_assert_cmpint(pread(vit_buffer_peek_fd(buffer, 0), bytes, 32, 0), ==, 32);
	for (unsigned i = 0; i < 32; i++) {
		g_assert_cmpuint(bytes[i], ==, 0);
	}
	g_assert_true(vit_shm_image_is_idle(image));
	g_assert_true(vit_shm_image_begin_write(image, NULL));
	vit_shm_image_get_pixels(image)[31] = 7;
	g_assert_true(vit_shm_image_end_write(image, NULL));
	vit_shm_image_free(g_steal_pointer(&image));
	g_assert_cmpint(pread(vit_buffer_peek_fd(buffer, 0), bytes, 1, 31), ==, 1);
	g_assert_cmpuint(bytes[0], ==, 7);
	vit_shm_image_free(NULL);
}

static void test_sealed(void)
{
	g_autoptr(VitShmImage) image = vit_shm_image_new(4, 2, DRM_FORMAT_XRGB8888, 0, false, NULL);
	int fd = vit_buffer_peek_fd(vit_shm_image_get_buffer(image), 0);

	g_assert_cmpint(ftruncate(fd, 1), <, 0);
	g_assert_cmpint(ftruncate(fd, 1 << 20), <, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), <, 0);
	g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
}

static void assert_refused(uint32_t width, uint32_t height, uint32_t fourcc, uint32_t stride_bytes,
			   VitError code)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_shm_image_new(width, height, fourcc, stride_bytes, false, &error));
	g_assert_error(error, VIT_ERROR, (int)code);
}

static void test_refusals(void)
{
	assert_refused(0, 1, DRM_FORMAT_XRGB8888, 0, VIT_ERROR_INVALID_METADATA);
	assert_refused(G_MAXUINT32, 1, DRM_FORMAT_XRGB8888, 0, VIT_ERROR_INVALID_METADATA);
	assert_refused(0x40000001, 1, DRM_FORMAT_XRGB8888, 0, VIT_ERROR_INVALID_METADATA);
	assert_refused(1, 16385, DRM_FORMAT_XRGB8888, 0, VIT_ERROR_INVALID_METADATA);
	assert_refused(4, 4, DRM_FORMAT_XRGB8888, 12, VIT_ERROR_INVALID_METADATA);
	assert_refused(4, 4, DRM_FORMAT_NV12, 0, VIT_ERROR_UNSUPPORTED);
	assert_refused(4, 4, DRM_FORMAT_XRGB8888, 2 * 4 * 16384 + 4, VIT_ERROR_INVALID_METADATA);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/shm-image/stride", test_stride);
	vit_test_add("/shm-image/buffer-shares-and-outlives", test_shared);
	vit_test_add("/shm-image/sealed-and-cloexec", test_sealed);
	vit_test_add("/shm-image/refuses-what-a-buffer-refuses", test_refusals);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/cursor.c. */
#include "sources/cursor.h"

#include "config/error.h"
#include "tests/support/fixture.h"

static void test_copies(void)
{
	uint32_t pixels[6] = {1, 2, 3, 4, 5, 6};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitCursor) cursor = vit_cursor_new(3, 2, 1, 1, pixels, sizeof pixels, &error);

	g_assert_no_error(error);
	pixels[5] = 0;
	g_assert_cmpuint(vit_cursor_get_width(cursor), ==, 3);
	g_assert_cmpuint(vit_cursor_get_height(cursor), ==, 2);
	g_assert_cmpuint(vit_cursor_get_hot_x(cursor), ==, 1);
	g_assert_cmpuint(vit_cursor_get_hot_y(cursor), ==, 1);
	g_assert_cmpuint(vit_cursor_get_pixels(cursor)[5], ==, 6);
	vit_cursor_unref(vit_cursor_ref(cursor));
	vit_cursor_unref(NULL);
}

static void test_hot_spot(void)
{
	uint32_t pixels[6] = {0};
	g_autoptr(VitCursor) before =
		vit_cursor_new(3, 2, -1, G_MININT32, pixels, sizeof pixels, NULL);
	g_autoptr(VitCursor) behind =
		vit_cursor_new(3, 2, 3, G_MAXINT32, pixels, sizeof pixels, NULL);

	g_assert_cmpuint(vit_cursor_get_hot_x(before), ==, 0);
	g_assert_cmpuint(vit_cursor_get_hot_y(before), ==, 0);
	g_assert_cmpuint(vit_cursor_get_hot_x(behind), ==, 2);
	g_assert_cmpuint(vit_cursor_get_hot_y(behind), ==, 1);
}

static void assert_refused(uint32_t width, uint32_t height, size_t n_bytes)
{
	uint32_t pixels[4] = {0};
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_cursor_new(width, height, 0, 0, pixels, n_bytes, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
}

static void test_sides(void)
{
	g_autofree uint32_t *pixels = g_new0(uint32_t, 512 * 512);
	g_autoptr(VitCursor) largest =
		vit_cursor_new(512, 512, 0, 0, pixels, 512 * 512 * sizeof *pixels, NULL);

	g_assert_nonnull(largest);
	assert_refused(0, 1, 0);
	assert_refused(1, 0, 0);
	assert_refused(513, 1, 513 * 4);
	assert_refused(1, 513, 513 * 4);
	assert_refused(0x80000000, 0x80000000, 0);
}

static void test_byte_count(void)
{
	assert_refused(2, 2, 15);
	assert_refused(2, 2, 17);
	assert_refused(2, 2, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/cursor/copies-pixels", test_copies);
	vit_test_add("/cursor/moves-hot-spot-to-the-edge", test_hot_spot);
	vit_test_add("/cursor/refuses-sides", test_sides);
	vit_test_add("/cursor/refuses-byte-count", test_byte_count);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of sources/format.c. */
#include "sources/format.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <string.h>

#include "tests/support/fixture.h"

static void test_every_format_is_found(void)
{
	unsigned count = 0;

	for (const VitFormat *format; (format = vit_format_nth(count)); count++) {
		char text[16];

		g_assert_true(vit_format_find(format->fourcc) == format);
		g_assert_true(vit_format_find_by_name(format->name) == format);
		vit_fourcc_to_text(format->fourcc, text);
		g_assert_cmpstr(text, ==, format->name);
		g_assert_cmpuint(format->bytes_per_pixel, >=, 2);
		g_assert_cmpuint(format->bytes_per_pixel, <=, 4);
	}
	g_assert_cmpuint(count, ==, 15);
}

static void test_facts_of_some(void)
{
	g_assert_cmpuint(vit_format_find(DRM_FORMAT_XRGB8888)->bytes_per_pixel, ==, 4);
	g_assert_false(vit_format_find(DRM_FORMAT_XRGB8888)->has_alpha);
	g_assert_true(vit_format_find(DRM_FORMAT_BGRA8888)->has_alpha);
	g_assert_true(vit_format_find(DRM_FORMAT_ABGR2101010)->has_alpha);
	g_assert_cmpuint(vit_format_find(DRM_FORMAT_RGB565)->bytes_per_pixel, ==, 2);
	g_assert_cmpuint(vit_format_find(DRM_FORMAT_RGB888)->bytes_per_pixel, ==, 3);
}

static void test_unknown(void)
{
	g_assert_null(vit_format_find(0));
	g_assert_null(vit_format_find(DRM_FORMAT_NV12));
	g_assert_null(vit_format_find(DRM_FORMAT_XRGB8888 | DRM_FORMAT_BIG_ENDIAN));
	g_assert_null(vit_format_find_by_name(""));
	g_assert_null(vit_format_find_by_name("XR2"));
	g_assert_null(vit_format_find_by_name("XR244"));
	g_assert_null(vit_format_find_by_name("xr24"));
}

static void test_text(void)
{
	char text[16];

	vit_fourcc_to_text(DRM_FORMAT_NV12, text);
	g_assert_cmpstr(text, ==, "NV12");
	vit_fourcc_to_text(0, text);
	g_assert_cmpstr(text, ==, "0x00000000");
	vit_fourcc_to_text(0xff414141, text);
	g_assert_cmpstr(text, ==, "0xff414141");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/format/every-one-is-found-by-fourcc-and-name", test_every_format_is_found);
	vit_test_add("/format/facts-of-some", test_facts_of_some);
	vit_test_add("/format/unknown-is-null", test_unknown);
	vit_test_add("/format/text-or-hexadecimal", test_text);
	return g_test_run();
}

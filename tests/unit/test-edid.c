/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The EDID generator, judged by edid-decode: it must find every block conforming, and read out of
 * it what was put in.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "config/fd.h"
#include "sources/buffer.h"
#include "sources/edid.h"
#include "tests/support/fixture.h"

/* What edid-decode says of the EDID. Fails the test where it finds a failure. */
static char *judge(const VitEdidMonitor *monitor, size_t *ret_n_bytes)
{
	uint8_t edid[VIT_EDID_MAX_BYTES];
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL, *text = NULL;
	VIT_AUTOFD int fd = g_file_open_tmp("vitrine-edid-XXXXXX", &path, &error);
	const char *arguments[] = {"edid-decode", "--check", path, NULL};
	int status;

	g_assert_no_error(error);
	*ret_n_bytes = vit_edid_make(monitor, edid);
	g_assert_cmpint(write(fd, edid, *ret_n_bytes), ==, *ret_n_bytes);
	(void)g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text,
			   NULL, &status, &error);
	g_assert_no_error(error);
	(void)g_unlink(path);
	if (!g_spawn_check_wait_status(status, NULL) || !strstr(text, "EDID conformity: PASS")) {
		g_test_message("%s", text);
		g_test_fail();
	}
	return g_steal_pointer(&text);
}

static void assert_says(const char *text, const char *pattern)
{
	if (!g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0)) {
		g_test_message("%s", text);
		g_error("edid-decode does not say %s", pattern);
	}
}

/* The first detailed timing is the preferred one. */
static void test_preferred_mode(void)
{
	static const struct {
		uint32_t width, height;
	} sizes[] = {
		{1920, 1080}, {1280, 800},  {64, 64},     {1025, 777},  {3840, 2160},
		{2560, 1440}, {4095, 64},   {2048, 4095}, {100, 100},   {800, 600},
		{1366, 768},  {3440, 1440}, {1080, 1920}, {4000, 2500},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const VitEdidMonitor monitor = {.width = sizes[i].width, .height = sizes[i].height};
		size_t n_bytes;
		g_autofree char *text = judge(&monitor, &n_bytes);
		g_autofree char *pattern = g_strdup_printf("DTD 1: +%ux%u +(59\\.9|60\\.0)",
							   monitor.width, monitor.height);

		g_assert_cmpuint(n_bytes, ==, 128);
		assert_says(text, pattern);
		assert_says(text, "DTD 2: ");
	}
}

/* A mode that a base block cannot tell is the preferred one of an extension. */
static void test_large_mode(void)
{
	static const struct {
		uint32_t width, height;
	} sizes[] = {
		{4096, 2160},
		{5120, 2880},
		{4095, 4095},
		{64, 16384},
		{16384, 64},
		{7680, 4320},
		{VIT_BUFFER_MAX_SIDE, VIT_BUFFER_MAX_SIDE},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const VitEdidMonitor monitor = {.width = sizes[i].width, .height = sizes[i].height};
		size_t n_bytes;
		g_autofree char *text = judge(&monitor, &n_bytes);
		g_autofree char *pattern = g_strdup_printf(
			"DTD: +%ux%u +(59\\.9|60\\.0).*preferred", monitor.width, monitor.height);

		g_assert_cmpuint(n_bytes, ==, 256);
		assert_says(text, pattern);
		assert_says(text, "DTD 1: +3840x2160");
	}
}

static void test_size_in_mm(void)
{
	VitEdidMonitor monitor = {.width = 1920, .height = 1080, .width_mm = 600, .height_mm = 340};
	size_t n_bytes;
	g_autofree char *known = judge(&monitor, &n_bytes), *made_up = NULL, *huge = NULL;

	assert_says(known, "Maximum image size: 60 cm x 34 cm");
	assert_says(known, "DTD 1:.*600 mm x 340 mm");
	monitor.height_mm = 0;
	made_up = judge(&monitor, &n_bytes);
	assert_says(made_up, "DTD 1:.*508 mm x 285 mm");
	monitor.height_mm = UINT32_MAX;
	huge = judge(&monitor, &n_bytes);
	assert_says(huge, "Image size is variable");
}

static void test_usual_modes(void)
{
	const VitEdidMonitor monitor = {.width = 1280, .height = 800};
	size_t n_bytes;
	g_autofree char *text = judge(&monitor, &n_bytes);
	static const char *const modes[] = {
		"640x480",   "800x600",   "1024x768",  "1280x720",  "1280x1024", "1440x900",
		"1600x1200", "1680x1050", "1920x1080", "1920x1200", "2560x1440", "3840x2160",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
		assert_says(text, modes[i]);
	}
	assert_says(text, "Display Product Name: 'Vitrine'");
	assert_says(text, "sRGB");
}

static void test_heads_differ(void)
{
	const VitEdidMonitor first = {.width = 5120, .height = 2880};
	const VitEdidMonitor third = {.width = 5120, .height = 2880, .index = 2};
	size_t n_bytes;
	g_autofree char *one = judge(&first, &n_bytes), *three = judge(&third, &n_bytes);

	assert_says(one, "Serial Number: 1$");
	assert_says(three, "Serial Number: 3$");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/edid/preferred-mode", test_preferred_mode);
	g_test_add_func("/edid/large-mode-in-extension", test_large_mode);
	g_test_add_func("/edid/size-in-millimetres", test_size_in_mm);
	g_test_add_func("/edid/usual-modes", test_usual_modes);
	g_test_add_func("/edid/heads-differ", test_heads_differ);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Unit tests of sources/pattern/screen.c and what it is made of: the pictures themselves, without a
 * clock. Pixels are read back from the buffers by tests/support/pixels.c.
 */
#include "sources/pattern/screen.h"

#include <drm_fourcc.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/pixels.h"

typedef void (*Step)(VitPatternDesktop *desktop);

static const Step steps[] = {vit_pattern_desktop_type, vit_pattern_desktop_scroll,
			     vit_pattern_desktop_move};

static const struct {
	uint32_t width, height;
} sizes[] = {{1, 1}, {7, 5}, {33, 200}, {200, 33}, {161, 129}, {500, 301}, {640, 480}};

static VitPatternOptions make_options(void)
{
	return (VitPatternOptions){
		.fourcc = DRM_FORMAT_XRGB8888,
		.rate_hz = 60,
		.heads = 1,
		.memory = vit_test_memory(),
	};
}

static VitBuffer *show(VitPatternScreen *screen, pixman_region32_t *damage)
{
	g_autoptr(GError) error = NULL;
	VitBuffer *buffer = vit_pattern_screen_show(screen, damage, &error);

	g_assert_no_error(error);
	return buffer;
}

/* Fails unless every pixel that differs lies inside @damage. */
static void assert_damage_covers(const uint32_t *before, const uint32_t *after, int width,
				 int height, pixman_region32_t *damage)
{
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			if (before[y * width + x] != after[y * width + x]) {
				g_assert_true(pixman_region32_contains_point(damage, x, y, NULL));
			}
		}
	}
}

static void check_steps(const VitPatternOptions *options, uint32_t width, uint32_t height,
			Step step)
{
	VitPatternScreen *screen = vit_pattern_screen_new(options, 0, width, height);
	VitPatternDesktop *desktop = vit_pattern_screen_get_desktop(screen);
	g_autofree uint32_t *before = NULL;
	pixman_region32_t damage;

	pixman_region32_init(&damage);
	for (unsigned i = 0; i < 8; i++) {
		VitStamp stamp = {i, i * 16667};
		g_autoptr(VitBuffer) buffer = NULL;
		uint32_t *after;

		if (i > 0) {
			step(desktop);
			vit_pattern_desktop_show_key(desktop, 30 + i / 2, i % 2 == 1);
		}
		vit_pattern_desktop_stamp(desktop, &stamp);
		buffer = show(screen, &damage);
		after = vit_test_read_picture(buffer);
		if (before) {
			assert_damage_covers(before, after, (int)width, (int)height, &damage);
		}
		g_free(before);
		before = after;
	}
	pixman_region32_fini(&damage);
	vit_pattern_screen_free(screen);
}

static void test_damage(void)
{
	for (unsigned buffering = VIT_PATTERN_SINGLE; buffering <= VIT_PATTERN_FRESH; buffering++) {
		VitPatternOptions options = make_options();

		options.buffering = (VitPatternBuffering)buffering;
		options.bottom_up = buffering == VIT_PATTERN_RING;
		for (unsigned size = 0; size < G_N_ELEMENTS(sizes); size++) {
			for (unsigned step = 0; step < G_N_ELEMENTS(steps); step++) {
				check_steps(&options, sizes[size].width, sizes[size].height,
					    steps[step]);
			}
		}
	}
}

static int64_t region_area(pixman_region32_t *region)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(region, &n_boxes);
	int64_t area = 0;

	for (int i = 0; i < n_boxes; i++) {
		area += (int64_t)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
	}
	return area;
}

/* Damaged pixels, and how many of them differ, of one step after the first picture at 640x480. */
static void measure_step(Step step, int64_t *ret_damaged, int64_t *ret_changed)
{
	VitPatternOptions options = make_options();
	VitPatternScreen *screen = vit_pattern_screen_new(&options, 0, 640, 480);
	g_autofree uint32_t *before = NULL;
	g_autofree uint32_t *after = NULL;
	g_autoptr(VitBuffer) first = NULL;
	g_autoptr(VitBuffer) second = NULL;
	pixman_region32_t damage;

	pixman_region32_init(&damage);
	step(vit_pattern_screen_get_desktop(screen));
	first = show(screen, &damage);
	before = vit_test_read_picture(first);
	g_assert_cmpint(region_area(&damage), ==, 640 * 480);
	g_assert_false(vit_pattern_screen_has_damage(screen));
	step(vit_pattern_screen_get_desktop(screen));
	g_assert_true(vit_pattern_screen_has_damage(screen));
	second = show(screen, &damage);
	after = vit_test_read_picture(second);
	*ret_damaged = region_area(&damage);
	*ret_changed = 0;
	for (int i = 0; i < 640 * 480; i++) {
		*ret_changed += before[i] != after[i];
	}
	pixman_region32_fini(&damage);
	vit_pattern_screen_free(screen);
}

static void test_amount_of_change(void)
{
	int64_t damaged, changed;

	measure_step(vit_pattern_desktop_type, &damaged, &changed);
	g_assert_cmpint(damaged, <=, 3 * VIT_PATTERN_GLYPH_WIDTH * VIT_PATTERN_GLYPH_HEIGHT);
	g_assert_cmpint(changed, >, 0);
	measure_step(vit_pattern_desktop_scroll, &damaged, &changed);
	g_assert_cmpint(changed, >, damaged / 10);
	measure_step(vit_pattern_desktop_move, &damaged, &changed);
	g_assert_cmpint(damaged, ==, 640 * 480 / 2);
	g_assert_cmpint(changed, >, damaged * 9 / 10);
}

/* The picture after a few steps of every kind. */
static uint32_t *make_picture(const VitPatternOptions *options)
{
	VitPatternScreen *screen = vit_pattern_screen_new(options, 0, 321, 207);
	VitStamp stamp = {0x12345678, 5};
	g_autoptr(VitBuffer) buffer = NULL;
	pixman_region32_t damage;
	uint32_t *picture;

	pixman_region32_init(&damage);
	for (unsigned i = 0; i < 5; i++) {
		g_clear_pointer(&buffer, vit_buffer_unref);
		g_assert_true(vit_pattern_screen_is_ready(screen));
		steps[i % G_N_ELEMENTS(steps)](vit_pattern_screen_get_desktop(screen));
		vit_pattern_desktop_stamp(vit_pattern_screen_get_desktop(screen), &stamp);
		buffer = show(screen, &damage);
	}
	g_assert_cmpuint(vit_buffer_get_layout(buffer)->fourcc, ==, options->fourcc);
	g_assert_cmpuint(vit_buffer_get_layout(buffer)->bottom_up, ==, options->bottom_up);
	g_assert_cmpuint(vit_buffer_get_layout(buffer)->stride_bytes[0], ==,
			 321 * vit_buffer_get_format(buffer)->bytes_per_pixel +
				 options->padding_bytes);
	picture = vit_test_read_picture(buffer);
	pixman_region32_fini(&damage);
	vit_pattern_screen_free(screen);
	return picture;
}

/* Largest difference that the depth of a format explains, in 256ths. */
static int tolerance(const VitFormat *format)
{
	return format->bytes_per_pixel == 2 ? 7 : 0;
}

static void test_formats(void)
{
	VitPatternOptions reference_options = make_options();
	g_autofree uint32_t *reference = make_picture(&reference_options);
	const VitFormat *format;

	for (unsigned i = 0; (format = vit_format_nth(i)); i++) {
		VitPatternOptions options = make_options();
		g_autofree uint32_t *picture = NULL;

		options.fourcc = format->fourcc;
		options.bottom_up = i % 2 == 1;
		options.padding_bytes = i % 3 * 4;
		options.buffering = (VitPatternBuffering)(i % 3);
		picture = make_picture(&options);
		for (int pixel = 0; pixel < 321 * 207; pixel++) {
			for (unsigned shift = 0; shift < 24; shift += 8) {
				int expected = reference[pixel] >> shift & 0xff;
				int got = picture[pixel] >> shift & 0xff;

				g_assert_cmpint(ABS(expected - got), <=, tolerance(format));
			}
		}
	}
}

static void test_stamp_is_readable(void)
{
	const VitFormat *format;

	for (unsigned i = 0; (format = vit_format_nth(i)); i++) {
		VitPatternOptions options = make_options();
		g_autofree uint32_t *picture = NULL;
		VitStamp stamp;

		options.fourcc = format->fourcc;
		picture = make_picture(&options);
		g_assert_true(vit_stamp_read(picture, 321 * 4, 0, 0, &stamp));
		g_assert_cmphex(stamp.number, ==, 0x12345678);
	}
}

static void test_buffers(void)
{
	static const unsigned expected[] = {1, 3, 6};

	for (unsigned buffering = 0; buffering < G_N_ELEMENTS(expected); buffering++) {
		VitPatternOptions options = make_options();
		VitPatternScreen *screen;
		g_autoptr(GPtrArray) buffers =
			g_ptr_array_new_with_free_func((GDestroyNotify)vit_buffer_unref);
		g_autoptr(GHashTable) different = g_hash_table_new(NULL, NULL);
		pixman_region32_t damage;

		options.buffering = (VitPatternBuffering)buffering;
		screen = vit_pattern_screen_new(&options, 0, 64, 64);
		pixman_region32_init(&damage);
		for (unsigned i = 0; i < 6; i++) {
			g_ptr_array_add(buffers, show(screen, &damage));
			(void)g_hash_table_add(different, g_ptr_array_index(buffers, i));
		}
		g_assert_cmpuint(g_hash_table_size(different), ==, expected[buffering]);
		pixman_region32_fini(&damage);
		vit_pattern_screen_free(screen);
	}
}

static void test_heads_differ(void)
{
	VitPatternDesktop *first = vit_pattern_desktop_new(0, 640, 480);
	VitPatternDesktop *second = vit_pattern_desktop_new(1, 640, 480);

	g_assert_cmpint(memcmp(vit_pattern_desktop_get_canvas(first)->pixels,
			       vit_pattern_desktop_get_canvas(second)->pixels, 640 * 480 * 4),
			!=, 0);
	vit_pattern_desktop_free(first);
	vit_pattern_desktop_free(second);
	vit_pattern_desktop_free(NULL);
	vit_pattern_screen_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/pattern-screen/damage-covers-every-change", test_damage);
	vit_test_add("/pattern-screen/amount-of-change", test_amount_of_change);
	vit_test_add("/pattern-screen/same-picture-in-every-format", test_formats);
	vit_test_add("/pattern-screen/stamp-is-readable-in-every-format", test_stamp_is_readable);
	vit_test_add("/pattern-screen/number-of-buffers", test_buffers);
	vit_test_add("/pattern-screen/heads-differ", test_heads_differ);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Tests of encoders/surface/readback.c and of what is under it (compare-copy.c, convert.c,
 * mapping.c, pool.c) against a reference that goes pixel by pixel: every format, memory layout and
 * kind of damage, in sizes at and beside those of vectors, tiles and pages.
 */
#include "encoders/surface/readback.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "encoders/surface.h"
#include "encoders/surface/guard.h"
#include "tests/support/fixture.h"

/* Where a channel is in a pixel's little-endian word. */
typedef struct Channel {
	uint8_t shift, bits;
} Channel;

typedef struct Reference {
	uint32_t fourcc;
	Channel red, green, blue;
} Reference;

/* From drm_fourcc.h, not from the code under test. */
static const Reference references[] = {
	{DRM_FORMAT_XRGB8888, {16, 8}, {8, 8}, {0, 8}},
	{DRM_FORMAT_ARGB8888, {16, 8}, {8, 8}, {0, 8}},
	{DRM_FORMAT_XBGR8888, {0, 8}, {8, 8}, {16, 8}},
	{DRM_FORMAT_ABGR8888, {0, 8}, {8, 8}, {16, 8}},
	{DRM_FORMAT_RGBX8888, {24, 8}, {16, 8}, {8, 8}},
	{DRM_FORMAT_RGBA8888, {24, 8}, {16, 8}, {8, 8}},
	{DRM_FORMAT_BGRX8888, {8, 8}, {16, 8}, {24, 8}},
	{DRM_FORMAT_BGRA8888, {8, 8}, {16, 8}, {24, 8}},
	{DRM_FORMAT_RGB565, {11, 5}, {5, 6}, {0, 5}},
	{DRM_FORMAT_XRGB1555, {10, 5}, {5, 5}, {0, 5}},
	{DRM_FORMAT_RGB888, {16, 8}, {8, 8}, {0, 8}},
	{DRM_FORMAT_XRGB2101010, {20, 10}, {10, 10}, {0, 10}},
	{DRM_FORMAT_ARGB2101010, {20, 10}, {10, 10}, {0, 10}},
	{DRM_FORMAT_XBGR2101010, {0, 10}, {10, 10}, {20, 10}},
	{DRM_FORMAT_ABGR2101010, {0, 10}, {10, 10}, {20, 10}},
};

/* A buffer, a canvas, and what the canvas must be. */
typedef struct Fixture {
	VitPool *pool;
	const Reference *reference;
	VitMapping mapping;
	uint8_t *memory; /* the buffer's, written here */
	size_t memory_bytes;
	VitCanvas canvas;
	uint32_t *expected;
	uint8_t bitmap[VIT_RENDER_MAX_BITMAP_BYTES];
	uint8_t expected_bitmap[VIT_RENDER_MAX_BITMAP_BYTES];
	char reason[VIT_RENDER_REASON_BYTES];
} Fixture;

static const Reference *reference_find(uint32_t fourcc)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(references); i++) {
		if (references[i].fourcc == fourcc) {
			return &references[i];
		}
	}
	g_error("no reference for %08x", fourcc);
}

static uint32_t reference_channel(uint32_t word, Channel channel)
{
	uint32_t value = word >> channel.shift & ((1u << channel.bits) - 1);

	if (channel.bits >= 8) {
		return value >> (channel.bits - 8);
	}
	return (value << (8 - channel.bits) | value >> (2 * channel.bits - 8)) & 0xff;
}

/* What the surface must show for pixel (x, y) of the picture. */
static uint32_t reference_pixel(const Fixture *fixture, uint32_t x, uint32_t y)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(fixture->mapping.buffer);
	uint32_t bytes_per_pixel = vit_buffer_get_format(fixture->mapping.buffer)->bytes_per_pixel;
	uint32_t height = (uint32_t)layout->visible.height;
	uint32_t row = (uint32_t)layout->visible.y + (layout->bottom_up ? height - 1 - y : y);
	const uint8_t *pixel = fixture->memory + layout->offset_bytes[0] +
			       (size_t)row * layout->stride_bytes[0] +
			       (size_t)((uint32_t)layout->visible.x + x) * bytes_per_pixel;
	uint32_t word = 0;

	for (uint32_t i = 0; i < bytes_per_pixel; i++) {
		word |= (uint32_t)pixel[i] << (8 * i);
	}
	return 0xff000000u | reference_channel(word, fixture->reference->red) << 16 |
	       reference_channel(word, fixture->reference->green) << 8 |
	       reference_channel(word, fixture->reference->blue);
}

static int make_sealed_memory(size_t n_bytes)
{
	VIT_AUTOFD int fd = memfd_create("surface", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, (off_t)n_bytes), ==, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), ==, 0);
	return g_steal_fd(&fd);
}

static void canvas_init(VitCanvas *canvas, uint32_t width, uint32_t height)
{
	VitRenderAttachSurface attach = {
		.width = width,
		.height = height,
		.stride_bytes = (width * 4 + 63) / 64 * 64,
	};
	VIT_AUTOFD int fd = make_sealed_memory((size_t)attach.stride_bytes * height);
	g_autoptr(GError) error = NULL;

	(void)vit_canvas_init(canvas, &attach, fd, &error);
	g_assert_no_error(error);
}

static void fixture_scribble(Fixture *fixture)
{
	for (size_t i = 0; i < fixture->memory_bytes; i++) {
		fixture->memory[i] = (uint8_t)g_test_rand_int();
	}
}

/* A buffer of random bytes, and a canvas of its size that is black. */
static void fixture_init(Fixture *fixture, const VitBufferLayout *layout)
{
	g_autoptr(VitBuffer) buffer = NULL;
	g_autoptr(GError) error = NULL;
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	*fixture = (Fixture){.reference = reference_find(layout->fourcc)};
	fixture->memory_bytes =
		layout->offset_bytes[0] + (size_t)layout->stride_bytes[0] * layout->height;
	g_assert_cmpint(ftruncate(fd, (off_t)fixture->memory_bytes), ==, 0);
	fixture->memory =
		mmap(NULL, fixture->memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	g_assert_true(fixture->memory != MAP_FAILED);
	fixture_scribble(fixture);
	buffer = vit_buffer_new_take_fds(layout, &fd, 1, &error);
	g_assert_no_error(error);
	vit_mapping_init(&fixture->mapping, buffer);
	fixture->pool = vit_pool_new();
	canvas_init(&fixture->canvas, vit_buffer_get_width(buffer), vit_buffer_get_height(buffer));
	vit_canvas_fill(&fixture->canvas, fixture->pool, fixture->bitmap);
	fixture->expected = g_new(uint32_t, (size_t)fixture->canvas.width * fixture->canvas.height);
	for (size_t i = 0; i < (size_t)fixture->canvas.width * fixture->canvas.height; i++) {
		fixture->expected[i] = 0xff000000u;
	}
}

static void fixture_clear(Fixture *fixture)
{
	(void)munmap(fixture->memory, fixture->memory_bytes);
	vit_mapping_clear(&fixture->mapping);
	vit_canvas_clear(&fixture->canvas);
	vit_pool_free(fixture->pool);
	g_free(fixture->expected);
}

static void reference_update(Fixture *fixture, const VitRenderRect *rects, uint32_t n_rects)
{
	const VitCanvas *canvas = &fixture->canvas;
	uint32_t bitmap_stride = vit_render_bitmap_stride_bytes(canvas->width);

	memset(fixture->expected_bitmap, 0, sizeof(fixture->expected_bitmap));
	for (uint32_t i = 0; i < n_rects; i++) {
		const VitRenderRect *rect = &rects[i];

		for (int32_t y = rect->y; y < rect->y + rect->height; y++) {
			for (int32_t x = rect->x; x < rect->x + rect->width; x++) {
				uint32_t *shown =
					&fixture->expected[(size_t)y * canvas->width + (size_t)x];
				uint32_t pixel = reference_pixel(fixture, (uint32_t)x, (uint32_t)y);
				uint32_t tile = (uint32_t)x / VIT_TILE_WIDTH;

				if (*shown != pixel) {
					fixture->expected_bitmap[(size_t)(y / VIT_TILE_HEIGHT) *
									 bitmap_stride +
								 tile / 8] |=
						(uint8_t)(1u << (tile % 8));
				}
				*shown = pixel;
			}
		}
	}
}

static void fixture_assert_shown(const Fixture *fixture)
{
	const VitCanvas *canvas = &fixture->canvas;

	for (uint32_t y = 0; y < canvas->height; y++) {
		const uint32_t *row =
			(const uint32_t *)(canvas->pixels + (size_t)y * canvas->stride_bytes);
		const uint32_t *expected = fixture->expected + (size_t)y * canvas->width;

		for (uint32_t x = 0; x < canvas->width; x++) {
			if (row[x] != expected[x]) {
				g_error("%.4s %ux%u: pixel %u,%u is %08x instead of %08x",
					(const char *)&fixture->reference->fourcc, canvas->width,
					canvas->height, x, y, row[x], expected[x]);
			}
		}
	}
}

/* Updates inside @rects, and compares pixels and changed tiles with the reference's. */
static void fixture_update(Fixture *fixture, const VitRenderRect *rects, uint32_t n_rects)
{
	VitCanvasUpdate update = {
		.mapping = &fixture->mapping,
		.rects = rects,
		.n_rects = n_rects,
		.bitmap = fixture->bitmap,
	};

	reference_update(fixture, rects, n_rects);
	memset(fixture->bitmap, 0, sizeof(fixture->bitmap));
	g_assert_cmpint(
		vit_canvas_update(&fixture->canvas, fixture->pool, &update, fixture->reason), ==,
		VIT_RENDER_OK);
	fixture_assert_shown(fixture);
	g_assert_cmpmem(fixture->bitmap, sizeof(fixture->bitmap), fixture->expected_bitmap,
			sizeof(fixture->expected_bitmap));
}

static void fixture_update_all(Fixture *fixture)
{
	VitRenderRect whole = {0, 0, (int32_t)fixture->canvas.width,
			       (int32_t)fixture->canvas.height};

	fixture_update(fixture, &whole, 1);
}

static VitRenderRect random_rect(const VitCanvas *canvas)
{
	VitRenderRect rect = {
		.x = g_test_rand_int_range(0, (int32_t)canvas->width),
		.y = g_test_rand_int_range(0, (int32_t)canvas->height),
	};

	rect.width = g_test_rand_int_range(1, (int32_t)canvas->width - rect.x + 1);
	rect.height = g_test_rand_int_range(1, (int32_t)canvas->height - rect.y + 1);
	return rect;
}

/* Whole, unchanged, one byte, and random damage: for one layout. */
static void check_layout(const VitBufferLayout *layout)
{
	Fixture fixture;
	VitRenderRect rects[5];

	fixture_init(&fixture, layout);
	fixture_update_all(&fixture);
	fixture_update_all(&fixture);
	for (unsigned i = 0; i < 5; i++) {
		size_t at = (size_t)g_test_rand_int_range(0, (int32_t)fixture.memory_bytes);

		fixture.memory[at] = (uint8_t)(fixture.memory[at] + 1);
		fixture_update_all(&fixture);
	}
	for (unsigned i = 0; i < 3; i++) {
		fixture_scribble(&fixture);
		for (unsigned j = 0; j < G_N_ELEMENTS(rects); j++) {
			rects[j] = random_rect(&fixture.canvas);
		}
		fixture_update(&fixture, rects, G_N_ELEMENTS(rects));
	}
	fixture_clear(&fixture);
}

static VitBufferLayout make_layout(uint32_t fourcc, uint32_t width, uint32_t height)
{
	return (VitBufferLayout){
		.fourcc = fourcc,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = width,
		.height = height,
		.n_planes = 1,
		.stride_bytes = {width * vit_format_find(fourcc)->bytes_per_pixel},
	};
}

static void test_formats(void)
{
	const VitFormat *format;

	for (unsigned i = 0; (format = vit_format_nth(i)); i++) {
		VitBufferLayout layout = make_layout(format->fourcc, 131, 37);

		check_layout(&layout);
	}
	g_assert_cmpuint(G_N_ELEMENTS(references), ==, 15);
}

static void test_sizes(void)
{
	static const uint32_t widths[] = {1, 3, 15, 16, 17, 63, 64, 65, 1024, 1025, 1100};
	static const uint32_t heights[] = {1, 15, 16, 17, 33};
	static const uint32_t fourccs[] = {DRM_FORMAT_XRGB8888, DRM_FORMAT_RGB888,
					   DRM_FORMAT_RGB565};

	for (unsigned i = 0; i < G_N_ELEMENTS(widths); i++) {
		for (unsigned j = 0; j < G_N_ELEMENTS(heights); j++) {
			VitBufferLayout layout =
				make_layout(fourccs[(i + j) % 3], widths[i], heights[j]);

			check_layout(&layout);
		}
	}
}

static void test_memory_layouts(void)
{
	const VitFormat *format;

	for (unsigned i = 0; (format = vit_format_nth(i)); i++) {
		for (unsigned kind = 0; kind < 8; kind++) {
			VitBufferLayout layout = make_layout(format->fourcc, 150, 45);

			layout.bottom_up = (kind & 1) != 0;
			if ((kind & 2) != 0) {
				layout.stride_bytes[0] += 12u * format->bytes_per_pixel;
				layout.offset_bytes[0] = 5000u * format->bytes_per_pixel;
			}
			if ((kind & 4) != 0) {
				layout.visible = (VitRect){7, 3, 101, 40};
			}
			check_layout(&layout);
		}
	}
}

/* Large enough for every thread of the pool. */
static void test_many_threads(void)
{
	VitBufferLayout layout = make_layout(DRM_FORMAT_XRGB8888, 1027, 515);
	Fixture fixture;
	VitRenderRect rects[64];

	layout.bottom_up = true;
	fixture_init(&fixture, &layout);
	fixture_update_all(&fixture);
	for (unsigned i = 0; i < 3; i++) {
		fixture_scribble(&fixture);
		for (unsigned j = 0; j < G_N_ELEMENTS(rects); j++) {
			rects[j] = random_rect(&fixture.canvas);
		}
		fixture_update(&fixture, rects, G_N_ELEMENTS(rects));
	}
	fixture_clear(&fixture);
}

static void test_fill(void)
{
	VitCanvas canvas;
	g_autoptr(VitPool) pool = vit_pool_new();
	uint8_t bitmap[16] = {0};

	canvas_init(&canvas, 570, 40);
	vit_canvas_fill(&canvas, pool, bitmap);
	for (size_t i = 0; i < canvas.n_bytes / 4; i++) {
		g_assert_cmphex(((uint32_t *)canvas.pixels)[i], ==, 0xff000000u);
	}
	/* Nine tiles a row, in two bytes, three rows. */
	for (unsigned i = 0; i < 6; i++) {
		g_assert_cmphex(bitmap[i], ==, i % 2 == 0 ? 0xff : 0x01);
	}
	g_assert_cmphex(bitmap[6], ==, 0);
	vit_canvas_clear(&canvas);
}

static void test_vanished(void)
{
	VitBufferLayout layout = make_layout(DRM_FORMAT_XRGB8888, 640, 480);
	VitRenderRect rects[] = {{0, 0, 10, 10}, {100, 400, 1, 1}};
	Fixture fixture;
	VitCanvasUpdate update = {
		.mapping = &fixture.mapping,
		.rects = rects,
		.n_rects = 2,
		.bitmap = fixture.bitmap,
	};
	int fd;

	fixture_init(&fixture, &layout);
	fd = vit_buffer_peek_fd(fixture.mapping.buffer, 0);
	/* Mapped already, and not. */
	for (unsigned i = 0; i < 2; i++) {
		if (i == 0) {
			fixture_update_all(&fixture);
		}
		g_assert_cmpint(ftruncate(fd, 64 * 1024), ==, 0);
		memset(fixture.bitmap, 0, sizeof(fixture.bitmap));
		g_assert_cmpint(
			vit_canvas_update(&fixture.canvas, fixture.pool, &update, fixture.reason),
			==, VIT_RENDER_VANISHED);
		g_assert_nonnull(strstr(fixture.reason, "taken away"));
		g_assert_null(fixture.mapping.pixels);
		/* Tiles that may have changed. */
		g_assert_cmphex(fixture.bitmap[0], ==, 0x01);
		g_assert_cmphex(fixture.bitmap[25 * 2], ==, 0x02);
	}
	g_assert_cmpint(ftruncate(fd, (off_t)fixture.memory_bytes), ==, 0);
	fixture_scribble(&fixture);
	fixture_update_all(&fixture);
	fixture_clear(&fixture);
}

typedef struct Shrinker {
	int fd;
	size_t n_bytes;
	int stop; /* atomic */
} Shrinker;

static void *shrink_and_grow(void *user_data)
{
	Shrinker *shrinker = user_data;

	while (!g_atomic_int_get(&shrinker->stop)) {
		g_assert_cmpint(ftruncate(shrinker->fd, 0), ==, 0);
		g_assert_cmpint(ftruncate(shrinker->fd, (off_t)shrinker->n_bytes), ==, 0);
	}
	return NULL;
}

/* While the copy runs, on every thread. What it ends with is not the point: that it ends is. */
static void test_vanishing(void)
{
	VitBufferLayout layout = make_layout(DRM_FORMAT_RGB565, 1600, 900);
	VitRenderRect whole = {0, 0, 1600, 900};
	Fixture fixture;
	VitCanvasUpdate update = {
		.mapping = &fixture.mapping,
		.rects = &whole,
		.n_rects = 1,
		.bitmap = fixture.bitmap,
	};
	Shrinker shrinker = {0};
	GThread *thread;
	unsigned vanished = 0;

	fixture_init(&fixture, &layout);
	shrinker.fd = vit_buffer_peek_fd(fixture.mapping.buffer, 0);
	shrinker.n_bytes = fixture.memory_bytes;
	thread = g_thread_new("shrinker", shrink_and_grow, &shrinker);
	for (unsigned i = 0; i < 300 || (vanished == 0 && i < 100000); i++) {
		VitRenderStatus status =
			vit_canvas_update(&fixture.canvas, fixture.pool, &update, fixture.reason);

		vanished += status == VIT_RENDER_VANISHED;
		g_assert_true(status == VIT_RENDER_VANISHED || status == VIT_RENDER_OK);
	}
	g_assert_cmpuint(vanished, >, 0);
	g_atomic_int_set(&shrinker.stop, 1);
	(void)g_thread_join(thread);
	fixture_scribble(&fixture);
	for (size_t i = 0; i < (size_t)1600 * 900; i++) {
		fixture.expected[i] =
			((uint32_t *)fixture.canvas
				 .pixels)[i / 1600 * (fixture.canvas.stride_bytes / 4) + i % 1600];
	}
	fixture_update_all(&fixture);
	fixture_clear(&fixture);
}

static void assert_refused(VitMapping *mapping, uint32_t width, uint32_t height, const char *why)
{
	VitCanvas canvas;
	g_autoptr(VitPool) pool = vit_pool_new();
	char reason[VIT_RENDER_REASON_BYTES] = "";
	uint8_t bitmap[8] = {0};
	VitRenderRect rect = {0, 0, 1, 1};
	VitCanvasUpdate update = {mapping, &rect, 1, bitmap};

	canvas_init(&canvas, width, height);
	g_assert_cmpint(vit_canvas_update(&canvas, pool, &update, reason), ==,
			VIT_RENDER_UNSUPPORTED);
	g_assert_nonnull(strstr(reason, why));
	g_assert_cmphex(bitmap[0], ==, 0);
	vit_canvas_clear(&canvas);
}

static void test_not_linear(void)
{
	static const uint64_t modifiers[] = {DRM_FORMAT_MOD_INVALID, I915_FORMAT_MOD_X_TILED};

	for (unsigned i = 0; i < G_N_ELEMENTS(modifiers); i++) {
		VitBufferLayout layout = make_layout(DRM_FORMAT_XRGB8888, 8, 8);
		int fd = make_sealed_memory(4096);
		g_autoptr(VitBuffer) buffer = NULL;
		VitMapping mapping;

		layout.modifier = modifiers[i];
		buffer = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
		vit_mapping_init(&mapping, buffer);
		assert_refused(&mapping, 8, 8, "linear");
		vit_mapping_clear(&mapping);
	}
}

/* Linear without saying so, but the source promises it. */
static void test_vouched(void)
{
	VitBufferLayout layout = make_layout(DRM_FORMAT_XRGB8888, 70, 20);

	layout.modifier = DRM_FORMAT_MOD_INVALID;
	layout.linear_vouched = true;
	check_layout(&layout);
}

static void test_cannot_be_mapped(void)
{
	VitBufferLayout layout = make_layout(DRM_FORMAT_XRGB8888, 8, 8);
	/* A file of the kernel that has a size but cannot be mapped. */
	int fd = open("/sys/kernel/uevent_seqnum", O_RDONLY | O_CLOEXEC);
	g_autoptr(VitBuffer) buffer = NULL;
	g_autoptr(GError) error = NULL;
	VitMapping mapping;

	g_assert_cmpint(fd, >=, 0);
	buffer = vit_buffer_new_take_fds(&layout, &fd, 1, &error);
	g_assert_no_error(error);
	vit_mapping_init(&mapping, buffer);
	assert_refused(&mapping, 8, 8, "cannot be mapped");
	vit_mapping_clear(&mapping);
}

static void test_canvas_refuses(void)
{
	VitRenderAttachSurface attach = {.width = 16, .height = 65, .stride_bytes = 64};
	VIT_AUTOFD int small = make_sealed_memory(4096);
	VIT_AUTOFD int unsealed = memfd_create("unsealed", MFD_CLOEXEC);
	VIT_AUTOFD int no_memory = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[] = {small, unsealed, no_memory};

	g_assert_cmpint(ftruncate(unsealed, 8192), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		VitCanvas canvas;
		g_autoptr(GError) error = NULL;

		g_assert_false(vit_canvas_init(&canvas, &attach, fds[i], &error));
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_guard_install();
	vit_test_add("/readback/formats", test_formats);
	vit_test_add("/readback/sizes", test_sizes);
	vit_test_add("/readback/memory-layouts", test_memory_layouts);
	vit_test_add("/readback/many-threads", test_many_threads);
	vit_test_add("/readback/fill", test_fill);
	vit_test_add("/readback/vanished", test_vanished);
	vit_test_add("/readback/vanishing", test_vanishing);
	vit_test_add("/readback/refuses/not-linear", test_not_linear);
	vit_test_add("/readback/vouched-linear", test_vouched);
	vit_test_add("/readback/refuses/cannot-be-mapped", test_cannot_be_mapped);
	vit_test_add("/readback/canvas/refuses", test_canvas_refuses);
	return g_test_run();
}

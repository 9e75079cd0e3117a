/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

#include "tests/support/pixels.h"

#include <drm_fourcc.h>
#include <sys/mman.h>

/* Where a channel sits in the little-endian word of a pixel. */
typedef struct PixelBits {
	uint32_t fourcc;
	struct {
		uint8_t shift, bits;
	} red, green, blue;
} PixelBits;

static const PixelBits pixel_bits[] = {
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

static uint32_t pixel_channel(uint32_t word, unsigned shift, unsigned bits)
{
	uint32_t value = word >> shift & ((1u << bits) - 1);

	return bits >= 8 ? value >> (bits - 8) : value << (8 - bits) | value >> (2 * bits - 8);
}

uint32_t vit_test_decode_pixel(uint32_t fourcc, uint32_t word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(pixel_bits); i++) {
		const PixelBits *bits = &pixel_bits[i];

		if (bits->fourcc == fourcc) {
			return pixel_channel(word, bits->red.shift, bits->red.bits) << 16 |
			       pixel_channel(word, bits->green.shift, bits->green.bits) << 8 |
			       pixel_channel(word, bits->blue.shift, bits->blue.bits);
		}
	}
	g_assert_not_reached();
}

VitPixelMemory vit_test_memory(void)
{
	const char *name = g_getenv("VIT_TEST_MEMORY");
	VitPixelMemory memory = VIT_PIXEL_MEMFD;

	g_assert_true(!name || vit_pixel_memory_from_name(name, &memory));
	return memory;
}

static uint32_t pixel_word(const uint8_t *pixel, unsigned pixel_bytes)
{
	uint32_t word = 0;

	for (unsigned i = 0; i < pixel_bytes; i++) {
		word |= (uint32_t)pixel[i] << (8 * i);
	}
	return word;
}

uint32_t *vit_test_read_picture(const VitBuffer *buffer)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(buffer);
	unsigned pixel_bytes = vit_buffer_get_format(buffer)->bytes_per_pixel;
	size_t n_bytes = layout->offset_bytes[0] +
			 (size_t)layout->stride_bytes[0] * (layout->height - 1) +
			 (size_t)layout->width * pixel_bytes;
	int32_t width = layout->visible.width, height = layout->visible.height;
	uint32_t *picture = g_new(uint32_t, (size_t)width * (size_t)height);
	/* A dmabuf can be mapped, and not read like a file. */
	uint8_t *memory =
		mmap(NULL, n_bytes, PROT_READ, MAP_SHARED, vit_buffer_peek_fd(buffer, 0), 0);

	g_assert_true(vit_buffer_is_linear(buffer));
	g_assert_true(memory != MAP_FAILED);
	for (int32_t y = 0; y < height; y++) {
		uint32_t from_top = (uint32_t)(layout->visible.y + y);
		uint32_t line = layout->bottom_up ? layout->height - 1 - from_top : from_top;
		const uint8_t *row =
			memory + layout->offset_bytes[0] + (size_t)layout->stride_bytes[0] * line;

		for (int32_t x = 0; x < width; x++) {
			const uint8_t *pixel = row + (size_t)(layout->visible.x + x) * pixel_bytes;

			picture[(size_t)y * (size_t)width + (size_t)x] = vit_test_decode_pixel(
				layout->fourcc, pixel_word(pixel, pixel_bytes));
		}
	}
	g_assert_cmpint(munmap(memory, n_bytes), ==, 0);
	return picture;
}

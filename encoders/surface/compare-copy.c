/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Compare and copy in one pass over memory: load the source, set X, load the surface, and store
 * only where they differ. What is unchanged costs two reads and no write, so its lines stay clean
 * in every cache. Rows go from left to right over the whole rectangle, which is the order that the
 * hardware reads ahead in.
 *
 * GCC's vectors make this SSE2 on x86-64 and NEON on arm64 from the same lines. A source that needs
 * conversion goes in pieces through a buffer that stays in the first-level cache.
 */
#include "encoders/surface/compare-copy.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "encoders/surface.h"

/* XRGB8888 is defined as a little-endian word. */
G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

#define COPY_X        0xff000000u
#define COPY_LINE_PX  16                    /* 64 bytes: what is compared before it is stored */
#define COPY_PIECE_PX (16 * VIT_TILE_WIDTH) /* of a row, between conversion and comparison */

/* Four pixels. Sources lie anywhere, so no alignment is promised. */
typedef uint32_t CopyPixels __attribute__((vector_size(16), aligned(1), may_alias));

static bool copy_any(CopyPixels bits)
{
	typedef uint64_t Halves __attribute__((vector_size(16)));
	Halves halves = (Halves)bits;

	return (halves[0] | halves[1]) != 0;
}

/* Sixteen pixels; true if any of them changed. */
static inline bool copy_line(uint8_t *target, const uint8_t *source)
{
	const CopyPixels *from = (const CopyPixels *)source;
	CopyPixels *to = (CopyPixels *)target;
	CopyPixels a = from[0] | COPY_X;
	CopyPixels b = from[1] | COPY_X;
	CopyPixels c = from[2] | COPY_X;
	CopyPixels d = from[3] | COPY_X;

	if (!copy_any((a ^ to[0]) | (b ^ to[1]) | (c ^ to[2]) | (d ^ to[3]))) {
		return false;
	}
	to[0] = a;
	to[1] = b;
	to[2] = c;
	to[3] = d;
	return true;
}

static inline bool copy_pixel(uint8_t *target, const uint8_t *source)
{
	uint32_t from, to;

	memcpy(&from, source, sizeof(from));
	memcpy(&to, target, sizeof(to));
	from |= COPY_X;
	if (from == to) {
		return false;
	}
	memcpy(target, &from, sizeof(from));
	return true;
}

/* @n_px pixels of one row that lie in one tile. */
static inline bool copy_tile_row(uint8_t *target, const uint8_t *source, unsigned n_px)
{
	bool changed = false;
	unsigned i = 0;

	for (; i + COPY_LINE_PX <= n_px; i += COPY_LINE_PX) {
		changed |= copy_line(target + (size_t)i * 4, source + (size_t)i * 4);
	}
	for (; i < n_px; i++) {
		changed |= copy_pixel(target + (size_t)i * 4, source + (size_t)i * 4);
	}
	return changed;
}

/* Pixels @x1 to @x2 of one row. @source is XRGB8888 and begins with pixel @x1. */
static void copy_row(uint8_t *target_row, const uint8_t *source, unsigned x1, unsigned x2,
		     uint8_t *tile_bits)
{
	while (x1 < x2) {
		unsigned tile = x1 / VIT_TILE_WIDTH;
		unsigned end = MIN((tile + 1) * VIT_TILE_WIDTH, x2);

		if (copy_tile_row(target_row + (size_t)x1 * 4, source, end - x1)) {
			tile_bits[tile / 8] |= (uint8_t)(1u << (tile % 8));
		}
		source += (size_t)(end - x1) * 4;
		x1 = end;
	}
}

static void copy_row_converted(const VitCopy *copy, const uint8_t *source, uint8_t *target_row,
			       const VitRenderRect *rect, uint8_t *tile_bits)
{
	uint8_t piece[COPY_PIECE_PX * 4] __attribute__((aligned(64)));
	unsigned x1 = (unsigned)rect->x;
	unsigned x2 = x1 + (unsigned)rect->width;

	while (x1 < x2) {
		unsigned end = MIN(x1 + COPY_PIECE_PX, x2);

		(void)copy->convert(source, 0, piece, 0, (int)(end - x1), 1);
		copy_row(target_row, piece, x1, end, tile_bits);
		source += (size_t)(end - x1) * copy->bytes_per_pixel;
		x1 = end;
	}
}

void vit_copy_rect(const VitCopy *copy, const VitRenderRect *rect)
{
	for (int32_t y = rect->y; y < rect->y + rect->height; y++) {
		const uint8_t *source = copy->source + y * copy->source_step_bytes +
					(size_t)rect->x * copy->bytes_per_pixel;
		uint8_t *target = copy->target + (size_t)y * copy->target_stride_bytes;
		uint8_t *tile_bits =
			copy->bitmap + (size_t)(y / VIT_TILE_HEIGHT) * copy->bitmap_stride_bytes;

		if (copy->convert) {
			copy_row_converted(copy, source, target, rect, tile_bits);
		} else {
			copy_row(target, source, (unsigned)rect->x,
				 (unsigned)(rect->x + rect->width), tile_bits);
		}
	}
}

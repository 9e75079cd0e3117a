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
#define COPY_AHEAD_PX (8 * VIT_TILE_WIDTH)  /* asked for before it is needed */

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

/* A part of one row. */
typedef struct CopyRow {
	uint8_t *target;       /* pixel x1 */
	const uint8_t *source; /* pixel x1, XRGB8888 */
	unsigned x1, x2;
	uint8_t *tile_bits;
	/* From a pixel to what comes COPY_AHEAD_PX later in the rectangle, if that is in the row
	 * below; 0: nothing is asked for. */
	ptrdiff_t source_ahead_bytes, target_ahead_bytes;
} CopyRow;

/* Asks for a tile's part of a row. A prefetch may be of any address, even beyond all memory. */
static inline void copy_prefetch(const void *from, ptrdiff_t ahead_bytes)
{
	uintptr_t address = (uintptr_t)from + (uintptr_t)ahead_bytes;

	for (unsigned i = 0; i < VIT_TILE_WIDTH; i += COPY_LINE_PX) {
		__builtin_prefetch((const void *)(address + (uintptr_t)i * 4));
	}
}

static void copy_row_ahead(const CopyRow *row)
{
	if (row->x1 + COPY_AHEAD_PX < row->x2) {
		copy_prefetch(row->source, (ptrdiff_t)COPY_AHEAD_PX * 4);
		copy_prefetch(row->target, (ptrdiff_t)COPY_AHEAD_PX * 4);
	} else {
		copy_prefetch(row->source, row->source_ahead_bytes);
		copy_prefetch(row->target, row->target_ahead_bytes);
	}
}

static void copy_row(CopyRow row)
{
	while (row.x1 < row.x2) {
		unsigned tile = row.x1 / VIT_TILE_WIDTH;
		unsigned end = MIN((tile + 1) * VIT_TILE_WIDTH, row.x2);
		size_t n_bytes = (size_t)(end - row.x1) * 4;

		if (row.source_ahead_bytes != 0) {
			copy_row_ahead(&row);
		}
		if (copy_tile_row(row.target, row.source, end - row.x1)) {
			row.tile_bits[tile / 8] |= (uint8_t)(1u << (tile % 8));
		}
		row.source += n_bytes;
		row.target += n_bytes;
		row.x1 = end;
	}
}

static void copy_row_converted(const VitCopy *copy, CopyRow row)
{
	uint8_t piece[COPY_PIECE_PX * 4] __attribute__((aligned(64)));
	unsigned x2 = row.x2;

	while (row.x1 < x2) {
		CopyRow part = row;

		part.x2 = MIN(row.x1 + COPY_PIECE_PX, x2);
		part.source = piece;
		(void)copy->convert(row.source, 0, piece, 0, (int)(part.x2 - row.x1), 1);
		copy_row(part);
		row.source += (size_t)(part.x2 - row.x1) * copy->bytes_per_pixel;
		row.target += (size_t)(part.x2 - row.x1) * 4;
		row.x1 = part.x2;
	}
}

void vit_copy_rect(const VitCopy *copy, const VitRenderRect *rect)
{
	ptrdiff_t overlap_bytes = ((ptrdiff_t)COPY_AHEAD_PX - rect->width) * 4;
	CopyRow row = {.x1 = (unsigned)rect->x, .x2 = (unsigned)(rect->x + rect->width)};

	if (rect->width >= COPY_AHEAD_PX && !copy->convert) {
		row.source_ahead_bytes = copy->source_step_bytes + overlap_bytes;
		row.target_ahead_bytes = (ptrdiff_t)copy->target_stride_bytes + overlap_bytes;
	}
	for (int32_t y = rect->y; y < rect->y + rect->height; y++) {
		row.source = copy->source + y * copy->source_step_bytes +
			     (size_t)rect->x * copy->bytes_per_pixel;
		row.target =
			copy->target + (size_t)y * copy->target_stride_bytes + (size_t)rect->x * 4;
		row.tile_bits =
			copy->bitmap + (size_t)(y / VIT_TILE_HEIGHT) * copy->bitmap_stride_bytes;
		if (copy->convert) {
			copy_row_converted(copy, row);
		} else {
			copy_row(row);
		}
	}
}

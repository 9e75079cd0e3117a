/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * First a guess, then the proof. The guess: in a few columns each row gets a hash; rows that look
 * like no other row before and are found elsewhere after vote for a distance. The proof: with the
 * distance that won, all pixels are compared in blocks of 16, and the largest rectangle of blocks
 * that moved is taken (the classic walk over a histogram, a row at a time).
 */
#include "server/vnc/scroll.h"

#include <glib.h>
#include <string.h>

#define N_COLUMNS       4
#define COLUMN_WIDTH_PX 64
#define BLOCK_WIDTH_PX  16
#define MIN_HEIGHT_PX   64
#define MIN_VOTES       12
/* Less than this is encoded as fast as it is found. */
#define MIN_AREA_PX (128 * 64)

#define PIXEL_BYTES 4

static uint64_t hash_pixels(const uint8_t *bytes)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < COLUMN_WIDTH_PX * PIXEL_BYTES; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash;
}

static const uint8_t *pixel_at(const VitPixels *pixels, int32_t x, int32_t y)
{
	return pixels->rows + (size_t)y * pixels->stride_bytes + (size_t)x * PIXEL_BYTES;
}

/* Rows by their hashes. */
typedef struct RowTable {
	uint32_t mask;
	struct {
		uint64_t hash;
		int32_t row; /* -1: free */
		bool is_unique;
	} * slots;
} RowTable;

static void row_table_init(RowTable *self, uint32_t n_rows)
{
	self->mask = 4;
	while (self->mask < n_rows * 2) {
		self->mask *= 2;
	}
	self->slots = g_malloc_n(self->mask, sizeof(*self->slots));
	self->mask--;
}

static void row_table_empty(RowTable *self)
{
	for (uint32_t i = 0; i <= self->mask; i++) {
		self->slots[i].row = -1;
	}
}

/* The slot of the hash, which may be free. */
static uint32_t row_table_find(const RowTable *self, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash >> 32) & self->mask;

	while (self->slots[i].row >= 0 && self->slots[i].hash != hash) {
		i = (i + 1) & self->mask;
	}
	return i;
}

static void row_table_add(RowTable *self, uint64_t hash, int32_t row)
{
	uint32_t i = row_table_find(self, hash);

	self->slots[i].is_unique = self->slots[i].row < 0;
	self->slots[i].row = row;
	self->slots[i].hash = hash;
}

/* Adds the votes of one column; votes[height + distance]. */
static void vote(const VitPixels *before, const VitPixels *after, const pixman_box32_t *column,
		 RowTable *table, uint32_t *votes)
{
	int32_t height = column->y2 - column->y1;

	row_table_empty(table);
	for (int32_t row = 0; row < height; row++) {
		row_table_add(table, hash_pixels(pixel_at(before, column->x1, column->y1 + row)),
			      row);
	}
	for (int32_t row = 0; row < height; row++) {
		uint64_t hash = hash_pixels(pixel_at(after, column->x1, column->y1 + row));
		uint32_t i = row_table_find(table, hash);

		if (table->slots[i].row >= 0 && table->slots[i].is_unique) {
			votes[height + row - table->slots[i].row]++;
		}
	}
}

/* Returns the distance that most rows speak for; 0: they do not agree. */
static int32_t guess(const VitPixels *before, const VitPixels *after, const pixman_box32_t *box)
{
	int32_t width = box->x2 - box->x1, height = box->y2 - box->y1, best = 0;
	g_autofree uint32_t *votes = g_new0(uint32_t, (size_t)height * 2);
	uint32_t most = MIN_VOTES - 1;
	RowTable table;

	row_table_init(&table, (uint32_t)height);
	for (int32_t i = 0; i < N_COLUMNS; i++) {
		pixman_box32_t column = *box;

		column.x1 += (width - COLUMN_WIDTH_PX) * (2 * i + 1) / (2 * N_COLUMNS);
		vote(before, after, &column, &table, votes);
	}
	g_free(table.slots);
	for (int32_t distance = 1 - height; distance < height; distance++) {
		if (distance != 0 && votes[height + distance] > most) {
			most = votes[height + distance];
			best = distance;
		}
	}
	return best;
}

/* A rectangle of blocks, and the walk that looks for the largest. */
typedef struct Walk {
	unsigned n_blocks;
	uint32_t *heights; /* of the column of blocks that moved and ends in the present row */
	uint32_t *starts, *levels; /* a stack of rectangles that may still grow to the right */
	uint64_t best_area;
	unsigned best_first, best_end; /* blocks */
	uint32_t best_height;
	int32_t best_bottom; /* last row */
} Walk;

/* Looks for the largest rectangle that ends in row @y. */
static void walk_row(Walk *self, int32_t y)
{
	unsigned n_open = 0;

	for (unsigned i = 0; i <= self->n_blocks; i++) {
		uint32_t height = i < self->n_blocks ? self->heights[i] : 0;
		uint32_t start = i;

		while (n_open > 0 && self->levels[n_open - 1] >= height) {
			uint64_t area;

			n_open--;
			start = self->starts[n_open];
			area = (uint64_t)self->levels[n_open] * (i - start);
			if (area > self->best_area) {
				self->best_area = area;
				self->best_first = start;
				self->best_end = i;
				self->best_height = self->levels[n_open];
				self->best_bottom = y;
			}
		}
		self->starts[n_open] = start;
		self->levels[n_open] = height;
		n_open++;
	}
}

static void compare_row(Walk *walk, const uint8_t *before, const uint8_t *after, int32_t width_px)
{
	for (unsigned i = 0; i < walk->n_blocks; i++) {
		int32_t left = (int32_t)i * BLOCK_WIDTH_PX;
		size_t n_bytes = (size_t)MIN(BLOCK_WIDTH_PX, width_px - left) * PIXEL_BYTES;
		size_t offset = (size_t)left * PIXEL_BYTES;

		if (memcmp(before + offset, after + offset, n_bytes) == 0) {
			walk->heights[i]++;
		} else {
			walk->heights[i] = 0;
		}
	}
}

/* Finds the largest rectangle whose pixels really moved by this distance. */
static bool prove(const VitPixels *before, const VitPixels *after, const pixman_box32_t *box,
		  VitScroll *scroll)
{
	int32_t width = box->x2 - box->x1, down = scroll->down_px;
	Walk walk = {.n_blocks = (unsigned)(width + BLOCK_WIDTH_PX - 1) / BLOCK_WIDTH_PX};
	g_autofree uint32_t *heights = g_new0(uint32_t, walk.n_blocks);
	g_autofree uint32_t *starts = g_new0(uint32_t, walk.n_blocks + 1);
	g_autofree uint32_t *levels = g_new0(uint32_t, walk.n_blocks + 1);

	walk.heights = heights;
	walk.starts = starts;
	walk.levels = levels;
	for (int32_t y = box->y1 + MAX(down, 0); y < box->y2 + MIN(down, 0); y++) {
		compare_row(&walk, pixel_at(before, box->x1, y - down), pixel_at(after, box->x1, y),
			    width);
		walk_row(&walk, y);
	}
	scroll->to = (pixman_box32_t){
		.x1 = box->x1 + (int32_t)walk.best_first * BLOCK_WIDTH_PX,
		.y1 = walk.best_bottom + 1 - (int32_t)walk.best_height,
		.x2 = MIN(box->x1 + (int32_t)walk.best_end * BLOCK_WIDTH_PX, box->x2),
		.y2 = walk.best_bottom + 1,
	};
	return walk.best_area * BLOCK_WIDTH_PX >= MIN_AREA_PX;
}

bool vit_scroll_find(const VitPixels *before, const VitPixels *after, const pixman_box32_t *box,
		     VitScroll *ret_scroll)
{
	VitScroll scroll;

	if (box->x2 - box->x1 < COLUMN_WIDTH_PX || box->y2 - box->y1 < MIN_HEIGHT_PX) {
		return false;
	}
	scroll.down_px = guess(before, after, box);
	if (scroll.down_px == 0 || !prove(before, after, box, &scroll)) {
		return false;
	}
	*ret_scroll = scroll;
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The stamp: 80 bits, highest first, in rows of VIT_STAMP_COLUMNS squares: number, time, checksum.
 * The checksum is CRC-16/CCITT-FALSE, which is neither all zeroes nor all ones for a picture that
 * is all black or all white.
 */
#include "sources/pattern/stamp.h"

#include <stddef.h>

#define STAMP_BYTES     (VIT_STAMP_COLUMNS * VIT_STAMP_ROWS / 8)
#define STAMP_CRC_BYTES 8 /* bytes that the checksum is over */
/* Only the inside of a square is looked at: filters bleed over its edges. */
#define STAMP_MARGIN_PX   4
#define STAMP_DARK_LUMA   96
#define STAMP_BRIGHT_LUMA 160

static uint16_t stamp_crc(const uint8_t bytes[static STAMP_CRC_BYTES])
{
	uint16_t crc = 0xffff;

	for (unsigned i = 0; i < STAMP_CRC_BYTES; i++) {
		crc ^= (uint16_t)(bytes[i] << 8);
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
		}
	}
	return crc;
}

static void stamp_pack(const VitStamp *stamp, uint8_t ret_bytes[static STAMP_BYTES])
{
	uint16_t crc;

	for (unsigned i = 0; i < 4; i++) {
		ret_bytes[i] = (uint8_t)(stamp->number >> (24 - 8 * i));
		ret_bytes[4 + i] = (uint8_t)(stamp->time_us >> (24 - 8 * i));
	}
	crc = stamp_crc(ret_bytes);
	ret_bytes[8] = (uint8_t)(crc >> 8);
	ret_bytes[9] = (uint8_t)crc;
}

static bool stamp_bit(const uint8_t *bytes, unsigned cell)
{
	return (bytes[cell / 8] >> (7 - cell % 8) & 1) != 0;
}

static const uint32_t *stamp_row(const void *pixels, uint32_t stride_bytes, uint32_t y)
{
	return (const uint32_t *)((const uint8_t *)pixels + (size_t)stride_bytes * y);
}

void vit_stamp_draw(void *pixels, uint32_t stride_bytes, uint32_t x, uint32_t y,
		    const VitStamp *stamp)
{
	uint8_t bytes[STAMP_BYTES];

	stamp_pack(stamp, bytes);
	for (unsigned row = 0; row < VIT_STAMP_HEIGHT_PX; row++) {
		uint32_t *line =
			(uint32_t *)((uint8_t *)pixels + (size_t)stride_bytes * (y + row)) + x;

		for (unsigned column = 0; column < VIT_STAMP_WIDTH_PX; column++) {
			unsigned cell = row / VIT_STAMP_CELL_PX * VIT_STAMP_COLUMNS +
					column / VIT_STAMP_CELL_PX;

			line[column] = stamp_bit(bytes, cell) ? 0xffffff : 0;
		}
	}
}

/* Mean luma of the inside of one square, 0 to 255. */
static unsigned stamp_cell_luma(const void *pixels, uint32_t stride_bytes, uint32_t x, uint32_t y)
{
	const unsigned side = VIT_STAMP_CELL_PX - 2 * STAMP_MARGIN_PX;
	unsigned sum = 0;

	for (unsigned row = 0; row < side; row++) {
		const uint32_t *line = stamp_row(pixels, stride_bytes, y + STAMP_MARGIN_PX + row) +
				       x + STAMP_MARGIN_PX;

		for (unsigned column = 0; column < side; column++) {
			uint32_t pixel = line[column];

			/* BT.601 weights in 256ths. */
			sum += (77 * (pixel >> 16 & 0xff) + 150 * (pixel >> 8 & 0xff) +
				29 * (pixel & 0xff)) >>
			       8;
		}
	}
	return sum / (side * side);
}

bool vit_stamp_read(const void *pixels, uint32_t stride_bytes, uint32_t x, uint32_t y,
		    VitStamp *ret_stamp)
{
	uint8_t bytes[STAMP_BYTES] = {0};
	VitStamp stamp = {0};

	for (unsigned cell = 0; cell < VIT_STAMP_COLUMNS * VIT_STAMP_ROWS; cell++) {
		unsigned luma = stamp_cell_luma(pixels, stride_bytes,
						x + cell % VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX,
						y + cell / VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX);

		if (luma > STAMP_DARK_LUMA && luma < STAMP_BRIGHT_LUMA) {
			return false;
		}
		if (luma >= STAMP_BRIGHT_LUMA) {
			bytes[cell / 8] |= (uint8_t)(1 << (7 - cell % 8));
		}
	}
	if (stamp_crc(bytes) != (bytes[8] << 8 | bytes[9])) {
		return false;
	}
	for (unsigned i = 0; i < 4; i++) {
		stamp.number = stamp.number << 8 | bytes[i];
		stamp.time_us = stamp.time_us << 8 | bytes[4 + i];
	}
	*ret_stamp = stamp;
	return true;
}

void vit_stamp_add_difference(const VitStamp *from, const VitStamp *to, pixman_region32_t *region)
{
	uint8_t before[STAMP_BYTES], after[STAMP_BYTES];

	stamp_pack(from, before);
	stamp_pack(to, after);
	for (unsigned cell = 0; cell < VIT_STAMP_COLUMNS * VIT_STAMP_ROWS; cell++) {
		if (stamp_bit(before, cell) != stamp_bit(after, cell)) {
			(void)pixman_region32_union_rect(
				region, region, (int)(cell % VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX),
				(int)(cell / VIT_STAMP_COLUMNS * VIT_STAMP_CELL_PX),
				VIT_STAMP_CELL_PX, VIT_STAMP_CELL_PX);
		}
	}
}

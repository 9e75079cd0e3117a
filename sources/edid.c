/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * An EDID of a monitor that prefers one mode and knows some usual ones.
 *
 * Spec: VESA E-EDID Release A2 (EDID 1.4) for the base block; VESA CVT 1.2 for timings, "reduced
 * blanking" version 1; VESA DisplayID 1.3, Type I detailed timing, for the extension block. A base
 * block's detailed timing has 12 bits for each side and 16 for the clock in units of 10 kHz
 * (655.35 MHz), so a larger mode goes into the extension, where it is marked as the preferred one.
 *
 * No range limits are given: EDID 1.4 asks for them only where a monitor takes any frequency.
 */
#include "sources/edid.h"

#include <glib.h>
#include <string.h>

#define EDID_BLOCK_BYTES  128
#define EDID_REFRESH_HZ   60
#define EDID_CLOCK_UNIT   10000 /* Hz, of both kinds of detailed timing */
#define EDID_MIN_CLOCK_HZ 10000000

#define EDID_VENDOR_ID    "VTR" /* nobody has it in the list of PnP ids */
#define EDID_PRODUCT_CODE 1
#define EDID_YEAR         2026
#define EDID_GAMMA_2_2    (220 - 100)

/* Offsets in the base block. */
#define EDID_VENDOR       8
#define EDID_PRODUCT      10
#define EDID_SERIAL       12
#define EDID_DATE         16
#define EDID_VERSION      18
#define EDID_INPUT        20
#define EDID_SIZE_CM      21
#define EDID_GAMMA        23
#define EDID_FEATURES     24
#define EDID_COLOURS      25
#define EDID_ESTABLISHED  35
#define EDID_STANDARD     38
#define EDID_DESCRIPTORS  54
#define EDID_N_EXTENSIONS 126

#define EDID_DESCRIPTOR_BYTES 18
#define EDID_N_DESCRIPTORS    4
#define EDID_TEXT_BYTES       13

#define EDID_FEATURE_SRGB             0x04
#define EDID_FEATURE_NATIVE_PREFERRED 0x02

#define EDID_MAX_SIZE_MM 2550 /* one byte of centimetres */

/* One mode, as all formats describe it. Pixels and lines; porches and sync are part of blanking. */
typedef struct EdidTiming {
	uint32_t width, height;
	uint32_t h_blank, h_front, h_sync;
	uint32_t v_blank, v_front, v_sync;
	uint32_t clock; /* in EDID_CLOCK_UNIT */
} EdidTiming;

typedef struct EdidSize {
	uint32_t width, height; /* pixels or millimetres */
} EdidSize;

/* CVT, section 3.4.2: the length of the vertical sync tells the shape. */
static uint32_t edid_sync_lines(uint32_t width, uint32_t height)
{
	static const struct {
		uint32_t across, down, lines;
	} table[] = {{4, 3, 4}, {16, 9, 5}, {16, 10, 6}, {5, 4, 7}, {15, 9, 7}};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (width * table[i].down == height * table[i].across) {
			return table[i].lines;
		}
	}
	return 10;
}

/*
 * CVT reduced blanking: 160 pixels a line, and lines for at least 460 µs a picture. Very small
 * modes get longer lines, as a clock below 10 MHz is taken for rubbish.
 */
static EdidTiming edid_make_timing(uint32_t width, uint32_t height)
{
	const uint32_t min_blank_us = 460, picture_us = 1000000 / EDID_REFRESH_HZ;
	EdidTiming timing = {
		.width = width,
		.height = height,
		.h_blank = 160,
		.h_front = 48,
		.h_sync = 32,
		.v_front = 3,
		.v_sync = edid_sync_lines(width, height),
	};
	uint32_t min_back = 6, min_pixels;
	uint64_t clock_hz;

	timing.v_blank = MAX(min_blank_us * height / (picture_us - min_blank_us) + 1,
			     timing.v_front + timing.v_sync + min_back);
	min_pixels = EDID_MIN_CLOCK_HZ / EDID_REFRESH_HZ / (height + timing.v_blank) + 1;
	if (width + timing.h_blank < min_pixels) {
		timing.h_blank = min_pixels - width;
	}
	clock_hz = (uint64_t)EDID_REFRESH_HZ * (width + timing.h_blank) * (height + timing.v_blank);
	timing.clock = (uint32_t)((clock_hz + EDID_CLOCK_UNIT / 2) / EDID_CLOCK_UNIT);
	return timing;
}

static bool edid_fits_descriptor(const EdidTiming *timing)
{
	return timing->width < 1 << 12 && timing->height < 1 << 12 && timing->clock < 1 << 16;
}

static void edid_put_u16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

/* The last byte of a block makes the sum of all a multiple of 256. */
static void edid_close_block(uint8_t *block, size_t n_bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < n_bytes - 1; i++) {
		sum += block[i];
	}
	block[n_bytes - 1] = (uint8_t)-sum;
}

/* ---- Descriptors of the base block ---- */

static void edid_put_timing(uint8_t *to, const EdidTiming *timing, const EdidSize *size_mm)
{
	edid_put_u16(to, timing->clock);
	to[2] = (uint8_t)timing->width;
	to[3] = (uint8_t)timing->h_blank;
	to[4] = (uint8_t)(timing->width >> 8 << 4 | timing->h_blank >> 8);
	to[5] = (uint8_t)timing->height;
	to[6] = (uint8_t)timing->v_blank;
	to[7] = (uint8_t)(timing->height >> 8 << 4 | timing->v_blank >> 8);
	to[8] = (uint8_t)timing->h_front;
	to[9] = (uint8_t)timing->h_sync;
	to[10] = (uint8_t)(timing->v_front << 4 | timing->v_sync);
	to[11] = 0; /* the high bits of the four */
	to[12] = (uint8_t)size_mm->width;
	to[13] = (uint8_t)size_mm->height;
	to[14] = (uint8_t)(size_mm->width >> 8 << 4 | size_mm->height >> 8);
	to[17] = 0x1a; /* digital separate sync: vertical negative, horizontal positive */
}

static void edid_put_name(uint8_t *to)
{
	static const char name[] = "Vitrine\n";

	to[3] = 0xfc;
	memset(to + 5, ' ', EDID_TEXT_BYTES);
	memcpy(to + 5, name, strlen(name));
}

/* The preferred mode, if it fits, larger modes than standard timings can tell, and the name. */
static void edid_put_descriptors(uint8_t *block, const EdidTiming *preferred,
				 const EdidSize *size_mm)
{
	static const EdidSize larger[] = {{3840, 2160}, {2560, 1440}};
	uint8_t *to = block + EDID_DESCRIPTORS;
	uint8_t *end = to + EDID_N_DESCRIPTORS * EDID_DESCRIPTOR_BYTES;

	if (edid_fits_descriptor(preferred)) {
		edid_put_timing(to, preferred, size_mm);
		to += EDID_DESCRIPTOR_BYTES;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(larger); i++) {
		EdidTiming timing = edid_make_timing(larger[i].width, larger[i].height);

		if (timing.width != preferred->width || timing.height != preferred->height) {
			edid_put_timing(to, &timing, size_mm);
			to += EDID_DESCRIPTOR_BYTES;
		}
	}
	edid_put_name(to);
	for (to += EDID_DESCRIPTOR_BYTES; to < end; to += EDID_DESCRIPTOR_BYTES) {
		to[3] = 0x10; /* a dummy */
	}
}

/* ---- The base block ---- */

/* sRGB's red, green, blue and white: x and y in 1/1024. First the low bits, then the high ones. */
static void edid_put_colours(uint8_t *block)
{
	static const uint16_t points[8] = {655, 338, 307, 614, 154, 61, 320, 337};
	uint8_t *to = block + EDID_COLOURS;

	for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
		to[i / 4] |= (uint8_t)((points[i] & 3) << (6 - i % 4 * 2));
		to[2 + i] = (uint8_t)(points[i] >> 2);
	}
}

static void edid_put_usual_modes(uint8_t *block)
{
	/* Width / 8 - 31; the shape in the two highest bits: 16:10, 4:3, 5:4, 16:9; 60 Hz is 0. */
	static const struct {
		uint16_t width;
		uint8_t shape;
	} standard[] = {
		{1280, 3}, {1280, 0}, {1280, 2}, {1440, 0},
		{1600, 1}, {1680, 0}, {1920, 3}, {1920, 0},
	};

	block[EDID_ESTABLISHED] = 0x21;     /* 640x480 and 800x600, 60 Hz */
	block[EDID_ESTABLISHED + 1] = 0x08; /* 1024x768, 60 Hz */
	for (unsigned i = 0; i < G_N_ELEMENTS(standard); i++) {
		block[EDID_STANDARD + 2 * i] = (uint8_t)(standard[i].width / 8 - 31);
		block[EDID_STANDARD + 2 * i + 1] = (uint8_t)(standard[i].shape << 6);
	}
}

static void edid_put_base(uint8_t *block, const EdidTiming *preferred, const EdidSize *size_mm,
			  unsigned index)
{
	const char *id = EDID_VENDOR_ID;
	uint32_t vendor = (uint32_t)((id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@'));

	memset(block + 1, 0xff, 6);
	block[EDID_VENDOR] = (uint8_t)(vendor >> 8);
	block[EDID_VENDOR + 1] = (uint8_t)vendor;
	edid_put_u16(block + EDID_PRODUCT, EDID_PRODUCT_CODE);
	edid_put_u16(block + EDID_SERIAL, index + 1);
	block[EDID_DATE] = 0xff; /* what follows is the year of the model */
	block[EDID_DATE + 1] = EDID_YEAR - 1990;
	block[EDID_VERSION] = 1;
	block[EDID_VERSION + 1] = 4;
	block[EDID_INPUT] = 0xa0; /* digital, 8 bits a colour, kind of plug undefined */
	block[EDID_SIZE_CM] = (uint8_t)((size_mm->width + 5) / 10);
	block[EDID_SIZE_CM + 1] = (uint8_t)((size_mm->height + 5) / 10);
	block[EDID_GAMMA] = EDID_GAMMA_2_2;
	block[EDID_FEATURES] = EDID_FEATURE_SRGB;
	if (edid_fits_descriptor(preferred)) {
		block[EDID_FEATURES] |= EDID_FEATURE_NATIVE_PREFERRED;
	}
	edid_put_colours(block);
	edid_put_usual_modes(block);
	edid_put_descriptors(block, preferred, size_mm);
}

/* ---- The extension ---- */

static uint8_t edid_displayid_shape(uint32_t width, uint32_t height)
{
	static const EdidSize shapes[] = {
		{1, 1}, {5, 4}, {4, 3}, {15, 9}, {16, 9}, {16, 10}, {64, 27}, {256, 135},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
		if (width * shapes[i].height == height * shapes[i].width) {
			return (uint8_t)i;
		}
	}
	return 8; /* undefined */
}

/* Every number is one less than it is. */
static void edid_put_displayid_timing(uint8_t *to, const EdidTiming *timing)
{
	const uint32_t sync_positive = 1 << 15;
	const uint8_t preferred = 0x80;
	uint32_t clock = timing->clock - 1;

	edid_put_u16(to, clock);
	to[2] = (uint8_t)(clock >> 16);
	to[3] = preferred | edid_displayid_shape(timing->width, timing->height);
	edid_put_u16(to + 4, timing->width - 1);
	edid_put_u16(to + 6, timing->h_blank - 1);
	edid_put_u16(to + 8, (timing->h_front - 1) | sync_positive);
	edid_put_u16(to + 10, timing->h_sync - 1);
	edid_put_u16(to + 12, timing->height - 1);
	edid_put_u16(to + 14, timing->v_blank - 1);
	edid_put_u16(to + 16, timing->v_front - 1);
	edid_put_u16(to + 18, timing->v_sync - 1);
}

/* Adds a data block of @n_bytes, still empty; returns where its content goes. */
static uint8_t *edid_add_displayid_block(uint8_t **next, uint8_t tag, uint8_t n_bytes)
{
	uint8_t *block = *next;

	block[0] = tag;
	block[2] = n_bytes;
	*next = block + 3 + n_bytes;
	return block + 3;
}

static void edid_put_displayid_product(uint8_t *to, unsigned index)
{
	memcpy(to, EDID_VENDOR_ID, 3);
	edid_put_u16(to + 3, EDID_PRODUCT_CODE);
	edid_put_u16(to + 5, index + 1);
	to[9] = 0xff; /* what follows is the year of the model */
	to[10] = EDID_YEAR - 2000;
}

static void edid_put_displayid_parameters(uint8_t *to, const EdidTiming *timing,
					  const EdidSize *size_mm)
{
	uint32_t longer = MAX(timing->width, timing->height);
	uint32_t shorter = MIN(timing->width, timing->height);

	edid_put_u16(to, size_mm->width * 10);
	edid_put_u16(to + 2, size_mm->height * 10);
	edid_put_u16(to + 4, timing->width);
	edid_put_u16(to + 6, timing->height);
	to[9] = EDID_GAMMA_2_2;
	to[10] = (uint8_t)MIN(longer * 100 / shorter - 100, 0xff);
	to[11] = 0x77; /* 8 bits a colour, one less in each half */
}

/* The blocks that a monitor must have, and one with one timing. */
static void edid_put_displayid(uint8_t *block, const EdidTiming *timing, const EdidSize *size_mm,
			       unsigned index)
{
	enum {
		PRODUCT = 0x00,
		PARAMETERS = 0x01,
		TYPE_1_TIMING = 0x03,
		INTERFACE = 0x0f
	};
	const uint8_t version = 0x13, monitor = 3, digital = 0xb0, eight_bits = 0x02;
	uint8_t *section = block + 1, *next = section + 4, *to;

	block[0] = 0x70; /* says that this extension is one of DisplayID */
	edid_put_displayid_product(edid_add_displayid_block(&next, PRODUCT, 12), index);
	edid_put_displayid_parameters(edid_add_displayid_block(&next, PARAMETERS, 12), timing,
				      size_mm);
	edid_put_displayid_timing(edid_add_displayid_block(&next, TYPE_1_TIMING, 20), timing);
	to = edid_add_displayid_block(&next, INTERFACE, 10);
	to[0] = digital;
	to[2] = eight_bits;
	section[0] = version;
	section[1] = (uint8_t)(next - section - 4);
	section[2] = monitor;
	edid_close_block(section, (size_t)(next - section) + 1);
	edid_close_block(block, EDID_BLOCK_BYTES);
}

size_t vit_edid_make(const VitEdidMonitor *monitor, uint8_t ret_edid[static VIT_EDID_MAX_BYTES])
{
	EdidTiming preferred = edid_make_timing(monitor->width, monitor->height);
	EdidSize size_mm = {monitor->width_mm, monitor->height_mm};
	size_t n_bytes = EDID_BLOCK_BYTES;

	if (size_mm.width == 0 || size_mm.height == 0) {
		size_mm = (EdidSize){monitor->width * 254 / 960, monitor->height * 254 / 960};
	}
	if (size_mm.width > EDID_MAX_SIZE_MM || size_mm.height > EDID_MAX_SIZE_MM) {
		size_mm = (EdidSize){0, 0}; /* undefined */
	}
	memset(ret_edid, 0, VIT_EDID_MAX_BYTES);
	edid_put_base(ret_edid, &preferred, &size_mm, monitor->index);
	if (!edid_fits_descriptor(&preferred)) {
		ret_edid[EDID_N_EXTENSIONS] = 1;
		edid_put_displayid(ret_edid + EDID_BLOCK_BYTES, &preferred, &size_mm,
				   monitor->index);
		n_bytes += EDID_BLOCK_BYTES;
	}
	edid_close_block(ret_edid, EDID_BLOCK_BYTES);
	return n_bytes;
}

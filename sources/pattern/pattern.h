/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/input.h"
#include "sources/pixel-memory.h"
#include "sources/source.h"

/*
 * The pattern: a VM that does not exist. It draws something like a desktop, changes it by a script,
 * and carries a stamp (sources/pattern/stamp.h) at 0, 0 of every picture that is large enough. The
 * embedded default, and every test's source.
 *
 * Every picture's damage is exact: outside it nothing changed. The unused byte of a pixel, and its
 * alpha, are 0. Key presses and buttons show as coloured blocks, the cursor follows the pointer,
 * and a wish for a size is granted.
 */

typedef enum VitPatternScript {
	VIT_PATTERN_STILL,      /* one picture; then only what input changes */
	VIT_PATTERN_TYPING,     /* a few letters a picture */
	VIT_PATTERN_SCROLL,     /* a window whose text moves up by a row a picture */
	VIT_PATTERN_MOTION,     /* half of the screen changes with each picture */
	VIT_PATTERN_RESIZE,     /* typing, and another size each second */
	VIT_PATTERN_EVERYTHING, /* all of these for two seconds each, and a changing cursor */
} VitPatternScript;

typedef enum VitPatternBuffering {
	VIT_PATTERN_SINGLE, /* always the same buffer */
	VIT_PATTERN_RING,   /* three in turn */
	VIT_PATTERN_FRESH,  /* a new one for each picture */
} VitPatternBuffering;

#define VIT_PATTERN_MAX_RATE_HZ       1000
#define VIT_PATTERN_MAX_HEADS         16
#define VIT_PATTERN_MAX_PADDING_BYTES 4096
/* A wish for a size is clamped to this range of either side, in pixels. */
#define VIT_PATTERN_MIN_WISH_PX 64
#define VIT_PATTERN_MAX_WISH_PX 5120

typedef struct VitPatternOptions {
	uint32_t width, height; /* pixels, 1 to VIT_BUFFER_MAX_SIDE */
	uint32_t fourcc;
	unsigned rate_hz; /* ticks a second, 1 to VIT_PATTERN_MAX_RATE_HZ */
	unsigned heads;   /* 1 to VIT_PATTERN_MAX_HEADS */
	VitPatternScript script;
	VitPatternBuffering buffering;
	VitPixelMemory memory; /* of the buffers */
	bool bottom_up;
	uint32_t padding_bytes; /* after each row, at most VIT_PATTERN_MAX_PADDING_BYTES */
	/* A tick whose last picture was not acknowledged yet is skipped, as a guest would. One
	 * whose buffer a device still reads always is. */
	bool wait_for_release;
} VitPatternOptions;

typedef struct VitPatternStats {
	uint64_t ticks;         /* that were due: time * rate_hz */
	uint64_t frames;        /* pictures sent */
	uint64_t skipped_ticks; /* because a picture or its buffer was out, or the loop late */
} VitPatternStats;

/* The names of the configuration: "still", … and "single", …; false when there is no such name. */
bool vit_pattern_script_from_name(const char *name, VitPatternScript *ret_script);
bool vit_pattern_buffering_from_name(const char *name, VitPatternBuffering *ret_buffering);

/*
 * Makes the machine; it announces all its heads from within its start. Errors: INVALID_ARGUMENT,
 * and as vit_buffer_check_layout() and vit_pixel_memory_new_fd() for the picture. Thread: loop.
 */
VitMachine *vit_pattern_machine_new(const VitPatternOptions *options, GError **error);

/* Of a head of a machine from vit_pattern_machine_new(). Thread: loop. */
VitPatternStats vit_pattern_get_stats(const VitMachine *machine, unsigned head);

/*
 * Takes the oldest input event that the head was sent; false when there is none. The last 64 are
 * kept. Thread: loop.
 */
bool vit_pattern_take_input(VitMachine *machine, unsigned head, VitInput *ret_input);

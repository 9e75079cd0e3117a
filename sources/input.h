/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* VitInput: what a person did at a viewer. Plain values, copied freely. */

typedef enum VitInputType {
	VIT_INPUT_KEY,
	VIT_INPUT_POINTER_ABSOLUTE,
	VIT_INPUT_POINTER_RELATIVE,
	VIT_INPUT_BUTTON,
	VIT_INPUT_WHEEL,
	VIT_INPUT_TOUCH,
} VitInputType;

typedef enum VitTouchPhase {
	VIT_TOUCH_BEGIN,
	VIT_TOUCH_UPDATE,
	VIT_TOUCH_END,
	VIT_TOUCH_CANCEL,
} VitTouchPhase;

/* Lock-key lights, as bits. */
typedef enum VitLeds {
	VIT_LED_SCROLL_LOCK = 1 << 0,
	VIT_LED_NUM_LOCK = 1 << 1,
	VIT_LED_CAPS_LOCK = 1 << 2,
} VitLeds;

typedef struct VitInput {
	VitInputType type;
	union {
		struct {
			uint32_t code; /* evdev: KEY_A, … (linux/input-event-codes.h) */
			bool down;
		} key;
		struct {
			uint32_t x, y; /* pixels of the head, below its width and height */
		} absolute;
		struct {
			int32_t dx, dy; /* pixels */
		} relative;
		struct {
			uint32_t code; /* evdev: BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE,
					  BTN_EXTRA */
			bool down;
		} button;
		struct {
			int32_t dx, dy; /* notches; positive is right and down */
		} wheel;
		struct {
			VitTouchPhase phase;
			uint32_t slot;
			double x, y; /* pixels of the head */
		} touch;
	};
} VitInput;

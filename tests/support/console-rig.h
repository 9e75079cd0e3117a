/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/console.h"

#define VIT_RIG_WIDTH_PX  64
#define VIT_RIG_HEIGHT_PX 48

static const VitRect vit_rig_everything = {0, 0, VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX};
static const VitRect vit_rig_corner = {0, 0, 8, 8};
static const VitRect vit_rig_beside_corner = {8, 0, 8, 8};
static const VitRect vit_rig_centre = {20, 20, 8, 8};

/*
 * A console over a fake surface, with a source and a sink that the test drives, and a front-end
 * that writes down what it hears.
 */
typedef struct VitConsoleRig {
	VitSource source;
	VitInputSink sink;
	VitFrontend frontend;
	VitRender *render;
	VitConsole *console;
	const VitHost *host;
	void *host_data;
	VitInput last_input;
	uint32_t wished_width, wished_height;
	bool source_destroyed, sink_destroyed;
	unsigned released; /* frames acknowledged */
	unsigned surface_calls;
	bool asks_when_told; /* the front-end asks for pixels from within surface_changed */
	VitBuffer *scanout;  /* last told, borrowed */
	unsigned scanout_calls, frame_calls;
	bool keeps_frames; /* the front-end keeps the next frame, in `kept` */
	VitFrame *kept;
	VitSurface *surface; /* last told, borrowed */
	pixman_region32_t changed;
	VitCursor *cursor;
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	unsigned leds;
	bool absolute;
} VitConsoleRig;

void vit_console_rig_init(VitConsoleRig *rig);
/* Init, and on to the state of every day: a guest's picture, read by an attached front-end. */
VitBuffer *vit_console_rig_show(VitConsoleRig *rig);
void vit_console_rig_clear(VitConsoleRig *rig);

void vit_console_rig_attach(VitConsoleRig *rig);
VitBuffer *vit_console_rig_make_buffer(uint32_t width, uint32_t height);
void vit_console_rig_scanout(VitConsoleRig *rig, VitBuffer *buffer);
/* One presentation with a damaged rectangle; a width of 0 means damage unknown. */
void vit_console_rig_send_frame(VitConsoleRig *rig, VitBuffer *buffer, VitRect rect);

/* Ends the running update, which must be there, with these tiles changed. */
void vit_console_rig_end_update(VitConsoleRig *rig, VitRect rect, const GError *error);
/* Whether an update runs; it must be one of exactly @expected. */
bool vit_console_rig_is_updating(VitConsoleRig *rig, VitRect expected);
bool vit_console_rig_is_reading(VitConsoleRig *rig, const VitBuffer *buffer);

/* Conditions for vit_test_wait(), with the rig as their argument. */
bool vit_console_rig_has_released(void *user_data);
bool vit_console_rig_is_updating_anything(void *user_data);

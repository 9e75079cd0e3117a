/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/pattern/canvas.h"
#include "sources/pattern/stamp.h"

/*
 * VitPatternDesktop: what the pattern shows at one size. A background, a window full of text, a
 * task bar, and on the right half, once it moves, a film. The same calls give the same pixels.
 */
typedef struct VitPatternDesktop VitPatternDesktop;

/* @number makes the picture another one; it is the head's. */
VitPatternDesktop *vit_pattern_desktop_new(unsigned number, uint32_t width, uint32_t height);
/* NULL is allowed. */
void vit_pattern_desktop_free(VitPatternDesktop *self);

/* One step of a script. */
void vit_pattern_desktop_type(VitPatternDesktop *self);
void vit_pattern_desktop_scroll(VitPatternDesktop *self);
void vit_pattern_desktop_move(VitPatternDesktop *self);

/* Shows, in the task bar, that the key or button with this evdev code is down, or no more. */
void vit_pattern_desktop_show_key(VitPatternDesktop *self, uint32_t code, bool down);
/* Draws the stamp, if the picture is large enough for one. */
void vit_pattern_desktop_stamp(VitPatternDesktop *self, const VitStamp *stamp);

/* The pixels, and their damage; whoever shows them clears it. Borrowed. */
VitPatternCanvas *vit_pattern_desktop_get_canvas(VitPatternDesktop *self);

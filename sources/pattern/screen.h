/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/pattern/desktop.h"
#include "sources/pattern/pattern.h"
#include "sources/shm-image.h"

/*
 * VitPatternScreen: the pattern's picture at one size, and the buffers it is shown from. Each
 * buffer remembers which part of it is older than the picture, and only that is converted into it.
 */
typedef struct VitPatternScreen VitPatternScreen;

/* Of head @number. @options are valid, but for their size, which is given. */
VitPatternScreen *vit_pattern_screen_new(const VitPatternOptions *options, unsigned number,
					 uint32_t width, uint32_t height);
/* Buffers live on while others hold them. NULL is allowed. */
void vit_pattern_screen_free(VitPatternScreen *self);

VitPatternDesktop *vit_pattern_screen_get_desktop(VitPatternScreen *self);
uint32_t vit_pattern_screen_get_width(const VitPatternScreen *self);
uint32_t vit_pattern_screen_get_height(const VitPatternScreen *self);

/* Whether the picture changed since it was last shown. */
bool vit_pattern_screen_has_damage(VitPatternScreen *self);

/* Whether it can be shown now: no device still reads the buffer that is next. */
bool vit_pattern_screen_is_ready(const VitPatternScreen *self);

/*
 * Puts the picture into the next buffer. @ret_damage, initialised by the caller, becomes what
 * changed since the last call. Returns a new reference. Errors: INTERNAL, UNSUPPORTED
 * (no memory).
 */
VitBuffer *vit_pattern_screen_show(VitPatternScreen *self, pixman_region32_t *ret_damage,
				   GError **error);

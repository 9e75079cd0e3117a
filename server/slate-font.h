/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdint.h>

/* The slate's letters: printable ASCII, 5 columns of 8 pixels each, lowest bit at the top. */

#define VIT_GLYPH_COLUMNS 5
#define VIT_GLYPH_ROWS    8
#define VIT_GLYPH_FIRST   ' '
#define VIT_GLYPH_LAST    '~'

extern const uint8_t vit_slate_glyphs[VIT_GLYPH_LAST - VIT_GLYPH_FIRST + 1][VIT_GLYPH_COLUMNS];

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/cursor.h"

/* The pointer shapes that the pattern shows in turn: opaque, tiny, large and translucent, and none.
 */

#define VIT_PATTERN_CURSORS 4

/* Shape @number, taken modulo VIT_PATTERN_CURSORS. Returns NULL for the one that is no shape. */
VitCursor *vit_pattern_cursor_new(unsigned number);

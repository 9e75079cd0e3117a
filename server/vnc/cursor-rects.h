/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

#include "server/vnc/engine.h"
#include "sources/cursor.h"

/*
 * Pointer shapes as rectangles of a FramebufferUpdate. @cursor NULL: the pointer is not shown.
 * Thread: the engine's.
 */

/* Cursor with alpha. Spec: rfbproto, encoding -314. */
void vit_rfb_append_cursor_with_alpha(GByteArray *out, const VitCursor *cursor);
/* The shape in the engine's pixel format, with a mask for a half-way opaque edge. Spec: RFC 6143
 * §7.8.1. */
void vit_rfb_append_cursor(GByteArray *out, VitRfbEngine *engine, const VitCursor *cursor);

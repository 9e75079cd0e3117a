/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sources/cursor.h"

/*
 * VitSpiceCursorCommand: a QXL cursor command with all that it points at. Thread: any, one at a
 * time.
 */

typedef struct VitSpiceCursorCommand VitSpiceCursorCommand;
struct QXLCommandExt;
union QXLReleaseInfo;

typedef struct VitSpiceCursorPlace {
	int32_t x, y; /* of the hot spot, in head pixels; cut to what SPICE can say */
	bool visible;
} VitSpiceCursorPlace;

/* Sets the shape. */
VitSpiceCursorCommand *vit_spice_cursor_command_new_shape(const VitCursor *cursor,
							  const VitSpiceCursorPlace *place);
/* Moves the pointer, or hides it where it is not visible. */
VitSpiceCursorCommand *vit_spice_cursor_command_new_place(const VitSpiceCursorPlace *place);
/* NULL is allowed. */
void vit_spice_cursor_command_free(VitSpiceCursorCommand *self);

/* As libspice-server takes it. It gives it back by its release info. */
void vit_spice_cursor_command_give(VitSpiceCursorCommand *self, struct QXLCommandExt *ret_command);
VitSpiceCursorCommand *vit_spice_cursor_command_of(union QXLReleaseInfo *info);

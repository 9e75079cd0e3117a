/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Viewers take the colours of a shape as they are, with alpha beside them, while those of a
 * VitCursor are multiplied by it; so they are divided again.
 */
#include "server/spice/cursor-command.h"

#include <glib.h>
#include <spice.h>
#include <string.h>

struct VitSpiceCursorCommand {
	QXLCursorCmd command;
	QXLCursor shape; /* its pixels follow; not there unless the command is to set a shape */
};

/* 0xAARRGGBB, the colour divided by the alpha. */
static uint32_t divide_pixel(uint32_t pixel)
{
	uint32_t alpha = pixel >> 24;
	uint32_t divided = pixel & 0xff000000;

	if (alpha == 0 || alpha == 0xff) {
		return alpha == 0 ? 0 : pixel;
	}
	for (unsigned shift = 0; shift < 24; shift += 8) {
		uint32_t value = ((pixel >> shift & 0xff) * 0xff + alpha / 2) / alpha;

		divided |= MIN(value, 0xff) << shift;
	}
	return divided;
}

static VitSpiceCursorCommand *command_new(size_t n_pixel_bytes)
{
	VitSpiceCursorCommand *self = g_malloc0(sizeof(VitSpiceCursorCommand) + n_pixel_bytes);

	self->command.release_info.id = (uintptr_t)self;
	return self;
}

static QXLPoint16 point_of(const VitSpiceCursorPlace *place)
{
	return (QXLPoint16){
		.x = (int16_t)CLAMP(place->x, INT16_MIN, INT16_MAX),
		.y = (int16_t)CLAMP(place->y, INT16_MIN, INT16_MAX),
	};
}

VitSpiceCursorCommand *vit_spice_cursor_command_new_shape(const VitCursor *cursor,
							  const VitSpiceCursorPlace *place)
{
	uint32_t width = vit_cursor_get_width(cursor), height = vit_cursor_get_height(cursor);
	const uint32_t *pixels = vit_cursor_get_pixels(cursor);
	uint32_t n_bytes = width * height * (uint32_t)sizeof(*pixels);
	VitSpiceCursorCommand *self = command_new(n_bytes);
	uint8_t *data = self->shape.chunk.data;

	self->command.type = QXL_CURSOR_SET;
	self->command.u.set.position = point_of(place);
	self->command.u.set.visible = place->visible;
	self->command.u.set.shape = (uintptr_t)&self->shape;
	self->shape.header.type = SPICE_CURSOR_TYPE_ALPHA;
	self->shape.header.width = (uint16_t)width;
	self->shape.header.height = (uint16_t)height;
	self->shape.header.hot_spot_x = (uint16_t)vit_cursor_get_hot_x(cursor);
	self->shape.header.hot_spot_y = (uint16_t)vit_cursor_get_hot_y(cursor);
	self->shape.data_size = n_bytes;
	self->shape.chunk.data_size = n_bytes;
	for (uint32_t i = 0; i < width * height; i++) {
		uint32_t pixel = GUINT32_TO_LE(divide_pixel(pixels[i]));

		memcpy(data + i * sizeof(pixel), &pixel, sizeof(pixel));
	}
	return self;
}

VitSpiceCursorCommand *vit_spice_cursor_command_new_place(const VitSpiceCursorPlace *place)
{
	VitSpiceCursorCommand *self = command_new(0);

	self->command.type = place->visible ? QXL_CURSOR_MOVE : QXL_CURSOR_HIDE;
	if (place->visible) {
		self->command.u.position = point_of(place);
	}
	return self;
}

void vit_spice_cursor_command_free(VitSpiceCursorCommand *self)
{
	g_free(self);
}

void vit_spice_cursor_command_give(VitSpiceCursorCommand *self, QXLCommandExt *ret_command)
{
	*ret_command = (QXLCommandExt){
		.cmd = {.data = (uintptr_t)&self->command, .type = QXL_CMD_CURSOR},
	};
}

VitSpiceCursorCommand *vit_spice_cursor_command_of(QXLReleaseInfo *info)
{
	return (VitSpiceCursorCommand *)(uintptr_t)info->id;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* VitCursor: a pointer shape, checked once and copied, then immutable. */
#include "sources/cursor.h"

#include <string.h>

#include "config/error.h"

struct VitCursor {
	gatomicrefcount ref_count;
	uint32_t width, height; /* pixels */
	uint32_t hot_x, hot_y;  /* pixels, inside the image */
	uint32_t pixels[];
};

static uint32_t cursor_clamp_hot_spot(int32_t position, uint32_t side)
{
	return (uint32_t)CLAMP(position, 0, (int32_t)side - 1);
}

VitCursor *vit_cursor_new(uint32_t width, uint32_t height, int32_t hot_x, int32_t hot_y,
			  const void *pixels, size_t n_bytes, GError **error)
{
	VitCursor *self;

	if (width < 1 || width > VIT_CURSOR_MAX_SIDE || height < 1 ||
	    height > VIT_CURSOR_MAX_SIDE) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "cursor of %ux%u pixels: each side must be 1 to %u", width, height,
			    VIT_CURSOR_MAX_SIDE);
		return NULL;
	}
	if (n_bytes != (size_t)width * height * 4) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "cursor of %ux%u pixels came with %zu bytes: it must be %zu", width,
			    height, n_bytes, (size_t)width * height * 4);
		return NULL;
	}
	self = g_malloc(sizeof *self + n_bytes);
	g_atomic_ref_count_init(&self->ref_count);
	self->width = width;
	self->height = height;
	self->hot_x = cursor_clamp_hot_spot(hot_x, width);
	self->hot_y = cursor_clamp_hot_spot(hot_y, height);
	memcpy(self->pixels, pixels, n_bytes);
	return self;
}

VitCursor *vit_cursor_ref(VitCursor *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void vit_cursor_unref(VitCursor *self)
{
	if (self && g_atomic_ref_count_dec(&self->ref_count)) {
		g_free(self);
	}
}

uint32_t vit_cursor_get_width(const VitCursor *self)
{
	return self->width;
}

uint32_t vit_cursor_get_height(const VitCursor *self)
{
	return self->height;
}

uint32_t vit_cursor_get_hot_x(const VitCursor *self)
{
	return self->hot_x;
}

uint32_t vit_cursor_get_hot_y(const VitCursor *self)
{
	return self->hot_y;
}

const uint32_t *vit_cursor_get_pixels(const VitCursor *self)
{
	return self->pixels;
}

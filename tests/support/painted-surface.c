/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/painted-surface.h"

/* Rows are longer than the picture, as those of the real one may be. */
#define PADDING_BYTES 64

struct VitSurface {
	gatomicrefcount references;
	uint32_t width, height, stride_bytes;
	GMutex lock; /* of the pixels */
	uint8_t *pixels;
	bool updating;
};

VitSurface *vit_painted_surface_new(uint32_t width, uint32_t height)
{
	VitSurface *self = g_new0(VitSurface, 1);

	g_atomic_ref_count_init(&self->references);
	g_mutex_init(&self->lock);
	self->width = width;
	self->height = height;
	self->stride_bytes = width * 4 + PADDING_BYTES;
	self->pixels = g_malloc0((size_t)self->stride_bytes * height);
	vit_painted_surface_fill(self, (VitRect){0, 0, (int32_t)width, (int32_t)height},
				 0xff000000);
	return self;
}

VitSurface *vit_surface_ref(VitSurface *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

void vit_surface_unref(VitSurface *self)
{
	if (self && g_atomic_ref_count_dec(&self->references)) {
		g_mutex_clear(&self->lock);
		g_free(self->pixels);
		g_free(self);
	}
}

uint32_t vit_surface_get_width(const VitSurface *self)
{
	return self->width;
}

uint32_t vit_surface_get_height(const VitSurface *self)
{
	return self->height;
}

uint32_t vit_surface_get_stride_bytes(const VitSurface *self)
{
	return self->stride_bytes;
}

bool vit_surface_is_updating(const VitSurface *self)
{
	return self->updating;
}

const uint8_t *vit_surface_begin_read(VitSurface *self)
{
	g_mutex_lock(&self->lock);
	return self->pixels;
}

void vit_surface_end_read(VitSurface *self)
{
	g_mutex_unlock(&self->lock);
}

void vit_painted_surface_fill(VitSurface *surface, VitRect rect, uint32_t pixel)
{
	g_mutex_lock(&surface->lock);
	for (int32_t y = rect.y; y < rect.y + rect.height; y++) {
		uint32_t *row =
			(uint32_t *)(void *)(surface->pixels + (size_t)y * surface->stride_bytes);

		for (int32_t x = rect.x; x < rect.x + rect.width; x++) {
			row[x] = pixel;
		}
	}
	g_mutex_unlock(&surface->lock);
}

void vit_painted_surface_set_updating(VitSurface *surface, bool updating)
{
	surface->updating = updating;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/shadow.h"

#include <string.h>

#include "config/error.h"

#define BLACK 0xff000000u

void vit_vnc_shadow_init(VitVncShadow *self)
{
	*self = (VitVncShadow){0};
}

void vit_vnc_shadow_clear(VitVncShadow *self)
{
	g_clear_pointer(&self->pixels, g_free);
	g_clear_pointer(&self->cursor, vit_cursor_unref);
}

void vit_vnc_shadow_blacken(VitVncShadow *self)
{
	for (size_t i = 0; i < (size_t)self->width * self->height; i++) {
		self->pixels[i] = BLACK;
	}
}

bool vit_vnc_shadow_resize(VitVncShadow *self, uint32_t width, uint32_t height, GError **error)
{
	uint32_t *pixels = g_try_new(uint32_t, (size_t)width * height);

	if (!pixels) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "There is no memory for a framebuffer of %ux%u pixels.", width, height);
		return false;
	}
	g_free(self->pixels);
	self->pixels = pixels;
	self->width = width;
	self->height = height;
	vit_vnc_shadow_blacken(self);
	return true;
}

static pixman_box32_t cursor_box(const VitCursor *cursor, int32_t x, int32_t y)
{
	int32_t left = x - (int32_t)vit_cursor_get_hot_x(cursor);
	int32_t top = y - (int32_t)vit_cursor_get_hot_y(cursor);

	return (pixman_box32_t){
		.x1 = left,
		.y1 = top,
		.x2 = left + (int32_t)vit_cursor_get_width(cursor),
		.y2 = top + (int32_t)vit_cursor_get_height(cursor),
	};
}

/* Adds a box, as far as it lies within the shadow. */
static void shadow_add(const VitVncShadow *self, const pixman_box32_t *box,
		       pixman_region32_t *region)
{
	int32_t x1 = MAX(box->x1, 0), x2 = MIN(box->x2, (int32_t)self->width);
	int32_t y1 = MAX(box->y1, 0), y2 = MIN(box->y2, (int32_t)self->height);

	if (x1 < x2 && y1 < y2) {
		pixman_region32_union_rect(region, region, x1, y1, (unsigned)(x2 - x1),
					   (unsigned)(y2 - y1));
	}
}

void vit_vnc_shadow_set_cursor(VitVncShadow *self, VitCursor *cursor, int32_t x, int32_t y,
			       pixman_region32_t *damage)
{
	pixman_box32_t box = {0};

	if (cursor) {
		box = cursor_box(cursor, x, y);
	}
	if (cursor == self->cursor && memcmp(&box, &self->drawn, sizeof(box)) == 0) {
		return;
	}
	shadow_add(self, &self->drawn, damage);
	shadow_add(self, &box, damage);
	g_clear_pointer(&self->cursor, vit_cursor_unref);
	self->cursor = cursor ? vit_cursor_ref(cursor) : NULL;
	self->drawn = box;
}

/* Draws the part of the cursor that lies in @region, where the surface's pixels were just put. */
static void shadow_draw_cursor(VitVncShadow *self, const pixman_region32_t *region)
{
	int width = self->drawn.x2 - self->drawn.x1, height = self->drawn.y2 - self->drawn.y1;
	pixman_image_t *image, *shadow;

	/* Both are read as if they had alpha: then the byte beside the colours stays 0xff. */
	image = pixman_image_create_bits_no_clear(
		PIXMAN_a8r8g8b8, width, height,
		(uint32_t *)(uintptr_t)vit_cursor_get_pixels(self->cursor), width * 4);
	shadow = pixman_image_create_bits_no_clear(PIXMAN_a8r8g8b8, (int)self->width,
						   (int)self->height, self->pixels,
						   (int)self->width * 4);
	if (image && shadow &&
	    pixman_image_set_clip_region32(shadow, (pixman_region32_t *)region)) {
		pixman_image_composite32(PIXMAN_OP_OVER, image, NULL, shadow, 0, 0, 0, 0,
					 self->drawn.x1, self->drawn.y1, width, height);
	}
	if (shadow) {
		pixman_image_unref(shadow);
	}
	if (image) {
		pixman_image_unref(image);
	}
}

static void shadow_copy_box(VitVncShadow *self, const VitPixels *surface, const pixman_box32_t *box)
{
	size_t n_bytes = (size_t)(box->x2 - box->x1) * 4;

	for (int32_t y = box->y1; y < box->y2; y++) {
		memcpy(self->pixels + (size_t)y * self->width + box->x1,
		       surface->rows + (size_t)y * surface->stride_bytes + (size_t)box->x1 * 4,
		       n_bytes);
	}
}

/* Whether a part of @region moved. What is outside of the surface does not count. */
static bool shadow_find_scroll(const VitVncShadow *self, const VitPixels *surface,
			       const pixman_region32_t *region, VitScroll *ret_scroll)
{
	const VitPixels shadow = {
		.rows = (const uint8_t *)self->pixels,
		.stride_bytes = (size_t)self->width * 4,
	};

	return vit_scroll_find(&shadow, surface,
			       pixman_region32_extents((pixman_region32_t *)region), ret_scroll);
}

static void region_add_box(pixman_region32_t *region, const pixman_box32_t *box)
{
	pixman_region32_union_rect(region, region, box->x1, box->y1, (unsigned)(box->x2 - box->x1),
				   (unsigned)(box->y2 - box->y1));
}

bool vit_vnc_shadow_copy(VitVncShadow *self, VitSurface *surface, const pixman_region32_t *region,
			 VitScroll *ret_scroll)
{
	pixman_region32_t within;
	const pixman_box32_t *boxes;
	VitPixels pixels;
	int n_boxes;
	bool moved;

	pixman_region32_init(&within);
	pixman_region32_intersect_rect(&within, (pixman_region32_t *)region, 0, 0,
				       vit_surface_get_width(surface),
				       vit_surface_get_height(surface));
	pixels.stride_bytes = vit_surface_get_stride_bytes(surface);
	pixels.rows = vit_surface_begin_read(surface);
	moved = ret_scroll && shadow_find_scroll(self, &pixels, &within, ret_scroll);
	if (moved) {
		region_add_box(&within, &ret_scroll->to);
	}
	boxes = pixman_region32_rectangles(&within, &n_boxes);
	for (int i = 0; i < n_boxes; i++) {
		shadow_copy_box(self, &pixels, &boxes[i]);
	}
	vit_surface_end_read(surface);
	if (self->cursor) {
		shadow_draw_cursor(self, &within);
	}
	pixman_region32_fini(&within);
	return moved;
}

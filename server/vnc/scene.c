/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/scene.h"

#include "sources/buffer.h"

void vit_vnc_scene_init(VitVncScene *self)
{
	*self = (VitVncScene){.pointer_absolute = true};
	pixman_region32_init(&self->damage);
}

void vit_vnc_scene_clear(VitVncScene *self)
{
	g_clear_pointer(&self->surface, vit_surface_unref);
	g_clear_pointer(&self->cursor, vit_cursor_unref);
	g_clear_pointer(&self->name, g_free);
	pixman_region32_fini(&self->damage);
}

void vit_vnc_scene_set_surface(VitVncScene *self, VitSurface *surface,
			       const pixman_region32_t *damage)
{
	if (surface != self->surface) {
		vit_surface_unref(self->surface);
		self->surface = vit_surface_ref(surface);
		self->has_pixels = false;
		self->changed |= VIT_VNC_SCENE_NEW_SURFACE;
		pixman_region32_clear(&self->damage);
	}
	if (pixman_region32_not_empty((pixman_region32_t *)damage)) {
		self->has_pixels = true;
		pixman_region32_union(&self->damage, &self->damage, (pixman_region32_t *)damage);
	}
	self->changed |= VIT_VNC_SCENE_SURFACE;
}

void vit_vnc_scene_set_cursor(VitVncScene *self, VitCursor *cursor)
{
	g_clear_pointer(&self->cursor, vit_cursor_unref);
	self->cursor = cursor ? vit_cursor_ref(cursor) : NULL;
	self->changed |= VIT_VNC_SCENE_CURSOR;
}

void vit_vnc_scene_set_cursor_position(VitVncScene *self, int32_t x, int32_t y, bool visible)
{
	self->cursor_x = CLAMP(x, -VIT_BUFFER_MAX_SIDE, VIT_BUFFER_MAX_SIDE);
	self->cursor_y = CLAMP(y, -VIT_BUFFER_MAX_SIDE, VIT_BUFFER_MAX_SIDE);
	self->cursor_visible = visible;
	self->cursor_was_visible |= visible;
	self->changed |= VIT_VNC_SCENE_CURSOR_POSITION;
}

void vit_vnc_scene_set_leds(VitVncScene *self, unsigned leds)
{
	self->leds = leds;
	self->changed |= VIT_VNC_SCENE_LEDS;
}

void vit_vnc_scene_set_name(VitVncScene *self, const char *name)
{
	g_free(self->name);
	self->name = g_strdup(name);
	self->changed |= VIT_VNC_SCENE_NAME;
}

void vit_vnc_scene_set_pointer_mode(VitVncScene *self, bool absolute)
{
	self->pointer_absolute = absolute;
	self->changed |= VIT_VNC_SCENE_POINTER_MODE;
}

void vit_vnc_scene_take(VitVncScene *self, VitVncScene *from)
{
	unsigned changed = from->changed;

	if (changed & VIT_VNC_SCENE_SURFACE) {
		vit_vnc_scene_set_surface(self, from->surface, &from->damage);
		pixman_region32_clear(&from->damage);
	}
	if (changed & VIT_VNC_SCENE_CURSOR) {
		vit_vnc_scene_set_cursor(self, from->cursor);
	}
	if (changed & VIT_VNC_SCENE_CURSOR_POSITION) {
		vit_vnc_scene_set_cursor_position(self, from->cursor_x, from->cursor_y,
						  from->cursor_visible);
		self->cursor_was_visible |= from->cursor_was_visible;
	}
	if (changed & VIT_VNC_SCENE_LEDS) {
		vit_vnc_scene_set_leds(self, from->leds);
	}
	if (changed & VIT_VNC_SCENE_NAME) {
		vit_vnc_scene_set_name(self, from->name);
	}
	if (changed & VIT_VNC_SCENE_POINTER_MODE) {
		vit_vnc_scene_set_pointer_mode(self, from->pointer_absolute);
	}
	self->changed |= changed;
	from->changed = 0;
}

void vit_vnc_scene_copy(VitVncScene *self, const VitVncScene *from)
{
	pixman_region32_t everything;

	if (from->surface) {
		pixman_region32_init(&everything);
		if (from->has_pixels) {
			pixman_region32_union_rect(&everything, &everything, 0, 0,
						   vit_surface_get_width(from->surface),
						   vit_surface_get_height(from->surface));
		}
		vit_vnc_scene_set_surface(self, from->surface, &everything);
		pixman_region32_fini(&everything);
	}
	if (from->cursor) {
		vit_vnc_scene_set_cursor(self, from->cursor);
	}
	if (from->name) {
		vit_vnc_scene_set_name(self, from->name);
	}
	vit_vnc_scene_set_cursor_position(self, from->cursor_x, from->cursor_y,
					  from->cursor_visible);
	self->cursor_was_visible = from->cursor_was_visible;
	vit_vnc_scene_set_leds(self, from->leds);
	vit_vnc_scene_set_pointer_mode(self, from->pointer_absolute);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What one viewer is sent. An update holds first the pseudo-rectangles that are due, then the
 * pixels of damage within what the viewer asked for. A change of size goes alone in an update of
 * its own, as what follows is counted in the new size; the request counts as answered, and viewers
 * make the next for the new size.
 */
#include "server/vnc/cursor-rects.h"
#include "server/vnc/pseudo-rects.h"
#include "server/vnc/session-private.h"

/* More rectangles than this become their bounding box. */
#define MAX_UPDATE_RECTS 400

/* The pixels that the viewer lacks and wants. @ret_region is initialized. */
static void session_get_region(const VitVncSession *self, pixman_region32_t *ret_region)
{
	pixman_region32_copy(ret_region, (pixman_region32_t *)&self->requested);
	if (self->is_continuous) {
		vit_vnc_region_add(ret_region, &self->continuous_box);
	}
	pixman_region32_intersect(ret_region, ret_region, (pixman_region32_t *)&self->scene.damage);
	if (!self->scene.has_pixels) {
		pixman_region32_clear(ret_region);
	}
}

static unsigned session_due(const VitVncSession *self)
{
	return self->pending & vit_vnc_session_understands(self);
}

bool vit_vnc_session_has_update(const VitVncSession *self)
{
	unsigned due = session_due(self);
	pixman_region32_t region;
	bool has_pixels;

	if (due & VIT_VNC_PENDING_SIZE) {
		return true;
	}
	/* A viewer that takes only one picture takes the first update for it. */
	if (due && (pixman_region32_not_empty((pixman_region32_t *)&self->known) ||
		    self->scene.has_pixels)) {
		return true;
	}
	pixman_region32_init(&region);
	session_get_region(self, &region);
	has_pixels = pixman_region32_not_empty(&region);
	pixman_region32_fini(&region);
	return has_pixels;
}

static void session_append_size(VitVncSession *self, unsigned due, VitVncUpdate *update)
{
	uint16_t width = (uint16_t)self->shadow.width, height = (uint16_t)self->shadow.height;

	if (due & VIT_VNC_PENDING_SIZE_RESULT) {
		vit_rfb_append_extended_desktop_size(update->rects, width, height,
						     VIT_RFB_DESKTOP_SIZE_BY_THIS_CLIENT,
						     self->size_result);
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_SIZE && !self->encodings.extended_desktop_size) {
		vit_rfb_append_desktop_size(update->rects, width, height);
		update->n_rects++;
	} else if (due & (VIT_VNC_PENDING_SIZE | VIT_VNC_PENDING_SIZE_ANSWER)) {
		vit_rfb_append_extended_desktop_size(update->rects, width, height,
						     VIT_RFB_DESKTOP_SIZE_BY_SERVER,
						     VIT_RFB_DESKTOP_SIZE_OK);
		update->n_rects++;
	}
}

static void session_append_pointer(VitVncSession *self, unsigned due, VitVncUpdate *update)
{
	if (due & VIT_VNC_PENDING_POINTER_MODE) {
		vit_rfb_append_pointer_motion_change(update->rects, self->scene.pointer_absolute,
						     (uint16_t)self->shadow.width,
						     (uint16_t)self->shadow.height);
		update->tells_pointer_mode = true;
		update->tells_absolute = self->scene.pointer_absolute;
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_CURSOR) {
		const VitCursor *cursor = self->cursor_is_hidden ? NULL : self->scene.cursor;

		if (self->encodings.cursor_with_alpha) {
			vit_rfb_append_cursor_with_alpha(update->rects, cursor);
		} else {
			vit_rfb_append_cursor(update->rects, self->engine, cursor);
		}
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_WARP) {
		vit_rfb_append_pointer_position(
			update->rects,
			(uint16_t)CLAMP(self->scene.cursor_x, 0, (int32_t)self->shadow.width - 1),
			(uint16_t)CLAMP(self->scene.cursor_y, 0, (int32_t)self->shadow.height - 1));
		update->n_rects++;
	}
}

static void session_append_keyboard(VitVncSession *self, unsigned due, VitVncUpdate *update)
{
	if (due & VIT_VNC_PENDING_NAME) {
		vit_rfb_append_desktop_name(update->rects, self->scene.name);
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_EXTENDED_KEY) {
		vit_rfb_append_extended_key(update->rects);
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_EXTENDED_BUTTONS) {
		vit_rfb_append_extended_buttons(update->rects);
		update->tells_extended_buttons = true;
		update->n_rects++;
	}
	if (due & VIT_VNC_PENDING_LEDS) {
		vit_rfb_append_led_state(update->rects, self->scene.leds);
		update->n_rects++;
	}
}

/* Takes over the size of the surface. */
static bool session_resize(VitVncSession *self, GError **error)
{
	if (!vit_vnc_shadow_resize(&self->shadow, vit_surface_get_width(self->scene.surface),
				   vit_surface_get_height(self->scene.surface), error)) {
		return false;
	}
	vit_rfb_engine_set_framebuffer(self->engine, self->shadow.pixels, self->shadow.width,
				       self->shadow.height);
	vit_vnc_session_damage_all(self);
	pixman_region32_clear(&self->known);
	self->continuous_box = (pixman_box32_t){
		.x2 = (int32_t)self->shadow.width,
		.y2 = (int32_t)self->shadow.height,
	};
	return true;
}

/* Whether it is worth looking for what only moved, and the viewer could copy it. */
static bool session_may_scroll(const VitVncSession *self, const pixman_region32_t *region)
{
	const pixman_box32_t *extents = pixman_region32_extents((pixman_region32_t *)region);

	/* A cursor that is drawn into the picture does not move with it. */
	return self->encodings.copy_rect && !self->shadow.cursor &&
	       pixman_region32_contains_rectangle((pixman_region32_t *)&self->known,
						  (pixman_box32_t *)extents) == PIXMAN_REGION_IN;
}

/* Has the viewer copy what only moved; the rest of the pixels is left. */
static void session_append_scroll(const VitScroll *scroll, VitVncUpdate *update)
{
	const pixman_box32_t *to = &scroll->to;
	const VitRfbRect rect = {
		.x = (uint16_t)to->x1,
		.y = (uint16_t)to->y1,
		.width = (uint16_t)(to->x2 - to->x1),
		.height = (uint16_t)(to->y2 - to->y1),
	};
	pixman_region32_t moved;

	vit_rfb_append_copy_rect(update->rects, rect, rect.x, (uint16_t)(to->y1 - scroll->down_px));
	update->n_rects++;
	pixman_region32_init_rect(&moved, rect.x, rect.y, rect.width, rect.height);
	pixman_region32_subtract(&update->pixels, &update->pixels, &moved);
	pixman_region32_fini(&moved);
}

/* Takes what is to be sent out of the damage and brings the shadow up to date there. */
static void session_take_pixels(VitVncSession *self, VitVncUpdate *update)
{
	pixman_region32_t *region = &update->pixels;
	VitScroll scroll;
	bool may_scroll;

	session_get_region(self, region);
	if (!pixman_region32_not_empty(region)) {
		return;
	}
	if (pixman_region32_n_rects(region) > MAX_UPDATE_RECTS) {
		pixman_box32_t box = *pixman_region32_extents(region);

		vit_vnc_region_add(region, &box);
	}
	may_scroll = session_may_scroll(self, region);
	pixman_region32_subtract(&self->scene.damage, &self->scene.damage, region);
	pixman_region32_union(&self->known, &self->known, region);
	if (vit_vnc_shadow_copy(&self->shadow, self->scene.surface, region,
				may_scroll ? &scroll : NULL)) {
		session_append_scroll(&scroll, update);
	}
}

bool vit_vnc_session_make_update(VitVncSession *self, VitVncUpdate *ret_update, GError **error)
{
	VitVncUpdate update = {.has_fence = self->is_continuous && self->encodings.fence};
	unsigned due = session_due(self);

	if (due & VIT_VNC_PENDING_SIZE) {
		due &= VIT_VNC_PENDING_SIZE | VIT_VNC_PENDING_SIZE_ANSWER |
		       VIT_VNC_PENDING_SIZE_RESULT;
		if (!session_resize(self, error)) {
			return false;
		}
	}
	update.rects = g_byte_array_new();
	pixman_region32_init(&update.pixels);
	session_append_size(self, due, &update);
	session_append_keyboard(self, due, &update);
	session_append_pointer(self, due, &update);
	if (!(due & VIT_VNC_PENDING_SIZE)) {
		session_take_pixels(self, &update);
	}
	self->pending &= ~due;
	pixman_region32_clear(&self->requested);
	*ret_update = update;
	return true;
}

/* After a continuous update: when the viewer returns it says how far it is. */
static bool session_send_fence(VitVncSession *self)
{
	g_autoptr(GByteArray) fence = g_byte_array_new();
	uint32_t number = GUINT32_TO_BE(self->n_fences);

	self->n_fences++;
	vit_rfb_append_fence(fence, VIT_RFB_FENCE_REQUEST | VIT_RFB_FENCE_BLOCK_BEFORE,
			     (const uint8_t *)&number, sizeof(number));
	return vit_rfb_engine_write(self->engine, fence->data, fence->len);
}

bool vit_vnc_session_send_update(VitVncSession *self, const VitVncUpdate *update)
{
	return vit_rfb_engine_send_update(self->engine, update->rects, update->n_rects,
					  &update->pixels) &&
	       (!update->has_fence || session_send_fence(self));
}

void vit_vnc_update_clear(VitVncUpdate *self)
{
	g_byte_array_unref(self->rects);
	pixman_region32_fini(&self->pixels);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What one viewer knows and wants. What it is to be told is noted as pending and goes with the next
 * update; all but the announcement of fences and continuous updates, which goes at once: TigerVNC
 * decides at its first FramebufferUpdate whether to use them.
 */
#include "server/vnc/session-private.h"

#include "server/vnc/pseudo-rects.h"

bool vit_vnc_session_init(VitVncSession *self, VitRfbEngine *engine, uint32_t width,
			  uint32_t height, GError **error)
{
	*self = (VitVncSession){.engine = engine};
	vit_vnc_shadow_init(&self->shadow);
	if (!vit_vnc_shadow_resize(&self->shadow, width, height, error)) {
		return false;
	}
	vit_vnc_scene_init(&self->scene);
	pixman_region32_init(&self->requested);
	pixman_region32_init(&self->known);
	vit_rfb_engine_set_framebuffer(engine, self->shadow.pixels, width, height);
	return true;
}

void vit_vnc_session_clear(VitVncSession *self)
{
	vit_vnc_scene_clear(&self->scene);
	vit_vnc_shadow_clear(&self->shadow);
	pixman_region32_fini(&self->requested);
	pixman_region32_fini(&self->known);
}

/* Otherwise the cursor is drawn into the picture. */
static bool session_sends_cursor(const VitVncSession *self)
{
	return self->encodings.cursor || self->encodings.cursor_with_alpha;
}

static bool session_can_resize(const VitVncSession *self)
{
	return self->encodings.desktop_size || self->encodings.extended_desktop_size;
}

static bool session_fits(const VitVncSession *self)
{
	return vit_surface_get_width(self->scene.surface) == self->shadow.width &&
	       vit_surface_get_height(self->scene.surface) == self->shadow.height;
}

void vit_vnc_session_damage_all(VitVncSession *self)
{
	pixman_region32_union_rect(&self->scene.damage, &self->scene.damage, 0, 0,
				   self->shadow.width, self->shadow.height);
}

/* A viewer that cannot change its size sees the surface cut off, or black beside it. */
static void session_see_new_surface(VitVncSession *self)
{
	self->pending &= ~(unsigned)VIT_VNC_PENDING_SIZE;
	if (session_fits(self)) {
		return;
	}
	self->pending |= VIT_VNC_PENDING_SIZE;
	if (!session_can_resize(self)) {
		vit_vnc_shadow_blacken(&self->shadow);
		pixman_region32_clear(&self->known);
		vit_vnc_session_damage_all(self);
	}
}

/* Draws the cursor into the picture, or takes it out. */
static void session_place_cursor(VitVncSession *self)
{
	bool drawn = !session_sends_cursor(self) && self->scene.cursor_visible;

	vit_vnc_shadow_set_cursor(&self->shadow, drawn ? self->scene.cursor : NULL,
				  self->scene.cursor_x, self->scene.cursor_y, &self->scene.damage);
}

static void session_see_cursor(VitVncSession *self, unsigned changed)
{
	const VitVncScene *scene = &self->scene;
	bool is_hidden = scene->cursor_was_visible && !scene->cursor_visible;

	if (!(changed & (VIT_VNC_SCENE_CURSOR | VIT_VNC_SCENE_CURSOR_POSITION))) {
		return;
	}
	session_place_cursor(self);
	self->cursor_was_known |= scene->cursor != NULL;
	if (changed & VIT_VNC_SCENE_CURSOR || is_hidden != self->cursor_is_hidden) {
		self->pending |= VIT_VNC_PENDING_CURSOR;
	}
	self->cursor_is_hidden = is_hidden;
}

void vit_vnc_session_see(VitVncSession *self)
{
	static const struct {
		unsigned part;
		unsigned pending;
	} plain[] = {
		{VIT_VNC_SCENE_LEDS, VIT_VNC_PENDING_LEDS},
		{VIT_VNC_SCENE_NAME, VIT_VNC_PENDING_NAME},
		{VIT_VNC_SCENE_POINTER_MODE, VIT_VNC_PENDING_POINTER_MODE},
		{VIT_VNC_SCENE_WARP, VIT_VNC_PENDING_WARP},
	};
	unsigned changed = self->scene.changed;

	self->scene.changed = 0;
	if (changed & VIT_VNC_SCENE_NEW_SURFACE) {
		session_see_new_surface(self);
	}
	session_see_cursor(self, changed);
	for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++) {
		if (changed & plain[i].part) {
			self->pending |= plain[i].pending;
		}
	}
}

unsigned vit_vnc_session_understands(const VitVncSession *self)
{
	const VitRfbEncodings *encodings = &self->encodings;
	unsigned bits = 0;

	bits |= session_can_resize(self) ? VIT_VNC_PENDING_SIZE : 0;
	bits |= encodings->extended_desktop_size
			? VIT_VNC_PENDING_SIZE_ANSWER | VIT_VNC_PENDING_SIZE_RESULT
			: 0;
	bits |= encodings->desktop_name && self->scene.name ? VIT_VNC_PENDING_NAME : 0;
	bits |= encodings->extended_key ? VIT_VNC_PENDING_EXTENDED_KEY : 0;
	bits |= encodings->extended_buttons ? VIT_VNC_PENDING_EXTENDED_BUTTONS : 0;
	bits |= encodings->pointer_motion_change ? VIT_VNC_PENDING_POINTER_MODE : 0;
	bits |= encodings->led_state ? VIT_VNC_PENDING_LEDS : 0;
	bits |= session_sends_cursor(self) && self->cursor_was_known ? VIT_VNC_PENDING_CURSOR : 0;
	bits |= encodings->pointer_position ? VIT_VNC_PENDING_WARP : 0;
	return bits;
}

/* What announces fences and continuous updates to the viewer. */
static bool session_announce(VitVncSession *self)
{
	g_autoptr(GByteArray) messages = g_byte_array_new();

	if (self->encodings.fence && !self->told_fence) {
		self->told_fence = true;
		vit_rfb_append_fence(messages, VIT_RFB_FENCE_REQUEST, NULL, 0);
	}
	if (self->encodings.continuous_updates && !self->told_continuous) {
		self->told_continuous = true;
		vit_rfb_append_end_of_continuous_updates(messages);
	}
	return vit_rfb_engine_write(self->engine, messages->data, messages->len);
}

static bool session_set_encodings(VitVncSession *self, const VitRfbEncodings *encodings)
{
	const unsigned once = VIT_VNC_PENDING_NAME | VIT_VNC_PENDING_EXTENDED_KEY |
			      VIT_VNC_PENDING_EXTENDED_BUTTONS | VIT_VNC_PENDING_POINTER_MODE |
			      VIT_VNC_PENDING_LEDS | VIT_VNC_PENDING_CURSOR;
	unsigned before = vit_vnc_session_understands(self);

	self->encodings = *encodings;
	self->pending |= vit_vnc_session_understands(self) & ~before & once;
	session_place_cursor(self);
	return vit_rfb_engine_set_encodings(self->engine, encodings->pixel_encodings,
					    encodings->n_pixel_encodings) &&
	       session_announce(self);
}

static bool session_set_pixel_format(VitVncSession *self, const VitRfbPixelFormat *format)
{
	self->pending |= VIT_VNC_PENDING_CURSOR;
	return vit_rfb_engine_set_pixel_format(self->engine, format);
}

static pixman_box32_t session_clip(const VitVncSession *self, const pixman_box32_t *box)
{
	int32_t width = (int32_t)self->shadow.width, height = (int32_t)self->shadow.height;

	return (pixman_box32_t){
		.x1 = MIN(box->x1, width),
		.y1 = MIN(box->y1, height),
		.x2 = MIN(box->x2, width),
		.y2 = MIN(box->y2, height),
	};
}

void vit_vnc_region_add(pixman_region32_t *region, const pixman_box32_t *box)
{
	if (box->x1 < box->x2 && box->y1 < box->y2) {
		pixman_region32_union_rect(region, region, box->x1, box->y1,
					   (unsigned)(box->x2 - box->x1),
					   (unsigned)(box->y2 - box->y1));
	}
}

static void session_request(VitVncSession *self, const pixman_box32_t *box, bool incremental)
{
	pixman_box32_t clipped = session_clip(self, box);

	vit_vnc_region_add(&self->requested, &clipped);
	if (!incremental) {
		vit_vnc_region_add(&self->scene.damage, &clipped);
		self->pending |= VIT_VNC_PENDING_SIZE_ANSWER;
	}
}

static bool session_set_continuous(VitVncSession *self, const pixman_box32_t *box, bool enable)
{
	g_autoptr(GByteArray) end = NULL;
	bool ends = self->is_continuous && !enable;

	self->is_continuous = enable;
	self->continuous_box = session_clip(self, box);
	if (!ends) {
		return true;
	}
	end = g_byte_array_new();
	vit_rfb_append_end_of_continuous_updates(end);
	return vit_rfb_engine_write(self->engine, end->data, end->len);
}

static bool session_return_fence(VitVncSession *self, const VitVncCommand *command)
{
	const uint32_t known =
		VIT_RFB_FENCE_BLOCK_BEFORE | VIT_RFB_FENCE_BLOCK_AFTER | VIT_RFB_FENCE_SYNC_NEXT;
	g_autoptr(GByteArray) reply = g_byte_array_new();

	vit_rfb_append_fence(reply, command->fence.flags & known, command->fence.payload,
			     command->fence.n_bytes);
	return vit_rfb_engine_write(self->engine, reply->data, reply->len);
}

bool vit_vnc_session_obey(VitVncSession *self, const VitVncCommand *command)
{
	switch (command->type) {
	case VIT_VNC_COMMAND_PIXEL_FORMAT:
		return session_set_pixel_format(self, &command->pixel_format);
	case VIT_VNC_COMMAND_ENCODINGS:
		return session_set_encodings(self, &command->encodings);
	case VIT_VNC_COMMAND_UPDATE_REQUEST:
		session_request(self, &command->update_request.box,
				command->update_request.incremental);
		return true;
	case VIT_VNC_COMMAND_CONTINUOUS_UPDATES:
		return session_set_continuous(self, &command->continuous_updates.box,
					      command->continuous_updates.enable);
	case VIT_VNC_COMMAND_FENCE:
		return session_return_fence(self, command);
	case VIT_VNC_COMMAND_DESKTOP_SIZE:
		self->pending |= VIT_VNC_PENDING_SIZE_RESULT;
		self->size_result = command->desktop_size_result;
		return true;
	}
	g_assert_not_reached();
}

bool vit_vnc_session_wants_update(const VitVncSession *self)
{
	return self->is_continuous ||
	       pixman_region32_not_empty((pixman_region32_t *)&self->requested);
}

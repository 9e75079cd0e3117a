/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What one viewer is sent.
 *
 * An update holds first the pseudo-rectangles that are due, then the pixels of damage within what
 * the viewer asked for. A change of size goes alone in an update of its own, as what follows is
 * counted in the new size; the request counts as answered, and viewers make the next for the new
 * size. TigerVNC decides at its first FramebufferUpdate whether to use continuous updates, so what
 * announces them is sent at once, and all else with the next update.
 */
#include "server/vnc/session.h"

#include "config/error.h"
#include "server/vnc/cursor-rects.h"
#include "server/vnc/pseudo-rects.h"

/* More rectangles than this become their bounding box. */
#define MAX_UPDATE_RECTS 400

/* What the viewer is to be told with the next update, as bits. */
typedef enum VitVncPending {
	PENDING_SIZE = 1 << 0,        /* the surface's is another one than the viewer's */
	PENDING_SIZE_ANSWER = 1 << 1, /* ExtendedDesktopSize for a full request */
	PENDING_SIZE_RESULT = 1 << 2, /* and for a SetDesktopSize */
	PENDING_NAME = 1 << 3,
	PENDING_EXTENDED_KEY = 1 << 4,
	PENDING_EXTENDED_BUTTONS = 1 << 5,
	PENDING_POINTER_MODE = 1 << 6,
	PENDING_LEDS = 1 << 7,
	PENDING_CURSOR = 1 << 8,
	PENDING_WARP = 1 << 9,
} VitVncPending;

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
	vit_rfb_engine_set_framebuffer(engine, self->shadow.pixels, width, height);
	return true;
}

void vit_vnc_session_clear(VitVncSession *self)
{
	vit_vnc_scene_clear(&self->scene);
	vit_vnc_shadow_clear(&self->shadow);
	pixman_region32_fini(&self->requested);
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

/* The viewer has nothing right any more. */
static void session_damage_all(VitVncSession *self)
{
	pixman_region32_union_rect(&self->scene.damage, &self->scene.damage, 0, 0,
				   self->shadow.width, self->shadow.height);
}

/* A viewer that cannot change its size sees the surface cut off, or black beside it. */
static void session_see_new_surface(VitVncSession *self)
{
	self->pending &= ~(unsigned)PENDING_SIZE;
	if (session_fits(self)) {
		return;
	}
	self->pending |= PENDING_SIZE;
	if (!session_can_resize(self)) {
		vit_vnc_shadow_blacken(&self->shadow);
		session_damage_all(self);
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
	if (!(changed & (VIT_VNC_SCENE_CURSOR | VIT_VNC_SCENE_CURSOR_POSITION))) {
		return;
	}
	session_place_cursor(self);
	self->cursor_was_known |= self->scene.cursor != NULL;
	if (self->cursor_was_known && (changed & VIT_VNC_SCENE_CURSOR ||
				       self->scene.cursor_visible != self->cursor_is_visible)) {
		self->pending |= PENDING_CURSOR;
	}
	self->cursor_is_visible = self->scene.cursor_visible;
	self->cursor_was_visible |= self->scene.cursor_visible;
}

void vit_vnc_session_see(VitVncSession *self)
{
	static const struct {
		unsigned part;
		unsigned pending;
	} plain[] = {
		{VIT_VNC_SCENE_LEDS, PENDING_LEDS},
		{VIT_VNC_SCENE_NAME, PENDING_NAME},
		{VIT_VNC_SCENE_POINTER_MODE, PENDING_POINTER_MODE},
		{VIT_VNC_SCENE_WARP, PENDING_WARP},
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

/* VitVncPending bits of what the viewer understands. */
static unsigned session_understands(const VitVncSession *self)
{
	const VitRfbEncodings *encodings = &self->encodings;
	unsigned bits = 0;

	bits |= session_can_resize(self) ? PENDING_SIZE : 0;
	bits |= encodings->extended_desktop_size ? PENDING_SIZE_ANSWER | PENDING_SIZE_RESULT : 0;
	bits |= encodings->desktop_name && self->scene.name ? PENDING_NAME : 0;
	bits |= encodings->extended_key ? PENDING_EXTENDED_KEY : 0;
	bits |= encodings->extended_buttons ? PENDING_EXTENDED_BUTTONS : 0;
	bits |= encodings->pointer_motion_change ? PENDING_POINTER_MODE : 0;
	bits |= encodings->led_state ? PENDING_LEDS : 0;
	bits |= session_sends_cursor(self) && self->cursor_was_known ? PENDING_CURSOR : 0;
	bits |= encodings->pointer_position ? PENDING_WARP : 0;
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
	const unsigned once = PENDING_NAME | PENDING_EXTENDED_KEY | PENDING_EXTENDED_BUTTONS |
			      PENDING_POINTER_MODE | PENDING_LEDS | PENDING_CURSOR;
	unsigned before = session_understands(self);

	self->encodings = *encodings;
	self->pending |= session_understands(self) & ~before & once;
	session_place_cursor(self);
	return vit_rfb_engine_set_encodings(self->engine, encodings->pixel_encodings,
					    encodings->n_pixel_encodings) &&
	       session_announce(self);
}

static bool session_set_pixel_format(VitVncSession *self, const VitRfbPixelFormat *format)
{
	self->pending |= PENDING_CURSOR;
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

static void region_add(pixman_region32_t *region, const pixman_box32_t *box)
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

	region_add(&self->requested, &clipped);
	if (!incremental) {
		region_add(&self->scene.damage, &clipped);
		self->pending |= PENDING_SIZE_ANSWER;
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
		self->pending |= PENDING_SIZE_RESULT;
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

/* The pixels that the viewer lacks and wants. @ret_region is initialized. */
static void session_get_region(const VitVncSession *self, pixman_region32_t *ret_region)
{
	pixman_region32_copy(ret_region, (pixman_region32_t *)&self->requested);
	if (self->is_continuous) {
		region_add(ret_region, &self->continuous_box);
	}
	pixman_region32_intersect(ret_region, ret_region, (pixman_region32_t *)&self->scene.damage);
	if (!self->scene.has_pixels) {
		pixman_region32_clear(ret_region);
	}
}

static unsigned session_due(const VitVncSession *self)
{
	return self->pending & session_understands(self);
}

bool vit_vnc_session_has_update(const VitVncSession *self)
{
	unsigned due = session_due(self);
	pixman_region32_t region;
	bool has_pixels;

	if (due & PENDING_SIZE) {
		return true;
	}
	/* A viewer that takes only one picture takes the first update for it. */
	if (due && (self->was_sent_pixels || self->scene.has_pixels)) {
		return true;
	}
	pixman_region32_init(&region);
	session_get_region(self, &region);
	has_pixels = pixman_region32_not_empty(&region);
	pixman_region32_fini(&region);
	return has_pixels;
}

/* Returns the number of rectangles. */
static unsigned session_append_size(VitVncSession *self, unsigned due, GByteArray *rects)
{
	uint16_t width = (uint16_t)self->shadow.width, height = (uint16_t)self->shadow.height;
	unsigned n_rects = 0;

	if (due & PENDING_SIZE_RESULT) {
		vit_rfb_append_extended_desktop_size(rects, width, height,
						     VIT_RFB_DESKTOP_SIZE_BY_THIS_CLIENT,
						     self->size_result);
		n_rects++;
	}
	if (due & PENDING_SIZE && !self->encodings.extended_desktop_size) {
		vit_rfb_append_desktop_size(rects, width, height);
		n_rects++;
	} else if (due & (PENDING_SIZE | PENDING_SIZE_ANSWER)) {
		vit_rfb_append_extended_desktop_size(rects, width, height,
						     VIT_RFB_DESKTOP_SIZE_BY_SERVER,
						     VIT_RFB_DESKTOP_SIZE_OK);
		n_rects++;
	}
	return n_rects;
}

static unsigned session_append_pointer(VitVncSession *self, unsigned due, VitVncNews *news,
				       GByteArray *rects)
{
	unsigned n_rects = 0;

	if (due & PENDING_POINTER_MODE) {
		vit_rfb_append_pointer_motion_change(rects, self->scene.pointer_absolute,
						     (uint16_t)self->shadow.width,
						     (uint16_t)self->shadow.height);
		news->told_pointer_mode = true;
		news->told_absolute = self->scene.pointer_absolute;
		n_rects++;
	}
	if (due & PENDING_CURSOR) {
		bool hidden = self->cursor_was_visible && !self->scene.cursor_visible;
		const VitCursor *cursor = hidden ? NULL : self->scene.cursor;

		if (self->encodings.cursor_with_alpha) {
			vit_rfb_append_cursor_with_alpha(rects, cursor);
		} else {
			vit_rfb_append_cursor(rects, self->engine, cursor);
		}
		n_rects++;
	}
	if (due & PENDING_WARP) {
		vit_rfb_append_pointer_position(
			rects,
			(uint16_t)CLAMP(self->scene.cursor_x, 0, (int32_t)self->shadow.width - 1),
			(uint16_t)CLAMP(self->scene.cursor_y, 0, (int32_t)self->shadow.height - 1));
		n_rects++;
	}
	return n_rects;
}

static unsigned session_append_keyboard(VitVncSession *self, unsigned due, VitVncNews *news,
					GByteArray *rects)
{
	unsigned n_rects = 0;

	if (due & PENDING_NAME) {
		vit_rfb_append_desktop_name(rects, self->scene.name);
		n_rects++;
	}
	if (due & PENDING_EXTENDED_KEY) {
		vit_rfb_append_extended_key(rects);
		n_rects++;
	}
	if (due & PENDING_EXTENDED_BUTTONS) {
		vit_rfb_append_extended_buttons(rects);
		news->told_extended_buttons = true;
		n_rects++;
	}
	if (due & PENDING_LEDS) {
		vit_rfb_append_led_state(rects, self->scene.leds);
		n_rects++;
	}
	return n_rects;
}

/* Takes over the surface's size; the viewer hears of it in @rects. */
static bool session_resize(VitVncSession *self, GError **error)
{
	if (!vit_vnc_shadow_resize(&self->shadow, vit_surface_get_width(self->scene.surface),
				   vit_surface_get_height(self->scene.surface), error)) {
		return false;
	}
	vit_rfb_engine_set_framebuffer(self->engine, self->shadow.pixels, self->shadow.width,
				       self->shadow.height);
	session_damage_all(self);
	self->continuous_box = (pixman_box32_t){
		.x2 = (int32_t)self->shadow.width,
		.y2 = (int32_t)self->shadow.height,
	};
	return true;
}

/* Takes what is to be sent out of the damage and brings the shadow up to date there. */
static void session_take_pixels(VitVncSession *self, pixman_region32_t *ret_region)
{
	session_get_region(self, ret_region);
	if (!pixman_region32_not_empty(ret_region)) {
		return;
	}
	if (pixman_region32_n_rects(ret_region) > MAX_UPDATE_RECTS) {
		pixman_box32_t box = *pixman_region32_extents(ret_region);

		region_add(ret_region, &box);
	}
	pixman_region32_subtract(&self->scene.damage, &self->scene.damage, ret_region);
	vit_vnc_shadow_copy(&self->shadow, self->scene.surface, ret_region);
	self->was_sent_pixels = true;
}

/* After a continuous update: what the viewer returns says how far it is. */
static bool session_send_fence(VitVncSession *self, VitVncNews *news)
{
	g_autoptr(GByteArray) fence = NULL;
	uint32_t number = GUINT32_TO_BE(self->n_fences);

	if (!self->is_continuous || !self->encodings.fence) {
		return true;
	}
	fence = g_byte_array_new();
	vit_rfb_append_fence(fence, VIT_RFB_FENCE_REQUEST | VIT_RFB_FENCE_BLOCK_BEFORE,
			     (const uint8_t *)&number, sizeof(number));
	self->n_fences++;
	news->n_fences++;
	return vit_rfb_engine_write(self->engine, fence->data, fence->len);
}

bool vit_vnc_session_send_update(VitVncSession *self, VitVncNews *news, GError **error)
{
	g_autoptr(GByteArray) rects = g_byte_array_new();
	unsigned due = session_due(self), n_rects = 0;
	pixman_region32_t region;
	bool sent;

	if (due & PENDING_SIZE) {
		due &= PENDING_SIZE | PENDING_SIZE_ANSWER | PENDING_SIZE_RESULT;
		if (!session_resize(self, error)) {
			return false;
		}
	}
	pixman_region32_init(&region);
	n_rects += session_append_size(self, due, rects);
	n_rects += session_append_keyboard(self, due, news, rects);
	n_rects += session_append_pointer(self, due, news, rects);
	self->pending &= ~due;
	if (!(due & PENDING_SIZE)) {
		session_take_pixels(self, &region);
	}
	pixman_region32_clear(&self->requested);
	sent = vit_rfb_engine_send_update(self->engine, rects, n_rects, &region) &&
	       session_send_fence(self, news);
	pixman_region32_fini(&region);
	if (!sent) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "The viewer is not to be written to any more.");
	}
	return sent;
}

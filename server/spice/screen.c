/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The state is whether a draw is out. All that makes the library do something goes through
 * screen_push(), which does nothing while one is: so a scanout or a second draw in the middle of a
 * draw, for which the library aborts the process, cannot happen.
 */
#include "server/spice/screen.h"

#include <drm_fourcc.h>

#include "config/error.h"

struct VitSpiceScreen {
	VitSpiceQxl *qxl;
	VitBuffer *wanted;        /* the newest; NULL: nothing was told yet */
	VitBuffer *given;         /* the library's scanout; NULL: none */
	pixman_region32_t damage; /* of wanted, that the viewer was not told to draw */
	bool is_drawing;
	int64_t drawing_since_us;
	VitFrame *kept; /* whose draw is out; may be NULL */
	VitSpiceScreenStats stats;
};

bool vit_spice_screen_can_show(VitBuffer *buffer, GError **error)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(buffer);
	bool is_linear = vit_buffer_is_linear(buffer);
	const char *reason = NULL;

	if (layout->n_planes != 1) {
		reason = "has more than one plane";
	} else if (layout->offset_bytes[0] != 0) {
		reason = "does not begin where its memory does";
	} else if (!is_linear && layout->modifier != DRM_FORMAT_MOD_INVALID) {
		reason = "is tiled";
	} else if (layout->visible.x != 0 || layout->visible.y != 0 ||
		   (layout->bottom_up && layout->visible.height != (int32_t)layout->height) ||
		   (!is_linear && (layout->visible.width != (int32_t)layout->width ||
				   layout->visible.height != (int32_t)layout->height))) {
		reason = "is part of a larger one";
	}
	if (reason) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "The guest's picture (%s, modifier 0x%" G_GINT64_MODIFIER
			    "x) %s, which SPICE viewers on this machine cannot show.",
			    vit_buffer_get_format(buffer)->name, layout->modifier, reason);
	}
	return !reason;
}

/* Alpha is carried, and not meant: a viewer that blends would show what is behind its window. */
static uint32_t opaque_fourcc(const VitFormat *format)
{
	char name[] = "....";

	for (unsigned i = 0; i < sizeof(name) - 1; i++) {
		name[i] = format->name[i] == 'A' ? 'X' : format->name[i];
	}
	return format->has_alpha ? vit_format_find_by_name(name)->fourcc : format->fourcc;
}

static VitSpiceScanout scanout_of(VitBuffer *buffer)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(buffer);

	return (VitSpiceScanout){
		.fd = vit_buffer_peek_fd(buffer, 0),
		.width = vit_buffer_get_width(buffer),
		.height = vit_buffer_get_height(buffer),
		.stride_bytes = layout->stride_bytes[0],
		.fourcc = opaque_fourcc(vit_buffer_get_format(buffer)),
		.bottom_up = layout->bottom_up,
	};
}

static void screen_damage_all(VitSpiceScreen *self)
{
	pixman_region32_fini(&self->damage);
	pixman_region32_init_rect(&self->damage, 0, 0, vit_buffer_get_width(self->wanted),
				  vit_buffer_get_height(self->wanted));
}

/* Has the library show the wanted buffer. On failure the damage stays, for the next frame. */
static bool screen_give(VitSpiceScreen *self)
{
	g_autoptr(GError) error = NULL;
	VitSpiceScanout scanout = scanout_of(self->wanted);

	if (self->given == self->wanted) {
		return true;
	}
	if (!vit_spice_qxl_scanout(self->qxl, &scanout, &error)) {
		g_debug("%s", error->message);
		return false;
	}
	vit_buffer_unref(self->given);
	self->given = vit_buffer_ref(self->wanted);
	screen_damage_all(self);
	return true;
}

/* Sends what there is to send, if nothing is out. @frame is what brought it; may be NULL. */
static void screen_push(VitSpiceScreen *self, VitFrame *frame)
{
	const pixman_box32_t *box;

	if (self->is_drawing || !pixman_region32_not_empty(&self->damage) || !screen_give(self)) {
		return;
	}
	self->is_drawing = true;
	self->drawing_since_us = g_get_monotonic_time();
	self->kept = frame ? vit_frame_ref(frame) : NULL;
	self->stats.draws++;
	box = pixman_region32_extents(&self->damage);
	vit_spice_qxl_draw(self->qxl, (uint32_t)box->x1, (uint32_t)box->y1,
			   (uint32_t)(box->x2 - box->x1), (uint32_t)(box->y2 - box->y1));
	pixman_region32_clear(&self->damage);
}

static void screen_want(VitSpiceScreen *self, VitBuffer *buffer)
{
	vit_buffer_ref(buffer);
	vit_buffer_unref(self->wanted);
	self->wanted = buffer;
}

void vit_spice_screen_scanout(VitSpiceScreen *self, VitBuffer *buffer)
{
	screen_want(self, buffer);
	screen_damage_all(self);
	screen_push(self, NULL);
}

void vit_spice_screen_frame(VitSpiceScreen *self, VitFrame *frame)
{
	VitBuffer *buffer = vit_frame_get_buffer(frame);
	const pixman_region32_t *damage = vit_frame_get_damage(frame);
	bool is_other = buffer != self->wanted;

	self->stats.skipped += self->is_drawing;
	screen_want(self, buffer);
	if (damage && !is_other) {
		pixman_region32_union(&self->damage, &self->damage, damage);
	} else {
		screen_damage_all(self);
	}
	screen_push(self, frame);
}

void vit_spice_screen_redraw(VitSpiceScreen *self)
{
	if (self->wanted) {
		screen_damage_all(self);
		screen_push(self, NULL);
	}
}

void vit_spice_screen_draw_done(VitSpiceScreen *self)
{
	self->is_drawing = false;
	g_clear_pointer(&self->kept, vit_frame_unref);
	screen_push(self, NULL);
}

int64_t vit_spice_screen_get_wait_us(const VitSpiceScreen *self, int64_t now_us)
{
	return self->is_drawing ? now_us - self->drawing_since_us : 0;
}

VitSpiceScreenStats vit_spice_screen_get_stats(const VitSpiceScreen *self)
{
	return self->stats;
}

VitSpiceScreen *vit_spice_screen_new(VitSpiceQxl *qxl)
{
	VitSpiceScreen *self = g_new0(VitSpiceScreen, 1);

	self->qxl = qxl;
	pixman_region32_init(&self->damage);
	return self;
}

void vit_spice_screen_free(VitSpiceScreen *self)
{
	if (self) {
		vit_frame_unref(self->kept);
		vit_buffer_unref(self->given);
		vit_buffer_unref(self->wanted);
		pixman_region32_fini(&self->damage);
		g_free(self);
	}
}

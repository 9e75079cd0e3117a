/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A console's surface.
 *
 * The way of a frame: the source hands it in; its damage is merged into `stale`, the part of the
 * surface that is older than the picture. When a viewer has a read request open and no update is
 * running, an update starts at once and holds the frame until it ends. In all other cases it is not
 * held: a later request reads the buffer that is then current. So a frame waits for at most one
 * update, a reader that missed a deadline is not waited for until it has finished, and nothing
 * queues.
 */
#include "config/error.h"
#include "server/console-private.h"

#define RETRY_MS      20   /* after vitrine-render went away in the middle of an update */
#define LONG_RETRY_MS 1000 /* after what is not likely to go better at once */

/* One update of the surface. It outlives the console if the console is freed meanwhile. */
struct VitUpdate {
	VitConsole *console; /* NULL once the console is gone */
	VitSurface *surface;
	VitBuffer *buffer;
	VitFrame *frame; /* held until the update ends; may be NULL */
	pixman_region32_t damage;
};

static void console_retry_after(VitConsole *self, unsigned ms);

static void console_tell_surface(VitConsole *self, const pixman_region32_t *changed)
{
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_surface_changed(self->frontends->pdata[i], self->index, self->surface,
					     changed);
	}
}

void vit_console_mark_all_stale(VitConsole *self)
{
	pixman_region32_fini(&self->stale);
	pixman_region32_init_rect(&self->stale, 0, 0, vit_surface_get_width(self->surface),
				  vit_surface_get_height(self->surface));
}

void vit_console_replace_surface(VitConsole *self)
{
	g_autoptr(GError) error = NULL;
	pixman_region32_t nothing;
	VitSurface *surface = vit_surface_new(self->render, vit_buffer_get_width(self->shown),
					      vit_buffer_get_height(self->shown), &error);

	if (!surface) {
		(void)vit_console_complain(self, error->message);
		console_retry_after(self, LONG_RETRY_MS);
		return; /* viewers keep what they have */
	}
	vit_surface_unref(self->surface);
	self->surface = surface;
	self->surface_has_pixels = false;
	pixman_region32_clear(&self->half_written);
	vit_console_mark_all_stale(self);
	pixman_region32_init(&nothing);
	console_tell_surface(self, &nothing);
	pixman_region32_fini(&nothing);
}

bool vit_console_surface_fits(const VitConsole *self)
{
	return self->surface &&
	       vit_surface_get_width(self->surface) == vit_buffer_get_width(self->shown) &&
	       vit_surface_get_height(self->surface) == vit_buffer_get_height(self->shown);
}

static gboolean on_console_retry(void *user_data)
{
	VitConsole *self = user_data;

	self->retry_timer = 0;
	if (!vit_console_surface_fits(self)) {
		vit_console_replace_surface(self);
	}
	vit_console_update_if_wanted(self, NULL);
	return G_SOURCE_REMOVE;
}

/* Until then nothing is tried. */
static void console_retry_after(VitConsole *self, unsigned ms)
{
	if (!self->retry_timer) {
		self->retry_timer = g_timeout_add(ms, on_console_retry, self);
	}
}

static void update_free(VitUpdate *update)
{
	g_clear_pointer(&update->frame, vit_frame_unref);
	vit_surface_unref(update->surface);
	vit_buffer_unref(update->buffer);
	pixman_region32_fini(&update->damage);
	g_free(update);
}

/* Another picture may be shown by now; what this one failed to bring is missing there, too. */
static void console_undo_update(VitConsole *self, VitUpdate *update,
				const pixman_region32_t *changed)
{
	if (update->surface == self->surface) {
		pixman_region32_union(&self->stale, &self->stale, &update->damage);
		pixman_region32_union(&self->half_written, &self->half_written,
				      (pixman_region32_t *)changed);
	}
}

/* Tells viewers what an update changed. Where nothing changed, their requests stay open. */
static void console_announce(VitConsole *self, const pixman_region32_t *changed)
{
	pixman_region32_t told;

	pixman_region32_init(&told);
	if (self->surface_has_pixels) {
		pixman_region32_union(&told, (pixman_region32_t *)changed, &self->half_written);
	} else {
		pixman_region32_union_rect(&told, &told, 0, 0, vit_surface_get_width(self->surface),
					   vit_surface_get_height(self->surface));
	}
	self->surface_has_pixels = true;
	pixman_region32_clear(&self->half_written);
	if (pixman_region32_not_empty(&told)) {
		self->wanted = false;
		console_tell_surface(self, &told);
	}
	pixman_region32_fini(&told);
}

static void console_fail_update(VitConsole *self, VitUpdate *update,
				const pixman_region32_t *changed, const GError *error)
{
	self->stats.failed_updates++;
	console_undo_update(self, update, changed);
	if (g_error_matches(error, VIT_ERROR, VIT_ERROR_DISCONNECTED) ||
	    g_error_matches(error, VIT_ERROR, VIT_ERROR_TIMED_OUT)) {
		/* The bridge has logged that vitrine-render is gone, once for all heads. */
		self->wanted = true;
		console_retry_after(self, RETRY_MS);
	} else if (update->buffer == self->shown && self->shows_slate) {
		/* It is not the slate that is wrong, and another would fare no better. */
		(void)vit_console_complain(self, error->message);
		self->wanted = true;
		console_retry_after(self, LONG_RETRY_MS);
	} else if (update->buffer == self->shown) {
		vit_console_refuse_buffer(self, update->buffer, error);
		if (update->buffer == self->shown) {
			console_retry_after(self, LONG_RETRY_MS); /* there is no slate */
		}
	}
}

static void on_surface_updated(void *user_data, const pixman_region32_t *changed,
			       const GError *error)
{
	VitUpdate *update = user_data;
	VitConsole *self = update->console;

	if (!self) {
		update_free(update);
		return;
	}
	self->update = NULL;
	g_clear_pointer(&update->frame, vit_frame_unref);
	if (error) {
		console_fail_update(self, update, changed, error);
	} else {
		self->stats.updates++;
		if (update->surface == self->surface) {
			console_announce(self, changed);
		}
	}
	update_free(update);
	vit_console_update_if_wanted(self, NULL);
}

static void console_start_update(VitConsole *self, VitFrame *frame)
{
	VitUpdate *update = g_new0(VitUpdate, 1);

	update->console = self;
	update->surface = vit_surface_ref(self->surface);
	update->buffer = vit_buffer_ref(self->shown);
	pixman_region32_init(&update->damage);
	pixman_region32_copy(&update->damage, &self->stale);
	pixman_region32_clear(&self->stale);
	update->frame = frame ? vit_frame_ref(frame) : NULL;
	self->update = update;
	vit_surface_update(update->surface, update->buffer, &update->damage, on_surface_updated,
			   update);
}

void vit_console_update_if_wanted(VitConsole *self, VitFrame *frame)
{
	if (self->wanted && !self->update && !self->adopting && !self->retry_timer &&
	    vit_console_surface_fits(self) && pixman_region32_not_empty(&self->stale)) {
		console_start_update(self, frame);
	}
}

void vit_console_drop_update(VitConsole *self)
{
	if (self->update) {
		g_clear_pointer(&self->update->frame, vit_frame_unref);
		self->update->console = NULL; /* on_surface_updated() frees it */
		self->update = NULL;
	}
}

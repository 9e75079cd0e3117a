/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Forwarders of the front-end seam: what a front-end does not implement, it does not hear. */
#include "server/frontend.h"

bool vit_frontend_start(VitFrontend *self, GError **error)
{
	g_assert(self && self->impl);
	return self->impl->start(self, error);
}

void vit_frontend_stop(VitFrontend *self)
{
	g_assert(self && self->impl);
	self->impl->stop(self);
}

void vit_frontend_destroy(VitFrontend *self)
{
	if (self) {
		self->impl->destroy(self);
	}
}

bool vit_frontend_add_head(VitFrontend *self, unsigned head, const VitHost *host, void *host_data,
			   GError **error)
{
	g_assert(self && self->impl);
	g_assert(host->input && host->set_size && host->request_pixels);
	g_assert(!self->impl->scanout == !self->impl->frame);
	return self->impl->add_head(self, head, host, host_data, error);
}

void vit_frontend_named(VitFrontend *self, const char *name)
{
	if (self->impl->named) {
		self->impl->named(self, name);
	}
}

void vit_frontend_scanout(VitFrontend *self, unsigned head, VitBuffer *buffer)
{
	if (self->impl->scanout) {
		self->impl->scanout(self, head, buffer);
	}
}

void vit_frontend_frame(VitFrontend *self, unsigned head, VitFrame *frame)
{
	if (self->impl->frame) {
		self->impl->frame(self, head, frame);
	}
}

void vit_frontend_surface_changed(VitFrontend *self, unsigned head, VitSurface *surface,
				  const pixman_region32_t *changed)
{
	if (self->impl->surface_changed) {
		self->impl->surface_changed(self, head, surface, changed);
	}
}

void vit_frontend_cursor(VitFrontend *self, unsigned head, VitCursor *cursor)
{
	if (self->impl->cursor) {
		self->impl->cursor(self, head, cursor);
	}
}

void vit_frontend_cursor_moved(VitFrontend *self, unsigned head, int32_t x, int32_t y, bool visible)
{
	if (self->impl->cursor_moved) {
		self->impl->cursor_moved(self, head, x, y, visible);
	}
}

void vit_frontend_leds(VitFrontend *self, unsigned head, unsigned leds)
{
	if (self->impl->leds) {
		self->impl->leds(self, head, leds);
	}
}

void vit_frontend_pointer_mode(VitFrontend *self, unsigned head, bool absolute)
{
	if (self->impl->pointer_mode) {
		self->impl->pointer_mode(self, head, absolute);
	}
}

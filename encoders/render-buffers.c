/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The cache of buffers attached to vitrine-render: a short list, last used first. */
#include "encoders/render-buffers.h"

void vit_render_buffers_init(VitRenderBuffers *self)
{
	g_queue_init(&self->entries);
	self->dropped = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	self->last_id = 0;
}

static void buffers_drop_link(VitRenderBuffers *self, GList *link)
{
	VitRenderBuffer *entry = link->data;

	if (entry->attached) {
		g_array_append_val(self->dropped, entry->id);
	}
	g_queue_delete_link(&self->entries, link);
	vit_buffer_unref(entry->buffer);
	g_free(entry);
}

void vit_render_buffers_clear(VitRenderBuffers *self)
{
	while (self->entries.head) {
		buffers_drop_link(self, self->entries.head);
	}
	g_array_unref(self->dropped);
}

/* Drops what is forgotten, and the longest unused of those that are too many. */
static void buffers_trim(VitRenderBuffers *self)
{
	GList *next;

	for (GList *link = self->entries.tail; link; link = next) {
		VitRenderBuffer *entry = link->data;

		next = link->prev;
		if (entry->users == 0 &&
		    (entry->forgotten || self->entries.length > VIT_RENDER_KEPT_BUFFERS)) {
			buffers_drop_link(self, link);
		}
	}
}

VitRenderBuffer *vit_render_buffers_use(VitRenderBuffers *self, VitBuffer *buffer)
{
	VitRenderBuffer *entry;
	GList *link = self->entries.head;

	while (link && ((VitRenderBuffer *)link->data)->buffer != buffer) {
		link = link->next;
	}
	if (link) {
		g_queue_unlink(&self->entries, link);
		g_queue_push_head_link(&self->entries, link);
		entry = link->data;
		entry->forgotten = false;
		entry->users++;
		return entry;
	}
	entry = g_new0(VitRenderBuffer, 1);
	entry->buffer = vit_buffer_ref(buffer);
	entry->id = ++self->last_id;
	entry->users = 1;
	g_queue_push_head(&self->entries, entry);
	buffers_trim(self);
	return entry;
}

void vit_render_buffers_release(VitRenderBuffers *self, VitRenderBuffer *entry)
{
	g_assert(entry->users > 0);
	entry->users--;
	buffers_trim(self);
}

void vit_render_buffers_forget(VitRenderBuffers *self)
{
	for (GList *link = self->entries.head; link; link = link->next) {
		((VitRenderBuffer *)link->data)->forgotten = true;
	}
	buffers_trim(self);
}

void vit_render_buffers_reset(VitRenderBuffers *self)
{
	g_array_set_size(self->dropped, 0);
	for (GList *link = self->entries.head; link; link = link->next) {
		((VitRenderBuffer *)link->data)->attached = false;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The control loop of vitrine-render: attached buffers and surfaces by their ids, and readbacks.
 *
 * What is wrong with a buffer is found out when it is attached (it is validated here again, against
 * the fds as they are now) and is the answer to each job on it. A job that names what is not
 * attached, or goes beyond the surface, breaks the protocol.
 */
#include "encoders/render/control.h"

#include <string.h>
#include <time.h>

#include "config/error.h"
#include "encoders/surface/mapping.h"
#include "encoders/surface/pool.h"
#include "encoders/surface/readback.h"

typedef struct ControlBuffer {
	VitMapping mapping;
	GError *error; /* why it can never be read; then there is no mapping */
} ControlBuffer;

struct VitControl {
	GHashTable *buffers;  /* id -> ControlBuffer */
	GHashTable *surfaces; /* id -> VitCanvas */
	VitPool *pool;
	VitRenderPacket packet;
	VitRenderMessage reply;
};

static void control_buffer_free(void *pointer)
{
	ControlBuffer *buffer = pointer;

	if (!buffer->error) {
		vit_mapping_clear(&buffer->mapping);
	}
	g_clear_error(&buffer->error);
	g_free(buffer);
}

static void control_surface_free(void *pointer)
{
	vit_canvas_clear(pointer);
	g_free(pointer);
}

VitControl *vit_control_new(void)
{
	VitControl *self = g_new0(VitControl, 1);

	self->buffers =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, control_buffer_free);
	self->surfaces =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, control_surface_free);
	self->pool = vit_pool_new();
	return self;
}

void vit_control_free(VitControl *self)
{
	if (!self) {
		return;
	}
	g_hash_table_unref(self->buffers);
	g_hash_table_unref(self->surfaces);
	vit_pool_free(self->pool);
	g_free(self);
}

static bool control_refuse(GError **error, const char *what)
{
	g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA, "broken render message: %s",
		    what);
	return false;
}

/* Whether one more can be attached under @id. */
static bool control_check_new_id(GHashTable *table, uint64_t id, unsigned max, GError **error)
{
	if (g_hash_table_contains(table, &id)) {
		return control_refuse(error, "id that is in use");
	}
	if (g_hash_table_size(table) >= max) {
		return control_refuse(error, "too much attached");
	}
	return true;
}

static uint64_t *control_dup_id(uint64_t id)
{
	uint64_t *copy = g_new(uint64_t, 1);

	*copy = id;
	return copy;
}

static bool control_attach_buffer(VitControl *self, VitRenderPacket *packet, GError **error)
{
	const VitRenderAttachBuffer *attach = &packet->message.attach_buffer;
	VitBufferLayout layout = {
		.fourcc = attach->fourcc,
		.modifier = attach->modifier,
		.width = attach->width,
		.height = attach->height,
		.n_planes = attach->n_planes,
		.visible = {attach->visible_x, attach->visible_y, attach->visible_width,
			    attach->visible_height},
		.bottom_up = attach->bottom_up != 0,
		.linear_vouched = attach->linear_vouched != 0,
	};
	g_autoptr(VitBuffer) buffer = NULL;
	ControlBuffer *entry;
	unsigned n_fds = packet->n_fds;

	if (!control_check_new_id(self->buffers, attach->buffer_id, VIT_RENDER_MAX_BUFFERS,
				  error)) {
		return false;
	}
	memcpy(layout.offset_bytes, attach->offset_bytes, sizeof(layout.offset_bytes));
	memcpy(layout.stride_bytes, attach->stride_bytes, sizeof(layout.stride_bytes));
	entry = g_new0(ControlBuffer, 1);
	packet->n_fds = 0;
	buffer = vit_buffer_new_take_fds(&layout, packet->fds, n_fds, &entry->error);
	if (buffer) {
		vit_mapping_init(&entry->mapping, buffer);
	}
	g_hash_table_insert(self->buffers, control_dup_id(attach->buffer_id), entry);
	return true;
}

static bool control_attach_surface(VitControl *self, const VitRenderPacket *packet, GError **error)
{
	const VitRenderAttachSurface *attach = &packet->message.attach_surface;
	g_autofree VitCanvas *canvas = g_new0(VitCanvas, 1);

	if (!control_check_new_id(self->surfaces, attach->surface_id, VIT_RENDER_MAX_SURFACES,
				  error) ||
	    !vit_canvas_init(canvas, attach, packet->fds[0], error)) {
		return false;
	}
	g_hash_table_insert(self->surfaces, control_dup_id(attach->surface_id),
			    g_steal_pointer(&canvas));
	return true;
}

static uint64_t control_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static VitRenderStatus control_update(VitControl *self, VitCanvas *canvas, ControlBuffer *buffer,
				      const VitRenderReadBack *job)
{
	VitRenderDone *done = &self->reply.done.done;
	VitRenderRect whole = {0, 0, (int32_t)canvas->width, (int32_t)canvas->height};
	bool all = (job->flags & VIT_RENDER_WHOLE) != 0;
	VitCanvasUpdate update = {
		.mapping = &buffer->mapping,
		.rects = all ? &whole : job->rects,
		.n_rects = all ? 1 : job->n_rects,
		.bitmap = self->reply.done.bitmap,
	};

	if (buffer->error) {
		(void)g_strlcpy(done->reason, buffer->error->message, sizeof(done->reason));
		return g_error_matches(buffer->error, VIT_ERROR, VIT_ERROR_UNSUPPORTED)
			       ? VIT_RENDER_UNSUPPORTED
			       : VIT_RENDER_INVALID;
	}
	return vit_canvas_update(canvas, self->pool, &update, done->reason);
}

/* Whether a job stays within the surface and its buffer fits. */
static bool control_check_job(const VitCanvas *canvas, const ControlBuffer *buffer,
			      const VitRenderReadBack *job, GError **error)
{
	if (!buffer->error && (vit_buffer_get_width(buffer->mapping.buffer) != canvas->width ||
			       vit_buffer_get_height(buffer->mapping.buffer) != canvas->height)) {
		return control_refuse(error, "buffer and surface differ in size");
	}
	for (uint32_t i = 0; i < job->n_rects; i++) {
		if (job->rects[i].x + job->rects[i].width > (int32_t)canvas->width ||
		    job->rects[i].y + job->rects[i].height > (int32_t)canvas->height) {
			return control_refuse(error, "damage beyond the surface");
		}
	}
	return true;
}

static bool control_read_back(VitControl *self, const VitRenderReadBack *job, GError **error)
{
	VitRenderDone *done = &self->reply.done.done;
	VitCanvas *canvas = g_hash_table_lookup(self->surfaces, &job->surface_id);
	ControlBuffer *buffer = g_hash_table_lookup(self->buffers, &job->buffer_id);
	uint64_t start_ns = control_now_ns();

	if (!canvas || !buffer) {
		return control_refuse(error, "job on what is not attached");
	}
	if (!control_check_job(canvas, buffer, job, error)) {
		return false;
	}
	*done = (VitRenderDone){
		.job_id = job->job_id,
		.bitmap_bytes = vit_render_bitmap_bytes(canvas->width, canvas->height),
	};
	memset(self->reply.done.bitmap, 0, done->bitmap_bytes);
	if ((job->flags & VIT_RENDER_FILL) != 0) {
		vit_canvas_fill(canvas, self->pool, self->reply.done.bitmap);
	}
	done->status = control_update(self, canvas, buffer, job);
	done->time_ns = control_now_ns() - start_ns;
	vit_render_message_seal(&self->reply, VIT_RENDER_DONE, sizeof(*done) + done->bitmap_bytes);
	return true;
}

static bool control_detach(GHashTable *table, uint64_t id, GError **error)
{
	return g_hash_table_remove(table, &id) ||
	       control_refuse(error, "detach of what is not attached");
}

static bool control_do(VitControl *self, VitRenderPacket *packet, GError **error)
{
	const VitRenderMessage *message = &packet->message;

	switch ((VitRenderType)message->header.type) {
	case VIT_RENDER_ATTACH_BUFFER:
		return control_attach_buffer(self, packet, error);
	case VIT_RENDER_DETACH_BUFFER:
		return control_detach(self->buffers, message->detach.id, error);
	case VIT_RENDER_ATTACH_SURFACE:
		return control_attach_surface(self, packet, error);
	case VIT_RENDER_DETACH_SURFACE:
		return control_detach(self->surfaces, message->detach.id, error);
	case VIT_RENDER_READ_BACK:
		return control_read_back(self, &message->read_back, error);
	case VIT_RENDER_DONE:
		break;
	}
	return control_refuse(error, "an answer instead of a request");
}

bool vit_control_handle(VitControl *self, VitRenderPacket *packet,
			const VitRenderMessage **ret_reply, GError **error)
{
	bool done =
		vit_render_check_request(&packet->message, packet->n_bytes, packet->n_fds, error) &&
		control_do(self, packet, error);

	vit_render_packet_close_fds(packet);
	if (done) {
		*ret_reply =
			packet->message.header.type == VIT_RENDER_READ_BACK ? &self->reply : NULL;
	}
	return done;
}

bool vit_control_serve(VitControl *self, int socket_fd, GError **error)
{
	VitRenderTransfer transfer;

	while ((transfer = vit_render_receive(socket_fd, &self->packet)) ==
	       VIT_RENDER_TRANSFER_DONE) {
		const VitRenderMessage *reply;

		if (!vit_control_handle(self, &self->packet, &reply, error)) {
			return false;
		}
		if (reply &&
		    vit_render_send(socket_fd, reply, NULL, 0) != VIT_RENDER_TRANSFER_DONE) {
			return true;
		}
	}
	return transfer != VIT_RENDER_TRANSFER_BAD ||
	       control_refuse(error, "a packet that is too long");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * VitFrame: one presentation of a buffer, and its acknowledgement.
 *
 * The acknowledgement belongs to the loop that made the frame, but any thread may drop the last
 * reference. So it runs at once on the thread that made the frame, and is posted from every other
 * one. g_main_context_invoke() alone would not do: while the loop is between two iterations it lets
 * another thread acquire the context and run the call there.
 */
#include "sources/frame.h"

#include <time.h>

#include "config/fd.h"

typedef struct FrameAcknowledgement {
	VitFrameReleased released;
	void *user_data;
} FrameAcknowledgement;

struct VitFrame {
	gatomicrefcount ref_count;
	int is_released; /* atomic; set by whoever acknowledges */
	VitBuffer *buffer;
	bool has_damage;
	pixman_region32_t damage; /* only if has_damage */
	uint64_t sequence;
	int64_t time_ns;
	int acquire_fence_fd; /* -1: none */
	VitFrameReleased released;
	void *user_data;
	GMainContext *context; /* in which released runs */
	GThread *thread;       /* which made the frame */
};

static int64_t frame_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

VitFrame *vit_frame_new(VitBuffer *buffer, const pixman_region32_t *damage, uint64_t sequence,
			int acquire_fence_fd, VitFrameReleased released, void *user_data)
{
	VitFrame *self = g_new0(VitFrame, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->buffer = vit_buffer_ref(buffer);
	if (damage) {
		self->has_damage = true;
		pixman_region32_init(&self->damage);
		pixman_region32_intersect_rect(&self->damage, (pixman_region32_t *)damage, 0, 0,
					       vit_buffer_get_width(buffer),
					       vit_buffer_get_height(buffer));
	}
	self->sequence = sequence;
	self->time_ns = frame_now_ns();
	self->acquire_fence_fd = acquire_fence_fd;
	self->released = released;
	self->user_data = user_data;
	self->context = g_main_context_ref_thread_default();
	self->thread = g_thread_ref(g_thread_self());
	return self;
}

VitFrame *vit_frame_ref(VitFrame *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

static gboolean on_frame_acknowledge(void *user_data)
{
	FrameAcknowledgement *acknowledgement = user_data;

	acknowledgement->released(acknowledgement->user_data);
	return G_SOURCE_REMOVE;
}

static void frame_post_acknowledgement(const VitFrame *self)
{
	FrameAcknowledgement *acknowledgement = g_new(FrameAcknowledgement, 1);
	g_autoptr(GSource) source = g_idle_source_new();

	acknowledgement->released = self->released;
	acknowledgement->user_data = self->user_data;
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_frame_acknowledge, acknowledgement, g_free);
	g_source_set_static_name(source, "vit-frame-acknowledge");
	(void)g_source_attach(source, self->context);
}

void vit_frame_release(VitFrame *self)
{
	if (!g_atomic_int_compare_and_exchange(&self->is_released, 0, 1) || !self->released) {
		return;
	}
	if (g_thread_self() == self->thread) {
		self->released(self->user_data);
	} else {
		frame_post_acknowledgement(self);
	}
}

bool vit_frame_is_released(const VitFrame *self)
{
	return g_atomic_int_get(&self->is_released) != 0;
}

void vit_frame_unref(VitFrame *self)
{
	if (!self || !g_atomic_ref_count_dec(&self->ref_count)) {
		return;
	}
	vit_frame_release(self);
	if (self->has_damage) {
		pixman_region32_fini(&self->damage);
	}
	vit_fd_clear(&self->acquire_fence_fd);
	vit_buffer_unref(self->buffer);
	g_main_context_unref(self->context);
	g_thread_unref(self->thread);
	g_free(self);
}

VitBuffer *vit_frame_get_buffer(const VitFrame *self)
{
	return self->buffer;
}

const pixman_region32_t *vit_frame_get_damage(const VitFrame *self)
{
	return self->has_damage ? &self->damage : NULL;
}

uint64_t vit_frame_get_sequence(const VitFrame *self)
{
	return self->sequence;
}

int64_t vit_frame_get_time_ns(const VitFrame *self)
{
	return self->time_ns;
}

int vit_frame_peek_acquire_fence(const VitFrame *self)
{
	return self->acquire_fence_fd;
}

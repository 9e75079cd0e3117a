/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The references of the frame that stands for the guest's are the list of those who still read.
 * A limit has no reference to that frame, else it would never be the last; it goes with it.
 */
#include "server/deadline.h"

#include <fcntl.h>

struct VitDeadline {
	grefcount ref_count;
	unsigned deadline_ms;
	uint64_t misses;
};

typedef struct VitLimit {
	VitDeadline *deadline;
	VitFrame *guest_frame;
	VitFrame *frame; /* stands for it; not counted */
	unsigned timer;  /* 0: the deadline passed */
} VitLimit;

VitDeadline *vit_deadline_new(unsigned deadline_ms)
{
	VitDeadline *self = g_new0(VitDeadline, 1);

	g_ref_count_init(&self->ref_count);
	self->deadline_ms = deadline_ms;
	return self;
}

void vit_deadline_unref(VitDeadline *self)
{
	if (self && g_ref_count_dec(&self->ref_count)) {
		g_free(self);
	}
}

uint64_t vit_deadline_get_misses(const VitDeadline *self)
{
	return self->misses;
}

static void on_limited_frame_released(void *user_data)
{
	VitLimit *limit = user_data;

	g_clear_handle_id(&limit->timer, g_source_remove);
	vit_frame_release(limit->guest_frame);
	vit_frame_unref(limit->guest_frame);
	vit_deadline_unref(limit->deadline);
	g_free(limit);
}

static gboolean on_deadline_passed(void *user_data)
{
	VitLimit *limit = user_data;

	limit->timer = 0;
	limit->deadline->misses++;
	vit_frame_release(limit->frame);
	return G_SOURCE_REMOVE;
}

VitFrame *vit_deadline_limit(VitDeadline *self, VitFrame *frame)
{
	VitLimit *limit = g_new0(VitLimit, 1);
	int fence_fd = vit_frame_peek_acquire_fence(frame);

	g_ref_count_inc(&self->ref_count);
	limit->deadline = self;
	limit->guest_frame = vit_frame_ref(frame);
	if (fence_fd >= 0) {
		fence_fd = fcntl(fence_fd, F_DUPFD_CLOEXEC, 0);
	}
	limit->frame = vit_frame_new(vit_frame_get_buffer(frame), vit_frame_get_damage(frame),
				     vit_frame_get_sequence(frame), fence_fd,
				     on_limited_frame_released, limit);
	limit->timer = g_timeout_add(self->deadline_ms, on_deadline_passed, limit);
	return limit->frame;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * VitSurface: memory, a gate, and at most one write at a time.
 *
 * A write is a job of vitrine-render: an update. It begins when the gate lets the writer in, which
 * may be much later and on the word of a reader's thread, and ends with the answer. What is asked
 * for and cannot be done is answered from an idle source, never at once.
 *
 * A surface has no pages until its first update, which fills what it does not bring: a guest that
 * changes its size faster than anybody looks costs no memory.
 */
#include "encoders/surface.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "encoders/render-private.h"
#include "encoders/surface-gate.h"

#define SURFACE_STRIDE_ALIGN_BYTES 64 /* a cache line; the render protocol asks for it */

typedef struct SurfaceUpdate {
	VitBuffer *buffer; /* NULL: none was asked for */
	bool whole;
	pixman_region32_t damage; /* empty when whole */
	VitSurfaceUpdated updated;
	void *user_data;
	/* The answer, once there is one; it is given from the loop. */
	pixman_region32_t changed;
	GError *error;
} SurfaceUpdate;

struct VitSurface {
	gatomicrefcount ref_count; /* the users', and one each for a job and an update */
	VitRenderTarget target;
	VitSurfaceGate gate;
	GMainContext *context;
	GThread *loop_thread;
	uint8_t *pixels;
	size_t n_bytes;
	unsigned job_deadline_ms;
	/* The following belong to the loop. */
	bool filled;          /* every pixel was written at least once */
	SurfaceUpdate update; /* the one that was asked for */
};

static void surface_post(VitSurface *self, GSourceFunc callback)
{
	GSource *source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, callback, self, NULL);
	(void)g_source_attach(source, self->context);
	g_source_unref(source);
}

/* Gives the answer. The callback may ask for the next update. */
static gboolean on_answer_posted(void *user_data)
{
	VitSurface *self = user_data;
	SurfaceUpdate update = self->update;

	self->update = (SurfaceUpdate){0};
	update.updated(update.user_data, &update.changed, update.error);
	vit_buffer_unref(update.buffer);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.changed);
	g_clear_error(&update.error);
	vit_surface_unref(self);
	return G_SOURCE_REMOVE;
}

/* Ends the update that was asked for. @changed NULL: nothing. Takes the error, which may be NULL.
 */
static void surface_answer(VitSurface *self, const pixman_region32_t *changed, GError *error)
{
	if (changed) {
		(void)pixman_region32_copy(&self->update.changed, (pixman_region32_t *)changed);
	}
	self->update.error = error;
	surface_post(self, on_answer_posted);
}

static void on_job_done(void *user_data, const pixman_region32_t *changed, const GError *error)
{
	g_autoptr(VitSurface) self = user_data;

	vit_surface_gate_end_write(&self->gate);
	if (!error) {
		self->filled = true;
	}
	surface_answer(self, changed, error ? g_error_copy(error) : NULL);
}

static bool surface_update_is_whole(const VitSurface *self)
{
	pixman_box32_t all = {0, 0, (int32_t)self->target.width, (int32_t)self->target.height};

	return self->update.whole ||
	       pixman_region32_contains_rectangle((pixman_region32_t *)&self->update.damage,
						  &all) == PIXMAN_REGION_IN;
}

/* The gate let the writer in. */
static void surface_start_job(VitSurface *self)
{
	VitReadback readback = {
		.target = &self->target,
		.fill = !self->filled && !surface_update_is_whole(self),
		.buffer = self->update.buffer,
		.damage = self->update.whole ? NULL : &self->update.damage,
		.done = on_job_done,
		.user_data = self,
	};
	GError *error = NULL;

	if (vit_render_submit(&readback, &error)) {
		(void)vit_surface_ref(self);
		return;
	}
	vit_surface_gate_end_write(&self->gate);
	surface_answer(self, NULL, error);
}

static gboolean on_gate_posted(void *user_data)
{
	surface_start_job(user_data);
	return G_SOURCE_REMOVE;
}

/* Starts a job, now or when the last reader inside leaves. */
static void surface_enter(VitSurface *self)
{
	if (vit_surface_gate_begin_write(&self->gate)) {
		surface_start_job(self);
	}
}

/* Makes memory that nobody can resize, and maps it for reading. */
static bool surface_make_memory(VitSurface *self, GError **error)
{
	VIT_AUTOFD int fd = memfd_create("vitrine-surface", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *pixels = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)self->n_bytes) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		pixels = mmap(NULL, self->n_bytes, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (pixels == MAP_FAILED) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot make %zu bytes of shared memory for a surface of %ux%u "
			    "pixels: %s",
			    self->n_bytes, self->target.width, self->target.height,
			    g_strerror(errno));
		return false;
	}
	self->pixels = pixels;
	self->target.fd = g_steal_fd(&fd);
	return true;
}

static void surface_destroy(VitSurface *self)
{
	vit_render_remove_target(&self->target);
	if (self->pixels) {
		(void)munmap(self->pixels, self->n_bytes);
	}
	vit_fd_clear(&self->target.fd);
	vit_surface_gate_clear(&self->gate);
	g_main_context_unref(self->context);
	g_free(self);
}

static gboolean on_destroy_posted(void *user_data)
{
	surface_destroy(user_data);
	return G_SOURCE_REMOVE;
}

VitSurface *vit_surface_new(VitRender *render, uint32_t width, uint32_t height, GError **error)
{
	VitSurface *self;
	uint32_t row_bytes = width * 4;

	g_assert(width >= 1 && width <= VIT_BUFFER_MAX_SIDE);
	g_assert(height >= 1 && height <= VIT_BUFFER_MAX_SIDE);
	self = g_new0(VitSurface, 1);
	g_atomic_ref_count_init(&self->ref_count);
	vit_surface_gate_init(&self->gate);
	self->context = g_main_context_ref_thread_default();
	self->loop_thread = g_thread_self();
	self->job_deadline_ms = vit_render_get_job_deadline_ms(render);
	self->target.fd = -1;
	self->target.width = width;
	self->target.height = height;
	self->target.stride_bytes = (row_bytes + SURFACE_STRIDE_ALIGN_BYTES - 1) /
				    SURFACE_STRIDE_ALIGN_BYTES * SURFACE_STRIDE_ALIGN_BYTES;
	self->n_bytes = (size_t)self->target.stride_bytes * height;
	if (!surface_make_memory(self, error) ||
	    !vit_render_add_target(render, &self->target, error)) {
		surface_destroy(self);
		return NULL;
	}
	return self;
}

VitSurface *vit_surface_ref(VitSurface *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void vit_surface_unref(VitSurface *self)
{
	if (!self || !g_atomic_ref_count_dec(&self->ref_count)) {
		return;
	}
	/* The client of vitrine-render lives on the loop. */
	if (g_thread_self() == self->loop_thread) {
		surface_destroy(self);
	} else {
		surface_post(self, on_destroy_posted);
	}
}

uint32_t vit_surface_get_width(const VitSurface *self)
{
	return self->target.width;
}

uint32_t vit_surface_get_height(const VitSurface *self)
{
	return self->target.height;
}

uint32_t vit_surface_get_stride_bytes(const VitSurface *self)
{
	return self->target.stride_bytes;
}

void vit_surface_update(VitSurface *self, VitBuffer *buffer, const pixman_region32_t *damage,
			VitSurfaceUpdated updated, void *user_data)
{
	uint32_t width = vit_buffer_get_width(buffer);
	uint32_t height = vit_buffer_get_height(buffer);
	GError *error = NULL;

	g_assert(!self->update.buffer);
	self->update.buffer = vit_buffer_ref(buffer);
	self->update.whole = !damage;
	self->update.updated = updated;
	self->update.user_data = user_data;
	pixman_region32_init(&self->update.damage);
	pixman_region32_init(&self->update.changed);
	(void)vit_surface_ref(self);
	if (damage) {
		(void)pixman_region32_intersect_rect(&self->update.damage,
						     (pixman_region32_t *)damage, 0, 0,
						     self->target.width, self->target.height);
	}
	if (width != self->target.width || height != self->target.height) {
		error = g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				    "a picture of %ux%u pixels does not fit a surface of %ux%u",
				    width, height, self->target.width, self->target.height);
		surface_answer(self, NULL, error);
	} else if (damage && !pixman_region32_not_empty(&self->update.damage)) {
		surface_answer(self, NULL, NULL);
	} else {
		surface_enter(self);
	}
}

bool vit_surface_is_updating(const VitSurface *self)
{
	return self->update.buffer != NULL;
}

const uint8_t *vit_surface_begin_read(VitSurface *self)
{
	vit_surface_gate_begin_read(&self->gate, self->job_deadline_ms);
	return self->pixels;
}

void vit_surface_end_read(VitSurface *self)
{
	/* The update that waits holds a reference until it is answered. */
	if (vit_surface_gate_end_read(&self->gate)) {
		surface_post(self, on_gate_posted);
	}
}

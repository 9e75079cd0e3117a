/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The client of vitrine-render: a queue of jobs, and what the running process has attached.
 *
 * vitrine-render works through its messages in order, so the answers come in the order of the
 * jobs, and the job at the head is the one that is being worked on: it alone has a deadline, and
 * it alone is blamed when the process dies. Messages are made when they can be sent
 * (render_send_all), from what the process is not told yet; so nothing piles up while it does not
 * read, and a fresh process is told everything it needs by the same code.
 */
#include "encoders/render.h"

#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "config/error.h"
#include "encoders/render-buffers.h"
#include "encoders/render-damage.h"
#include "encoders/render-private.h"
#include "encoders/render-process.h"
#include "encoders/render-protocol.h"

#define RENDER_MAX_DEATHS 2 /* of the process, in a row, on one buffer */
/* Job deadlines for which it is not read after them: it may have been the machine's fault. */
#define RENDER_PAUSE_DEADLINES 10

typedef struct RenderJob {
	uint64_t id;
	VitRenderTarget *target;
	VitRenderBuffer *buffer;
	bool fill;
	bool whole;
	bool sent;
	pixman_region32_t damage; /* empty when whole */
	VitReadbackDone done;
	void *user_data;
} RenderJob;

struct VitRender {
	unsigned ref_count;
	char *program;
	unsigned job_deadline_ms;
	void (*lost)(void *user_data, const GError *error); /* may be NULL */
	void *lost_data;
	GMainContext *context;
	VitRenderProcess *process;
	GPtrArray *targets;
	GArray *dropped_targets; /* ids of attached surfaces that are to be detached */
	uint64_t last_target_id;
	VitRenderBuffers buffers;
	GQueue jobs; /* RenderJob, oldest first */
	uint64_t last_job_id;
	GSource *deadline_source; /* of the head job; NULL: no job, or no process */
	VitRenderStats stats;
	VitRenderMessage message; /* large, so not on the stack */
};

/* What a job may have changed when it did not end well. */
static void render_job_suspects(const RenderJob *job, pixman_region32_t *ret_changed)
{
	const VitRenderTarget *target = job->target;

	if (job->whole || job->fill) {
		pixman_region32_init_rect(ret_changed, 0, 0, target->width, target->height);
	} else {
		vit_render_region_to_tiles(&job->damage, target->width, target->height,
					   ret_changed);
	}
}

/* Ends a job that is not in the queue any more. The callback may do anything but free the client.
 */
static void render_end_job(VitRender *self, RenderJob *job, const pixman_region32_t *changed,
			   const GError *error)
{
	self->stats.jobs++;
	self->stats.failed_jobs += error ? 1 : 0;
	vit_render_buffers_release(&self->buffers, job->buffer);
	job->done(job->user_data, changed, error);
	pixman_region32_fini(&job->damage);
	g_free(job);
}

static void render_fail_job(VitRender *self, RenderJob *job, const GError *error)
{
	pixman_region32_t suspects;

	render_job_suspects(job, &suspects);
	render_end_job(self, job, &suspects, error);
	pixman_region32_fini(&suspects);
}

static void render_disarm_deadline(VitRender *self)
{
	if (self->deadline_source) {
		g_source_destroy(self->deadline_source);
		g_source_unref(self->deadline_source);
		self->deadline_source = NULL;
	}
}

static gboolean on_job_deadline(void *user_data)
{
	VitRender *self = user_data;
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_TIMED_OUT,
			    "%s did not finish a readback within %u ms and was killed",
			    self->program, self->job_deadline_ms);

	vit_render_process_kill(self->process, error);
	return G_SOURCE_REMOVE;
}

/* Starts the clock of the head job, unless it runs already. */
static void render_arm_deadline(VitRender *self)
{
	if (self->deadline_source || g_queue_is_empty(&self->jobs) ||
	    vit_render_process_get_pid(self->process) < 0) {
		return;
	}
	self->deadline_source = g_timeout_source_new(self->job_deadline_ms);
	g_source_set_callback(self->deadline_source, on_job_deadline, self, NULL);
	(void)g_source_attach(self->deadline_source, self->context);
}

static bool render_send(VitRender *self, VitRenderType type, size_t size_bytes, const int *fds,
			unsigned n_fds)
{
	vit_render_message_seal(&self->message, type, size_bytes);
	return vit_render_process_send(self->process, &self->message, fds, n_fds) ==
	       VIT_RENDER_TRANSFER_DONE;
}

static bool render_send_detaches(VitRender *self, VitRenderType type, GArray *ids)
{
	while (ids->len > 0) {
		self->message.detach =
			(VitRenderDetach){.id = g_array_index(ids, uint64_t, ids->len - 1)};
		if (!render_send(self, type, sizeof(VitRenderDetach), NULL, 0)) {
			return false;
		}
		g_array_set_size(ids, ids->len - 1);
	}
	return true;
}

static bool render_send_target(VitRender *self, VitRenderTarget *target)
{
	if (!target->attached) {
		self->message.attach_surface = (VitRenderAttachSurface){
			.surface_id = target->id,
			.width = target->width,
			.height = target->height,
			.stride_bytes = target->stride_bytes,
		};
		target->attached = render_send(self, VIT_RENDER_ATTACH_SURFACE,
					       sizeof(VitRenderAttachSurface), &target->fd, 1);
	}
	return target->attached;
}

static bool render_send_buffer(VitRender *self, VitRenderBuffer *entry)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(entry->buffer);
	VitRenderAttachBuffer *attach = &self->message.attach_buffer;
	int fds[VIT_MAX_PLANES];

	if (entry->attached) {
		return true;
	}
	*attach = (VitRenderAttachBuffer){
		.buffer_id = entry->id,
		.modifier = layout->modifier,
		.fourcc = layout->fourcc,
		.width = layout->width,
		.height = layout->height,
		.n_planes = layout->n_planes,
		.visible_x = layout->visible.x,
		.visible_y = layout->visible.y,
		.visible_width = layout->visible.width,
		.visible_height = layout->visible.height,
		.bottom_up = layout->bottom_up,
		.linear_vouched = layout->linear_vouched,
	};
	for (unsigned i = 0; i < layout->n_planes; i++) {
		attach->offset_bytes[i] = layout->offset_bytes[i];
		attach->stride_bytes[i] = layout->stride_bytes[i];
		fds[i] = vit_buffer_peek_fd(entry->buffer, i);
	}
	entry->attached =
		render_send(self, VIT_RENDER_ATTACH_BUFFER, sizeof(*attach), fds, layout->n_planes);
	return entry->attached;
}

static bool render_send_job(VitRender *self, RenderJob *job)
{
	VitRenderReadBack *message = &self->message.read_back;

	if (job->sent) {
		return true;
	}
	if (!render_send_target(self, job->target) || !render_send_buffer(self, job->buffer)) {
		return false;
	}
	message->job_id = job->id;
	message->surface_id = job->target->id;
	message->buffer_id = job->buffer->id;
	message->flags = (job->fill ? VIT_RENDER_FILL : 0u) | (job->whole ? VIT_RENDER_WHOLE : 0u);
	message->n_rects = vit_render_region_to_rects(&job->damage, job->target->width,
						      job->target->height, message->rects);
	job->sent = render_send(self, VIT_RENDER_READ_BACK,
				vit_render_read_back_bytes(message->n_rects), NULL, 0);
	return job->sent;
}

/* Tells the process what it is not told yet, as far as it takes it. */
static void render_send_all(VitRender *self)
{
	bool all = render_send_detaches(self, VIT_RENDER_DETACH_BUFFER, self->buffers.dropped) &&
		   render_send_detaches(self, VIT_RENDER_DETACH_SURFACE, self->dropped_targets);

	for (GList *link = self->jobs.head; link && all; link = link->next) {
		all = render_send_job(self, link->data);
	}
	render_arm_deadline(self);
}

static void on_process_ready(void *user_data)
{
	render_send_all(user_data);
}

static void on_process_lost(void *user_data, const GError *error)
{
	g_autoptr(VitRender) self = vit_render_ref(user_data);
	g_autoptr(GError) other = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
					      "a readback was lost: %s", error->message);
	GQueue lost = self->jobs;
	RenderJob *job = g_queue_peek_head(&lost);
	bool first = true;

	g_queue_init(&self->jobs);
	render_disarm_deadline(self);
	vit_render_buffers_reset(&self->buffers);
	g_array_set_size(self->dropped_targets, 0);
	for (unsigned i = 0; i < self->targets->len; i++) {
		((VitRenderTarget *)self->targets->pdata[i])->attached = false;
	}
	if (job && job->sent) {
		job->buffer->deaths++;
		job->buffer->last_death_us = g_get_monotonic_time();
	}
	if (self->lost) {
		self->lost(self->lost_data, error);
	}
	while ((job = g_queue_pop_head(&lost))) {
		bool timed_out = first && g_error_matches(error, VIT_ERROR, VIT_ERROR_TIMED_OUT);

		render_fail_job(self, job, timed_out ? error : other);
		first = false;
	}
}

/* Whether an answer that is well formed fits the job that it must be for. */
static bool render_done_fits(const VitRenderDone *done, const RenderJob *job)
{
	return job && job->sent && done->job_id == job->id &&
	       done->bitmap_bytes ==
		       vit_render_bitmap_bytes(job->target->width, job->target->height);
}

static GError *render_done_to_error(const VitRenderDone *done)
{
	if (done->status == VIT_RENDER_OK) {
		return NULL;
	}
	return g_error_new_literal(VIT_ERROR,
				   done->status == VIT_RENDER_UNSUPPORTED
					   ? VIT_ERROR_UNSUPPORTED
					   : VIT_ERROR_INVALID_METADATA,
				   done->reason);
}

static void on_process_received(void *user_data, const VitRenderPacket *packet)
{
	g_autoptr(VitRender) self = vit_render_ref(user_data);
	const VitRenderDone *done = &packet->message.done.done;
	RenderJob *job = g_queue_peek_head(&self->jobs);
	g_autoptr(GError) error = NULL;
	pixman_region32_t changed;

	if (!vit_render_check_reply(&packet->message, packet->n_bytes, packet->n_fds, &error)) {
		vit_render_process_kill(self->process, error);
		return;
	}
	if (!render_done_fits(done, job)) {
		error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "%s answered a job that it was not given", self->program);
		vit_render_process_kill(self->process, error);
		return;
	}
	(void)g_queue_pop_head(&self->jobs);
	render_disarm_deadline(self);
	job->buffer->deaths = 0;
	self->stats.last_job_ns = done->time_ns;
	error = render_done_to_error(done);
	vit_render_region_from_bitmap(packet->message.done.bitmap, job->target->width,
				      job->target->height, &changed);
	render_end_job(self, job, &changed, error);
	pixman_region32_fini(&changed);
	/* The job may have been the last that kept a buffer. */
	render_send_all(self);
}

static const VitRenderProcessEvents process_events = {
	.ready = on_process_ready,
	.received = on_process_received,
	.lost = on_process_lost,
};

/* The vitrine-render of the build tree that this program lies in, else the installed one. */
static char *render_find_program(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *built = NULL;

	if (folder && g_str_has_suffix(folder, "/server")) {
		built = g_build_filename(folder, "..", "encoders", "vitrine-render", NULL);
		if (g_file_test(built, G_FILE_TEST_IS_EXECUTABLE)) {
			return g_steal_pointer(&built);
		}
	}
	return g_build_filename(VIT_LIBEXECDIR, "vitrine-render", NULL);
}

VitRender *vit_render_new(const VitRenderOptions *options, GError **error)
{
	VitRender *self = g_new0(VitRender, 1);

	g_assert(options->job_deadline_ms > 0);
	self->ref_count = 1;
	self->program = options->program ? g_strdup(options->program) : render_find_program();
	self->job_deadline_ms = options->job_deadline_ms;
	self->lost = options->lost;
	self->lost_data = options->user_data;
	self->context = g_main_context_ref_thread_default();
	self->targets = g_ptr_array_new();
	self->dropped_targets = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	vit_render_buffers_init(&self->buffers);
	g_queue_init(&self->jobs);
	self->process = vit_render_process_new(self->program, &process_events, self, error);
	if (!self->process) {
		vit_render_unref(self);
		return NULL;
	}
	return self;
}

VitRender *vit_render_ref(VitRender *self)
{
	self->ref_count++;
	return self;
}

static void render_finalize(VitRender *self)
{
	g_autoptr(GError) error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
					      "a readback was lost: %s was ended", self->program);
	RenderJob *job;

	render_disarm_deadline(self);
	vit_render_process_free(self->process);
	for (unsigned i = 0; i < self->targets->len; i++) {
		((VitRenderTarget *)self->targets->pdata[i])->render = NULL;
	}
	while ((job = g_queue_pop_head(&self->jobs))) {
		render_fail_job(self, job, error);
	}
	vit_render_buffers_clear(&self->buffers);
	g_array_unref(self->dropped_targets);
	g_ptr_array_unref(self->targets);
	g_main_context_unref(self->context);
	g_free(self->program);
	g_free(self);
}

void vit_render_unref(VitRender *self)
{
	if (self && --self->ref_count == 0) {
		render_finalize(self);
	}
}

void vit_render_forget_buffers(VitRender *self)
{
	vit_render_buffers_forget(&self->buffers);
	render_send_all(self);
}

VitRenderStats vit_render_get_stats(const VitRender *self)
{
	VitRenderStats stats = self->stats;

	stats.restarts = vit_render_process_get_restarts(self->process);
	return stats;
}

int vit_render_get_pid(const VitRender *self)
{
	return vit_render_process_get_pid(self->process);
}

bool vit_render_add_target(VitRender *self, VitRenderTarget *target, GError **error)
{
	if (self->targets->len + self->dropped_targets->len >= VIT_RENDER_MAX_SURFACES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "%d surfaces are in use, and more are not given out: a reader does not "
			    "let go of old ones",
			    VIT_RENDER_MAX_SURFACES);
		return false;
	}
	target->render = self;
	target->id = ++self->last_target_id;
	target->attached = false;
	g_ptr_array_add(self->targets, target);
	return true;
}

void vit_render_remove_target(VitRenderTarget *target)
{
	VitRender *self = target->render;

	if (!self) {
		return;
	}
	(void)g_ptr_array_remove_fast(self->targets, target);
	target->render = NULL;
	if (target->attached) {
		g_array_append_val(self->dropped_targets, target->id);
		render_send_all(self);
	}
}

/* A buffer that the process died over is left alone for a while, then it has one more try. */
static bool render_check_buffer(const VitRender *self, VitRenderBuffer *entry, GError **error)
{
	int64_t pause_us = (int64_t)self->job_deadline_ms * 1000 * RENDER_PAUSE_DEADLINES;

	if (entry->deaths < RENDER_MAX_DEATHS) {
		return true;
	}
	if (g_get_monotonic_time() - entry->last_death_us >= pause_us) {
		entry->deaths = RENDER_MAX_DEATHS - 1;
		return true;
	}
	g_set_error(
		error, VIT_ERROR, VIT_ERROR_BUSY,
		"this picture is not read for a moment: %s died or hung %d times in a row while "
		"reading it",
		self->program, RENDER_MAX_DEATHS);
	return false;
}

bool vit_render_submit(const VitReadback *readback, GError **error)
{
	VitRender *self = readback->target->render;
	RenderJob *job;

	if (!self) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "a readback was refused: vitrine-render was ended");
		return false;
	}
	job = g_new0(RenderJob, 1);
	job->buffer = vit_render_buffers_use(&self->buffers, readback->buffer);
	if (!render_check_buffer(self, job->buffer, error)) {
		vit_render_buffers_release(&self->buffers, job->buffer);
		g_free(job);
		return false;
	}
	job->id = ++self->last_job_id;
	job->target = readback->target;
	job->fill = readback->fill;
	job->whole = !readback->damage;
	pixman_region32_init(&job->damage);
	if (readback->damage) {
		(void)pixman_region32_copy(&job->damage, (pixman_region32_t *)readback->damage);
	}
	job->done = readback->done;
	job->user_data = readback->user_data;
	g_queue_push_tail(&self->jobs, job);
	render_send_all(self);
	return true;
}

unsigned vit_render_get_job_deadline_ms(const VitRender *self)
{
	return self->job_deadline_ms;
}

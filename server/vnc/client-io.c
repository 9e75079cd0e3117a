/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A client's sockets. Bytes go from the worker's socket pair into the output queue and from there
 * to the viewer. When the viewer does not read, the queue fills, then the socket pair, then the
 * worker waits: nobody but this client. Nothing of it is worth holding on to: a queue that empties
 * before the next update is made is what keeps the picture new, so the worker's wish to send is
 * granted only when the queue is nearly empty.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "server/vnc/client-private.h"

#define QUEUE_BYTES     (256 * 1024)
#define QUEUE_LOW_BYTES (32 * 1024)
/* Not yet sent bytes in the kernel: what lies there cannot be made newer. */
#define NOT_SENT_BYTES (64 * 1024)
#define PAUSE_MS       5
#define KEEPALIVE_S    60
/* A fence that does not come back for so long, although all was sent, is not waited for. */
#define FENCE_MS 3000

static void client_end_of_output(VitVncClient *self, VitOutputResult result)
{
	g_autofree char *reason = NULL;

	if (result == VIT_OUTPUT_FAILED && errno != EPIPE && errno != ECONNRESET) {
		reason = g_strdup_printf("the connection broke (%s).", g_strerror(errno));
	}
	vit_vnc_client_close(self, reason ? reason : "it closed the connection.");
}

static gboolean on_client_stall(void *user_data)
{
	VitVncClient *self = user_data;
	int64_t limit_us = (int64_t)self->shared->stall_timeout_s * G_USEC_PER_SEC;
	int64_t still_us = self->progress_us + limit_us - g_get_monotonic_time();
	g_autofree char *reason = NULL;

	self->stall_timer = 0;
	if (still_us > 0) {
		self->stall_timer =
			g_timeout_add((unsigned)(still_us / 1000 + 1), on_client_stall, self);
		return G_SOURCE_REMOVE;
	}
	reason = g_strdup_printf("it has read nothing for %u s.", self->shared->stall_timeout_s);
	vit_vnc_client_close(self, reason);
	return G_SOURCE_REMOVE;
}

/* Starts or stops to count the time in which the viewer reads nothing. */
static void client_note_progress(VitVncClient *self, bool progress)
{
	bool waiting = self->output.n_bytes > 0;

	if (progress || (waiting && !self->stall_timer)) {
		self->progress_us = g_get_monotonic_time();
	}
	if (waiting && !self->stall_timer) {
		self->stall_timer =
			g_timeout_add(self->shared->stall_timeout_s * 1000, on_client_stall, self);
	} else if (!waiting) {
		g_clear_handle_id(&self->stall_timer, g_source_remove);
	}
}

/* Gives the viewer what it takes. */
static void client_write(VitVncClient *self)
{
	VitOutputResult result = vit_output_queue_write_to(&self->output, self->fd);

	if (result == VIT_OUTPUT_END || result == VIT_OUTPUT_FAILED) {
		client_end_of_output(self, result);
		return;
	}
	client_note_progress(self, result == VIT_OUTPUT_PROGRESS);
	if (self->state == VIT_VNC_CLIENT_REFUSED && self->output.n_bytes == 0 &&
	    !self->held_reply) {
		vit_vnc_client_close(self, self->refusal);
		return;
	}
	vit_vnc_client_grant_wish(self);
}

static void client_read(VitVncClient *self)
{
	ssize_t n_bytes = recv(self->fd, self->input + self->n_input_bytes,
			       sizeof(self->input) - self->n_input_bytes, MSG_DONTWAIT);

	if (n_bytes > 0) {
		self->n_input_bytes += (unsigned)n_bytes;
		vit_vnc_client_process(self);
	} else if (n_bytes == 0) {
		client_end_of_output(self, VIT_OUTPUT_END);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		client_end_of_output(self, VIT_OUTPUT_FAILED);
	}
}

static bool client_reads(const VitVncClient *self)
{
	return (self->state == VIT_VNC_CLIENT_HANDSHAKE ||
		self->state == VIT_VNC_CLIENT_ADMITTED) &&
	       !self->pause_timer && !self->holds_command &&
	       self->n_input_bytes < sizeof(self->input);
}

void vit_vnc_client_update_watches(VitVncClient *self)
{
	GIOCondition wanted = 0;

	if (self->state == VIT_VNC_CLIENT_CLOSED) {
		return;
	}
	wanted |= client_reads(self) ? G_IO_IN : 0;
	wanted |= self->output.n_bytes > 0 ? G_IO_OUT : 0;
	vit_fd_watch_set(self->watch, wanted);
	if (!self->worker_watch) {
		return;
	}
	if (self->output.n_bytes < self->output.capacity_bytes) {
		vit_fd_watch_set(self->worker_watch, G_IO_IN);
	} else {
		vit_fd_watch_pause(self->worker_watch);
	}
}

static void on_client_ready(void *user_data, GIOCondition ready)
{
	VitVncClient *self = user_data;

	if (ready & (G_IO_ERR | G_IO_HUP) && !(ready & (G_IO_IN | G_IO_OUT))) {
		client_end_of_output(self, VIT_OUTPUT_END);
		return;
	}
	if (ready & G_IO_OUT) {
		client_write(self);
	}
	if (ready & G_IO_IN && client_reads(self)) {
		client_read(self);
	}
	vit_vnc_client_update_watches(self);
}

static void on_worker_ready(void *user_data, GIOCondition ready)
{
	VitVncClient *self = user_data;
	VitOutputResult result = vit_output_queue_read_from(&self->output, self->worker_fd);

	if (result == VIT_OUTPUT_END || result == VIT_OUTPUT_FAILED) {
		/* The worker gave up; its news say why. */
		g_clear_pointer(&self->worker_watch, vit_fd_watch_free);
		return;
	}
	client_write(self);
	vit_vnc_client_update_watches(self);
}

void vit_vnc_client_start_io(VitVncClient *self)
{
	const int on = 1, not_sent = NOT_SENT_BYTES, keepalive = KEEPALIVE_S;

	/* All of these fail on a unix socket, which needs none of them. */
	(void)setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(self->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof(not_sent));
	(void)setsockopt(self->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(self->fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive, sizeof(keepalive));
	self->watch = vit_fd_watch_new(self->fd, on_client_ready, self);
}

void vit_vnc_client_start_worker_io(VitVncClient *self)
{
	self->worker_watch = vit_fd_watch_new(self->worker_fd, on_worker_ready, self);
}

void vit_vnc_client_stop_io(VitVncClient *self)
{
	g_clear_handle_id(&self->stall_timer, g_source_remove);
	g_clear_handle_id(&self->pause_timer, g_source_remove);
	g_clear_handle_id(&self->flow_timer, g_source_remove);
	g_clear_pointer(&self->watch, vit_fd_watch_free);
	g_clear_pointer(&self->worker_watch, vit_fd_watch_free);
	vit_output_queue_clear(&self->output);
}

void vit_vnc_client_send(VitVncClient *self, const GByteArray *bytes)
{
	bool queued;

	if (bytes->len == 0) {
		return;
	}
	if (!self->output.ring) {
		vit_output_queue_init(&self->output, QUEUE_BYTES);
	}
	queued = vit_output_queue_append(&self->output, bytes->data, bytes->len);
	g_assert(queued); /* what a handshake says is short */
	client_write(self);
}

static gboolean on_client_pause_over(void *user_data)
{
	VitVncClient *self = user_data;

	self->pause_timer = 0;
	vit_vnc_client_process(self);
	vit_vnc_client_update_watches(self);
	return G_SOURCE_REMOVE;
}

void vit_vnc_client_pause(VitVncClient *self)
{
	if (!self->pause_timer) {
		self->pause_timer = g_timeout_add(PAUSE_MS, on_client_pause_over, self);
	}
}

/* Whether all that the worker wrote is in the queue, and little of it is left. */
static bool client_has_sent(const VitVncClient *self)
{
	int n_bytes = 0;

	return self->output.n_bytes <= QUEUE_LOW_BYTES &&
	       ioctl(self->worker_fd, FIONREAD, &n_bytes) == 0 && n_bytes == 0;
}

void vit_vnc_client_count_fences(VitVncClient *self, unsigned n_fences)
{
	for (unsigned i = 0; i < n_fences; i++) {
		(void)vit_flow_sent(&self->flow, g_get_monotonic_time());
	}
}

static gboolean on_client_fence_overdue(void *user_data)
{
	VitVncClient *self = user_data;

	self->flow_timer = 0;
	vit_flow_give_up(&self->flow);
	vit_vnc_client_grant_wish(self);
	return G_SOURCE_REMOVE;
}

/* Whether the viewer is far enough with what it was sent before. */
static bool client_keeps_up(VitVncClient *self)
{
	bool keeps_up = vit_flow_may_send(&self->flow, g_get_monotonic_time());

	if (keeps_up) {
		g_clear_handle_id(&self->flow_timer, g_source_remove);
	} else if (!self->flow_timer) {
		self->flow_timer = g_timeout_add(FENCE_MS, on_client_fence_overdue, self);
	}
	return keeps_up;
}

void vit_vnc_client_grant_wish(VitVncClient *self)
{
	const VitVncScene *scene = &self->head->scene;
	bool is_updating;

	if (self->state != VIT_VNC_CLIENT_ADMITTED || self->wish == self->granted ||
	    !client_has_sent(self) || !client_keeps_up(self)) {
		return;
	}
	self->granted = self->wish;
	self->open_request = self->wish;
	self->head->host->request_pixels(self->head->host_data);
	is_updating = scene->surface && vit_surface_is_updating(scene->surface);
	vit_vnc_mailbox_grant(self->mailbox, self->wish, !self->open_request || !is_updating);
}

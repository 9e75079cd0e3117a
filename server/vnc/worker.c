/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The thread of one viewer: it waits until the viewer wants an update, wishes for permission and
 * newer pixels, and sends the update. The loop grants the wish once what was sent before has left
 * (flow control is the loop's affair), and says whether the surface is being brought up to date at
 * this moment. Then it is worth waiting for: what the viewer gets is the newest, and its first
 * picture is not an old one. Not for ever, as an update that finds nothing changed is not
 * announced.
 */
#include "server/vnc/worker.h"

#include <signal.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/vnc/session.h"

/* How long to wait for pixels that are on their way while there are others that could be sent. */
#define FRESH_PIXELS_US (100 * 1000)

struct VitVncWorker {
	VitVncMailbox *mailbox;
	VitEngineSlot *slot;
	VitVncSession session;
	GThread *thread;

	/* The thread only. */
	unsigned wish;       /* number of the last one; 0: none yet */
	bool is_wishing;     /* it was not fulfilled yet */
	int64_t patience_us; /* monotonic time until which newer pixels are waited for; 0: not set
			      */
};

static void worker_wish(VitVncWorker *self)
{
	self->wish++;
	self->is_wishing = true;
	self->patience_us = 0;
	self->mailbox->news.wish = self->wish;
	vit_vnc_mailbox_post(self->mailbox);
}

static bool worker_fail(GError **error)
{
	g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED, "it cannot be written to any more.");
	return false;
}

/*
 * Tells the loop how to understand what the viewer sends once it has the update; before the viewer
 * has it, so that nothing is misunderstood that answers it.
 */
static void worker_tell(VitVncWorker *self, const VitVncUpdate *update)
{
	VitVncNews *news = &self->mailbox->news;

	if (update->tells_pointer_mode) {
		news->told_pointer_mode = true;
		news->told_absolute = update->tells_absolute;
		vit_vnc_mailbox_post(self->mailbox);
	}
	if (update->tells_extended_buttons) {
		news->told_extended_buttons = true;
		vit_vnc_mailbox_post(self->mailbox);
	}
	if (update->has_fence) {
		news->n_fences++;
		vit_vnc_mailbox_post(self->mailbox);
	}
}

/* Sends an update, without the lock meanwhile. */
static bool worker_send_update(VitVncWorker *self, GError **error)
{
	VitVncMailbox *mailbox = self->mailbox;
	VitVncUpdate update;
	bool made, sent;

	self->is_wishing = false;
	g_mutex_unlock(&mailbox->lock);
	made = vit_vnc_session_make_update(&self->session, &update, error);
	g_mutex_lock(&mailbox->lock);
	if (!made) {
		return false;
	}
	worker_tell(self, &update);
	g_mutex_unlock(&mailbox->lock);
	sent = vit_vnc_session_send_update(&self->session, &update);
	g_mutex_lock(&mailbox->lock);
	vit_vnc_update_clear(&update);
	return sent || worker_fail(error);
}

static void worker_see(VitVncWorker *self)
{
	vit_vnc_scene_take(&self->session.scene, &self->mailbox->scene);
	g_mutex_unlock(&self->mailbox->lock);
	vit_vnc_session_see(&self->session);
	g_mutex_lock(&self->mailbox->lock);
}

static bool worker_obey(VitVncWorker *self, const VitVncCommand *command, GError **error)
{
	bool obeyed;

	g_mutex_unlock(&self->mailbox->lock);
	obeyed = vit_vnc_session_obey(&self->session, command);
	g_mutex_lock(&self->mailbox->lock);
	return obeyed || worker_fail(error);
}

/* Whether the granted wish is to be fulfilled now. Sets when to look again, if it is not. */
static bool worker_is_ready(VitVncWorker *self, int64_t *ret_again_us)
{
	VitVncMailbox *mailbox = self->mailbox;
	int64_t now_us = g_get_monotonic_time();

	if (mailbox->granted != self->wish || !vit_vnc_session_has_update(&self->session)) {
		return false;
	}
	if (self->patience_us == 0) {
		self->patience_us = now_us + FRESH_PIXELS_US;
	}
	*ret_again_us = self->patience_us;
	return mailbox->is_fresh || now_us >= self->patience_us;
}

/* One look at what is to be done, with the lock held. Returns false on an error. */
static bool worker_step(VitVncWorker *self, GError **error)
{
	VitVncMailbox *mailbox = self->mailbox;
	VitVncCommand command;
	int64_t again_us = 0;

	if (mailbox->scene.changed) {
		worker_see(self);
		return true;
	}
	if (vit_vnc_mailbox_receive(mailbox, &command)) {
		return worker_obey(self, &command, error);
	}
	if (self->is_wishing && mailbox->answered == self->wish &&
	    !vit_vnc_session_has_update(&self->session)) {
		self->is_wishing = false; /* the new pixels were not for this viewer */
	}
	if (!self->is_wishing && vit_vnc_session_wants_update(&self->session)) {
		worker_wish(self);
	}
	if (self->is_wishing && worker_is_ready(self, &again_us)) {
		return worker_send_update(self, error);
	}
	if (again_us) {
		(void)g_cond_wait_until(&mailbox->wake, &mailbox->lock, again_us);
	} else {
		g_cond_wait(&mailbox->wake, &mailbox->lock);
	}
	return true;
}

static void *worker_main(void *user_data)
{
	VitVncWorker *self = user_data;
	VitVncMailbox *mailbox = self->mailbox;
	g_autoptr(GError) error = NULL;
	sigset_t all;

	/* Signals are the loop's; and writing to a closed socket shall fail, not kill. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
	g_mutex_lock(&mailbox->lock);
	while (!mailbox->quit && worker_step(self, &error)) {
	}
	if (error) {
		mailbox->news.failure = g_strdup(error->message);
	}
	mailbox->news.ended = true;
	vit_vnc_mailbox_post(mailbox);
	g_mutex_unlock(&mailbox->lock);
	return NULL;
}

static bool worker_start_thread(VitVncWorker *self, GError **error)
{
	g_autoptr(GError) reason = NULL;

	self->thread = g_thread_try_new("vnc-worker", worker_main, self, &reason);
	if (!self->thread) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "No thread can be started for a viewer: %s.", reason->message);
		return false;
	}
	return true;
}

VitVncWorker *vit_vnc_worker_start(VitVncMailbox *mailbox, VitEngineSlot *slot, uint32_t width,
				   uint32_t height, int *ret_socket, GError **error)
{
	VitVncWorker *self;
	VIT_AUTOFD int socket = -1;

	if (!vit_engine_slot_open(slot, &socket, error)) {
		return NULL;
	}
	self = g_new0(VitVncWorker, 1);
	self->mailbox = vit_vnc_mailbox_ref(mailbox);
	self->slot = slot;
	if (!vit_vnc_session_init(&self->session, vit_engine_slot_get_engine(slot), width, height,
				  error) ||
	    !worker_start_thread(self, error)) {
		vit_vnc_worker_join(self);
		return NULL;
	}
	*ret_socket = g_steal_fd(&socket);
	return self;
}

void vit_vnc_worker_join(VitVncWorker *self)
{
	if (!self) {
		return;
	}
	if (self->thread) {
		(void)g_thread_join(self->thread);
	}
	vit_vnc_session_clear(&self->session);
	vit_engine_slot_close(self->slot);
	vit_vnc_mailbox_unref(self->mailbox);
	g_free(self);
}

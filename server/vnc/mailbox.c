/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/mailbox.h"

VitVncMailbox *vit_vnc_mailbox_new(VitVncNewsReady on_news, void *user_data)
{
	VitVncMailbox *self = g_new0(VitVncMailbox, 1);

	g_atomic_ref_count_init(&self->references);
	g_mutex_init(&self->lock);
	g_cond_init(&self->wake);
	vit_vnc_scene_init(&self->scene);
	self->on_news = on_news;
	self->user_data = user_data;
	return self;
}

VitVncMailbox *vit_vnc_mailbox_ref(VitVncMailbox *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

void vit_vnc_mailbox_unref(VitVncMailbox *self)
{
	if (self && g_atomic_ref_count_dec(&self->references)) {
		vit_vnc_scene_clear(&self->scene);
		g_free(self->news.failure);
		g_mutex_clear(&self->lock);
		g_cond_clear(&self->wake);
		g_free(self);
	}
}

VitVncScene *vit_vnc_mailbox_begin_scene(VitVncMailbox *self)
{
	g_mutex_lock(&self->lock);
	return &self->scene;
}

static void mailbox_unlock_and_wake(VitVncMailbox *self)
{
	g_cond_signal(&self->wake);
	g_mutex_unlock(&self->lock);
}

void vit_vnc_mailbox_end_scene(VitVncMailbox *self)
{
	mailbox_unlock_and_wake(self);
}

/*
 * A viewer may ask for updates much faster than it gets them. A request that follows another one of
 * its kind directly becomes part of it.
 */
static bool mailbox_merge(VitVncMailbox *self, const VitVncCommand *command)
{
	unsigned last = (self->first_command + self->n_commands - 1) % VIT_VNC_MAX_COMMANDS;
	VitVncCommand *before = &self->commands[last];
	pixman_box32_t *into = &before->update_request.box;
	const pixman_box32_t *box = &command->update_request.box;

	if (self->n_commands == 0 || command->type != VIT_VNC_COMMAND_UPDATE_REQUEST ||
	    before->type != VIT_VNC_COMMAND_UPDATE_REQUEST ||
	    before->update_request.incremental != command->update_request.incremental) {
		return false;
	}
	*into = (pixman_box32_t){
		.x1 = MIN(into->x1, box->x1),
		.y1 = MIN(into->y1, box->y1),
		.x2 = MAX(into->x2, box->x2),
		.y2 = MAX(into->y2, box->y2),
	};
	return true;
}

bool vit_vnc_mailbox_send(VitVncMailbox *self, const VitVncCommand *command)
{
	bool sent;

	g_mutex_lock(&self->lock);
	sent = mailbox_merge(self, command);
	if (!sent && self->n_commands < VIT_VNC_MAX_COMMANDS) {
		unsigned next = (self->first_command + self->n_commands++) % VIT_VNC_MAX_COMMANDS;

		self->commands[next] = *command;
		sent = true;
	}
	self->was_full |= !sent;
	mailbox_unlock_and_wake(self);
	return sent;
}

void vit_vnc_mailbox_grant(VitVncMailbox *self, unsigned wish, bool is_fresh)
{
	g_mutex_lock(&self->lock);
	self->granted = wish;
	self->is_fresh = is_fresh;
	mailbox_unlock_and_wake(self);
}

void vit_vnc_mailbox_answer(VitVncMailbox *self, unsigned wish)
{
	g_mutex_lock(&self->lock);
	self->answered = wish;
	self->is_fresh = true;
	mailbox_unlock_and_wake(self);
}

void vit_vnc_mailbox_quit(VitVncMailbox *self)
{
	g_mutex_lock(&self->lock);
	self->quit = true;
	mailbox_unlock_and_wake(self);
}

unsigned vit_vnc_mailbox_take_fences(VitVncMailbox *self)
{
	unsigned n_fences;

	g_mutex_lock(&self->lock);
	n_fences = self->news.n_fences;
	self->news.n_fences = 0;
	g_mutex_unlock(&self->lock);
	return n_fences;
}

void vit_vnc_mailbox_disconnect(VitVncMailbox *self)
{
	self->on_news = NULL;
}

bool vit_vnc_mailbox_receive(VitVncMailbox *self, VitVncCommand *ret_command)
{
	if (self->n_commands == 0) {
		return false;
	}
	*ret_command = self->commands[self->first_command];
	self->first_command = (self->first_command + 1) % VIT_VNC_MAX_COMMANDS;
	self->n_commands--;
	if (self->was_full) {
		self->was_full = false;
		self->news.made_room = true;
		vit_vnc_mailbox_post(self);
	}
	return true;
}

static gboolean on_mailbox_posted(void *user_data)
{
	VitVncMailbox *self = user_data;
	VitVncNews news;

	g_mutex_lock(&self->lock);
	news = self->news;
	self->news = (VitVncNews){.wish = news.wish};
	self->is_posted = false;
	g_mutex_unlock(&self->lock);
	if (self->on_news) {
		self->on_news(self->user_data, &news);
	}
	g_free(news.failure);
	return G_SOURCE_REMOVE;
}

void vit_vnc_mailbox_post(VitVncMailbox *self)
{
	if (!self->is_posted) {
		self->is_posted = true;
		(void)g_idle_add_full(G_PRIORITY_DEFAULT, on_mailbox_posted,
				      vit_vnc_mailbox_ref(self),
				      (GDestroyNotify)vit_vnc_mailbox_unref);
	}
}

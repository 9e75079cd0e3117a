/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A GSource with one fd. poll(2) reports a hang-up whether it was asked for or not, so a paused
 * watch takes its fd out of the source: else a peer that closed would spin the loop.
 */
#include "server/fd-watch.h"

struct VitFdWatch {
	GSource source; /* GLib allocates it with this size */
	int fd;
	void *tag; /* NULL while paused */
	GIOCondition wanted;
};

static gboolean fd_watch_dispatch(GSource *source, GSourceFunc callback, void *user_data)
{
	VitFdWatch *self = (VitFdWatch *)source;
	VitFdReady on_ready = (VitFdReady)(void (*)(void))callback;
	GIOCondition ready = self->tag ? g_source_query_unix_fd(source, self->tag) : 0;

	ready &= self->wanted | G_IO_ERR | G_IO_HUP;
	if (ready) {
		on_ready(user_data, ready);
	}
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs fd_watch_funcs = {.dispatch = fd_watch_dispatch};

VitFdWatch *vit_fd_watch_new(int fd, VitFdReady on_ready, void *user_data)
{
	GSource *source = g_source_new(&fd_watch_funcs, sizeof(VitFdWatch));
	VitFdWatch *self = (VitFdWatch *)source;

	self->fd = fd;
	g_source_set_callback(source, (GSourceFunc)(void (*)(void))on_ready, user_data, NULL);
	vit_fd_watch_set(self, 0);
	(void)g_source_attach(source, NULL);
	return self;
}

void vit_fd_watch_free(VitFdWatch *self)
{
	if (self) {
		g_source_destroy(&self->source);
		g_source_unref(&self->source);
	}
}

void vit_fd_watch_set(VitFdWatch *self, GIOCondition wanted)
{
	self->wanted = wanted;
	if (self->tag) {
		g_source_modify_unix_fd(&self->source, self->tag, wanted);
	} else {
		self->tag = g_source_add_unix_fd(&self->source, self->fd, wanted);
	}
}

void vit_fd_watch_pause(VitFdWatch *self)
{
	if (self->tag) {
		g_source_remove_unix_fd(&self->source, self->tag);
		self->tag = NULL;
	}
}

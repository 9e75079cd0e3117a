/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Dials the producer's socket, and again whenever it breaks: new → start → (connected → retry |
 * failed)… → stop → free. Between attempts it waits, 100 ms at first and twice as long each time up
 * to 2 s; a connection that lasted makes the next wait a short one again.
 *
 * Who listens is known by SO_PEERCRED: of a unix socket that is dialled, it is who called listen().
 * A unix socket connects at once or not at all, so nothing waits here.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/gpu-socket/gpu-socket-private.h"

#define LINK_RETRY_FIRST_MS 100
#define LINK_RETRY_MAX_MS   2000

struct VitDisplayLink {
	char *path;
	bool has_uid;
	uid_t uid;
	const VitDisplayLinkEvents *events;
	void *events_data;
	guint timer;       /* before the next attempt; 0: none, or connected */
	unsigned retry_ms; /* before the one after it */
	int64_t connected_since_us;
};

static int link_dial(const VitDisplayLink *self, GError **error)
{
	VIT_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "cannot reach the graphics device at the display socket %s: %s; trying "
			    "again",
			    self->path, g_strerror(errno));
		return -1;
	}
	return g_steal_fd(&fd);
}

static bool link_check_peer(const VitDisplayLink *self, int fd, GError **error)
{
	struct ucred peer;
	socklen_t n_bytes = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_bytes) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot find out who listens on the display socket %s: %s", self->path,
			    g_strerror(errno));
		return false;
	}
	if (self->has_uid ? peer.uid != self->uid : peer.uid != 0 && peer.uid != geteuid()) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "the display socket %s is listened on by user %u, who is not trusted: "
			    "set [gpu-socket] uid to %u if that is the VM's user",
			    self->path, (unsigned)peer.uid, (unsigned)peer.uid);
		return false;
	}
	return true;
}

static gboolean on_link_timer(void *user_data);

static void link_wait(VitDisplayLink *self)
{
	self->timer = g_timeout_add(self->retry_ms, on_link_timer, self);
	self->retry_ms = MIN(2 * self->retry_ms, LINK_RETRY_MAX_MS);
}

static gboolean on_link_timer(void *user_data)
{
	VitDisplayLink *self = user_data;
	g_autoptr(GError) error = NULL;
	VIT_AUTOFD int fd = link_dial(self, &error);

	self->timer = 0;
	if (fd >= 0 && link_check_peer(self, fd, &error)) {
		self->connected_since_us = g_get_monotonic_time();
		self->events->connected(self->events_data, g_steal_fd(&fd));
	} else {
		link_wait(self);
		self->events->failed(self->events_data, error);
	}
	return G_SOURCE_REMOVE;
}

VitDisplayLink *vit_display_link_new(const VitGpuSocketOptions *options,
				     const VitDisplayLinkEvents *events, void *user_data)
{
	VitDisplayLink *self = g_new0(VitDisplayLink, 1);

	self->path = g_strdup(options->path);
	self->has_uid = options->has_uid;
	self->uid = options->uid;
	self->events = events;
	self->events_data = user_data;
	self->retry_ms = LINK_RETRY_FIRST_MS;
	return self;
}

void vit_display_link_start(VitDisplayLink *self)
{
	self->timer = g_idle_add_full(G_PRIORITY_DEFAULT, on_link_timer, self, NULL);
}

void vit_display_link_stop(VitDisplayLink *self)
{
	g_clear_handle_id(&self->timer, g_source_remove);
}

void vit_display_link_free(VitDisplayLink *self)
{
	if (!self) {
		return;
	}
	vit_display_link_stop(self);
	g_free(self->path);
	g_free(self);
}

void vit_display_link_retry(VitDisplayLink *self)
{
	int64_t lasted_us = g_get_monotonic_time() - self->connected_since_us;

	if (lasted_us >= LINK_RETRY_MAX_MS * G_TIME_SPAN_MILLISECOND) {
		self->retry_ms = LINK_RETRY_FIRST_MS;
	}
	link_wait(self);
}

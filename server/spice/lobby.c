/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Link messages are looked at without being taken from the socket, as libspice-server reads them
 * itself. A socket that has sent a part of one is readable all the time, so it is not watched but
 * looked at now and then.
 *
 * Sockets are handed on one at a time, with a turn of the loop for everybody else in between: the
 * library makes an RSA key for each, which takes it some 10 ms.
 */
#include "server/spice/lobby.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/fd.h"
#include "server/fd-watch.h"

/* Until a half-sent link message is looked at again, and until room is asked for again. */
#define LOOK_AGAIN_MS 50

typedef struct LobbySocket {
	VitSpiceLobby *lobby;
	int fd;
	VitFdWatch *watch; /* NULL once the link message is there */
	unsigned look_timer, timeout_timer;
	VitSpiceLink link; /* valid without a watch */
} LobbySocket;

struct VitSpiceLobby {
	VitSpiceLobbyOptions options;
	const VitSpiceLobbyEvents *events;
	void *user_data;
	GQueue sockets; /* LobbySocket, owned; the oldest first */
	unsigned hand_on_source, room_timer;
};

static void lobby_schedule(VitSpiceLobby *self);

static void socket_free(LobbySocket *socket)
{
	vit_fd_watch_free(socket->watch);
	g_clear_handle_id(&socket->look_timer, g_source_remove);
	g_clear_handle_id(&socket->timeout_timer, g_source_remove);
	vit_fd_clear(&socket->fd);
	g_free(socket);
}

static void lobby_remove(VitSpiceLobby *self, LobbySocket *socket)
{
	(void)g_queue_remove(&self->sockets, socket);
	socket_free(socket);
}

static void lobby_refuse(VitSpiceLobby *self, LobbySocket *socket, const char *reason)
{
	self->events->refused(self->user_data, socket->fd, reason);
	lobby_remove(self, socket);
}

/* ---- Looking at link messages ---- */

static void socket_look(LobbySocket *socket);

static gboolean on_look_again(void *user_data)
{
	LobbySocket *socket = user_data;

	socket->look_timer = 0;
	socket_look(socket);
	return G_SOURCE_REMOVE;
}

/* It may be freed inside. */
static void socket_look(LobbySocket *socket)
{
	VitSpiceLobby *self = socket->lobby;
	uint8_t bytes[VIT_SPICE_LINK_MAX_BYTES];
	ssize_t n_bytes = recv(socket->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	const char *reason = NULL;

	if (n_bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
		vit_fd_watch_set(socket->watch, G_IO_IN);
		return;
	}
	if (n_bytes <= 0) {
		lobby_refuse(self, socket, "it disconnected");
		return;
	}
	switch (vit_spice_link_read(bytes, (size_t)n_bytes, &socket->link, &reason)) {
	case VIT_SPICE_LINK_INCOMPLETE:
		vit_fd_watch_pause(socket->watch);
		socket->look_timer = g_timeout_add(LOOK_AGAIN_MS, on_look_again, socket);
		break;
	case VIT_SPICE_LINK_COMPLETE:
		g_clear_pointer(&socket->watch, vit_fd_watch_free);
		lobby_schedule(self);
		break;
	case VIT_SPICE_LINK_REFUSED:
		lobby_refuse(self, socket, reason);
		break;
	}
}

static void on_socket_ready(void *user_data, GIOCondition ready)
{
	socket_look(user_data);
}

static gboolean on_socket_timeout(void *user_data)
{
	LobbySocket *socket = user_data;

	socket->timeout_timer = 0;
	lobby_refuse(socket->lobby, socket,
		     socket->watch ? "it did not say what it wants in time"
				   : "too many others want to log in");
	return G_SOURCE_REMOVE;
}

/* ---- Handing on ---- */

static gboolean on_ask_for_room(void *user_data)
{
	VitSpiceLobby *self = user_data;

	self->room_timer = 0;
	lobby_schedule(self);
	return G_SOURCE_REMOVE;
}

/* The next socket that can be handed on: one that joins, or, if there is room, the newest. */
static LobbySocket *lobby_choose(VitSpiceLobby *self)
{
	LobbySocket *newest = NULL;

	for (GList *link = self->sockets.tail; link; link = link->prev) {
		LobbySocket *socket = link->data;

		if (!socket->watch && socket->link.connection_id != 0) {
			return socket;
		}
		if (!socket->watch && !newest) {
			newest = socket;
		}
	}
	if (newest && !self->events->has_room(self->user_data)) {
		if (!self->room_timer) {
			self->room_timer = g_timeout_add(LOOK_AGAIN_MS, on_ask_for_room, self);
		}
		return NULL;
	}
	return newest;
}

static gboolean on_hand_on(void *user_data)
{
	VitSpiceLobby *self = user_data;
	LobbySocket *socket = lobby_choose(self);
	VitSpiceLink link;
	int fd;

	if (!socket) {
		self->hand_on_source = 0;
		return G_SOURCE_REMOVE;
	}
	fd = g_steal_fd(&socket->fd);
	link = socket->link;
	lobby_remove(self, socket);
	if (link.connection_id == 0) {
		self->events->begin(self->user_data, fd);
	} else {
		self->events->join(self->user_data, fd, &link);
	}
	return G_SOURCE_CONTINUE;
}

static void lobby_schedule(VitSpiceLobby *self)
{
	if (!self->hand_on_source) {
		self->hand_on_source = g_idle_add_full(G_PRIORITY_DEFAULT, on_hand_on, self, NULL);
	}
}

/* ---- The lobby ---- */

void vit_spice_lobby_add(VitSpiceLobby *self, int fd)
{
	LobbySocket *socket;

	if (g_queue_get_length(&self->sockets) >= self->options.max_sockets) {
		lobby_refuse(self, g_queue_peek_head(&self->sockets),
			     "too many others came after it");
	}
	socket = g_new0(LobbySocket, 1);
	socket->lobby = self;
	socket->fd = fd;
	socket->watch = vit_fd_watch_new(fd, on_socket_ready, socket);
	vit_fd_watch_set(socket->watch, G_IO_IN);
	socket->timeout_timer = g_timeout_add(self->options.timeout_ms, on_socket_timeout, socket);
	g_queue_push_tail(&self->sockets, socket);
}

unsigned vit_spice_lobby_count(const VitSpiceLobby *self)
{
	return self->sockets.length;
}

VitSpiceLobby *vit_spice_lobby_new(const VitSpiceLobbyOptions *options,
				   const VitSpiceLobbyEvents *events, void *user_data)
{
	VitSpiceLobby *self = g_new0(VitSpiceLobby, 1);

	self->options = *options;
	self->events = events;
	self->user_data = user_data;
	g_queue_init(&self->sockets);
	return self;
}

void vit_spice_lobby_free(VitSpiceLobby *self)
{
	if (!self) {
		return;
	}
	while (!g_queue_is_empty(&self->sockets)) {
		socket_free(g_queue_pop_head(&self->sockets));
	}
	g_clear_handle_id(&self->hand_on_source, g_source_remove);
	g_clear_handle_id(&self->room_timer, g_source_remove);
	g_free(self);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/fd-watch.h"
#include "server/peer-name.h"

/* How many connections are accepted before others on the loop have their turn. */
#define ACCEPTS_AT_ONCE 8
/* How long nothing is accepted after the process ran out of fds, so that the loop does not spin. */
#define PAUSE_MS 200

struct VitListener {
	int fd;
	char *name;
	char *unix_path; /* to be removed; NULL: none */
	VitListenerOwner owner;
	VitFdWatch *watch;
	unsigned pause_timer; /* 0: not armed */
};

static gboolean on_pause_over(void *user_data)
{
	VitListener *self = user_data;

	self->pause_timer = 0;
	vit_fd_watch_set(self->watch, G_IO_IN);
	return G_SOURCE_REMOVE;
}

static void on_listener_ready(void *user_data, GIOCondition ready)
{
	VitListener *self = user_data;

	for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			self->owner.accepted(self->owner.user_data, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			g_warning("A %s viewer cannot be accepted on %s: %s.", self->owner.protocol,
				  self->name, g_strerror(errno));
			vit_fd_watch_pause(self->watch);
			self->pause_timer = g_timeout_add(PAUSE_MS, on_pause_over, self);
		}
		return; /* all else is about one connection that is gone again */
	}
}

/* Takes a listening socket. */
static VitListener *listener_new(int fd, const VitListenerOwner *owner)
{
	VitListener *self = g_new0(VitListener, 1);

	self->fd = fd;
	self->owner = *owner;
	self->watch = vit_fd_watch_new(fd, on_listener_ready, self);
	vit_fd_watch_set(self->watch, G_IO_IN);
	return self;
}

void vit_listener_free(VitListener *self)
{
	if (!self) {
		return;
	}
	g_clear_handle_id(&self->pause_timer, g_source_remove);
	vit_fd_watch_free(self->watch);
	(void)close(self->fd);
	if (self->unix_path) {
		(void)unlink(self->unix_path);
	}
	g_free(self->unix_path);
	g_free(self->name);
	g_free(self);
}

const char *vit_listener_get_name(const VitListener *self)
{
	return self->name;
}

/* @key is that of the address in the owner's group. */
static void listen_failed(const VitListenerOwner *owner, const char *key, const char *name,
			  GError **error)
{
	int reason = errno;

	if (reason == EADDRINUSE) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: another program does already. Stop it, or "
			    "choose another address with [%s] %s.",
			    owner->protocol, name, owner->group, key);
	} else if (reason == EADDRNOTAVAIL) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: this machine does not have that address. "
			    "Check [%s] %s.",
			    owner->protocol, name, owner->group, key);
	} else if (reason == ENOENT) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: its folder does not exist. Make it, or choose "
			    "another path with [%s] %s.",
			    owner->protocol, name, owner->group, key);
	} else if (reason == EACCES || reason == ENOTDIR || reason == EROFS) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: %s. Choose another place with [%s] %s.",
			    owner->protocol, name, g_strerror(reason), owner->group, key);
	} else {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL, "%s cannot listen on %s: %s.",
			    owner->protocol, name, g_strerror(reason));
	}
}

static socklen_t make_tcp_address(const VitAddress *address, struct sockaddr_storage *ret_socket)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret_socket;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret_socket;

	*ret_socket = (struct sockaddr_storage){0};
	if (address->is_ipv6) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(address->port);
		(void)inet_pton(AF_INET6, address->host, &ipv6->sin6_addr);
		return sizeof(*ipv6);
	}
	ipv4->sin_family = AF_INET;
	ipv4->sin_port = htons(address->port);
	(void)inet_pton(AF_INET, address->host, &ipv4->sin_addr);
	return sizeof(*ipv4);
}

VitListener *vit_listener_new_tcp(const VitAddress *address, const VitListenerOwner *owner,
				  GError **error)
{
	struct sockaddr_storage where;
	socklen_t n_bytes = make_tcp_address(address, &where);
	g_autofree char *name = vit_peer_name_of_address((struct sockaddr *)&where, n_bytes);
	VIT_AUTOFD int fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	VitListener *self;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (address->is_ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&where, n_bytes) < 0 || listen(fd, SOMAXCONN) < 0) {
		listen_failed(owner, "listen", name, error);
		return NULL;
	}
	self = listener_new(g_steal_fd(&fd), owner);
	self->name = g_steal_pointer(&name);
	return self;
}

/* Whether somebody answers on the socket. */
static bool is_alive(const struct sockaddr_un *address)
{
	VIT_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* EAGAIN: somebody listens, and its backlog is full. */
	return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	       errno != ECONNREFUSED;
}

/* Removes a socket file that a process left behind when it died. */
static bool remove_stale(const VitListenerOwner *owner, const struct sockaddr_un *address,
			 GError **error)
{
	struct stat status;

	if (lstat(address->sun_path, &status) < 0) {
		return true; /* nothing is there, or bind() will say what is wrong */
	}
	if (!S_ISSOCK(status.st_mode)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: there is a file of that name that is not a "
			    "socket. Remove it, or choose another path with [%s] unix.",
			    owner->protocol, address->sun_path, owner->group);
		return false;
	}
	if (is_alive(address)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: another program does already. Stop it, or "
			    "choose another path with [%s] unix.",
			    owner->protocol, address->sun_path, owner->group);
		return false;
	}
	(void)unlink(address->sun_path);
	return true;
}

/* Binds so that no moment passes in which others could connect. */
static bool bind_private(int fd, const struct sockaddr_un *address)
{
	/* Until it listens nobody can connect; the mode is set before that. */
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	       chmod(address->sun_path, S_IRUSR | S_IWUSR) == 0 && listen(fd, SOMAXCONN) == 0;
}

VitListener *vit_listener_new_unix(const char *path, const VitListenerOwner *owner, GError **error)
{
	VIT_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	VitListener *self;

	if (strlen(path) >= sizeof(address.sun_path)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s cannot listen on %s: the path of a unix socket has at most %zu "
			    "bytes. Choose a shorter one with [%s] unix.",
			    owner->protocol, path, sizeof(address.sun_path) - 1, owner->group);
		return NULL;
	}
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (!remove_stale(owner, &address, error)) {
		return NULL;
	}
	if (fd < 0 || !bind_private(fd, &address)) {
		listen_failed(owner, "unix", path, error);
		return NULL;
	}
	self = listener_new(g_steal_fd(&fd), owner);
	self->name = g_strdup(path);
	self->unix_path = g_strdup(path);
	return self;
}

static bool is_listening_stream(int fd)
{
	int type = 0, listening = 0;
	socklen_t n_bytes = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_bytes) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n_bytes) == 0 && listening;
}

VitListener *vit_listener_new_fd(int fd, const VitListenerOwner *owner, GError **error)
{
	VIT_AUTOFD int owned = fd;
	VitListener *self;

	if (!is_listening_stream(fd) || !g_unix_set_fd_nonblocking(fd, TRUE, NULL)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "File descriptor %d, which was passed in for %s, is not a listening "
			    "stream socket. Check the socket unit: ListenStream=, Accept=no.",
			    fd, owner->protocol);
		return NULL;
	}
	self = listener_new(g_steal_fd(&owned), owner);
	self->name = vit_peer_name_of_socket(self->fd);
	return self;
}

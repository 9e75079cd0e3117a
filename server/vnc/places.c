/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/places.h"

#include "config/error.h"
#include "config/fd.h"
#include "server/peer-name.h"

static bool check_reach(bool insecure, bool is_local, const char *name, GError **error)
{
	if (is_local || insecure) {
		return true;
	}
	g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
		    "VNC on %s can be reached from other machines, and it is not encrypted: listen "
		    "on 127.0.0.1 and let viewers come through a tunnel (ssh -L), or set [vnc] "
		    "insecure = yes to accept that others can listen in.",
		    name);
	return false;
}

bool vit_vnc_places_init(VitVncPlaces *self, const VitVncOptions *options, GError **error)
{
	*self = (VitVncPlaces){
		.listens_tcp = options->listen != NULL,
		.unix_path = g_strdup(options->unix_path),
		.listen_fds = g_memdup2(options->listen_fds, sizeof(int) * options->n_listen_fds),
		.n_listen_fds = options->n_listen_fds,
		.insecure = options->insecure,
	};
	if (!options->listen) {
		return true;
	}
	self->address = *options->listen;
	return check_reach(self->insecure, vit_address_is_loopback(&self->address),
			   self->address.host, error);
}

void vit_vnc_places_clear(VitVncPlaces *self)
{
	for (unsigned i = 0; i < self->n_listen_fds; i++) {
		vit_fd_clear(&self->listen_fds[i]);
	}
	g_free(self->listen_fds);
	g_free(self->unix_path);
}

/* Takes the listener of a place; NULL with *error set: that failed. */
static bool listeners_add(VitVncListeners *self, VitListener *listener, unsigned head)
{
	if (!listener) {
		return false;
	}
	g_assert(self->n_listeners < VIT_VNC_MAX_LISTENERS);
	g_message("VNC of head %u listens on %s.", head, vit_listener_get_name(listener));
	self->listeners[self->n_listeners++] = listener;
	return true;
}

static VitListener *listen_tcp(const VitVncPlaces *places, unsigned head,
			       const VitListenerOwner *owner, GError **error)
{
	VitAddress address = places->address;
	unsigned port = address.port + head;

	if (port > G_MAXUINT16) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "VNC has no port for head %u: %u + %u is above 65535. Choose a lower "
			    "port with [vnc] listen.",
			    head, address.port, head);
		return NULL;
	}
	address.port = (uint16_t)port;
	return vit_listener_new_tcp(&address, owner, error);
}

static VitListener *listen_unix(const VitVncPlaces *places, unsigned head,
				const VitListenerOwner *owner, GError **error)
{
	g_autofree char *path = head == 0 ? g_strdup(places->unix_path)
					  : g_strdup_printf("%s.%u", places->unix_path, head);

	return vit_listener_new_unix(path, owner, error);
}

static VitListener *listen_fd(const VitVncPlaces *places, int fd, const VitListenerOwner *owner,
			      GError **error)
{
	bool is_local = vit_peer_socket_is_local(fd);
	g_autoptr(VitListener) listener = vit_listener_new_fd(fd, owner, error);

	if (!listener ||
	    !check_reach(places->insecure, is_local, vit_listener_get_name(listener), error)) {
		return NULL;
	}
	return g_steal_pointer(&listener);
}

bool vit_vnc_listeners_open(VitVncListeners *self, VitVncPlaces *places, unsigned head,
			    const VitListenerOwner *owner, GError **error)
{
	int fd = head < places->n_listen_fds ? g_steal_fd(&places->listen_fds[head]) : -1;
	bool opened = true;

	if (places->listens_tcp) {
		opened = listeners_add(self, listen_tcp(places, head, owner, error), head);
	}
	if (opened && places->unix_path) {
		opened = listeners_add(self, listen_unix(places, head, owner, error), head);
	}
	if (opened && fd >= 0) {
		opened =
			listeners_add(self, listen_fd(places, g_steal_fd(&fd), owner, error), head);
	}
	vit_fd_clear(&fd);
	if (!opened) {
		vit_vnc_listeners_close(self);
	}
	return opened;
}

void vit_vnc_listeners_close(VitVncListeners *self)
{
	while (self->n_listeners > 0) {
		vit_listener_free(self->listeners[--self->n_listeners]);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A slot is an engine and the number of an fd. While the engine is closed, the number is kept from
 * others by a duplicate of /dev/null; opening puts a socket in its place (dup3 is atomic), closing
 * puts /dev/null back. Where the library closed the socket itself the number may meanwhile be
 * somebody else's: then a new one is looked for.
 */
#include "server/vnc/engine-pool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/vnc/rfb-protocol.h"

struct VitEngineSlot {
	VitRfbEngine *engine;
	int null_fd;     /* the pool's /dev/null */
	int reserved_fd; /* -1: no low number was free */
	bool is_open;
	bool is_taken;
};

struct VitEnginePool {
	VitEngineSlot *slots;
	unsigned n_slots;
	int null_fd;
};

/* Returns false where no number below FD_SETSIZE is free. */
static bool slot_reserve(VitEngineSlot *self)
{
	VIT_AUTOFD int fd = fcntl(self->null_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || fd >= (int)FD_SETSIZE) {
		return false;
	}
	self->reserved_fd = g_steal_fd(&fd);
	return true;
}

static bool slot_init(VitEngineSlot *self, int null_fd, GError **error)
{
	self->null_fd = null_fd;
	self->reserved_fd = -1;
	self->engine = vit_rfb_engine_new(error);
	if (!self->engine) {
		return false;
	}
	if (!slot_reserve(self)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "No file descriptor below %d is free for VNC viewers: raise the limit "
			    "of open files, or lower [vnc] max-clients.",
			    (int)FD_SETSIZE);
		return false;
	}
	return true;
}

static void slot_clear(VitEngineSlot *self)
{
	g_assert(!self->is_taken);
	vit_rfb_engine_free(self->engine);
	vit_fd_clear(&self->reserved_fd);
}

/* Uses one engine once, so that the library's globals are initialized before threads come. */
static bool pool_warm_up(VitEnginePool *self, GError **error)
{
	static const int32_t encodings[] = {VIT_RFB_ENCODING_TIGHT, VIT_RFB_PSEUDO_LAST_RECT};
	VIT_AUTOFD int peer = -1;
	pixman_region32_t pixels;
	g_autoptr(GByteArray) none = g_byte_array_new();
	VitEngineSlot *slot = &self->slots[0];
	VitRfbEngine *engine = slot->engine;
	bool worked;

	if (!vit_engine_slot_open(slot, &peer, error)) {
		return false;
	}
	pixman_region32_init_rect(&pixels, 0, 0, 16, 16);
	worked = vit_rfb_engine_set_pixel_format(engine, &vit_rfb_engine_format) &&
		 vit_rfb_engine_set_encodings(engine, encodings, G_N_ELEMENTS(encodings)) &&
		 vit_rfb_engine_send_update(engine, none, 0, &pixels);
	pixman_region32_fini(&pixels);
	vit_engine_slot_close(slot);
	if (!worked) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "libvncserver did not encode its first picture.");
	}
	return worked;
}

VitEnginePool *vit_engine_pool_new(unsigned n_engines, GError **error)
{
	g_autoptr(VitEnginePool) self = g_new0(VitEnginePool, 1);

	g_assert(n_engines > 0);
	self->slots = g_new0(VitEngineSlot, n_engines);
	self->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (self->null_fd < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL, "/dev/null cannot be opened: %s.",
			    g_strerror(errno));
		return NULL;
	}
	while (self->n_slots < n_engines) {
		if (!slot_init(&self->slots[self->n_slots++], self->null_fd, error)) {
			return NULL;
		}
	}
	return pool_warm_up(self, error) ? g_steal_pointer(&self) : NULL;
}

void vit_engine_pool_free(VitEnginePool *self)
{
	if (self) {
		for (unsigned i = 0; i < self->n_slots; i++) {
			slot_clear(&self->slots[i]);
		}
		g_free(self->slots);
		vit_fd_clear(&self->null_fd);
		g_free(self);
	}
}

VitEngineSlot *vit_engine_pool_take(VitEnginePool *self, GError **error)
{
	for (unsigned i = 0; i < self->n_slots; i++) {
		VitEngineSlot *slot = &self->slots[i];

		if (!slot->is_taken) {
			slot->is_taken = true;
			return slot;
		}
	}
	g_set_error(error, VIT_ERROR, VIT_ERROR_BUSY, "All places for viewers are taken.");
	return NULL;
}

void vit_engine_pool_give_back(VitEnginePool *self, VitEngineSlot *slot)
{
	g_assert(slot >= self->slots && slot < self->slots + self->n_slots);
	g_assert(slot->is_taken && !slot->is_open);
	slot->is_taken = false;
}

VitRfbEngine *vit_engine_slot_get_engine(VitEngineSlot *self)
{
	return self->engine;
}

/* Returns a pair of sockets of which the second has the reserved number. */
static bool slot_make_pair(VitEngineSlot *self, int ret_pair[static 2])
{
	int pair[2];

	if ((self->reserved_fd < 0 && !slot_reserve(self)) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		return false;
	}
	if (dup3(pair[1], self->reserved_fd, O_CLOEXEC) < 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return false;
	}
	(void)close(pair[1]);
	ret_pair[0] = pair[0];
	ret_pair[1] = g_steal_fd(&self->reserved_fd);
	return true;
}

bool vit_engine_slot_open(VitEngineSlot *self, int *ret_peer, GError **error)
{
	int pair[2];

	if (!slot_make_pair(self, pair)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "There is no file descriptor left for a viewer (%s): raise the limit "
			    "of open files.",
			    g_strerror(errno));
		return false;
	}
	self->is_open = vit_rfb_engine_open(self->engine, pair[1], pair[0], error);
	if (!self->is_open) {
		(void)close(pair[0]);
		(void)slot_reserve(self);
		return false;
	}
	*ret_peer = pair[0];
	return true;
}

void vit_engine_slot_close(VitEngineSlot *self)
{
	int socket;

	if (!self->is_open) {
		return;
	}
	self->is_open = false;
	socket = vit_rfb_engine_close(self->engine);
	if (socket < 0) {
		(void)slot_reserve(self);
	} else if (dup3(self->null_fd, socket, O_CLOEXEC) == socket) {
		self->reserved_fd = socket;
	} else {
		(void)close(socket);
	}
}

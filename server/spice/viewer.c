/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A server and its sockets. Of each socket a second fd is kept, because libspice-server has no call
 * that ends one: shutdown(2) does. It is let go when the library says that it has closed its own,
 * else the other end would not hear of that; which socket that is about shows by the pointer that
 * comes with all events of one socket.
 *
 * The end: every socket is shut down, which those that live on the loop are made to notice at once.
 * Those that are in the middle of their link message would otherwise outlive the server, and use
 * it. Then the server is destroyed, and its worker threads with it.
 */
#include "server/spice/viewer.h"

#include <fcntl.h>
#include <spice.h>
#include <spice/enums.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/peer-name.h"
#include "server/spice/core.h"
#include "server/spice/devices.h"
#include "server/spice/screen.h"

/* A viewer has to have logged in by then. */
#define LOG_IN_S 5
/* Sockets of a viewer beside two for each head: main, inputs, and some that come and go. */
#define SPARE_SOCKETS 8
/* A viewer that has not acknowledged a draw for so long is called paused. */
#define PAUSED_US (1 * G_USEC_PER_SEC)
/* What may be waiting to be read when a socket is shut down is dealt with in this many steps. */
#define MAX_END_STEPS 16

typedef enum VitSpiceViewerState {
	VIT_SPICE_VIEWER_HALF_OPEN,
	VIT_SPICE_VIEWER_LOGGED_IN,
	VIT_SPICE_VIEWER_CLOSED,
} VitSpiceViewerState;

typedef struct ViewerSocket {
	int fd;                            /* a second one; -1: there was none left */
	const SpiceChannelEventInfo *info; /* only to be compared */
} ViewerSocket;

/* What the viewer is shown of one head. */
typedef struct ViewerScreen {
	VitSpiceViewer *viewer;
	const VitSpiceHead *head;
	VitSpiceQxl *qxl;
	VitSpiceScreen *screen;
	bool is_new;    /* a display channel has come, which has nothing of it */
	bool is_paused; /* and that was logged */
} ViewerScreen;

struct VitSpiceViewer {
	const VitSpiceShared *shared;
	VitSpiceViewerState state;
	char *name;
	int64_t since_us;
	uint32_t connection_id; /* valid once logged in */
	SpiceServer *server;
	VitSpiceCore *core;
	VitSpiceDevices *devices;
	GPtrArray *sockets;   /* ViewerSocket, owned */
	ViewerSocket *adding; /* the one that is being given to the library; NULL: none */
	GPtrArray *screens;   /* ViewerScreen, owned */
	unsigned log_in_timer, redraw_source, gone_source; /* 0: none */
};

static void viewer_log(const VitSpiceViewer *self, GLogLevelFlags level, const char *text)
{
	g_log_structured(G_LOG_DOMAIN, level, "VIT_FRONTEND", "spice", "VIT_CLIENT", self->name,
			 "MESSAGE", "SPICE viewer %s %s", self->name, text);
}

/* ---- The end ---- */

static void socket_free(void *pointer)
{
	ViewerSocket *socket = pointer;

	if (socket->fd >= 0) {
		(void)shutdown(socket->fd, SHUT_RDWR);
	}
	vit_fd_clear(&socket->fd);
	g_free(socket);
}

static void viewer_shut_down_sockets(VitSpiceViewer *self)
{
	for (unsigned i = 0; i < self->sockets->len; i++) {
		ViewerSocket *socket = self->sockets->pdata[i];

		if (socket->fd >= 0) {
			(void)shutdown(socket->fd, SHUT_RDWR);
		}
	}
}

static gboolean on_viewer_gone(void *user_data)
{
	VitSpiceViewer *self = user_data;

	self->gone_source = 0;
	self->shared->gone(self->shared->user_data, self);
	return G_SOURCE_REMOVE;
}

static void viewer_log_end(const VitSpiceViewer *self, const char *reason)
{
	g_autofree char *text = NULL;
	unsigned n_left_out = 0;

	if (self->state == VIT_SPICE_VIEWER_LOGGED_IN) {
		text = g_strdup_printf("left: %s.", reason);
	} else if (!vit_log_limit_allows(self->shared->refusals, g_get_monotonic_time(),
					 &n_left_out)) {
		return;
	} else if (n_left_out > 0) {
		text = g_strdup_printf("was not let in: %s (and %u others before).", reason,
				       n_left_out);
	} else {
		text = g_strdup_printf("was not let in: %s.", reason);
	}
	viewer_log(self, G_LOG_LEVEL_MESSAGE, text);
}

void vit_spice_viewer_close(VitSpiceViewer *self, const char *reason)
{
	if (self->state == VIT_SPICE_VIEWER_CLOSED) {
		return;
	}
	viewer_log_end(self, reason);
	self->state = VIT_SPICE_VIEWER_CLOSED;
	g_clear_handle_id(&self->log_in_timer, g_source_remove);
	viewer_shut_down_sockets(self);
	self->gone_source = g_idle_add_full(G_PRIORITY_DEFAULT, on_viewer_gone, self, NULL);
}

/*
 * First the sockets that live on the loop end, and with the main channel those of the displays and
 * cursors, for which the library waits; then no draw is out any more.
 */
static void viewer_destroy_server(VitSpiceViewer *self)
{
	VitSpiceCore *previous;

	viewer_shut_down_sockets(self);
	for (unsigned i = 0; i < MAX_END_STEPS && self->sockets->len > 0; i++) {
		vit_spice_core_wake_readers(self->core);
	}
	for (unsigned i = 0; i < self->screens->len; i++) {
		vit_spice_qxl_stop(((ViewerScreen *)self->screens->pdata[i])->qxl);
	}
	previous = vit_spice_core_enter(self->core);
	spice_server_destroy(self->server);
	vit_spice_core_leave(previous);
}

static void screen_free(void *pointer)
{
	ViewerScreen *screen = pointer;

	vit_spice_screen_free(screen->screen);
	vit_spice_qxl_free(screen->qxl);
	g_free(screen);
}

void vit_spice_viewer_free(VitSpiceViewer *self)
{
	if (!self) {
		return;
	}
	self->state = VIT_SPICE_VIEWER_CLOSED;
	g_clear_handle_id(&self->log_in_timer, g_source_remove);
	g_clear_handle_id(&self->redraw_source, g_source_remove);
	g_clear_handle_id(&self->gone_source, g_source_remove);
	if (self->server) {
		viewer_destroy_server(self);
	}
	vit_spice_devices_free(self->devices); /* tells heads what it releases */
	g_ptr_array_unref(self->screens);
	g_ptr_array_unref(self->sockets);
	vit_spice_core_free(self->core);
	g_free(self->name);
	g_free(self);
}

/* ---- Channel events ---- */

static ViewerSocket *viewer_find_socket(const VitSpiceViewer *self,
					const SpiceChannelEventInfo *info)
{
	for (unsigned i = 0; i < self->sockets->len; i++) {
		ViewerSocket *socket = self->sockets->pdata[i];

		if (socket->info == info) {
			return socket;
		}
	}
	return NULL;
}

static gboolean on_viewer_redraw(void *user_data)
{
	VitSpiceViewer *self = user_data;

	self->redraw_source = 0;
	for (unsigned i = 0; i < self->screens->len; i++) {
		ViewerScreen *screen = self->screens->pdata[i];

		if (screen->is_new) {
			screen->is_new = false;
			vit_spice_screen_redraw(screen->screen);
		}
	}
	return G_SOURCE_REMOVE;
}

/* The channel itself gets its socket only after this event; a draw has to come later still. */
static void viewer_note_display(VitSpiceViewer *self, unsigned id)
{
	for (unsigned i = 0; i < self->screens->len; i++) {
		ViewerScreen *screen = self->screens->pdata[i];

		screen->is_new |= screen->head->index == id;
	}
	if (!self->redraw_source) {
		self->redraw_source =
			g_idle_add_full(G_PRIORITY_DEFAULT, on_viewer_redraw, self, NULL);
	}
}

static void viewer_note_log_in(VitSpiceViewer *self, uint32_t connection_id)
{
	if (self->state != VIT_SPICE_VIEWER_HALF_OPEN) {
		return;
	}
	self->state = VIT_SPICE_VIEWER_LOGGED_IN;
	self->connection_id = connection_id;
	g_clear_handle_id(&self->log_in_timer, g_source_remove);
	viewer_log(self, G_LOG_LEVEL_MESSAGE, "connected.");
	self->shared->logged_in(self->shared->user_data, self);
}

static void viewer_note_linked(VitSpiceViewer *self, const SpiceChannelEventInfo *info)
{
	if (info->type == SPICE_CHANNEL_MAIN) {
		viewer_note_log_in(self, (uint32_t)info->connection_id);
	} else if (info->type == SPICE_CHANNEL_DISPLAY) {
		viewer_note_display(self, (unsigned)info->id);
	}
}

static void viewer_note_disconnected(VitSpiceViewer *self, const SpiceChannelEventInfo *info)
{
	ViewerSocket *socket = viewer_find_socket(self, info);

	if (socket) {
		(void)g_ptr_array_remove_fast(self->sockets, socket);
	}
	if (info->type == SPICE_CHANNEL_MAIN || self->sockets->len == 0) {
		vit_spice_viewer_close(self, "it disconnected");
	}
}

static void on_channel_event(void *user_data, int event, const SpiceChannelEventInfo *info)
{
	VitSpiceViewer *self = user_data;

	switch (event) {
	case SPICE_CHANNEL_EVENT_CONNECTED:
		if (self->adding) {
			self->adding->info = info;
		}
		break;
	case SPICE_CHANNEL_EVENT_INITIALIZED:
		viewer_note_linked(self, info);
		break;
	case SPICE_CHANNEL_EVENT_DISCONNECTED:
		viewer_note_disconnected(self, info);
		break;
	default:
		break;
	}
}

/* ---- Screens ---- */

static void on_screen_draw_done(void *user_data)
{
	ViewerScreen *screen = user_data;

	if (screen->is_paused) {
		screen->is_paused = false;
		viewer_log(screen->viewer, G_LOG_LEVEL_INFO, "shows pictures again.");
	}
	vit_spice_screen_draw_done(screen->screen);
}

static void on_screen_size_wished(void *user_data, uint32_t width, uint32_t height)
{
	ViewerScreen *screen = user_data;

	screen->head->host->set_size(screen->head->host_data, width, height);
}

static const VitSpiceQxlEvents viewer_qxl_events = {
	.draw_done = on_screen_draw_done,
	.size_wished = on_screen_size_wished,
};

static bool viewer_add_screen(VitSpiceViewer *self, const VitSpiceHead *head, GError **error)
{
	ViewerScreen *screen = g_new0(ViewerScreen, 1);
	const VitSpiceQxlPlace place = {
		.server = self->server,
		.core = self->core,
		.id = head->index,
	};

	screen->viewer = self;
	screen->head = head;
	screen->qxl = vit_spice_qxl_new(&place, &viewer_qxl_events, screen, error);
	if (!screen->qxl) {
		g_free(screen);
		return false;
	}
	screen->screen = vit_spice_screen_new(screen->qxl);
	g_ptr_array_add(self->screens, screen);
	if (head->shown) {
		vit_spice_screen_scanout(screen->screen, head->shown);
	}
	if (head->cursor) {
		vit_spice_qxl_set_cursor(screen->qxl, head->cursor, &head->cursor_place);
	}
	return true;
}

static ViewerScreen *viewer_find_screen(const VitSpiceViewer *self, const VitSpiceHead *head)
{
	for (unsigned i = 0; i < self->screens->len; i++) {
		ViewerScreen *screen = self->screens->pdata[i];

		if (screen->head == head) {
			return screen;
		}
	}
	return NULL;
}

void vit_spice_viewer_add_head(VitSpiceViewer *self, const VitSpiceHead *head)
{
	g_autoptr(GError) error = NULL;
	VitSpiceCore *previous;

	if (!viewer_add_screen(self, head, &error)) {
		viewer_log(self, G_LOG_LEVEL_WARNING, error->message);
		return;
	}
	previous = vit_spice_core_enter(self->core);
	spice_server_vm_start(self->server);
	vit_spice_core_leave(previous);
}

void vit_spice_viewer_scanout(VitSpiceViewer *self, const VitSpiceHead *head)
{
	ViewerScreen *screen = viewer_find_screen(self, head);

	if (screen && self->state != VIT_SPICE_VIEWER_CLOSED) {
		vit_spice_screen_scanout(screen->screen, head->shown);
	}
}

void vit_spice_viewer_frame(VitSpiceViewer *self, const VitSpiceHead *head, VitFrame *frame)
{
	ViewerScreen *screen = viewer_find_screen(self, head);

	if (!screen || self->state == VIT_SPICE_VIEWER_CLOSED) {
		return;
	}
	if (!screen->is_paused &&
	    vit_spice_screen_get_wait_us(screen->screen, g_get_monotonic_time()) > PAUSED_US) {
		screen->is_paused = true;
		viewer_log(self, G_LOG_LEVEL_INFO,
			   "has not shown a picture for a second, and gets no more until it does.");
	}
	vit_spice_screen_frame(screen->screen, frame);
}

void vit_spice_viewer_cursor(VitSpiceViewer *self, const VitSpiceHead *head)
{
	ViewerScreen *screen = viewer_find_screen(self, head);

	if (screen && self->state != VIT_SPICE_VIEWER_CLOSED) {
		vit_spice_qxl_set_cursor(screen->qxl, head->cursor, &head->cursor_place);
	}
}

void vit_spice_viewer_cursor_moved(VitSpiceViewer *self, const VitSpiceHead *head)
{
	ViewerScreen *screen = viewer_find_screen(self, head);

	if (screen && self->state != VIT_SPICE_VIEWER_CLOSED) {
		vit_spice_qxl_move_cursor(screen->qxl, &head->cursor_place);
	}
}

/* ---- Keyboard and pointer ---- */

static void on_devices_input(void *user_data, unsigned index, const VitInput *input)
{
	VitSpiceViewer *self = user_data;

	for (unsigned i = 0; i < self->screens->len; i++) {
		const VitSpiceHead *head = ((ViewerScreen *)self->screens->pdata[i])->head;

		if (head->index == index) {
			head->host->input(head->host_data, input);
		}
	}
}

void vit_spice_viewer_pointer_mode(VitSpiceViewer *self, bool absolute)
{
	VitSpiceCore *previous = vit_spice_core_enter(self->core);

	vit_spice_devices_set_absolute(self->devices, absolute);
	vit_spice_core_leave(previous);
}

void vit_spice_viewer_leds(VitSpiceViewer *self, unsigned leds)
{
	VitSpiceCore *previous = vit_spice_core_enter(self->core);

	vit_spice_devices_set_leds(self->devices, leds);
	vit_spice_core_leave(previous);
}

/* ---- The beginning ---- */

static gboolean on_log_in_overdue(void *user_data)
{
	VitSpiceViewer *self = user_data;

	self->log_in_timer = 0;
	vit_spice_viewer_close(self, "it did not log in in time");
	return G_SOURCE_REMOVE;
}

void vit_spice_viewer_add_socket(VitSpiceViewer *self, int fd)
{
	VitSpiceCore *previous;
	ViewerSocket *socket;

	if (self->state == VIT_SPICE_VIEWER_CLOSED ||
	    self->sockets->len >= 2 * self->screens->len + SPARE_SOCKETS) {
		(void)close(fd);
		return;
	}
	socket = g_new0(ViewerSocket, 1);
	socket->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	g_ptr_array_add(self->sockets, socket);
	self->adding = socket;
	previous = vit_spice_core_enter(self->core);
	/* On failure there was no event, and the fd is ours still. */
	if (socket->fd < 0 || spice_server_add_client(self->server, fd, FALSE) < 0) {
		(void)g_ptr_array_remove_fast(self->sockets, socket);
		(void)close(fd);
	}
	vit_spice_core_leave(previous);
	self->adding = NULL;
}

static bool viewer_init_server(VitSpiceViewer *self, GError **error)
{
	SpiceServer *server = spice_server_new();

	(void)spice_server_set_noauth(server);
	(void)spice_server_set_agent_copypaste(server, FALSE);
	(void)spice_server_set_agent_file_xfer(server, FALSE);
	(void)spice_server_set_streaming_video(server, SPICE_STREAM_VIDEO_OFF);
	if (self->shared->name) {
		spice_server_set_name(server, self->shared->name);
	}
	if (spice_server_init(server, vit_spice_core_get_interface()) != 0) {
		/* It is in no state to be destroyed. */
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_INTERNAL,
				    "libspice-server does not start.");
		return false;
	}
	self->server = server;
	return true;
}

static bool viewer_start(VitSpiceViewer *self, GError **error)
{
	if (!vit_spice_devices_add(self->devices, self->server, error)) {
		return false;
	}
	for (unsigned i = 0; i < self->shared->heads->len; i++) {
		if (!viewer_add_screen(self, self->shared->heads->pdata[i], error)) {
			return false;
		}
	}
	if (self->shared->heads->len > 0) {
		const VitSpiceHead *first = self->shared->heads->pdata[0];

		vit_spice_devices_set_absolute(self->devices, first->absolute);
		vit_spice_devices_set_leds(self->devices, first->leds);
	}
	spice_server_vm_start(self->server);
	return true;
}

VitSpiceViewer *vit_spice_viewer_new(int fd, const VitSpiceShared *shared, GError **error)
{
	VitSpiceViewer *self = g_new0(VitSpiceViewer, 1);
	VitSpiceCore *previous;
	bool started;

	self->shared = shared;
	self->name = vit_peer_name_of_peer(fd);
	self->since_us = g_get_monotonic_time();
	self->sockets = g_ptr_array_new_with_free_func(socket_free);
	self->screens = g_ptr_array_new_with_free_func(screen_free);
	self->devices = vit_spice_devices_new(on_devices_input, self);
	self->core = vit_spice_core_new(on_channel_event, self);
	previous = vit_spice_core_enter(self->core);
	started = viewer_init_server(self, error) && viewer_start(self, error);
	vit_spice_core_leave(previous);
	if (!started) {
		(void)close(fd);
		vit_spice_viewer_free(self);
		return NULL;
	}
	self->log_in_timer = g_timeout_add_seconds(LOG_IN_S, on_log_in_overdue, self);
	vit_spice_viewer_add_socket(self, fd);
	return self;
}

const char *vit_spice_viewer_get_name(const VitSpiceViewer *self)
{
	return self->name;
}

bool vit_spice_viewer_is_logged_in(const VitSpiceViewer *self)
{
	return self->state == VIT_SPICE_VIEWER_LOGGED_IN;
}

bool vit_spice_viewer_is_half_open(const VitSpiceViewer *self)
{
	return self->state == VIT_SPICE_VIEWER_HALF_OPEN;
}

int64_t vit_spice_viewer_get_since_us(const VitSpiceViewer *self)
{
	return self->since_us;
}

bool vit_spice_viewer_owns(const VitSpiceViewer *self, uint32_t connection_id)
{
	return self->state == VIT_SPICE_VIEWER_LOGGED_IN && self->connection_id == connection_id;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The SPICE front-end: the listener, the heads and the viewers. Here it is decided who is let in. A
 * viewer that has not logged in costs a server and a thread, so there are few of them at a time,
 * counted apart from the viewers; one that takes its time gives way to those who wait.
 */
#include "server/spice/spice.h"

#include <spice/enums.h>
#include <unistd.h>

#include "server/listener.h"
#include "server/peer-name.h"
#include "server/slate.h"
#include "server/spice/lobby.h"
#include "server/spice/screen.h"
#include "server/spice/viewer.h"

/* Viewers that have not logged in. */
#define MAX_HALF_OPEN 4
/* How long one of them is left alone although others wait. */
#define LOG_IN_GRACE_US (250 * 1000)

static const VitSpiceLobbyOptions lobby_options = {
	.max_sockets = 64,
	.timeout_ms = 5000,
};

typedef struct VitSpice {
	VitFrontend base;
	VitSpiceShared shared;
	VitLogLimit refusals;
	char *unix_path;
	unsigned max_clients;
	char *name; /* of the VM; NULL: not known */
	VitListener *listener;
	VitSpiceLobby *lobby;
	GPtrArray *heads;   /* VitSpiceHead, owned */
	GPtrArray *viewers; /* VitSpiceViewer, owned; oldest first */
} VitSpice;

static VitSpice *spice_of(VitFrontend *base)
{
	return (VitSpice *)(void *)base;
}

/* ---- Who is let in ---- */

static unsigned spice_count_logged_in(const VitSpice *self)
{
	unsigned n = 0;

	for (unsigned i = 0; i < self->viewers->len; i++) {
		n += vit_spice_viewer_is_logged_in(self->viewers->pdata[i]);
	}
	return n;
}

static bool on_lobby_has_room(void *user_data)
{
	VitSpice *self = user_data;
	VitSpiceViewer *oldest = NULL;
	unsigned n_half_open = 0;

	for (unsigned i = self->viewers->len; i > 0; i--) {
		if (vit_spice_viewer_is_half_open(self->viewers->pdata[i - 1])) {
			oldest = self->viewers->pdata[i - 1];
			n_half_open++;
		}
	}
	if (n_half_open < MAX_HALF_OPEN) {
		return true;
	}
	if (g_get_monotonic_time() - vit_spice_viewer_get_since_us(oldest) < LOG_IN_GRACE_US) {
		return false;
	}
	vit_spice_viewer_close(oldest, "it took its time to log in while others waited");
	return true;
}

static void spice_log_refusal(VitSpice *self, int fd, const char *reason)
{
	g_autofree char *peer = NULL;
	unsigned n_left_out;

	if (!vit_log_limit_allows(&self->refusals, g_get_monotonic_time(), &n_left_out)) {
		return;
	}
	peer = vit_peer_name_of_peer(fd);
	g_message("SPICE viewer %s was not let in: %s%s.", peer, reason,
		  n_left_out > 0 ? " (as were others before)" : "");
}

static void on_lobby_refused(void *user_data, int fd, const char *reason)
{
	spice_log_refusal(user_data, fd, reason);
}

static void on_lobby_begin(void *user_data, int fd)
{
	VitSpice *self = user_data;
	g_autoptr(GError) error = NULL;
	VitSpiceViewer *viewer;

	if (spice_count_logged_in(self) >= self->max_clients) {
		spice_log_refusal(self, fd,
				  "as many are connected as are allowed ([spice] max-clients)");
		(void)close(fd);
		return;
	}
	viewer = vit_spice_viewer_new(fd, &self->shared, &error);
	if (!viewer) {
		g_warning("A SPICE viewer cannot be let in: %s", error->message);
		return;
	}
	g_ptr_array_add(self->viewers, viewer);
}

static VitSpiceViewer *spice_find_viewer(VitSpice *self, uint32_t connection_id)
{
	for (unsigned i = 0; i < self->viewers->len; i++) {
		if (vit_spice_viewer_owns(self->viewers->pdata[i], connection_id)) {
			return self->viewers->pdata[i];
		}
	}
	return NULL;
}

static void on_lobby_join(void *user_data, int fd, const VitSpiceLink *link)
{
	VitSpice *self = user_data;
	VitSpiceViewer *viewer = spice_find_viewer(self, link->connection_id);

	if (!viewer) {
		spice_log_refusal(self, fd, "its session is over, or was never there");
		(void)close(fd);
	} else if (link->channel_type == SPICE_CHANNEL_DISPLAY && !link->takes_buffers) {
		vit_spice_viewer_close(viewer, "it cannot show the guest's buffers (GL scanout)");
		(void)close(fd);
	} else {
		vit_spice_viewer_add_socket(viewer, fd);
	}
}

static const VitSpiceLobbyEvents spice_lobby_events = {
	.has_room = on_lobby_has_room,
	.begin = on_lobby_begin,
	.join = on_lobby_join,
	.refused = on_lobby_refused,
};

/* Two may have been in their handshake when there was one place left. */
static void on_viewer_logged_in(void *user_data, VitSpiceViewer *viewer)
{
	VitSpice *self = user_data;

	if (spice_count_logged_in(self) > self->max_clients) {
		vit_spice_viewer_close(viewer, "as many are connected as are allowed ([spice] "
					       "max-clients)");
	}
}

static void on_viewer_gone(void *user_data, VitSpiceViewer *viewer)
{
	VitSpice *self = user_data;

	(void)g_ptr_array_remove(self->viewers, viewer);
}

static void on_accepted(void *user_data, int fd)
{
	VitSpice *self = user_data;

	vit_spice_lobby_add(self->lobby, fd);
}

/* ---- Heads ---- */

static void head_free(void *pointer)
{
	VitSpiceHead *head = pointer;

	vit_buffer_unref(head->guest);
	vit_buffer_unref(head->shown);
	vit_cursor_unref(head->cursor);
	g_free(head->refusal);
	g_free(head);
}

static VitSpiceHead *spice_find_head(VitSpice *self, unsigned index)
{
	for (unsigned i = 0; i < self->heads->len; i++) {
		VitSpiceHead *head = self->heads->pdata[i];

		if (head->index == index) {
			return head;
		}
	}
	g_assert_not_reached();
}

static void head_log(VitSpiceHead *self, const char *text)
{
	unsigned n_left_out;

	if (vit_log_limit_allows(&self->refusals, g_get_monotonic_time(), &n_left_out)) {
		g_message("Head %u: %s", self->index, text);
	}
}

/* Shows a slate in place of the guest's buffer, unless it is there already. */
static void head_refuse(VitSpiceHead *self, const GError *reason)
{
	g_autoptr(GError) error = NULL;
	uint32_t width = vit_buffer_get_width(self->guest);
	uint32_t height = vit_buffer_get_height(self->guest);
	VitBuffer *slate;

	if (g_strcmp0(self->refusal, reason->message) == 0 &&
	    vit_buffer_get_width(self->shown) == width &&
	    vit_buffer_get_height(self->shown) == height) {
		return;
	}
	slate = vit_slate_new(width, height, "This picture cannot be shown", reason->message,
			      &error);
	head_log(self, slate ? reason->message : error->message);
	if (slate) {
		vit_buffer_unref(self->shown);
		self->shown = slate;
		g_free(self->refusal);
		self->refusal = g_strdup(reason->message);
	}
}

/* Chooses what viewers are shown of another buffer. */
static void head_choose(VitSpiceHead *self, VitBuffer *buffer)
{
	g_autoptr(GError) reason = NULL;

	vit_buffer_ref(buffer);
	vit_buffer_unref(self->guest);
	self->guest = buffer;
	if (!vit_spice_screen_can_show(buffer, &reason)) {
		head_refuse(self, reason);
		return;
	}
	vit_buffer_ref(buffer);
	vit_buffer_unref(self->shown);
	self->shown = buffer;
	g_clear_pointer(&self->refusal, g_free);
}

static void spice_scanout(VitFrontend *base, unsigned index, VitBuffer *buffer)
{
	VitSpice *self = spice_of(base);
	VitSpiceHead *head = spice_find_head(self, index);

	head_choose(head, buffer);
	for (unsigned i = 0; head->shown && i < self->viewers->len; i++) {
		vit_spice_viewer_scanout(self->viewers->pdata[i], head);
	}
}

static void spice_frame(VitFrontend *base, unsigned index, VitFrame *frame)
{
	VitSpice *self = spice_of(base);
	VitSpiceHead *head = spice_find_head(self, index);
	VitBuffer *buffer = vit_frame_get_buffer(frame);
	VitBuffer *shown_before = head->shown;

	if (buffer != head->guest) {
		head_choose(head, buffer);
	}
	for (unsigned i = 0; i < self->viewers->len; i++) {
		if (head->shown == buffer) {
			vit_spice_viewer_frame(self->viewers->pdata[i], head, frame);
		} else if (head->shown != shown_before) {
			vit_spice_viewer_scanout(self->viewers->pdata[i], head);
		}
	}
}

static bool spice_add_head(VitFrontend *base, unsigned index, const VitHost *host, void *host_data,
			   GError **error)
{
	VitSpice *self = spice_of(base);
	VitSpiceHead *head = g_new0(VitSpiceHead, 1);

	head->index = index;
	head->host = host;
	head->host_data = host_data;
	head->absolute = true;
	g_ptr_array_add(self->heads, head);
	for (unsigned i = 0; i < self->viewers->len; i++) {
		vit_spice_viewer_add_head(self->viewers->pdata[i], head);
	}
	return true;
}

static void spice_cursor(VitFrontend *base, unsigned index, VitCursor *cursor)
{
	VitSpice *self = spice_of(base);
	VitSpiceHead *head = spice_find_head(self, index);

	g_clear_pointer(&head->cursor, vit_cursor_unref);
	head->cursor = cursor ? vit_cursor_ref(cursor) : NULL;
	for (unsigned i = 0; i < self->viewers->len; i++) {
		vit_spice_viewer_cursor(self->viewers->pdata[i], head);
	}
}

static void spice_cursor_moved(VitFrontend *base, unsigned index, int32_t x, int32_t y,
			       bool visible)
{
	VitSpice *self = spice_of(base);
	VitSpiceHead *head = spice_find_head(self, index);

	head->cursor_place = (VitSpiceCursorPlace){.x = x, .y = y, .visible = visible};
	for (unsigned i = 0; i < self->viewers->len; i++) {
		vit_spice_viewer_cursor_moved(self->viewers->pdata[i], head);
	}
}

static void spice_leds(VitFrontend *base, unsigned index, unsigned leds)
{
	VitSpice *self = spice_of(base);

	spice_find_head(self, index)->leds = leds;
	for (unsigned i = 0; index == 0 && i < self->viewers->len; i++) {
		vit_spice_viewer_leds(self->viewers->pdata[i], leds);
	}
}

static void spice_pointer_mode(VitFrontend *base, unsigned index, bool absolute)
{
	VitSpice *self = spice_of(base);

	spice_find_head(self, index)->absolute = absolute;
	for (unsigned i = 0; index == 0 && i < self->viewers->len; i++) {
		vit_spice_viewer_pointer_mode(self->viewers->pdata[i], absolute);
	}
}

/* ---- The rest of the seam ---- */

static void spice_stop(VitFrontend *base)
{
	VitSpice *self = spice_of(base);

	g_clear_pointer(&self->listener, vit_listener_free);
	g_clear_pointer(&self->lobby, vit_spice_lobby_free);
	for (unsigned i = 0; i < self->viewers->len; i++) {
		vit_spice_viewer_close(self->viewers->pdata[i], "the server stops");
	}
	g_ptr_array_set_size(self->viewers, 0);
}

static bool spice_start(VitFrontend *base, GError **error)
{
	VitSpice *self = spice_of(base);
	const VitListenerOwner owner = {"SPICE", "spice", on_accepted, self};

	self->lobby = vit_spice_lobby_new(&lobby_options, &spice_lobby_events, self);
	self->listener = vit_listener_new_unix(self->unix_path, &owner, error);
	if (!self->listener) {
		spice_stop(base);
		return false;
	}
	g_message("SPICE listens on %s.", vit_listener_get_name(self->listener));
	return true;
}

static void spice_destroy(VitFrontend *base)
{
	VitSpice *self = spice_of(base);

	spice_stop(base);
	g_ptr_array_unref(self->viewers);
	g_ptr_array_unref(self->heads);
	g_free(self->unix_path);
	g_free(self->name);
	g_free(self);
}

/* Viewers hear of it when they connect; libspice-server tells nobody of a change. */
static void spice_named(VitFrontend *base, const char *name)
{
	VitSpice *self = spice_of(base);

	g_free(self->name);
	self->name = g_strdup(name);
	self->shared.name = self->name;
}

static const VitFrontendImpl spice_impl = {
	.name = "spice",
	.start = spice_start,
	.stop = spice_stop,
	.destroy = spice_destroy,
	.add_head = spice_add_head,
	.named = spice_named,
	.scanout = spice_scanout,
	.frame = spice_frame,
	.cursor = spice_cursor,
	.cursor_moved = spice_cursor_moved,
	.leds = spice_leds,
	.pointer_mode = spice_pointer_mode,
};

VitFrontend *vit_spice_new(const VitSpiceOptions *options)
{
	VitSpice *self = g_new0(VitSpice, 1);

	self->base.impl = &spice_impl;
	self->unix_path = g_strdup(options->unix_path);
	self->max_clients = options->max_clients;
	self->heads = g_ptr_array_new_with_free_func(head_free);
	self->viewers = g_ptr_array_new_with_free_func((GDestroyNotify)vit_spice_viewer_free);
	self->shared.heads = self->heads;
	self->shared.refusals = &self->refusals;
	self->shared.logged_in = on_viewer_logged_in;
	self->shared.gone = on_viewer_gone;
	self->shared.user_data = self;
	return &self->base;
}

VitFrontend *vit_spice_new_from_config(const VitConfig *config)
{
	const VitSpiceOptions options = {
		.unix_path = vit_config_get_string(config, "spice", "unix"),
		.max_clients = (unsigned)vit_config_get_uint(config, "spice", "max-clients"),
	};

	return vit_spice_new(&options);
}

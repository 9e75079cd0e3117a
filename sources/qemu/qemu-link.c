/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The D-Bus connection to a VM, made again whenever it breaks.
 *
 * new → start → (up → changed… → down | down)… → stop → free. After each down it waits, 100 ms at
 * first and twice as long each time up to 2 s, and tries anew. Two ways lead to a VM:
 *
 * - Peer to peer: over QMP, getfd passes one end of a socket pair and add_client makes it a D-Bus
 *   connection. QEMU knows one such client: the last to come takes the objects away from the one
 *   before. The QMP connection is closed at once, as QEMU serves one at a time.
 * - A private bus on which the VM owns the name org.qemu. The name is watched; the bus itself may
 *   outlive VMs.
 *
 * Two messages that a VM may send at any rate must not queue up here: calls are dropped, and
 * changed properties leave one note to read them again. Both is done by a filter, in GDBus's worker
 * thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "config/error.h"
#include "config/fd.h"
#include "config/text.h"
#include "sources/qemu/qemu-private.h"
#include "sources/qmp.h"

#define LINK_QMP_DEADLINE_MS 5000
#define LINK_RETRY_FIRST_MS  100
#define LINK_RETRY_MAX_MS    2000
#define LINK_FD_NAME         "vitrine-display"

/* What GDBus's worker thread and the loop share: that a property changed. */
typedef struct LinkNote {
	GMainContext *context;
	int is_posted;     /* atomic */
	VitQemuLink *link; /* used on the loop only; NULL once the attempt is over */
} LinkNote;

/* One attempt to reach the VM, and the connection that comes of it. Pending calls hold it. */
typedef struct LinkAttempt {
	VitQemuLink *link; /* NULL: over */
	GCancellable *cancellable;
	VitQmp *qmp;
	int own_end, peer_end; /* of the socket pair; -1: given away */
	GDBusConnection *connection;
	LinkNote *note;
	guint filter, name_watch, subscription;
	gulong closed_handler;
	int64_t up_since_us; /* 0: not up */
} LinkAttempt;

struct VitQemuLink {
	char *qmp_path, *bus_address; /* one of them */
	const VitQemuLinkEvents *events;
	void *events_data;
	LinkAttempt *attempt; /* NULL: waiting, or stopped */
	guint retry_timer, give_up_idle;
	GError *give_up_error; /* with give_up_idle */
	unsigned retry_ms;     /* before the next attempt */
};

/* ---- Messages of the VM, in GDBus's worker thread ---- */

static void link_note_clear(void *data)
{
	g_main_context_unref(((LinkNote *)data)->context);
}

static void link_note_unref(void *data)
{
	g_atomic_rc_box_release_full(data, link_note_clear);
}

static gboolean on_link_note(void *user_data)
{
	LinkNote *note = user_data;

	g_atomic_int_set(&note->is_posted, 0);
	if (note->link && note->link->attempt && note->link->attempt->up_since_us != 0) {
		note->link->events->changed(note->link->events_data);
	}
	return G_SOURCE_REMOVE;
}

static void link_note_post(LinkNote *note)
{
	g_autoptr(GSource) source = NULL;

	if (!g_atomic_int_compare_and_exchange(&note->is_posted, 0, 1)) {
		return;
	}
	source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_link_note, g_atomic_rc_box_acquire(note), link_note_unref);
	g_source_set_static_name(source, "vit-qemu-changed");
	(void)g_source_attach(source, note->context);
}

static GDBusMessage *on_link_message(GDBusConnection *connection, GDBusMessage *message,
				     gboolean incoming, void *user_data)
{
	GDBusMessageType type = g_dbus_message_get_message_type(message);
	bool is_change = type == G_DBUS_MESSAGE_TYPE_SIGNAL &&
			 g_strcmp0(g_dbus_message_get_member(message), "PropertiesChanged") == 0;

	if (!incoming || (type != G_DBUS_MESSAGE_TYPE_METHOD_CALL && !is_change)) {
		return message;
	}
	if (is_change) {
		link_note_post(user_data);
	}
	g_object_unref(message);
	return NULL;
}

/* ---- An attempt ---- */

static void link_attempt_clear(void *data)
{
	LinkAttempt *attempt = data;

	g_object_unref(attempt->cancellable);
	link_note_unref(attempt->note);
}

static void link_attempt_unref(LinkAttempt *attempt)
{
	g_rc_box_release_full(attempt, link_attempt_clear);
}

static void link_attempt_disconnect(LinkAttempt *attempt)
{
	if (attempt->name_watch != 0) {
		g_bus_unwatch_name(attempt->name_watch);
		attempt->name_watch = 0;
	}
	if (attempt->connection) {
		if (attempt->subscription != 0) {
			g_dbus_connection_signal_unsubscribe(attempt->connection,
							     attempt->subscription);
		}
		g_signal_handler_disconnect(attempt->connection, attempt->closed_handler);
		g_dbus_connection_remove_filter(attempt->connection, attempt->filter);
		g_dbus_connection_close(attempt->connection, NULL, NULL, NULL);
		g_clear_object(&attempt->connection);
	}
}

/* Ends the present attempt, if there is one. */
static void link_drop(VitQemuLink *self)
{
	LinkAttempt *attempt = g_steal_pointer(&self->attempt);

	if (!attempt) {
		return;
	}
	attempt->link = NULL;
	attempt->note->link = NULL;
	g_cancellable_cancel(attempt->cancellable);
	g_clear_pointer(&attempt->qmp, vit_qmp_free);
	vit_fd_clear(&attempt->own_end);
	vit_fd_clear(&attempt->peer_end);
	link_attempt_disconnect(attempt);
	link_attempt_unref(attempt);
}

static void link_attempt_begin(VitQemuLink *self);

static gboolean on_link_retry(void *user_data)
{
	VitQemuLink *self = user_data;

	self->retry_timer = 0;
	link_attempt_begin(self);
	return G_SOURCE_REMOVE;
}

/* The attempt came to nothing, or what came of it is over. */
static void link_fail(VitQemuLink *self, const GError *error)
{
	int64_t up_since_us = self->attempt->up_since_us;

	if (up_since_us != 0 &&
	    g_get_monotonic_time() - up_since_us >= LINK_RETRY_MAX_MS * G_TIME_SPAN_MILLISECOND) {
		self->retry_ms = LINK_RETRY_FIRST_MS;
	}
	link_drop(self);
	self->retry_timer = g_timeout_add(self->retry_ms, on_link_retry, self);
	self->retry_ms = MIN(2 * self->retry_ms, LINK_RETRY_MAX_MS);
	self->events->down(self->events_data, error);
}

static const char *link_peer(const VitQemuLink *self)
{
	return self->qmp_path ? self->qmp_path : self->bus_address;
}

static void on_link_closed(GDBusConnection *connection, gboolean remote_peer_vanished,
			   GError *cause, void *user_data)
{
	LinkAttempt *attempt = user_data;
	g_autoptr(GError) error = g_error_new(
		VIT_ERROR, VIT_ERROR_DISCONNECTED,
		"the VM at %s closed its display connection; waiting for it to come back",
		link_peer(attempt->link));

	link_fail(attempt->link, error);
}

static void link_attempt_come_up(LinkAttempt *attempt, const char *bus_name)
{
	VitQemuLink *self = attempt->link;

	attempt->up_since_us = g_get_monotonic_time();
	self->events->up(self->events_data, attempt->connection, bus_name);
}

/* ---- On a bus ---- */

static void on_link_bus_signal(GDBusConnection *connection, const char *sender, const char *path,
			       const char *interface, const char *signal, GVariant *arguments,
			       void *user_data)
{
	/* Only subscribed to so that the bus sends it: the filter takes it. */
}

static void on_link_name_appeared(GDBusConnection *connection, const char *name, const char *owner,
				  void *user_data)
{
	LinkAttempt *attempt = user_data;

	attempt->subscription = g_dbus_connection_signal_subscribe(
		connection, owner, VIT_QEMU_DBUS_PROPERTIES, "PropertiesChanged", NULL, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_link_bus_signal, NULL, NULL);
	link_attempt_come_up(attempt, owner);
}

static void on_link_name_vanished(GDBusConnection *connection, const char *name, void *user_data)
{
	LinkAttempt *attempt = user_data;
	VitQemuLink *self = attempt->link;
	g_autoptr(GError) error = NULL;

	/* Told by closed, too. */
	if (!connection || g_dbus_connection_is_closed(connection)) {
		return;
	}
	error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "no VM owns the name %s on the bus %s; waiting for one", name,
			    self->bus_address);
	if (attempt->subscription != 0) {
		g_dbus_connection_signal_unsubscribe(connection, attempt->subscription);
		attempt->subscription = 0;
	}
	attempt->up_since_us = 0;
	self->events->down(self->events_data, error);
}

/* ---- Connecting ---- */

static void on_link_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	LinkAttempt *attempt = user_data;
	VitQemuLink *self = attempt->link;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDBusConnection) connection =
		attempt->link && !attempt->link->qmp_path
			? g_dbus_connection_new_for_address_finish(result, &cause)
			: g_dbus_connection_new_finish(result, &cause);

	if (!self) {
		if (connection) {
			g_dbus_connection_close(connection, NULL, NULL, NULL);
		}
	} else if (!connection || g_dbus_connection_is_closed(connection)) {
		g_autofree char *words = vit_text_printable(
			cause ? cause->message : "it closed the connection", VIT_QEMU_MAX_QUOTED);
		g_autoptr(GError) error =
			g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "cannot speak D-Bus with the VM at %s: %s; trying again",
				    link_peer(self), words);

		link_fail(self, error);
	} else {
		attempt->connection = g_steal_pointer(&connection);
		attempt->closed_handler = g_signal_connect(attempt->connection, "closed",
							   G_CALLBACK(on_link_closed), attempt);
		attempt->filter = g_dbus_connection_add_filter(
			attempt->connection, on_link_message,
			g_atomic_rc_box_acquire(attempt->note), link_note_unref);
		if (self->qmp_path) {
			g_dbus_connection_start_message_processing(attempt->connection);
			link_attempt_come_up(attempt, NULL);
		} else {
			attempt->name_watch = g_bus_watch_name_on_connection(
				attempt->connection, "org.qemu", G_BUS_NAME_WATCHER_FLAGS_NONE,
				on_link_name_appeared, on_link_name_vanished, attempt, NULL);
		}
	}
	link_attempt_unref(attempt);
}

static void link_fail_qmp(LinkAttempt *attempt, const GError *cause)
{
	g_autoptr(GError) error = g_error_copy(cause);

	if (g_error_matches(cause, VIT_ERROR, VIT_ERROR_UNSUPPORTED)) {
		g_prefix_error(&error, "the VM gives no display; start it with -display "
				       "dbus,p2p=on: ");
	} else {
		g_prefix_error(&error, "cannot reach the VM, trying again: ");
	}
	link_fail(attempt->link, error);
}

static void on_link_client_added(void *user_data, const GError *error)
{
	LinkAttempt *attempt = user_data;
	g_autoptr(GSocketConnection) stream = NULL;

	if (error) {
		link_fail_qmp(attempt, error);
		return;
	}
	g_clear_pointer(&attempt->qmp, vit_qmp_free);
	stream = vit_qemu_stream_new(g_steal_fd(&attempt->own_end));
	g_dbus_connection_new(G_IO_STREAM(stream), NULL,
			      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				      G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
			      NULL, attempt->cancellable, on_link_connected,
			      g_rc_box_acquire(attempt));
}

static void on_link_fd_passed(void *user_data, const GError *error)
{
	static const VitQmpCommand command = {
		.name = "add_client",
		.arguments = "{\"protocol\":\"@dbus-display\",\"fdname\":\"" LINK_FD_NAME "\"}",
		.fd = -1,
	};
	LinkAttempt *attempt = user_data;

	if (error) {
		link_fail_qmp(attempt, error);
		return;
	}
	vit_fd_clear(&attempt->peer_end);
	vit_qmp_execute(attempt->qmp, &command, on_link_client_added, attempt);
}

static void on_link_qmp_ready(void *user_data, const GError *error)
{
	LinkAttempt *attempt = user_data;
	const VitQmpCommand command = {
		.name = "getfd",
		.arguments = "{\"fdname\":\"" LINK_FD_NAME "\"}",
		.fd = attempt->peer_end,
	};

	if (error) {
		link_fail_qmp(attempt, error);
		return;
	}
	vit_qmp_execute(attempt->qmp, &command, on_link_fd_passed, attempt);
}

static void link_attempt_begin_p2p(LinkAttempt *attempt)
{
	VitQemuLink *self = attempt->link;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		g_autoptr(GError) error = g_error_new(VIT_ERROR, VIT_ERROR_INTERNAL,
						      "cannot make a socket for the VM at %s: %s",
						      self->qmp_path, g_strerror(errno));

		vit_qemu_link_give_up(self, error);
		return;
	}
	attempt->own_end = ends[0];
	attempt->peer_end = ends[1];
	attempt->qmp =
		vit_qmp_new(self->qmp_path, LINK_QMP_DEADLINE_MS, on_link_qmp_ready, attempt);
}

static void link_attempt_begin(VitQemuLink *self)
{
	LinkAttempt *attempt = g_rc_box_new0(LinkAttempt);

	attempt->link = self;
	attempt->cancellable = g_cancellable_new();
	attempt->own_end = -1;
	attempt->peer_end = -1;
	attempt->note = g_atomic_rc_box_new0(LinkNote);
	attempt->note->context = g_main_context_ref_thread_default();
	attempt->note->link = self;
	self->attempt = attempt;
	if (self->qmp_path) {
		link_attempt_begin_p2p(attempt);
	} else {
		g_dbus_connection_new_for_address(
			self->bus_address,
			G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
			NULL, attempt->cancellable, on_link_connected, g_rc_box_acquire(attempt));
	}
}

/* ---- The link ---- */

VitQemuLink *vit_qemu_link_new(const VitQemuOptions *options, const VitQemuLinkEvents *events,
			       void *user_data)
{
	VitQemuLink *self = g_new0(VitQemuLink, 1);

	self->qmp_path = g_strdup(options->qmp_path);
	self->bus_address = g_strdup(options->bus_address);
	self->events = events;
	self->events_data = user_data;
	self->retry_ms = LINK_RETRY_FIRST_MS;
	return self;
}

void vit_qemu_link_start(VitQemuLink *self)
{
	link_attempt_begin(self);
}

static void link_clear_source(guint *id)
{
	if (*id != 0) {
		g_source_remove(*id);
		*id = 0;
	}
}

void vit_qemu_link_stop(VitQemuLink *self)
{
	link_clear_source(&self->retry_timer);
	link_clear_source(&self->give_up_idle);
	g_clear_error(&self->give_up_error);
	link_drop(self);
}

void vit_qemu_link_free(VitQemuLink *self)
{
	if (!self) {
		return;
	}
	vit_qemu_link_stop(self);
	g_free(self->qmp_path);
	g_free(self->bus_address);
	g_free(self);
}

static gboolean on_link_give_up(void *user_data)
{
	VitQemuLink *self = user_data;
	g_autoptr(GError) error = g_steal_pointer(&self->give_up_error);

	self->give_up_idle = 0;
	if (self->attempt) {
		link_fail(self, error);
	}
	return G_SOURCE_REMOVE;
}

void vit_qemu_link_give_up(VitQemuLink *self, const GError *error)
{
	if (self->give_up_idle == 0) {
		self->give_up_error = g_error_copy(error);
		self->give_up_idle =
			g_idle_add_full(G_PRIORITY_DEFAULT, on_link_give_up, self, NULL);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The peer connection on which the VMM calls us, /org/qemu/Display1/Listener.
 *
 * QEMU is the authentication server on it, and between RegisterListener and the end of the
 * handshake its main loop waits for us. So the connection is made asynchronously, handles no
 * message before everything is in place, and nobody may make a blocking call to the VM meanwhile.
 *
 * Calls are not taken through an exported object but by a filter, in GDBus's worker thread, which
 * puts them into an inbox for the loop. The inbox is bounded: when it is full the worker waits for
 * the loop, and QEMU, in the end, for us. (GDBus alone reads as fast as a VMM sends, without bound,
 * and QEMU 7.2 sends whole pictures.) The worker is GDBus's only one, so the loop must never wait
 * for it; it never does, as no call on the loop blocks.
 */
#include <string.h>

#include "config/error.h"
#include "sources/qemu/qemu-private.h"

#define INBOX_MAX_BYTES    (64 * 1024 * 1024) /* but one message, of any size, always fits */
#define INBOX_MAX_MESSAGES 64
#define INBOX_MAX_FDS      8 /* in a message; no call has more than one a plane */
#define INBOX_TURN         8 /* messages handled before the loop gets its turn */

/* Answers not known to have left. QEMU reads them; who does not is cut off. */
#define LISTENER_FLUSH_EVERY 256
#define LISTENER_MAX_ANSWERS 4096

/* What the worker thread and the loop share. */
typedef struct ListenerInbox {
	GMutex mutex;
	GCond has_room;
	GQueue messages; /* GDBusMessage, oldest first */
	size_t n_bytes;  /* in messages */
	bool is_scheduled, is_closed;
	GMainContext *context;
	VitQemuListener *listener; /* used on the loop only; NULL once that is freed */
} ListenerInbox;

struct VitQemuListener {
	ListenerInbox *inbox;
	VitQemuPicture *picture;
	const VitQemuListenerEvents *events;
	void *events_data;
	GCancellable *cancellable;
	GDBusConnection *connection; /* NULL while the handshake lasts */
	guint filter;
	gulong closed_handler;
	unsigned n_answers; /* since the last flush began */
	bool is_flushing;
};

/* ---- The inbox ---- */

static void inbox_clear(void *data)
{
	ListenerInbox *inbox = data;

	g_queue_clear_full(&inbox->messages, g_object_unref);
	g_mutex_clear(&inbox->mutex);
	g_cond_clear(&inbox->has_room);
	g_main_context_unref(inbox->context);
}

static void inbox_unref(void *data)
{
	g_atomic_rc_box_release_full(data, inbox_clear);
}

static ListenerInbox *inbox_new(VitQemuListener *listener)
{
	ListenerInbox *inbox = g_atomic_rc_box_new0(ListenerInbox);

	g_mutex_init(&inbox->mutex);
	g_cond_init(&inbox->has_room);
	g_queue_init(&inbox->messages);
	inbox->context = g_main_context_ref_thread_default();
	inbox->listener = listener;
	return inbox;
}

static size_t inbox_weigh(GDBusMessage *message)
{
	GVariant *body = g_dbus_message_get_body(message);

	return body ? g_variant_get_size(body) : 0;
}

/* Returns NULL when there is none. */
static GDBusMessage *inbox_pop(ListenerInbox *inbox)
{
	GDBusMessage *message;

	g_mutex_lock(&inbox->mutex);
	message = g_queue_pop_head(&inbox->messages);
	if (message) {
		inbox->n_bytes -= inbox_weigh(message);
		g_cond_signal(&inbox->has_room);
	} else {
		inbox->is_scheduled = false;
	}
	g_mutex_unlock(&inbox->mutex);
	return message;
}

static void listener_handle(VitQemuListener *self, GDBusMessage *message);

static gboolean on_inbox_turn(void *user_data)
{
	ListenerInbox *inbox = user_data;

	for (unsigned i = 0; i < INBOX_TURN; i++) {
		g_autoptr(GDBusMessage) message = inbox_pop(inbox);

		if (!message) {
			return G_SOURCE_REMOVE;
		}
		if (inbox->listener) {
			listener_handle(inbox->listener, message);
		}
	}
	return G_SOURCE_CONTINUE;
}

static void inbox_schedule(ListenerInbox *inbox)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_inbox_turn, g_atomic_rc_box_acquire(inbox), inbox_unref);
	g_source_set_static_name(source, "vit-qemu-listener");
	(void)g_source_attach(source, inbox->context);
}

static bool inbox_is_full(const ListenerInbox *inbox, size_t n_more_bytes)
{
	return inbox->messages.length >= INBOX_MAX_MESSAGES ||
	       (inbox->messages.length > 0 && inbox->n_bytes + n_more_bytes > INBOX_MAX_BYTES);
}

/* Takes @message. Waits for room. Thread: GDBus's worker. */
static void inbox_push(ListenerInbox *inbox, GDBusMessage *message)
{
	size_t n_bytes = inbox_weigh(message);

	g_mutex_lock(&inbox->mutex);
	while (!inbox->is_closed && inbox_is_full(inbox, n_bytes)) {
		g_cond_wait(&inbox->has_room, &inbox->mutex);
	}
	if (inbox->is_closed) {
		g_object_unref(message);
	} else {
		g_queue_push_tail(&inbox->messages, message);
		inbox->n_bytes += n_bytes;
		if (!inbox->is_scheduled) {
			inbox->is_scheduled = true;
			inbox_schedule(inbox);
		}
	}
	g_mutex_unlock(&inbox->mutex);
}

static void inbox_close(ListenerInbox *inbox)
{
	g_mutex_lock(&inbox->mutex);
	inbox->is_closed = true;
	g_queue_clear_full(&inbox->messages, g_object_unref);
	inbox->n_bytes = 0;
	g_cond_signal(&inbox->has_room);
	g_mutex_unlock(&inbox->mutex);
	inbox->listener = NULL;
}

/* Thread: GDBus's worker. */
static GDBusMessage *on_listener_message(GDBusConnection *connection, GDBusMessage *message,
					 gboolean incoming, void *user_data)
{
	GUnixFDList *fds = g_dbus_message_get_unix_fd_list(message);

	if (!incoming ||
	    g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
		return message;
	}
	if (fds && g_unix_fd_list_get_length(fds) > INBOX_MAX_FDS) {
		g_dbus_message_set_unix_fd_list(message, NULL);
	}
	inbox_push(user_data, message);
	return NULL;
}

/* ---- Answers ---- */

static void listener_break(VitQemuListener *self, const GError *error)
{
	self->events->broken(self->events_data, error);
}

static void on_listener_flushed(GObject *connection, GAsyncResult *result, void *user_data)
{
	ListenerInbox *inbox = user_data;

	(void)g_dbus_connection_flush_finish(G_DBUS_CONNECTION(connection), result, NULL);
	if (inbox->listener) {
		inbox->listener->is_flushing = false;
	}
	inbox_unref(inbox);
}

/* May end @self. */
static void listener_count_answer(VitQemuListener *self)
{
	self->n_answers++;
	if (!self->is_flushing && self->n_answers >= LISTENER_FLUSH_EVERY) {
		self->is_flushing = true;
		self->n_answers = 0;
		g_dbus_connection_flush(self->connection, self->cancellable, on_listener_flushed,
					g_atomic_rc_box_acquire(self->inbox));
	} else if (self->n_answers >= LISTENER_MAX_ANSWERS) {
		g_autoptr(GError) error =
			g_error_new_literal(VIT_ERROR, VIT_ERROR_DISCONNECTED,
					    "QEMU calls without reading the answers: cut off");

		listener_break(self, error);
	}
}

/* An answer that is owed. */
typedef struct ListenerAnswer {
	ListenerInbox *inbox;
	GDBusConnection *connection;
	GDBusMessage *message; /* NULL: QEMU wants none */
} ListenerAnswer;

static ListenerAnswer *listener_answer_new(VitQemuListener *self, GDBusMessage *call)
{
	ListenerAnswer *answer = g_new0(ListenerAnswer, 1);

	answer->inbox = g_atomic_rc_box_acquire(self->inbox);
	answer->connection = g_object_ref(self->connection);
	if ((g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0) {
		answer->message = g_dbus_message_new_method_reply(call);
	}
	return answer;
}

/* Sends the answer, unless the connection is gone by now, and frees it. */
static void on_listener_answer_due(void *user_data)
{
	ListenerAnswer *answer = user_data;

	if (answer->message) {
		(void)g_dbus_connection_send_message(answer->connection, answer->message,
						     G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
		if (answer->inbox->listener) {
			listener_count_answer(answer->inbox->listener);
		}
		g_object_unref(answer->message);
	}
	g_object_unref(answer->connection);
	inbox_unref(answer->inbox);
	g_free(answer);
}

static void listener_answer_error(ListenerAnswer *answer, GDBusMessage *call, const char *name,
				  const char *message)
{
	if (answer->message) {
		g_object_unref(answer->message);
		answer->message = g_dbus_message_new_method_error_literal(call, name, message);
	}
	on_listener_answer_due(answer);
}

/* ---- Calls ---- */

static GVariant *listener_interfaces(void)
{
	static const char *const names[] = {VIT_QEMU_LISTENER_MAP, VIT_QEMU_LISTENER_DMABUF2, NULL};

	return g_variant_new_strv(names, -1);
}

/* Get and GetAll of the one property there is: the optional interfaces that QEMU may use. */
static void listener_handle_properties(ListenerAnswer *answer, GDBusMessage *call)
{
	GVariant *arguments = g_dbus_message_get_body(call);
	const char *member = g_dbus_message_get_member(call);
	const char *interface = NULL, *name = NULL;
	GVariant *body = NULL;

	if (arguments && strcmp(member, "GetAll") == 0 &&
	    g_variant_is_of_type(arguments, G_VARIANT_TYPE("(s)"))) {
		GVariantDict all;

		g_variant_get(arguments, "(&s)", &interface);
		g_variant_dict_init(&all, NULL);
		if (strcmp(interface, VIT_QEMU_LISTENER) == 0) {
			g_variant_dict_insert_value(&all, "Interfaces", listener_interfaces());
		}
		body = g_variant_new("(@a{sv})", g_variant_dict_end(&all));
	} else if (arguments && strcmp(member, "Get") == 0 &&
		   g_variant_is_of_type(arguments, G_VARIANT_TYPE("(ss)"))) {
		g_variant_get(arguments, "(&s&s)", &interface, &name);
		if (strcmp(interface, VIT_QEMU_LISTENER) == 0 && strcmp(name, "Interfaces") == 0) {
			body = g_variant_new("(v)", listener_interfaces());
		}
	}
	if (!body) {
		listener_answer_error(answer, call, "org.freedesktop.DBus.Error.InvalidArgs",
				      "There is no such property here.");
		return;
	}
	if (answer->message) {
		g_dbus_message_set_body(answer->message, body);
	} else {
		g_variant_unref(g_variant_ref_sink(body));
	}
	on_listener_answer_due(answer);
}

/* May end @self. */
static void listener_handle(VitQemuListener *self, GDBusMessage *message)
{
	ListenerAnswer *answer = listener_answer_new(self, message);
	VitQemuCall call = {
		.interface = g_dbus_message_get_interface(message),
		.member = g_dbus_message_get_member(message),
		.arguments = g_dbus_message_get_body(message),
		.fds = g_dbus_message_get_unix_fd_list(message),
		.done = on_listener_answer_due,
		.done_data = answer,
	};
	g_autoptr(GError) error = NULL;

	if (g_strcmp0(g_dbus_message_get_path(message), VIT_QEMU_LISTENER_PATH) != 0) {
		listener_answer_error(answer, message, "org.freedesktop.DBus.Error.UnknownObject",
				      "There is no such object here.");
	} else if (g_strcmp0(call.interface, VIT_QEMU_DBUS_PROPERTIES) == 0) {
		listener_handle_properties(answer, message);
	} else if (!vit_qemu_call_run(self->picture, &call, &error)) {
		listener_answer_error(answer, message, "org.freedesktop.DBus.Error.InvalidArgs",
				      error->message);
	}
}

/* ---- The connection ---- */

static void on_listener_closed(GDBusConnection *connection, gboolean remote_peer_vanished,
			       GError *cause, void *user_data)
{
	g_autoptr(GError) error = g_error_new_literal(
		VIT_ERROR, VIT_ERROR_DISCONNECTED,
		"QEMU closed the connection that carries the picture; trying again");

	listener_break(user_data, error);
}

static void on_listener_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	ListenerInbox *inbox = user_data;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, &cause);
	VitQemuListener *self = inbox->listener;

	if (!self) {
		if (connection) {
			g_dbus_connection_close(connection, NULL, NULL, NULL);
		}
	} else if (!connection) {
		g_autoptr(GError) error = g_error_new(
			VIT_ERROR, VIT_ERROR_DISCONNECTED,
			"the connection that QEMU should send the picture on failed: %s",
			cause->message);

		listener_break(self, error);
	} else {
		self->connection = g_steal_pointer(&connection);
		self->closed_handler = g_signal_connect(self->connection, "closed",
							G_CALLBACK(on_listener_closed), self);
		self->filter =
			g_dbus_connection_add_filter(self->connection, on_listener_message,
						     g_atomic_rc_box_acquire(inbox), inbox_unref);
		g_dbus_connection_start_message_processing(self->connection);
	}
	inbox_unref(inbox);
}

VitQemuListener *vit_qemu_listener_new(int fd, VitQemuPicture *picture,
				       const VitQemuListenerEvents *events, void *user_data)
{
	VitQemuListener *self = g_new0(VitQemuListener, 1);
	g_autoptr(GSocketConnection) stream = vit_qemu_stream_new(fd);

	self->inbox = inbox_new(self);
	self->picture = picture;
	self->events = events;
	self->events_data = user_data;
	self->cancellable = g_cancellable_new();
	g_dbus_connection_new(G_IO_STREAM(stream), NULL,
			      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				      G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
			      NULL, self->cancellable, on_listener_connected,
			      g_atomic_rc_box_acquire(self->inbox));
	return self;
}

void vit_qemu_listener_free(VitQemuListener *self)
{
	if (!self) {
		return;
	}
	inbox_close(self->inbox);
	g_cancellable_cancel(self->cancellable);
	if (self->connection) {
		g_signal_handler_disconnect(self->connection, self->closed_handler);
		g_dbus_connection_remove_filter(self->connection, self->filter);
		g_dbus_connection_close(self->connection, NULL, NULL, NULL);
		g_object_unref(self->connection);
	}
	g_object_unref(self->cancellable);
	inbox_unref(self->inbox);
	g_free(self);
}

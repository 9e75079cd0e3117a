/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * One head of a VM: the VitSource, and what it needs of its console object in the VM.
 *
 * The object outlives VMs: attach → detach → attach, while source and sink stay. It listens while
 * it is both attached and started. QEMU answers RegisterListener first and shakes hands on the new
 * socket afterwards, with its main loop waiting for us; everything here is asynchronous, so nothing
 * can wait for each other.
 */
#include <errno.h>
#include <sys/socket.h>

#include "config/error.h"
#include "config/text.h"
#include "sources/qemu/qemu-private.h"

#define CONSOLE_UNKNOWN         (-1)
#define CONSOLE_MAX_TOUCH_SLOTS 64

/* One VM to which the console is attached. Calls without an answer hold it. */
typedef struct ConsoleAttachment {
	VitQemuConsole *console; /* NULL: not attached to it any more */
	GDBusConnection *connection;
	char *bus_name, *object_path;
	GCancellable *cancellable;
	unsigned n_reads;    /* of properties, not yet answered */
	bool must_reread;    /* something changed after they were asked for */
	bool is_registering; /* a listener; whether QEMU takes it is not answered yet */
	uint32_t width, height, touch_slots;
} ConsoleAttachment;

struct VitQemuConsole {
	VitSource base;
	bool is_running;       /* started and not stopped */
	bool is_destroyed;     /* as a source */
	bool is_freed;         /* by the machine */
	int leds, is_absolute; /* as last told, or CONSOLE_UNKNOWN */
	VitQemuPicture *picture;
	VitQemuInput *input;
	VitQemuListener *listener;     /* NULL: not listening */
	ConsoleAttachment *attachment; /* NULL: no VM */
	const VitQemuConsoleEvents *events;
	void *events_data;
};

static void attachment_clear(void *data)
{
	ConsoleAttachment *attachment = data;

	g_object_unref(attachment->connection);
	g_object_unref(attachment->cancellable);
	g_free(attachment->bus_name);
	g_free(attachment->object_path);
}

static void attachment_unref(ConsoleAttachment *attachment)
{
	g_rc_box_release_full(attachment, attachment_clear);
}

/* ---- Properties ---- */

/* Takes what it knows out of the properties of one interface. */
typedef void (*ConsoleApply)(VitQemuConsole *self, GVariant *properties);

typedef struct ConsoleRead {
	ConsoleAttachment *attachment;
	ConsoleApply apply;
} ConsoleRead;

static void console_read_properties(VitQemuConsole *self);

static void console_apply_size(VitQemuConsole *self, GVariant *properties)
{
	ConsoleAttachment *attachment = self->attachment;

	attachment->width = 0;
	attachment->height = 0;
	(void)g_variant_lookup(properties, "Width", "u", &attachment->width);
	(void)g_variant_lookup(properties, "Height", "u", &attachment->height);
	/* An answer that is outdated already would cut off pixels. */
	if (!attachment->must_reread) {
		vit_qemu_picture_set_console_size(self->picture, attachment->width,
						  attachment->height);
	}
}

static void console_apply_leds(VitQemuConsole *self, GVariant *properties)
{
	uint32_t modifiers = 0;
	int leds;

	if (!g_variant_lookup(properties, "Modifiers", "u", &modifiers)) {
		return;
	}
	leds = (int)(modifiers & (VIT_LED_SCROLL_LOCK | VIT_LED_NUM_LOCK | VIT_LED_CAPS_LOCK));
	if (leds != self->leds) {
		self->leds = leds;
		self->base.events->leds(self->base.events_data, (unsigned)leds);
	}
}

static void console_apply_pointer_mode(VitQemuConsole *self, GVariant *properties)
{
	gboolean is_absolute;

	if (g_variant_lookup(properties, "IsAbsolute", "b", &is_absolute) &&
	    self->is_absolute != is_absolute) {
		self->is_absolute = is_absolute;
		self->base.events->pointer_mode(self->base.events_data, is_absolute);
	}
}

static void console_apply_touch(VitQemuConsole *self, GVariant *properties)
{
	int32_t max_slots = 0;

	(void)g_variant_lookup(properties, "MaxSlots", "i", &max_slots);
	self->attachment->touch_slots = (uint32_t)CLAMP(max_slots, 0, CONSOLE_MAX_TOUCH_SLOTS);
}

static void on_console_properties(GObject *connection, GAsyncResult *result, void *user_data)
{
	g_autofree ConsoleRead *read = user_data;
	ConsoleAttachment *attachment = read->attachment;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
	VitQemuConsole *self = attachment->console;

	attachment->n_reads--;
	if (self && self->is_running) {
		/* An interface that this VM lacks leaves its values unknown. */
		g_autoptr(GVariant) properties =
			answer ? g_variant_get_child_value(answer, 0)
			       : g_variant_ref_sink(g_variant_new("a{sv}", NULL));

		read->apply(self, properties);
		vit_qemu_input_set_limits(self->input, attachment->width, attachment->height,
					  attachment->touch_slots);
	}
	if (attachment->console && attachment->n_reads == 0 && attachment->must_reread) {
		console_read_properties(attachment->console);
	}
	attachment_unref(attachment);
}

static void console_read_properties(VitQemuConsole *self)
{
	static const struct {
		const char *interface;
		ConsoleApply apply;
	} table[] = {
		{VIT_QEMU_CONSOLE, console_apply_size},
		{VIT_QEMU_KEYBOARD, console_apply_leds},
		{VIT_QEMU_MOUSE, console_apply_pointer_mode},
		{VIT_QEMU_MULTI_TOUCH, console_apply_touch},
	};
	ConsoleAttachment *attachment = self->attachment;

	attachment->must_reread = attachment->n_reads > 0;
	if (attachment->must_reread) {
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		ConsoleRead *read = g_new0(ConsoleRead, 1);

		read->attachment = g_rc_box_acquire(attachment);
		read->apply = table[i].apply;
		attachment->n_reads++;
		g_dbus_connection_call(attachment->connection, attachment->bus_name,
				       attachment->object_path, VIT_QEMU_DBUS_PROPERTIES, "GetAll",
				       g_variant_new("(s)", table[i].interface),
				       G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
				       VIT_QEMU_NO_TIMEOUT, attachment->cancellable,
				       on_console_properties, read);
	}
}

void vit_qemu_console_reread(VitQemuConsole *self)
{
	if (self->attachment && self->is_running) {
		console_read_properties(self);
	}
}

static void on_console_outdated(void *user_data)
{
	vit_qemu_console_reread(user_data);
}

/* ---- Listening ---- */

static void on_console_listener_broken(void *user_data, const GError *error)
{
	VitQemuConsole *self = user_data;

	g_clear_pointer(&self->listener, vit_qemu_listener_free);
	/* A listener that QEMU refuses breaks, too: the answer says which it is. */
	if (!self->attachment->is_registering) {
		self->events->broken(self->events_data, error);
	}
}

static void on_console_registered(GObject *connection, GAsyncResult *result, void *user_data)
{
	ConsoleAttachment *attachment = user_data;
	VitQemuConsole *self = attachment->console;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(connection), NULL, result, &cause);

	attachment->is_registering = false;
	if (!self || !self->is_running) {
		/* Nobody wants to know. */
	} else if (!answer) {
		g_autofree char *words = vit_text_printable(cause->message, VIT_QEMU_MAX_QUOTED);
		g_autoptr(GError) error = g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED,
						      "QEMU gives no picture of %s: %s",
						      attachment->object_path, words);

		g_clear_pointer(&self->listener, vit_qemu_listener_free);
		/* With the connection gone, the link is about to say so. */
		if (!g_dbus_connection_is_closed(G_DBUS_CONNECTION(connection))) {
			vit_qemu_picture_refuse(self->picture, error);
		}
	} else if (!self->listener) {
		g_autoptr(GError) error = g_error_new(
			VIT_ERROR, VIT_ERROR_DISCONNECTED,
			"QEMU took a listener for %s and closed it at once; trying again",
			attachment->object_path);

		self->events->broken(self->events_data, error);
	}
	attachment_unref(attachment);
}

/* Offers QEMU the other end of a new listener. */
static void console_register(VitQemuConsole *self)
{
	static const VitQemuListenerEvents events = {.broken = on_console_listener_broken};
	ConsoleAttachment *attachment = self->attachment;
	g_autoptr(GUnixFDList) fds = NULL;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		g_autoptr(GError) error =
			g_error_new(VIT_ERROR, VIT_ERROR_INTERNAL,
				    "cannot make a socket for the picture: %s", g_strerror(errno));

		self->events->broken(self->events_data, error);
		return;
	}
	self->listener = vit_qemu_listener_new(ends[0], self->picture, &events, self);
	fds = g_unix_fd_list_new_from_array(&ends[1], 1);
	attachment->is_registering = true;
	g_dbus_connection_call_with_unix_fd_list(
		attachment->connection, attachment->bus_name, attachment->object_path,
		VIT_QEMU_CONSOLE, "RegisterListener", g_variant_new("(h)", 0), NULL,
		G_DBUS_CALL_FLAGS_NO_AUTO_START, VIT_QEMU_NO_TIMEOUT, fds, attachment->cancellable,
		on_console_registered, g_rc_box_acquire(attachment));
}

/* Called when it is both attached and running. */
static void console_begin(VitQemuConsole *self)
{
	self->leds = CONSOLE_UNKNOWN;
	self->is_absolute = CONSOLE_UNKNOWN;
	console_read_properties(self);
	console_register(self);
}

void vit_qemu_console_attach(VitQemuConsole *self, GDBusConnection *connection,
			     const char *bus_name, uint32_t id)
{
	ConsoleAttachment *attachment = g_rc_box_new0(ConsoleAttachment);

	g_assert(!self->attachment);
	attachment->console = self;
	attachment->connection = g_object_ref(connection);
	attachment->bus_name = g_strdup(bus_name);
	attachment->object_path = g_strdup_printf(VIT_QEMU_ROOT "/Console_%u", id);
	attachment->cancellable = g_cancellable_new();
	self->attachment = attachment;
	vit_qemu_input_attach(self->input, connection, bus_name, attachment->object_path);
	if (self->is_running) {
		console_begin(self);
	}
}

void vit_qemu_console_detach(VitQemuConsole *self, const GError *error)
{
	g_clear_pointer(&self->listener, vit_qemu_listener_free);
	vit_qemu_input_detach(self->input);
	if (self->attachment) {
		self->attachment->console = NULL;
		g_cancellable_cancel(self->attachment->cancellable);
		g_clear_pointer(&self->attachment, attachment_unref);
	}
	if (error) {
		vit_qemu_picture_lose(self->picture, error);
	}
}

void vit_qemu_console_refuse(VitQemuConsole *self, const GError *error)
{
	vit_qemu_picture_refuse(self->picture, error);
}

/* ---- The source ---- */

static void qemu_console_start(VitSource *source)
{
	VitQemuConsole *self = (VitQemuConsole *)source;

	self->is_running = true;
	vit_qemu_picture_start(self->picture, source->events, source->events_data);
	if (self->attachment) {
		console_begin(self);
	}
}

static void qemu_console_stop(VitSource *source)
{
	VitQemuConsole *self = (VitQemuConsole *)source;

	self->is_running = false;
	g_clear_pointer(&self->listener, vit_qemu_listener_free);
	vit_qemu_picture_stop(self->picture);
}

static void console_free_if_unused(VitQemuConsole *self)
{
	if (self->is_destroyed && self->is_freed) {
		vit_qemu_input_free(self->input);
		vit_qemu_picture_free(self->picture);
		g_free(self);
	}
}

static void qemu_console_destroy(VitSource *source)
{
	VitQemuConsole *self = (VitQemuConsole *)source;

	qemu_console_stop(source);
	self->is_destroyed = true;
	console_free_if_unused(self);
}

VitQemuConsole *vit_qemu_console_new(const VitQemuConsoleEvents *events, void *user_data)
{
	static const VitSourceImpl impl = {
		.name = "qemu",
		.start = qemu_console_start,
		.stop = qemu_console_stop,
		.destroy = qemu_console_destroy,
	};
	VitQemuConsole *self = g_new0(VitQemuConsole, 1);

	self->base.impl = &impl;
	self->events = events;
	self->events_data = user_data;
	self->picture = vit_qemu_picture_new(on_console_outdated, self);
	self->input = vit_qemu_input_new(on_console_outdated, self);
	return self;
}

VitSource *vit_qemu_console_get_source(VitQemuConsole *self)
{
	return &self->base;
}

VitInputSink *vit_qemu_console_ref_sink(VitQemuConsole *self)
{
	return vit_qemu_input_ref_sink(self->input);
}

void vit_qemu_console_free(VitQemuConsole *self)
{
	vit_qemu_console_detach(self, NULL);
	self->is_freed = true;
	console_free_if_unused(self);
}

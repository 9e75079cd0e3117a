/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A VM of QEMU as a machine: its name and its heads.
 *
 * Head 0 is announced before there is a VM, further ones when a VM has them. A head is a console
 * object of type "Graphic"; its index is its place among those, so after a restart of the VM the
 * same source goes on with the console in the same place.
 */
#include "sources/qemu/qemu.h"

#include <gio/gio.h>
#include <string.h>

#include "config/error.h"
#include "config/text.h"
#include "sources/qemu/qemu-private.h"

#define QEMU_MAX_HEADS      16
#define QEMU_MAX_CONSOLES   64  /* that are asked for their type */
#define QEMU_MAX_NAME_CHARS 128 /* of a VM or a head; more is cut off */
/* Room for a path; sun_path of a unix socket address. */
#define QEMU_MAX_SOCKET_PATH_BYTES 107

/* The search for the heads of one VM. Calls without an answer hold it. */
typedef struct QemuSearch {
	struct QemuMachine *machine; /* NULL: over */
	GDBusConnection *connection;
	char *bus_name;
	GCancellable *cancellable;
	unsigned n_consoles, n_answers;
	struct {
		uint32_t id;
		bool is_graphic;
		char *label;
	} consoles[QEMU_MAX_CONSOLES];
} QemuSearch;

typedef struct QemuMachine {
	VitMachine base;
	VitQemuLink *link;
	QemuSearch *search; /* NULL: no VM */
	char *name;         /* as last told; NULL: never */
	VitQemuConsole *heads[QEMU_MAX_HEADS];
	unsigned n_heads;
	bool is_stopped;
	bool is_refused; /* by a VMM that is there, and told so */
} QemuMachine;

static void qemu_search_clear(void *data)
{
	QemuSearch *search = data;

	for (unsigned i = 0; i < search->n_consoles; i++) {
		g_free(search->consoles[i].label);
	}
	g_object_unref(search->connection);
	g_object_unref(search->cancellable);
	g_free(search->bus_name);
}

static void qemu_search_unref(QemuSearch *search)
{
	g_rc_box_release_full(search, qemu_search_clear);
}

static void qemu_search_end(QemuMachine *self)
{
	if (self->search) {
		self->search->machine = NULL;
		g_cancellable_cancel(self->search->cancellable);
		g_clear_pointer(&self->search, qemu_search_unref);
	}
}

/* ---- Heads ---- */

static void on_qemu_console_broken(void *user_data, const GError *error)
{
	QemuMachine *self = user_data;

	vit_qemu_link_give_up(self->link, error);
}

static VitQemuConsole *qemu_add_head(QemuMachine *self, const char *label)
{
	static const VitQemuConsoleEvents events = {.broken = on_qemu_console_broken};
	VitQemuConsole *console = vit_qemu_console_new(&events, self);
	unsigned index = self->n_heads++;

	self->heads[index] = console;
	self->base.events->head(self->base.events_data, index, label,
				vit_qemu_console_get_source(console),
				vit_qemu_console_ref_sink(console));
	return console;
}

/* The console that is head @index, announced if it is new. */
static VitQemuConsole *qemu_get_head(QemuMachine *self, unsigned index, const char *label)
{
	return index < self->n_heads ? self->heads[index] : qemu_add_head(self, label);
}

static void qemu_search_attach_heads(QemuSearch *search)
{
	QemuMachine *self = search->machine;
	unsigned n_found = 0;

	for (unsigned i = 0; i < search->n_consoles && n_found < QEMU_MAX_HEADS; i++) {
		if (search->consoles[i].is_graphic) {
			VitQemuConsole *console =
				qemu_get_head(self, n_found++, search->consoles[i].label);

			vit_qemu_console_attach(console, search->connection, search->bus_name,
						search->consoles[i].id);
			/* Whoever was told of the head may have stopped the machine. */
			if (!search->machine) {
				return;
			}
		}
	}
	if (n_found == 0) {
		g_autoptr(GError) error = g_error_new_literal(
			VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			"the VM has no graphics device, so it shows nothing; add one, such as "
			"-vga std or -device virtio-vga");

		vit_qemu_console_refuse(self->heads[0], error);
	}
}

/* ---- The search ---- */

/* Asks for the properties of an object; the answer comes to @callback. */
static void qemu_search_ask(QemuSearch *search, const char *object_path, const char *interface,
			    GAsyncReadyCallback callback, void *user_data)
{
	g_dbus_connection_call(search->connection, search->bus_name, object_path,
			       VIT_QEMU_DBUS_PROPERTIES, "GetAll", g_variant_new("(s)", interface),
			       G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
			       VIT_QEMU_NO_TIMEOUT, search->cancellable, callback, user_data);
}

/* A name that the VM gave, made fit for a title or a log line. */
static char *qemu_read_name(GVariant *properties, const char *key)
{
	const char *text = "";

	(void)g_variant_lookup(properties, key, "&s", &text);
	return vit_text_printable(text, QEMU_MAX_NAME_CHARS);
}

/* The question what console number @index of a search is. */
typedef struct QemuQuestion {
	QemuSearch *search;
	unsigned index;
} QemuQuestion;

static void on_qemu_console_known(GObject *connection, GAsyncResult *result, void *user_data)
{
	g_autofree QemuQuestion *question = user_data;
	QemuSearch *search = question->search;
	/* A console that does not answer well is none that could be shown. */
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);

	if (answer && search->machine) {
		g_autoptr(GVariant) properties = g_variant_get_child_value(answer, 0);
		const char *type = "";

		(void)g_variant_lookup(properties, "Type", "&s", &type);
		search->consoles[question->index].is_graphic = strcmp(type, "Graphic") == 0;
		search->consoles[question->index].label = qemu_read_name(properties, "Label");
	}
	search->n_answers++;
	if (search->machine && search->n_answers == search->n_consoles) {
		qemu_search_attach_heads(search);
	}
	qemu_search_unref(search);
}

static void qemu_search_ask_consoles(QemuSearch *search, GVariant *properties)
{
	g_autoptr(GVariant) ids =
		g_variant_lookup_value(properties, "ConsoleIDs", G_VARIANT_TYPE("au"));
	size_t n_ids = ids ? g_variant_n_children(ids) : 0;

	search->n_consoles = (unsigned)MIN(n_ids, QEMU_MAX_CONSOLES);
	if (search->n_consoles == 0) {
		qemu_search_attach_heads(search);
	}
	for (unsigned i = 0; i < search->n_consoles; i++) {
		QemuQuestion *question = g_new0(QemuQuestion, 1);
		g_autofree char *object_path = NULL;

		g_variant_get_child(ids, i, "u", &search->consoles[i].id);
		question->search = g_rc_box_acquire(search);
		question->index = i;
		object_path = g_strdup_printf(VIT_QEMU_ROOT "/Console_%u", search->consoles[i].id);
		qemu_search_ask(search, object_path, VIT_QEMU_CONSOLE, on_qemu_console_known,
				question);
	}
}

static void qemu_tell_name(QemuMachine *self, GVariant *properties)
{
	g_autofree char *name = qemu_read_name(properties, "Name");

	if (*name != '\0' && g_strcmp0(name, self->name) != 0) {
		g_free(self->name);
		self->name = g_steal_pointer(&name);
		self->base.events->named(self->base.events_data, self->name);
	}
}

static void on_qemu_vm_known(GObject *connection, GAsyncResult *result, void *user_data)
{
	QemuSearch *search = user_data;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, &cause);

	if (search->machine && answer) {
		g_autoptr(GVariant) properties = g_variant_get_child_value(answer, 0);

		qemu_tell_name(search->machine, properties);
		if (search->machine) {
			qemu_search_ask_consoles(search, properties);
		}
	} else if (search->machine) {
		g_autoptr(GError) error =
			g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "the VM does not say what consoles it has, trying again: %s",
				    cause->message);

		vit_qemu_link_give_up(search->machine->link, error);
	}
	qemu_search_unref(search);
}

static void on_qemu_link_up(void *user_data, GDBusConnection *connection, const char *bus_name)
{
	QemuMachine *self = user_data;
	QemuSearch *search = g_rc_box_new0(QemuSearch);

	self->is_refused = false;
	search->machine = self;
	search->connection = g_object_ref(connection);
	search->bus_name = g_strdup(bus_name);
	search->cancellable = g_cancellable_new();
	self->search = search;
	qemu_search_ask(search, VIT_QEMU_ROOT "/VM", VIT_QEMU_VM, on_qemu_vm_known,
			g_rc_box_acquire(search));
}

static void on_qemu_link_changed(void *user_data)
{
	QemuMachine *self = user_data;

	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_qemu_console_reread(self->heads[i]);
	}
}

static void on_qemu_link_down(void *user_data, const GError *error)
{
	QemuMachine *self = user_data;

	qemu_search_end(self);
	for (unsigned i = 0; i < self->n_heads && !self->is_stopped; i++) {
		vit_qemu_console_detach(self->heads[i], error);
	}
	/* A loss is told once, with its first reason. That something must be done is another. */
	if (error->code == VIT_ERROR_UNSUPPORTED && !self->is_refused && !self->is_stopped) {
		self->is_refused = true;
		vit_qemu_console_refuse(self->heads[0], error);
	}
}

/* ---- The machine ---- */

static bool qemu_machine_start(VitMachine *machine, GError **error)
{
	QemuMachine *self = (QemuMachine *)machine;

	(void)qemu_add_head(self, "VM");
	vit_qemu_link_start(self->link);
	return true;
}

static void qemu_machine_stop(VitMachine *machine)
{
	QemuMachine *self = (QemuMachine *)machine;

	self->is_stopped = true;
	vit_qemu_link_stop(self->link);
	qemu_search_end(self);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_qemu_console_detach(self->heads[i], NULL);
	}
}

static void qemu_machine_destroy(VitMachine *machine)
{
	QemuMachine *self = (QemuMachine *)machine;

	qemu_machine_stop(machine);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_qemu_console_free(self->heads[i]);
	}
	vit_qemu_link_free(self->link);
	g_free(self->name);
	g_free(self);
}

static bool qemu_check_options(const VitQemuOptions *options, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!options->qmp_path == !options->bus_address) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT,
			    "a QEMU VM is reached by its QMP socket or on a D-Bus bus: give %s",
			    options->qmp_path ? "only one of the two" : "one of the two");
		return false;
	}
	if (options->qmp_path && (*options->qmp_path == '\0' ||
				  strlen(options->qmp_path) > QEMU_MAX_SOCKET_PATH_BYTES)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the path of a QMP socket must have 1 to %u bytes, '%s' has %zu",
			    QEMU_MAX_SOCKET_PATH_BYTES, options->qmp_path,
			    strlen(options->qmp_path));
		return false;
	}
	if (options->bus_address && !g_dbus_is_supported_address(options->bus_address, &cause)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "'%s' is not the address of a D-Bus bus (unix:path=…): %s",
			    options->bus_address, cause->message);
		return false;
	}
	return true;
}

VitMachine *vit_qemu_machine_new(const VitQemuOptions *options, GError **error)
{
	static const VitMachineImpl impl = {
		.name = "qemu",
		.start = qemu_machine_start,
		.stop = qemu_machine_stop,
		.destroy = qemu_machine_destroy,
	};
	static const VitQemuLinkEvents link_events = {
		.up = on_qemu_link_up,
		.changed = on_qemu_link_changed,
		.down = on_qemu_link_down,
	};
	QemuMachine *self;

	if (!qemu_check_options(options, error)) {
		return NULL;
	}
	self = g_new0(QemuMachine, 1);
	self->base.impl = &impl;
	self->link = vit_qemu_link_new(options, &link_events, self);
	return &self->base;
}

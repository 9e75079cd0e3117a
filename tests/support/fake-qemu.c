/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The order of calls is QEMU's: RegisterListener is answered first, then the handshake on the new
 * socket follows, with QEMU as the server, then the listener's properties are read, then it is
 * used.
 */
#include "tests/support/fake-qemu.h"

#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/fd.h"
#include "tests/support/fixture.h"

#define ROOT "/org/qemu/Display1"

static const char interfaces_xml[] =
	"<node>"
	"<interface name='org.qemu.Display1.VM'>"
	"<property name='Name' type='s' access='read'/>"
	"<property name='ConsoleIDs' type='au' access='read'/>"
	"</interface>"
	"<interface name='org.qemu.Display1.Console'>"
	"<method name='RegisterListener'><arg type='h' direction='in'/></method>"
	"<method name='SetUIInfo'>"
	"<arg type='q' direction='in'/><arg type='q' direction='in'/>"
	"<arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"<arg type='u' direction='in'/><arg type='u' direction='in'/>"
	"</method>"
	"<property name='Label' type='s' access='read'/>"
	"<property name='Type' type='s' access='read'/>"
	"<property name='Width' type='u' access='read'/>"
	"<property name='Height' type='u' access='read'/>"
	"</interface>"
	"<interface name='org.qemu.Display1.Keyboard'>"
	"<method name='Press'><arg type='u' direction='in'/></method>"
	"<method name='Release'><arg type='u' direction='in'/></method>"
	"<property name='Modifiers' type='u' access='read'/>"
	"</interface>"
	"<interface name='org.qemu.Display1.Mouse'>"
	"<method name='Press'><arg type='u' direction='in'/></method>"
	"<method name='Release'><arg type='u' direction='in'/></method>"
	"<method name='SetAbsPosition'>"
	"<arg type='u' direction='in'/><arg type='u' direction='in'/></method>"
	"<method name='RelMotion'>"
	"<arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
	"<property name='IsAbsolute' type='b' access='read'/>"
	"</interface>"
	"<interface name='org.qemu.Display1.MultiTouch'>"
	"<method name='SendEvent'>"
	"<arg type='u' direction='in'/><arg type='t' direction='in'/>"
	"<arg type='d' direction='in'/><arg type='d' direction='in'/></method>"
	"<property name='MaxSlots' type='i' access='read'/>"
	"</interface>"
	"</node>";

struct VitFakeQemuPrivate {
	GDBusNodeInfo *interfaces;
	char *directory;
	int listening; /* QMP; -1: not started */
	guint listen_watch;
	int qmp; /* the one client; -1: none */
	guint qmp_watch;
	GString *qmp_in;
	int passed;                /* by getfd; -1: none */
	GCancellable *cancellable; /* of everything since start */
	GDBusConnection *control;
	GArray *exports;       /* guint: what control exports */
	GPtrArray *unanswered; /* GDBusMethodInvocation, with ignores_input */
};

/* ---- Listeners ---- */

static void close_connection(GDBusConnection **connection)
{
	if (*connection) {
		g_dbus_connection_close(*connection, NULL, NULL, NULL);
		g_clear_object(connection);
	}
}

static void on_listener_properties(GObject *connection, GAsyncResult *result, void *user_data)
{
	VitFakeConsole *console = user_data;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
	g_autoptr(GVariant) properties = NULL;

	/* Cancelled, or the other side is gone already. */
	if (!answer) {
		return;
	}
	properties = g_variant_get_child_value(answer, 0);
	g_clear_pointer(&console->interfaces, g_strfreev);
	g_assert_true(g_variant_lookup(properties, "Interfaces", "^as", &console->interfaces));
	console->qemu->n_listeners++;
}

static void on_listener_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	VitFakeConsole *console = user_data;
	g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, NULL);

	/* Cancelled, or the other side changed its mind. */
	if (!connection) {
		return;
	}
	close_connection(&console->listener);
	console->listener = g_steal_pointer(&connection);
	g_dbus_connection_start_message_processing(console->listener);
	g_dbus_connection_call(
		console->listener, NULL, ROOT "/Listener", "org.freedesktop.DBus.Properties",
		"GetAll", g_variant_new("(s)", "org.qemu.Display1.Listener"),
		G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1,
		console->qemu->private->cancellable, on_listener_properties, console);
}

/* Makes a D-Bus server on @fd, which is taken. */
static void serve(VitFakeQemu *self, int fd, GAsyncReadyCallback callback, void *user_data)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);
	g_autoptr(GSocketConnection) stream = NULL;
	g_autofree char *guid = g_dbus_generate_guid();

	g_assert_nonnull(socket);
	stream = g_socket_connection_factory_create_connection(socket);
	g_dbus_connection_new(G_IO_STREAM(stream), guid,
			      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
				      G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
			      NULL, self->private->cancellable, callback, user_data);
}

static void register_listener(VitFakeConsole *console, GDBusMethodInvocation *invocation)
{
	GUnixFDList *fds =
		g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));

	if (console->refuses_listeners) {
		g_dbus_method_invocation_return_dbus_error(invocation, "org.qemu.Error",
							   "No listener is wanted");
		return;
	}
	serve(console->qemu, g_unix_fd_list_get(fds, 0, NULL), on_listener_connected, console);
	g_dbus_method_invocation_return_value(invocation, NULL);
}

void vit_fake_qemu_close_listener(VitFakeQemu *self, unsigned console)
{
	close_connection(&self->consoles[console].listener);
}

static void on_listener_answer(GObject *connection, GAsyncResult *result, void *user_data)
{
	VitFakeQemu *self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(connection), NULL, result, &error);

	if (answer) {
		self->n_answers++;
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		self->n_errors++;
		g_free(self->last_error);
		self->last_error = g_strdup(error->message);
	}
}

void vit_fake_qemu_call(VitFakeQemu *self, unsigned console, const char *member,
			GVariant *arguments, int fd)
{
	g_autoptr(GUnixFDList) fds = NULL;
	const char *interface = "org.qemu.Display1.Listener";

	if (g_str_has_suffix(member, "Map")) {
		interface = "org.qemu.Display1.Listener.Unix.Map";
	} else if (strcmp(member, "ScanoutDMABUF2") == 0) {
		interface = "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2";
	}
	if (fd >= 0) {
		fds = g_unix_fd_list_new();
		g_assert_cmpint(g_unix_fd_list_append(fds, fd, NULL), ==, 0);
	}
	g_assert_nonnull(self->consoles[console].listener);
	g_dbus_connection_call_with_unix_fd_list(
		self->consoles[console].listener, NULL, ROOT "/Listener", interface, member,
		arguments, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, fds, self->private->cancellable,
		on_listener_answer, self);
}

typedef struct AwaitedAnswers {
	const VitFakeQemu *qemu;
	unsigned answers, errors;
} AwaitedAnswers;

static bool are_answered(void *user_data)
{
	const AwaitedAnswers *awaited = user_data;

	return awaited->qemu->n_answers >= awaited->answers &&
	       awaited->qemu->n_errors >= awaited->errors;
}

void vit_fake_qemu_wait_answers(VitFakeQemu *self, unsigned answers, unsigned errors)
{
	AwaitedAnswers awaited = {self, answers, errors};

	vit_test_wait("answers of the listener", 20, are_answered, &awaited);
	g_assert_cmpuint(self->n_answers, ==, answers);
	g_assert_cmpuint(self->n_errors, ==, errors);
}

/* ---- The control connection ---- */

static GVariant *console_ids(const VitFakeQemu *self)
{
	uint32_t ids[VIT_FAKE_QEMU_MAX_CONSOLES];

	for (unsigned i = 0; i < self->n_consoles; i++) {
		ids[i] = i;
	}
	return g_variant_new_fixed_array(G_VARIANT_TYPE_UINT32, ids, self->n_consoles,
					 sizeof(ids[0]));
}

static GVariant *on_vm_property(GDBusConnection *connection, const char *sender, const char *path,
				const char *interface, const char *property, GError **error,
				void *user_data)
{
	const VitFakeQemu *self = user_data;

	return strcmp(property, "Name") == 0 ? g_variant_new_string(self->name) : console_ids(self);
}

static GVariant *on_console_property(GDBusConnection *connection, const char *sender,
				     const char *path, const char *interface, const char *property,
				     GError **error, void *user_data)
{
	const VitFakeConsole *console = user_data;

	if (strcmp(property, "Label") == 0) {
		return g_variant_new_string(console->label);
	}
	if (strcmp(property, "Type") == 0) {
		return g_variant_new_string(console->type);
	}
	if (strcmp(property, "Width") == 0) {
		return g_variant_new_uint32(console->width);
	}
	if (strcmp(property, "Height") == 0) {
		return g_variant_new_uint32(console->height);
	}
	if (strcmp(property, "Modifiers") == 0) {
		return g_variant_new_uint32(console->modifiers);
	}
	if (strcmp(property, "IsAbsolute") == 0) {
		return g_variant_new_boolean(console->is_absolute);
	}
	return g_variant_new_int32(console->touch_slots);
}

/* As QEMU: a motion of the kind that the guest's pointer does not have is an error. */
static bool is_wrong_motion(const VitFakeConsole *console, const char *method)
{
	return strcmp(method, console->is_absolute ? "RelMotion" : "SetAbsPosition") == 0;
}

static void on_console_call(GDBusConnection *connection, const char *sender, const char *path,
			    const char *interface, const char *method, GVariant *arguments,
			    GDBusMethodInvocation *invocation, void *user_data)
{
	VitFakeConsole *console = user_data;
	VitFakeQemu *self = console->qemu;
	g_autofree char *text = g_variant_print(arguments, FALSE);

	if (strcmp(method, "RegisterListener") == 0) {
		register_listener(console, invocation);
		return;
	}
	g_ptr_array_add(self->inputs,
			g_strdup_printf("%u %s.%s %s", (unsigned)(console - self->consoles),
					strrchr(interface, '.') + 1, method, text));
	if (self->ignores_input) {
		g_ptr_array_add(self->private->unanswered, g_object_ref(invocation));
	} else if (is_wrong_motion(console, method)) {
		g_dbus_method_invocation_return_dbus_error(invocation, "org.qemu.Error",
							   "Wrong kind of motion");
	} else {
		g_dbus_method_invocation_return_value(invocation, NULL);
	}
}

static void export_object(VitFakeQemu *self, const char *path, const char *interface,
			  const GDBusInterfaceVTable *vtable, void *user_data)
{
	GDBusInterfaceInfo *info =
		g_dbus_node_info_lookup_interface(self->private->interfaces, interface);
	guint id = g_dbus_connection_register_object(self->private->control, path, info, vtable,
						     user_data, NULL, NULL);

	g_assert_cmpuint(id, !=, 0);
	g_array_append_val(self->private->exports, id);
}

/* A call that is on its way to an exported object would still reach it after a close. */
static void close_control(VitFakeQemu *self)
{
	for (unsigned i = 0; i < self->private->exports->len; i++) {
		g_dbus_connection_unregister_object(
			self->private->control, g_array_index(self->private->exports, guint, i));
	}
	g_array_set_size(self->private->exports, 0);
	close_connection(&self->private->control);
}

static void export_console(VitFakeQemu *self, unsigned index)
{
	static const GDBusInterfaceVTable vtable = {on_console_call, on_console_property, NULL};
	g_autofree char *path = g_strdup_printf(ROOT "/Console_%u", index);
	VitFakeConsole *console = &self->consoles[index];

	export_object(self, path, "org.qemu.Display1.Console", &vtable, console);
	export_object(self, path, "org.qemu.Display1.Keyboard", &vtable, console);
	export_object(self, path, "org.qemu.Display1.Mouse", &vtable, console);
	if (console->touch_slots >= 0) {
		export_object(self, path, "org.qemu.Display1.MultiTouch", &vtable, console);
	}
}

static void on_client_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	static const GDBusInterfaceVTable vtable = {NULL, on_vm_property, NULL};
	g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, NULL);
	VitFakeQemu *self = user_data;

	if (!connection) {
		return;
	}
	close_control(self); /* the last client is the only one */
	self->private->control = g_steal_pointer(&connection);
	export_object(self, ROOT "/VM", "org.qemu.Display1.VM", &vtable, self);
	for (unsigned i = 0; i < self->n_consoles; i++) {
		export_console(self, i);
	}
	g_dbus_connection_start_message_processing(self->private->control);
	self->n_clients++;
}

void vit_fake_qemu_tell_changes(VitFakeQemu *self, unsigned console)
{
	g_autofree char *path = g_strdup_printf(ROOT "/Console_%u", console);

	/* What changed is not said: who wants to know has to ask. */
	g_assert_true(g_dbus_connection_emit_signal(
		self->private->control, NULL, path, "org.freedesktop.DBus.Properties",
		"PropertiesChanged",
		g_variant_new("(sa{sv}as)", "org.qemu.Display1.Keyboard", NULL, NULL), NULL));
}

/* ---- QMP ---- */

static void qmp_reply(VitFakeQemu *self, const char *line, const char *what)
{
	const char *id = strstr(line, "\"id\":");
	g_autofree char *reply = NULL;

	g_assert_nonnull(id);
	reply = g_strdup_printf("{%s, \"id\": %s\r\n", what, id + strlen("\"id\":"));
	(void)send(self->private->qmp, reply, strlen(reply), MSG_NOSIGNAL);
}

static void qmp_handle_line(VitFakeQemu *self, const char *line)
{
	if (strstr(line, "add_client") && self->refuses_display) {
		qmp_reply(self, line,
			  "\"error\": {\"class\": \"GenericError\", \"desc\": "
			  "\"D-Bus display is not in use\"}");
	} else if (strstr(line, "add_client")) {
		g_assert_cmpint(self->private->passed, >=, 0);
		serve(self, g_steal_fd(&self->private->passed), on_client_connected, self);
		qmp_reply(self, line, "\"return\": {}");
	} else {
		g_assert_true(strstr(line, "qmp_capabilities") || strstr(line, "getfd"));
		qmp_reply(self, line, "\"return\": {}");
	}
}

static void qmp_keep_fd(VitFakeQemu *self, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	if (header && header->cmsg_type == SCM_RIGHTS) {
		vit_fd_clear(&self->private->passed); /* one of the same name goes */
		memcpy(&self->private->passed, CMSG_DATA(header), sizeof(int));
	}
}

static void qmp_close(VitFakeQemu *self)
{
	if (self->private->qmp >= 0) {
		g_source_remove(self->private->qmp_watch);
		(void)close(g_steal_fd(&self->private->qmp));
		g_string_truncate(self->private->qmp_in, 0);
	}
}

static gboolean on_qmp_readable(int fd, GIOCondition condition, void *user_data)
{
	VitFakeQemu *self = user_data;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char bytes[4096], *end;
	struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n_bytes = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (n_bytes <= 0) {
		qmp_close(self);
		return G_SOURCE_REMOVE;
	}
	qmp_keep_fd(self, &message);
	g_string_append_len(self->private->qmp_in, bytes, n_bytes);
	while ((end = strchr(self->private->qmp_in->str, '\n'))) {
		g_autofree char *line = g_strndup(self->private->qmp_in->str,
						  (gsize)(end - self->private->qmp_in->str));

		g_string_erase(self->private->qmp_in, 0, (gssize)strlen(line) + 1);
		qmp_handle_line(self, line);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_qmp_connecting(int fd, GIOCondition condition, void *user_data)
{
	static const char greeting[] =
		"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 10}}, "
		"\"capabilities\": [\"oob\"]}}\r\n";
	VitFakeQemu *self = user_data;

	qmp_close(self);
	self->private->qmp = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	g_assert_cmpint(self->private->qmp, >=, 0);
	self->private->qmp_watch =
		g_unix_fd_add(self->private->qmp, G_IO_IN, on_qmp_readable, self);
	/* Who connected may be gone already. */
	(void)send(self->private->qmp, greeting, strlen(greeting), MSG_NOSIGNAL);
	return G_SOURCE_CONTINUE;
}

/* ---- Its life ---- */

void vit_fake_qemu_start(VitFakeQemu *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	g_assert_cmpuint(g_strlcpy(address.sun_path, self->qmp_path, sizeof(address.sun_path)), <,
			 sizeof(address.sun_path));
	self->private->cancellable = g_cancellable_new();
	self->private->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_no_errno(
		bind(self->private->listening, (struct sockaddr *)&address, sizeof(address)));
	g_assert_no_errno(listen(self->private->listening, 4));
	self->private->listen_watch =
		g_unix_fd_add(self->private->listening, G_IO_IN, on_qmp_connecting, self);
}

void vit_fake_qemu_kill(VitFakeQemu *self)
{
	if (self->private->listening < 0) {
		return;
	}
	g_cancellable_cancel(self->private->cancellable);
	g_clear_object(&self->private->cancellable);
	qmp_close(self);
	g_source_remove(self->private->listen_watch);
	(void)close(g_steal_fd(&self->private->listening));
	(void)g_unlink(self->qmp_path);
	vit_fd_clear(&self->private->passed);
	for (unsigned i = 0; i < VIT_FAKE_QEMU_MAX_CONSOLES; i++) {
		vit_fake_qemu_close_listener(self, i);
	}
	g_ptr_array_set_size(self->private->unanswered, 0);
	close_control(self);
}

VitFakeQemu *vit_fake_qemu_new(void)
{
	VitFakeQemu *self = g_new0(VitFakeQemu, 1);

	self->private = g_new0(struct VitFakeQemuPrivate, 1);
	self->private->directory = g_dir_make_tmp("vitrine-fake-XXXXXX", NULL);
	g_assert_nonnull(self->private->directory);
	self->private->interfaces = g_dbus_node_info_new_for_xml(interfaces_xml, NULL);
	self->private->listening = -1;
	self->private->qmp = -1;
	self->private->passed = -1;
	self->private->qmp_in = g_string_new(NULL);
	self->private->exports = g_array_new(FALSE, FALSE, sizeof(guint));
	self->private->unanswered = g_ptr_array_new_with_free_func(g_object_unref);
	self->qmp_path = g_build_filename(self->private->directory, "qmp", NULL);
	self->name = "fake";
	self->n_consoles = 1;
	self->inputs = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < VIT_FAKE_QEMU_MAX_CONSOLES; i++) {
		self->consoles[i] = (VitFakeConsole){
			.qemu = self,
			.type = "Graphic",
			.label = "fake VGA",
			.width = 640,
			.height = 480,
			.touch_slots = 10,
		};
	}
	return self;
}

void vit_fake_qemu_free(VitFakeQemu *self)
{
	vit_fake_qemu_kill(self);
	(void)g_rmdir(self->private->directory);
	for (unsigned i = 0; i < VIT_FAKE_QEMU_MAX_CONSOLES; i++) {
		g_strfreev(self->consoles[i].interfaces);
	}
	g_dbus_node_info_unref(self->private->interfaces);
	g_string_free(self->private->qmp_in, TRUE);
	g_array_unref(self->private->exports);
	g_ptr_array_unref(self->private->unanswered);
	g_free(self->private->directory);
	g_free(self->private);
	g_ptr_array_unref(self->inputs);
	g_free(self->qmp_path);
	g_free(self->last_error);
	g_free(self);
}

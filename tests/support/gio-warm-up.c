/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/gio-warm-up.h"

#include <gio/gio.h>
#include <sys/socket.h>

#include "tests/support/fixture.h"

static GIOStream *open_stream(int fd)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);

	return G_IO_STREAM(g_socket_connection_factory_create_connection(socket));
}

static void on_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	*(GDBusConnection **)user_data = g_dbus_connection_new_finish(result, NULL);
}

static bool is_connected(void *user_data)
{
	return *(GDBusConnection **)user_data != NULL;
}

static bool is_gone(void *user_data)
{
	g_autoptr(GObject) object = g_weak_ref_get(user_data);

	return !object;
}

/* Lets go of @stream and waits until it is closed, which the D-Bus worker does in its own time. */
static void wait_for_end(GIOStream *stream)
{
	GWeakRef watch;

	g_weak_ref_init(&watch, stream);
	g_object_unref(stream);
	vit_test_wait("a D-Bus connection to close", 20, is_gone, &watch);
	g_weak_ref_clear(&watch);
}

/* One D-Bus connection to ourselves, and one child process. */
void vit_test_warm_up_gio(void)
{
	GDBusConnection *server = NULL, *client;
	GIOStream *server_stream, *client_stream;
	g_autofree char *guid = g_dbus_generate_guid();
	g_autoptr(GSubprocess) child = NULL;
	int ends[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	server_stream = open_stream(ends[0]);
	client_stream = open_stream(ends[1]);
	g_dbus_connection_new(server_stream, guid, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER,
			      NULL, NULL, on_connected, &server);
	client = g_dbus_connection_new_sync(client_stream, NULL,
					    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
					    NULL, NULL);
	vit_test_wait("a D-Bus connection", 20, is_connected, &server);
	(void)g_dbus_connection_close_sync(client, NULL, NULL);
	(void)g_dbus_connection_close_sync(server, NULL, NULL);
	g_object_unref(client);
	g_object_unref(server);
	wait_for_end(client_stream);
	wait_for_end(server_stream);
	child = g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, NULL, "true", NULL);
	g_assert_true(g_subprocess_wait(child, NULL, NULL));
}

static bool are_closed(void *user_data)
{
	return vit_test_count_fds() <= *(const unsigned *)user_data;
}

void vit_test_wait_closed(unsigned n_fds)
{
	vit_test_wait("connections to close", 20, are_closed, &n_fds);
}

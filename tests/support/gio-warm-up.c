/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/gio-warm-up.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
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

static gboolean on_tick(void *user_data)
{
	return G_SOURCE_CONTINUE;
}

/* As vit_test_wait(), for what another thread does without a word to the loop. */
static void wait_for_worker(const char *what, VitTestCondition condition, void *user_data)
{
	unsigned tick = g_timeout_add(2, on_tick, NULL);

	vit_test_wait(what, 20, condition, user_data);
	g_source_remove(tick);
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
	wait_for_worker("a D-Bus connection to close", is_gone, &watch);
	g_weak_ref_clear(&watch);
}

/* Makes a D-Bus connection to ourselves and waits for its end. */
static void connect_once(void)
{
	GDBusConnection *server = NULL, *client;
	GIOStream *server_stream, *client_stream;
	g_autofree char *guid = g_dbus_generate_guid();
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
}

void vit_test_warm_up_gio(void)
{
	/* Any signal: the first source of one starts GLib's worker, as child processes need it. */
	g_source_unref(g_unix_signal_source_new(SIGUSR1));
	connect_once();
}

static bool are_closed(void *user_data)
{
	return vit_test_count_fds() <= *(const unsigned *)user_data;
}

/*
 * An fd on its way through a socket that closes appears here for a moment, and goes. All
 * connections share one worker thread, so what it had to do before a whole connection is done
 * after.
 */
void vit_test_wait_closed(unsigned n_fds)
{
	do {
		wait_for_worker("connections to close", are_closed, &n_fds);
		connect_once();
	} while (vit_test_count_fds() > n_fds);
}

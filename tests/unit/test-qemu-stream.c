/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* What a VMM may say before it speaks D-Bus. */
#include <string.h>
#include <sys/socket.h>

#include "config/fd.h"
#include "sources/qemu/qemu-private.h"
#include "tests/support/fixture.h"

#define PATIENCE_S     20
#define ENOUGH_BYTES   (4 * 1024 * 1024)
#define PART_BYTES     4096
#define SNDBUF_AT_MOST (1024 * 1024)

typedef struct Handshake {
	int peer;
	size_t n_sent_bytes;
	bool is_over;
	GError *error;
} Handshake;

static void on_connected(GObject *source, GAsyncResult *result, void *user_data)
{
	Handshake *handshake = user_data;
	g_autoptr(GDBusConnection) connection =
		g_dbus_connection_new_finish(result, &handshake->error);

	g_assert_null(connection);
	handshake->is_over = true;
}

/* Goes on with a line that never ends, as long as somebody reads. */
static bool is_refused(void *user_data)
{
	Handshake *handshake = user_data;
	char part[PART_BYTES];
	ssize_t n;

	memset(part, 'A', sizeof(part));
	do {
		n = send(handshake->peer, part, sizeof(part), MSG_NOSIGNAL | MSG_DONTWAIT);
		handshake->n_sent_bytes += n > 0 ? (size_t)n : 0;
	} while (n > 0 && handshake->n_sent_bytes < ENOUGH_BYTES);
	return handshake->is_over || handshake->n_sent_bytes >= ENOUGH_BYTES;
}

static void test_endless_line(void)
{
	Handshake handshake = {.peer = -1};
	g_autoptr(GSocketConnection) stream = NULL;
	VIT_AUTOFD int peer = -1;
	int ends[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	peer = handshake.peer = ends[1];
	stream = vit_qemu_stream_new(ends[0]);
	g_dbus_connection_new(G_IO_STREAM(stream), NULL,
			      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL,
			      on_connected, &handshake);
	vit_test_wait("an end of the handshake", PATIENCE_S, is_refused, &handshake);
	g_assert_true(handshake.is_over);
	g_assert_nonnull(handshake.error);
	g_assert_cmpuint(handshake.n_sent_bytes, <, SNDBUF_AT_MOST);
	g_clear_error(&handshake.error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	/* GDBus opens and closes fds in threads of its own, so they are not counted. */
	g_test_add_func("/qemu/stream/endless-line", test_endless_line);
	return g_test_run();
}

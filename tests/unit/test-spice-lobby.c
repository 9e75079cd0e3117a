/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Sockets that have not said whose they are: what becomes of them, and in what order. */
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/fd.h"
#include "server/spice/lobby.h"
#include "tests/support/fixture.h"

#define PATIENCE_S  20
#define MAX_SOCKETS 4

typedef struct Rig {
	VitSpiceLobby *lobby;
	bool has_room;
	unsigned n_begun, n_joined, n_refused;
	int last_fd; /* begun or joined */
	uint32_t connection_id;
	const char *reason; /* of the last refusal */
} Rig;

static bool on_has_room(void *user_data)
{
	return ((Rig *)user_data)->has_room;
}

static void rig_keep(Rig *rig, int fd)
{
	vit_fd_clear(&rig->last_fd);
	rig->last_fd = fd;
}

static void on_begin(void *user_data, int fd)
{
	Rig *rig = user_data;

	rig->n_begun++;
	rig_keep(rig, fd);
}

static void on_join(void *user_data, int fd, const VitSpiceLink *link)
{
	Rig *rig = user_data;

	rig->n_joined++;
	rig->connection_id = link->connection_id;
	rig_keep(rig, fd);
}

static void on_refused(void *user_data, int fd, const char *reason)
{
	Rig *rig = user_data;

	rig->n_refused++;
	rig->reason = reason;
}

static const VitSpiceLobbyEvents rig_events = {
	.has_room = on_has_room,
	.begin = on_begin,
	.join = on_join,
	.refused = on_refused,
};

static void rig_init(Rig *rig, unsigned timeout_ms)
{
	const VitSpiceLobbyOptions options = {
		.max_sockets = MAX_SOCKETS,
		.timeout_ms = timeout_ms,
	};

	*rig = (Rig){.has_room = true, .last_fd = -1};
	rig->lobby = vit_spice_lobby_new(&options, &rig_events, rig);
}

static void rig_clear(Rig *rig)
{
	vit_spice_lobby_free(rig->lobby);
	vit_fd_clear(&rig->last_fd);
}

/* Returns the other end. */
static int rig_connect(Rig *rig)
{
	int ends[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
			==, 0);
	vit_spice_lobby_add(rig->lobby, ends[0]);
	return ends[1];
}

static void send_bytes(int fd, const void *bytes, size_t n_bytes)
{
	g_assert_cmpint(send(fd, bytes, n_bytes, MSG_NOSIGNAL), ==, n_bytes);
}

typedef struct Message {
	SpiceLinkHeader header;
	SpiceLinkMess link;
} __attribute__((packed)) Message;

static Message make_link(uint32_t connection_id)
{
	return (Message){
		.header =
			{
				.magic = SPICE_MAGIC,
				.major_version = SPICE_VERSION_MAJOR,
				.size = sizeof(SpiceLinkMess),
			},
		.link =
			{
				.connection_id = connection_id,
				.channel_type =
					connection_id ? SPICE_CHANNEL_INPUTS : SPICE_CHANNEL_MAIN,
			},
	};
}

static void send_link(int fd, uint32_t connection_id)
{
	Message message = make_link(connection_id);

	send_bytes(fd, &message, sizeof(message));
}

static bool is_empty(void *user_data)
{
	return vit_spice_lobby_count(((Rig *)user_data)->lobby) == 0;
}

static void rig_wait_empty(Rig *rig)
{
	vit_test_wait("an empty lobby", PATIENCE_S, is_empty, rig);
}

static bool has_begun(void *user_data)
{
	return ((Rig *)user_data)->n_begun > 0;
}

static bool has_refused(void *user_data)
{
	return ((Rig *)user_data)->n_refused > 0;
}

static void test_begins(void)
{
	Message message;
	Rig rig;
	int fd;

	rig_init(&rig, 5000);
	fd = rig_connect(&rig);
	send_link(fd, 0);
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_begun, ==, 1);
	/* Nothing was taken: the library reads it all. */
	g_assert_cmpint(read(rig.last_fd, &message, sizeof(message)), ==, sizeof(message));
	(void)close(fd);
	rig_clear(&rig);
}

static void test_joins(void)
{
	Rig rig;
	int fd;

	rig_init(&rig, 5000);
	rig.has_room = false; /* which it does not need */
	fd = rig_connect(&rig);
	send_link(fd, 99);
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_joined, ==, 1);
	g_assert_cmpuint(rig.connection_id, ==, 99);
	(void)close(fd);
	rig_clear(&rig);
}

static void test_in_parts(void)
{
	Message message = make_link(0);
	Rig rig;
	int fd;

	rig_init(&rig, 20000);
	fd = rig_connect(&rig);
	for (size_t i = 0; i < sizeof(message); i++) {
		g_assert_cmpuint(rig.n_begun, ==, 0);
		send_bytes(fd, (uint8_t *)&message + i, 1);
		(void)g_main_context_iteration(NULL, FALSE);
	}
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_begun, ==, 1);
	(void)close(fd);
	rig_clear(&rig);
}

static void test_silent_is_closed(void)
{
	Rig rig;
	char byte;
	int fd;

	rig_init(&rig, 10);
	fd = rig_connect(&rig);
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_refused, ==, 1);
	g_assert_cmpint(read(fd, &byte, 1), ==, 0);
	(void)close(fd);
	rig_clear(&rig);
}

static void test_half_sent_is_closed(void)
{
	Message message = make_link(0);
	Rig rig;
	int fd;

	rig_init(&rig, 120);
	fd = rig_connect(&rig);
	send_bytes(fd, &message, sizeof(message) - 1);
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_refused, ==, 1);
	(void)close(fd);
	rig_clear(&rig);
}

static void test_disconnects(void)
{
	Rig rig;

	rig_init(&rig, 20000);
	(void)close(rig_connect(&rig));
	rig_wait_empty(&rig);
	g_assert_cmpuint(rig.n_refused, ==, 1);
	rig_clear(&rig);
}

static void test_garbage_is_refused(void)
{
	Rig rig;
	int fd;

	rig_init(&rig, 20000);
	fd = rig_connect(&rig);
	send_bytes(fd, "GET / HTTP/1.1\r\n", 16);
	rig_wait_empty(&rig);
	g_assert_cmpstr(rig.reason, ==, "it does not speak SPICE");
	(void)close(fd);
	rig_clear(&rig);
}

static void test_waits_for_room(void)
{
	Rig rig;
	int fd;

	rig_init(&rig, 20000);
	rig.has_room = false;
	fd = rig_connect(&rig);
	send_link(fd, 0);
	vit_test_run_for_ms(120);
	g_assert_cmpuint(rig.n_begun, ==, 0);
	g_assert_cmpuint(vit_spice_lobby_count(rig.lobby), ==, 1);
	rig.has_room = true;
	vit_test_wait("a session", PATIENCE_S, has_begun, &rig);
	(void)close(fd);
	rig_clear(&rig);
}

static void test_does_not_wait_for_ever(void)
{
	Rig rig;
	int fd;

	rig_init(&rig, 100);
	rig.has_room = false;
	fd = rig_connect(&rig);
	send_link(fd, 0);
	vit_test_wait("a refusal", PATIENCE_S, has_refused, &rig);
	g_assert_cmpuint(rig.n_begun, ==, 0);
	(void)close(fd);
	rig_clear(&rig);
}

/* Which socket a byte sent by its other end comes out of. */
static bool is_other_end(int fd, int other)
{
	char byte = 0;

	send_bytes(other, "?", 1);
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
}

static void test_newest_first(void)
{
	Message message;
	Rig rig;
	int old, new;

	rig_init(&rig, 20000);
	rig.has_room = false;
	old = rig_connect(&rig);
	new = rig_connect(&rig);
	send_link(old, 0);
	send_link(new, 0);
	vit_test_run_for_ms(20);
	rig.has_room = true;
	vit_test_wait("a session", PATIENCE_S, has_begun, &rig);
	g_assert_cmpint(read(rig.last_fd, &message, sizeof(message)), ==, sizeof(message));
	g_assert_true(is_other_end(rig.last_fd, new));
	(void)close(old);
	(void)close(new);
	rig_clear(&rig);
}

static void test_oldest_makes_room(void)
{
	Rig rig;
	int fds[MAX_SOCKETS + 1];
	char byte;

	rig_init(&rig, 20000);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		g_assert_cmpuint(rig.n_refused, ==, 0);
		fds[i] = rig_connect(&rig);
	}
	g_assert_cmpuint(rig.n_refused, ==, 1);
	g_assert_cmpuint(vit_spice_lobby_count(rig.lobby), ==, MAX_SOCKETS);
	g_assert_cmpint(read(fds[0], &byte, 1), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		(void)close(fds[i]);
	}
	rig_clear(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/spice-lobby/begins", test_begins);
	vit_test_add("/spice-lobby/joins", test_joins);
	vit_test_add("/spice-lobby/in-parts", test_in_parts);
	vit_test_add("/spice-lobby/silent-is-closed", test_silent_is_closed);
	vit_test_add("/spice-lobby/half-sent-is-closed", test_half_sent_is_closed);
	vit_test_add("/spice-lobby/disconnects", test_disconnects);
	vit_test_add("/spice-lobby/garbage-is-refused", test_garbage_is_refused);
	vit_test_add("/spice-lobby/waits-for-room", test_waits_for_room);
	vit_test_add("/spice-lobby/does-not-wait-for-ever", test_does_not_wait_for_ever);
	vit_test_add("/spice-lobby/newest-first", test_newest_first);
	vit_test_add("/spice-lobby/oldest-makes-room", test_oldest_makes_room);
	return g_test_run();
}

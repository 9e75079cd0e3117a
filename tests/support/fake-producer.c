/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

#include "tests/support/fake-producer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/fd.h"
#include "tests/support/fixture.h"

#define PRODUCER_PATIENCE_S 20
#define PRODUCER_MAX_FDS    16
#define PRODUCER_PIECE      4096

struct VitFakeProducer {
	char *folder, *path;
	int listen_fd, socket_fd; /* -1: none */
	guint listen_watch, socket_watch;
	unsigned connections;
	GByteArray *inbox;
};

static void producer_close(VitFakeProducer *self)
{
	g_clear_handle_id(&self->socket_watch, g_source_remove);
	vit_fd_clear(&self->socket_fd);
}

static gboolean on_producer_readable(int fd, GIOCondition condition, void *user_data)
{
	VitFakeProducer *self = user_data;
	uint8_t piece[PRODUCER_PIECE];
	ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n > 0) {
		g_byte_array_append(self->inbox, piece, (unsigned)n);
	} else if (n == 0 || errno != EAGAIN) {
		self->socket_watch = 0;
		producer_close(self);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_producer_connection(int fd, GIOCondition condition, void *user_data)
{
	VitFakeProducer *self = user_data;

	producer_close(self);
	g_byte_array_set_size(self->inbox, 0);
	self->socket_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	g_assert_cmpint(self->socket_fd, >=, 0);
	self->connections++;
	vit_fake_producer_go_on_reading(self);
	return G_SOURCE_CONTINUE;
}

void vit_fake_producer_listen(VitFakeProducer *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
	self->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	g_assert_cmpint(bind(self->listen_fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	g_assert_cmpint(listen(self->listen_fd, 1), ==, 0);
	self->listen_watch = g_unix_fd_add(self->listen_fd, G_IO_IN, on_producer_connection, self);
}

VitFakeProducer *vit_fake_producer_new(void)
{
	VitFakeProducer *self = g_new0(VitFakeProducer, 1);

	self->folder = g_dir_make_tmp("vitrine-XXXXXX", NULL);
	g_assert_nonnull(self->folder);
	self->path = g_build_filename(self->folder, "display", NULL);
	self->socket_fd = -1;
	self->inbox = g_byte_array_new();
	vit_fake_producer_listen(self);
	return self;
}

void vit_fake_producer_vanish(VitFakeProducer *self)
{
	producer_close(self);
	g_clear_handle_id(&self->listen_watch, g_source_remove);
	vit_fd_clear(&self->listen_fd);
	(void)g_unlink(self->path);
}

void vit_fake_producer_free(VitFakeProducer *self)
{
	vit_fake_producer_vanish(self);
	(void)g_rmdir(self->folder);
	g_byte_array_unref(self->inbox);
	g_free(self->folder);
	g_free(self->path);
	g_free(self);
}

const char *vit_fake_producer_get_path(const VitFakeProducer *self)
{
	return self->path;
}

unsigned vit_fake_producer_get_connections(const VitFakeProducer *self)
{
	return self->connections;
}

static bool producer_is_connected(void *user_data)
{
	return ((VitFakeProducer *)user_data)->socket_fd >= 0;
}

static bool producer_is_disconnected(void *user_data)
{
	return !producer_is_connected(user_data);
}

void vit_fake_producer_wait_connected(VitFakeProducer *self)
{
	vit_test_wait("the viewer connects", PRODUCER_PATIENCE_S, producer_is_connected, self);
}

void vit_fake_producer_wait_disconnected(VitFakeProducer *self)
{
	vit_test_wait("the viewer disconnects", PRODUCER_PATIENCE_S, producer_is_disconnected,
		      self);
}

void vit_fake_producer_hang_up(VitFakeProducer *self)
{
	producer_close(self);
}

void vit_fake_producer_stop_reading(VitFakeProducer *self)
{
	g_clear_handle_id(&self->socket_watch, g_source_remove);
}

void vit_fake_producer_go_on_reading(VitFakeProducer *self)
{
	self->socket_watch = g_unix_fd_add(self->socket_fd, G_IO_IN, on_producer_readable, self);
}

/* ---- Sending ---- */

static ssize_t producer_send_piece(VitFakeProducer *self, const uint8_t *bytes, size_t n_bytes,
				   const int *fds, unsigned n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * PRODUCER_MAX_FDS)];
	} control = {0};
	struct iovec part = {(void *)bytes, n_bytes};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	g_assert_cmpuint(n_fds, <=, PRODUCER_MAX_FDS);
	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
	}
	return sendmsg(self->socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void vit_fake_producer_send_bytes(VitFakeProducer *self, const void *bytes, size_t n_bytes,
				  const int *fds, unsigned n_fds)
{
	const uint8_t *next = bytes;

	while (n_bytes > 0 && self->socket_fd >= 0) {
		ssize_t n = producer_send_piece(self, next, n_bytes, fds, n_fds);

		if (n < 0 && errno != EAGAIN) {
			producer_close(self);
		} else if (n < 0) {
			vit_test_run_for_ms(1);
		} else {
			next += n;
			n_bytes -= (size_t)n;
			n_fds = 0;
		}
	}
}

size_t vit_fake_producer_try_to_send(VitFakeProducer *self, const void *bytes, size_t n_bytes)
{
	ssize_t n = producer_send_piece(self, bytes, n_bytes, NULL, 0);

	g_assert_true(n >= 0 || errno == EAGAIN);
	return n < 0 ? 0 : (size_t)n;
}

void vit_fake_producer_send_fds(VitFakeProducer *self, VitDisplayRequest request,
				const void *payload, uint32_t n_bytes, const int *fds,
				unsigned n_fds)
{
	const VitDisplayHeader header = {.request = request, .size_bytes = n_bytes};
	g_autofree uint8_t *bytes = g_malloc(sizeof(header) + n_bytes);

	memcpy(bytes, &header, sizeof(header));
	if (n_bytes > 0) {
		memcpy(bytes + sizeof(header), payload, n_bytes);
	}
	vit_fake_producer_send_bytes(self, bytes, sizeof(header) + n_bytes, fds, n_fds);
}

void vit_fake_producer_send(VitFakeProducer *self, VitDisplayRequest request, const void *payload,
			    uint32_t n_bytes)
{
	vit_fake_producer_send_fds(self, request, payload, n_bytes, NULL, 0);
}

/* ---- Receiving ---- */

bool vit_fake_producer_poll(VitFakeProducer *self, VitFakeProducerMessage *ret_message)
{
	VitDisplayHeader header;
	size_t n_bytes;

	if (self->inbox->len < sizeof(header)) {
		return false;
	}
	memcpy(&header, self->inbox->data, sizeof(header));
	n_bytes = sizeof(header) + header.size_bytes;
	g_assert_cmpuint(header.size_bytes, <=,
			 sizeof(*ret_message) - offsetof(VitFakeProducerMessage, features));
	if (self->inbox->len < n_bytes) {
		return false;
	}
	ret_message->header = header;
	memcpy(&ret_message->features, self->inbox->data + sizeof(header), header.size_bytes);
	g_byte_array_remove_range(self->inbox, 0, (unsigned)n_bytes);
	return true;
}

typedef struct AwaitedMessage {
	VitFakeProducer *producer;
	VitFakeProducerMessage *message;
} AwaitedMessage;

static bool producer_has_message(void *user_data)
{
	AwaitedMessage *awaited = user_data;

	return vit_fake_producer_poll(awaited->producer, awaited->message);
}

void vit_fake_producer_expect(VitFakeProducer *self, VitDisplayRequest request, uint32_t size_bytes,
			      VitFakeProducerMessage *ret_message)
{
	AwaitedMessage awaited = {self, ret_message};

	vit_test_wait("a message of the viewer", PRODUCER_PATIENCE_S, producer_has_message,
		      &awaited);
	g_assert_cmphex(ret_message->header.request, ==, request);
	g_assert_cmpuint(ret_message->header.size_bytes, ==, size_bytes);
	g_assert_cmphex(ret_message->header.flags, ==,
			request < VIT_DISPLAY_INFO_CHANGED ? VIT_DISPLAY_IS_REPLY : 0);
}

void vit_fake_producer_agree(VitFakeProducer *self, uint64_t features)
{
	VitDisplayFeatures wanted = {features};
	VitFakeProducerMessage message;

	vit_fake_producer_send(self, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	vit_fake_producer_expect(self, VIT_DISPLAY_GET_PROTOCOL_FEATURES, sizeof(wanted), &message);
	g_assert_cmphex(message.features.features & features, ==, features);
	vit_fake_producer_send(self, VIT_DISPLAY_SET_PROTOCOL_FEATURES, &wanted, sizeof(wanted));
}

void vit_fake_producer_settle(VitFakeProducer *self)
{
	VitFakeProducerMessage message;

	vit_fake_producer_send(self, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	vit_fake_producer_expect(self, VIT_DISPLAY_GET_PROTOCOL_FEATURES, sizeof(uint64_t),
				 &message);
}

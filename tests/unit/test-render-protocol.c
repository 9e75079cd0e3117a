/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of encoders/render-protocol.c: each rule of a message broken once, and transfers. */
#include "encoders/render-protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "tests/support/fixture.h"

/* Too large for the stack of a test that has several. */
typedef struct Fixture {
	VitRenderMessage message;
	VitRenderPacket packet;
	int ours, theirs;
} Fixture;

static Fixture *fixture_new(void)
{
	Fixture *fixture = g_new0(Fixture, 1);
	int ends[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
	fixture->ours = ends[0];
	fixture->theirs = ends[1];
	return fixture;
}

static void fixture_free(Fixture *fixture)
{
	vit_fd_clear(&fixture->ours);
	vit_fd_clear(&fixture->theirs);
	g_free(fixture);
}

/* A request of each type that is right, and the number of its fds. */
static unsigned make_request(VitRenderMessage *message, VitRenderType type)
{
	memset(message, 0, sizeof(*message));
	switch (type) {
	case VIT_RENDER_ATTACH_BUFFER:
		message->attach_buffer.buffer_id = 1;
		message->attach_buffer.n_planes = 2;
		vit_render_message_seal(message, type, sizeof(message->attach_buffer));
		return 2;
	case VIT_RENDER_ATTACH_SURFACE:
		message->attach_surface.surface_id = 1;
		message->attach_surface.width = 17;
		message->attach_surface.height = 3;
		message->attach_surface.stride_bytes = 128;
		vit_render_message_seal(message, type, sizeof(message->attach_surface));
		return 1;
	case VIT_RENDER_READ_BACK:
		message->read_back.job_id = 1;
		message->read_back.surface_id = 1;
		message->read_back.buffer_id = 1;
		message->read_back.n_rects = 1;
		message->read_back.rects[0] =
			(VitRenderRect){VIT_BUFFER_MAX_SIDE - 1, 0, 1, VIT_BUFFER_MAX_SIDE};
		vit_render_message_seal(message, type, vit_render_read_back_bytes(1));
		return 0;
	case VIT_RENDER_DETACH_BUFFER:
	case VIT_RENDER_DETACH_SURFACE:
	case VIT_RENDER_DONE:
		break;
	}
	vit_render_message_seal(message, type, sizeof(message->detach));
	return 0;
}

static void assert_request(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds, bool ok)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(vit_render_check_request(message, n_bytes, n_fds, &error) == ok);
	if (ok) {
		g_assert_no_error(error);
	} else {
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
}

static void test_right_requests(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);

	for (int type = VIT_RENDER_ATTACH_BUFFER; type < VIT_RENDER_DONE; type++) {
		unsigned n_fds = make_request(message, (VitRenderType)type);

		assert_request(message, message->header.size_bytes, n_fds, true);
	}
}

static void test_request_headers(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);

	for (int type = VIT_RENDER_ATTACH_BUFFER; type < VIT_RENDER_DONE; type++) {
		unsigned n_fds = make_request(message, (VitRenderType)type);
		size_t n_bytes = message->header.size_bytes;

		/* Every shorter length, whether it says so or not; and one more. */
		for (size_t length = 0; length < n_bytes; length++) {
			assert_request(message, length, n_fds, false);
			message->header.size_bytes = (uint32_t)length;
			assert_request(message, length, n_fds, false);
			message->header.size_bytes = (uint32_t)n_bytes;
		}
		message->header.size_bytes = (uint32_t)n_bytes + 1;
		assert_request(message, n_bytes + 1, n_fds, false);
		message->header.size_bytes = (uint32_t)n_bytes;
		assert_request(message, n_bytes, n_fds + 1, false);
		if (n_fds > 0) {
			assert_request(message, n_bytes, n_fds - 1, false);
		}
		message->header.version++;
		assert_request(message, n_bytes, n_fds, false);
	}
	(void)make_request(message, VIT_RENDER_DETACH_BUFFER);
	message->header.type = 0;
	assert_request(message, message->header.size_bytes, 0, false);
	message->header.type = VIT_RENDER_DONE;
	assert_request(message, message->header.size_bytes, 0, false);
	message->header.type = 1000;
	assert_request(message, message->header.size_bytes, 0, false);
}

/* One field of a right message set to something else. */
#define ASSERT_REFUSED(message, type, field, value)                                                \
	do {                                                                                       \
		unsigned n_fds_ = make_request(message, type);                                     \
                                                                                                   \
		(message)->field = (value);                                                        \
		assert_request(message, (message)->header.size_bytes, n_fds_, false);              \
	} while (0)

static void test_attach_buffer(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);

	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_BUFFER, attach_buffer.buffer_id, 0);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_BUFFER, attach_buffer.n_planes, 0);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_BUFFER, attach_buffer.n_planes, 1);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_BUFFER, attach_buffer.bottom_up, 2);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_BUFFER, attach_buffer.linear_vouched, 2);
	(void)make_request(message, VIT_RENDER_ATTACH_BUFFER);
	message->attach_buffer.n_planes = 0;
	assert_request(message, message->header.size_bytes, 0, false);
	message->attach_buffer.n_planes = VIT_MAX_PLANES + 1;
	assert_request(message, message->header.size_bytes, VIT_MAX_PLANES + 1, false);
}

static void test_attach_surface(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);

	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.surface_id, 0);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.width, 0);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.height, 0);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.width, 33);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.width,
		       VIT_BUFFER_MAX_SIDE + 1);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.height,
		       VIT_BUFFER_MAX_SIDE + 1);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.stride_bytes, 64);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.stride_bytes, 100);
	ASSERT_REFUSED(message, VIT_RENDER_ATTACH_SURFACE, attach_surface.stride_bytes,
		       VIT_BUFFER_MAX_SIDE * 4 + 64);
}

static void test_read_back(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);
	const VitRenderRect bad[] = {
		{-1, 0, 1, 1},
		{0, -1, 1, 1},
		{0, 0, 0, 1},
		{0, 0, 1, 0},
		{0, 0, -1, 1},
		{0, 0, 1, -1},
		{VIT_BUFFER_MAX_SIDE, 0, 1, 1},
		{0, VIT_BUFFER_MAX_SIDE, 1, 1},
		{1, 0, VIT_BUFFER_MAX_SIDE, 1},
		{0, 1, 1, VIT_BUFFER_MAX_SIDE},
		{INT32_MAX, 0, INT32_MAX, 1},
	};

	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.job_id, 0);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.surface_id, 0);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.buffer_id, 0);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.flags, VIT_RENDER_WHOLE);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.flags, 4);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.n_rects, 0);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.n_rects, 2);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.n_rects, UINT32_MAX);
	ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.n_rects, 0x10000001);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		ASSERT_REFUSED(message, VIT_RENDER_READ_BACK, read_back.rects[0], bad[i]);
	}
	(void)make_request(message, VIT_RENDER_READ_BACK);
	message->read_back.n_rects = VIT_RENDER_MAX_RECTS + 1;
	message->header.size_bytes = (uint32_t)vit_render_read_back_bytes(VIT_RENDER_MAX_RECTS + 1);
	assert_request(message, message->header.size_bytes, 0, false);
}

static void make_reply(VitRenderMessage *message)
{
	memset(message, 0, sizeof(*message));
	message->done.done.job_id = 1;
	message->done.done.bitmap_bytes = 5;
	vit_render_message_seal(message, VIT_RENDER_DONE, sizeof(message->done.done) + 5);
}

static void assert_reply(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds, bool ok)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(vit_render_check_reply(message, n_bytes, n_fds, &error) == ok);
	if (ok) {
		g_assert_no_error(error);
	} else {
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
}

static void test_replies(void)
{
	g_autofree VitRenderMessage *message = g_new0(VitRenderMessage, 1);
	size_t n_bytes = sizeof(VitRenderDone) + 5;

	make_reply(message);
	assert_reply(message, n_bytes, 0, true);
	assert_reply(message, n_bytes, 1, false);
	for (size_t length = 0; length < n_bytes; length++) {
		message->header.size_bytes = (uint32_t)length;
		assert_reply(message, length, 0, false);
	}
	make_reply(message);
	message->header.version++;
	assert_reply(message, n_bytes, 0, false);
	make_reply(message);
	message->header.type = VIT_RENDER_READ_BACK;
	assert_reply(message, n_bytes, 0, false);
	make_reply(message);
	message->done.done.status = VIT_RENDER_VANISHED + 1;
	assert_reply(message, n_bytes, 0, false);
	make_reply(message);
	memset(message->done.done.reason, 'a', VIT_RENDER_REASON_BYTES);
	assert_reply(message, n_bytes, 0, false);
	make_reply(message);
	message->done.done.reason[0] = (char)0xff;
	assert_reply(message, n_bytes, 0, false);
}

static void test_bitmap_sizes(void)
{
	g_assert_cmpuint(vit_render_bitmap_bytes(1, 1), ==, 1);
	g_assert_cmpuint(vit_render_bitmap_stride_bytes(512), ==, 1);
	g_assert_cmpuint(vit_render_bitmap_stride_bytes(513), ==, 2);
	g_assert_cmpuint(vit_render_bitmap_bytes(513, 17), ==, 4);
	g_assert_cmpuint(vit_render_bitmap_bytes(VIT_BUFFER_MAX_SIDE, VIT_BUFFER_MAX_SIDE), ==,
			 VIT_RENDER_MAX_BITMAP_BYTES);
}

/* The largest message with the most fds comes over; the fds are close-on-exec. */
static void test_transfer(void)
{
	Fixture *fixture = fixture_new();
	int fds[VIT_MAX_PLANES] = {0, 1, 2, fixture->ours};

	memset(&fixture->message, 7, sizeof(fixture->message));
	vit_render_message_seal(&fixture->message, VIT_RENDER_DONE, sizeof(fixture->message.done));
	g_assert_cmpint(vit_render_send(fixture->ours, &fixture->message, fds, VIT_MAX_PLANES), ==,
			VIT_RENDER_TRANSFER_DONE);
	g_assert_cmpint(vit_render_receive(fixture->theirs, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_DONE);
	g_assert_cmpmem(&fixture->packet.message, fixture->packet.n_bytes, &fixture->message,
			sizeof(fixture->message.done));
	g_assert_cmpuint(fixture->packet.n_fds, ==, VIT_MAX_PLANES);
	for (unsigned i = 0; i < VIT_MAX_PLANES; i++) {
		g_assert_cmpint(fcntl(fixture->packet.fds[i], F_GETFD), ==, FD_CLOEXEC);
	}
	vit_render_packet_close_fds(&fixture->packet);
	fixture_free(fixture);
}

static void test_transfer_blocks(void)
{
	Fixture *fixture = fixture_new();
	unsigned sent = 0;

	g_assert_cmpint(fcntl(fixture->ours, F_SETFL, O_NONBLOCK), ==, 0);
	g_assert_cmpint(vit_render_receive(fixture->ours, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_AGAIN);
	vit_render_message_seal(&fixture->message, VIT_RENDER_DONE, sizeof(fixture->message.done));
	while (vit_render_send(fixture->ours, &fixture->message, NULL, 0) ==
	       VIT_RENDER_TRANSFER_DONE) {
		sent++;
	}
	g_assert_cmpint(vit_render_send(fixture->ours, &fixture->message, NULL, 0), ==,
			VIT_RENDER_TRANSFER_AGAIN);
	g_assert_cmpuint(sent, >, 1);
	fixture_free(fixture);
}

static void test_transfer_ends(void)
{
	Fixture *fixture = fixture_new();

	vit_fd_clear(&fixture->theirs);
	vit_render_message_seal(&fixture->message, VIT_RENDER_DETACH_BUFFER,
				sizeof(fixture->message.detach));
	g_assert_cmpint(vit_render_send(fixture->ours, &fixture->message, NULL, 0), ==,
			VIT_RENDER_TRANSFER_ENDED);
	g_assert_cmpint(vit_render_receive(fixture->ours, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_ENDED);
	fixture_free(fixture);
}

static void send_raw(int socket_fd, const void *bytes, size_t n_bytes, unsigned n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
	} control = {0};
	struct iovec part = {(void *)bytes, n_bytes};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	int *fds = (int *)(void *)CMSG_DATA(&control.header);

	if (n_fds > 0) {
		packet.msg_control = &control;
		packet.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		for (unsigned i = 0; i < n_fds; i++) {
			fds[i] = socket_fd;
		}
	}
	g_assert_cmpint(sendmsg(socket_fd, &packet, 0), ==, (ssize_t)n_bytes);
}

/* Too long, too many fds, and nothing but fds: refused, and no fd is left open. */
static void test_transfer_bad(void)
{
	Fixture *fixture = fixture_new();
	g_autofree uint8_t *bytes = g_malloc0(sizeof(VitRenderMessage) + 1);
	unsigned n_fds = vit_test_count_fds();

	send_raw(fixture->ours, bytes, sizeof(VitRenderMessage) + 1, 1);
	g_assert_cmpint(vit_render_receive(fixture->theirs, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_BAD);
	send_raw(fixture->ours, bytes, 64, VIT_MAX_PLANES + 1);
	g_assert_cmpint(vit_render_receive(fixture->theirs, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_BAD);
	send_raw(fixture->ours, bytes, 0, 2);
	g_assert_cmpint(vit_render_receive(fixture->theirs, &fixture->packet), ==,
			VIT_RENDER_TRANSFER_ENDED);
	g_assert_cmpuint(vit_test_count_fds(), ==, n_fds);
	fixture_free(fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/render-protocol/request/right", test_right_requests);
	vit_test_add("/render-protocol/request/refuses/headers", test_request_headers);
	vit_test_add("/render-protocol/request/refuses/attach-buffer", test_attach_buffer);
	vit_test_add("/render-protocol/request/refuses/attach-surface", test_attach_surface);
	vit_test_add("/render-protocol/request/refuses/read-back", test_read_back);
	vit_test_add("/render-protocol/reply/refuses", test_replies);
	vit_test_add("/render-protocol/bitmap-sizes", test_bitmap_sizes);
	vit_test_add("/render-protocol/transfer/largest", test_transfer);
	vit_test_add("/render-protocol/transfer/would-block", test_transfer_blocks);
	vit_test_add("/render-protocol/transfer/ended", test_transfer_ends);
	vit_test_add("/render-protocol/transfer/bad", test_transfer_bad);
	return g_test_run();
}

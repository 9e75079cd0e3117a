/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The display socket's reader: that it does not matter how a stream is cut, whose fds are whose,
 * and each way in which it gives up.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/gpu-socket/reader.h"
#include "tests/support/fixture.h"

#define FEATURES     (VIT_DISPLAY_PLANES | VIT_DISPLAY_INPUT)
#define IMAGE_STRIDE 64
#define IMAGE_ROWS   200 /* more than one call reads */
#define PIXEL_BYTES  4
#define MAX_LOG_ROWS 16

/* A socket pair, the reader at its one end, and what it read. */
typedef struct Rig {
	int producer, viewer;
	VitDisplayReader reader;
	uint8_t image[IMAGE_ROWS * IMAGE_STRIDE];
	bool throws_away;
	struct {
		VitDisplayHeader header;
		unsigned n_fds;
		bool has_pixels;
	} log[MAX_LOG_ROWS];
	unsigned n_messages;
	GError *error;
} Rig;

static void set_up(Rig *self)
{
	int ends[2];

	memset(self, 0, sizeof(*self));
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	self->producer = ends[0];
	self->viewer = ends[1];
	vit_display_reader_init(&self->reader);
}

static void tear_down(Rig *self)
{
	vit_display_reader_clear(&self->reader);
	vit_fd_clear(&self->producer);
	vit_fd_clear(&self->viewer);
	g_clear_error(&self->error);
}

static void note_message(Rig *self)
{
	VitDisplayMessage *message = &self->reader.message;
	const VitDisplayRows rows = {self->throws_away ? NULL : self->image, IMAGE_STRIDE};

	g_assert_cmpuint(self->n_messages, <, MAX_LOG_ROWS);
	self->log[self->n_messages].header = message->header;
	self->log[self->n_messages].n_fds = message->fds.n_fds;
	self->n_messages++;
	if (message->header.request == VIT_DISPLAY_UPDATE) {
		vit_display_reader_aim(&self->reader, &rows);
	}
}

/* Reads all that is there; false: it is over. */
static bool read_all(Rig *self)
{
	for (;;) {
		switch (vit_display_reader_step(&self->reader, self->viewer, FEATURES,
						&self->error)) {
		case VIT_DISPLAY_READ_PART:
			break;
		case VIT_DISPLAY_READ_MESSAGE:
			note_message(self);
			break;
		case VIT_DISPLAY_READ_PIXELS:
			self->log[self->n_messages - 1].has_pixels = true;
			break;
		case VIT_DISPLAY_READ_AGAIN:
			g_assert_no_error(self->error);
			return true;
		case VIT_DISPLAY_READ_ERROR:
			g_assert_nonnull(self->error);
			return false;
		}
	}
}

static void send_piece(Rig *self, const void *bytes, size_t n_bytes, unsigned n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
	} control = {0};
	struct iovec part = {(void *)bytes, n_bytes};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		for (unsigned i = 0; i < n_fds; i++) {
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &self->viewer,
			       sizeof(int));
		}
	}
	g_assert_cmpint(sendmsg(self->producer, &message, MSG_NOSIGNAL), ==, n_bytes);
}

static void append(GByteArray *stream, uint32_t request, const void *payload, uint32_t n_bytes)
{
	const VitDisplayHeader header = {.request = request, .size_bytes = n_bytes};

	g_byte_array_append(stream, (const uint8_t *)&header, sizeof(header));
	if (n_bytes > 0) {
		g_byte_array_append(stream, payload, n_bytes);
	}
}

/* An update whose pixels are 0, 1, 2, … as bytes. */
static void append_update(GByteArray *stream, uint32_t width, uint32_t height)
{
	const VitDisplayUpdate update = {.width = width, .height = height};
	const VitDisplayHeader header = {
		.request = VIT_DISPLAY_UPDATE,
		.size_bytes = (uint32_t)sizeof(update) + width * height * PIXEL_BYTES,
	};

	g_byte_array_append(stream, (const uint8_t *)&header, sizeof(header));
	g_byte_array_append(stream, (const uint8_t *)&update, sizeof(update));
	for (uint32_t i = 0; i < width * height * PIXEL_BYTES; i++) {
		uint8_t byte = (uint8_t)i;

		g_byte_array_append(stream, &byte, 1);
	}
}

static void assert_image(const Rig *self, uint32_t width, uint32_t height)
{
	for (uint32_t i = 0; i < width * height * PIXEL_BYTES; i++) {
		uint32_t row = i / (width * PIXEL_BYTES), column = i % (width * PIXEL_BYTES);

		g_assert_cmpuint(self->image[row * IMAGE_STRIDE + column], ==, (uint8_t)i);
	}
}

/* One of each kind of length. */
static GByteArray *make_stream(void)
{
	static const VitDisplayCursorUpdate cursor;
	const VitDisplayFeatures features = {FEATURES};
	const VitDisplayScanout scanout = {0, 3, 5};
	GByteArray *stream = g_byte_array_new();

	append(stream, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	append(stream, VIT_DISPLAY_SET_PROTOCOL_FEATURES, &features, sizeof(features));
	append(stream, VIT_DISPLAY_SCANOUT, &scanout, sizeof(scanout));
	append_update(stream, 3, 5);
	append_update(stream, 0, 0);
	append(stream, VIT_DISPLAY_CURSOR_UPDATE, &cursor, sizeof(cursor));
	append(stream, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	return stream;
}

static void assert_stream(const Rig *self)
{
	static const uint32_t requests[] = {1, 2, 7, 8, 8, 6, 3};

	g_assert_cmpuint(self->n_messages, ==, G_N_ELEMENTS(requests));
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		g_assert_cmpuint(self->log[i].header.request, ==, requests[i]);
		g_assert_true(self->log[i].has_pixels == (requests[i] == VIT_DISPLAY_UPDATE));
		g_assert_cmpuint(self->log[i].n_fds, ==, 0);
	}
	assert_image(self, 3, 5);
}

static void test_at_once(void)
{
	g_autoptr(GByteArray) stream = make_stream();
	Rig rig;

	set_up(&rig);
	send_piece(&rig, stream->data, stream->len, 0);
	g_assert_true(read_all(&rig));
	assert_stream(&rig);
	tear_down(&rig);
}

static void test_byte_by_byte(void)
{
	g_autoptr(GByteArray) stream = make_stream();
	Rig rig;

	set_up(&rig);
	for (unsigned i = 0; i < stream->len; i++) {
		send_piece(&rig, stream->data + i, 1, 0);
		g_assert_true(read_all(&rig));
	}
	assert_stream(&rig);
	tear_down(&rig);
}

static void test_cut_anywhere(void)
{
	g_autoptr(GByteArray) stream = make_stream();

	/* All of the small messages, and some of the large one. */
	for (unsigned cut = 1; cut < stream->len; cut += cut < 256 ? 1 : 501) {
		Rig rig;

		set_up(&rig);
		send_piece(&rig, stream->data, cut, 0);
		g_assert_true(read_all(&rig));
		send_piece(&rig, stream->data + cut, stream->len - cut, 0);
		g_assert_true(read_all(&rig));
		assert_stream(&rig);
		tear_down(&rig);
	}
}

/* The end comes anywhere: it is told as one, and where. */
static void test_end_anywhere(void)
{
	g_autoptr(GByteArray) stream = make_stream();

	for (unsigned cut = 0; cut < stream->len; cut += cut < 256 ? 1 : 501) {
		Rig rig;

		set_up(&rig);
		if (cut > 0) {
			send_piece(&rig, stream->data, cut, 0);
		}
		vit_fd_clear(&rig.producer);
		g_assert_false(read_all(&rig));
		g_assert_error(rig.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
		if (cut == 0 || cut == 12) {
			g_assert_null(strstr(rig.error->message, "in the middle"));
		} else if (cut == 5) {
			g_assert_nonnull(strstr(rig.error->message, "in the middle of a message"));
		} else if (cut == 30) {
			g_assert_nonnull(strstr(rig.error->message, "in the middle of SET_PROT"));
		} else if (cut == 100) {
			g_assert_nonnull(strstr(rig.error->message, "in the middle of UPDATE"));
		}
		tear_down(&rig);
	}
}

static void test_many_rows(void)
{
	g_autoptr(GByteArray) stream = g_byte_array_new();
	Rig rig;

	append_update(stream, IMAGE_STRIDE / PIXEL_BYTES - 1, IMAGE_ROWS);
	set_up(&rig);
	/* A cut within a row. */
	send_piece(&rig, stream->data, 3333, 0);
	g_assert_true(read_all(&rig));
	g_assert_false(rig.log[0].has_pixels);
	send_piece(&rig, stream->data + 3333, stream->len - 3333, 0);
	g_assert_true(read_all(&rig));
	g_assert_true(rig.log[0].has_pixels);
	assert_image(&rig, IMAGE_STRIDE / PIXEL_BYTES - 1, IMAGE_ROWS);
	/* What lies behind the rows is not touched. */
	g_assert_cmpuint(rig.image[IMAGE_STRIDE - 1], ==, 0);
	tear_down(&rig);
}

static void test_pixels_thrown_away(void)
{
	g_autoptr(GByteArray) stream = make_stream();
	static const uint8_t nothing[sizeof(((Rig *)0)->image)];
	Rig rig;

	set_up(&rig);
	rig.throws_away = true;
	append_update(stream, 100, 100);
	append(stream, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	send_piece(&rig, stream->data, stream->len, 0);
	g_assert_true(read_all(&rig));
	g_assert_cmpuint(rig.n_messages, ==, 9);
	g_assert_cmpmem(rig.image, sizeof(rig.image), nothing, sizeof(nothing));
	tear_down(&rig);
}

/* With the header, with the payload, with each their own; and never those of the next message. */
static void test_fds_of_a_message(void)
{
	const VitDisplayPlanes planes = {.n_planes = 3, .modifier = 1};
	g_autoptr(GByteArray) stream = g_byte_array_new();
	Rig rig;

	append(stream, VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &planes, sizeof(planes));
	set_up(&rig);
	send_piece(&rig, stream->data, stream->len, 3);
	send_piece(&rig, stream->data, 12, 0);
	send_piece(&rig, stream->data + 12, stream->len - 12, 3);
	send_piece(&rig, stream->data, 6, 1);
	send_piece(&rig, stream->data + 6, 30, 1);
	send_piece(&rig, stream->data + 36, stream->len - 36, 1);
	g_byte_array_set_size(stream, 0);
	append(stream, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	send_piece(&rig, stream->data, stream->len, 0);
	g_byte_array_set_size(stream, 0);
	append(stream, VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &planes, sizeof(planes));
	send_piece(&rig, stream->data, stream->len, 3);
	g_assert_true(read_all(&rig));
	g_assert_cmpuint(rig.n_messages, ==, 5);
	g_assert_cmpuint(rig.log[0].n_fds, ==, 3);
	g_assert_cmpuint(rig.log[1].n_fds, ==, 3);
	g_assert_cmpuint(rig.log[2].n_fds, ==, 3);
	g_assert_cmpuint(rig.log[3].n_fds, ==, 0);
	g_assert_cmpuint(rig.log[4].n_fds, ==, 3);
	tear_down(&rig);
}

static void test_fds_are_closed_on_exec(void)
{
	const VitDisplayDmabufScanout scanout = {0};
	g_autoptr(GByteArray) stream = g_byte_array_new();
	Rig rig;

	append(stream, VIT_DISPLAY_DMABUF_SCANOUT, &scanout, sizeof(scanout));
	set_up(&rig);
	send_piece(&rig, stream->data, stream->len, 1);
	g_assert_true(read_all(&rig));
	tear_down(&rig);
	set_up(&rig);
	send_piece(&rig, stream->data, stream->len, 1);
	while (rig.reader.message.fds.n_fds == 0) {
		(void)vit_display_reader_step(&rig.reader, rig.viewer, 0, &rig.error);
	}
	g_assert_cmpint(fcntl(rig.reader.message.fds.fds[0], F_GETFD) & FD_CLOEXEC, !=, 0);
	tear_down(&rig);
}

/* What is sent, cut into two pieces with fds each, is refused with these words. */
static void assert_refused(const GByteArray *stream, unsigned cut, unsigned n_fds,
			   unsigned n_more_fds, const char *words)
{
	Rig rig;

	set_up(&rig);
	send_piece(&rig, stream->data, cut, n_fds);
	if (cut < stream->len) {
		send_piece(&rig, stream->data + cut, stream->len - cut, n_more_fds);
	}
	g_assert_false(read_all(&rig));
	g_assert_error(rig.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_assert_nonnull(strstr(rig.error->message, words));
	tear_down(&rig);
}

static void test_too_many_fds(void)
{
	const VitDisplayDmabufScanout scanout = {0};
	const VitDisplayPlanes planes = {.n_planes = 4, .modifier = 1};
	g_autoptr(GByteArray) stream = g_byte_array_new();

	append(stream, VIT_DISPLAY_DMABUF_SCANOUT, &scanout, sizeof(scanout));
	assert_refused(stream, stream->len, 2, 0, "2 file descriptors: it has at most 1");
	assert_refused(stream, stream->len, 5, 0, "more than 4 file descriptors");
	assert_refused(stream, 12, 4, 1, "more than 4 file descriptors");
	assert_refused(stream, 12, 8, 0, "more than 4 file descriptors");
	g_byte_array_set_size(stream, 0);
	append(stream, VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &planes, sizeof(planes));
	assert_refused(stream, 50, 4, 4, "more than 4 file descriptors");
	assert_refused(stream, 50, 2, 1, "4 planes with 3 file descriptors");
	g_byte_array_set_size(stream, 0);
	append(stream, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	assert_refused(stream, stream->len, 1, 0, "1 file descriptors: it has at most 0");
}

static void test_fds_with_pixels(void)
{
	g_autoptr(GByteArray) stream = g_byte_array_new();

	append_update(stream, 3, 5);
	assert_refused(stream, 32, 0, 1, "UPDATE with file descriptors");
	assert_refused(stream, 12, 0, 1, "UPDATE with 1 file descriptors");
}

/* A header is judged before what it announces has come. */
static void test_bad_header(void)
{
	g_autoptr(GByteArray) stream = g_byte_array_new();
	const VitDisplayScanout scanout = {0};

	append(stream, VIT_DISPLAY_DMABUF_SCANOUT, &scanout, sizeof(scanout));
	g_byte_array_set_size(stream, 12);
	assert_refused(stream, 12, 0, 0, "DMABUF_SCANOUT of 12 bytes: it must be 40");
}

static void test_bad_payload(void)
{
	g_autoptr(GByteArray) stream = g_byte_array_new();
	const VitDisplayScanout scanout = {.head = 16};

	append(stream, VIT_DISPLAY_SCANOUT, &scanout, sizeof(scanout));
	assert_refused(stream, stream->len, 0, 0, "SCANOUT for scanout 16");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-reader/at-once", test_at_once);
	vit_test_add("/display-reader/byte-by-byte", test_byte_by_byte);
	vit_test_add("/display-reader/cut-anywhere", test_cut_anywhere);
	vit_test_add("/display-reader/end-anywhere", test_end_anywhere);
	vit_test_add("/display-reader/many-rows", test_many_rows);
	vit_test_add("/display-reader/pixels-thrown-away", test_pixels_thrown_away);
	vit_test_add("/display-reader/fds-of-a-message", test_fds_of_a_message);
	vit_test_add("/display-reader/fds-are-closed-on-exec", test_fds_are_closed_on_exec);
	vit_test_add("/display-reader/refuses/too-many-fds", test_too_many_fds);
	vit_test_add("/display-reader/refuses/fds-with-pixels", test_fds_with_pixels);
	vit_test_add("/display-reader/refuses/bad-header", test_bad_header);
	vit_test_add("/display-reader/refuses/bad-payload", test_bad_payload);
	return g_test_run();
}

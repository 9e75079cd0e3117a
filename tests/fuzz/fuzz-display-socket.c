/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * All that a producer can send on a display socket, with fds, to a whole connection with two heads.
 * The first byte: how the stream is cut (low bits: the size of its pieces), whether the consumer
 * holds on to frames, whether the producer reads. Then messages: one byte of how many fds come with
 * it and of which kind, two of the request (lowest first), three of how many bytes follow and one
 * of how much the header lies about that; and so many bytes. A last message may be cut short.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sources/gpu-socket/gpu-socket-private.h"
#include "tests/fuzz/target.h"

#define FUZZ_HEADS      2
#define FUZZ_LEAD_BYTES 7
#define FUZZ_MAX_FDS    7
#define FUZZ_MAX_PIECE  0x3f
#define FUZZ_HOLDS      0x40
#define FUZZ_IS_DEAF    0x80

typedef struct Fuzz {
	int producer; /* its end of the socket */
	bool holds, is_deaf;
	size_t piece_bytes;
	VitDisplayConnection *connection; /* NULL: broken */
	VitDisplayHead *heads[FUZZ_HEADS];
	VitSource *sources[FUZZ_HEADS];
	VitInputSink *sinks[FUZZ_HEADS];
	VitFrame *held;
} Fuzz;

/* ---- The consumer ---- */

static void on_fuzz_scanout(void *user_data, VitBuffer *buffer)
{
}

static void on_fuzz_frame(void *user_data, VitFrame *frame)
{
	Fuzz *fuzz = user_data;
	const VitBuffer *buffer = vit_frame_get_buffer(frame);
	const pixman_box32_t *box =
		pixman_region32_extents((pixman_region32_t *)vit_frame_get_damage(frame));

	g_assert_cmpint(box->x1, >=, 0);
	g_assert_cmpint(box->y1, >=, 0);
	g_assert_cmpint(box->x2, <=, (int)vit_buffer_get_width(buffer));
	g_assert_cmpint(box->y2, <=, (int)vit_buffer_get_height(buffer));
	if (fuzz->holds) {
		vit_frame_unref(fuzz->held);
		fuzz->held = vit_frame_ref(frame);
	}
}

static void on_fuzz_cursor(void *user_data, VitCursor *cursor)
{
}

static void on_fuzz_cursor_moved(void *user_data, int32_t x, int32_t y, bool visible)
{
}

static void on_fuzz_leds(void *user_data, unsigned leds)
{
	g_assert_cmpuint(leds, <, 8);
}

static void on_fuzz_pointer_mode(void *user_data, bool absolute)
{
}

static void on_fuzz_error(void *user_data, const GError *error)
{
	g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static const VitSourceEvents fuzz_source_events = {
	.scanout = on_fuzz_scanout,
	.frame = on_fuzz_frame,
	.cursor = on_fuzz_cursor,
	.cursor_moved = on_fuzz_cursor_moved,
	.leds = on_fuzz_leds,
	.pointer_mode = on_fuzz_pointer_mode,
	.refused = on_fuzz_error,
	.lost = on_fuzz_error,
};

/* ---- What a machine would do ---- */

static void on_fuzz_input(void *user_data, unsigned index, const VitInput *input)
{
	Fuzz *fuzz = user_data;

	if (fuzz->connection) {
		vit_display_connection_send_input(fuzz->connection, index, input);
	}
}

static void on_fuzz_wish(void *user_data)
{
	Fuzz *fuzz = user_data;

	if (fuzz->connection) {
		vit_display_connection_tell_wishes(fuzz->connection);
	}
}

static void on_fuzz_ready(void *user_data)
{
	Fuzz *fuzz = user_data;

	if (fuzz->connection) {
		vit_display_connection_resume(fuzz->connection);
	}
}

static void on_fuzz_broken(void *user_data, const GError *error)
{
	Fuzz *fuzz = user_data;

	on_fuzz_error(user_data, error);
	g_clear_pointer(&fuzz->connection, vit_display_connection_free);
}

static void fuzz_set_up(Fuzz *self, uint8_t options)
{
	static const VitDisplayHeadEvents head_events = {
		.input = on_fuzz_input,
		.wish = on_fuzz_wish,
		.ready = on_fuzz_ready,
	};
	static const VitDisplayConnectionEvents events = {.broken = on_fuzz_broken};
	VitDisplayConnectionOptions connection = {
		.heads = self->heads,
		.n_heads = FUZZ_HEADS,
		.events = &events,
		.user_data = self,
	};
	int ends[2];

	self->piece_bytes = (size_t)1 << (options & FUZZ_MAX_PIECE) % 17;
	self->holds = (options & FUZZ_HOLDS) != 0;
	self->is_deaf = (options & FUZZ_IS_DEAF) != 0;
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	self->producer = ends[0];
	for (unsigned i = 0; i < FUZZ_HEADS; i++) {
		const VitEdidMonitor wish = {.width = 1280, .height = 800, .index = i};

		self->heads[i] = vit_display_head_new(&wish, &head_events, self);
		self->sources[i] = vit_display_head_give_source(self->heads[i]);
		self->sinks[i] = vit_display_head_give_sink(self->heads[i]);
		vit_source_start(self->sources[i], &fuzz_source_events, self);
	}
	connection.socket_fd = ends[1];
	self->connection = vit_display_connection_new(&connection);
}

static void fuzz_run_loop(void)
{
	while (g_main_context_iteration(NULL, FALSE)) {
	}
}

static void fuzz_tear_down(Fuzz *self)
{
	(void)close(self->producer);
	self->holds = false;
	do {
		g_clear_pointer(&self->held, vit_frame_unref);
		fuzz_run_loop();
	} while (self->held);
	g_clear_pointer(&self->connection, vit_display_connection_free);
	for (unsigned i = 0; i < FUZZ_HEADS; i++) {
		vit_source_destroy(self->sources[i]);
		vit_input_sink_destroy(self->sinks[i]);
		vit_display_head_free(self->heads[i]);
	}
	fuzz_run_loop();
}

/* ---- The producer ---- */

static int fuzz_make_fd(unsigned kind)
{
	int fd = -1;

	switch (kind % 4) {
	case 0:
		fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		g_assert_cmpint(ftruncate(fd, 64 * 1024), ==, 0);
		break;
	case 1:
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		break;
	case 2:
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		break;
	default:
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		break;
	}
	g_assert_cmpint(fd, >=, 0);
	return fd;
}

/* Sends one piece. Returns what was taken; 0: nothing more will be. */
static size_t fuzz_send_piece(Fuzz *self, const uint8_t *bytes, size_t n_bytes, const int *fds,
			      unsigned n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * FUZZ_MAX_FDS)];
	} control = {0};
	struct iovec part = {(void *)bytes, MIN(n_bytes, self->piece_bytes)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
	}
	sent = sendmsg(self->producer, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent > 0 ? (size_t)sent : 0;
}

/* Reads what the viewer sent; the length of each message there is right. */
static void fuzz_listen(Fuzz *self)
{
	uint8_t scratch[4096];

	while (!self->is_deaf && recv(self->producer, scratch, sizeof(scratch), MSG_DONTWAIT) > 0) {
	}
}

static bool fuzz_send(Fuzz *self, const uint8_t *bytes, size_t n_bytes, const int *fds,
		      unsigned n_fds)
{
	while (n_bytes > 0) {
		size_t sent = fuzz_send_piece(self, bytes, n_bytes, fds, n_fds);

		fuzz_run_loop();
		fuzz_listen(self);
		if (sent == 0 && self->held) {
			/* It waits for the frame. */
			g_clear_pointer(&self->held, vit_frame_unref);
		} else if (sent == 0) {
			return false;
		}
		bytes += sent;
		n_bytes -= sent;
		n_fds = sent > 0 ? 0 : n_fds;
	}
	return true;
}

/* Sends the next message of the input. Returns the bytes used; 0: it is over. */
static size_t fuzz_next(Fuzz *self, const uint8_t *bytes, size_t n_bytes)
{
	int fds[FUZZ_MAX_FDS];
	unsigned n_fds;
	uint32_t length;
	VitDisplayHeader header = {0};
	bool goes_on;

	if (n_bytes < FUZZ_LEAD_BYTES) {
		return 0;
	}
	length = bytes[3] | (uint32_t)bytes[4] << 8 | (uint32_t)bytes[5] << 16;
	header.request = bytes[1] | (uint32_t)bytes[2] << 8;
	header.size_bytes = length + (uint32_t)(int8_t)bytes[6];
	n_fds = bytes[0] & 7;
	for (unsigned i = 0; i < n_fds; i++) {
		fds[i] = fuzz_make_fd((unsigned)bytes[0] >> 3);
	}
	length = (uint32_t)MIN(length, n_bytes - FUZZ_LEAD_BYTES);
	goes_on = fuzz_send(self, (const uint8_t *)&header, sizeof(header), fds, n_fds) &&
		  fuzz_send(self, bytes + FUZZ_LEAD_BYTES, length, NULL, 0);
	for (unsigned i = 0; i < n_fds; i++) {
		(void)close(fds[i]);
	}
	return goes_on ? FUZZ_LEAD_BYTES + length : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	const VitInput motion = {.type = VIT_INPUT_POINTER_RELATIVE, .relative = {3, -4}};
	Fuzz fuzz = {0};
	size_t used;

	if (n_bytes == 0) {
		return 0;
	}
	fuzz_set_up(&fuzz, bytes[0]);
	bytes++;
	n_bytes--;
	while (fuzz.connection && (used = fuzz_next(&fuzz, bytes, n_bytes)) > 0) {
		bytes += used;
		n_bytes -= used;
		vit_input_sink_send(fuzz.sinks[0], &motion);
		vit_input_sink_set_size(fuzz.sinks[1], (uint32_t)n_bytes, 480, 0, 0);
	}
	fuzz_tear_down(&fuzz);
	return 0;
}

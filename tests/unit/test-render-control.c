/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of encoders/render/control.c: what is attached, and requests that do not fit it. */
#include "encoders/render/control.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "encoders/surface/guard.h"
#include "tests/support/fixture.h"

#define WIDTH  100
#define HEIGHT 40
#define STRIDE 448 /* bytes */

typedef struct Fixture {
	VitControl *control;
	VitRenderPacket packet;
	const VitRenderMessage *reply;
} Fixture;

static Fixture *fixture_new(void)
{
	Fixture *fixture = g_new0(Fixture, 1);

	fixture->control = vit_control_new();
	return fixture;
}

static void fixture_free(Fixture *fixture)
{
	vit_control_free(fixture->control);
	g_free(fixture);
}

static int make_memory(size_t n_bytes)
{
	VIT_AUTOFD int fd = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, (off_t)n_bytes), ==, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), ==, 0);
	return g_steal_fd(&fd);
}

/* Whether the packet, whose message is filled in but for its header, was obeyed. */
static bool fixture_do(Fixture *fixture, VitRenderType type, size_t n_bytes)
{
	g_autoptr(GError) error = NULL;
	bool obeyed;

	vit_render_message_seal(&fixture->packet.message, type, n_bytes);
	fixture->packet.n_bytes = n_bytes;
	fixture->reply = NULL;
	obeyed = vit_control_handle(fixture->control, &fixture->packet, &fixture->reply, &error);
	g_assert_cmpuint(fixture->packet.n_fds, ==, 0);
	if (obeyed) {
		g_assert_no_error(error);
	} else {
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
	return obeyed;
}

static VitRenderAttachBuffer right_buffer(uint64_t id)
{
	return (VitRenderAttachBuffer){
		.buffer_id = id,
		.fourcc = DRM_FORMAT_XRGB8888,
		.width = WIDTH,
		.height = HEIGHT,
		.n_planes = 1,
		.stride_bytes = {STRIDE},
		.visible_width = WIDTH,
		.visible_height = HEIGHT,
	};
}

/* Takes the fd. */
static bool fixture_attach_buffer(Fixture *fixture, VitRenderAttachBuffer attach, int fd)
{
	fixture->packet.message.attach_buffer = attach;
	fixture->packet.fds[0] = fd;
	fixture->packet.n_fds = 1;
	return fixture_do(fixture, VIT_RENDER_ATTACH_BUFFER, sizeof(attach));
}

static bool fixture_attach_surface(Fixture *fixture, uint64_t id, int fd)
{
	fixture->packet.message.attach_surface = (VitRenderAttachSurface){
		.surface_id = id,
		.width = WIDTH,
		.height = HEIGHT,
		.stride_bytes = STRIDE,
	};
	fixture->packet.fds[0] = fd;
	fixture->packet.n_fds = 1;
	return fixture_do(fixture, VIT_RENDER_ATTACH_SURFACE, sizeof(VitRenderAttachSurface));
}

static bool fixture_detach(Fixture *fixture, VitRenderType type, uint64_t id)
{
	fixture->packet.message.detach.id = id;
	return fixture_do(fixture, type, sizeof(VitRenderDetach));
}

typedef struct Job {
	uint64_t surface_id, buffer_id;
	uint32_t flags;
	VitRenderRect rect; /* empty: none */
} Job;

static bool fixture_read_back(Fixture *fixture, Job job)
{
	VitRenderReadBack *message = &fixture->packet.message.read_back;

	message->job_id = 77;
	message->surface_id = job.surface_id;
	message->buffer_id = job.buffer_id;
	message->flags = job.flags;
	message->n_rects = job.rect.width > 0 ? 1 : 0;
	message->rects[0] = job.rect;
	return fixture_do(fixture, VIT_RENDER_READ_BACK,
			  vit_render_read_back_bytes(message->n_rects));
}

static const VitRenderDone *fixture_done(const Fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	g_assert_nonnull(fixture->reply);
	(void)vit_render_check_reply(fixture->reply, fixture->reply->header.size_bytes, 0, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(fixture->reply->done.done.job_id, ==, 77);
	g_assert_cmpuint(fixture->reply->done.done.bitmap_bytes, ==, 3);
	return &fixture->reply->done.done;
}

static void test_job(void)
{
	Fixture *fixture = fixture_new();
	Job job = {.surface_id = 5, .buffer_id = 6, .flags = VIT_RENDER_WHOLE | VIT_RENDER_FILL};
	VIT_AUTOFD int buffer_fd = make_memory(STRIDE * HEIGHT);
	VIT_AUTOFD int surface_fd = make_memory(STRIDE * HEIGHT);
	uint32_t pixel = 0x00123456;

	g_assert_true(fixture_attach_buffer(fixture, right_buffer(6), dup(buffer_fd)));
	g_assert_null(fixture->reply);
	g_assert_true(fixture_attach_surface(fixture, 5, dup(surface_fd)));
	g_assert_null(fixture->reply);
	g_assert_true(fixture_read_back(fixture, job));
	g_assert_cmpuint(fixture_done(fixture)->status, ==, VIT_RENDER_OK);
	g_assert_cmphex(fixture->reply->done.bitmap[0], ==, 3);

	g_assert_cmpint(pwrite(buffer_fd, &pixel, 4, STRIDE * 20), ==, 4);
	job.flags = 0;
	job.rect = (VitRenderRect){0, 20, WIDTH, HEIGHT - 20};
	g_assert_true(fixture_read_back(fixture, job));
	g_assert_cmpuint(fixture_done(fixture)->status, ==, VIT_RENDER_OK);
	g_assert_cmphex(fixture->reply->done.bitmap[0], ==, 0);
	g_assert_cmphex(fixture->reply->done.bitmap[1], ==, 1);
	g_assert_cmpint(pread(surface_fd, &pixel, 4, STRIDE * 20), ==, 4);
	g_assert_cmphex(pixel, ==, 0xff123456);

	g_assert_true(fixture_detach(fixture, VIT_RENDER_DETACH_BUFFER, 6));
	g_assert_true(fixture_detach(fixture, VIT_RENDER_DETACH_SURFACE, 5));
	g_assert_false(fixture_read_back(fixture, job));
	fixture_free(fixture);
}

/* What is wrong with a buffer is the answer to its jobs, not the end of the connection. */
static void test_bad_buffer(void)
{
	Fixture *fixture = fixture_new();
	Job job = {.surface_id = 1, .buffer_id = 1, .flags = VIT_RENDER_WHOLE};
	VitRenderAttachBuffer attach = right_buffer(1);

	g_assert_true(fixture_attach_surface(fixture, 1, make_memory(STRIDE * HEIGHT)));
	attach.stride_bytes[0] = 4;
	g_assert_true(fixture_attach_buffer(fixture, attach, make_memory(STRIDE * HEIGHT)));
	g_assert_true(fixture_read_back(fixture, job));
	g_assert_cmpuint(fixture_done(fixture)->status, ==, VIT_RENDER_INVALID);
	g_assert_nonnull(strstr(fixture_done(fixture)->reason, "stride"));

	attach = right_buffer(2);
	attach.fourcc = 1;
	job.buffer_id = 2;
	g_assert_true(fixture_attach_buffer(fixture, attach, make_memory(STRIDE * HEIGHT)));
	g_assert_true(fixture_read_back(fixture, job));
	g_assert_cmpuint(fixture_done(fixture)->status, ==, VIT_RENDER_UNSUPPORTED);
	g_assert_true(fixture_detach(fixture, VIT_RENDER_DETACH_BUFFER, 2));
	fixture_free(fixture);
}

static void test_wrong_ids(void)
{
	Fixture *fixture = fixture_new();

	g_assert_true(
		fixture_attach_buffer(fixture, right_buffer(1), make_memory(STRIDE * HEIGHT)));
	g_assert_true(fixture_attach_surface(fixture, 2, make_memory(STRIDE * HEIGHT)));
	g_assert_false(
		fixture_attach_buffer(fixture, right_buffer(1), make_memory(STRIDE * HEIGHT)));
	g_assert_false(fixture_attach_surface(fixture, 2, make_memory(STRIDE * HEIGHT)));
	g_assert_false(fixture_detach(fixture, VIT_RENDER_DETACH_BUFFER, 2));
	g_assert_false(fixture_detach(fixture, VIT_RENDER_DETACH_SURFACE, 1));
	g_assert_false(fixture_read_back(fixture, (Job){.surface_id = 1, .buffer_id = 1}));
	g_assert_false(fixture_read_back(fixture, (Job){.surface_id = 2, .buffer_id = 2}));
	fixture_free(fixture);
}

static void test_beyond_surface(void)
{
	Fixture *fixture = fixture_new();
	Job job = {.surface_id = 1, .buffer_id = 1, .rect = {WIDTH - 1, 0, 2, 1}};

	g_assert_true(
		fixture_attach_buffer(fixture, right_buffer(1), make_memory(STRIDE * HEIGHT)));
	g_assert_true(fixture_attach_surface(fixture, 1, make_memory(STRIDE * HEIGHT)));
	g_assert_false(fixture_read_back(fixture, job));
	job.rect = (VitRenderRect){0, HEIGHT - 1, 1, 2};
	g_assert_false(fixture_read_back(fixture, job));
	job.rect = (VitRenderRect){0, HEIGHT - 1, 1, 1};
	g_assert_true(fixture_read_back(fixture, job));
	fixture_free(fixture);
}

static void test_other_size(void)
{
	Fixture *fixture = fixture_new();
	VitRenderAttachBuffer attach = right_buffer(1);

	attach.visible_height--;
	g_assert_true(fixture_attach_buffer(fixture, attach, make_memory(STRIDE * HEIGHT)));
	g_assert_true(fixture_attach_surface(fixture, 1, make_memory(STRIDE * HEIGHT)));
	g_assert_false(fixture_read_back(
		fixture, (Job){.surface_id = 1, .buffer_id = 1, .flags = VIT_RENDER_WHOLE}));
	fixture_free(fixture);
}

static void test_too_many(void)
{
	Fixture *fixture = fixture_new();

	for (unsigned i = 1; i <= VIT_RENDER_MAX_BUFFERS; i++) {
		g_assert_true(fixture_attach_buffer(fixture, right_buffer(i),
						    make_memory(STRIDE * HEIGHT)));
	}
	g_assert_false(
		fixture_attach_buffer(fixture, right_buffer(1000), make_memory(STRIDE * HEIGHT)));
	for (unsigned i = 1; i <= VIT_RENDER_MAX_SURFACES; i++) {
		g_assert_true(fixture_attach_surface(fixture, i, make_memory(STRIDE * HEIGHT)));
	}
	g_assert_false(fixture_attach_surface(fixture, 1000, make_memory(STRIDE * HEIGHT)));
	fixture_free(fixture);
}

static void test_bad_surface(void)
{
	Fixture *fixture = fixture_new();

	g_assert_false(fixture_attach_surface(fixture, 1, make_memory(STRIDE * HEIGHT - 1)));
	fixture_free(fixture);
}

typedef struct Server {
	int socket_fd;
	bool ended_well;
	GError *error;
} Server;

static void *serve(void *user_data)
{
	Server *server = user_data;
	g_autoptr(VitControl) control = vit_control_new();

	server->ended_well = vit_control_serve(control, server->socket_fd, &server->error);
	return NULL;
}

/* Sends one packet of @n_bytes and hangs up. */
static void serve_bytes(Server *server, const void *bytes, size_t n_bytes)
{
	int ends[2];
	GThread *thread;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
	*server = (Server){.socket_fd = ends[1]};
	g_assert_cmpint(send(ends[0], bytes, n_bytes, 0), ==, (ssize_t)n_bytes);
	(void)close(ends[0]);
	thread = g_thread_new("server", serve, server);
	(void)g_thread_join(thread);
	(void)close(ends[1]);
}

static void test_serve(void)
{
	g_autofree VitRenderMessage *message = g_malloc0(sizeof(*message) + 1);
	Server server;

	serve_bytes(&server, message, sizeof(*message) + 1);
	g_assert_false(server.ended_well);
	g_assert_error(server.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_clear_error(&server.error);
	serve_bytes(&server, message, 100);
	g_assert_false(server.ended_well);
	g_assert_error(server.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_clear_error(&server.error);
	/* Only the end of the connection. */
	serve_bytes(&server, message, 0);
	g_assert_true(server.ended_well);
	g_assert_no_error(server.error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_guard_install();
	vit_test_add("/render-control/job", test_job);
	vit_test_add("/render-control/bad-buffer-is-answered", test_bad_buffer);
	vit_test_add("/render-control/refuses/wrong-ids", test_wrong_ids);
	vit_test_add("/render-control/refuses/beyond-surface", test_beyond_surface);
	vit_test_add("/render-control/refuses/other-size", test_other_size);
	vit_test_add("/render-control/refuses/too-many", test_too_many);
	vit_test_add("/render-control/refuses/bad-surface", test_bad_surface);
	vit_test_add("/render-control/serve", test_serve);
	return g_test_run();
}

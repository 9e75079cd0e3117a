/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Tests of encoders/render.c and encoders/render-process.c: a vitrine-render that dies, hangs, is
 * robbed of its memory, cannot be started, or talks nonsense.
 */
#include "encoders/render.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "encoders/render-protocol.h"
#include "tests/support/fixture.h"
#include "tests/support/surface-fixture.h"

static void test_killed_idle(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 320, 200);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_kill(&fixture, SIGKILL);
	vit_test_wait("a new process", SURFACE_PATIENCE_S, is_render_replaced, &fixture);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 1);
	surface_fixture_paint(&fixture, 2);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

static void test_killed_busy(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 320, 200);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	/* Often: one that was read well afterwards is not held against the buffer. */
	for (unsigned i = 0; i < 4; i++) {
		surface_fixture_stop(&fixture);
		surface_fixture_paint(&fixture, i);
		surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
		surface_fixture_kill(&fixture, SIGKILL);
		surface_fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
		surface_fixture_assert_changed(&fixture, 0, 0, 320, 200);
		(void)surface_fixture_persist(&fixture);
		surface_fixture_assert_shown(&fixture);
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 4);
	surface_fixture_clear(&fixture);
}

static void test_stopped(void)
{
	SurfaceFixture fixture;

	surface_fixture_init(&fixture, 320, 200);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	surface_fixture_stop(&fixture);
	surface_fixture_paint(&fixture, 2);
	surface_fixture_update(&fixture, NULL);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_TIMED_OUT);
	vit_test_wait("a new process", SURFACE_PATIENCE_S, is_render_replaced, &fixture);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
}

static void test_deadly_buffer(void)
{
	SurfaceFixture fixture;
	g_autoptr(VitShmImage) other =
		vit_shm_image_new(320, 200, DRM_FORMAT_XRGB8888, 0, false, NULL);

	surface_fixture_init(&fixture, 320, 200);
	surface_fixture_update(&fixture, NULL);
	for (unsigned i = 0; i < 2; i++) {
		surface_fixture_stop(&fixture);
		surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(other), NULL);
		surface_fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_TIMED_OUT);
		vit_test_wait("a new process", SURFACE_PATIENCE_S, is_render_replaced, &fixture);
	}
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(other), NULL);
	surface_fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_BUSY);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 2);
	/* Others are read as ever. */
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_assert_shown(&fixture);
	/* It may have been the machine's fault: it is not left alone for ever. */
	do {
		surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(other), NULL);
		surface_fixture_await(&fixture);
	} while (g_error_matches(fixture.ending.error, VIT_ERROR, VIT_ERROR_BUSY));
	g_assert_no_error(fixture.ending.error);
	surface_fixture_clear(&fixture);
}

static void test_truncated(void)
{
	SurfaceFixture fixture;
	int fd = memfd_create("shrinking", MFD_CLOEXEC);
	VIT_AUTOFD int peer_fd = dup(fd);
	VitBufferLayout layout = {
		.fourcc = DRM_FORMAT_XRGB8888,
		.width = 320,
		.height = 200,
		.n_planes = 1,
		.stride_bytes = {1280},
	};
	g_autoptr(VitBuffer) shrinking = NULL;

	g_assert_cmpint(ftruncate(fd, 1280 * 200), ==, 0);
	shrinking = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
	surface_fixture_init(&fixture, 320, 200);
	/* Once it is attached and once it is not. */
	for (unsigned i = 0; i < 2; i++) {
		surface_fixture_ask_for(&fixture, shrinking, NULL);
		surface_fixture_await(&fixture);
		g_assert_no_error(fixture.ending.error);
		if (i == 1) {
			vit_render_forget_buffers(fixture.render);
		}
		g_assert_cmpint(ftruncate(peer_fd, 4096), ==, 0);
		surface_fixture_ask_for(&fixture, shrinking, NULL);
		surface_fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
		g_assert_cmpint(ftruncate(peer_fd, 1280 * 200), ==, 0);
		surface_fixture_paint(&fixture, i);
		surface_fixture_update(&fixture, NULL);
		g_assert_no_error(fixture.ending.error);
		surface_fixture_assert_shown(&fixture);
		vit_render_forget_buffers(fixture.render);
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 0);
	surface_fixture_clear(&fixture);
}

/* More surfaces than the protocol allows for, while the process stands still: none is sent too
 * much, and the loop does not wait for it. */
static void test_too_many_surfaces(void)
{
	SurfaceFixture fixture;
	g_autoptr(GPtrArray) surfaces =
		g_ptr_array_new_with_free_func((GDestroyNotify)vit_surface_unref);
	g_autoptr(GError) error = NULL;
	VitSurface *surface;

	surface_fixture_init(&fixture, 64, 64);
	while ((surface = vit_surface_new(fixture.render, 16, 16, &error))) {
		g_ptr_array_add(surfaces, surface);
		g_assert_cmpuint(surfaces->len, <, 1000);
	}
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
	g_ptr_array_set_size(surfaces, 0);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_clear(&fixture);
}

typedef struct ProcessFds {
	SurfaceFixture *fixture;
	unsigned count;
} ProcessFds;

static unsigned count_process_fds(SurfaceFixture *fixture)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", vit_render_get_pid(fixture->render));
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	unsigned count = 0;

	g_assert_nonnull(folder);
	while (g_dir_read_name(folder)) {
		count++;
	}
	return count;
}

static bool has_process_fds(void *user_data)
{
	ProcessFds *expected = user_data;

	return count_process_fds(expected->fixture) == expected->count;
}

/* Forgotten while it is read: it goes when that is over, not when something else is read. */
static void test_forgotten_while_read(void)
{
	SurfaceFixture fixture;
	ProcessFds before = {.fixture = &fixture};

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_update(&fixture, NULL);
	vit_render_forget_buffers(fixture.render);
	surface_fixture_update(&fixture, NULL);
	before.count = count_process_fds(&fixture) - 1;
	surface_fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
	vit_render_forget_buffers(fixture.render);
	surface_fixture_await(&fixture);
	vit_test_wait("the process to let go", SURFACE_PATIENCE_S, has_process_fds, &before);
	surface_fixture_clear(&fixture);
}

/* Each kind of nonsense is one restart and one failed update; nothing is shown, nothing leaks. */
static void test_nonsense(void)
{
	static const char *const kinds[] = {"garbage", "short",      "long",     "next-job",
					    "no-job",  "wrong-size", "with-fds", "hang-up"};

	/* The third time the buffer is held to be deadly. */
	static const int codes[] = {VIT_ERROR_DISCONNECTED, VIT_ERROR_DISCONNECTED, VIT_ERROR_BUSY};

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		SurfaceFixture fixture;

		g_assert_true(g_setenv("VIT_FAKE_RENDER_SAYS", kinds[i], TRUE));
		g_test_message("%s", kinds[i]);
		surface_fixture_init_with(&fixture, g_getenv("VIT_TEST_FAKE_RENDER"), 64, 64);
		for (unsigned j = 0; j < 3; j++) {
			surface_fixture_update(&fixture, NULL);
			g_assert_error(fixture.ending.error, VIT_ERROR, codes[j]);
		}
		g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, >=, 1);
		surface_fixture_clear(&fixture);
	}
}

static bool is_lost_often(void *user_data)
{
	return vit_render_get_stats(((SurfaceFixture *)user_data)->render).restarts >= 3;
}

/* A program that ends at once is started again and again, later each time. */
static void test_ends_at_once(void)
{
	SurfaceFixture fixture;

	surface_fixture_init_with(&fixture, "/bin/false", 64, 64);
	vit_test_wait("three restarts", SURFACE_PATIENCE_S, is_lost_often, &fixture);
	g_assert_cmpuint(fixture.n_lost, >=, 3);
	surface_fixture_update(&fixture, NULL);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	surface_fixture_clear(&fixture);
}

static void test_no_program(void)
{
	VitRenderOptions options = {.program = "/nonexistent/vitrine-render",
				    .job_deadline_ms = SURFACE_DEADLINE_MS};
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_render_new(&options, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
	g_assert_nonnull(strstr(error->message, "/nonexistent/vitrine-render"));
}

/* The program is removed under a running client, and comes back. */
static void test_program_away(void)
{
	SurfaceFixture fixture;
	g_autofree char *folder = g_dir_make_tmp("vitrine-XXXXXX", NULL);
	g_autofree char *program = g_build_filename(folder, "vitrine-render", NULL);

	g_assert_cmpint(symlink(g_getenv("VIT_TEST_RENDER"), program), ==, 0);
	surface_fixture_init_with(&fixture, program, 64, 64);
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	g_assert_cmpint(unlink(program), ==, 0);
	surface_fixture_kill(&fixture, SIGKILL);
	do {
		surface_fixture_update(&fixture, NULL);
	} while (!fixture.ending.error);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	g_assert_cmpint(symlink(g_getenv("VIT_TEST_RENDER"), program), ==, 0);
	(void)surface_fixture_persist(&fixture);
	surface_fixture_assert_shown(&fixture);
	surface_fixture_clear(&fixture);
	g_assert_cmpint(unlink(program), ==, 0);
	g_assert_cmpint(rmdir(folder), ==, 0);
}

/* Says how many fds a process has open. */
static unsigned count_fds_of(int pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	unsigned count = 0;

	g_assert_nonnull(dir);
	while (g_dir_read_name(dir)) {
		count++;
	}
	return count;
}

/* It gets the standard three and the socket, whatever is open here; and keeps a buffer's fd. */
static void test_inherits_no_fds(void)
{
	SurfaceFixture fixture;
	int leaky = dup2(STDIN_FILENO, 77);

	g_assert_cmpint(leaky, ==, 77);
	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_update(&fixture, NULL);
	g_assert_cmpuint(count_fds_of(vit_render_get_pid(fixture.render)), ==, 5);
	vit_render_forget_buffers(fixture.render);
	vit_surface_unref(fixture.surface);
	/* The answer to a later job says that the requests before it were obeyed. */
	fixture.surface = vit_surface_new(fixture.render, 64, 64, NULL);
	surface_fixture_update(&fixture, NULL);
	g_assert_cmpuint(count_fds_of(vit_render_get_pid(fixture.render)), ==, 5);
	surface_fixture_clear(&fixture);
	(void)close(leaky);
}

/* A parent of its own for a vitrine-render that is at work, whose pid it writes to @pipe_fd. */
static void be_parent(int pipe_fd)
{
	SurfaceFixture fixture;
	int pid;

	surface_fixture_init(&fixture, 64, 64);
	surface_fixture_update(&fixture, NULL);
	pid = vit_render_get_pid(fixture.render);
	if (write(pipe_fd, &pid, sizeof(pid)) == sizeof(pid)) {
		(void)pause();
	}
	_exit(1);
}

static bool is_process_gone(void *user_data)
{
	struct pollfd gone = {.fd = *(int *)user_data, .events = POLLIN};

	return poll(&gone, 1, 10) > 0;
}

static gboolean on_tick(void *user_data)
{
	return G_SOURCE_CONTINUE;
}

/* Even one that cannot notice that its connection ended. */
static void test_dies_with_parent(void)
{
	int ends[2], pid = -1;
	VIT_AUTOFD int render_pidfd = -1;
	unsigned ticks = g_timeout_add(10, on_tick, NULL);
	pid_t parent;

	g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
	parent = fork();
	if (parent == 0) {
		be_parent(ends[1]);
	}
	g_assert_cmpint(read(ends[0], &pid, sizeof(pid)), ==, sizeof(pid));
	g_assert_cmpint(pid, >, 0);
	render_pidfd = pidfd_open(pid, 0);
	g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
	g_assert_cmpint(kill(parent, SIGKILL), ==, 0);
	g_assert_cmpint(waitpid(parent, NULL, 0), ==, parent);
	vit_test_wait("the end of a process", SURFACE_PATIENCE_S, is_process_gone, &render_pidfd);
	g_source_remove(ticks);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Every second pixel of some rows: as many rectangles as a job may have. */
static void add_dots(pixman_region32_t *region)
{
	for (int y = 0; y < 8; y += 2) {
		for (int x = 0; x < 120; x += 2) {
			(void)pixman_region32_union_rect(region, region, x, y, 1, 1);
		}
	}
	g_assert_cmpint(pixman_region32_n_rects(region), ==, 240);
}

/* More jobs than the socket holds, for a process that stands still and then goes on. */
static void test_full_socket(void)
{
	enum {
		N = VIT_RENDER_MAX_SURFACES
	};
	VitRenderOptions options = {.program = g_getenv("VIT_TEST_RENDER"),
				    .job_deadline_ms = 20000};
	SurfaceFixture fixture = {.render = vit_render_new(&options, NULL)};
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(120, 8, DRM_FORMAT_XRGB8888, 0, false, NULL);
	VitBuffer *buffer = vit_shm_image_get_buffer(image);
	VitSurface *surfaces[N];
	SurfaceEnding endings[N] = {0};
	pixman_region32_t dots;

	pixman_region32_init(&dots);
	add_dots(&dots);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < N; i++) {
			if (round == 0) {
				surfaces[i] = vit_surface_new(fixture.render, 120, 8, NULL);
				pixman_region32_init(&endings[i].changed);
			}
			endings[i].count = 0;
			vit_surface_update(surfaces[i], buffer, round == 0 ? NULL : &dots,
					   on_surface_updated, &endings[i]);
		}
		if (round == 1) {
			g_assert_cmpint(kill(fixture.pid, SIGCONT), ==, 0);
		}
		for (unsigned i = 0; i < N; i++) {
			vit_test_wait("each update", SURFACE_PATIENCE_S, is_surface_update_ended,
				      &endings[i]);
			g_assert_no_error(endings[i].error);
		}
		if (round == 0) {
			surface_fixture_stop(&fixture);
		}
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 0);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).jobs, ==, 2 * N);
	for (unsigned i = 0; i < N; i++) {
		vit_surface_unref(surfaces[i]);
		pixman_region32_fini(&endings[i].changed);
	}
	vit_render_unref(fixture.render);
	pixman_region32_fini(&dots);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/render/too-many-surfaces", test_too_many_surfaces);
	vit_test_add("/render/killed-idle", test_killed_idle);
	vit_test_add("/render/killed-busy", test_killed_busy);
	vit_test_add("/render/stopped", test_stopped);
	vit_test_add("/render/deadly-buffer", test_deadly_buffer);
	vit_test_add("/render/truncated-memory", test_truncated);
	vit_test_add("/render/forgotten-while-read", test_forgotten_while_read);
	vit_test_add("/render/nonsense", test_nonsense);
	vit_test_add("/render/ends-at-once", test_ends_at_once);
	vit_test_add("/render/no-program", test_no_program);
	vit_test_add("/render/program-away", test_program_away);
	vit_test_add("/render/inherits-no-fds", test_inherits_no_fds);
	vit_test_add("/render/dies-with-parent", test_dies_with_parent);
	vit_test_add("/render/full-socket", test_full_socket);
	return g_test_run();
}

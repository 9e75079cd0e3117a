/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Tests of encoders/render.c and encoders/render-process.c: a vitrine-render that dies, hangs, is
 * robbed of its memory, cannot be started, or talks nonsense.
 */
#include "encoders/render.h"

#include <drm_fourcc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
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
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 2);
	/* Others are read as ever. */
	surface_fixture_paint(&fixture, 1);
	surface_fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	surface_fixture_assert_shown(&fixture);
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

/* Each kind of nonsense is one restart and one failed update; nothing is shown, nothing leaks. */
static void test_nonsense(void)
{
	static const char *const kinds[] = {"garbage", "short",      "long",     "next-job",
					    "no-job",  "wrong-size", "with-fds", "hang-up"};

	/* The third time the buffer is held to be deadly. */
	static const int codes[] = {VIT_ERROR_DISCONNECTED, VIT_ERROR_DISCONNECTED,
				    VIT_ERROR_UNSUPPORTED};

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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/render/too-many-surfaces", test_too_many_surfaces);
	vit_test_add("/render/killed-idle", test_killed_idle);
	vit_test_add("/render/killed-busy", test_killed_busy);
	vit_test_add("/render/stopped", test_stopped);
	vit_test_add("/render/deadly-buffer", test_deadly_buffer);
	vit_test_add("/render/truncated-memory", test_truncated);
	vit_test_add("/render/nonsense", test_nonsense);
	vit_test_add("/render/ends-at-once", test_ends_at_once);
	vit_test_add("/render/no-program", test_no_program);
	vit_test_add("/render/program-away", test_program_away);
	return g_test_run();
}

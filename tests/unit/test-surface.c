/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Tests of encoders/surface.c and encoders/render.c over a real vitrine-render, whose path is in
 * VIT_TEST_RENDER: updates, readers, and a process that dies, hangs or is robbed of its memory.
 */
#include "encoders/surface.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/shm-image.h"
#include "tests/support/fixture.h"

#define DEADLINE_MS 300
#define PATIENCE_S  10.0

/* The end of one update. */
typedef struct Ending {
	unsigned count;
	GError *error;
	pixman_region32_t changed;
	bool within_call; /* an update is being asked for */
} Ending;

typedef struct Fixture {
	VitRender *render;
	VitSurface *surface;
	VitShmImage *image;
	Ending ending;
	pid_t pid; /* a process that is to be replaced */
} Fixture;

static void on_updated(void *user_data, const pixman_region32_t *changed, const GError *error)
{
	Ending *ending = user_data;

	g_assert_false(ending->within_call);
	ending->count++;
	g_clear_error(&ending->error);
	ending->error = error ? g_error_copy(error) : NULL;
	(void)pixman_region32_copy(&ending->changed, (pixman_region32_t *)changed);
}

static bool is_ended(void *user_data)
{
	return ((Ending *)user_data)->count > 0;
}

static bool is_replaced(void *user_data)
{
	Fixture *fixture = user_data;
	pid_t pid = vit_render_get_pid(fixture->render);

	return pid > 0 && pid != fixture->pid;
}

static void fixture_init_with(Fixture *fixture, const char *program, uint32_t width,
			      uint32_t height)
{
	VitRenderOptions options = {.program = program, .job_deadline_ms = DEADLINE_MS};
	g_autoptr(GError) error = NULL;

	*fixture = (Fixture){0};
	pixman_region32_init(&fixture->ending.changed);
	fixture->render = vit_render_new(&options, &error);
	g_assert_no_error(error);
	fixture->surface = vit_surface_new(fixture->render, width, height, &error);
	g_assert_no_error(error);
	fixture->image = vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, &error);
	g_assert_no_error(error);
}

static void fixture_init(Fixture *fixture, uint32_t width, uint32_t height)
{
	fixture_init_with(fixture, g_getenv("VIT_TEST_RENDER"), width, height);
}

static void fixture_clear(Fixture *fixture)
{
	g_clear_error(&fixture->ending.error);
	pixman_region32_fini(&fixture->ending.changed);
	vit_shm_image_free(fixture->image);
	vit_surface_unref(fixture->surface);
	vit_render_unref(fixture->render);
}

static void fixture_ask_for(Fixture *fixture, VitBuffer *buffer, const pixman_region32_t *damage)
{
	fixture->ending.count = 0;
	fixture->ending.within_call = true;
	vit_surface_update(fixture->surface, buffer, damage, on_updated, &fixture->ending);
	fixture->ending.within_call = false;
	g_assert_true(vit_surface_is_updating(fixture->surface));
}

static void fixture_await(Fixture *fixture)
{
	vit_test_wait("the end of an update", PATIENCE_S, is_ended, &fixture->ending);
	g_assert_cmpuint(fixture->ending.count, ==, 1);
	g_assert_false(vit_surface_is_updating(fixture->surface));
}

static void fixture_update(Fixture *fixture, const pixman_region32_t *damage)
{
	fixture_ask_for(fixture, vit_shm_image_get_buffer(fixture->image), damage);
	fixture_await(fixture);
}

static uint32_t *fixture_pixel(Fixture *fixture, uint32_t x, uint32_t y)
{
	return (uint32_t *)(vit_shm_image_get_pixels(fixture->image) +
			    (size_t)y * vit_shm_image_get_stride_bytes(fixture->image)) +
	       x;
}

static void fixture_paint(Fixture *fixture, uint32_t seed)
{
	for (uint32_t y = 0; y < vit_surface_get_height(fixture->surface); y++) {
		for (uint32_t x = 0; x < vit_surface_get_width(fixture->surface); x++) {
			*fixture_pixel(fixture, x, y) = (x * 7 + y * 1021 + seed) * 2654435761u;
		}
	}
}

typedef struct Picture {
	VitSurface *surface;
	uint32_t *pixels; /* packed */
} Picture;

static void *read_picture(void *user_data)
{
	Picture *picture = user_data;
	uint32_t width = vit_surface_get_width(picture->surface);
	const uint8_t *row = vit_surface_begin_read(picture->surface);

	for (uint32_t y = 0; y < vit_surface_get_height(picture->surface); y++) {
		memcpy(picture->pixels + (size_t)y * width, row, (size_t)width * 4);
		row += vit_surface_get_stride_bytes(picture->surface);
	}
	vit_surface_end_read(picture->surface);
	return NULL;
}

/* The surface as a reader's thread sees it; to be freed. */
static uint32_t *fixture_read(Fixture *fixture)
{
	uint32_t n_px =
		vit_surface_get_width(fixture->surface) * vit_surface_get_height(fixture->surface);
	Picture picture = {fixture->surface, g_new(uint32_t, n_px)};
	GThread *reader = g_thread_new("reader", read_picture, &picture);

	(void)g_thread_join(reader);
	return picture.pixels;
}

static void fixture_assert_shown(Fixture *fixture)
{
	uint32_t width = vit_surface_get_width(fixture->surface);
	g_autofree uint32_t *shown = fixture_read(fixture);

	for (uint32_t y = 0; y < vit_surface_get_height(fixture->surface); y++) {
		for (uint32_t x = 0; x < width; x++) {
			g_assert_cmphex(shown[(size_t)y * width + x], ==,
					*fixture_pixel(fixture, x, y) | 0xff000000u);
		}
	}
}

static void fixture_assert_changed(Fixture *fixture, int x1, int y1, int x2, int y2)
{
	const pixman_box32_t *box = pixman_region32_extents(&fixture->ending.changed);

	g_assert_cmpint(pixman_region32_n_rects(&fixture->ending.changed), ==, 1);
	g_assert_cmpint(box->x1, ==, x1);
	g_assert_cmpint(box->y1, ==, y1);
	g_assert_cmpint(box->x2, ==, x2);
	g_assert_cmpint(box->y2, ==, y2);
}

static void test_first_picture(void)
{
	Fixture fixture;

	fixture_init(&fixture, 333, 71);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	fixture_assert_changed(&fixture, 0, 0, 333, 71);
	fixture_assert_shown(&fixture);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).jobs, ==, 1);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).failed_jobs, ==, 0);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).last_job_ns, >, 0);
	fixture_clear(&fixture);
}

static void test_starts_black(void)
{
	Fixture fixture;
	pixman_region32_t corner;
	g_autofree uint32_t *shown = NULL;

	fixture_init(&fixture, 100, 40);
	fixture_paint(&fixture, 1);
	pixman_region32_init_rect(&corner, 0, 0, 1, 1);
	fixture_update(&fixture, &corner);
	g_assert_no_error(fixture.ending.error);
	shown = fixture_read(&fixture);
	g_assert_cmphex(shown[0], ==, *fixture_pixel(&fixture, 0, 0) | 0xff000000u);
	for (unsigned i = 1; i < 100 * 40; i++) {
		g_assert_cmphex(shown[i], ==, 0xff000000u);
	}
	pixman_region32_fini(&corner);
	fixture_clear(&fixture);
}

static void test_changed_tiles_only(void)
{
	Fixture fixture;

	fixture_init(&fixture, 640, 480);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	fixture_update(&fixture, NULL);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	*fixture_pixel(&fixture, 639, 479) ^= 1;
	fixture_update(&fixture, NULL);
	fixture_assert_changed(&fixture, 576, 464, 640, 480);
	/* A change of X alone is none. */
	*fixture_pixel(&fixture, 0, 0) ^= 0xff000000u;
	fixture_update(&fixture, NULL);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	fixture_assert_shown(&fixture);
	fixture_clear(&fixture);
}

static void test_only_inside_damage(void)
{
	Fixture fixture;
	pixman_region32_t damage;
	uint32_t before;
	g_autofree uint32_t *shown = NULL;

	fixture_init(&fixture, 640, 480);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	before = *fixture_pixel(&fixture, 99, 50) | 0xff000000u;
	fixture_paint(&fixture, 2);
	/* Partly outside: it is clipped. */
	pixman_region32_init_rect(&damage, 100, 50, 1000, 1);
	fixture_update(&fixture, &damage);
	fixture_assert_changed(&fixture, 64, 48, 640, 64);
	shown = fixture_read(&fixture);
	g_assert_cmphex(shown[50 * 640 + 99], ==, before);
	for (unsigned x = 100; x < 640; x++) {
		g_assert_cmphex(shown[50 * 640 + x], ==,
				*fixture_pixel(&fixture, x, 50) | 0xff000000u);
	}
	g_assert_cmphex(shown[51 * 640 + 100], !=, *fixture_pixel(&fixture, 100, 51) | 0xff000000u);
	pixman_region32_fini(&damage);
	fixture_clear(&fixture);
}

static void test_empty_damage(void)
{
	Fixture fixture;
	pixman_region32_t damage;

	fixture_init(&fixture, 64, 64);
	pixman_region32_init_rect(&damage, 64, 0, 10, 10);
	fixture_update(&fixture, &damage);
	g_assert_no_error(fixture.ending.error);
	g_assert_false(pixman_region32_not_empty(&fixture.ending.changed));
	pixman_region32_fini(&damage);
	fixture_clear(&fixture);
}

static void test_wrong_size(void)
{
	Fixture fixture;
	g_autoptr(VitShmImage) larger =
		vit_shm_image_new(65, 64, DRM_FORMAT_XRGB8888, 0, false, NULL);

	fixture_init(&fixture, 64, 64);
	fixture_ask_for(&fixture, vit_shm_image_get_buffer(larger), NULL);
	fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	fixture_assert_shown(&fixture);
	fixture_clear(&fixture);
}

static void test_not_linear(void)
{
	Fixture fixture;
	int fd = memfd_create("tiled", MFD_CLOEXEC);
	VitBufferLayout layout = {
		.fourcc = DRM_FORMAT_XRGB8888,
		.modifier = I915_FORMAT_MOD_X_TILED,
		.width = 64,
		.height = 64,
		.n_planes = 1,
		.stride_bytes = {256},
	};
	g_autoptr(VitBuffer) tiled = NULL;

	g_assert_cmpint(ftruncate(fd, 64 * 256), ==, 0);
	tiled = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
	fixture_init(&fixture, 64, 64);
	fixture_ask_for(&fixture, tiled, NULL);
	fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(fixture.ending.error->message, "linear"));
	g_assert_cmpuint(vit_render_get_stats(fixture.render).failed_jobs, ==, 1);
	fixture_clear(&fixture);
}

static void fixture_kill(Fixture *fixture, int signal_number)
{
	fixture->pid = vit_render_get_pid(fixture->render);
	g_assert_cmpint(fixture->pid, >, 0);
	g_assert_cmpint(kill(fixture->pid, signal_number), ==, 0);
}

/* Returns when the process stands still. */
static void fixture_stop(Fixture *fixture)
{
	siginfo_t status;

	fixture_kill(fixture, SIGSTOP);
	g_assert_cmpint(waitid(P_PID, (id_t)fixture->pid, &status, WSTOPPED), ==, 0);
	g_assert_cmpint(status.si_code, ==, CLD_STOPPED);
}

/* As the console does: asks until there is a picture. Returns how often it failed. */
static unsigned fixture_persist(Fixture *fixture)
{
	for (unsigned failures = 0;; failures++) {
		fixture_update(fixture, NULL);
		if (!fixture->ending.error) {
			return failures;
		}
		g_assert_cmpuint(failures, <, 10);
	}
}

static void test_killed_idle(void)
{
	Fixture fixture;

	fixture_init(&fixture, 320, 200);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	fixture_kill(&fixture, SIGKILL);
	vit_test_wait("a new process", PATIENCE_S, is_replaced, &fixture);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 1);
	fixture_paint(&fixture, 2);
	fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	fixture_assert_shown(&fixture);
	fixture_clear(&fixture);
}

static void test_killed_busy(void)
{
	Fixture fixture;

	fixture_init(&fixture, 320, 200);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	/* Often: one that was read well afterwards is not held against the buffer. */
	for (unsigned i = 0; i < 4; i++) {
		fixture_stop(&fixture);
		fixture_paint(&fixture, i);
		fixture_ask_for(&fixture, vit_shm_image_get_buffer(fixture.image), NULL);
		fixture_kill(&fixture, SIGKILL);
		fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
		fixture_assert_changed(&fixture, 0, 0, 320, 200);
		(void)fixture_persist(&fixture);
		fixture_assert_shown(&fixture);
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 4);
	fixture_clear(&fixture);
}

static void test_stopped(void)
{
	Fixture fixture;

	fixture_init(&fixture, 320, 200);
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	fixture_stop(&fixture);
	fixture_paint(&fixture, 2);
	fixture_update(&fixture, NULL);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_TIMED_OUT);
	vit_test_wait("a new process", PATIENCE_S, is_replaced, &fixture);
	fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	fixture_assert_shown(&fixture);
	fixture_clear(&fixture);
}

static void test_deadly_buffer(void)
{
	Fixture fixture;
	g_autoptr(VitShmImage) other =
		vit_shm_image_new(320, 200, DRM_FORMAT_XRGB8888, 0, false, NULL);

	fixture_init(&fixture, 320, 200);
	fixture_update(&fixture, NULL);
	for (unsigned i = 0; i < 2; i++) {
		fixture_stop(&fixture);
		fixture_ask_for(&fixture, vit_shm_image_get_buffer(other), NULL);
		fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_TIMED_OUT);
		vit_test_wait("a new process", PATIENCE_S, is_replaced, &fixture);
	}
	fixture_ask_for(&fixture, vit_shm_image_get_buffer(other), NULL);
	fixture_await(&fixture);
	g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 2);
	/* Others are read as ever. */
	fixture_paint(&fixture, 1);
	fixture_update(&fixture, NULL);
	g_assert_no_error(fixture.ending.error);
	fixture_assert_shown(&fixture);
	fixture_clear(&fixture);
}

static void test_truncated(void)
{
	Fixture fixture;
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
	fixture_init(&fixture, 320, 200);
	/* Once it is attached and once it is not. */
	for (unsigned i = 0; i < 2; i++) {
		fixture_ask_for(&fixture, shrinking, NULL);
		fixture_await(&fixture);
		g_assert_no_error(fixture.ending.error);
		if (i == 1) {
			vit_render_forget_buffers(fixture.render);
		}
		g_assert_cmpint(ftruncate(peer_fd, 4096), ==, 0);
		fixture_ask_for(&fixture, shrinking, NULL);
		fixture_await(&fixture);
		g_assert_error(fixture.ending.error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
		g_assert_cmpint(ftruncate(peer_fd, 1280 * 200), ==, 0);
		fixture_paint(&fixture, i);
		fixture_update(&fixture, NULL);
		g_assert_no_error(fixture.ending.error);
		fixture_assert_shown(&fixture);
		vit_render_forget_buffers(fixture.render);
	}
	g_assert_cmpuint(vit_render_get_stats(fixture.render).restarts, ==, 0);
	fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/surface/update/first-picture", test_first_picture);
	vit_test_add("/surface/update/starts-black", test_starts_black);
	vit_test_add("/surface/update/changed-tiles-only", test_changed_tiles_only);
	vit_test_add("/surface/update/only-inside-damage", test_only_inside_damage);
	vit_test_add("/surface/update/empty-damage", test_empty_damage);
	vit_test_add("/surface/update/wrong-size", test_wrong_size);
	vit_test_add("/surface/update/not-linear", test_not_linear);
	vit_test_add("/surface/process/killed-idle", test_killed_idle);
	vit_test_add("/surface/process/killed-busy", test_killed_busy);
	vit_test_add("/surface/process/stopped", test_stopped);
	vit_test_add("/surface/process/deadly-buffer", test_deadly_buffer);
	vit_test_add("/surface/process/truncated-memory", test_truncated);
	return g_test_run();
}

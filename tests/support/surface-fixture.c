/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* See surface-fixture.h. */
#include "tests/support/surface-fixture.h"

#include <drm_fourcc.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/fixture.h"

void on_surface_updated(void *user_data, const pixman_region32_t *changed, const GError *error)
{
	SurfaceEnding *ending = user_data;

	g_assert_false(ending->within_call);
	ending->count++;
	g_clear_error(&ending->error);
	ending->error = error ? g_error_copy(error) : NULL;
	(void)pixman_region32_copy(&ending->changed, (pixman_region32_t *)changed);
}

bool is_surface_update_ended(void *user_data)
{
	return ((SurfaceEnding *)user_data)->count > 0;
}

bool is_render_replaced(void *user_data)
{
	SurfaceFixture *fixture = user_data;
	pid_t pid = vit_render_get_pid(fixture->render);

	return pid > 0 && pid != fixture->pid;
}

static void on_render_lost(void *user_data, const GError *error)
{
	((SurfaceFixture *)user_data)->n_lost++;
	g_assert_nonnull(error);
}

void surface_fixture_init_with(SurfaceFixture *fixture, const char *program, uint32_t width,
			       uint32_t height)
{
	VitRenderOptions options = {
		.program = program,
		.job_deadline_ms = SURFACE_DEADLINE_MS,
		.lost = on_render_lost,
		.user_data = fixture,
	};
	g_autoptr(GError) error = NULL;

	*fixture = (SurfaceFixture){0};
	pixman_region32_init(&fixture->ending.changed);
	fixture->render = vit_render_new(&options, &error);
	g_assert_no_error(error);
	fixture->surface = vit_surface_new(fixture->render, width, height, &error);
	g_assert_no_error(error);
	fixture->image = vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, &error);
	g_assert_no_error(error);
}

void surface_fixture_init(SurfaceFixture *fixture, uint32_t width, uint32_t height)
{
	surface_fixture_init_with(fixture, g_getenv("VIT_TEST_RENDER"), width, height);
}

void surface_fixture_clear(SurfaceFixture *fixture)
{
	g_clear_error(&fixture->ending.error);
	pixman_region32_fini(&fixture->ending.changed);
	vit_shm_image_free(fixture->image);
	vit_surface_unref(fixture->surface);
	vit_render_unref(fixture->render);
}

void surface_fixture_ask_for(SurfaceFixture *fixture, VitBuffer *buffer,
			     const pixman_region32_t *damage)
{
	fixture->ending.count = 0;
	fixture->ending.within_call = true;
	vit_surface_update(fixture->surface, buffer, damage, on_surface_updated, &fixture->ending);
	fixture->ending.within_call = false;
	g_assert_true(vit_surface_is_updating(fixture->surface));
}

void surface_fixture_await(SurfaceFixture *fixture)
{
	vit_test_wait("the end of an update", SURFACE_PATIENCE_S, is_surface_update_ended,
		      &fixture->ending);
	g_assert_cmpuint(fixture->ending.count, ==, 1);
	g_assert_false(vit_surface_is_updating(fixture->surface));
}

void surface_fixture_update(SurfaceFixture *fixture, const pixman_region32_t *damage)
{
	surface_fixture_ask_for(fixture, vit_shm_image_get_buffer(fixture->image), damage);
	surface_fixture_await(fixture);
}

uint32_t *surface_fixture_pixel(SurfaceFixture *fixture, uint32_t x, uint32_t y)
{
	return (uint32_t *)(vit_shm_image_get_pixels(fixture->image) +
			    (size_t)y * vit_shm_image_get_stride_bytes(fixture->image)) +
	       x;
}

void surface_fixture_paint(SurfaceFixture *fixture, uint32_t seed)
{
	for (uint32_t y = 0; y < vit_surface_get_height(fixture->surface); y++) {
		for (uint32_t x = 0; x < vit_surface_get_width(fixture->surface); x++) {
			*surface_fixture_pixel(fixture, x, y) =
				(x * 7 + y * 1021 + seed) * 2654435761u;
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

uint32_t *surface_fixture_read(SurfaceFixture *fixture)
{
	uint32_t n_px =
		vit_surface_get_width(fixture->surface) * vit_surface_get_height(fixture->surface);
	Picture picture = {fixture->surface, g_new(uint32_t, n_px)};
	GThread *reader = g_thread_new("reader", read_picture, &picture);

	(void)g_thread_join(reader);
	return picture.pixels;
}

void surface_fixture_assert_shown(SurfaceFixture *fixture)
{
	uint32_t width = vit_surface_get_width(fixture->surface);
	g_autofree uint32_t *shown = surface_fixture_read(fixture);

	for (uint32_t y = 0; y < vit_surface_get_height(fixture->surface); y++) {
		for (uint32_t x = 0; x < width; x++) {
			g_assert_cmphex(shown[(size_t)y * width + x], ==,
					*surface_fixture_pixel(fixture, x, y) | 0xff000000u);
		}
	}
}

void surface_fixture_assert_changed(SurfaceFixture *fixture, int x1, int y1, int x2, int y2)
{
	const pixman_box32_t *box = pixman_region32_extents(&fixture->ending.changed);

	g_assert_cmpint(pixman_region32_n_rects(&fixture->ending.changed), ==, 1);
	g_assert_cmpint(box->x1, ==, x1);
	g_assert_cmpint(box->y1, ==, y1);
	g_assert_cmpint(box->x2, ==, x2);
	g_assert_cmpint(box->y2, ==, y2);
}

void surface_fixture_kill(SurfaceFixture *fixture, int signal_number)
{
	fixture->pid = vit_render_get_pid(fixture->render);
	g_assert_cmpint(fixture->pid, >, 0);
	g_assert_cmpint(kill(fixture->pid, signal_number), ==, 0);
}

void surface_fixture_stop(SurfaceFixture *fixture)
{
	siginfo_t status;

	surface_fixture_kill(fixture, SIGSTOP);
	g_assert_cmpint(waitid(P_PID, (id_t)fixture->pid, &status, WSTOPPED), ==, 0);
	g_assert_cmpint(status.si_code, ==, CLD_STOPPED);
}

unsigned surface_fixture_persist(SurfaceFixture *fixture)
{
	for (unsigned failures = 0;; failures++) {
		surface_fixture_update(fixture, NULL);
		if (!fixture->ending.error) {
			return failures;
		}
		g_assert_cmpuint(failures, <, 10);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "encoders/surface.h"
#include "sources/shm-image.h"

/*
 * A surface with its vitrine-render, and a picture of its size that is shown in it. The paths of
 * the programs are in VIT_TEST_RENDER and VIT_TEST_FAKE_RENDER.
 */

#define SURFACE_DEADLINE_MS 300
#define SURFACE_PATIENCE_S  10.0

/* The end of one update. */
typedef struct SurfaceEnding {
	unsigned count;
	GError *error;
	pixman_region32_t changed;
	bool within_call; /* an update is being asked for */
} SurfaceEnding;

typedef struct SurfaceFixture {
	VitRender *render;
	VitSurface *surface;
	VitShmImage *image; /* XRGB8888 */
	SurfaceEnding ending;
	int pid;         /* a process that is to be replaced */
	unsigned n_lost; /* processes */
} SurfaceFixture;

void surface_fixture_init(SurfaceFixture *fixture, uint32_t width, uint32_t height);
void surface_fixture_init_with(SurfaceFixture *fixture, const char *program, uint32_t width,
			       uint32_t height);
void surface_fixture_clear(SurfaceFixture *fixture);

/* Asks for an update, which must not end within the call. NULL: everywhere. */
void surface_fixture_ask_for(SurfaceFixture *fixture, VitBuffer *buffer,
			     const pixman_region32_t *damage);
void surface_fixture_await(SurfaceFixture *fixture);
/* Both, with the picture. */
void surface_fixture_update(SurfaceFixture *fixture, const pixman_region32_t *damage);
/* As the console does: asks until there is a picture. Returns how often it failed. */
unsigned surface_fixture_persist(SurfaceFixture *fixture);

/* VitSurfaceUpdated with a SurfaceEnding, and conditions for vit_test_wait(). */
void on_surface_updated(void *user_data, const pixman_region32_t *changed, const GError *error);
bool is_surface_update_ended(void *ending);
bool is_render_replaced(void *fixture);

/* Of the picture. */
uint32_t *surface_fixture_pixel(SurfaceFixture *fixture, uint32_t x, uint32_t y);
void surface_fixture_paint(SurfaceFixture *fixture, uint32_t seed);

/* The surface as a reader's thread sees it, packed; to be freed. */
uint32_t *surface_fixture_read(SurfaceFixture *fixture);
/* Fails the test unless the picture is in the surface. */
void surface_fixture_assert_shown(SurfaceFixture *fixture);
/* Fails the test unless the last update changed exactly this box. */
void surface_fixture_assert_changed(SurfaceFixture *fixture, int x1, int y1, int x2, int y2);

/* Signals the process, which is then the one to be replaced. */
void surface_fixture_kill(SurfaceFixture *fixture, int signal_number);
/* Returns when the process stands still. */
void surface_fixture_stop(SurfaceFixture *fixture);

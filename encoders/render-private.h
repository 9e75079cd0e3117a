/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/render.h"

/* What a surface asks of the client of vitrine-render. Thread: loop. */

/* A surface as the client sees it: embedded in it. */
typedef struct VitRenderTarget {
	VitRender *render; /* NULL once that is gone */
	uint64_t id;
	int fd; /* its memory; the surface's */
	uint32_t width, height;
	uint32_t stride_bytes;
	bool attached; /* to the process that runs */
} VitRenderTarget;

/*
 * The end of a job. @changed: tiles that differ now; on error those that may. Called from the loop,
 * or from the last vit_render_unref(), but never from within vit_render_submit().
 */
typedef void (*VitReadbackDone)(void *user_data, const pixman_region32_t *changed,
				const GError *error);

typedef struct VitReadback {
	VitRenderTarget *target; /* stays until the job is done */
	bool fill;               /* first make everything black */
	VitBuffer *buffer;
	const pixman_region32_t *damage; /* within the target; NULL: everywhere */
	VitReadbackDone done;
	void *user_data;
} VitReadback;

/* Fills in `render` and `id`. Errors: INTERNAL (too many surfaces). */
bool vit_render_add_target(VitRender *self, VitRenderTarget *target, GError **error);
/* No job of it may be running. */
void vit_render_remove_target(VitRenderTarget *target);

/*
 * Asks for one readback; at most one a target at a time. Errors: BUSY (the process died over
 * the buffer again and again, not long ago), DISCONNECTED (the client is gone). On error `done` is
 * not called.
 */
bool vit_render_submit(const VitReadback *readback, GError **error);

/* How long a job may take, in milliseconds. */
unsigned vit_render_get_job_deadline_ms(const VitRender *self);

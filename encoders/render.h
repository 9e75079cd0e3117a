/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * VitRender: the client of the process vitrine-render, which touches the pixels so that this
 * process need not. It starts the process, starts it again when it dies or misses a deadline, and
 * fails the jobs that were lost with it. Its death is an event, not an error of the frame's owner.
 * Everything here runs on the loop unless it says otherwise.
 */

typedef struct VitRender VitRender;

typedef struct VitRenderOptions {
	const char
		*program; /* path of vitrine-render; NULL: the one of this build or installation */
	unsigned job_deadline_ms; /* above 0; a job that takes longer has the process killed and
				     started again */
	/* Optional. The process is gone, or cannot be started again; it will be tried. Jobs that
	 * were lost with it fail afterwards. Not to drop the last reference. */
	void (*lost)(void *user_data, const GError *error);
	void *user_data;
} VitRenderOptions;

typedef struct VitRenderStats {
	uint64_t jobs, failed_jobs; /* readbacks finished, and of these how many failed */
	uint64_t restarts;          /* processes started after the first */
	uint64_t last_job_ns;       /* what the last answered readback took in vitrine-render */
} VitRenderStats;

/* Starts the process. Errors: INTERNAL (cannot be started; names the program). */
VitRender *vit_render_new(const VitRenderOptions *options, GError **error);
/* Surfaces may outlive it; their jobs then fail. */
VitRender *vit_render_ref(VitRender *self);
/* The last reference ends the process. NULL is allowed. */
void vit_render_unref(VitRender *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitRender, vit_render_unref)

/*
 * Drops what the client and the process keep of buffers that were read before (their fds, their
 * mappings). To be called when a source takes its buffers away.
 */
void vit_render_forget_buffers(VitRender *self);

VitRenderStats vit_render_get_stats(const VitRender *self);
/* Process id of the running vitrine-render, or -1. For status and tests. */
int vit_render_get_pid(const VitRender *self);

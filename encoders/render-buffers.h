/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * The buffers that vitrine keeps attached to vitrine-render: those of running jobs, and the last
 * few used. Each holds a reference, so that its identity cannot be that of another. Thread: loop.
 */

#define VIT_RENDER_KEPT_BUFFERS 8

typedef struct VitRenderBuffer {
	VitBuffer *buffer;
	uint64_t id;
	bool attached;         /* to the process that runs */
	bool forgotten;        /* goes when its last job ends */
	unsigned users;        /* jobs that read it */
	unsigned deaths;       /* of the process while it read this, one after the other */
	int64_t last_death_us; /* by the monotonic clock */
} VitRenderBuffer;

typedef struct VitRenderBuffers {
	GQueue entries;  /* VitRenderBuffer, last used first */
	GArray *dropped; /* ids of attached buffers that are to be detached */
	uint64_t last_id;
} VitRenderBuffers;

void vit_render_buffers_init(VitRenderBuffers *self);
void vit_render_buffers_clear(VitRenderBuffers *self);

/* The entry of @buffer, made if there is none, with one more user. */
VitRenderBuffer *vit_render_buffers_use(VitRenderBuffers *self, VitBuffer *buffer);
/* One user less; drops what is not used any longer and too much. */
void vit_render_buffers_release(VitRenderBuffers *self, VitRenderBuffer *entry);
/* Drops all; those in use when they are released. */
void vit_render_buffers_forget(VitRenderBuffers *self);
/* The process is a new one: nothing is attached. */
void vit_render_buffers_reset(VitRenderBuffers *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * VitSurfaceGate: lets either readers or the one writer into a surface. The writer never waits in
 * here; readers, on their own threads, do.
 *
 * Nobody starves. Readers that come while a writer is inside or waits for its turn wait until it
 * has been inside, so the writer waits only for those that were there before it. Those that waited
 * are all inside the moment it leaves, before it can ask again, so a reader waits for one write.
 */
typedef struct VitSurfaceGate {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	unsigned inside;  /* readers */
	unsigned waiting; /* readers */
	uint64_t turn;    /* counts the writes that ended */
	bool writing;     /* the writer is inside */
	bool wanted;      /* the writer waits */
} VitSurfaceGate;

void vit_surface_gate_init(VitSurfaceGate *self);
/* Nobody may be inside or waiting. */
void vit_surface_gate_clear(VitSurfaceGate *self);

/*
 * Enters as the writer. false: readers are inside; the vit_surface_gate_end_read() of the last of
 * them is going to say that the writer is inside now. Thread: the writer's.
 */
bool vit_surface_gate_begin_write(VitSurfaceGate *self);
void vit_surface_gate_end_write(VitSurfaceGate *self);

/*
 * Enters as a reader; waits at most @timeout_ms, and is inside after that although a writer may
 * be, too. Thread: any.
 */
void vit_surface_gate_begin_read(VitSurfaceGate *self, unsigned timeout_ms);
/* true: the writer that waited is inside now, and the caller must tell it. Thread: any. */
bool vit_surface_gate_end_read(VitSurfaceGate *self);

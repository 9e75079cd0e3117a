/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

/*
 * VitPool: a few threads that help the one that owns the pool with a piece of work. They sleep in
 * between. Thread: the owner's.
 */

typedef struct VitPool VitPool;

#define VIT_POOL_MAX_THREADS 4 /* the owner's included */

/* As many threads as there are CPUs for this process, but at most VIT_POOL_MAX_THREADS. */
VitPool *vit_pool_new(void);
/* NULL is allowed. */
void vit_pool_free(VitPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitPool, vit_pool_free)

/*
 * Calls @work at once on the owner's and on up to @max_threads - 1 more threads, and returns when
 * all calls have. The work divides itself; a thread that comes late must find nothing left to do.
 */
void vit_pool_run(VitPool *self, unsigned max_threads, void (*work)(void *user_data),
		  void *user_data);

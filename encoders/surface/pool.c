/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The readback pool. The owner works too and waits at the end only for helpers that really began,
 * so a helper that wakes up late costs nothing. Made of pthreads, as the surface's gate is, for
 * ThreadSanitizer.
 */
#include "encoders/surface/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

struct VitPool {
	pthread_t threads[VIT_POOL_MAX_THREADS - 1];
	unsigned n_threads;

	pthread_mutex_t lock;
	pthread_cond_t called;
	pthread_cond_t finished;
	void (*work)(void *user_data); /* NULL: nothing to help with */
	void *user_data;
	unsigned wanted; /* helpers that may still begin */
	unsigned busy;   /* helpers that began and did not finish */
	bool ending;
};

/* Waits, with the lock held, for work. false: the pool ends. */
static bool pool_await_call(VitPool *self)
{
	while (!self->ending && self->wanted == 0) {
		(void)pthread_cond_wait(&self->called, &self->lock);
	}
	return !self->ending;
}

static void *pool_help(void *user_data)
{
	VitPool *self = user_data;

	(void)pthread_mutex_lock(&self->lock);
	while (pool_await_call(self)) {
		self->wanted--;
		self->busy++;
		(void)pthread_mutex_unlock(&self->lock);
		self->work(self->user_data);
		(void)pthread_mutex_lock(&self->lock);
		self->busy--;
		if (self->busy == 0) {
			(void)pthread_cond_signal(&self->finished);
		}
	}
	(void)pthread_mutex_unlock(&self->lock);
	return NULL;
}

static unsigned pool_count_cpus(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0) {
		return 1;
	}
	return MAX((unsigned)CPU_COUNT(&cpus), 1);
}

VitPool *vit_pool_new(void)
{
	VitPool *self = g_new0(VitPool, 1);
	unsigned n_helpers = MIN(pool_count_cpus(), VIT_POOL_MAX_THREADS) - 1;

	(void)pthread_mutex_init(&self->lock, NULL);
	(void)pthread_cond_init(&self->called, NULL);
	(void)pthread_cond_init(&self->finished, NULL);
	/* One that cannot be had is done without. */
	while (self->n_threads < n_helpers &&
	       pthread_create(&self->threads[self->n_threads], NULL, pool_help, self) == 0) {
		self->n_threads++;
	}
	return self;
}

void vit_pool_free(VitPool *self)
{
	if (!self) {
		return;
	}
	(void)pthread_mutex_lock(&self->lock);
	self->ending = true;
	(void)pthread_cond_broadcast(&self->called);
	(void)pthread_mutex_unlock(&self->lock);
	for (unsigned i = 0; i < self->n_threads; i++) {
		(void)pthread_join(self->threads[i], NULL);
	}
	(void)pthread_cond_destroy(&self->finished);
	(void)pthread_cond_destroy(&self->called);
	(void)pthread_mutex_destroy(&self->lock);
	g_free(self);
}

void vit_pool_run(VitPool *self, unsigned max_threads, void (*work)(void *user_data),
		  void *user_data)
{
	unsigned helpers = MIN(MAX(max_threads, 1) - 1, self->n_threads);

	if (helpers > 0) {
		(void)pthread_mutex_lock(&self->lock);
		self->work = work;
		self->user_data = user_data;
		self->wanted = helpers;
		(void)pthread_cond_broadcast(&self->called);
		(void)pthread_mutex_unlock(&self->lock);
	}
	work(user_data);
	if (helpers > 0) {
		(void)pthread_mutex_lock(&self->lock);
		self->wanted = 0;
		while (self->busy > 0) {
			(void)pthread_cond_wait(&self->finished, &self->lock);
		}
		(void)pthread_mutex_unlock(&self->lock);
	}
}

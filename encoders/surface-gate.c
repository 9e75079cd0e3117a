/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The gate of a surface: a phase-fair lock whose writer is called instead of blocked.
 *
 * It is made of pthreads and not of GLib's locks, because ThreadSanitizer knows only those of a
 * GLib that was built with it.
 */
#include "encoders/surface-gate.h"

#include <errno.h>
#include <glib.h>
#include <time.h>

void vit_surface_gate_init(VitSurfaceGate *self)
{
	pthread_condattr_t attributes;

	*self = (VitSurfaceGate){0};
	(void)pthread_mutex_init(&self->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&self->turned, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

void vit_surface_gate_clear(VitSurfaceGate *self)
{
	g_assert(self->inside == 0 && self->waiting == 0);
	(void)pthread_cond_destroy(&self->turned);
	(void)pthread_mutex_destroy(&self->lock);
}

bool vit_surface_gate_begin_write(VitSurfaceGate *self)
{
	bool entered;

	(void)pthread_mutex_lock(&self->lock);
	g_assert(!self->writing && !self->wanted);
	entered = self->inside == 0;
	self->writing = entered;
	self->wanted = !entered;
	(void)pthread_mutex_unlock(&self->lock);
	return entered;
}

void vit_surface_gate_end_write(VitSurfaceGate *self)
{
	(void)pthread_mutex_lock(&self->lock);
	g_assert(self->writing);
	self->writing = false;
	self->turn++;
	self->inside += self->waiting;
	self->waiting = 0;
	(void)pthread_cond_broadcast(&self->turned);
	(void)pthread_mutex_unlock(&self->lock);
}

static struct timespec gate_time_after_ms(unsigned ms)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += (long)(ms % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

/* Waits, with the lock held, until a write has ended or the time is over. */
static void gate_wait_for_turn(VitSurfaceGate *self, unsigned timeout_ms)
{
	struct timespec end = gate_time_after_ms(timeout_ms);
	uint64_t turn = self->turn;
	int code = 0;

	self->waiting++;
	while (self->turn == turn && code != ETIMEDOUT) {
		code = pthread_cond_timedwait(&self->turned, &self->lock, &end);
	}
	/* Whoever ends a write counts those that wait as inside. */
	if (self->turn == turn) {
		self->waiting--;
		self->inside++;
	}
}

void vit_surface_gate_begin_read(VitSurfaceGate *self, unsigned timeout_ms)
{
	(void)pthread_mutex_lock(&self->lock);
	if (self->writing || self->wanted) {
		gate_wait_for_turn(self, timeout_ms);
	} else {
		self->inside++;
	}
	(void)pthread_mutex_unlock(&self->lock);
}

bool vit_surface_gate_end_read(VitSurfaceGate *self)
{
	bool handed_over;

	(void)pthread_mutex_lock(&self->lock);
	g_assert(self->inside > 0);
	self->inside--;
	handed_over = self->inside == 0 && self->wanted;
	if (handed_over) {
		self->wanted = false;
		self->writing = true;
	}
	(void)pthread_mutex_unlock(&self->lock);
	return handed_over;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of encoders/surface-gate.c. Who waits is read from the gate itself, under its lock. */
#include "encoders/surface-gate.h"

#include <glib.h>

#include "tests/support/fixture.h"

#define LONG_MS 60000

static bool is_one_waiting(void *user_data)
{
	VitSurfaceGate *gate = user_data;
	unsigned waiting;

	(void)pthread_mutex_lock(&gate->lock);
	waiting = gate->waiting;
	(void)pthread_mutex_unlock(&gate->lock);
	g_thread_yield();
	return waiting == 1;
}

static bool is_nobody_waiting(void *user_data)
{
	return !is_one_waiting(user_data);
}

/* As vit_test_wait(), for what other threads do, of which the main loop hears nothing. */
static void await(bool (*condition)(void *user_data), VitSurfaceGate *gate)
{
	int64_t end_us = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

	while (!condition(gate)) {
		g_assert_cmpint(g_get_monotonic_time(), <, end_us);
	}
}

static void test_readers_together(void)
{
	VitSurfaceGate gate;

	vit_surface_gate_init(&gate);
	vit_surface_gate_begin_read(&gate, LONG_MS);
	vit_surface_gate_begin_read(&gate, LONG_MS);
	g_assert_false(vit_surface_gate_begin_write(&gate));
	g_assert_false(vit_surface_gate_end_read(&gate));
	g_assert_true(vit_surface_gate_end_read(&gate));
	g_assert_true(gate.writing);
	vit_surface_gate_end_write(&gate);
	g_assert_true(vit_surface_gate_begin_write(&gate));
	vit_surface_gate_end_write(&gate);
	vit_surface_gate_clear(&gate);
}

/* Enters as a reader and stays. */
static void *enter(void *user_data)
{
	vit_surface_gate_begin_read(user_data, LONG_MS);
	return NULL;
}

static void test_reader_waits_for_writer(void)
{
	VitSurfaceGate gate;
	GThread *reader;

	vit_surface_gate_init(&gate);
	g_assert_true(vit_surface_gate_begin_write(&gate));
	reader = g_thread_new("reader", enter, &gate);
	await(is_one_waiting, &gate);
	vit_surface_gate_end_write(&gate);
	/* It is inside already, before it wakes: the next write waits for it. */
	g_assert_false(vit_surface_gate_begin_write(&gate));
	(void)g_thread_join(reader);
	g_assert_true(vit_surface_gate_end_read(&gate));
	vit_surface_gate_end_write(&gate);
	vit_surface_gate_clear(&gate);
}

/* A writer that waits is not overtaken by readers that come later. */
static void test_late_reader_waits_for_waiting_writer(void)
{
	VitSurfaceGate gate;
	GThread *late;

	vit_surface_gate_init(&gate);
	vit_surface_gate_begin_read(&gate, LONG_MS);
	g_assert_false(vit_surface_gate_begin_write(&gate));
	late = g_thread_new("late reader", enter, &gate);
	await(is_one_waiting, &gate);
	g_assert_true(vit_surface_gate_end_read(&gate));
	g_assert_true(is_one_waiting(&gate));
	vit_surface_gate_end_write(&gate);
	(void)g_thread_join(late);
	g_assert_false(vit_surface_gate_end_read(&gate));
	vit_surface_gate_clear(&gate);
}

static void test_reader_gives_up(void)
{
	VitSurfaceGate gate;

	vit_surface_gate_init(&gate);
	g_assert_true(vit_surface_gate_begin_write(&gate));
	vit_surface_gate_begin_read(&gate, 1);
	g_assert_true(is_nobody_waiting(&gate));
	vit_surface_gate_end_write(&gate);
	g_assert_false(vit_surface_gate_begin_write(&gate));
	g_assert_true(vit_surface_gate_end_read(&gate));
	vit_surface_gate_end_write(&gate);
	vit_surface_gate_clear(&gate);
}

typedef struct Contest {
	VitSurfaceGate gate;
	unsigned value;  /* written by the writer, read by readers, with no other guard */
	int handed_over; /* atomic */
	int stop;        /* atomic */
	int reads;       /* atomic */
} Contest;

static void *read_often(void *user_data)
{
	Contest *contest = user_data;

	while (!g_atomic_int_get(&contest->stop)) {
		unsigned before, after;

		vit_surface_gate_begin_read(&contest->gate, LONG_MS);
		before = contest->value;
		g_thread_yield();
		after = contest->value;
		if (vit_surface_gate_end_read(&contest->gate)) {
			g_atomic_int_set(&contest->handed_over, 1);
		}
		g_assert_cmpuint(before, ==, after);
		g_atomic_int_inc(&contest->reads);
	}
	return NULL;
}

/* Readers that never pause and a writer: both get on, and never at the same time. */
static void test_contest(void)
{
	Contest contest = {0};
	GThread *readers[3];
	unsigned writes = 0;

	vit_surface_gate_init(&contest.gate);
	for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
		readers[i] = g_thread_new("reader", read_often, &contest);
	}
	while (writes < 2000 || g_atomic_int_get(&contest.reads) < 2000) {
		if (!vit_surface_gate_begin_write(&contest.gate)) {
			while (!g_atomic_int_compare_and_exchange(&contest.handed_over, 1, 0)) {
				g_thread_yield();
			}
		}
		contest.value++;
		writes++;
		vit_surface_gate_end_write(&contest.gate);
		g_thread_yield();
	}
	g_atomic_int_set(&contest.stop, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
		(void)g_thread_join(readers[i]);
	}
	g_assert_cmpuint(contest.value, ==, writes);
	vit_surface_gate_clear(&contest.gate);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/surface-gate/readers-together", test_readers_together);
	vit_test_add("/surface-gate/reader-waits-for-writer", test_reader_waits_for_writer);
	vit_test_add("/surface-gate/late-reader-waits-for-waiting-writer",
		     test_late_reader_waits_for_waiting_writer);
	vit_test_add("/surface-gate/reader-gives-up", test_reader_gives_up);
	vit_test_add("/surface-gate/contest", test_contest);
	return g_test_run();
}

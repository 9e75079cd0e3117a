/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/flow.h"

#include <glib.h>

#include "tests/support/fixture.h"

#define MS 1000LL

static void test_one_until_known(void)
{
	VitFlow flow = {0};

	g_assert_true(vit_flow_may_send(&flow, 0));
	g_assert_cmpuint(vit_flow_sent(&flow, 0), ==, 0);
	g_assert_false(vit_flow_may_send(&flow, 1 * MS));
	g_assert_false(vit_flow_may_send(&flow, 10000 * MS));
	vit_flow_returned(&flow, 0, 5 * MS);
	g_assert_true(vit_flow_may_send(&flow, 5 * MS));
}

/* 100 ms away at 60 Hz there must be several under way. */
static void test_far_viewer(void)
{
	VitFlow flow = {0};
	unsigned n_sent = 0;

	vit_flow_returned(&flow, vit_flow_sent(&flow, 0), 100 * MS);
	for (int64_t now_us = 100 * MS; now_us < 200 * MS; now_us += 16 * MS) {
		g_assert_true(vit_flow_may_send(&flow, now_us));
		(void)vit_flow_sent(&flow, now_us);
		n_sent++;
	}
	g_assert_cmpuint(n_sent, ==, 7);
	/* It does not answer: overdue. */
	g_assert_false(vit_flow_may_send(&flow, 100 * MS + 100 * MS + 40 * MS));
	/* It answers to all at once. */
	vit_flow_returned(&flow, 7, 300 * MS);
	g_assert_cmpuint(flow.n_under_way, ==, 0);
	g_assert_true(vit_flow_may_send(&flow, 300 * MS));
}

/* A long encode does not make the viewer look slow. */
static void test_encode_time(void)
{
	VitFlow flow = {0};

	vit_flow_encoded(&flow, 0); /* none is under way */
	vit_flow_returned(&flow, vit_flow_sent(&flow, 0), 10 * MS);
	(void)vit_flow_sent(&flow, 20 * MS);
	g_assert_false(vit_flow_may_send(&flow, 120 * MS));
	vit_flow_encoded(&flow, 120 * MS);
	g_assert_true(vit_flow_may_send(&flow, 120 * MS));
	vit_flow_returned(&flow, 1, 130 * MS);
	g_assert_cmpint(flow.round_trip_us, ==, 10 * MS);
}

static void test_bound(void)
{
	VitFlow flow = {0};

	vit_flow_returned(&flow, vit_flow_sent(&flow, 0), 1000 * MS);
	for (unsigned i = 0; i < VIT_FLOW_MAX_UNDER_WAY; i++) {
		g_assert_true(vit_flow_may_send(&flow, 1000 * MS));
		(void)vit_flow_sent(&flow, 1000 * MS);
	}
	g_assert_false(vit_flow_may_send(&flow, 1000 * MS));
}

/* A viewer that returns nothing is sent to all the same, until it does. */
static void test_given_up(void)
{
	VitFlow flow = {0};

	(void)vit_flow_sent(&flow, 0);
	g_assert_false(vit_flow_may_send(&flow, 1 * MS));
	vit_flow_give_up(&flow);
	for (unsigned i = 1; i < 3 * VIT_FLOW_MAX_UNDER_WAY; i++) {
		g_assert_true(vit_flow_may_send(&flow, i * MS));
		g_assert_cmpuint(vit_flow_sent(&flow, i * MS), ==, i);
	}
	vit_flow_returned(&flow, 0, 200 * MS); /* that is too long ago */
	g_assert_true(flow.is_given_up);
	vit_flow_returned(&flow, 3 * VIT_FLOW_MAX_UNDER_WAY - 2, 200 * MS);
	g_assert_false(flow.is_given_up);
	g_assert_cmpuint(flow.n_under_way, ==, 1);
}

static void test_lies(void)
{
	VitFlow flow = {0};

	vit_flow_returned(&flow, 0, 1 * MS); /* nothing was sent */
	g_assert_cmpint(flow.round_trip_us, ==, 0);
	(void)vit_flow_sent(&flow, 2 * MS);
	vit_flow_returned(&flow, 1, 3 * MS); /* that one not yet */
	vit_flow_returned(&flow, G_MAXUINT32, 3 * MS);
	g_assert_cmpuint(flow.n_under_way, ==, 1);
	vit_flow_returned(&flow, 0, 4 * MS);
	vit_flow_returned(&flow, 0, 5 * MS); /* twice */
	g_assert_cmpuint(flow.n_under_way, ==, 0);
	g_assert_cmpuint(vit_flow_sent(&flow, 6 * MS), ==, 1);
}

/* A path that became longer is not taken for a viewer that cannot keep up for ever. */
static void test_drift(void)
{
	VitFlow flow = {0};
	int64_t now_us = 0;

	vit_flow_returned(&flow, vit_flow_sent(&flow, 0), 10 * MS);
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t number = vit_flow_sent(&flow, now_us);

		now_us += 200 * MS;
		vit_flow_returned(&flow, number, now_us);
	}
	g_assert_cmpint(flow.round_trip_us, >, 190 * MS);
	vit_flow_returned(&flow, vit_flow_sent(&flow, now_us), now_us + 20 * MS);
	g_assert_cmpint(flow.round_trip_us, ==, 20 * MS); /* shorter again */
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/flow/one-until-known", test_one_until_known);
	vit_test_add("/flow/far-viewer", test_far_viewer);
	vit_test_add("/flow/encode-time", test_encode_time);
	vit_test_add("/flow/bound", test_bound);
	vit_test_add("/flow/given-up", test_given_up);
	vit_test_add("/flow/lies", test_lies);
	vit_test_add("/flow/drift", test_drift);
	return g_test_run();
}

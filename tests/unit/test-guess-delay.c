/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/guess-delay.h"

#include "server/log-limit.h"
#include "tests/support/fixture.h"

#define S (G_USEC_PER_SEC * 1LL)

static void test_grows(void)
{
	g_autoptr(VitGuessDelay) delay = vit_guess_delay_new();
	const unsigned expected_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 16000};

	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(expected_ms); i++) {
		g_assert_cmpuint(vit_guess_delay_failed(delay, "a", i * 100 * S), ==,
				 expected_ms[i]);
		g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", i * 100 * S), ==,
				 expected_ms[i]);
	}
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "b", 600 * S), ==, 0); /* nobody else */
}

/* Attempts that come at once have their turn one after the other. */
static void test_turns(void)
{
	g_autoptr(VitGuessDelay) delay = vit_guess_delay_new();

	(void)vit_guess_delay_failed(delay, "a", 0);
	(void)vit_guess_delay_failed(delay, "a", 0);
	(void)vit_guess_delay_failed(delay, "a", 0);
	(void)vit_guess_delay_failed(delay, "a", 0);
	(void)vit_guess_delay_failed(delay, "a", 0); /* 8 s */
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 8000);
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 16000);
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 24000);
	/* Too long: sent away, and no turn is taken. */
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), >, VIT_GUESS_DELAY_MAX_WAIT_MS);
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 32000);
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 32 * S), ==, 0);
}

static void test_forgets(void)
{
	g_autoptr(VitGuessDelay) delay = vit_guess_delay_new();

	(void)vit_guess_delay_failed(delay, "a", 0);
	vit_guess_delay_succeeded(delay, "a");
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "a", 0), ==, 0);
	g_assert_cmpuint(vit_guess_delay_failed(delay, "a", 0), ==, 500);
	g_assert_cmpuint(vit_guess_delay_failed(delay, "a", 0), ==, 1000);
	g_assert_cmpuint(vit_guess_delay_failed(delay, "a", 601 * S), ==, 500); /* long ago */
	vit_guess_delay_succeeded(delay, "never heard of");
}

static void test_bounded(void)
{
	g_autoptr(VitGuessDelay) delay = vit_guess_delay_new();

	(void)vit_guess_delay_failed(delay, "first", 0);
	(void)vit_guess_delay_failed(delay, "second", 1);
	for (unsigned i = 2; i < VIT_GUESS_DELAY_MAX_ORIGINS + 1; i++) {
		g_autofree char *origin = g_strdup_printf("%u", i);

		(void)vit_guess_delay_failed(delay, origin, i);
	}
	/* The one that was quiet for the longest time made room. */
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "first", 300), ==, 0);
	g_assert_cmpuint(vit_guess_delay_reserve(delay, "second", 300), >, 0);
}

static void test_log_limit(void)
{
	VitLogLimit limit = {0};
	unsigned left_out = 1;

	for (unsigned i = 0; i < 20; i++) {
		g_assert_true(vit_log_limit_allows(&limit, 100 * S, &left_out));
		g_assert_cmpuint(left_out, ==, 0);
	}
	g_assert_false(vit_log_limit_allows(&limit, 100 * S, &left_out));
	g_assert_false(vit_log_limit_allows(&limit, 100 * S + S / 2, &left_out));
	g_assert_true(vit_log_limit_allows(&limit, 101 * S, &left_out));
	g_assert_cmpuint(left_out, ==, 2);
	g_assert_false(vit_log_limit_allows(&limit, 101 * S, &left_out));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/guess-delay/grows", test_grows);
	vit_test_add("/guess-delay/turns", test_turns);
	vit_test_add("/guess-delay/forgets", test_forgets);
	vit_test_add("/guess-delay/bounded", test_bounded);
	vit_test_add("/log-limit/some-at-once", test_log_limit);
	return g_test_run();
}

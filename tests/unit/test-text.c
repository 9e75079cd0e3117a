/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Text from outside, and the log lines it ends in. */
#include <string.h>

#include "config/log.h"
#include "config/text.h"
#include "tests/support/fixture.h"

static void assert_printable(const char *text, gsize max_chars, const char *expected)
{
	g_autofree char *shown = vit_text_printable(text, max_chars);

	g_assert_cmpstr(shown, ==, expected);
}

static void test_printable(void)
{
	assert_printable("", 5, "");
	assert_printable("B\xc3\xbcro", 4, "B\xc3\xbcro");
	assert_printable("abcdef", 5, "abcde...");
	assert_printable("a\nb\x1b[0m\x7f", 99, "a\\u000ab\\u001b[0m\\u007f");
	assert_printable("\xff\xc3(\xe2\x82", 99, "\\xff\\xc3(\\xe2\\x82");
	assert_printable("\xc2\x9b\xe2\x80\xae\xe2\x80\xa8", 99, "\\u009b\\u202e\\u2028");
}

static void test_nearest(void)
{
	static const char *const known[] = {"listen", "unix", "share", NULL};
	static const struct {
		const char *word, *nearest;
		unsigned distance;
	} cases[] = {
		{"listen", "listen", 0}, {"lisen", "listen", 1}, {"unixx", "unix", 1},
		{"hsare", "share", 2},   {"", "unix", 4},
	};
	g_autofree char *endless = g_strnfill(100000, 'x');
	unsigned distance;

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpstr(vit_text_nearest(cases[i].word, known, &distance), ==,
				cases[i].nearest);
		g_assert_cmpuint(distance, ==, cases[i].distance);
	}
	g_assert_nonnull(vit_text_nearest(endless, known, &distance));
	g_assert_cmpuint(distance, <=, 64);
}

/* Runs in a process of its own: a process has one log writer. */
static void write_log(const void *level)
{
	vit_log_init(level);
	g_debug("one");
	g_info("two");
	g_message("three\n12:00:00.000 message: forged");
	g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "VIT_CLIENT", "10.0.0.1\033[2J",
			 "VIT_CONSOLE", "0", "MESSAGE", "%s", "four");
}

static void test_log_message(void)
{
	if (g_test_subprocess()) {
		write_log("message");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("??:??:??.??? message: three\\u000a12:00:00.000 message: forged\n"
				  "??:??:??.??? warning: four VIT_CONSOLE=0 "
				  "VIT_CLIENT=10.0.0.1\\u001b[2J\n");
}

static void test_log_debug(void)
{
	if (g_test_subprocess()) {
		write_log("debug");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("*debug: one\n*info: two\n*message: three*warning: four*");
}

static void test_log_warning(void)
{
	if (g_test_subprocess()) {
		write_log("warning");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("??:??:??.??? warning: four*");
	g_test_trap_assert_stderr_unmatched("*three*");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/text/printable", test_printable);
	vit_test_add("/text/nearest", test_nearest);
	g_test_add_func("/log/message", test_log_message);
	g_test_add_func("/log/debug", test_log_debug);
	g_test_add_func("/log/warning", test_log_warning);
	return g_test_run();
}

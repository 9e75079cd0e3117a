/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/fixture.h"

unsigned vit_test_count_fds(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned count = 0;

	g_assert_nonnull(dir);
	while (g_dir_read_name(dir)) {
		count++;
	}
	return count - 1; /* the directory's own */
}

static gboolean on_deadline(void *user_data)
{
	*(bool *)user_data = true;
	return G_SOURCE_REMOVE;
}

void vit_test_wait(const char *what, double seconds, VitTestCondition condition, void *user_data)
{
	bool expired = false;
	unsigned timer = g_timeout_add((unsigned)(seconds * 1000), on_deadline, &expired);

	while (!condition(user_data)) {
		if (expired) {
			g_error("waited %.1f s in vain for: %s", seconds, what);
		}
		(void)g_main_context_iteration(NULL, TRUE);
	}
	if (!expired) {
		g_source_remove(timer);
	}
}

void vit_test_run_for_ms(unsigned ms)
{
	bool expired = false;

	(void)g_timeout_add(ms, on_deadline, &expired);
	while (!expired) {
		(void)g_main_context_iteration(NULL, TRUE);
	}
}

typedef struct CountedTest {
	VitTest test; /* NULL: test_with is set */
	VitTestWith test_with;
	const void *user_data;
} CountedTest;

static void run_counted(const void *user_data)
{
	const CountedTest counted = *(const CountedTest *)user_data;
	unsigned before;

	while (g_main_context_iteration(NULL, FALSE)) {
	}
	before = vit_test_count_fds();
	if (counted.test) {
		counted.test();
	} else {
		counted.test_with(counted.user_data);
	}
	while (g_main_context_iteration(NULL, FALSE)) {
	}
	g_assert_cmpuint(vit_test_count_fds(), ==, before);
}

static void add_counted(const char *path, const CountedTest *counted)
{
	g_test_add_data_func_full(path, g_memdup2(counted, sizeof *counted),
				  (GTestDataFunc)run_counted, g_free);
}

void vit_test_add(const char *path, VitTest test)
{
	add_counted(path, &(CountedTest){.test = test});
}

void vit_test_add_with(const char *path, VitTestWith test, const void *user_data)
{
	add_counted(path, &(CountedTest){.test_with = test, .user_data = user_data});
}

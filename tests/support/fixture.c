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

static void run_counted(const void *user_data)
{
	VitTest test = *(const VitTest *)user_data;
	unsigned before;

	while (g_main_context_iteration(NULL, FALSE)) {
	}
	before = vit_test_count_fds();
	test();
	while (g_main_context_iteration(NULL, FALSE)) {
	}
	g_assert_cmpuint(vit_test_count_fds(), ==, before);
}

void vit_test_add(const char *path, VitTest test)
{
	VitTest *slot = g_new(VitTest, 1);

	*slot = test;
	g_test_add_data_func_full(path, slot, (GTestDataFunc)run_counted, g_free);
}

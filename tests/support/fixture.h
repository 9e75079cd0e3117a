/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What every test in C shares: a count of open fds before and after, and a main loop that runs
 * until something is true instead of sleeping.
 */

typedef void (*VitTest)(void);
typedef void (*VitTestWith)(const void *user_data);
typedef bool (*VitTestCondition)(void *user_data);

/* Number of fds that this process has open. */
unsigned vit_test_count_fds(void);

/*
 * Runs the default main context until @condition is true; fails the test after @seconds, saying
 * what was waited for.
 */
void vit_test_wait(const char *what, double seconds, VitTestCondition condition, void *user_data);

/* Runs the default main context for about this long, for "and nothing else happens". */
void vit_test_run_for_ms(unsigned ms);

/*
 * Adds a test that fails when it leaves more or fewer fds open than it found. What a library opens
 * once and keeps (GLib's wake-up fds) is opened before the count.
 */
void vit_test_add(const char *path, VitTest test);
/* Likewise, for one body that runs over several things; @user_data must stay. */
void vit_test_add_with(const char *path, VitTestWith test, const void *user_data);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>

/*
 * Touching memory that a peer may take away: whoever holds the fd of a mapping can shrink the file,
 * and what then touches a page behind its end gets SIGBUS.
 */

/* Installs the handler. Once, before the first vit_guard_run(). Thread: any. */
void vit_guard_install(void);

/*
 * Runs @touch. Returns false when memory vanished under it: then it was left in the middle, so it
 * must hold no lock and own nothing. Not to be nested. Thread: any, several at a time.
 */
bool vit_guard_run(void (*touch)(void *user_data), void *user_data);

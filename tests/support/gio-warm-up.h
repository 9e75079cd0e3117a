/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

/*
 * Has GIO open now what it opens once and keeps, the wake-up fds of its worker threads, so that the
 * count of fds around a test does not see them. Called before the first test that uses GIO.
 */
void vit_test_warm_up_gio(void);

/* Runs the loop until no more fds are open than so many: GDBus closes in a thread of its own. */
void vit_test_wait_closed(unsigned n_fds);

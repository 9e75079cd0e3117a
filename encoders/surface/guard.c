/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * SIGBUS, turned into a return value. The signal comes to the thread that touched the memory, so
 * where to return to is kept a thread, which is state that a signal handler can reach in no other
 * way. A SIGBUS outside of a guarded call is a fault of ours and ends the process as ever.
 */
#include "encoders/surface/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

static _Thread_local sigjmp_buf *guard_return;

static void on_sigbus(int number)
{
	if (guard_return) {
		siglongjmp(*guard_return, 1);
	}
	/* Back to the default, and the same access again. */
	(void)signal(number, SIG_DFL);
}

void vit_guard_install(void)
{
	struct sigaction action = {.sa_handler = on_sigbus};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGBUS, &action, NULL);
}

bool vit_guard_run(void (*touch)(void *user_data), void *user_data)
{
	sigjmp_buf here;

	/* With the signal mask: SIGBUS is blocked while its handler runs. */
	if (sigsetjmp(here, 1) != 0) {
		guard_return = NULL;
		return false;
	}
	guard_return = &here;
	touch(user_data);
	guard_return = NULL;
	return true;
}

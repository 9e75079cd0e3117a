/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * vitrine-render: the process that touches pixels, one for each vitrine, which starts it with one
 * end of a socketpair as fd 3. It ends when the other end closes, and is killed with its parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "encoders/render/control.h"
#include "encoders/surface/guard.h"

/* What a mapped fd of a stranger could talk this process into is bounded by what it has. */
static int render_main_confine(void)
{
	/* A service manager signals all of a service's processes to stop; whether this one does is
	 * for vitrine to say. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return -1;
	}
	return close_range(VIT_RENDER_SOCKET_FD + 1, ~0u, 0);
}

int main(void)
{
	g_autoptr(VitControl) control = NULL;
	g_autoptr(GError) error = NULL;

	if (fcntl(VIT_RENDER_SOCKET_FD, F_SETFD, FD_CLOEXEC) < 0) {
		(void)fprintf(stderr, "vitrine-render is started by vitrine, not by hand\n");
		return 2;
	}
	if (render_main_confine() < 0) {
		(void)fprintf(stderr, "vitrine-render cannot confine itself: %s\n",
			      strerror(errno));
		return 1;
	}
	vit_guard_install();
	control = vit_control_new();
	if (!vit_control_serve(control, VIT_RENDER_SOCKET_FD, &error)) {
		(void)fprintf(stderr, "vitrine-render: %s\n", error->message);
		return 1;
	}
	return 0;
}

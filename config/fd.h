/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <unistd.h>

/*
 * An fd that closes itself: VIT_AUTOFD int fd = -1. (GLib has g_autofd only since 2.76.) Such a
 * variable is never closed by hand: give it away with g_steal_fd().
 */
#define VIT_AUTOFD __attribute__((cleanup(vit_fd_clear)))

/* Closes *fd unless it is negative, and sets it to -1. */
static inline void vit_fd_clear(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

/*
 * VitFdWatch: waits on the loop for one fd, with conditions that can be changed at any time, which
 * GLib's own fd source cannot. It does not own the fd. Thread: loop.
 */

typedef struct VitFdWatch VitFdWatch;

/* @ready has at least one of G_IO_IN, G_IO_OUT, G_IO_ERR, G_IO_HUP. The watch may be freed inside.
 */
typedef void (*VitFdReady)(void *user_data, GIOCondition ready);

/* Starts with nothing to wait for but errors and hang-up. */
VitFdWatch *vit_fd_watch_new(int fd, VitFdReady on_ready, void *user_data);
/* NULL is allowed. */
void vit_fd_watch_free(VitFdWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitFdWatch, vit_fd_watch_free)

/* G_IO_IN, G_IO_OUT, both or 0. */
void vit_fd_watch_set(VitFdWatch *self, GIOCondition wanted);
/* Waits for nothing at all, errors and hang-up included, until the next vit_fd_watch_set(). */
void vit_fd_watch_pause(VitFdWatch *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "sources/frame.h"

/*
 * VitDeadline: the one deadline of a console. A guest's frame goes to all readers as a frame that
 * stands for it: when the last of them lets go, or when the deadline passes, the guest's frame is
 * acknowledged. Thread: loop, also for the last reference of a frame from here.
 */

typedef struct VitDeadline VitDeadline;

VitDeadline *vit_deadline_new(unsigned deadline_ms);
/* Frames that are out keep their deadline. NULL is allowed. */
void vit_deadline_unref(VitDeadline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitDeadline, vit_deadline_unref)

/* Returns a new frame with all that @frame has, which keeps @frame until it is released. */
VitFrame *vit_deadline_limit(VitDeadline *self, VitFrame *frame);
/* Frames that were released because the deadline passed. */
uint64_t vit_deadline_get_misses(const VitDeadline *self);

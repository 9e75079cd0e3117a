/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * VitFrame: one presentation of a buffer. A guest waits for the acknowledgement of its frame, so a
 * frame is released exactly once: with its last reference, or earlier by vit_frame_release() when a
 * deadline passes. After an early release the pixels may change under a reader; the frame can be
 * asked.
 *
 * Damage is in pixels of the buffer's visible rectangle, (0,0) at the top left of the picture as a
 * person sees it, whether the memory is bottom-up or not: sources convert.
 */

typedef struct VitFrame VitFrame;

/*
 * Acknowledges the frame to its source. Runs exactly once, in the main context that was the thread
 * default when the frame was made, whichever thread drops the last reference: within that call on
 * the thread that made the frame, posted from any other.
 */
typedef void (*VitFrameReleased)(void *user_data);

/*
 * Makes a frame. @damage is copied and clipped to the picture; NULL means damage unknown: anything
 * may have changed. @acquire_fence_fd is -1 or a sync_file to wait for before reading; taken.
 * @released may be NULL. Sequence numbers are the source's: they grow, gaps are frames it dropped.
 * Thread: loop.
 */
VitFrame *vit_frame_new(VitBuffer *buffer, const pixman_region32_t *damage, uint64_t sequence,
			int acquire_fence_fd, VitFrameReleased released, void *user_data);

VitFrame *vit_frame_ref(VitFrame *self);
/* NULL is allowed. Thread: any. */
void vit_frame_unref(VitFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitFrame, vit_frame_unref)

/* Acknowledges the frame now, if it was not yet. Thread: any. */
void vit_frame_release(VitFrame *self);
/* Thread: any. */
bool vit_frame_is_released(const VitFrame *self);

/* Borrowed; valid as long as the frame. Thread: any. */
VitBuffer *vit_frame_get_buffer(const VitFrame *self);
/* NULL: damage unknown. */
const pixman_region32_t *vit_frame_get_damage(const VitFrame *self);
uint64_t vit_frame_get_sequence(const VitFrame *self);
/* CLOCK_MONOTONIC, in nanoseconds, at which the frame was made. */
int64_t vit_frame_get_time_ns(const VitFrame *self);
int vit_frame_peek_acquire_fence(const VitFrame *self);

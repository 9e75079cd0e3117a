/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/source.h"

/*
 * A consumer that writes down what a machine and its sources tell it, and checks at each event what
 * their headers promise: frames that grow in number, damage inside the picture, nothing after a
 * stop, nothing from within a start.
 */

#define VIT_TEST_MAX_HEADS 16

typedef struct VitTestRecorder VitTestRecorder;

typedef struct VitTestHead {
	VitTestRecorder *recorder;
	char *label;
	VitSource *source;  /* NULL: not announced, or destroyed */
	VitInputSink *sink; /* likewise */

	unsigned events; /* of any kind */
	unsigned scanouts, frames, cursors, cursor_moves, leds, pointer_modes, refusals, losses;
	VitBuffer *buffer; /* shown now; may be NULL */
	VitCursor *cursor; /* may be NULL */
	int32_t cursor_x, cursor_y;
	bool cursor_visible, absolute;
	unsigned lit;             /* VitLeds bits */
	GError *refusal, *loss;   /* the last ones; may be NULL */
	uint64_t sequence;        /* of the last frame */
	pixman_region32_t damage; /* of the last frame */
	bool damage_is_unknown;
	GPtrArray *held; /* frames not let go of, oldest first; only while hold_frames */

	bool hold_frames;       /* set by the test */
	unsigned stop_at_event; /* set by the test: stop the source from within this event; 0: never
				 */
	bool stop_at_frame;     /* … from within the next frame event */
	bool is_quiet; /* no event is allowed: not started yet, being started, or stopped */
} VitTestHead;

struct VitTestRecorder {
	VitMachine *machine;
	VitTestHead heads[VIT_TEST_MAX_HEADS];
	unsigned n_heads;
	char *name; /* of the VM; NULL until it is told */
};

/* Takes @machine. The recorder must stay where it is. */
void vit_test_recorder_init(VitTestRecorder *self, VitMachine *machine);
/* Destroys sources, sinks and the machine, where the test did not; lets go of the frames last. */
void vit_test_recorder_clear(VitTestRecorder *self);

/* Starts the machine. */
void vit_test_recorder_start(VitTestRecorder *self);
/* Starts the machine and each head it announced. */
void vit_test_recorder_start_all(VitTestRecorder *self);

void vit_test_head_start(VitTestHead *self);
/* For what emits a source's events without being one; goes with a head of a recorder without a
 * machine, whose is_quiet the test clears. */
extern const VitSourceEvents vit_test_head_events;
void vit_test_head_stop(VitTestHead *self);
void vit_test_head_destroy_source(VitTestHead *self);
void vit_test_head_destroy_sink(VitTestHead *self);
/* Lets go of the held frames. */
void vit_test_head_release_frames(VitTestHead *self);

/* Runs the loop until @counter, one of a head's, is at least @count. */
void vit_test_wait_count(const char *what, const unsigned *counter, unsigned count);
/* Runs the loop until the head has been told of so many frames in all. */
void vit_test_head_wait_frames(VitTestHead *self, unsigned frames);

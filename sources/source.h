/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/buffer.h"
#include "sources/cursor.h"
#include "sources/frame.h"
#include "sources/input.h"

/*
 * The three seams of this floor.
 *
 * VitSource gives the picture of one head; VitInputSink takes its input; VitMachine is one
 * connection to a VM and finds its heads. Each implementation embeds the base struct as its first
 * member. Everything here runs on the loop, and nothing here may block it.
 */

typedef struct VitSource VitSource;
typedef struct VitInputSink VitInputSink;
typedef struct VitMachine VitMachine;

/*
 * What a source tells its one consumer. All members are required. Arguments are borrowed: valid
 * during the call, kept by taking a reference. A source may be stopped, not destroyed, from within.
 */
typedef struct VitSourceEvents {
	/* This buffer is shown from now on; frames say when it changes. NULL: the guest shows
	 * nothing. */
	void (*scanout)(void *user_data, VitBuffer *buffer);
	/* New pixels. Its buffer may differ from the last scanout's; it is then the scanout. */
	void (*frame)(void *user_data, VitFrame *frame);
	/* NULL: the guest has no pointer shape. */
	void (*cursor)(void *user_data, VitCursor *cursor);
	/* Position of the hot spot, in head pixels. */
	void (*cursor_moved)(void *user_data, int32_t x, int32_t y, bool visible);
	/* VitLeds bits. */
	void (*leds)(void *user_data, unsigned leds);
	/* Whether the guest's pointer device takes absolute positions. */
	void (*pointer_mode)(void *user_data, bool absolute);
	/* What the guest shows cannot be shown here: bad metadata, unknown format. It stays
	 * connected. */
	void (*refused)(void *user_data, const GError *error);
	/* The VM is gone. The source reconnects by itself; a new scanout says that it is back. */
	void (*lost)(void *user_data, const GError *error);
} VitSourceEvents;

typedef struct VitSourceImpl {
	const char *name;
	/* Required. Called once before any event; events come later, never from within start. */
	void (*start)(VitSource *self);
	/* Required. No event after it. Frames still out are acknowledged as they come back.
	 * Idempotent. */
	void (*stop)(VitSource *self);
	/* Required. Stops first if needed. */
	void (*destroy)(VitSource *self);
} VitSourceImpl;

struct VitSource {
	const VitSourceImpl *impl;
	const VitSourceEvents *events; /* set by vit_source_start() */
	void *events_data;
};

/* Starts a source that was never started. @events stays valid until destroy. Thread: loop. */
void vit_source_start(VitSource *self, const VitSourceEvents *events, void *user_data);
void vit_source_stop(VitSource *self);
/* NULL is allowed. */
void vit_source_destroy(VitSource *self);

typedef struct VitInputSinkImpl {
	const char *name;
	/* Required. Never blocks; input for a VM that is gone is dropped. */
	void (*send)(VitInputSink *self, const VitInput *input);
	/*
	 * Required. Asks the guest for this size; it may ignore it. Sizes in pixels; millimetres
	 * may be 0: unknown.
	 */
	void (*set_size)(VitInputSink *self, uint32_t width, uint32_t height, uint32_t width_mm,
			 uint32_t height_mm);
	/* Required. */
	void (*destroy)(VitInputSink *self);
} VitInputSinkImpl;

struct VitInputSink {
	const VitInputSinkImpl *impl;
};

void vit_input_sink_send(VitInputSink *self, const VitInput *input);
void vit_input_sink_set_size(VitInputSink *self, uint32_t width, uint32_t height, uint32_t width_mm,
			     uint32_t height_mm);
/* NULL is allowed. */
void vit_input_sink_destroy(VitInputSink *self);

/* What a machine tells its one consumer. */
typedef struct VitMachineEvents {
	/*
	 * Required. A graphic head was found: 0, 1, …, each index once in the machine's life; when
	 * the VM restarts the same source goes on. The source is not started yet. Ownership: source
	 * and sink are given to the callee.
	 */
	void (*head)(void *user_data, unsigned index, const char *label, VitSource *source,
		     VitInputSink *sink);
	/* Required. The VM's name is known, or changed. */
	void (*named)(void *user_data, const char *name);
} VitMachineEvents;

typedef struct VitMachineImpl {
	const char *name;
	/*
	 * Required. Errors here are final (configuration); a VM that is not there yet is waited
	 * for. Head 0 is announced at once, from within start if need be, so that viewers find a
	 * listener.
	 */
	bool (*start)(VitMachine *self, GError **error);
	/* Required. Idempotent. */
	void (*stop)(VitMachine *self);
	/* Required. Its sources and sinks were destroyed before. */
	void (*destroy)(VitMachine *self);
} VitMachineImpl;

struct VitMachine {
	const VitMachineImpl *impl;
	const VitMachineEvents *events; /* set by vit_machine_start() */
	void *events_data;
};

bool vit_machine_start(VitMachine *self, const VitMachineEvents *events, void *user_data,
		       GError **error);
void vit_machine_stop(VitMachine *self);
/* NULL is allowed. */
void vit_machine_destroy(VitMachine *self);

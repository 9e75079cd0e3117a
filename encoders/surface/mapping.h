/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * VitMapping: a buffer's memory, mapped for reading once and kept. It is a peer's: it may vanish at
 * any moment (surface/guard.h). Thread: one at a time.
 */
typedef struct VitMapping {
	VitBuffer *buffer;
	uint8_t *pixels; /* NULL: not mapped */
	size_t map_bytes;
	size_t lead_bytes; /* from the first mapped byte to the buffer's first row */
	size_t page_bytes; /* of the memory: what a mapping begins at and ends with */
	bool is_dmabuf;
} VitMapping;

/* Ownership: refs the buffer. Maps nothing yet. */
void vit_mapping_init(VitMapping *self, VitBuffer *buffer);
void vit_mapping_clear(VitMapping *self);

/*
 * Makes the memory readable until vit_mapping_end(): maps it if it is not, and for a dmabuf waits
 * for who is writing and makes caches agree. Returns the buffer's first row in memory, or NULL.
 * Errors: UNSUPPORTED (says why the CPU cannot read it).
 */
const uint8_t *vit_mapping_begin(VitMapping *self, GError **error);
void vit_mapping_end(VitMapping *self);
/* Lets the mapping go; the next begin maps anew. */
void vit_mapping_drop(VitMapping *self);

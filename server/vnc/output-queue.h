/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * VitOutputQueue: bytes on their way to one viewer, in one ring of fixed size, so that a viewer
 * that reads slowly costs no more memory than one that does not. Embedded. Thread: loop.
 */

typedef struct VitOutputQueue {
	uint8_t *ring;
	size_t capacity_bytes;
	size_t start, n_bytes; /* of what is waiting */
} VitOutputQueue;

typedef enum VitOutputResult {
	VIT_OUTPUT_PROGRESS, /* some bytes were moved */
	VIT_OUTPUT_BLOCKED, /* nothing can be moved now: no bytes, no room, or the fd would block */
	VIT_OUTPUT_END,     /* the fd was closed by its peer */
	VIT_OUTPUT_FAILED,  /* errno says why */
} VitOutputResult;

void vit_output_queue_init(VitOutputQueue *self, size_t capacity_bytes);
/* A queue that was never initialized, all zeroes, is allowed. */
void vit_output_queue_clear(VitOutputQueue *self);

/* All of it or, returning false, nothing. */
bool vit_output_queue_append(VitOutputQueue *self, const void *bytes, size_t n_bytes);
/* Takes what @fd, a non-blocking socket, has, as far as there is room. */
VitOutputResult vit_output_queue_read_from(VitOutputQueue *self, int fd);
/* Gives @fd, a non-blocking socket, what it takes. */
VitOutputResult vit_output_queue_write_to(VitOutputQueue *self, int fd);

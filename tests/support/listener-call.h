/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/qemu/qemu-private.h"
#include "tests/support/recorder.h"

/*
 * Calls of a VM's listener without a VM: a picture, a recorder of what it tells, and the arguments
 * of calls for a picture of one size.
 */

#define VIT_CALL_WIDTH  64
#define VIT_CALL_HEIGHT 48
#define VIT_CALL_STRIDE (VIT_CALL_WIDTH * 4)
#define VIT_CALL_BYTES  (VIT_CALL_STRIDE * VIT_CALL_HEIGHT)

typedef struct VitCallRig {
	VitTestRecorder recorder;
	VitTestHead *head;
	VitQemuPicture *picture;
	unsigned n_done;   /* calls that were answered */
	unsigned n_unsure; /* questions for the console's size */
} VitCallRig;

/* The picture is started. */
void vit_call_rig_init(VitCallRig *self);
void vit_call_rig_clear(VitCallRig *self);

/* Runs a call with @fds, which end with -1 and are closed; sinks @arguments. */
bool vit_call_try(VitCallRig *self, const char *member, GVariant *arguments, int *fds,
		  GError **error);
/* Runs a call that must succeed. */
void vit_call_run(VitCallRig *self, const char *member, GVariant *arguments);
/* Likewise, with an fd that is taken. */
void vit_call_run_fd(VitCallRig *self, const char *member, GVariant *arguments, int fd);

/* An "ay" of so many bytes, each @value. */
GVariant *vit_call_bytes(size_t n_bytes, uint8_t value);
/* Arguments of Scanout and Update: packed x8r8g8b8 pixels, each byte @value. */
GVariant *vit_call_scanout(uint32_t width, uint32_t height, uint8_t value);
GVariant *vit_call_update(int x, int y, int width, int height, uint8_t value);
/* … of UpdateMap and UpdateDMABUF. */
GVariant *vit_call_rectangle(int x, int y, int width, int height);
/* … of ScanoutDMABUF. */
GVariant *vit_call_dmabuf(uint64_t modifier, bool y0_top);
/* … of ScanoutDMABUF2, with so many fds, offsets and strides given; at most 5. */
GVariant *vit_call_dmabuf2(const VitRect *visible, unsigned n_given, uint32_t n_planes,
			   uint64_t modifier);

/* A memfd. */
int vit_call_memory(size_t n_bytes);

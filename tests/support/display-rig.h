/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/gpu-socket/gpu-socket.h"
#include "tests/support/fake-producer.h"
#include "tests/support/recorder.h"

/* A display socket's machine, what it tells, and a producer for it to dial. */

typedef struct VitDisplayRig {
	VitFakeProducer *producer;
	VitTestRecorder recorder;
	VitTestHead *head; /* the first */
} VitDisplayRig;

/* Of the picture of 4x3 pixels that a producer shows here where nothing else is said. */
#define VIT_TEST_DISPLAY_WIDTH  4
#define VIT_TEST_DISPLAY_HEIGHT 3

/* Starts all; the producer is connected. */
void vit_display_rig_set_up(VitDisplayRig *self, unsigned heads);
/* Starts nothing; the fields of @options that are left at 0 are filled in. */
void vit_display_rig_init(VitDisplayRig *self, const VitGpuSocketOptions *options);
void vit_display_rig_tear_down(VitDisplayRig *self);

/* A memfd of so many bytes. Ownership: the caller's. */
int vit_test_make_memory(size_t n_bytes);
uint64_t vit_test_get_inode(int fd);

/* What the producer says. */
void vit_display_rig_scanout(VitDisplayRig *self, uint32_t head, uint32_t width, uint32_t height);
/* Fills the rectangle with one colour, 0x00RRGGBB. */
void vit_display_rig_update(VitDisplayRig *self, const VitDisplayUpdate *update, uint32_t colour);
/* A linear XR24 picture of 4x3 pixels in a memfd. Returns its inode. */
uint64_t vit_display_rig_share(VitDisplayRig *self, uint32_t head);
void vit_display_rig_update_shared(VitDisplayRig *self, uint32_t head);
/* Waits for the answer to the oldest DMABUF_UPDATE that has none. */
void vit_display_rig_expect_acknowledgement(VitDisplayRig *self);
/* Nothing came; what was sent was taken as far as it could be. */
void vit_display_rig_expect_silence(VitDisplayRig *self);

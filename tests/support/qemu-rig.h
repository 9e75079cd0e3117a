/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "tests/support/fake-qemu.h"
#include "tests/support/recorder.h"

/* A fake QEMU, a machine for it, and a recorder of what that tells. */

typedef struct VitQemuRig {
	unsigned n_fds;
	VitFakeQemu *qemu;
	VitTestRecorder recorder;
	VitTestHead *head; /* the first */
} VitQemuRig;

/* Nothing is started. */
void vit_qemu_rig_init(VitQemuRig *self);
/* Starts both, and each head; the listeners of so many are ready. */
void vit_qemu_rig_connect(VitQemuRig *self, unsigned n_heads);
/* Both at once, with one head. */
void vit_qemu_rig_init_connected(VitQemuRig *self);
/* Frees everything and waits until it is closed. */
void vit_qemu_rig_clear(VitQemuRig *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/keysym.h"
#include "server/vnc/rfb-message.h"
#include "sources/input.h"

/*
 * VitVncInput: what one viewer's key and pointer messages mean, as VitInput. It remembers what the
 * viewer holds. Thread: loop.
 */

typedef struct VitVncInput VitVncInput;

typedef void (*VitVncInputEmit)(void *user_data, const VitInput *input);

typedef enum VitVncPointerMode {
	VIT_VNC_POINTER_ABSOLUTE,
	/* The guest's pointer is relative and the viewer sends positions: their differences count.
	 */
	VIT_VNC_POINTER_DIFFERENCES,
	/* The viewer was told by QEMU pointer motion change to send movements. */
	VIT_VNC_POINTER_MOVEMENTS,
} VitVncPointerMode;

/* @keymap is borrowed and outlives it. A view-only viewer's messages come to nothing. */
VitVncInput *vit_vnc_input_new(const VitKeymap *keymap, bool view_only, VitVncInputEmit emit,
			       void *user_data);
/* Does not release what is held: vit_vnc_input_release_all() does. NULL is allowed. */
void vit_vnc_input_free(VitVncInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitVncInput, vit_vnc_input_free)

/* Starts in VIT_VNC_POINTER_ABSOLUTE. */
void vit_vnc_input_set_pointer_mode(VitVncInput *self, VitVncPointerMode mode);
/* The guest's lock lights, VitLeds bits. Until the first call locks are left alone. */
void vit_vnc_input_set_leds(VitVncInput *self, unsigned leds);

/* A message of type VIT_RFB_KEY, VIT_RFB_EXTENDED_KEY or VIT_RFB_POINTER. */
void vit_vnc_input_message(VitVncInput *self, const VitRfbMessage *message);

/* The viewer went away or lost its focus: emits a release for each key and button it holds. */
void vit_vnc_input_release_all(VitVncInput *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/source.h"

/*
 * The machines that tests/conformance/source.c runs over. An implementation adds a line to the
 * table in source.c, and if it needs a peer, a file here that makes and frees one.
 */
typedef struct VitConformingMachine {
	const char *name;    /* part of the test's path */
	const void *options; /* for make */
	/*
	 * Makes a machine, and for it a peer that it talks to; *ret_peer may stay NULL. The peer
	 * shows a picture, and a new one now and then, if shows_frames.
	 */
	VitMachine *(*make)(const void *options, void **ret_peer);
	void (*free_peer)(void *peer); /* NULL where there is none; called after the machine went */
	bool shows_frames;
} VitConformingMachine;

/* A display socket, source-gpu-socket.c. */
typedef struct VitConformingDisplay {
	unsigned heads;
	bool sends_pixels; /* else dmabufs, of memfds */
} VitConformingDisplay;

VitMachine *vit_conforming_display_make(const void *options, void **ret_peer);
void vit_conforming_display_free(void *peer);

/* A fake QEMU that shows a new picture every few ms, source-qemu.c. No options. */
VitMachine *vit_conforming_qemu_make(const void *options, void **ret_peer);
void vit_conforming_qemu_free(void *peer);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/display-wire.h"

/*
 * VitDisplayReader: takes a producer's messages off the socket as they come, in pieces of any size.
 * Pixels go straight to where they belong. To be embedded; nothing here blocks. Thread: loop.
 */

typedef struct VitDisplayMessage {
	VitDisplayHeader header;
	VitDisplayPayload payload; /* checked by vit_display_check_payload() */
	VitDisplayFds fds;         /* closed with the next step, where they are not taken */
} VitDisplayMessage;

/* Where the pixels of an update go: rows of the update's width. */
typedef struct VitDisplayRows {
	uint8_t *first; /* NULL: nowhere, they are thrown away */
	size_t stride_bytes;
} VitDisplayRows;

typedef enum VitDisplayRead {
	VIT_DISPLAY_READ_PART,    /* something came; go on */
	VIT_DISPLAY_READ_MESSAGE, /* one is complete, but for the pixels of an UPDATE */
	VIT_DISPLAY_READ_PIXELS,  /* those are complete, too */
	VIT_DISPLAY_READ_AGAIN,   /* nothing more for now */
	VIT_DISPLAY_READ_ERROR,   /* broken or closed; nothing may follow */
} VitDisplayRead;

typedef struct VitDisplayReader {
	VitDisplayMessage message;
	VitDisplayRows rows;
	bool expects_pixels; /* of the message */
	uint32_t n_header;   /* bytes that are there */
	uint32_t n_payload;  /* likewise, without pixels */
	uint64_t n_pixels;   /* bytes of pixels */
} VitDisplayReader;

void vit_display_reader_init(VitDisplayReader *self);
void vit_display_reader_clear(VitDisplayReader *self);

/*
 * Reads on, with one system call at most. @features are those agreed on. After READ_MESSAGE the
 * message is valid until the next step; for an UPDATE, whatever its size, vit_display_reader_aim()
 * comes first.
 * Errors: DISCONNECTED (the producer closed), INVALID_METADATA (what came is no good message).
 */
VitDisplayRead vit_display_reader_step(VitDisplayReader *self, int socket_fd, uint64_t features,
				       GError **error);

/* Says where the pixels of the UPDATE that was just read go. */
void vit_display_reader_aim(VitDisplayReader *self, const VitDisplayRows *rows);

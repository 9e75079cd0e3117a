/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * What vitrine and vitrine-render say to each other, over a SOCK_SEQPACKET socketpair whose one end
 * is fd 3 of vitrine-render: one message a packet, fields of fixed width in the machine's own byte
 * order, fds as SCM_RIGHTS. Both ends are of one build; the version catches a program that was
 * replaced under a running vitrine.
 *
 * vitrine gives ids to buffers and surfaces (never 0, never used twice) and attaches them before it
 * uses them. vitrine-render does what it is told in order, one thing at a time, and answers each
 * READ_BACK, and nothing else, with one DONE. Whoever gets a message that breaks a rule ends the
 * connection: vitrine-render by exiting, vitrine by killing it.
 */

#define VIT_RENDER_PROTOCOL_VERSION 1
#define VIT_RENDER_SOCKET_FD        3

#define VIT_RENDER_MAX_RECTS    256 /* damage rectangles of a job */
#define VIT_RENDER_MAX_SURFACES 64  /* attached at a time */
#define VIT_RENDER_MAX_BUFFERS  72  /* attached at a time: one a surface, and some kept */
#define VIT_RENDER_REASON_BYTES 256 /* with the final 0 */

typedef enum VitRenderType {
	VIT_RENDER_ATTACH_BUFFER = 1, /* its plane fds come with it */
	VIT_RENDER_DETACH_BUFFER,
	VIT_RENDER_ATTACH_SURFACE, /* its memfd comes with it */
	VIT_RENDER_DETACH_SURFACE,
	VIT_RENDER_READ_BACK,
	VIT_RENDER_DONE,
} VitRenderType;

typedef enum VitRenderStatus {
	VIT_RENDER_OK,
	VIT_RENDER_INVALID,     /* the buffer is not what was said of it */
	VIT_RENDER_UNSUPPORTED, /* the buffer cannot be read on this machine */
	VIT_RENDER_VANISHED,    /* memory was taken away under the copy */
} VitRenderStatus;

typedef struct VitRenderHeader {
	uint16_t version;
	uint16_t type;       /* VitRenderType */
	uint32_t size_bytes; /* of the whole message */
} VitRenderHeader;

typedef struct VitRenderAttachBuffer {
	VitRenderHeader header;
	uint64_t buffer_id;
	uint64_t modifier;
	uint32_t fourcc;
	uint32_t width, height;
	uint32_t n_planes;
	uint32_t offset_bytes[VIT_MAX_PLANES];
	uint32_t stride_bytes[VIT_MAX_PLANES];
	int32_t visible_x, visible_y, visible_width, visible_height;
	uint32_t bottom_up;      /* 0 or 1 */
	uint32_t linear_vouched; /* 0 or 1 */
} VitRenderAttachBuffer;

typedef struct VitRenderAttachSurface {
	VitRenderHeader header;
	uint64_t surface_id;
	uint32_t width, height; /* pixels */
	uint32_t stride_bytes;  /* a multiple of 64 */
	uint32_t reserved;      /* 0 */
} VitRenderAttachSurface;

/* DETACH_BUFFER and DETACH_SURFACE. */
typedef struct VitRenderDetach {
	VitRenderHeader header;
	uint64_t id;
} VitRenderDetach;

/* READ_BACK flags. */
#define VIT_RENDER_FILL  (1u << 0) /* first make the whole surface black */
#define VIT_RENDER_WHOLE (1u << 1) /* damage unknown; n_rects is 0 */

typedef struct VitRenderRect {
	int32_t x, y, width, height; /* picture pixels, within the surface, never empty */
} VitRenderRect;

typedef struct VitRenderReadBack {
	VitRenderHeader header;
	uint64_t job_id;
	uint64_t surface_id;
	uint64_t buffer_id;
	uint32_t flags;
	uint32_t n_rects;
	VitRenderRect rects[VIT_RENDER_MAX_RECTS]; /* n_rects of them are sent */
} VitRenderReadBack;

typedef struct VitRenderDone {
	VitRenderHeader header;
	uint64_t job_id;
	uint64_t time_ns; /* from the job's first to its last step, by the monotonic clock */
	uint32_t status;  /* VitRenderStatus */
	uint32_t bitmap_bytes;
	char reason[VIT_RENDER_REASON_BYTES]; /* a sentence; empty when the status is OK */
	/* Follows: the bitmap of changed tiles, if OK; of those that may have changed, if not. */
} VitRenderDone;

/*
 * Bitmap of a surface's tiles (VIT_TILE_WIDTH x VIT_TILE_HEIGHT): one row of whole bytes a row of
 * tiles, top row first, lowest bit leftmost; unused bits are 0.
 */
uint32_t vit_render_bitmap_stride_bytes(uint32_t width);
uint32_t vit_render_bitmap_bytes(uint32_t width, uint32_t height);

#define VIT_RENDER_MAX_BITMAP_BYTES 32768 /* VIT_BUFFER_MAX_SIDE squared */

/* Room for any message. */
typedef union VitRenderMessage {
	VitRenderHeader header;
	VitRenderAttachBuffer attach_buffer;
	VitRenderAttachSurface attach_surface;
	VitRenderDetach detach;
	VitRenderReadBack read_back;
	struct {
		VitRenderDone done;
		uint8_t bitmap[VIT_RENDER_MAX_BITMAP_BYTES];
	} done;
} VitRenderMessage;

/* Fills in the header. @size_bytes is that of the whole message. */
void vit_render_message_seal(VitRenderMessage *message, VitRenderType type, size_t size_bytes);

/* The size of a READ_BACK with so many rectangles. */
size_t vit_render_read_back_bytes(uint32_t n_rects);

/*
 * Checks everything in a message of @n_bytes that can be checked without knowing what is attached:
 * lengths, counts, ids, ranges, the number of fds. After it the fields may be used as they are.
 * Errors: INVALID_METADATA. Thread: any.
 */
bool vit_render_check_request(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds,
			      GError **error);
bool vit_render_check_reply(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds,
			    GError **error);

typedef enum VitRenderTransfer {
	VIT_RENDER_TRANSFER_DONE,
	VIT_RENDER_TRANSFER_AGAIN, /* would block */
	VIT_RENDER_TRANSFER_ENDED, /* the other end is gone */
	VIT_RENDER_TRANSFER_BAD,   /* a packet that is no message */
} VitRenderTransfer;

/* Sends a sealed message; @fds stay the caller's. Blocks only if the socket does. */
VitRenderTransfer vit_render_send(int socket_fd, const VitRenderMessage *message, const int *fds,
				  unsigned n_fds);

typedef struct VitRenderPacket {
	VitRenderMessage message;
	size_t n_bytes;
	int fds[VIT_MAX_PLANES];
	unsigned n_fds;
} VitRenderPacket;

/* Receives one packet, unchecked. On DONE the fds are the caller's; CLOEXEC is set on them. */
VitRenderTransfer vit_render_receive(int socket_fd, VitRenderPacket *ret_packet);
void vit_render_packet_close_fds(VitRenderPacket *packet);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sources/buffer.h"

/*
 * The display socket: the vhost-user-gpu display protocol, and Vitrine's own extensions to it
 * (docs/protocols.md specifies them), as both ends see it. A producer shows pictures and asks; the
 * viewer, which is Vitrine, shows them and answers. Over a SOCK_STREAM unix socket; numbers are in
 * the machine's own byte order; fds come as SCM_RIGHTS with any byte of their message.
 */

#define VIT_DISPLAY_MAX_HEADS      16
#define VIT_DISPLAY_CURSOR_SIDE_PX 64
#define VIT_DISPLAY_EDID_BYTES     1024      /* room for one in the answer */
#define VIT_DISPLAY_IS_REPLY       (1u << 2) /* of VitDisplayHeader.flags */

/* The protocol's features, then ours. */
#define VIT_DISPLAY_EDID            (UINT64_C(1) << 0)
#define VIT_DISPLAY_DMABUF2         (UINT64_C(1) << 1)
#define VIT_DISPLAY_PLANES          (UINT64_C(1) << 48)
#define VIT_DISPLAY_DISPLAY_CHANGED (UINT64_C(1) << 49)
#define VIT_DISPLAY_INPUT           (UINT64_C(1) << 50)

typedef enum VitDisplayRequest {
	/* From the producer. Those marked "answered" get one reply, in the order of requests. */
	VIT_DISPLAY_GET_PROTOCOL_FEATURES = 1, /* answered: VitDisplayFeatures */
	VIT_DISPLAY_SET_PROTOCOL_FEATURES,     /* VitDisplayFeatures */
	VIT_DISPLAY_GET_DISPLAY_INFO,          /* answered: VitDisplayInfo */
	VIT_DISPLAY_CURSOR_POS,                /* VitDisplayCursorPos */
	VIT_DISPLAY_CURSOR_POS_HIDE,           /* VitDisplayCursorPos */
	VIT_DISPLAY_CURSOR_UPDATE,             /* VitDisplayCursorUpdate */
	VIT_DISPLAY_SCANOUT,                   /* VitDisplayScanout */
	VIT_DISPLAY_UPDATE,                    /* VitDisplayUpdate, then the pixels */
	VIT_DISPLAY_DMABUF_SCANOUT,            /* VitDisplayDmabufScanout */
	VIT_DISPLAY_DMABUF_UPDATE,             /* VitDisplayUpdate; answered: nothing */
	VIT_DISPLAY_GET_EDID,                  /* VitDisplayGetEdid; answered: VitDisplayEdid */
	VIT_DISPLAY_DMABUF_SCANOUT2,           /* VitDisplayDmabufScanout2 */
	VIT_DISPLAY_DMABUF_SCANOUT_PLANES = 0x5601, /* VitDisplayPlanes */
	VIT_DISPLAY_INPUT_STATE = 0x5602,           /* VitDisplayInputState */
	/* From the viewer, at any time, never answered. */
	VIT_DISPLAY_INFO_CHANGED = 0x5681, /* nothing */
	VIT_DISPLAY_SEND_INPUT = 0x5682,   /* VitDisplayInput */
} VitDisplayRequest;

typedef struct VitDisplayHeader {
	uint32_t request;    /* VitDisplayRequest */
	uint32_t flags;      /* VIT_DISPLAY_IS_REPLY */
	uint32_t size_bytes; /* of what follows */
} VitDisplayHeader;

typedef struct VitDisplayFeatures {
	uint64_t features; /* bits */
} VitDisplayFeatures;

typedef struct VitDisplayCursorPos {
	uint32_t head;
	uint32_t x, y; /* pixels; negative ones wrapped around */
} VitDisplayCursorPos;

typedef struct VitDisplayCursorUpdate {
	VitDisplayCursorPos position;
	uint32_t hot_x, hot_y;
	/* 0xAARRGGBB, premultiplied. */
	uint32_t pixels[VIT_DISPLAY_CURSOR_SIDE_PX * VIT_DISPLAY_CURSOR_SIDE_PX];
} VitDisplayCursorUpdate;

typedef struct VitDisplayScanout {
	uint32_t head;
	uint32_t width, height; /* pixels; 0: nothing is shown */
} VitDisplayScanout;

typedef struct VitDisplayUpdate {
	uint32_t head;
	uint32_t x, y, width, height; /* pixels */
} VitDisplayUpdate;

/* Bit 0 of flags: the first row in memory is the lowest of the picture. */
#define VIT_DISPLAY_BOTTOM_UP (1u << 0)

typedef struct VitDisplayDmabufScanout {
	uint32_t head;
	uint32_t x, y, width, height; /* what is shown of the memory; width 0: nothing, and no fd */
	uint32_t fd_width, fd_height, fd_stride_bytes;
	uint32_t fd_flags;
	uint32_t fourcc;
} VitDisplayDmabufScanout;

typedef struct VitDisplayDmabufScanout2 {
	VitDisplayDmabufScanout base;
	uint64_t modifier;
} VitDisplayDmabufScanout2;

typedef struct VitDisplayPlanes {
	uint32_t head;
	uint32_t x, y, width, height; /* what is shown of the memory */
	uint32_t fd_width, fd_height;
	uint32_t fourcc;
	uint32_t flags;
	uint32_t n_planes; /* 1 to VIT_MAX_PLANES; as many fds */
	uint64_t modifier;
	uint32_t offset_bytes[VIT_MAX_PLANES]; /* those from n_planes on are 0 */
	uint32_t stride_bytes[VIT_MAX_PLANES]; /* likewise */
} VitDisplayPlanes;

typedef struct VitDisplayInputState {
	uint32_t head;
	uint32_t absolute; /* 0 or 1: whether the pointer takes absolute positions */
	uint32_t leds;     /* VitLeds bits */
} VitDisplayInputState;

typedef struct VitDisplayGetEdid {
	uint32_t head;
} VitDisplayGetEdid;

/* What the virtio specification puts before each answer; only the type is used here. */
typedef struct VitDisplayControl {
	uint32_t type;
	uint32_t unused[5];
} VitDisplayControl;

#define VIT_DISPLAY_OK_DISPLAY_INFO 0x1101
#define VIT_DISPLAY_OK_EDID         0x1104

/* virtio_gpu_resp_display_info: little-endian from `heads` on. */
typedef struct VitDisplayInfo {
	VitDisplayControl control;
	struct {
		uint32_t x, y, width, height; /* pixels */
		uint32_t enabled;
		uint32_t flags;
	} heads[VIT_DISPLAY_MAX_HEADS];
} VitDisplayInfo;

/* virtio_gpu_resp_edid: little-endian from `size_bytes` on. */
typedef struct VitDisplayEdid {
	VitDisplayControl control;
	uint32_t size_bytes;
	uint32_t unused;
	uint8_t edid[VIT_DISPLAY_EDID_BYTES];
} VitDisplayEdid;

typedef enum VitDisplayInputType {
	VIT_DISPLAY_KEY,              /* code, value */
	VIT_DISPLAY_POINTER_ABSOLUTE, /* x, y in pixels of the picture */
	VIT_DISPLAY_POINTER_RELATIVE, /* x, y in pixels */
	VIT_DISPLAY_BUTTON,           /* code, value */
	VIT_DISPLAY_WHEEL,            /* x, y in notches; positive is right and down */
	VIT_DISPLAY_TOUCH,            /* code: slot; value: VitTouchPhase; x, y in 1/256 pixel */
} VitDisplayInputType;

typedef struct VitDisplayInput {
	uint32_t head;
	uint32_t type;  /* VitDisplayInputType */
	uint32_t code;  /* of evdev (linux/input-event-codes.h), where it is not said otherwise */
	uint32_t value; /* 1: down, 0: up */
	int32_t x, y;
} VitDisplayInput;

/* All that a producer can send, but for the pixels of an update. */
typedef union VitDisplayPayload {
	VitDisplayFeatures features;
	VitDisplayCursorPos cursor_pos;
	VitDisplayCursorUpdate cursor_update;
	VitDisplayScanout scanout;
	VitDisplayUpdate update;
	VitDisplayDmabufScanout dmabuf_scanout;
	VitDisplayDmabufScanout2 dmabuf_scanout2;
	VitDisplayPlanes planes;
	VitDisplayInputState input_state;
	VitDisplayGetEdid get_edid;
} VitDisplayPayload;

/*
 * Checks the header of a producer's message, before anything behind it is read: that it is a
 * request, known, of a length that it can have, and that @features (agreed on) allow it.
 * Errors: INVALID_METADATA. Thread: any.
 */
bool vit_display_check_header(const VitDisplayHeader *header, uint64_t features, GError **error);

/*
 * Checks the rest of a message whose header is good, once the payload is there: that no number is
 * one which no message may have, and that not more fds came than belong to it. What a picture may
 * be is for VitBuffer to say. Errors: INVALID_METADATA. Thread: any.
 */
bool vit_display_check_payload(const VitDisplayHeader *header, const VitDisplayPayload *payload,
			       unsigned n_fds, GError **error);

/* The bytes of a payload that go into a VitDisplayPayload: all of it, but for an update's pixels.
 */
uint32_t vit_display_fixed_bytes(const VitDisplayHeader *header);

/* For people: "SCANOUT". */
const char *vit_display_request_name(uint32_t request);

/* Fds that came. */
typedef struct VitDisplayFds {
	int fds[VIT_MAX_PLANES];
	unsigned n_fds;
} VitDisplayFds;

void vit_display_fds_close(VitDisplayFds *self);

typedef enum VitDisplayTransfer {
	VIT_DISPLAY_TRANSFER_DONE,
	VIT_DISPLAY_TRANSFER_AGAIN,    /* would block */
	VIT_DISPLAY_TRANSFER_ENDED,    /* the other end is gone */
	VIT_DISPLAY_TRANSFER_TOO_MANY, /* more fds than any message has; all are closed */
} VitDisplayTransfer;

/*
 * Receives at most what fits into @parts, without blocking, and adds the fds that come to @fds;
 * CLOEXEC is set on them. Thread: any.
 */
VitDisplayTransfer vit_display_receive(int socket_fd, struct iovec *parts, unsigned n_parts,
				       VitDisplayFds *fds, size_t *ret_n_bytes);

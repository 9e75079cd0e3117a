/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * A VNC viewer for tests, in the process of the server: while it waits for bytes, the main loop
 * runs. It understands Raw, CopyRect and the pseudo-encodings that the server has.
 */

typedef struct VitTestViewer {
	int fd;
	uint32_t width, height;
	uint32_t *pixels; /* as the server sent them, 32 bits */
	char *name;       /* of the desktop, newest */

	/* Of the last update. */
	unsigned n_pixel_rects, n_rects;
	uint64_t n_pixels;

	/* The last of each kind, and how many came. */
	unsigned n_desktop_sizes;
	unsigned size_reason, size_result;
	unsigned n_cursors;
	VitRect cursor; /* x, y: hot spot */
	bool cursor_has_alpha;
	uint32_t cursor_first_pixel;
	uint8_t cursor_first_mask;
	unsigned n_leds, leds;
	unsigned n_extended_keys, n_extended_buttons;
	unsigned n_pointer_modes;
	bool pointer_absolute;
	unsigned n_pointer_positions;
	uint32_t pointer_x, pointer_y;

	/* Messages that are no updates. */
	unsigned n_fence_requests, n_fence_replies;
	uint32_t fence_flags;
	unsigned n_fence_bytes;
	uint8_t fence_payload[64];
	unsigned n_ends_of_continuous_updates;
} VitTestViewer;

/* Connects to a unix socket. */
VitTestViewer *vit_test_viewer_new(const char *path);
/* Takes a connected socket. */
VitTestViewer *vit_test_viewer_new_take_fd(int fd);
void vit_test_viewer_free(VitTestViewer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitTestViewer, vit_test_viewer_free)

/* Waits until all was written. */
void vit_test_viewer_send(VitTestViewer *self, const void *bytes, size_t n_bytes);
/* Waits until so many bytes came. */
void vit_test_viewer_read(VitTestViewer *self, void *ret_bytes, size_t n_bytes);
/* Waits until the server closes the connection; what comes before is thrown away. */
void vit_test_viewer_wait_closed(VitTestViewer *self);

/* The same, without reading anything. Only for unix sockets. */
void vit_test_viewer_wait_hung_up(VitTestViewer *self);

/* Goes through a handshake of RFB 3.8 without authentication, up to and with ServerInit. */
void vit_test_viewer_handshake(VitTestViewer *self, bool shared);

/* The same with VNC authentication; false when the password is wrong. */
bool vit_test_viewer_authenticate(VitTestViewer *self, const char *password, bool shared);

void vit_test_viewer_set_encodings(VitTestViewer *self, const int32_t *encodings,
				   unsigned n_encodings);
void vit_test_viewer_request(VitTestViewer *self, bool incremental, VitRect rect);
/* The whole framebuffer. */
void vit_test_viewer_request_all(VitTestViewer *self, bool incremental);
void vit_test_viewer_enable_continuous_updates(VitTestViewer *self, bool enable);
void vit_test_viewer_send_fence(VitTestViewer *self, uint32_t flags, const void *payload,
				uint8_t n_bytes);
void vit_test_viewer_set_desktop_size(VitTestViewer *self, uint16_t width, uint16_t height,
				      uint8_t n_screens);
void vit_test_viewer_send_pointer(VitTestViewer *self, uint8_t buttons, uint16_t x, uint16_t y);
void vit_test_viewer_send_key(VitTestViewer *self, bool down, uint32_t keysym);

/* Takes one message; returns its type. */
unsigned vit_test_viewer_take_message(VitTestViewer *self);
/* Takes messages until an update came. */
void vit_test_viewer_take_update(VitTestViewer *self);
/* Whether something is there to be taken, after the loop ran for a moment. */
bool vit_test_viewer_has_message(VitTestViewer *self);

uint32_t vit_test_viewer_get_pixel(const VitTestViewer *self, uint32_t x, uint32_t y);

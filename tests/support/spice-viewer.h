/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sources/pattern/stamp.h"

/*
 * A SPICE viewer without a window: spice-client-glib on the default main context. It is told of
 * buffers, looks into them, and acknowledges draws at once or when the test says so.
 */

#define VIT_TEST_SPICE_MAX_DISPLAYS 4

typedef struct VitTestSpiceDisplay {
	struct _SpiceDisplayChannel *channel; /* NULL: not there */
	unsigned n_scanouts, n_draws;
	unsigned n_waiting; /* draws that were not acknowledged */
	uint32_t width, height, stride_bytes, fourcc;
	bool bottom_up;
	uint32_t draw_x, draw_y, draw_width, draw_height;
	unsigned n_monitors;
	uint32_t monitor_width, monitor_height;
} VitTestSpiceDisplay;

typedef struct VitTestSpiceViewer {
	struct _SpiceSession *session;
	struct _SpiceMainChannel *main;
	struct _SpiceInputsChannel *inputs;
	struct _SpiceCursorChannel *cursor;
	bool is_connected, is_over; /* its main channel */
	bool keeps_draws;           /* does not acknowledge */
	VitTestSpiceDisplay displays[VIT_TEST_SPICE_MAX_DISPLAYS];
	unsigned n_channels; /* open */
	int mouse_mode;      /* SPICE_MOUSE_MODE_…; 0: not told */
	bool has_agent;
	unsigned n_cursors, n_cursor_moves;
	bool cursor_hidden;
	int cursor_x, cursor_y;
} VitTestSpiceViewer;

/* Starts to connect. */
VitTestSpiceViewer *vit_test_spice_viewer_new(const char *unix_path);
/* Disconnects, and runs the loop until the library has let go of its sockets. */
void vit_test_spice_viewer_free(VitTestSpiceViewer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitTestSpiceViewer, vit_test_spice_viewer_free)

/* Waits until display 0 was told to draw so often in all. */
void vit_test_spice_viewer_wait_draws(VitTestSpiceViewer *self, unsigned n_draws);
/* Waits until a display shows the picture with this stamp. */
void vit_test_spice_viewer_wait_stamp(VitTestSpiceViewer *self, unsigned display, uint32_t number);
/* Acknowledges all draws, and from now on each when it comes. */
void vit_test_spice_viewer_acknowledge(VitTestSpiceViewer *self);

/* What is known of the fd that a display was given. */
struct stat vit_test_spice_viewer_stat_fd(VitTestSpiceViewer *self, unsigned display);
/* What /proc says that it is: "/memfd:…", "/dmabuf:…". */
char *vit_test_spice_viewer_read_fd_link(VitTestSpiceViewer *self, unsigned display);
/* Reads the stamp at 0, 0 of a display that shows 32-bit RGB, through the fd. */
bool vit_test_spice_viewer_read_stamp(VitTestSpiceViewer *self, unsigned display,
				      VitStamp *ret_stamp);

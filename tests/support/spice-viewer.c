/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/spice-viewer.h"

#include <spice-client.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/fixture.h"

#define PATIENCE_S 20

static VitTestSpiceDisplay *display_of(VitTestSpiceViewer *self, SpiceDisplayChannel *channel)
{
	int id;

	g_object_get(channel, "channel-id", &id, NULL);
	g_assert_cmpint(id, <, VIT_TEST_SPICE_MAX_DISPLAYS);
	return &self->displays[id];
}

/* ---- Displays ---- */

static void on_gl_scanout(SpiceDisplayChannel *channel, GParamSpec *unused, void *user_data)
{
	VitTestSpiceDisplay *display = display_of(user_data, channel);
	const SpiceGlScanout *scanout = spice_display_channel_get_gl_scanout(channel);

	if (scanout) {
		display->n_scanouts++;
		display->width = scanout->width;
		display->height = scanout->height;
		display->stride_bytes = scanout->stride;
		display->fourcc = scanout->format;
		display->bottom_up = scanout->y0top;
	}
}

static void on_gl_draw(SpiceDisplayChannel *channel, unsigned x, unsigned y, unsigned width,
		       unsigned height, void *user_data)
{
	VitTestSpiceViewer *self = user_data;
	VitTestSpiceDisplay *display = display_of(self, channel);

	display->n_draws++;
	display->draw_x = x;
	display->draw_y = y;
	display->draw_width = width;
	display->draw_height = height;
	if (self->keeps_draws) {
		display->n_waiting++;
	} else {
		spice_display_channel_gl_draw_done(channel);
	}
}

static void on_monitors(SpiceDisplayChannel *channel, GParamSpec *unused, void *user_data)
{
	VitTestSpiceDisplay *display = display_of(user_data, channel);
	g_autoptr(GArray) monitors = NULL;

	g_object_get(channel, "monitors", &monitors, NULL);
	display->n_monitors = monitors ? monitors->len : 0;
	if (display->n_monitors > 0) {
		SpiceDisplayMonitorConfig first =
			g_array_index(monitors, SpiceDisplayMonitorConfig, 0);

		display->monitor_width = first.width;
		display->monitor_height = first.height;
	}
}

static void add_display(VitTestSpiceViewer *self, SpiceChannel *channel)
{
	display_of(self, SPICE_DISPLAY_CHANNEL(channel))->channel = SPICE_DISPLAY_CHANNEL(channel);
	g_signal_connect(channel, "notify::gl-scanout", G_CALLBACK(on_gl_scanout), self);
	g_signal_connect(channel, "gl-draw", G_CALLBACK(on_gl_draw), self);
	g_signal_connect(channel, "notify::monitors", G_CALLBACK(on_monitors), self);
	(void)spice_channel_connect(channel);
}

/* ---- Cursor ---- */

static void on_cursor(SpiceCursorChannel *channel, GParamSpec *unused, void *user_data)
{
	VitTestSpiceViewer *self = user_data;

	self->n_cursors++;
	self->cursor_hidden = false;
}

static void on_cursor_hide(SpiceCursorChannel *channel, void *user_data)
{
	((VitTestSpiceViewer *)user_data)->cursor_hidden = true;
}

static void on_cursor_move(SpiceCursorChannel *channel, int x, int y, void *user_data)
{
	VitTestSpiceViewer *self = user_data;

	self->n_cursor_moves++;
	self->cursor_x = x;
	self->cursor_y = y;
}

static void add_cursor(VitTestSpiceViewer *self, SpiceChannel *channel)
{
	int id;

	g_object_get(channel, "channel-id", &id, NULL);
	if (id == 0) {
		self->cursor = SPICE_CURSOR_CHANNEL(channel);
		g_signal_connect(channel, "notify::cursor", G_CALLBACK(on_cursor), self);
		g_signal_connect(channel, "cursor-hide", G_CALLBACK(on_cursor_hide), self);
		g_signal_connect(channel, "cursor-move", G_CALLBACK(on_cursor_move), self);
	}
	(void)spice_channel_connect(channel);
}

/* ---- The session ---- */

static void on_mouse_mode(SpiceMainChannel *channel, GParamSpec *unused, void *user_data)
{
	g_object_get(channel, "mouse-mode", &((VitTestSpiceViewer *)user_data)->mouse_mode, NULL);
}

static void on_agent(SpiceMainChannel *channel, GParamSpec *unused, void *user_data)
{
	gboolean is_connected;

	g_object_get(channel, "agent-connected", &is_connected, NULL);
	((VitTestSpiceViewer *)user_data)->has_agent = is_connected;
}

static void add_main(VitTestSpiceViewer *self, SpiceChannel *channel)
{
	self->main = SPICE_MAIN_CHANNEL(channel);
	g_signal_connect(channel, "notify::mouse-mode", G_CALLBACK(on_mouse_mode), self);
	g_signal_connect(channel, "notify::agent-connected", G_CALLBACK(on_agent), self);
}

static void on_channel_event(SpiceChannel *channel, SpiceChannelEvent event, void *user_data)
{
	VitTestSpiceViewer *self = user_data;
	bool is_main = channel == SPICE_CHANNEL(self->main);

	if (event == SPICE_CHANNEL_OPENED) {
		self->n_channels++;
		self->is_connected |= is_main;
	} else {
		self->n_channels -= self->n_channels > 0;
		self->is_over |= is_main;
	}
}

static void on_channel_new(SpiceSession *session, SpiceChannel *channel, void *user_data)
{
	VitTestSpiceViewer *self = user_data;

	g_signal_connect(channel, "channel-event", G_CALLBACK(on_channel_event), self);
	if (SPICE_IS_MAIN_CHANNEL(channel)) {
		add_main(self, channel);
	} else if (SPICE_IS_DISPLAY_CHANNEL(channel)) {
		add_display(self, channel);
	} else if (SPICE_IS_CURSOR_CHANNEL(channel)) {
		add_cursor(self, channel);
	} else if (SPICE_IS_INPUTS_CHANNEL(channel)) {
		self->inputs = SPICE_INPUTS_CHANNEL(channel);
		(void)spice_channel_connect(channel);
	}
}

static void on_channel_destroy(SpiceSession *session, SpiceChannel *channel, void *user_data)
{
	VitTestSpiceViewer *self = user_data;

	g_signal_handlers_disconnect_by_data(channel, self);
	if (channel == SPICE_CHANNEL(self->main)) {
		self->main = NULL;
		self->is_over = true;
	} else if (channel == SPICE_CHANNEL(self->inputs)) {
		self->inputs = NULL;
	} else if (channel == SPICE_CHANNEL(self->cursor)) {
		self->cursor = NULL;
	}
	for (unsigned i = 0; i < VIT_TEST_SPICE_MAX_DISPLAYS; i++) {
		if (channel == SPICE_CHANNEL(self->displays[i].channel)) {
			self->displays[i].channel = NULL;
		}
	}
}

VitTestSpiceViewer *vit_test_spice_viewer_new(const char *unix_path)
{
	VitTestSpiceViewer *self = g_new0(VitTestSpiceViewer, 1);

	self->session = spice_session_new();
	g_object_set(self->session, "unix-path", unix_path, "enable-audio", FALSE,
		     "enable-usbredir", FALSE, "enable-smartcard", FALSE, NULL);
	g_signal_connect(self->session, "channel-new", G_CALLBACK(on_channel_new), self);
	g_signal_connect(self->session, "channel-destroy", G_CALLBACK(on_channel_destroy), self);
	g_assert_true(spice_session_connect(self->session));
	return self;
}

static void on_session_gone(void *user_data, GObject *unused)
{
	*(bool *)user_data = true;
}

static bool is_true(void *user_data)
{
	return *(bool *)user_data;
}

void vit_test_spice_viewer_free(VitTestSpiceViewer *self)
{
	bool is_gone = false;

	g_object_weak_ref(G_OBJECT(self->session), on_session_gone, &is_gone);
	spice_session_disconnect(self->session);
	g_object_unref(self->session);
	vit_test_wait("the end of a SPICE session", PATIENCE_S, is_true, &is_gone);
	g_free(self);
}

/* ---- Looking ---- */

typedef struct VitTestSpiceCount {
	VitTestSpiceViewer *viewer;
	unsigned n;
} VitTestSpiceCount;

static bool has_draws(void *user_data)
{
	const VitTestSpiceCount *count = user_data;

	return count->viewer->displays[0].n_draws >= count->n;
}

void vit_test_spice_viewer_wait_draws(VitTestSpiceViewer *self, unsigned n_draws)
{
	VitTestSpiceCount count = {self, n_draws};

	vit_test_wait("draws at a SPICE viewer", PATIENCE_S, has_draws, &count);
}

void vit_test_spice_viewer_acknowledge(VitTestSpiceViewer *self)
{
	self->keeps_draws = false;
	for (unsigned i = 0; i < VIT_TEST_SPICE_MAX_DISPLAYS; i++) {
		for (; self->displays[i].n_waiting > 0; self->displays[i].n_waiting--) {
			spice_display_channel_gl_draw_done(self->displays[i].channel);
		}
	}
}

static int peek_fd(VitTestSpiceViewer *self, unsigned display)
{
	const SpiceGlScanout *scanout =
		spice_display_channel_get_gl_scanout(self->displays[display].channel);

	g_assert_nonnull(scanout);
	return scanout->fd;
}

struct stat vit_test_spice_viewer_stat_fd(VitTestSpiceViewer *self, unsigned display)
{
	struct stat status;

	g_assert_cmpint(fstat(peek_fd(self, display), &status), ==, 0);
	return status;
}

char *vit_test_spice_viewer_read_fd_link(VitTestSpiceViewer *self, unsigned display)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", peek_fd(self, display));
	char *target = g_file_read_link(path, NULL);

	g_assert_nonnull(target);
	return target;
}

bool vit_test_spice_viewer_read_stamp(VitTestSpiceViewer *self, unsigned display,
				      VitStamp *ret_stamp)
{
	const VitTestSpiceDisplay *shown = &self->displays[display];
	size_t n_bytes = (size_t)shown->stride_bytes * shown->height;
	void *pixels = mmap(NULL, n_bytes, PROT_READ, MAP_SHARED, peek_fd(self, display), 0);
	bool has_stamp;

	g_assert_true(pixels != MAP_FAILED);
	has_stamp = vit_stamp_read(pixels, shown->stride_bytes, 0, 0, ret_stamp);
	(void)munmap(pixels, n_bytes);
	return has_stamp;
}

typedef struct VitTestSpiceStamp {
	VitTestSpiceViewer *viewer;
	unsigned display;
	uint32_t number;
} VitTestSpiceStamp;

static bool has_stamp(void *user_data)
{
	const VitTestSpiceStamp *wanted = user_data;
	VitStamp stamp;

	return wanted->viewer->displays[wanted->display].n_draws > 0 &&
	       vit_test_spice_viewer_read_stamp(wanted->viewer, wanted->display, &stamp) &&
	       stamp.number == wanted->number;
}

void vit_test_spice_viewer_wait_stamp(VitTestSpiceViewer *self, unsigned display, uint32_t number)
{
	VitTestSpiceStamp wanted = {self, display, number};

	vit_test_wait("a stamp at a SPICE viewer", PATIENCE_S, has_stamp, &wanted);
}

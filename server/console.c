/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The hub for one head: what it shows, and who hears of it. What is shown is always a buffer: the
 * guest's, or a slate of our own that says why there is none. Front-ends that take buffers are told
 * of it at once; for all others the surface is brought up to date, in console-surface.c.
 *
 * All who read a frame share one deadline. A buffer that cannot be read gives way to a slate on the
 * surface only: who passes it on need not read it.
 */
#include "server/console.h"

#include "config/error.h"
#include "server/console-private.h"
#include "server/slate.h"

#define FIRST_WIDTH_PX  1024 /* of the slate, until the guest's size is known */
#define FIRST_HEIGHT_PX 768
/* Of a slate: one that takes the loop a moment only. */
#define SLATE_MAX_AREA_PX (5120 * 2880)
/* Warnings of a head that are logged; how often there are more is for a peer to say. */
#define MAX_COMPLAINTS 5
#define COMPLAINTS_US  (10 * G_USEC_PER_SEC)
#define BUSY_RETRY_MS  2000 /* after vitrine-render went away over one buffer again and again */

static void console_log(VitConsole *self, GLogLevelFlags level, const char *text)
{
	g_autofree char *index = g_strdup_printf("%u", self->index);

	g_log_structured(G_LOG_DOMAIN, level, "VIT_CONSOLE", index, "MESSAGE", "Head %u (%s): %s",
			 self->index, self->label, text);
}

bool vit_console_complain(VitConsole *self, const char *text)
{
	int64_t now_us = g_get_monotonic_time();
	g_autofree char *last = NULL;

	if (now_us - self->complaints_since_us >= COMPLAINTS_US) {
		self->complaints_since_us = now_us;
		self->complaints = 0;
	}
	if (self->complaints == MAX_COMPLAINTS) {
		console_log(self, G_LOG_LEVEL_DEBUG, text);
		return false;
	}
	if (++self->complaints == MAX_COMPLAINTS) {
		last = g_strdup_printf("%s (with more in the next %d s, only log-level = debug "
				       "shows them)",
				       text, (int)(COMPLAINTS_US / G_USEC_PER_SEC));
	}
	console_log(self, G_LOG_LEVEL_WARNING, last ? last : text);
	return true;
}

/* Takes another buffer as the shown one, without a word on which pixels differ. */
static void console_adopt(VitConsole *self, VitBuffer *buffer)
{
	vit_buffer_ref(buffer);
	vit_buffer_unref(self->shown);
	self->shown = buffer;
	if (vit_console_surface_fits(self)) {
		return;
	}
	self->behind = true;
	if (!self->retry_timer) {
		self->adopting = true; /* viewers ask for pixels when they hear of a new size */
		vit_console_replace_surface(self);
		self->adopting = false;
	}
}

/* Shows another picture: everything may differ. */
static void console_show(VitConsole *self, VitBuffer *buffer)
{
	console_adopt(self, buffer);
	vit_console_mark_all_stale(self);
	self->shows_slate = false;
	self->behind = false;
	vit_console_update_if_wanted(self, NULL);
}

/*
 * Shows a slate of the size that viewers have now, so that none of them resizes for it, unless that
 * is a size that costs the guest nothing to claim, but us a gigabyte to draw.
 */
static void console_show_slate(VitConsole *self, const char *title, const char *detail)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitBuffer) slate = NULL;
	uint32_t width = self->shown ? vit_buffer_get_width(self->shown) : FIRST_WIDTH_PX;
	uint32_t height = self->shown ? vit_buffer_get_height(self->shown) : FIRST_HEIGHT_PX;

	if ((uint64_t)width * height > SLATE_MAX_AREA_PX) {
		width = FIRST_WIDTH_PX;
		height = FIRST_HEIGHT_PX;
	}
	slate = vit_slate_new(width, height, title, detail, &error);
	if (!slate) {
		(void)vit_console_complain(self, error->message);
		return;
	}
	console_show(self, slate);
	self->shows_slate = true;
	self->behind = true;
}

/* Shows a slate that says why the guest's picture cannot be shown. */
static void console_refuse(VitConsole *self, const GError *error)
{
	self->stats.refused++;
	/* Who refuses by the thousand does not have a slate drawn each time. */
	if (!vit_console_complain(self, error->message) && self->shows_slate) {
		return;
	}
	console_show_slate(self, "This picture cannot be shown", error->message);
}

static void console_clear_refused(VitConsole *self)
{
	g_clear_handle_id(&self->refusal_timer, g_source_remove);
	g_clear_pointer(&self->refused, vit_buffer_unref);
}

static gboolean on_console_refusal_over(void *user_data)
{
	VitConsole *self = user_data;
	g_autoptr(VitBuffer) buffer = g_steal_pointer(&self->refused);

	self->refusal_timer = 0;
	if (self->shows_slate) {
		console_show(self, buffer);
	}
	return G_SOURCE_REMOVE;
}

void vit_console_refuse_buffer(VitConsole *self, VitBuffer *buffer, const GError *error)
{
	console_clear_refused(self);
	self->refused = vit_buffer_ref(buffer);
	if (g_error_matches(error, VIT_ERROR, VIT_ERROR_BUSY)) {
		self->refusal_timer = g_timeout_add(BUSY_RETRY_MS, on_console_refusal_over, self);
	}
	console_refuse(self, error);
}

static void console_set_scanout(VitConsole *self, VitBuffer *buffer)
{
	vit_buffer_ref(buffer);
	vit_buffer_unref(self->scanout);
	self->scanout = buffer;
}

/* Has front-ends that take buffers show this one. */
static void console_tell_scanout(VitConsole *self, VitBuffer *buffer)
{
	console_set_scanout(self, buffer);
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_scanout(self->frontends->pdata[i], self->index, buffer);
	}
}

static void console_tell_frame(VitConsole *self, VitFrame *frame)
{
	console_set_scanout(self, vit_frame_get_buffer(frame));
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_frame(self->frontends->pdata[i], self->index, frame);
	}
}

static void on_source_scanout(void *user_data, VitBuffer *buffer)
{
	VitConsole *self = user_data;

	console_clear_refused(self);
	if (buffer) {
		console_show(self, buffer);
	} else {
		console_show_slate(self, "Display off", "The guest shows nothing on this head.");
	}
	console_tell_scanout(self, self->shown);
}

/* Merges what the frame brought into what the surface lacks, and reads it if somebody waits. */
static void console_read_frame(VitConsole *self, VitFrame *frame)
{
	VitBuffer *buffer = vit_frame_get_buffer(frame);
	const pixman_region32_t *damage = vit_frame_get_damage(frame);

	if (buffer == self->refused) {
		self->behind = true;
		return;
	}
	if (buffer != self->shown) {
		console_adopt(self, buffer);
	}
	if (damage && !self->behind) {
		pixman_region32_union(&self->stale, &self->stale, damage);
	} else {
		vit_console_mark_all_stale(self);
	}
	self->shows_slate = false;
	self->behind = false;
	vit_console_update_if_wanted(self, frame);
}

static void on_source_frame(void *user_data, VitFrame *guest_frame)
{
	VitConsole *self = user_data;
	g_autoptr(VitFrame) frame = vit_deadline_limit(self->deadline, guest_frame);

	self->stats.frames++;
	console_tell_frame(self, frame);
	console_read_frame(self, frame);
}

static void on_source_cursor(void *user_data, VitCursor *cursor)
{
	VitConsole *self = user_data;

	g_clear_pointer(&self->cursor, vit_cursor_unref);
	self->cursor = cursor ? vit_cursor_ref(cursor) : NULL;
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_cursor(self->frontends->pdata[i], self->index, cursor);
	}
}

static void on_source_cursor_moved(void *user_data, int32_t x, int32_t y, bool visible)
{
	VitConsole *self = user_data;

	self->cursor_x = x;
	self->cursor_y = y;
	self->cursor_visible = visible;
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_cursor_moved(self->frontends->pdata[i], self->index, x, y, visible);
	}
}

static void on_source_leds(void *user_data, unsigned leds)
{
	VitConsole *self = user_data;

	self->leds = leds;
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_leds(self->frontends->pdata[i], self->index, leds);
	}
}

static void on_source_pointer_mode(void *user_data, bool absolute)
{
	VitConsole *self = user_data;

	self->pointer_absolute = absolute;
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_pointer_mode(self->frontends->pdata[i], self->index, absolute);
	}
}

static void on_source_refused(void *user_data, const GError *error)
{
	VitConsole *self = user_data;

	console_clear_refused(self);
	console_refuse(self, error);
	if (self->scanout != self->shown) {
		console_tell_scanout(self, self->shown);
	}
}

static void on_source_lost(void *user_data, const GError *error)
{
	VitConsole *self = user_data;

	self->stats.lost++;
	console_log(self, G_LOG_LEVEL_MESSAGE, error->message);
	console_clear_refused(self);
	console_show_slate(self, "No signal", "The VM is gone. Its picture returns when it does.");
	console_tell_scanout(self, self->shown);
	vit_render_forget_buffers(self->render);
}

static const VitSourceEvents console_source_events = {
	.scanout = on_source_scanout,
	.frame = on_source_frame,
	.cursor = on_source_cursor,
	.cursor_moved = on_source_cursor_moved,
	.leds = on_source_leds,
	.pointer_mode = on_source_pointer_mode,
	.refused = on_source_refused,
	.lost = on_source_lost,
};

static void console_host_input(void *host_data, const VitInput *input)
{
	VitConsole *self = host_data;
	VitInput clipped = *input;

	if (input->type == VIT_INPUT_POINTER_ABSOLUTE) {
		clipped.absolute.x = MIN(input->absolute.x, vit_buffer_get_width(self->shown) - 1);
		clipped.absolute.y = MIN(input->absolute.y, vit_buffer_get_height(self->shown) - 1);
	} else if (input->type == VIT_INPUT_TOUCH) {
		clipped.touch.x = CLAMP(input->touch.x, 0, vit_buffer_get_width(self->shown) - 1);
		clipped.touch.y = CLAMP(input->touch.y, 0, vit_buffer_get_height(self->shown) - 1);
	}
	vit_input_sink_send(self->sink, &clipped);
}

static void console_host_set_size(void *host_data, uint32_t width, uint32_t height)
{
	VitConsole *self = host_data;

	vit_input_sink_set_size(self->sink, CLAMP(width, 1, VIT_BUFFER_MAX_SIDE),
				CLAMP(height, 1, VIT_BUFFER_MAX_SIDE), 0, 0);
}

static void console_host_request_pixels(void *host_data)
{
	VitConsole *self = host_data;

	self->wanted = true;
	vit_console_update_if_wanted(self, NULL);
}

static const VitHost console_host = {
	.input = console_host_input,
	.set_size = console_host_set_size,
	.request_pixels = console_host_request_pixels,
};

VitConsole *vit_console_new(const VitConsoleOptions *options, VitRender *render, VitSource *source,
			    VitInputSink *sink, GError **error)
{
	g_autoptr(VitConsole) self = g_new0(VitConsole, 1);

	self->index = options->index;
	self->label = g_strdup(options->label);
	self->deadline = vit_deadline_new(options->deadline_ms);
	self->render = vit_render_ref(render);
	self->source = source;
	self->sink = sink;
	self->frontends = g_ptr_array_new();
	self->pointer_absolute = true;
	pixman_region32_init(&self->stale);
	pixman_region32_init(&self->half_written);
	self->shown = vit_slate_new(FIRST_WIDTH_PX, FIRST_HEIGHT_PX, "Waiting for the VM",
				    "Its picture comes as soon as it does.", error);
	if (!self->shown) {
		return NULL;
	}
	self->surface = vit_surface_new(render, FIRST_WIDTH_PX, FIRST_HEIGHT_PX, error);
	if (!self->surface) {
		return NULL;
	}
	vit_console_mark_all_stale(self);
	console_set_scanout(self, self->shown);
	self->shows_slate = true;
	self->behind = true;
	vit_source_start(source, &console_source_events, self);
	return g_steal_pointer(&self);
}

void vit_console_free(VitConsole *self)
{
	if (!self) {
		return;
	}
	vit_source_destroy(self->source);
	vit_input_sink_destroy(self->sink);
	g_clear_handle_id(&self->retry_timer, g_source_remove);
	vit_console_drop_update(self);
	vit_cursor_unref(self->cursor);
	vit_surface_unref(self->surface);
	console_clear_refused(self);
	vit_buffer_unref(self->shown);
	vit_buffer_unref(self->scanout);
	vit_deadline_unref(self->deadline);
	pixman_region32_fini(&self->stale);
	pixman_region32_fini(&self->half_written);
	g_ptr_array_unref(self->frontends);
	vit_render_unref(self->render);
	g_free(self->label);
	g_free(self);
}

bool vit_console_attach(VitConsole *self, VitFrontend *frontend, GError **error)
{
	pixman_region32_t pixels;

	if (!vit_frontend_add_head(frontend, self->index, &console_host, self, error)) {
		return false;
	}
	g_ptr_array_add(self->frontends, frontend);
	vit_frontend_scanout(frontend, self->index, self->scanout);
	pixman_region32_init(&pixels);
	if (self->surface_has_pixels) {
		pixman_region32_union_rect(&pixels, &pixels, 0, 0,
					   vit_surface_get_width(self->surface),
					   vit_surface_get_height(self->surface));
	}
	vit_frontend_surface_changed(frontend, self->index, self->surface, &pixels);
	pixman_region32_fini(&pixels);
	vit_frontend_cursor(frontend, self->index, self->cursor);
	vit_frontend_cursor_moved(frontend, self->index, self->cursor_x, self->cursor_y,
				  self->cursor_visible);
	vit_frontend_leds(frontend, self->index, self->leds);
	vit_frontend_pointer_mode(frontend, self->index, self->pointer_absolute);
	return true;
}

VitConsoleStats vit_console_get_stats(const VitConsole *self)
{
	VitConsoleStats stats = self->stats;

	stats.deadline_misses = vit_deadline_get_misses(self->deadline);
	return stats;
}

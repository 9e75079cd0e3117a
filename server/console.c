/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The hub for one head.
 *
 * The way of a frame: the source hands it in; its damage is merged into `stale`, the part of the
 * surface that is older than the picture. When a viewer has a read request open and no update is
 * running, an update starts at once and holds the frame; its end, or the deadline, acknowledges it.
 * In all other cases the frame is acknowledged at once: a later request reads the buffer that is
 * then current. So a frame waits for at most one update, a reader that missed a deadline is not
 * waited for until it has finished, and nothing queues.
 *
 * What is shown is always a buffer: the guest's, or a slate of our own that says why there is none.
 */
#include "server/console.h"

#include "config/error.h"
#include "server/slate.h"

#define FIRST_WIDTH_PX  1024 /* of the slate, until the guest's size is known */
#define FIRST_HEIGHT_PX 768
/* Of a slate: one that takes the loop a moment only. */
#define SLATE_MAX_AREA_PX (5120 * 2880)
/* Warnings of a head that are logged; how often there are more is for a peer to say. */
#define MAX_COMPLAINTS 5
#define COMPLAINTS_US  (10 * G_USEC_PER_SEC)
#define RETRY_MS       20   /* after vitrine-render went away in the middle of an update */
#define LONG_RETRY_MS  1000 /* after what is not likely to go better at once */

/* One update of the surface. It outlives the console if the console is freed meanwhile. */
typedef struct VitUpdate {
	VitConsole *console; /* NULL once the console is gone */
	VitSurface *surface;
	VitBuffer *buffer;
	VitFrame *frame; /* held until the update ends or the deadline passes; may be NULL */
	pixman_region32_t damage;
	unsigned deadline_timer; /* 0: not armed */
} VitUpdate;

struct VitConsole {
	unsigned index;
	char *label;
	unsigned deadline_ms;
	VitRender *render;
	VitSource *source;
	VitInputSink *sink;
	GPtrArray *frontends; /* VitFrontend, borrowed */

	VitBuffer *shown;   /* never NULL */
	VitBuffer *refused; /* of the guest, cannot be shown; may be NULL */
	bool shows_slate;
	bool behind; /* the surface lacks more than the damage of the next frame */
	VitSurface *surface;
	bool surface_has_pixels; /* it was updated at least once */
	pixman_region32_t stale;
	pixman_region32_t half_written; /* by updates that failed; viewers were not told */
	bool wanted;                    /* a viewer's read request is open */
	bool adopting;                  /* another buffer: what is stale is not known yet */
	VitUpdate *update;              /* running, or NULL */
	unsigned retry_timer;           /* 0: not armed */

	VitCursor *cursor; /* may be NULL */
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	unsigned leds;
	bool pointer_absolute;

	VitConsoleStats stats;
	unsigned complaints; /* since complaints_since_us, by the monotonic clock */
	int64_t complaints_since_us;
};

static void console_update_if_wanted(VitConsole *self, VitFrame *frame);
static void console_retry_after(VitConsole *self, unsigned ms);

static void console_log(VitConsole *self, GLogLevelFlags level, const char *text)
{
	g_autofree char *index = g_strdup_printf("%u", self->index);

	g_log_structured(G_LOG_DOMAIN, level, "VIT_CONSOLE", index, "MESSAGE", "Head %u (%s): %s",
			 self->index, self->label, text);
}

/* Logs a warning, or for debugging only where there were too many. Returns whether it did. */
static bool console_complain(VitConsole *self, const char *text)
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

static void console_tell_surface(VitConsole *self, const pixman_region32_t *changed)
{
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_surface_changed(self->frontends->pdata[i], self->index, self->surface,
					     changed);
	}
}

static void console_mark_all_stale(VitConsole *self)
{
	pixman_region32_fini(&self->stale);
	pixman_region32_init_rect(&self->stale, 0, 0, vit_surface_get_width(self->surface),
				  vit_surface_get_height(self->surface));
}

/* Gives viewers a surface of the shown picture's size. It has no pixels until its first update. */
static void console_replace_surface(VitConsole *self)
{
	g_autoptr(GError) error = NULL;
	pixman_region32_t nothing;
	VitSurface *surface = vit_surface_new(self->render, vit_buffer_get_width(self->shown),
					      vit_buffer_get_height(self->shown), &error);

	if (!surface) {
		(void)console_complain(self, error->message);
		console_retry_after(self, LONG_RETRY_MS);
		return; /* viewers keep what they have */
	}
	vit_surface_unref(self->surface);
	self->surface = surface;
	self->surface_has_pixels = false;
	pixman_region32_clear(&self->half_written);
	console_mark_all_stale(self);
	pixman_region32_init(&nothing);
	console_tell_surface(self, &nothing);
	pixman_region32_fini(&nothing);
}

static bool console_surface_fits(const VitConsole *self)
{
	return self->surface &&
	       vit_surface_get_width(self->surface) == vit_buffer_get_width(self->shown) &&
	       vit_surface_get_height(self->surface) == vit_buffer_get_height(self->shown);
}

static gboolean on_console_retry(void *user_data)
{
	VitConsole *self = user_data;

	self->retry_timer = 0;
	if (!console_surface_fits(self)) {
		console_replace_surface(self);
	}
	console_update_if_wanted(self, NULL);
	return G_SOURCE_REMOVE;
}

/* Until then nothing is tried. */
static void console_retry_after(VitConsole *self, unsigned ms)
{
	if (!self->retry_timer) {
		self->retry_timer = g_timeout_add(ms, on_console_retry, self);
	}
}

/* Takes another buffer as the shown one, without a word on which pixels differ. */
static void console_adopt(VitConsole *self, VitBuffer *buffer)
{
	vit_buffer_ref(buffer);
	vit_buffer_unref(self->shown);
	self->shown = buffer;
	if (console_surface_fits(self)) {
		return;
	}
	self->behind = true;
	if (!self->retry_timer) {
		self->adopting = true; /* viewers ask for pixels when they hear of a new size */
		console_replace_surface(self);
		self->adopting = false;
	}
}

/* Shows another picture: everything may differ. */
static void console_show(VitConsole *self, VitBuffer *buffer)
{
	console_adopt(self, buffer);
	console_mark_all_stale(self);
	self->shows_slate = false;
	self->behind = false;
	console_update_if_wanted(self, NULL);
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
		(void)console_complain(self, error->message);
		return;
	}
	console_show(self, slate);
	self->shows_slate = true;
	self->behind = true;
}

static void console_refuse(VitConsole *self, const GError *error)
{
	self->stats.refused++;
	/* Who refuses by the thousand does not have a slate drawn each time. */
	if (!console_complain(self, error->message) && self->shows_slate) {
		return;
	}
	console_show_slate(self, "This picture cannot be shown", error->message);
}

static void update_end_hold(VitUpdate *update)
{
	g_clear_handle_id(&update->deadline_timer, g_source_remove);
	g_clear_pointer(&update->frame, vit_frame_unref);
}

static void update_free(VitUpdate *update)
{
	update_end_hold(update);
	vit_surface_unref(update->surface);
	vit_buffer_unref(update->buffer);
	pixman_region32_fini(&update->damage);
	g_free(update);
}

static gboolean on_update_deadline(void *user_data)
{
	VitUpdate *update = user_data;

	update->deadline_timer = 0;
	update->console->stats.deadline_misses++;
	vit_frame_release(update->frame);
	return G_SOURCE_REMOVE;
}

/* Another picture may be shown by now; what this one failed to bring is missing there, too. */
static void console_undo_update(VitConsole *self, VitUpdate *update,
				const pixman_region32_t *changed)
{
	if (update->surface == self->surface) {
		pixman_region32_union(&self->stale, &self->stale, &update->damage);
		pixman_region32_union(&self->half_written, &self->half_written,
				      (pixman_region32_t *)changed);
	}
}

/* Tells viewers what an update changed. Where nothing changed, their requests stay open. */
static void console_announce(VitConsole *self, const pixman_region32_t *changed)
{
	pixman_region32_t told;

	pixman_region32_init(&told);
	if (self->surface_has_pixels) {
		pixman_region32_union(&told, (pixman_region32_t *)changed, &self->half_written);
	} else {
		pixman_region32_union_rect(&told, &told, 0, 0, vit_surface_get_width(self->surface),
					   vit_surface_get_height(self->surface));
	}
	self->surface_has_pixels = true;
	pixman_region32_clear(&self->half_written);
	if (pixman_region32_not_empty(&told)) {
		self->wanted = false;
		console_tell_surface(self, &told);
	}
	pixman_region32_fini(&told);
}

static void console_fail_update(VitConsole *self, VitUpdate *update,
				const pixman_region32_t *changed, const GError *error)
{
	self->stats.failed_updates++;
	console_undo_update(self, update, changed);
	if (g_error_matches(error, VIT_ERROR, VIT_ERROR_DISCONNECTED) ||
	    g_error_matches(error, VIT_ERROR, VIT_ERROR_TIMED_OUT)) {
		(void)console_complain(self, error->message);
		self->wanted = true;
		console_retry_after(self, RETRY_MS);
	} else if (update->buffer == self->shown && self->shows_slate) {
		/* It is not the slate that is wrong, and another would fare no better. */
		(void)console_complain(self, error->message);
		vit_render_forget_buffers(self->render);
		self->wanted = true;
		console_retry_after(self, LONG_RETRY_MS);
	} else if (update->buffer == self->shown) {
		vit_buffer_unref(self->refused);
		self->refused = vit_buffer_ref(update->buffer);
		console_refuse(self, error);
	}
}

static void on_surface_updated(void *user_data, const pixman_region32_t *changed,
			       const GError *error)
{
	VitUpdate *update = user_data;
	VitConsole *self = update->console;

	if (!self) {
		update_free(update);
		return;
	}
	self->update = NULL;
	update_end_hold(update);
	if (error) {
		console_fail_update(self, update, changed, error);
	} else {
		self->stats.updates++;
		if (update->surface == self->surface) {
			console_announce(self, changed);
		}
	}
	update_free(update);
	console_update_if_wanted(self, NULL);
}

/* Starts an update of what is stale. @frame, if any, is held until it ends or the deadline passes.
 */
static void console_start_update(VitConsole *self, VitFrame *frame)
{
	VitUpdate *update = g_new0(VitUpdate, 1);

	update->console = self;
	update->surface = vit_surface_ref(self->surface);
	update->buffer = vit_buffer_ref(self->shown);
	pixman_region32_init(&update->damage);
	pixman_region32_copy(&update->damage, &self->stale);
	pixman_region32_clear(&self->stale);
	if (frame) {
		update->frame = vit_frame_ref(frame);
		update->deadline_timer =
			g_timeout_add(self->deadline_ms, on_update_deadline, update);
	}
	self->update = update;
	vit_surface_update(update->surface, update->buffer, &update->damage, on_surface_updated,
			   update);
}

static void console_update_if_wanted(VitConsole *self, VitFrame *frame)
{
	if (self->wanted && !self->update && !self->adopting && !self->retry_timer &&
	    console_surface_fits(self) && pixman_region32_not_empty(&self->stale)) {
		console_start_update(self, frame);
	}
}

static void on_source_scanout(void *user_data, VitBuffer *buffer)
{
	VitConsole *self = user_data;

	g_clear_pointer(&self->refused, vit_buffer_unref);
	if (buffer) {
		console_show(self, buffer);
	} else {
		console_show_slate(self, "Display off", "The guest shows nothing on this head.");
	}
}

static void on_source_frame(void *user_data, VitFrame *frame)
{
	VitConsole *self = user_data;
	VitBuffer *buffer = vit_frame_get_buffer(frame);
	const pixman_region32_t *damage = vit_frame_get_damage(frame);

	self->stats.frames++;
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
		console_mark_all_stale(self);
	}
	self->shows_slate = false;
	self->behind = false;
	console_update_if_wanted(self, frame);
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
	console_refuse(user_data, error);
}

static void on_source_lost(void *user_data, const GError *error)
{
	VitConsole *self = user_data;

	self->stats.lost++;
	console_log(self, G_LOG_LEVEL_MESSAGE, error->message);
	g_clear_pointer(&self->refused, vit_buffer_unref);
	console_show_slate(self, "No signal", "The VM is gone. Its picture returns when it does.");
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
	console_update_if_wanted(self, NULL);
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
	self->deadline_ms = options->deadline_ms;
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
	console_mark_all_stale(self);
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
	if (self->update) {
		update_end_hold(self->update);
		self->update->console = NULL; /* on_surface_updated() frees it */
	}
	vit_cursor_unref(self->cursor);
	vit_surface_unref(self->surface);
	vit_buffer_unref(self->refused);
	vit_buffer_unref(self->shown);
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
	return self->stats;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * One head of the pattern: the clock, the script, and both seams.
 *
 * Tick n is due at start + n / rate. The next one is always computed from the start, so the clock
 * does not drift; ticks that passed while the loop was busy are counted as skipped. Nothing is sent
 * from within a call: a wish for a size, a key or a pointer position shows with the next tick.
 */
#include "sources/pattern/head.h"

#include "sources/pattern/cursor-shapes.h"
#include "sources/pattern/screen.h"

#define HEAD_MAX_INPUTS     64 /* remembered; older ones are dropped */
#define HEAD_PHASE_S        2  /* of each script in VIT_PATTERN_EVERYTHING */
#define HEAD_CURSOR_STEP_PX 4  /* a tick */

struct VitPatternHead {
	VitSource source;
	VitInputSink sink;
	grefcount ref_count;
	VitPatternOptions options; /* width and height: the base size, changed by wishes */
	unsigned index;

	GSource *clock; /* NULL: not running */
	int64_t start_us;
	int64_t tick;             /* the last one that was due; -1: none */
	VitPatternScreen *screen; /* NULL: nothing was shown yet */
	uint64_t sequence;        /* of the last frame */
	uint64_t released;        /* the highest sequence that was acknowledged */
	VitPatternStats stats;

	int32_t cursor_x, cursor_y; /* hot spot, pixels */
	bool cursor_moved;          /* since it was last told */
	bool cursor_is_led;         /* by a pointer: the script leaves it alone */
	unsigned cursor_shape;

	VitInput inputs[HEAD_MAX_INPUTS]; /* ring */
	unsigned first_input, n_inputs;
};

/* What a frame that is out keeps. */
typedef struct HeadFrame {
	VitPatternHead *head;
	uint64_t sequence;
} HeadFrame;

typedef struct HeadClock {
	GSource source;
	VitPatternHead *head;
} HeadClock;

static VitPatternHead *head_of_source(VitSource *source)
{
	return (VitPatternHead *)((uint8_t *)source - offsetof(VitPatternHead, source));
}

static VitPatternHead *head_of_sink(VitInputSink *sink)
{
	return (VitPatternHead *)((uint8_t *)sink - offsetof(VitPatternHead, sink));
}

static VitPatternHead *head_ref(VitPatternHead *self)
{
	g_ref_count_inc(&self->ref_count);
	return self;
}

void vit_pattern_head_unref(VitPatternHead *self)
{
	if (g_ref_count_dec(&self->ref_count)) {
		g_assert(!self->clock);
		vit_pattern_screen_free(self->screen);
		g_free(self);
	}
}

/* ---- Pictures ---- */

/* The size that is shown, or will be first. */
static void head_get_size(const VitPatternHead *self, int64_t *ret_width, int64_t *ret_height)
{
	*ret_width =
		self->screen ? vit_pattern_screen_get_width(self->screen) : self->options.width;
	*ret_height =
		self->screen ? vit_pattern_screen_get_height(self->screen) : self->options.height;
}

static void head_set_cursor(VitPatternHead *self, int64_t x, int64_t y)
{
	int64_t width, height;

	head_get_size(self, &width, &height);
	self->cursor_x = (int32_t)CLAMP(x, 0, width - 1);
	self->cursor_y = (int32_t)CLAMP(y, 0, height - 1);
	self->cursor_moved = true;
}

static VitPatternScript head_script(const VitPatternHead *self)
{
	int64_t phase = self->tick / ((int64_t)self->options.rate_hz * HEAD_PHASE_S);

	if (self->options.script != VIT_PATTERN_EVERYTHING) {
		return self->options.script;
	}
	return (VitPatternScript)(phase % VIT_PATTERN_EVERYTHING);
}

/* The size for this tick: the base size, or one of four made of it. */
static void head_choose_size(const VitPatternHead *self, uint32_t *ret_width, uint32_t *ret_height)
{
	uint32_t width = self->options.width, height = self->options.height;

	if (head_script(self) == VIT_PATTERN_RESIZE) {
		switch (self->tick / self->options.rate_hz % 4) {
		case 1: /* odd, so that no row is aligned */
			width = width * 3 / 4 | 1;
			height = height * 3 / 4 | 1;
			break;
		case 2:
			width = MAX(width / 2, 1);
			height = MAX(height / 2, 1);
			break;
		case 3:
			width = MIN(width + width / 4, VIT_BUFFER_MAX_SIDE);
			height = MIN(height + height / 4, VIT_BUFFER_MAX_SIDE);
			break;
		default:
			break;
		}
	}
	*ret_width = width;
	*ret_height = height;
}

static void head_step(VitPatternHead *self)
{
	VitPatternDesktop *desktop = vit_pattern_screen_get_desktop(self->screen);

	switch (head_script(self)) {
	case VIT_PATTERN_TYPING:
	case VIT_PATTERN_RESIZE:
		vit_pattern_desktop_type(desktop);
		break;
	case VIT_PATTERN_SCROLL:
		vit_pattern_desktop_scroll(desktop);
		break;
	case VIT_PATTERN_MOTION:
		vit_pattern_desktop_move(desktop);
		break;
	case VIT_PATTERN_STILL:
	case VIT_PATTERN_EVERYTHING:
		break;
	}
}

static void on_head_frame_released(void *user_data)
{
	HeadFrame *out = user_data;

	out->head->released = MAX(out->head->released, out->sequence);
	vit_pattern_head_unref(out->head);
	g_free(out);
}

static void head_send_frame(VitPatternHead *self, VitBuffer *buffer,
			    const pixman_region32_t *damage)
{
	HeadFrame *out = g_new(HeadFrame, 1);
	g_autoptr(VitFrame) frame = NULL;

	out->head = head_ref(self);
	out->sequence = self->sequence;
	frame = vit_frame_new(buffer, damage, self->sequence, -1, on_head_frame_released, out);
	self->stats.frames++;
	self->source.events->frame(self->source.events_data, frame);
}

/* Shows the picture; @due_us is the time of its tick. */
static void head_show(VitPatternHead *self, int64_t due_us, bool is_new_size)
{
	VitStamp stamp = {(uint32_t)(self->sequence + 1), (uint32_t)due_us};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitBuffer) buffer = NULL;
	pixman_region32_t damage;

	vit_pattern_desktop_stamp(vit_pattern_screen_get_desktop(self->screen), &stamp);
	pixman_region32_init(&damage);
	buffer = vit_pattern_screen_show(self->screen, &damage, &error);
	if (buffer) {
		self->sequence++;
		if (is_new_size) {
			self->source.events->scanout(self->source.events_data, buffer);
		}
		if (self->clock) {
			head_send_frame(self, buffer, &damage);
		}
	} else {
		self->source.events->refused(self->source.events_data, error);
	}
	pixman_region32_fini(&damage);
}

/* Whether the picture was replaced by one of another size. */
static bool head_resize(VitPatternHead *self)
{
	uint32_t width, height;

	head_choose_size(self, &width, &height);
	if (self->screen && vit_pattern_screen_get_width(self->screen) == width &&
	    vit_pattern_screen_get_height(self->screen) == height) {
		return false;
	}
	vit_pattern_screen_free(self->screen);
	self->screen = vit_pattern_screen_new(&self->options, self->index, width, height);
	head_set_cursor(self, self->cursor_x, self->cursor_y);
	return true;
}

static void head_tick_picture(VitPatternHead *self, int64_t due_us)
{
	bool is_new_size;

	if ((self->options.wait_for_release && self->released < self->sequence) ||
	    (self->screen && !vit_pattern_screen_is_ready(self->screen))) {
		self->stats.skipped_ticks++;
		return;
	}
	is_new_size = head_resize(self);
	if (!is_new_size) {
		head_step(self);
	}
	if (vit_pattern_screen_has_damage(self->screen)) {
		head_show(self, due_us, is_new_size);
	}
}

/* ---- Cursor ---- */

/* Up to @length and down again as @position grows. */
static int32_t head_triangle(int64_t position, int64_t length)
{
	int64_t place = position % (2 * length);

	return (int32_t)(place < length ? place : 2 * length - 1 - place);
}

static void head_send_cursor_shape(VitPatternHead *self)
{
	g_autoptr(VitCursor) cursor = vit_pattern_cursor_new(self->cursor_shape);

	self->source.events->cursor(self->source.events_data, cursor);
}

static void head_lead_cursor(VitPatternHead *self)
{
	int64_t way = self->tick * HEAD_CURSOR_STEP_PX, width, height;

	head_get_size(self, &width, &height);
	head_set_cursor(self, head_triangle(way, width), head_triangle(way * 3 / 5, height));
}

static void head_tick_cursor(VitPatternHead *self)
{
	if (self->options.script == VIT_PATTERN_EVERYTHING) {
		unsigned shape = (unsigned)(self->tick / self->options.rate_hz);

		if (!self->cursor_is_led) {
			head_lead_cursor(self);
		}
		if (shape % VIT_PATTERN_CURSORS != self->cursor_shape) {
			self->cursor_shape = shape % VIT_PATTERN_CURSORS;
			head_send_cursor_shape(self);
		}
	}
	if (self->clock && self->cursor_moved) {
		self->cursor_moved = false;
		self->source.events->cursor_moved(self->source.events_data, self->cursor_x,
						  self->cursor_y, true);
	}
}

/* ---- Clock ---- */

/* What a guest tells once, before its first picture. */
static void head_send_beginning(VitPatternHead *self)
{
	self->source.events->pointer_mode(self->source.events_data, true);
	if (self->clock) {
		self->source.events->leds(self->source.events_data, 0);
	}
	if (self->clock) {
		head_send_cursor_shape(self);
	}
}

static void head_log_second(const VitPatternHead *self)
{
	if (self->tick % self->options.rate_hz == 0) {
		g_debug("pattern head %u: %" G_GUINT64_FORMAT " ticks, %" G_GUINT64_FORMAT
			" frames, %" G_GUINT64_FORMAT " skipped ticks",
			self->index, self->stats.ticks, self->stats.frames,
			self->stats.skipped_ticks);
	}
}

/* Time of a tick, rounded up so that the tick is over when its time is. */
static int64_t head_tick_time_us(const VitPatternHead *self, int64_t tick)
{
	return self->start_us +
	       (tick * G_USEC_PER_SEC + self->options.rate_hz - 1) / self->options.rate_hz;
}

static void head_on_time(VitPatternHead *self)
{
	int64_t tick =
		(g_get_monotonic_time() - self->start_us) * self->options.rate_hz / G_USEC_PER_SEC;
	bool is_first = self->tick < 0;

	g_source_set_ready_time(self->clock, head_tick_time_us(self, tick + 1));
	if (tick <= self->tick) {
		return;
	}
	self->stats.ticks += (uint64_t)(tick - self->tick);
	self->stats.skipped_ticks += (uint64_t)(tick - self->tick - 1);
	self->tick = tick;
	if (is_first) {
		head_send_beginning(self);
	}
	if (self->clock) {
		head_tick_picture(self, head_tick_time_us(self, tick));
	}
	if (self->clock) {
		head_tick_cursor(self);
	}
	head_log_second(self);
}

static gboolean on_head_clock(GSource *source, GSourceFunc callback, void *user_data)
{
	VitPatternHead *head = ((HeadClock *)source)->head;

	head_on_time(head);
	return G_SOURCE_CONTINUE;
}

static void pattern_source_start(VitSource *source)
{
	static const GSourceFuncs functions = {.dispatch = on_head_clock};
	VitPatternHead *self = head_of_source(source);

	self->clock = g_source_new((GSourceFuncs *)&functions, sizeof(HeadClock));
	((HeadClock *)self->clock)->head = self;
	self->start_us = g_get_monotonic_time();
	g_source_set_ready_time(self->clock, self->start_us);
	g_source_set_static_name(self->clock, "vit-pattern-clock");
	(void)g_source_attach(self->clock, g_main_context_get_thread_default());
}

void vit_pattern_head_stop(VitPatternHead *self)
{
	if (self->clock) {
		g_source_destroy(self->clock);
		g_clear_pointer(&self->clock, g_source_unref);
	}
}

static void pattern_source_stop(VitSource *source)
{
	vit_pattern_head_stop(head_of_source(source));
}

static void pattern_source_destroy(VitSource *source)
{
	VitPatternHead *self = head_of_source(source);

	vit_pattern_head_stop(self);
	g_clear_pointer(&self->screen, vit_pattern_screen_free);
	vit_pattern_head_unref(self);
}

static const VitSourceImpl pattern_source_impl = {
	.name = "pattern",
	.start = pattern_source_start,
	.stop = pattern_source_stop,
	.destroy = pattern_source_destroy,
};

/* ---- Input ---- */

static void head_remember_input(VitPatternHead *self, const VitInput *input)
{
	self->inputs[(self->first_input + self->n_inputs) % HEAD_MAX_INPUTS] = *input;
	if (self->n_inputs < HEAD_MAX_INPUTS) {
		self->n_inputs++;
	} else {
		self->first_input = (self->first_input + 1) % HEAD_MAX_INPUTS;
	}
}

static void head_show_key(VitPatternHead *self, uint32_t code, bool down)
{
	if (self->screen) {
		vit_pattern_desktop_show_key(vit_pattern_screen_get_desktop(self->screen), code,
					     down);
	}
}

static void pattern_sink_send(VitInputSink *sink, const VitInput *input)
{
	VitPatternHead *self = head_of_sink(sink);

	head_remember_input(self, input);
	switch (input->type) {
	case VIT_INPUT_KEY:
		head_show_key(self, input->key.code, input->key.down);
		break;
	case VIT_INPUT_BUTTON:
		head_show_key(self, input->button.code, input->button.down);
		break;
	case VIT_INPUT_POINTER_ABSOLUTE:
		self->cursor_is_led = true;
		head_set_cursor(self, input->absolute.x, input->absolute.y);
		break;
	case VIT_INPUT_POINTER_RELATIVE:
		self->cursor_is_led = true;
		head_set_cursor(self, (int64_t)self->cursor_x + input->relative.dx,
				(int64_t)self->cursor_y + input->relative.dy);
		break;
	case VIT_INPUT_WHEEL:
	case VIT_INPUT_TOUCH:
		break;
	}
}

static void pattern_sink_set_size(VitInputSink *sink, uint32_t width, uint32_t height,
				  uint32_t width_mm, uint32_t height_mm)
{
	VitPatternHead *self = head_of_sink(sink);

	self->options.width = CLAMP(width, VIT_PATTERN_MIN_WISH_PX, VIT_PATTERN_MAX_WISH_PX);
	self->options.height = CLAMP(height, VIT_PATTERN_MIN_WISH_PX, VIT_PATTERN_MAX_WISH_PX);
}

static void pattern_sink_destroy(VitInputSink *sink)
{
	vit_pattern_head_unref(head_of_sink(sink));
}

static const VitInputSinkImpl pattern_sink_impl = {
	.name = "pattern",
	.send = pattern_sink_send,
	.set_size = pattern_sink_set_size,
	.destroy = pattern_sink_destroy,
};

/* ---- What the machine calls ---- */

VitPatternHead *vit_pattern_head_new(const VitPatternOptions *options, unsigned index)
{
	VitPatternHead *self = g_new0(VitPatternHead, 1);

	self->source.impl = &pattern_source_impl;
	self->sink.impl = &pattern_sink_impl;
	g_ref_count_init(&self->ref_count);
	self->options = *options;
	self->index = index;
	self->tick = -1;
	head_set_cursor(self, options->width / 2, options->height / 2);
	return self;
}

VitSource *vit_pattern_head_give_source(VitPatternHead *self)
{
	return &head_ref(self)->source;
}

VitInputSink *vit_pattern_head_give_sink(VitPatternHead *self)
{
	return &head_ref(self)->sink;
}

VitPatternStats vit_pattern_head_get_stats(const VitPatternHead *self)
{
	return self->stats;
}

bool vit_pattern_head_take_input(VitPatternHead *self, VitInput *ret_input)
{
	if (self->n_inputs == 0) {
		return false;
	}
	*ret_input = self->inputs[self->first_input];
	self->first_input = (self->first_input + 1) % HEAD_MAX_INPUTS;
	self->n_inputs--;
	return true;
}

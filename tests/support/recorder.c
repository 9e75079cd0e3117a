/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

#include "tests/support/recorder.h"

#include "tests/support/fixture.h"

/* What every event has in common. */
static void head_note_event(VitTestHead *self)
{
	g_assert_false(self->is_quiet);
	self->events++;
	if (self->events == self->stop_at_event) {
		vit_test_head_stop(self);
	}
}

static void head_set_buffer(VitTestHead *self, VitBuffer *buffer)
{
	g_clear_pointer(&self->buffer, vit_buffer_unref);
	self->buffer = buffer ? vit_buffer_ref(buffer) : NULL;
}

static void on_scanout(void *user_data, VitBuffer *buffer)
{
	VitTestHead *self = user_data;

	self->scanouts++;
	head_set_buffer(self, buffer);
	head_note_event(self);
}

static void head_set_damage(VitTestHead *self, const VitFrame *frame)
{
	const pixman_region32_t *damage = vit_frame_get_damage(frame);

	self->damage_is_unknown = !damage;
	pixman_region32_clear(&self->damage);
	if (damage) {
		const pixman_box32_t *extents =
			pixman_region32_extents((pixman_region32_t *)damage);

		g_assert_cmpint(extents->x1, >=, 0);
		g_assert_cmpint(extents->y1, >=, 0);
		g_assert_cmpint(extents->x2, <=,
				(int)vit_buffer_get_width(vit_frame_get_buffer(frame)));
		g_assert_cmpint(extents->y2, <=,
				(int)vit_buffer_get_height(vit_frame_get_buffer(frame)));
		(void)pixman_region32_copy(&self->damage, (pixman_region32_t *)damage);
	}
}

static void on_frame(void *user_data, VitFrame *frame)
{
	VitTestHead *self = user_data;

	g_assert_false(vit_frame_is_released(frame));
	g_assert_true(self->frames == 0 || vit_frame_get_sequence(frame) > self->sequence);
	self->frames++;
	self->sequence = vit_frame_get_sequence(frame);
	head_set_buffer(self, vit_frame_get_buffer(frame));
	head_set_damage(self, frame);
	if (self->hold_frames) {
		g_ptr_array_add(self->held, vit_frame_ref(frame));
	}
	head_note_event(self);
	if (self->stop_at_frame) {
		self->stop_at_frame = false;
		vit_test_head_stop(self);
	}
}

static void on_cursor(void *user_data, VitCursor *cursor)
{
	VitTestHead *self = user_data;

	self->cursors++;
	g_clear_pointer(&self->cursor, vit_cursor_unref);
	self->cursor = cursor ? vit_cursor_ref(cursor) : NULL;
	head_note_event(self);
}

static void on_cursor_moved(void *user_data, int32_t x, int32_t y, bool visible)
{
	VitTestHead *self = user_data;

	self->cursor_moves++;
	self->cursor_x = x;
	self->cursor_y = y;
	self->cursor_visible = visible;
	head_note_event(self);
}

static void on_leds(void *user_data, unsigned leds)
{
	VitTestHead *self = user_data;

	self->leds++;
	self->lit = leds;
	head_note_event(self);
}

static void on_pointer_mode(void *user_data, bool absolute)
{
	VitTestHead *self = user_data;

	self->pointer_modes++;
	self->absolute = absolute;
	head_note_event(self);
}

static void on_refused(void *user_data, const GError *error)
{
	VitTestHead *self = user_data;

	g_assert_nonnull(error);
	self->refusals++;
	g_clear_error(&self->refusal);
	self->refusal = g_error_copy(error);
	g_test_message("refused: %s", error->message);
	head_note_event(self);
}

static void on_lost(void *user_data, const GError *error)
{
	VitTestHead *self = user_data;

	g_assert_nonnull(error);
	self->losses++;
	g_clear_error(&self->loss);
	self->loss = g_error_copy(error);
	g_test_message("lost: %s", error->message);
	head_note_event(self);
}

const VitSourceEvents vit_test_head_events = {
	.scanout = on_scanout,
	.frame = on_frame,
	.cursor = on_cursor,
	.cursor_moved = on_cursor_moved,
	.leds = on_leds,
	.pointer_mode = on_pointer_mode,
	.refused = on_refused,
	.lost = on_lost,
};

static void on_head(void *user_data, unsigned index, const char *label, VitSource *source,
		    VitInputSink *sink)
{
	VitTestRecorder *self = user_data;
	VitTestHead *head;

	g_assert_cmpuint(index, ==, self->n_heads);
	g_assert_cmpuint(index, <, VIT_TEST_MAX_HEADS);
	g_assert_nonnull(label);
	g_assert_nonnull(source);
	g_assert_nonnull(sink);
	head = &self->heads[self->n_heads++];
	head->label = g_strdup(label);
	head->source = source;
	head->sink = sink;
}

static void on_named(void *user_data, const char *name)
{
	VitTestRecorder *self = user_data;

	g_free(self->name);
	self->name = g_strdup(name);
}

static const VitMachineEvents machine_events = {
	.head = on_head,
	.named = on_named,
};

void vit_test_recorder_init(VitTestRecorder *self, VitMachine *machine)
{
	*self = (VitTestRecorder){.machine = machine};
	for (unsigned i = 0; i < VIT_TEST_MAX_HEADS; i++) {
		self->heads[i].recorder = self;
		self->heads[i].is_quiet = true;
		self->heads[i].held =
			g_ptr_array_new_with_free_func((GDestroyNotify)vit_frame_unref);
		pixman_region32_init(&self->heads[i].damage);
	}
}

void vit_test_recorder_clear(VitTestRecorder *self)
{
	for (unsigned i = 0; i < VIT_TEST_MAX_HEADS; i++) {
		vit_test_head_destroy_source(&self->heads[i]);
		vit_test_head_destroy_sink(&self->heads[i]);
	}
	g_clear_pointer(&self->machine, vit_machine_destroy);
	for (unsigned i = 0; i < VIT_TEST_MAX_HEADS; i++) {
		VitTestHead *head = &self->heads[i];

		g_ptr_array_unref(head->held);
		vit_buffer_unref(head->buffer);
		vit_cursor_unref(head->cursor);
		pixman_region32_fini(&head->damage);
		g_clear_error(&head->refusal);
		g_clear_error(&head->loss);
		g_free(head->label);
	}
	g_free(self->name);
}

void vit_test_recorder_start(VitTestRecorder *self)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(vit_machine_start(self->machine, &machine_events, self, &error));
	g_assert_no_error(error);
}

void vit_test_recorder_start_all(VitTestRecorder *self)
{
	vit_test_recorder_start(self);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_test_head_start(&self->heads[i]);
	}
}

void vit_test_head_start(VitTestHead *self)
{
	g_assert_true(self->is_quiet);
	vit_source_start(self->source, &vit_test_head_events, self);
	self->is_quiet = false;
}

void vit_test_head_stop(VitTestHead *self)
{
	vit_source_stop(self->source);
	self->is_quiet = true;
}

void vit_test_head_destroy_source(VitTestHead *self)
{
	self->is_quiet = true;
	g_clear_pointer(&self->source, vit_source_destroy);
}

void vit_test_head_destroy_sink(VitTestHead *self)
{
	g_clear_pointer(&self->sink, vit_input_sink_destroy);
}

void vit_test_head_release_frames(VitTestHead *self)
{
	g_ptr_array_set_size(self->held, 0);
}

typedef struct AwaitedCount {
	const unsigned *counter;
	unsigned count;
} AwaitedCount;

static bool has_counted(void *user_data)
{
	const AwaitedCount *awaited = user_data;

	return *awaited->counter >= awaited->count;
}

void vit_test_wait_count(const char *what, const unsigned *counter, unsigned count)
{
	AwaitedCount awaited = {counter, count};

	vit_test_wait(what, 20, has_counted, &awaited);
}

void vit_test_head_wait_frames(VitTestHead *self, unsigned frames)
{
	vit_test_wait_count("frames of the source", &self->frames, frames);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What sources/source.h asks of every machine, source and input sink, run over all of them. The
 * recorder (tests/support/recorder.h) checks at each event that it was allowed; the count of fds
 * around each test shows what was leaked.
 */
#include <drm_fourcc.h>
#include <linux/input-event-codes.h>

#include "sources/null.h"
#include "sources/pattern/pattern.h"
#include "tests/conformance/source-machines.h"
#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"
#include "tests/support/recorder.h"

/* Long enough for several frames of every machine here, for "and nothing happens any more". */
#define QUIET_MS 60

typedef struct Fixture {
	const VitConformingMachine *machine;
	void *peer;
	VitTestRecorder recorder;
	VitTestHead *head; /* the first */
} Fixture;

static void set_up(Fixture *self, const void *user_data)
{
	self->machine = user_data;
	self->peer = NULL;
	vit_test_recorder_init(&self->recorder,
			       self->machine->make(self->machine->options, &self->peer));
	self->head = &self->recorder.heads[0];
}

static void tear_down(Fixture *self)
{
	vit_test_recorder_clear(&self->recorder);
	if (self->machine->free_peer) {
		self->machine->free_peer(self->peer);
	}
}

/* Sends one of everything, and what no viewer should. */
static void send_all_input(VitInputSink *sink)
{
	static const VitInput inputs[] = {
		{.type = VIT_INPUT_KEY, .key = {KEY_A, true}},
		{.type = VIT_INPUT_KEY, .key = {KEY_A, false}},
		{.type = VIT_INPUT_KEY, .key = {UINT32_MAX, true}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {1, 1}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {UINT32_MAX, UINT32_MAX}},
		{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {-1, 1}},
		{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {INT32_MIN, INT32_MAX}},
		{.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, true}},
		{.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, false}},
		{.type = VIT_INPUT_BUTTON, .button = {UINT32_MAX, true}},
		{.type = VIT_INPUT_WHEEL, .wheel = {0, 1}},
		{.type = VIT_INPUT_WHEEL, .wheel = {INT32_MIN, INT32_MAX}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_BEGIN, 0, 1.5, 2.5}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_END, 0, -1e300, 1e300}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_CANCEL, UINT32_MAX, 0, 0}},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(inputs); i++) {
		vit_input_sink_send(sink, &inputs[i]);
	}
	vit_input_sink_set_size(sink, 0, 0, 0, 0);
	vit_input_sink_set_size(sink, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	vit_input_sink_set_size(sink, 300, 200, 80, 60);
}

/* ---- The bodies ---- */

static void test_destroy_unstarted(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	g_assert_cmpuint(fixture.recorder.n_heads, ==, 0);
	tear_down(&fixture);
}

static void test_stop_unstarted(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_machine_stop(fixture.recorder.machine);
	vit_machine_stop(fixture.recorder.machine);
	tear_down(&fixture);
}

static void test_head_0_at_once(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start(&fixture.recorder);
	g_assert_cmpuint(fixture.recorder.n_heads, >=, 1);
	tear_down(&fixture);
}

/* A source that was announced and never started says nothing, and can be stopped and destroyed. */
static void test_source_unstarted(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start(&fixture.recorder);
	vit_test_run_for_ms(QUIET_MS);
	send_all_input(fixture.head->sink);
	vit_test_head_stop(fixture.head);
	tear_down(&fixture);
}

static void test_destroy_half_started(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	g_assert_cmpuint(fixture.head->events, ==, 0);
	tear_down(&fixture);
}

static void test_stop_twice(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	vit_test_run_for_ms(QUIET_MS);
	vit_test_head_stop(fixture.head);
	vit_test_head_stop(fixture.head);
	vit_machine_stop(fixture.recorder.machine);
	vit_machine_stop(fixture.recorder.machine);
	tear_down(&fixture);
}

static void test_no_event_after_stop(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	if (fixture.machine->shows_frames) {
		vit_test_head_wait_frames(fixture.head, 1);
	}
	for (unsigned i = 0; i < fixture.recorder.n_heads; i++) {
		vit_test_head_stop(&fixture.recorder.heads[i]);
	}
	send_all_input(fixture.head->sink);
	vit_test_run_for_ms(QUIET_MS);
	tear_down(&fixture);
}

static void test_machine_stop_silences_sources(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	vit_machine_stop(fixture.recorder.machine);
	for (unsigned i = 0; i < fixture.recorder.n_heads; i++) {
		fixture.recorder.heads[i].is_quiet = true;
	}
	vit_test_run_for_ms(QUIET_MS);
	tear_down(&fixture);
}

static void test_frames(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	if (fixture.machine->shows_frames) {
		vit_test_head_wait_frames(fixture.head, 3);
		g_assert_cmpuint(fixture.head->scanouts, >=, 1);
		g_assert_nonnull(fixture.head->buffer);
	} else {
		vit_test_run_for_ms(QUIET_MS);
	}
	g_assert_cmpuint(fixture.head->refusals, ==, 0);
	tear_down(&fixture);
}

static bool is_stopped(void *user_data)
{
	const VitTestHead *head = user_data;

	return head->is_quiet;
}

/* From within each of the first events, whatever kinds they are. */
static void test_stop_within_event(const void *user_data)
{
	const VitConformingMachine *machine = user_data;

	for (unsigned event = 1; machine->shows_frames && event <= 8; event++) {
		Fixture fixture;

		set_up(&fixture, machine);
		fixture.head->stop_at_event = event;
		vit_test_recorder_start_all(&fixture.recorder);
		vit_test_wait("an event", 20, is_stopped, fixture.head);
		vit_test_run_for_ms(QUIET_MS);
		g_assert_cmpuint(fixture.head->events, ==, event);
		tear_down(&fixture);
	}
}

static void test_stop_within_frame(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	if (fixture.machine->shows_frames) {
		fixture.head->stop_at_frame = true;
		fixture.head->hold_frames = true;
		vit_test_recorder_start_all(&fixture.recorder);
		vit_test_wait("a frame", 20, is_stopped, fixture.head);
		vit_test_run_for_ms(QUIET_MS);
		g_assert_cmpuint(fixture.head->frames, ==, 1);
	}
	tear_down(&fixture);
}

/* A consumer may hold a frame for as long as it likes, in whatever order things end. */
static void hold_frame(Fixture *fixture, const void *user_data)
{
	set_up(fixture, user_data);
	fixture->head->hold_frames = true;
	vit_test_recorder_start_all(&fixture->recorder);
	if (fixture->machine->shows_frames) {
		vit_test_head_wait_frames(fixture->head, 1);
	}
}

static void test_release_after_stop(const void *user_data)
{
	Fixture fixture;

	hold_frame(&fixture, user_data);
	vit_test_head_stop(fixture.head);
	vit_test_head_release_frames(fixture.head);
	vit_test_run_for_ms(QUIET_MS);
	tear_down(&fixture);
}

static void test_release_after_destroy(const void *user_data)
{
	Fixture fixture;

	hold_frame(&fixture, user_data);
	vit_test_head_destroy_source(fixture.head);
	send_all_input(fixture.head->sink);
	vit_test_head_destroy_sink(fixture.head);
	vit_test_head_release_frames(fixture.head);
	vit_test_run_for_ms(QUIET_MS);
	tear_down(&fixture);
}

/* As the recorder's tear-down does it. */
static void test_release_after_everything(const void *user_data)
{
	Fixture fixture;

	hold_frame(&fixture, user_data);
	tear_down(&fixture);
}

static void test_sink_goes_first(const void *user_data)
{
	Fixture fixture;

	hold_frame(&fixture, user_data);
	vit_test_head_destroy_sink(fixture.head);
	vit_test_head_release_frames(fixture.head);
	vit_test_run_for_ms(QUIET_MS);
	tear_down(&fixture);
}

static void test_input_while_running(const void *user_data)
{
	Fixture fixture;

	set_up(&fixture, user_data);
	vit_test_recorder_start_all(&fixture.recorder);
	for (unsigned i = 0; i < 20; i++) {
		send_all_input(fixture.head->sink);
	}
	vit_test_run_for_ms(QUIET_MS);
	send_all_input(fixture.head->sink);
	tear_down(&fixture);
}

static const struct {
	const char *name;
	VitTestWith test;
} bodies[] = {
	{"destroy-unstarted", test_destroy_unstarted},
	{"stop-unstarted", test_stop_unstarted},
	{"head-0-is-announced-at-once", test_head_0_at_once},
	{"source-unstarted-is-silent", test_source_unstarted},
	{"destroy-half-started", test_destroy_half_started},
	{"stop-twice", test_stop_twice},
	{"no-event-after-stop", test_no_event_after_stop},
	{"machine-stop-silences-sources", test_machine_stop_silences_sources},
	{"frames", test_frames},
	{"stop-within-event", test_stop_within_event},
	{"stop-within-frame", test_stop_within_frame},
	{"release-after-stop", test_release_after_stop},
	{"release-after-destroy", test_release_after_destroy},
	{"release-after-everything", test_release_after_everything},
	{"sink-goes-first", test_sink_goes_first},
	{"input-of-every-kind", test_input_while_running},
};

/* ---- The machines ---- */

static VitMachine *make_null(const void *options, void **ret_peer)
{
	return vit_null_machine_new();
}

static VitMachine *make_pattern(const void *options, void **ret_peer)
{
	g_autoptr(GError) error = NULL;
	VitMachine *machine = vit_pattern_machine_new(options, &error);

	g_assert_no_error(error);
	return machine;
}

static const VitPatternOptions pattern_single = {
	.width = 161,
	.height = 129,
	.fourcc = DRM_FORMAT_RGB565,
	.rate_hz = 100,
	.heads = 1,
	.script = VIT_PATTERN_MOTION,
	.buffering = VIT_PATTERN_SINGLE,
	.bottom_up = true,
	.padding_bytes = 6,
};

static const VitPatternOptions pattern_fresh = {
	.width = 320,
	.height = 200,
	.fourcc = DRM_FORMAT_XRGB8888,
	.rate_hz = 100,
	.heads = 3,
	.script = VIT_PATTERN_SCROLL,
	.buffering = VIT_PATTERN_FRESH,
};

static const VitPatternOptions pattern_waiting = {
	.width = 320,
	.height = 200,
	.fourcc = DRM_FORMAT_ABGR2101010,
	.rate_hz = 100,
	.heads = 2,
	.script = VIT_PATTERN_TYPING,
	.buffering = VIT_PATTERN_RING,
	.wait_for_release = true,
};

static const VitConformingDisplay display_pixels = {.heads = 2, .sends_pixels = true};
static const VitConformingDisplay display_dmabufs = {.heads = 3};

static const VitConformingMachine machines[] = {
	{.name = "null", .make = make_null},
	{
		.name = "pattern-single",
		.options = &pattern_single,
		.make = make_pattern,
		.shows_frames = true,
	},
	{
		.name = "pattern-fresh",
		.options = &pattern_fresh,
		.make = make_pattern,
		.shows_frames = true,
	},
	{
		.name = "pattern-waiting",
		.options = &pattern_waiting,
		.make = make_pattern,
		.shows_frames = true,
	},
	{
		.name = "gpu-socket-pixels",
		.options = &display_pixels,
		.make = vit_conforming_display_make,
		.free_peer = vit_conforming_display_free,
		.shows_frames = true,
	},
	{
		.name = "gpu-socket-dmabufs",
		.options = &display_dmabufs,
		.make = vit_conforming_display_make,
		.free_peer = vit_conforming_display_free,
		.shows_frames = true,
	},
	{
		.name = "qemu",
		.make = vit_conforming_qemu_make,
		.free_peer = vit_conforming_qemu_free,
		.shows_frames = true,
	},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_warm_up_gio();
	for (unsigned i = 0; i < G_N_ELEMENTS(machines); i++) {
		for (unsigned j = 0; j < G_N_ELEMENTS(bodies); j++) {
			g_autofree char *path =
				g_strdup_printf("/source/%s/%s", machines[i].name, bodies[j].name);

			vit_test_add_with(path, bodies[j].test, &machines[i]);
		}
	}
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Unit tests of the pattern source as its consumer sees it: clock, scripts, acknowledgement, input.
 * What every source must do is in tests/conformance/.
 */
#include "sources/pattern/pattern.h"

#include <drm_fourcc.h>
#include <linux/input-event-codes.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/pattern/stamp.h"
#include "tests/support/fixture.h"
#include "tests/support/pixels.h"
#include "tests/support/recorder.h"

static VitPatternOptions make_options(VitPatternScript script)
{
	return (VitPatternOptions){
		.width = 320,
		.height = 240,
		.fourcc = DRM_FORMAT_XRGB8888,
		.rate_hz = 200,
		.heads = 1,
		.script = script,
		.buffering = VIT_PATTERN_RING,
		.memory = vit_test_memory(),
	};
}

static void init_recorder(VitTestRecorder *recorder, const VitPatternOptions *options)
{
	g_autoptr(GError) error = NULL;
	VitMachine *machine = vit_pattern_machine_new(options, &error);

	g_assert_no_error(error);
	vit_test_recorder_init(recorder, machine);
	vit_test_recorder_start_all(recorder);
}

static VitStamp read_stamp(const VitTestHead *head)
{
	g_autofree uint32_t *picture = vit_test_read_picture(head->buffer);
	VitStamp stamp = {0};

	g_assert_true(
		vit_stamp_read(picture, vit_buffer_get_width(head->buffer) * 4, 0, 0, &stamp));
	return stamp;
}

static uint32_t read_pixel(const VitTestHead *head, uint32_t x, uint32_t y)
{
	g_autofree uint32_t *picture = vit_test_read_picture(head->buffer);

	return picture[y * vit_buffer_get_width(head->buffer) + x];
}

static void test_beginning(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];

	init_recorder(&recorder, &options);
	vit_test_head_wait_frames(head, 1);
	g_assert_cmpstr(recorder.name, ==, "test pattern");
	g_assert_cmpstr(head->label, ==, "pattern 0");
	g_assert_cmpuint(head->scanouts, ==, 1);
	g_assert_cmpuint(head->pointer_modes, ==, 1);
	g_assert_true(head->absolute);
	g_assert_cmpuint(head->leds, ==, 1);
	g_assert_nonnull(head->cursor);
	g_assert_cmpint(head->damage.extents.x2, ==, 320);
	g_assert_cmpint(head->damage.extents.y2, ==, 240);
	g_assert_cmpuint(read_stamp(head).number, ==, 1);
	vit_test_recorder_clear(&recorder);
}

static bool has_ticks(void *user_data)
{
	return vit_pattern_get_stats(user_data, 0).ticks >= 20;
}

static void test_still(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);
	VitTestRecorder recorder;

	init_recorder(&recorder, &options);
	vit_test_wait("20 ticks", 10, has_ticks, recorder.machine);
	g_assert_cmpuint(recorder.heads[0].frames, ==, 1);
	g_assert_cmpuint(vit_pattern_get_stats(recorder.machine, 0).frames, ==, 1);
	vit_test_recorder_clear(&recorder);
}

static void test_every_tick_is_counted(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_TYPING);
	VitTestRecorder recorder;
	VitPatternStats stats;

	init_recorder(&recorder, &options);
	vit_test_head_wait_frames(&recorder.heads[0], 20);
	stats = vit_pattern_get_stats(recorder.machine, 0);
	g_assert_cmpuint(stats.frames, ==, recorder.heads[0].frames);
	g_assert_cmpuint(stats.ticks, ==, stats.frames + stats.skipped_ticks);
	vit_test_recorder_clear(&recorder);
}

static void test_schedule_does_not_drift(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_TYPING);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];
	uint32_t first_us = 0;

	options.rate_hz = 300;
	init_recorder(&recorder, &options);
	for (unsigned i = 1; i <= 30; i++) {
		VitStamp stamp;
		uint64_t tick, due_us;

		vit_test_head_wait_frames(head, i);
		stamp = read_stamp(head);
		first_us = i == 1 ? stamp.time_us : first_us;
		/* Each picture was due at a whole number of ticks after the start. */
		tick = vit_pattern_get_stats(recorder.machine, 0).ticks - 1;
		due_us = (tick * G_USEC_PER_SEC + 299) / 300;
		g_assert_cmpuint((uint32_t)(first_us + due_us), ==, stamp.time_us);
	}
	vit_test_recorder_clear(&recorder);
}

static void test_waits_for_release(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_TYPING);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];
	VitPatternStats stats;

	options.wait_for_release = true;
	init_recorder(&recorder, &options);
	head->hold_frames = true;
	vit_test_wait("20 ticks", 10, has_ticks, recorder.machine);
	stats = vit_pattern_get_stats(recorder.machine, 0);
	g_assert_cmpuint(head->frames, ==, 1);
	g_assert_cmpuint(stats.skipped_ticks, ==, stats.ticks - 1);
	vit_test_head_release_frames(head);
	vit_test_head_wait_frames(head, 2);
	g_assert_cmpuint(read_stamp(head).number, ==, 2);
	/* An early release counts as well, while the frame is still held. */
	vit_frame_release(g_ptr_array_index(head->held, 0));
	vit_test_head_wait_frames(head, 3);
	vit_test_recorder_clear(&recorder);
}

static void test_does_not_wait(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_MOTION);
	VitTestRecorder recorder;

	init_recorder(&recorder, &options);
	recorder.heads[0].hold_frames = true;
	vit_test_head_wait_frames(&recorder.heads[0], 5);
	vit_test_recorder_clear(&recorder);
}

static bool has_two_sizes(void *user_data)
{
	const VitTestHead *head = user_data;

	return head->scanouts == 2;
}

static void test_resize_script(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_RESIZE);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];

	options.rate_hz = 20;
	init_recorder(&recorder, &options);
	vit_test_wait("another size", 10, has_two_sizes, head);
	vit_test_head_wait_frames(head, head->frames + 1);
	g_assert_cmpuint(vit_buffer_get_width(head->buffer), ==, 241);
	g_assert_cmpuint(vit_buffer_get_height(head->buffer), ==, 181);
	vit_test_recorder_clear(&recorder);
}

static bool has_second_cursor(void *user_data)
{
	const VitTestHead *head = user_data;

	return head->cursors >= 2;
}

static void test_everything_moves_the_cursor(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_EVERYTHING);
	VitTestRecorder recorder;

	init_recorder(&recorder, &options);
	vit_test_wait("another cursor", 10, has_second_cursor, &recorder.heads[0]);
	g_assert_cmpuint(recorder.heads[0].cursor_moves, >=, 10);
	vit_test_recorder_clear(&recorder);
}

static void assert_wish(VitTestHead *head, uint32_t width, uint32_t height, uint32_t expected_width,
			uint32_t expected_height)
{
	vit_input_sink_set_size(head->sink, width, height, 0, 0);
	vit_test_head_wait_frames(head, head->frames + 1);
	g_assert_cmpuint(vit_buffer_get_width(head->buffer), ==, expected_width);
	g_assert_cmpuint(vit_buffer_get_height(head->buffer), ==, expected_height);
	g_assert_cmpint(head->damage.extents.x2, ==, (int)expected_width);
}

static void test_set_size(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];

	init_recorder(&recorder, &options);
	vit_test_head_wait_frames(head, 1);
	assert_wish(head, 401, 303, 401, 303);
	assert_wish(head, 0, 0, VIT_PATTERN_MIN_WISH_PX, VIT_PATTERN_MIN_WISH_PX);
	assert_wish(head, G_MAXUINT32, 1, VIT_PATTERN_MAX_WISH_PX, VIT_PATTERN_MIN_WISH_PX);
	g_assert_cmpuint(head->scanouts, ==, 4);
	vit_test_recorder_clear(&recorder);
}

static void send_key(VitTestHead *head, uint32_t code, bool down)
{
	VitInput input = {.type = VIT_INPUT_KEY, .key = {code, down}};

	vit_input_sink_send(head->sink, &input);
}

static void test_keys_show(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];
	VitInput button = {.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, true}};
	const uint32_t x = 12, y = 240 - 16; /* in the block of a code that ends in 0 */
	uint32_t before, colour;

	init_recorder(&recorder, &options);
	vit_test_head_wait_frames(head, 1);
	before = read_pixel(head, x, y);
	send_key(head, KEY_D, true);
	vit_test_head_wait_frames(head, 2);
	colour = read_pixel(head, x, y);
	g_assert_cmphex(colour, !=, before);
	send_key(head, KEY_D, false);
	vit_test_head_wait_frames(head, 3);
	g_assert_cmphex(read_pixel(head, x, y), ==, before);
	vit_input_sink_send(head->sink, &button);
	vit_test_head_wait_frames(head, 4);
	g_assert_cmphex(read_pixel(head, x, y), !=, before);
	g_assert_cmphex(read_pixel(head, x, y), !=, colour);
	vit_test_recorder_clear(&recorder);
}

static void test_input_is_kept_in_order(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];
	VitInput input;

	init_recorder(&recorder, &options);
	g_assert_false(vit_pattern_take_input(recorder.machine, 0, &input));
	send_key(head, KEY_A, true);
	send_key(head, KEY_A, false);
	g_assert_true(vit_pattern_take_input(recorder.machine, 0, &input));
	g_assert_cmpint(input.type, ==, VIT_INPUT_KEY);
	g_assert_true(input.key.down);
	g_assert_true(vit_pattern_take_input(recorder.machine, 0, &input));
	g_assert_false(input.key.down);
	g_assert_false(vit_pattern_take_input(recorder.machine, 0, &input));
	for (uint32_t code = 1; code <= 100; code++) {
		send_key(head, code, true);
	}
	for (uint32_t code = 37; code <= 100; code++) {
		g_assert_true(vit_pattern_take_input(recorder.machine, 0, &input));
		g_assert_cmpuint(input.key.code, ==, code);
	}
	g_assert_false(vit_pattern_take_input(recorder.machine, 0, &input));
	vit_test_recorder_clear(&recorder);
}

typedef struct AwaitedPlace {
	const VitTestHead *head;
	int32_t x, y;
} AwaitedPlace;

static bool is_at_place(void *user_data)
{
	const AwaitedPlace *awaited = user_data;

	return awaited->head->cursor_moves > 0 && awaited->head->cursor_x == awaited->x &&
	       awaited->head->cursor_y == awaited->y && awaited->head->cursor_visible;
}

static void test_cursor_follows_pointer(void)
{
	/* The script that moves the cursor by itself must leave it alone from now on. */
	VitPatternOptions options = make_options(VIT_PATTERN_EVERYTHING);
	VitTestRecorder recorder;
	VitTestHead *head = &recorder.heads[0];
	VitInput absolute = {.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {100, 50}};
	VitInput relative = {.type = VIT_INPUT_POINTER_RELATIVE, .relative = {-7, 3}};
	VitInput outside = {.type = VIT_INPUT_POINTER_ABSOLUTE,
			    .absolute = {G_MAXUINT32, G_MAXUINT32}};
	VitInput far = {.type = VIT_INPUT_POINTER_RELATIVE, .relative = {G_MININT32, G_MININT32}};

	init_recorder(&recorder, &options);
	vit_test_head_wait_frames(head, 1);
	vit_input_sink_send(head->sink, &absolute);
	vit_test_wait("the pointer", 10, is_at_place, &(AwaitedPlace){head, 100, 50});
	vit_input_sink_send(head->sink, &relative);
	vit_test_wait("the pointer", 10, is_at_place, &(AwaitedPlace){head, 93, 53});
	vit_input_sink_send(head->sink, &outside);
	vit_test_wait("the edge", 10, is_at_place, &(AwaitedPlace){head, 319, 239});
	vit_input_sink_send(head->sink, &far);
	vit_test_wait("the corner", 10, is_at_place, &(AwaitedPlace){head, 0, 0});
	vit_test_recorder_clear(&recorder);
}

static void test_heads(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_TYPING);
	VitTestRecorder recorder;
	VitInput input;

	options.heads = VIT_PATTERN_MAX_HEADS;
	options.width = 64;
	options.height = 64;
	init_recorder(&recorder, &options);
	g_assert_cmpuint(recorder.n_heads, ==, VIT_PATTERN_MAX_HEADS);
	send_key(&recorder.heads[3], KEY_A, true);
	g_assert_false(vit_pattern_take_input(recorder.machine, 2, &input));
	g_assert_true(vit_pattern_take_input(recorder.machine, 3, &input));
	for (unsigned i = 0; i < recorder.n_heads; i++) {
		vit_test_head_wait_frames(&recorder.heads[i], 2);
	}
	vit_test_recorder_clear(&recorder);
}

static void assert_refused(const VitPatternOptions *options, VitError code)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_pattern_machine_new(options, &error));
	g_assert_error(error, VIT_ERROR, (int)code);
	g_assert_true(g_str_has_prefix(error->message, "test pattern"));
}

static void test_refuses_options(void)
{
	static const struct {
		VitPatternOptions options;
		VitError code;
	} bad[] = {
		{{64, 64, DRM_FORMAT_XRGB8888, 0, 1}, VIT_ERROR_INVALID_ARGUMENT},
		{{64, 64, DRM_FORMAT_XRGB8888, 1001, 1}, VIT_ERROR_INVALID_ARGUMENT},
		{{64, 64, DRM_FORMAT_XRGB8888, 60, 0}, VIT_ERROR_INVALID_ARGUMENT},
		{{64, 64, DRM_FORMAT_XRGB8888, 60, 17}, VIT_ERROR_INVALID_ARGUMENT},
		{{64, 64, DRM_FORMAT_XRGB8888, 60, 1, .padding_bytes = 4097},
		 VIT_ERROR_INVALID_ARGUMENT},
		{{64, 64, DRM_FORMAT_XRGB8888, 60, 1, .padding_bytes = 3},
		 VIT_ERROR_INVALID_METADATA},
		{{0, 64, DRM_FORMAT_XRGB8888, 60, 1}, VIT_ERROR_INVALID_METADATA},
		{{64, 16385, DRM_FORMAT_XRGB8888, 60, 1}, VIT_ERROR_INVALID_METADATA},
		{{64, 64, DRM_FORMAT_NV12, 60, 1}, VIT_ERROR_UNSUPPORTED},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		assert_refused(&bad[i].options, bad[i].code);
	}
}

/* Where the kernel has all kinds of memory, none is refused. */
static void test_refuses_missing_memory(void)
{
	VitPatternOptions options = make_options(VIT_PATTERN_STILL);

	for (unsigned i = VIT_PIXEL_UDMABUF; i <= VIT_PIXEL_DMA_HEAP; i++) {
		VIT_AUTOFD int fd = vit_pixel_memory_new_fd((VitPixelMemory)i, 1, NULL);

		options.memory = (VitPixelMemory)i;
		if (fd < 0) {
			assert_refused(&options, VIT_ERROR_UNSUPPORTED);
		} else {
			vit_machine_destroy(vit_pattern_machine_new(&options, NULL));
		}
	}
}

static void test_names(void)
{
	VitPatternScript script;
	VitPatternBuffering buffering;

	g_assert_true(vit_pattern_script_from_name("still", &script));
	g_assert_cmpint(script, ==, VIT_PATTERN_STILL);
	g_assert_true(vit_pattern_script_from_name("everything", &script));
	g_assert_cmpint(script, ==, VIT_PATTERN_EVERYTHING);
	g_assert_false(vit_pattern_script_from_name("", &script));
	g_assert_true(vit_pattern_buffering_from_name("fresh", &buffering));
	g_assert_cmpint(buffering, ==, VIT_PATTERN_FRESH);
	g_assert_false(vit_pattern_buffering_from_name("Ring", &buffering));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/pattern/beginning", test_beginning);
	vit_test_add("/pattern/still-sends-one-frame", test_still);
	vit_test_add("/pattern/clock/every-tick-is-counted", test_every_tick_is_counted);
	vit_test_add("/pattern/clock/does-not-drift", test_schedule_does_not_drift);
	vit_test_add("/pattern/waits-for-release", test_waits_for_release);
	vit_test_add("/pattern/does-not-wait-if-not-asked", test_does_not_wait);
	vit_test_add("/pattern/script/resize", test_resize_script);
	vit_test_add("/pattern/script/everything-moves-the-cursor",
		     test_everything_moves_the_cursor);
	vit_test_add("/pattern/input/set-size-is-granted-and-clamped", test_set_size);
	vit_test_add("/pattern/input/keys-and-buttons-show", test_keys_show);
	vit_test_add("/pattern/input/kept-in-order-and-bounded", test_input_is_kept_in_order);
	vit_test_add("/pattern/input/cursor-follows-pointer", test_cursor_follows_pointer);
	vit_test_add("/pattern/heads-are-independent", test_heads);
	vit_test_add("/pattern/refuses-options", test_refuses_options);
	vit_test_add("/pattern/refuses-missing-memory", test_refuses_missing_memory);
	vit_test_add("/pattern/names", test_names);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Scan codes, buttons and what an agent is told, as VitInput. */
#include <linux/input-event-codes.h>
#include <spice/vd_agent.h>
#include <string.h>

#include "server/spice/agent-reader.h"
#include "server/spice/pointer.h"
#include "server/spice/scancode.h"
#include "tests/support/fixture.h"

/* ---- Scan codes ---- */

/* Takes bytes, of which only the last ends a key. */
static void assert_key(const uint8_t *bytes, size_t n_bytes, uint32_t code, bool down)
{
	VitSpiceScancodes scancodes = {0};
	VitInput input;

	for (size_t i = 0; i + 1 < n_bytes; i++) {
		g_assert_false(vit_spice_scancodes_take(&scancodes, bytes[i], &input));
	}
	g_assert_true(vit_spice_scancodes_take(&scancodes, bytes[n_bytes - 1], &input));
	g_assert_cmpint(input.type, ==, VIT_INPUT_KEY);
	g_assert_cmpuint(input.key.code, ==, code);
	g_assert_cmpint(input.key.down, ==, down);
}

#define ASSERT_KEY(code, down, ...)                                                                \
	assert_key((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), code,   \
		   down)

static void test_keys(void)
{
	ASSERT_KEY(KEY_A, true, 0x1e);
	ASSERT_KEY(KEY_A, false, 0x9e);
	ASSERT_KEY(KEY_UP, true, 0xe0, 0x48);
	ASSERT_KEY(KEY_UP, false, 0xe0, 0xc8);
	ASSERT_KEY(KEY_KP8, true, 0x48);
	ASSERT_KEY(KEY_SYSRQ, true, 0xe0, 0x37);
	ASSERT_KEY(KEY_RIGHTCTRL, false, 0xe0, 0x9d);
}

static void test_pause(void)
{
	ASSERT_KEY(KEY_PAUSE, true, 0xe1, 0x1d, 0x45);
	ASSERT_KEY(KEY_PAUSE, false, 0xe1, 0x9d, 0xc5);
	ASSERT_KEY(KEY_PAUSE, true, 0xe0, 0x46); /* with Ctrl */
}

/* Nothing but a key is made of them, and the key after them is understood. */
static void test_no_keys(void)
{
	static const uint8_t bytes[] = {0x00, 0xff, 0xe0, 0x2a, 0xe0, 0xaa, 0xe0, 0xb6, 0xe0,
					0xe0, 0xe1, 0xe0, 0x7f, 0xe1, 0xe1, 0xe0, 0x00, 0x7f};
	VitSpiceScancodes scancodes = {0};
	VitInput input;

	for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
		g_assert_false(vit_spice_scancodes_take(&scancodes, bytes[i], &input));
	}
	g_assert_true(vit_spice_scancodes_take(&scancodes, 0x1e, &input));
	g_assert_cmpuint(input.key.code, ==, KEY_A);
}

/* ---- Pointer ---- */

typedef struct Emitted {
	unsigned head;
	VitInput input;
} Emitted;

static void on_emit(void *user_data, unsigned head, const VitInput *input)
{
	Emitted emitted = {head, *input};

	g_array_append_val(user_data, emitted);
}

static Emitted take(GArray *events)
{
	Emitted first;

	g_assert_cmpuint(events->len, >, 0);
	first = g_array_index(events, Emitted, 0);
	g_array_remove_index(events, 0);
	return first;
}

static void assert_button(GArray *events, unsigned head, uint32_t code, bool down)
{
	Emitted emitted = take(events);

	g_assert_cmpint(emitted.input.type, ==, VIT_INPUT_BUTTON);
	g_assert_cmpuint(emitted.head, ==, head);
	g_assert_cmpuint(emitted.input.button.code, ==, code);
	g_assert_cmpint(emitted.input.button.down, ==, down);
}

static void assert_position(GArray *events, unsigned head, uint32_t x, uint32_t y)
{
	Emitted emitted = take(events);

	g_assert_cmpint(emitted.input.type, ==, VIT_INPUT_POINTER_ABSOLUTE);
	g_assert_cmpuint(emitted.head, ==, head);
	g_assert_cmpuint(emitted.input.absolute.x, ==, x);
	g_assert_cmpuint(emitted.input.absolute.y, ==, y);
}

static void assert_wheel(GArray *events, int32_t dy)
{
	Emitted emitted = take(events);

	g_assert_cmpint(emitted.input.type, ==, VIT_INPUT_WHEEL);
	g_assert_cmpint(emitted.input.wheel.dx, ==, 0);
	g_assert_cmpint(emitted.input.wheel.dy, ==, dy);
}

static void test_absolute(void)
{
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Emitted));
	VitSpicePointer pointer = {.emit = on_emit, .user_data = events};

	vit_spice_pointer_set_agent_state(&pointer, 0, 10, 20, 0);
	assert_position(events, 0, 10, 20);
	vit_spice_pointer_set_agent_state(&pointer, 0, 11, 20,
					  VD_AGENT_LBUTTON_MASK | VD_AGENT_SBUTTON_MASK);
	assert_position(events, 0, 11, 20);
	assert_button(events, 0, BTN_LEFT, true);
	assert_button(events, 0, BTN_SIDE, true);
	vit_spice_pointer_set_agent_state(&pointer, 0, 11, 20,
					  VD_AGENT_RBUTTON_MASK | VD_AGENT_SBUTTON_MASK);
	assert_position(events, 0, 11, 20);
	assert_button(events, 0, BTN_LEFT, false);
	assert_button(events, 0, BTN_RIGHT, true);
	vit_spice_pointer_release_all(&pointer);
	assert_button(events, 0, BTN_RIGHT, false);
	assert_button(events, 0, BTN_SIDE, false);
	g_assert_cmpuint(events->len, ==, 0);
}

/* A notch is a button that goes down; several messages may come while it is. */
static void test_absolute_wheel(void)
{
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Emitted));
	VitSpicePointer pointer = {.emit = on_emit, .user_data = events};

	vit_spice_pointer_set_agent_state(&pointer, 0, 1, 1, VD_AGENT_UBUTTON_MASK);
	assert_position(events, 0, 1, 1);
	assert_wheel(events, -1);
	vit_spice_pointer_set_agent_state(&pointer, 0, 2, 1, VD_AGENT_UBUTTON_MASK);
	assert_position(events, 0, 2, 1);
	vit_spice_pointer_set_agent_state(&pointer, 0, 2, 1, 0);
	assert_position(events, 0, 2, 1);
	vit_spice_pointer_set_agent_state(&pointer, 0, 2, 1, VD_AGENT_DBUTTON_MASK);
	assert_position(events, 0, 2, 1);
	assert_wheel(events, 1);
	g_assert_cmpuint(events->len, ==, 0);
}

static void test_buttons_stay_on_their_head(void)
{
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Emitted));
	VitSpicePointer pointer = {.emit = on_emit, .user_data = events};

	vit_spice_pointer_set_agent_state(&pointer, 0, 1, 1, VD_AGENT_MBUTTON_MASK);
	assert_position(events, 0, 1, 1);
	assert_button(events, 0, BTN_MIDDLE, true);
	vit_spice_pointer_set_agent_state(&pointer, 1, 5, 5, VD_AGENT_MBUTTON_MASK);
	assert_button(events, 0, BTN_MIDDLE, false);
	assert_position(events, 1, 5, 5);
	assert_button(events, 1, BTN_MIDDLE, true);
	g_assert_cmpuint(events->len, ==, 0);
}

static void test_relative(void)
{
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Emitted));
	VitSpicePointer pointer = {.emit = on_emit, .user_data = events};
	Emitted emitted;

	vit_spice_pointer_move(&pointer, -3, 4, 0, 0);
	emitted = take(events);
	g_assert_cmpint(emitted.input.type, ==, VIT_INPUT_POINTER_RELATIVE);
	g_assert_cmpint(emitted.input.relative.dx, ==, -3);
	g_assert_cmpint(emitted.input.relative.dy, ==, 4);
	/* The library's own order: left, right, middle. */
	vit_spice_pointer_move(&pointer, 0, 0, 0, 1 << 1);
	assert_button(events, 0, BTN_RIGHT, true);
	vit_spice_pointer_move(&pointer, 0, 0, 1, 1 << 2 | 1 << 7);
	assert_button(events, 0, BTN_RIGHT, false);
	assert_button(events, 0, BTN_MIDDLE, true);
	assert_button(events, 0, BTN_EXTRA, true);
	assert_wheel(events, 1);
	g_assert_cmpuint(events->len, ==, 0);
}

/* ---- What is written to an agent ---- */

typedef struct Heard {
	unsigned n_messages;
	VitSpiceAgentPort port;
	uint32_t type;
	size_t n_body_bytes;
	uint8_t body[VIT_SPICE_AGENT_KEPT_BYTES];
} Heard;

static void on_message(void *user_data, VitSpiceAgentPort port, uint32_t type, const uint8_t *body,
		       size_t n_body_bytes)
{
	Heard *heard = user_data;

	heard->n_messages++;
	heard->port = port;
	heard->type = type;
	heard->n_body_bytes = n_body_bytes;
	g_assert_cmpuint(n_body_bytes, <=, sizeof(heard->body));
	memcpy(heard->body, body, n_body_bytes);
}

static void append_chunk(GByteArray *bytes, uint32_t port, const void *data, uint32_t n_bytes)
{
	VDIChunkHeader header = {port, n_bytes};

	g_byte_array_append(bytes, (const uint8_t *)&header, sizeof(header));
	g_byte_array_append(bytes, data, n_bytes);
}

static GByteArray *make_message(uint32_t type, uint32_t n_bytes)
{
	GByteArray *message = g_byte_array_new();
	VDAgentMessage header = {.protocol = VD_AGENT_PROTOCOL, .type = type, .size = n_bytes};

	g_byte_array_append(message, (const uint8_t *)&header, sizeof(header));
	for (uint32_t i = 0; i < n_bytes; i++) {
		uint8_t byte = (uint8_t)i;

		g_byte_array_append(message, &byte, 1);
	}
	return message;
}

/* Two streams, whose chunks come in turn, fed in parts of every size. */
static void test_agent_streams(void)
{
	g_autoptr(GByteArray) large = make_message(4, 1000), small = make_message(1, 13);
	g_autoptr(GByteArray) empty = make_message(12, 0), bytes = g_byte_array_new();

	append_chunk(bytes, VDP_CLIENT_PORT, large->data, 500);
	append_chunk(bytes, VDP_SERVER_PORT, small->data, small->len);
	append_chunk(bytes, 77, small->data, small->len); /* nobody's */
	append_chunk(bytes, VDP_CLIENT_PORT, large->data, 0);
	append_chunk(bytes, VDP_CLIENT_PORT, large->data + 500, large->len - 500);
	append_chunk(bytes, VDP_SERVER_PORT, empty->data, empty->len);
	for (size_t step = 1; step <= bytes->len; step += 1 + step / 2) {
		Heard heard = {0};
		VitSpiceAgentReader reader = {.message = on_message, .user_data = &heard};
		unsigned n_before = 0;

		for (size_t at = 0; at < bytes->len; at += step) {
			vit_spice_agent_reader_take(&reader, bytes->data + at,
						    MIN(step, bytes->len - at));
			if (step == 1 && heard.n_messages == 1 && n_before == 0) {
				n_before = heard.n_messages;
				g_assert_cmpint(heard.port, ==, VIT_SPICE_AGENT_SERVER);
				g_assert_cmpuint(heard.type, ==, 1);
				g_assert_cmpmem(heard.body, heard.n_body_bytes, small->data + 20,
						13);
			} else if (step == 1 && heard.n_messages == 2 && n_before == 1) {
				n_before = heard.n_messages;
				g_assert_cmpint(heard.port, ==, VIT_SPICE_AGENT_CLIENT);
				g_assert_cmpuint(heard.type, ==, 4);
				g_assert_cmpmem(heard.body, heard.n_body_bytes, large->data + 20,
						VIT_SPICE_AGENT_KEPT_BYTES);
			}
		}
		g_assert_cmpuint(heard.n_messages, ==, 3);
		g_assert_cmpuint(heard.type, ==, 12);
		g_assert_cmpuint(heard.n_body_bytes, ==, 0);
	}
}

/* Sizes are counted: one that cannot be true swallows what follows, and nothing else. */
static void test_agent_impossible_sizes(void)
{
	Heard heard = {0};
	VitSpiceAgentReader reader = {.message = on_message, .user_data = &heard};
	const VDIChunkHeader chunk = {VDP_CLIENT_PORT, UINT32_MAX};
	const VDAgentMessage message = {.type = 3, .size = UINT32_MAX};
	uint8_t bytes[4096] = {0};

	vit_spice_agent_reader_take(&reader, (const uint8_t *)&chunk, sizeof(chunk));
	vit_spice_agent_reader_take(&reader, (const uint8_t *)&message, sizeof(message));
	for (unsigned i = 0; i < 1000; i++) {
		vit_spice_agent_reader_take(&reader, bytes, sizeof(bytes));
	}
	g_assert_cmpuint(heard.n_messages, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/spice-input/scancodes/keys", test_keys);
	vit_test_add("/spice-input/scancodes/pause", test_pause);
	vit_test_add("/spice-input/scancodes/no-keys", test_no_keys);
	vit_test_add("/spice-input/pointer/absolute", test_absolute);
	vit_test_add("/spice-input/pointer/absolute-wheel", test_absolute_wheel);
	vit_test_add("/spice-input/pointer/head-changes", test_buttons_stay_on_their_head);
	vit_test_add("/spice-input/pointer/relative", test_relative);
	vit_test_add("/spice-input/agent/streams", test_agent_streams);
	vit_test_add("/spice-input/agent/impossible-sizes", test_agent_impossible_sizes);
	return g_test_run();
}

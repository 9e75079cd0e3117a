/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The parser of viewers' messages: each message whole and cut at every byte, and each thing that a
 * viewer may not send.
 */
#include "server/vnc/rfb-message.h"

#include <string.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

#define WIRE(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#define FORMAT_XRGB 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0

typedef void (*Check)(const VitRfbMessage *message);

/* Parses @wire, delivered in two pieces as a receive buffer would, and checks the one message. */
static void expect_split(VitRfbParser parser, const uint8_t *wire, size_t n_bytes, size_t first)
{
	g_autofree uint8_t *head = g_memdup2(wire, first);
	VitRfbSpan span = {head, first};
	VitRfbMessage message;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, &error), ==,
			VIT_RFB_PARSED_NEED_MORE);
	g_assert_no_error(error);
	span = (VitRfbSpan){wire + (first - span.n_bytes), n_bytes - first + span.n_bytes};
	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, &error), ==,
			VIT_RFB_PARSED_MESSAGE);
	g_assert_cmpuint(span.n_bytes, ==, 0);
}

static void expect(VitRfbParser *parser, const uint8_t *wire, size_t n_bytes, Check check)
{
	/* On the heap and exactly as long, so that a sanitizer sees a read beyond it. */
	g_autofree uint8_t *bytes = g_memdup2(wire, n_bytes);
	VitRfbSpan span = {bytes, n_bytes};
	VitRfbMessage message;
	g_autoptr(GError) error = NULL;

	for (size_t first = 1; first < n_bytes; first++) {
		expect_split(*parser, wire, n_bytes, first);
	}
	g_assert_cmpint(vit_rfb_parser_next(parser, &span, &message, &error), ==,
			VIT_RFB_PARSED_MESSAGE);
	g_assert_no_error(error);
	g_assert_cmpuint(span.n_bytes, ==, 0);
	g_assert_cmpmem(message.wire, message.n_wire_bytes, wire, n_bytes);
	check(&message);
}

static void expect_invalid(const uint8_t *wire, size_t n_bytes, const char *words)
{
	g_autofree uint8_t *bytes = g_memdup2(wire, n_bytes);
	VitRfbSpan span = {bytes, n_bytes};
	VitRfbParser parser;
	VitRfbMessage message;
	g_autoptr(GError) error = NULL;

	vit_rfb_parser_init(&parser);
	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, &error), ==,
			VIT_RFB_PARSED_INVALID);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_assert_nonnull(strstr(error->message, words));
	g_assert_nonnull(strstr(error->message, "the connection is closed"));
}

static void check_pixel_format(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_SET_PIXEL_FORMAT);
	g_assert_cmpuint(message->pixel_format.bits_per_pixel, ==, 16);
	g_assert_cmpuint(message->pixel_format.depth, ==, 15);
	g_assert_true(message->pixel_format.big_endian);
	g_assert_true(message->pixel_format.true_colour);
	g_assert_cmpuint(message->pixel_format.red_max, ==, 31);
	g_assert_cmpuint(message->pixel_format.green_max, ==, 63);
	g_assert_cmpuint(message->pixel_format.blue_max, ==, 15);
	g_assert_cmpuint(message->pixel_format.red_shift, ==, 11);
	g_assert_cmpuint(message->pixel_format.green_shift, ==, 5);
	g_assert_cmpuint(message->pixel_format.blue_shift, ==, 1);
}

static void test_pixel_format_accepted(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(0, 0, 0, 0, 16, 15, 1, 1, 0, 31, 0, 63, 0, 15, 11, 5, 1, 0, 0, 0),
	       check_pixel_format);
}

static void test_pixel_format_round_trip(void)
{
	const VitRfbPixelFormat format = {
		.bits_per_pixel = 32,
		.depth = 30,
		.big_endian = true,
		.true_colour = true,
		.red_max = 1023,
		.green_max = 1023,
		.blue_max = 1023,
		.red_shift = 20,
		.green_shift = 10,
	};
	g_autoptr(GByteArray) wire = g_byte_array_new();
	g_autoptr(GByteArray) wire_again = g_byte_array_new();
	VitRfbPixelFormat parsed;
	g_autoptr(GError) error = NULL;

	vit_rfb_pixel_format_append(wire, &format);
	g_assert_cmpuint(wire->len, ==, VIT_RFB_PIXEL_FORMAT_BYTES);
	g_assert_true(vit_rfb_pixel_format_parse(wire->data, &parsed, &error));
	vit_rfb_pixel_format_append(wire_again, &parsed);
	g_assert_cmpmem(wire_again->data, wire_again->len, wire->data, wire->len);
}

static void test_pixel_format_refused(void)
{
	static const struct {
		unsigned offset;
		uint8_t value;
		const char *words;
	} cases[] = {
		{0, 24, "24 bits per pixel"}, {0, 0, "0 bits per pixel"},
		{0, 64, "64 bits per pixel"}, {1, 0, "depth of 0"},
		{1, 33, "depth of 33"},       {3, 0, "colour map"},
		{5, 254, "red maximum"},      {5, 0, "red maximum"},
		{7, 100, "green maximum"},    {9, 5, "blue maximum"},
		{10, 25, "shifts red"},       {11, 255, "shifts green"},
		{12, 32, "shifts blue"},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint8_t wire[] = {0, 0, 0, 0, FORMAT_XRGB};

		wire[4 + cases[i].offset] = cases[i].value;
		expect_invalid(wire, sizeof wire, cases[i].words);
	}
}

static void check_encodings(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_SET_ENCODINGS);
	g_assert_cmpuint(message->n_encodings, ==, 3);
	g_assert_cmpint(vit_rfb_message_get_encoding(message, 0), ==, VIT_RFB_ENCODING_TIGHT);
	g_assert_cmpint(vit_rfb_message_get_encoding(message, 1), ==, VIT_RFB_PSEUDO_FENCE);
	g_assert_cmpint(vit_rfb_message_get_encoding(message, 2), ==,
			VIT_RFB_PSEUDO_EXTENDED_CLIPBOARD);
}

static void test_encodings_accepted(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(2, 0, 0, 3, 0, 0, 0, 7, 255, 255, 254, 200, 0xc0, 0xa1, 0xe5, 0xce),
	       check_encodings);
}

static void check_no_encodings(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_SET_ENCODINGS);
	g_assert_cmpuint(message->n_encodings, ==, 0);
}

static void check_most_encodings(const VitRfbMessage *message)
{
	g_assert_cmpuint(message->n_encodings, ==, VIT_RFB_MAX_ENCODINGS);
	g_assert_cmpuint(message->n_wire_bytes, ==, VIT_RFB_MESSAGE_MAX_BYTES);
}

static void test_encodings_limits(void)
{
	uint8_t most[VIT_RFB_MESSAGE_MAX_BYTES] = {2, 0, VIT_RFB_MAX_ENCODINGS >> 8, 0};
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(2, 0, 0, 0), check_no_encodings);
	expect(&parser, most, sizeof most, check_most_encodings);
	/* Refused by its head, before the list is there. */
	expect_invalid(WIRE(2, 0, 1, 1), "257 encodings");
	expect_invalid(WIRE(2, 0, 255, 255), "65535 encodings");
}

static void check_update_request(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_UPDATE_REQUEST);
	g_assert_true(message->update_request.incremental);
	g_assert_cmpuint(message->update_request.x, ==, 0x102);
	g_assert_cmpuint(message->update_request.y, ==, 0x304);
	g_assert_cmpuint(message->update_request.width, ==, 0x506);
	g_assert_cmpuint(message->update_request.height, ==, 0x708);
}

static void test_update_request(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(3, 1, 1, 2, 3, 4, 5, 6, 7, 8), check_update_request);
}

static void check_key(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_KEY);
	g_assert_true(message->key.down);
	g_assert_cmphex(message->key.keysym, ==, 0xff0d);
}

static void check_extended_key(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_EXTENDED_KEY);
	g_assert_true(message->extended_key.down);
	g_assert_cmphex(message->extended_key.keysym, ==, 0xff54);
	g_assert_cmphex(message->extended_key.qnum, ==, 0xd0);
}

static void test_keys(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(4, 1, 0, 0, 0, 0, 0xff, 0x0d), check_key);
	expect(&parser, WIRE(255, 0, 0, 1, 0, 0, 0xff, 0x54, 0, 0, 0, 0xd0), check_extended_key);
}

static void check_pointer(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_POINTER);
	g_assert_cmphex(message->pointer.buttons, ==, 0x81);
	g_assert_cmpuint(message->pointer.x, ==, 0x0203);
	g_assert_cmpuint(message->pointer.y, ==, 0x0405);
}

static void check_extended_pointer(const VitRfbMessage *message)
{
	g_assert_cmphex(message->pointer.buttons, ==,
			VIT_RFB_BUTTON_LEFT | VIT_RFB_BUTTON_BACK | VIT_RFB_BUTTON_FORWARD);
	g_assert_cmpuint(message->pointer.x, ==, 0x0203);
	g_assert_cmpuint(message->pointer.y, ==, 0x0405);
}

static void check_short_pointer(const VitRfbMessage *message)
{
	g_assert_cmphex(message->pointer.buttons, ==, VIT_RFB_BUTTON_LEFT);
}

static void test_pointer(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(5, 0x81, 2, 3, 4, 5), check_pointer);
	vit_rfb_parser_set_extended_buttons(&parser, true);
	expect(&parser, WIRE(5, 0x81, 2, 3, 4, 5, 0xff), check_extended_pointer);
	expect(&parser, WIRE(5, 0x01, 2, 3, 4, 5), check_short_pointer);
}

static void check_ignored(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_IGNORED);
}

static void check_fence_marker(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_FENCE);
}

/* A cut text, of either form, is gone when the message after it comes, however it was cut up. */
static void expect_skipped(const uint8_t *head, size_t n_head_bytes, size_t n_text_bytes)
{
	static const uint8_t fence[] = {248, 0, 0, 0, 0, 0, 0, 0, 0};
	uint8_t chunk[7];
	VitRfbParser parser;
	VitRfbSpan span;
	VitRfbMessage message;

	memset(chunk, 99, sizeof chunk);
	vit_rfb_parser_init(&parser);
	expect(&parser, head, n_head_bytes, check_ignored);
	while (n_text_bytes > 0) {
		size_t n = MIN(n_text_bytes, sizeof chunk);

		span = (VitRfbSpan){chunk, n};
		g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, NULL), ==,
				VIT_RFB_PARSED_NEED_MORE);
		g_assert_cmpuint(span.n_bytes, ==, 0);
		n_text_bytes -= n;
	}
	expect(&parser, fence, sizeof fence, check_fence_marker);
}

static void test_cut_text_skipped(void)
{
	expect_skipped(WIRE(6, 0, 0, 0, 0, 0, 0, 0), 0);
	expect_skipped(WIRE(6, 0, 0, 0, 0, 0, 0, 100), 100);
	expect_skipped(WIRE(6, 0, 0, 0, 0, 0x10, 0, 0), VIT_RFB_MAX_CUT_TEXT_BYTES);
	/* Extended: a negative length. */
	expect_skipped(WIRE(6, 0, 0, 0, 255, 255, 255, 252), 4);
	expect_skipped(WIRE(6, 0, 0, 0, 255, 255, 255, 156), 100);
}

static void test_cut_text_refused(void)
{
	expect_invalid(WIRE(6, 0, 0, 0, 0, 0x10, 0, 1), "1048577 bytes");
	expect_invalid(WIRE(6, 0, 0, 0, 0x7f, 255, 255, 255), "2147483647 bytes");
	expect_invalid(WIRE(6, 0, 0, 0, 0x80, 0, 0, 0), "2147483648 bytes");
	expect_invalid(WIRE(6, 0, 0, 0, 255, 255, 255, 253), "3 bytes has no room");
}

static void check_continuous_updates(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_CONTINUOUS_UPDATES);
	g_assert_true(message->continuous_updates.enable);
	g_assert_cmpuint(message->continuous_updates.x, ==, 1);
	g_assert_cmpuint(message->continuous_updates.y, ==, 2);
	g_assert_cmpuint(message->continuous_updates.width, ==, 0x320);
	g_assert_cmpuint(message->continuous_updates.height, ==, 0x258);
}

static void test_continuous_updates(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(150, 1, 0, 1, 0, 2, 3, 0x20, 2, 0x58), check_continuous_updates);
}

static void check_fence(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_FENCE);
	g_assert_cmphex(message->fence.flags, ==,
			VIT_RFB_FENCE_REQUEST | VIT_RFB_FENCE_BLOCK_BEFORE);
	g_assert_cmpmem(message->fence.payload, message->fence.n_bytes, "abc", 3);
}

static void check_longest_fence(const VitRfbMessage *message)
{
	g_assert_cmpuint(message->fence.n_bytes, ==, VIT_RFB_MAX_FENCE_BYTES);
}

static void test_fence(void)
{
	uint8_t longest[9 + VIT_RFB_MAX_FENCE_BYTES] = {248, [8] = VIT_RFB_MAX_FENCE_BYTES};
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(248, 0, 0, 0, 0x80, 0, 0, 1, 3, 'a', 'b', 'c'), check_fence);
	expect(&parser, longest, sizeof longest, check_longest_fence);
	expect_invalid(WIRE(248, 0, 0, 0, 0, 0, 0, 0, 65), "65 bytes");
}

static void check_desktop_size(const VitRfbMessage *message)
{
	g_assert_cmpint(message->type, ==, VIT_RFB_SET_DESKTOP_SIZE);
	g_assert_cmpuint(message->desktop_size.width, ==, 0x0400);
	g_assert_cmpuint(message->desktop_size.height, ==, 0x0300);
	g_assert_cmpuint(message->desktop_size.n_screens, ==, 2);
	g_assert_cmpuint(message->desktop_size.screens[0].id, ==, 7);
	g_assert_cmpuint(message->desktop_size.screens[0].width, ==, 0x200);
	g_assert_cmpuint(message->desktop_size.screens[1].id, ==, 0x01020304);
	g_assert_cmpuint(message->desktop_size.screens[1].x, ==, 0x200);
	g_assert_cmpuint(message->desktop_size.screens[1].y, ==, 1);
	g_assert_cmpuint(message->desktop_size.screens[1].width, ==, 0x1ff);
	g_assert_cmpuint(message->desktop_size.screens[1].height, ==, 0x2ff);
	g_assert_cmphex(message->desktop_size.screens[1].flags, ==, 0x80000001);
}

static void check_no_screens(const VitRfbMessage *message)
{
	g_assert_cmpuint(message->desktop_size.n_screens, ==, 0);
}

static void check_most_screens(const VitRfbMessage *message)
{
	g_assert_cmpuint(message->desktop_size.n_screens, ==, VIT_RFB_MAX_SCREENS);
}

static void test_desktop_size(void)
{
	uint8_t most[8 + 16 * VIT_RFB_MAX_SCREENS] = {251, [6] = VIT_RFB_MAX_SCREENS};
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	/* clang-format off */
	expect(&parser,
	       WIRE(251, 0, 4, 0, 3, 0, 2, 0,
		    0, 0, 0, 7, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 0, 0,
		    1, 2, 3, 4, 2, 0, 0, 1, 1, 0xff, 2, 0xff, 0x80, 0, 0, 1),
	       check_desktop_size);
	/* clang-format on */
	expect(&parser, WIRE(251, 0, 0, 0, 0, 0, 0, 0), check_no_screens);
	expect(&parser, most, sizeof most, check_most_screens);
	expect_invalid(WIRE(251, 0, 4, 0, 3, 0, 17, 0), "17 screens");
}

static void test_not_offered_is_ignored(void)
{
	VitRfbParser parser;

	vit_rfb_parser_init(&parser);
	expect(&parser, WIRE(250, 0, 1, 2), check_ignored);
	expect(&parser, WIRE(255, 1, 0, 0), check_ignored);
	expect(&parser, WIRE(255, 1, 0, 1), check_ignored);
	expect(&parser, WIRE(255, 1, 0, 2, 3, 2, 0, 0, 0xac, 0x44), check_ignored);
	expect_invalid(WIRE(255, 1, 0, 3), "operation 3");
}

static void test_unknown_refused(void)
{
	expect_invalid(WIRE(1), "message 1 is not");
	expect_invalid(WIRE(7), "message 7 is not");
	expect_invalid(WIRE('G', 'E', 'T'), "message 71 is not");
	expect_invalid(WIRE(255, 2), "QEMU message 2");
}

static void test_nothing(void)
{
	VitRfbParser parser;
	VitRfbMessage message;
	VitRfbSpan span = {(const uint8_t *)"", 0};

	vit_rfb_parser_init(&parser);
	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, NULL), ==,
			VIT_RFB_PARSED_NEED_MORE);
}

/* What TigerVNC sends on connecting, in one piece: each message ends where the next begins. */
static void test_several_in_one_piece(void)
{
	/* clang-format off */
	const uint8_t wire[] = {
		0, 0, 0, 0, FORMAT_XRGB,
		2, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0,
		6, 0, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c',
		3, 0, 0, 0, 0, 0, 4, 0, 3, 0,
		5, 1, 0, 1, 0, 2,
	};
	/* clang-format on */
	static const VitRfbMessageType types[] = {VIT_RFB_SET_PIXEL_FORMAT, VIT_RFB_SET_ENCODINGS,
						  VIT_RFB_IGNORED, VIT_RFB_UPDATE_REQUEST,
						  VIT_RFB_POINTER};
	VitRfbSpan span = {wire, sizeof wire};
	VitRfbParser parser;
	VitRfbMessage message;

	vit_rfb_parser_init(&parser);
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, NULL), ==,
				VIT_RFB_PARSED_MESSAGE);
		g_assert_cmpint(message.type, ==, types[i]);
	}
	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, NULL), ==,
			VIT_RFB_PARSED_NEED_MORE);
	g_assert_cmpuint(span.n_bytes, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/rfb-message/pixel-format/accepted", test_pixel_format_accepted);
	vit_test_add("/rfb-message/pixel-format/round-trip", test_pixel_format_round_trip);
	vit_test_add("/rfb-message/pixel-format/refused", test_pixel_format_refused);
	vit_test_add("/rfb-message/encodings/accepted", test_encodings_accepted);
	vit_test_add("/rfb-message/encodings/limits", test_encodings_limits);
	vit_test_add("/rfb-message/update-request", test_update_request);
	vit_test_add("/rfb-message/keys", test_keys);
	vit_test_add("/rfb-message/pointer", test_pointer);
	vit_test_add("/rfb-message/cut-text/skipped", test_cut_text_skipped);
	vit_test_add("/rfb-message/cut-text/refused", test_cut_text_refused);
	vit_test_add("/rfb-message/continuous-updates", test_continuous_updates);
	vit_test_add("/rfb-message/fence", test_fence);
	vit_test_add("/rfb-message/desktop-size", test_desktop_size);
	vit_test_add("/rfb-message/not-offered-is-ignored", test_not_offered_is_ignored);
	vit_test_add("/rfb-message/unknown-refused", test_unknown_refused);
	vit_test_add("/rfb-message/nothing", test_nothing);
	vit_test_add("/rfb-message/several-in-one-piece", test_several_in_one_piece);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/encodings.h"

#include <glib.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

/* Reads what a viewer says, as it comes out of the parser. */
static VitRfbEncodings read_encodings(const int32_t *numbers, unsigned n_numbers, bool jpeg)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const uint8_t head[] = {VIT_RFB_CLIENT_SET_ENCODINGS, 0, (uint8_t)(n_numbers >> 8),
				(uint8_t)n_numbers};
	VitRfbEncodings encodings;
	VitRfbMessage message;
	VitRfbParser parser;
	VitRfbSpan span;

	g_byte_array_append(bytes, head, sizeof(head));
	for (unsigned i = 0; i < n_numbers; i++) {
		uint32_t wire = GUINT32_TO_BE((uint32_t)numbers[i]);

		g_byte_array_append(bytes, (uint8_t *)&wire, sizeof(wire));
	}
	span = (VitRfbSpan){.bytes = bytes->data, .n_bytes = bytes->len};
	vit_rfb_parser_init(&parser);
	g_assert_cmpint(vit_rfb_parser_next(&parser, &span, &message, NULL), ==,
			VIT_RFB_PARSED_MESSAGE);
	vit_rfb_encodings_read(&encodings, &message, jpeg);
	return encodings;
}

#define READ(jpeg, ...)                                                                            \
	read_encodings((const int32_t[]){__VA_ARGS__},                                             \
		       sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t), jpeg)

static void test_order(void)
{
	/* Unknown, not offered (RRE), and then the viewer's choice. */
	VitRfbEncodings encodings =
		READ(true, 50, -9999, VIT_RFB_ENCODING_RRE, VIT_RFB_ENCODING_ZRLE,
		     VIT_RFB_ENCODING_TIGHT, VIT_RFB_ENCODING_ZRLE, VIT_RFB_ENCODING_RAW);

	g_assert_cmpuint(encodings.n_pixel_encodings, ==, 3);
	g_assert_cmpint(encodings.pixel_encodings[0], ==, VIT_RFB_ENCODING_ZRLE);
	g_assert_cmpint(encodings.pixel_encodings[1], ==, VIT_RFB_ENCODING_TIGHT);
	g_assert_cmpint(encodings.pixel_encodings[2], ==, VIT_RFB_ENCODING_RAW);
}

static void test_jpeg(void)
{
	VitRfbEncodings with = READ(true, VIT_RFB_ENCODING_TIGHT, -25, -30, -500, -765, -250);
	VitRfbEncodings without = READ(false, VIT_RFB_ENCODING_TIGHT, -25, -500, -765, -250);

	g_assert_cmpuint(with.n_pixel_encodings, ==, 6);
	g_assert_cmpint(with.pixel_encodings[1], ==, -25); /* the first of its kind */
	g_assert_cmpuint(without.n_pixel_encodings, ==, 3);
	g_assert_cmpint(without.pixel_encodings[1], ==, -250);
}

/* All numbers that could be meant, many times: the list stays short. */
static void test_bounded(void)
{
	int32_t numbers[VIT_RFB_MAX_ENCODINGS];
	VitRfbEncodings encodings;

	for (int32_t start = -800; start < 100; start += VIT_RFB_MAX_ENCODINGS) {
		for (unsigned i = 0; i < VIT_RFB_MAX_ENCODINGS; i++) {
			numbers[i] = start + (int32_t)i;
		}
		encodings = read_encodings(numbers, VIT_RFB_MAX_ENCODINGS, true);
		g_assert_cmpuint(encodings.n_pixel_encodings, <=, VIT_RFB_MAX_PIXEL_ENCODINGS);
	}
}

static void test_features(void)
{
	VitRfbEncodings none = read_encodings(NULL, 0, true);
	VitRfbEncodings some = READ(true, VIT_RFB_PSEUDO_FENCE, VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA,
				    VIT_RFB_ENCODING_COPY_RECT, VIT_RFB_PSEUDO_DESKTOP_NAME);

	g_assert_false(none.fence || none.cursor_with_alpha || none.desktop_name);
	g_assert_true(some.fence && some.cursor_with_alpha && some.desktop_name && some.copy_rect);
	g_assert_false(some.cursor || some.continuous_updates || some.desktop_size);
	/* What every viewer takes. */
	g_assert_cmpuint(some.n_pixel_encodings, ==, 1);
	g_assert_cmpint(some.pixel_encodings[0], ==, VIT_RFB_ENCODING_RAW);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/encodings/viewers-order", test_order);
	vit_test_add("/encodings/jpeg-if-allowed", test_jpeg);
	vit_test_add("/encodings/bounded", test_bounded);
	vit_test_add("/encodings/features", test_features);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The display socket's checks of headers and payloads: a test for each way to be refused. */
#include <string.h>

#include "config/error.h"
#include "sources/display-wire.h"
#include "tests/support/fixture.h"

#define ALL_FEATURES (VIT_DISPLAY_PLANES | VIT_DISPLAY_DISPLAY_CHANGED | VIT_DISPLAY_INPUT)

static const struct {
	VitDisplayRequest request;
	uint32_t n_bytes;
	unsigned max_fds;
	bool has_head;
} requests[] = {
	{VIT_DISPLAY_GET_PROTOCOL_FEATURES, 0, 0, false},
	{VIT_DISPLAY_SET_PROTOCOL_FEATURES, 8, 0, false},
	{VIT_DISPLAY_GET_DISPLAY_INFO, 0, 0, false},
	{VIT_DISPLAY_CURSOR_POS, 12, 0, true},
	{VIT_DISPLAY_CURSOR_POS_HIDE, 12, 0, true},
	{VIT_DISPLAY_CURSOR_UPDATE, 20 + 64 * 64 * 4, 0, true},
	{VIT_DISPLAY_SCANOUT, 12, 0, true},
	{VIT_DISPLAY_DMABUF_SCANOUT, 40, 1, true},
	{VIT_DISPLAY_DMABUF_UPDATE, 20, 0, true},
	{VIT_DISPLAY_GET_EDID, 4, 0, true},
	{VIT_DISPLAY_DMABUF_SCANOUT2, 48, 1, true},
	{VIT_DISPLAY_DMABUF_SCANOUT_PLANES, 80, 4, true},
	{VIT_DISPLAY_INPUT_STATE, 12, 0, true},
};

static void assert_header(bool good, const VitDisplayHeader *header, uint64_t features,
			  const char *words)
{
	g_autoptr(GError) error = NULL;
	bool is_good = vit_display_check_header(header, features, &error);

	g_assert_true(is_good == good);
	g_assert_true(is_good == !error);
	if (error) {
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
		g_assert_nonnull(strstr(error->message, words));
	}
}

static void assert_payload(bool good, const VitDisplayHeader *header,
			   const VitDisplayPayload *payload, unsigned n_fds, const char *words)
{
	g_autoptr(GError) error = NULL;
	bool is_good = vit_display_check_payload(header, payload, n_fds, &error);

	g_assert_true(is_good == good);
	g_assert_true(is_good == !error);
	if (error) {
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
		g_assert_nonnull(strstr(error->message, words));
	}
}

static void test_sizes(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		VitDisplayHeader header = {requests[i].request, 0, requests[i].n_bytes};

		assert_header(true, &header, ALL_FEATURES, NULL);
		g_assert_cmpuint(vit_display_fixed_bytes(&header), ==, requests[i].n_bytes);
		header.size_bytes++;
		assert_header(false, &header, ALL_FEATURES, "must be");
		header.size_bytes -= 2; /* of nothing, a size that is far too large */
		assert_header(false, &header, ALL_FEATURES, "must be");
		header.size_bytes = UINT32_MAX;
		assert_header(false, &header, ALL_FEATURES, "must be");
	}
}

static void test_unknown_requests(void)
{
	static const uint32_t unknown[] = {0, 13, 0x5600, 0x5603, 0x5681, 0x5682, UINT32_MAX};

	for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++) {
		const VitDisplayHeader header = {.request = unknown[i]};

		assert_header(false, &header, UINT64_MAX, "not one that is known");
		g_assert_cmpstr(vit_display_request_name(unknown[i]), ==, "unknown request");
		g_assert_cmpuint(vit_display_fixed_bytes(&header), ==, 0);
	}
}

static void test_answer_unasked(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_DMABUF_UPDATE, VIT_DISPLAY_IS_REPLY, 20};

	assert_header(false, &header, ALL_FEATURES, "marked as an answer");
}

/* What other bits mean is not defined, so they are left alone. */
static void test_other_flags(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_DMABUF_UPDATE, ~VIT_DISPLAY_IS_REPLY, 20};

	assert_header(true, &header, 0, NULL);
}

static void test_features(void)
{
	const VitDisplayHeader planes = {VIT_DISPLAY_DMABUF_SCANOUT_PLANES, 0, 80};
	const VitDisplayHeader state = {VIT_DISPLAY_INPUT_STATE, 0, 12};

	assert_header(false, &planes, ALL_FEATURES & ~VIT_DISPLAY_PLANES, "not agreed on");
	assert_header(false, &state, ALL_FEATURES & ~VIT_DISPLAY_INPUT, "not agreed on");
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		const VitDisplayHeader header = {requests[i].request, 0, requests[i].n_bytes};

		assert_header(requests[i].request < VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &header, 0,
			      "not agreed on");
	}
}

static void test_heads(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		const VitDisplayHeader header = {requests[i].request, 0, requests[i].n_bytes};
		VitDisplayPayload payload = {0};

		payload.planes.n_planes = 4;
		payload.scanout.head = 15;
		assert_payload(true, &header, &payload, requests[i].max_fds, NULL);
		payload.scanout.head = 16;
		assert_payload(!requests[i].has_head, &header, &payload, requests[i].max_fds,
			       "scanout 16: the last one possible is 15");
		payload.scanout.head = UINT32_MAX;
		assert_payload(!requests[i].has_head, &header, &payload, requests[i].max_fds,
			       "the last one possible is 15");
	}
}

static void test_too_many_fds(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		const VitDisplayHeader header = {requests[i].request, 0, requests[i].n_bytes};
		const VitDisplayPayload payload = {0};

		assert_payload(false, &header, &payload, requests[i].max_fds + 1,
			       "file descriptors");
	}
}

/* That a dmabuf is missing is for the head to say, as it may show nothing. */
static void test_no_fds(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_DMABUF_SCANOUT, 0, 40};
	const VitDisplayPayload payload = {0};

	assert_payload(true, &header, &payload, 0, NULL);
}

static void test_update(void)
{
	VitDisplayHeader header = {VIT_DISPLAY_UPDATE, 0, 20 + 3 * 5 * 4};
	VitDisplayPayload payload = {.update = {.width = 3, .height = 5}};

	assert_header(true, &header, 0, NULL);
	assert_payload(true, &header, &payload, 0, NULL);
	assert_payload(false, &header, &payload, 1, "file descriptors");
	payload.update.height = 4;
	assert_payload(false, &header, &payload, 0, "3x4 pixels in 80 bytes");
	payload.update.height = 6;
	assert_payload(false, &header, &payload, 0, "3x6 pixels in 80 bytes");
	header.size_bytes = 19;
	assert_header(false, &header, 0, "must be at least 20");
	header.size_bytes = 20;
	payload.update.height = 0;
	assert_payload(true, &header, &payload, 0, NULL);
}

/* Sides whose product is what the header says only modulo 2^32, and modulo 2^64. */
static void test_update_overflow(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_UPDATE, 0, 20};
	VitDisplayPayload payload = {.update = {.width = 1 << 15, .height = 1 << 15}};

	assert_payload(false, &header, &payload, 0, "sides of at most");
	payload.update.width = 1u << 31;
	payload.update.height = 1u << 31;
	assert_payload(false, &header, &payload, 0, "sides of at most");
	payload.update.width = 0;
	assert_payload(false, &header, &payload, 0, "sides of at most");
}

static void test_planes(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_DMABUF_SCANOUT_PLANES, 0, 80};
	VitDisplayPayload payload = {.planes = {.n_planes = 2, .flags = VIT_DISPLAY_BOTTOM_UP}};

	assert_payload(true, &header, &payload, 2, NULL);
	assert_payload(false, &header, &payload, 1, "2 planes with 1");
	assert_payload(false, &header, &payload, 3, "2 planes with 3");
	payload.planes.flags |= 2;
	assert_payload(false, &header, &payload, 2, "flags 0x3");
	payload.planes.flags = 0;
	payload.planes.n_planes = 0;
	assert_payload(false, &header, &payload, 0, "0 planes");
	payload.planes.n_planes = 5;
	assert_payload(false, &header, &payload, 4, "5 planes");
}

static void test_input_state(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_INPUT_STATE, 0, 12};
	VitDisplayPayload payload = {.input_state = {.absolute = 1, .leds = 7}};

	assert_payload(true, &header, &payload, 0, NULL);
	payload.input_state.leds = 8;
	assert_payload(false, &header, &payload, 0, "0x8");
	payload.input_state.leds = 0;
	payload.input_state.absolute = 2;
	assert_payload(false, &header, &payload, 0, "2 for absolute");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-wire/header/sizes", test_sizes);
	vit_test_add("/display-wire/header/unknown-requests", test_unknown_requests);
	vit_test_add("/display-wire/header/answer-unasked", test_answer_unasked);
	vit_test_add("/display-wire/header/other-flags-are-ignored", test_other_flags);
	vit_test_add("/display-wire/header/features", test_features);
	vit_test_add("/display-wire/payload/heads", test_heads);
	vit_test_add("/display-wire/payload/too-many-fds", test_too_many_fds);
	vit_test_add("/display-wire/payload/no-fds", test_no_fds);
	vit_test_add("/display-wire/payload/update", test_update);
	vit_test_add("/display-wire/payload/update-overflow", test_update_overflow);
	vit_test_add("/display-wire/payload/planes", test_planes);
	vit_test_add("/display-wire/payload/input-state", test_input_state);
	return g_test_run();
}

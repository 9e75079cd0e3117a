/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* How a display socket is answered: in order, with what viewers want, and without growing. */
#include <string.h>

#include "sources/edid.h"
#include "tests/support/display-rig.h"
#include "tests/support/fixture.h"

#define MAX_UPDATES 64 /* that may be unanswered */

/* ---- Acknowledgements ---- */

static void test_acknowledged_when_released(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_test_head_wait_frames(rig.head, 1);
	vit_display_rig_expect_silence(&rig);
	vit_test_head_release_frames(rig.head);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_expect_silence(&rig);
	vit_display_rig_tear_down(&rig);
}

/* An acknowledgement does not say whose it is, so it cannot overtake another. */
static void test_acknowledged_in_order(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 2);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	(void)vit_display_rig_share(&rig, 1);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_update_shared(&rig, 1);
	vit_test_head_wait_frames(&rig.recorder.heads[1], 1);
	vit_display_rig_expect_silence(&rig);
	vit_test_head_release_frames(rig.head);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_tear_down(&rig);
}

/* Nor may an answer to another question. */
static void test_questions_in_order(void)
{
	VitFakeProducerMessage message;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	vit_test_head_wait_frames(rig.head, 1);
	vit_display_rig_expect_silence(&rig);
	vit_test_head_release_frames(rig.head);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_DISPLAY_INFO, 408, &message);
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_PROTOCOL_FEATURES, 8, &message);
	vit_display_rig_tear_down(&rig);
}

static void test_unacknowledged_updates_are_bounded(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	for (unsigned i = 0; i < MAX_UPDATES + 36; i++) {
		vit_display_rig_update_shared(&rig, 0);
	}
	vit_test_head_wait_frames(rig.head, MAX_UPDATES);
	vit_display_rig_expect_silence(&rig);
	g_assert_cmpuint(rig.head->frames, ==, MAX_UPDATES);
	vit_test_head_release_frames(rig.head);
	vit_test_head_wait_frames(rig.head, MAX_UPDATES + 36);
	vit_test_head_release_frames(rig.head);
	for (unsigned i = 0; i < MAX_UPDATES + 36; i++) {
		vit_display_rig_expect_acknowledgement(&rig);
	}
	vit_display_rig_tear_down(&rig);
}

static void test_update_of_nothing_is_acknowledged(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_scanout(&rig, 0, 40, 30);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_cmpuint(rig.head->events, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* A source that nobody watches any more holds up nobody. */
static void test_acknowledged_after_stop(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	(void)vit_display_rig_share(&rig, 0);
	vit_fake_producer_settle(rig.producer);
	vit_test_head_stop(rig.head);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_expect_acknowledgement(&rig);
	vit_display_rig_tear_down(&rig);
}

/* ---- What viewers want ---- */

static void ask_display_info(VitDisplayRig *rig, VitDisplayInfo *ret_info)
{
	VitFakeProducerMessage message;

	vit_fake_producer_send(rig->producer, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	vit_fake_producer_expect(rig->producer, VIT_DISPLAY_GET_DISPLAY_INFO, sizeof(*ret_info),
				 &message);
	*ret_info = message.info;
	g_assert_cmphex(ret_info->control.type, ==, VIT_DISPLAY_OK_DISPLAY_INFO);
}

static void assert_display(const VitDisplayInfo *info, unsigned head, uint32_t x, uint32_t width,
			   uint32_t height)
{
	g_assert_cmpuint(GUINT32_FROM_LE(info->heads[head].x), ==, x);
	g_assert_cmpuint(GUINT32_FROM_LE(info->heads[head].y), ==, 0);
	g_assert_cmpuint(GUINT32_FROM_LE(info->heads[head].width), ==, width);
	g_assert_cmpuint(GUINT32_FROM_LE(info->heads[head].height), ==, height);
	g_assert_cmpuint(GUINT32_FROM_LE(info->heads[head].enabled), ==, width > 0);
}

static void test_display_info(void)
{
	VitDisplayInfo info;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 2);
	ask_display_info(&rig, &info);
	assert_display(&info, 0, 0, 1280, 800);
	assert_display(&info, 1, 1280, 1280, 800);
	assert_display(&info, 2, 0, 0, 0);
	assert_display(&info, 15, 0, 0, 0);
	vit_input_sink_set_size(rig.head->sink, 640, 480, 0, 0);
	vit_input_sink_set_size(rig.recorder.heads[1].sink, 1, UINT32_MAX, 0, 0);
	ask_display_info(&rig, &info);
	assert_display(&info, 0, 0, 640, 480);
	assert_display(&info, 1, 640, VIT_EDID_MIN_SIDE_PX, VIT_BUFFER_MAX_SIDE);
	vit_display_rig_tear_down(&rig);
}

static void test_edid(void)
{
	const VitEdidMonitor monitor = {1024, 768, 300, 200, 1};
	const VitDisplayGetEdid questions[] = {{1}, {2}};
	uint8_t edid[VIT_EDID_MAX_BYTES];
	size_t n_bytes = vit_edid_make(&monitor, edid);
	VitFakeProducerMessage message;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 2);
	vit_input_sink_set_size(rig.recorder.heads[1].sink, 1024, 768, 300, 200);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_EDID, &questions[0],
			       sizeof(questions[0]));
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_EDID, sizeof(VitDisplayEdid),
				 &message);
	g_assert_cmphex(message.edid.control.type, ==, VIT_DISPLAY_OK_EDID);
	g_assert_cmpmem(message.edid.edid, GUINT32_FROM_LE(message.edid.size_bytes), edid, n_bytes);
	/* A head that is not offered has none. */
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_EDID, &questions[1],
			       sizeof(questions[1]));
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_EDID, sizeof(VitDisplayEdid),
				 &message);
	g_assert_cmpuint(message.edid.size_bytes, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* Told once, until it is asked what changed. */
static void test_change_is_told(void)
{
	VitFakeProducerMessage message;
	VitDisplayInfo info;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 2);
	vit_fake_producer_agree(rig.producer, VIT_DISPLAY_DISPLAY_CHANGED);
	vit_fake_producer_settle(rig.producer);
	vit_input_sink_set_size(rig.head->sink, 1280, 800, 0, 0);
	vit_display_rig_expect_silence(&rig);
	vit_input_sink_set_size(rig.head->sink, 640, 480, 0, 0);
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_INFO_CHANGED, 0, &message);
	vit_input_sink_set_size(rig.head->sink, 800, 600, 0, 0);
	vit_input_sink_set_size(rig.recorder.heads[1].sink, 800, 600, 0, 0);
	vit_display_rig_expect_silence(&rig);
	ask_display_info(&rig, &info);
	assert_display(&info, 0, 0, 800, 600);
	vit_input_sink_set_size(rig.head->sink, 800, 600, 300, 200);
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_INFO_CHANGED, 0, &message);
	vit_display_rig_tear_down(&rig);
}

static void test_change_is_not_told_unless_agreed(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_settle(rig.producer);
	vit_input_sink_set_size(rig.head->sink, 640, 480, 0, 0);
	vit_display_rig_expect_silence(&rig);
	vit_display_rig_tear_down(&rig);
}

/* ---- Rules ---- */

static void test_features(void)
{
	VitFakeProducerMessage message;
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_PROTOCOL_FEATURES, 8, &message);
	g_assert_cmphex(message.features.features, ==, 0x0007000000000003);
	vit_display_rig_tear_down(&rig);
}

/* A producer that breaks a rule is left, with a reason, and dialled again. */
static void assert_left(VitDisplayRequest request, const void *payload, uint32_t n_bytes,
			const char *words)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_send(rig.producer, request, payload, n_bytes);
	vit_fake_producer_wait_disconnected(rig.producer);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	g_assert_nonnull(strstr(rig.head->loss->message, words));
	g_assert_nonnull(strstr(rig.head->loss->message, vit_fake_producer_get_path(rig.producer)));
	vit_fake_producer_wait_connected(rig.producer);
	vit_fake_producer_settle(rig.producer);
	vit_display_rig_tear_down(&rig);
}

static void test_leaves_bad_producers(void)
{
	const VitDisplayFeatures features = {UINT64_C(1) << 51};
	const VitDisplayScanout scanout = {16, 0, 0};
	static const VitDisplayPlanes planes;

	assert_left(VIT_DISPLAY_SET_PROTOCOL_FEATURES, &features, sizeof(features),
		    "0x8000000000000 were not all offered");
	assert_left(VIT_DISPLAY_SCANOUT, &scanout, sizeof(scanout), "scanout 16");
	assert_left(VIT_DISPLAY_SCANOUT, &scanout, 8, "SCANOUT of 8 bytes");
	assert_left(VIT_DISPLAY_DMABUF_SCANOUT_PLANES, &planes, sizeof(planes), "not agreed on");
	assert_left((VitDisplayRequest)4711, NULL, 0, "request 4711");
}

/* It may ask as much as it likes and not listen: nothing grows, and all is answered in the end. */
static void test_producer_that_never_reads(void)
{
	static const struct {
		VitDisplayHeader header;
		VitDisplayGetEdid question;
	} ask = {{VIT_DISPLAY_GET_EDID, 0, sizeof(VitDisplayGetEdid)}, {0}};
	VitFakeProducerMessage message;
	VitDisplayRig rig;
	unsigned n_asked = 0, n_refused = 0, n_answers = 0;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_stop_reading(rig.producer);
	/* Until the socket is full, and stays so while the viewer has all the time it wants. */
	while (n_refused < 50) {
		size_t n = vit_fake_producer_try_to_send(rig.producer, &ask, sizeof(ask));

		g_assert_true(n == 0 || n == sizeof(ask));
		n_asked += n > 0;
		n_refused = n > 0 ? 0 : n_refused + 1;
		if (n == 0) {
			vit_test_run_for_ms(1);
		}
	}
	g_assert_cmpuint(rig.head->losses, ==, 0);
	vit_fake_producer_go_on_reading(rig.producer);
	for (; n_answers < n_asked; n_answers++) {
		vit_fake_producer_expect(rig.producer, VIT_DISPLAY_GET_EDID, sizeof(VitDisplayEdid),
					 &message);
	}
	vit_display_rig_expect_silence(&rig);
	vit_display_rig_tear_down(&rig);
}

/* It goes, with answers waiting for it and a frame out. */
static void test_producer_goes_while_answers_wait(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_fake_producer_send(rig.producer, VIT_DISPLAY_GET_DISPLAY_INFO, NULL, 0);
	vit_test_head_wait_frames(rig.head, 2);
	vit_fake_producer_hang_up(rig.producer);
	vit_test_head_release_frames(rig.head);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	vit_display_rig_tear_down(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-connection/acknowledged-when-released",
		     test_acknowledged_when_released);
	vit_test_add("/display-connection/acknowledged-in-order", test_acknowledged_in_order);
	vit_test_add("/display-connection/questions-in-order", test_questions_in_order);
	vit_test_add("/display-connection/unacknowledged-updates-are-bounded",
		     test_unacknowledged_updates_are_bounded);
	vit_test_add("/display-connection/update-of-nothing-is-acknowledged",
		     test_update_of_nothing_is_acknowledged);
	vit_test_add("/display-connection/acknowledged-after-stop", test_acknowledged_after_stop);
	vit_test_add("/display-connection/display-info", test_display_info);
	vit_test_add("/display-connection/edid", test_edid);
	vit_test_add("/display-connection/change-is-told", test_change_is_told);
	vit_test_add("/display-connection/change-is-not-told-unless-agreed",
		     test_change_is_not_told_unless_agreed);
	vit_test_add("/display-connection/features", test_features);
	vit_test_add("/display-connection/leaves-bad-producers", test_leaves_bad_producers);
	vit_test_add("/display-connection/producer-that-never-reads",
		     test_producer_that_never_reads);
	vit_test_add("/display-connection/producer-goes-while-answers-wait",
		     test_producer_goes_while_answers_wait);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* How a display socket is found, lost and found again. */
#include <string.h>
#include <unistd.h>

#include "config/error.h"
#include "tests/support/display-rig.h"
#include "tests/support/fixture.h"

static void test_bad_options(void)
{
	static const VitGpuSocketOptions good = {
		.path = "/tmp/x", .heads = 1, .width = 1280, .height = 800};
	g_autofree char *long_path = g_strnfill(108, 'x');
	VitGpuSocketOptions bad[] = {good, good, good, good, good, good, good, good};

	bad[0].path = NULL;
	bad[1].path = long_path;
	bad[2].heads = 0;
	bad[3].heads = 17;
	bad[4].width = 63;
	bad[5].width = VIT_BUFFER_MAX_SIDE + 1;
	bad[6].height = 63;
	bad[7].height = VIT_BUFFER_MAX_SIDE + 1;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(vit_gpu_socket_machine_new(&bad[i], &error));
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT);
	}
}

/* Told once, though it tries again and again; and found as soon as it is there. */
static void test_producer_comes_late(void)
{
	VitDisplayRig rig;

	vit_display_rig_init(&rig, &(VitGpuSocketOptions){.heads = 2});
	vit_fake_producer_vanish(rig.producer);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	g_assert_cmpuint(rig.recorder.heads[1].losses, ==, 1);
	g_assert_error(rig.head->loss, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	g_assert_nonnull(strstr(rig.head->loss->message, "No such file"));
	/* Long enough for a second attempt. */
	vit_test_run_for_ms(250);
	g_assert_cmpuint(rig.head->losses, ==, 1);
	vit_fake_producer_listen(rig.producer);
	vit_fake_producer_wait_connected(rig.producer);
	vit_fake_producer_settle(rig.producer);
	vit_display_rig_tear_down(&rig);
}

/* Lost once, then back with a new picture; what was out belongs to nobody. */
static void test_producer_restarts(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	rig.head->hold_frames = true;
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_test_head_wait_frames(rig.head, 1);
	vit_fake_producer_hang_up(rig.producer);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	g_assert_nonnull(strstr(rig.head->loss->message, "the producer closed it"));
	vit_fake_producer_wait_connected(rig.producer);
	/* The frame of the former connection is no answer on this one. */
	vit_test_head_release_frames(rig.head);
	vit_display_rig_expect_silence(&rig);
	(void)vit_display_rig_share(&rig, 0);
	vit_display_rig_update_shared(&rig, 0);
	vit_test_head_wait_frames(rig.head, 2);
	vit_test_head_release_frames(rig.head);
	vit_display_rig_expect_acknowledgement(&rig);
	g_assert_cmpuint(rig.head->scanouts, ==, 2);
	g_assert_cmpuint(rig.head->losses, ==, 1);
	vit_display_rig_tear_down(&rig);
}

/* In the middle of anything: of pixels that went to an image, too. */
static void test_producer_goes_in_mid_message(void)
{
	const VitDisplayHeader header = {VIT_DISPLAY_UPDATE, 0, 20 + 40 * 30 * 4};
	const VitDisplayUpdate update = {0, 0, 0, 40, 30};
	static const uint8_t pixels[1000];
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	for (unsigned i = 0; i < 3; i++) {
		vit_display_rig_scanout(&rig, 0, 40, 30);
		vit_fake_producer_send_bytes(rig.producer, &header, sizeof(header), NULL, 0);
		vit_fake_producer_send_bytes(rig.producer, &update, sizeof(update), NULL, 0);
		vit_fake_producer_send_bytes(rig.producer, pixels, sizeof(pixels), NULL, 0);
		vit_fake_producer_hang_up(rig.producer);
		vit_fake_producer_wait_connected(rig.producer);
	}
	g_assert_cmpuint(rig.head->losses, ==, 1);
	g_assert_nonnull(strstr(rig.head->loss->message, "in the middle of UPDATE"));
	g_assert_cmpuint(rig.head->scanouts, ==, 0);
	vit_display_rig_tear_down(&rig);
}

/* Another reason is told again. */
static void test_reasons_differ(void)
{
	VitDisplayRig rig;

	vit_display_rig_set_up(&rig, 1);
	vit_fake_producer_vanish(rig.producer);
	vit_test_wait_count("both losses", &rig.head->losses, 2);
	g_assert_nonnull(strstr(rig.head->loss->message, "No such file"));
	vit_display_rig_tear_down(&rig);
}

static void test_wrong_user(void)
{
	VitDisplayRig rig;

	vit_display_rig_init(&rig, &(VitGpuSocketOptions){.has_uid = true, .uid = geteuid() + 1});
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("a loss", &rig.head->losses, 1);
	g_assert_nonnull(strstr(rig.head->loss->message, "not trusted"));
	vit_fake_producer_wait_disconnected(rig.producer);
	vit_display_rig_tear_down(&rig);
}

static void test_right_user(void)
{
	VitDisplayRig rig;

	vit_display_rig_init(&rig, &(VitGpuSocketOptions){.has_uid = true, .uid = geteuid()});
	vit_test_recorder_start_all(&rig.recorder);
	vit_fake_producer_wait_connected(rig.producer);
	vit_fake_producer_settle(rig.producer);
	g_assert_cmpuint(rig.head->losses, ==, 0);
	vit_display_rig_tear_down(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/display-link/bad-options", test_bad_options);
	vit_test_add("/display-link/producer-comes-late", test_producer_comes_late);
	vit_test_add("/display-link/producer-restarts", test_producer_restarts);
	vit_test_add("/display-link/producer-goes-in-mid-message",
		     test_producer_goes_in_mid_message);
	vit_test_add("/display-link/reasons-differ", test_reasons_differ);
	vit_test_add("/display-link/wrong-user", test_wrong_user);
	vit_test_add("/display-link/right-user", test_right_user);
	return g_test_run();
}

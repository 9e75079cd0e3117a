/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/mailbox.h"

#include "tests/support/fixture.h"

typedef struct Heard {
	unsigned n_news, wish, n_fences;
	bool made_room;
} Heard;

static void on_news(void *user_data, const VitVncNews *news)
{
	Heard *heard = user_data;

	heard->n_news++;
	heard->wish = news->wish;
	heard->n_fences += news->n_fences;
	heard->made_room |= news->made_room;
}

static VitVncCommand request(bool incremental, int32_t x1, int32_t x2)
{
	return (VitVncCommand){
		.type = VIT_VNC_COMMAND_UPDATE_REQUEST,
		.update_request = {.incremental = incremental, .box = {x1, 0, x2, 10}},
	};
}

static bool receive(VitVncMailbox *mailbox, VitVncCommand *ret_command)
{
	bool received;

	g_mutex_lock(&mailbox->lock);
	received = vit_vnc_mailbox_receive(mailbox, ret_command);
	g_mutex_unlock(&mailbox->lock);
	return received;
}

static void test_requests_merge(void)
{
	g_autoptr(VitVncMailbox) mailbox = vit_vnc_mailbox_new(on_news, NULL);
	VitVncCommand command;

	for (int32_t i = 0; i < 1000; i++) {
		command = request(true, i, i + 5);
		g_assert_true(vit_vnc_mailbox_send(mailbox, &command));
	}
	command = request(false, 3, 4);
	g_assert_true(vit_vnc_mailbox_send(mailbox, &command));
	g_assert_true(receive(mailbox, &command));
	g_assert_true(command.update_request.incremental);
	g_assert_cmpint(command.update_request.box.x1, ==, 0);
	g_assert_cmpint(command.update_request.box.x2, ==, 1004);
	g_assert_true(receive(mailbox, &command));
	g_assert_false(command.update_request.incremental);
	g_assert_cmpint(command.update_request.box.x1, ==, 3);
	g_assert_false(receive(mailbox, &command));
	vit_vnc_mailbox_disconnect(mailbox);
}

static bool has_made_room(void *user_data)
{
	return ((const Heard *)user_data)->made_room;
}

static void test_full(void)
{
	Heard heard = {0};
	g_autoptr(VitVncMailbox) mailbox = vit_vnc_mailbox_new(on_news, &heard);
	VitVncCommand command = {.type = VIT_VNC_COMMAND_FENCE};

	for (unsigned i = 0; i < VIT_VNC_MAX_COMMANDS; i++) {
		command.fence.flags = i;
		g_assert_true(vit_vnc_mailbox_send(mailbox, &command));
	}
	g_assert_false(vit_vnc_mailbox_send(mailbox, &command));
	g_assert_true(receive(mailbox, &command));
	g_assert_cmpuint(command.fence.flags, ==, 0);
	vit_test_wait("news of room", 10, has_made_room, &heard);
	g_assert_true(vit_vnc_mailbox_send(mailbox, &command));
	for (unsigned i = 1; i < VIT_VNC_MAX_COMMANDS; i++) {
		g_assert_true(receive(mailbox, &command));
		g_assert_cmpuint(command.fence.flags, ==, i);
	}
	vit_vnc_mailbox_disconnect(mailbox);
}

/* News that are on their way to somebody who is gone. */
static void test_late_news(void)
{
	Heard heard = {0};
	VitVncMailbox *mailbox = vit_vnc_mailbox_new(on_news, &heard);

	g_mutex_lock(&mailbox->lock);
	mailbox->news.wish = 1;
	vit_vnc_mailbox_post(mailbox);
	mailbox->news.wish = 2;
	vit_vnc_mailbox_post(mailbox);
	g_mutex_unlock(&mailbox->lock);
	vit_vnc_mailbox_disconnect(mailbox);
	vit_vnc_mailbox_unref(mailbox);
	vit_test_run_for_ms(10);
	g_assert_cmpuint(heard.n_news, ==, 0);
}

static void test_news_once(void)
{
	Heard heard = {0};
	VitVncMailbox *mailbox = vit_vnc_mailbox_new(on_news, &heard);

	g_mutex_lock(&mailbox->lock);
	for (unsigned i = 1; i <= 5; i++) {
		mailbox->news.wish = i;
		vit_vnc_mailbox_post(mailbox);
	}
	g_mutex_unlock(&mailbox->lock);
	vit_test_run_for_ms(10);
	g_assert_cmpuint(heard.n_news, ==, 1);
	g_assert_cmpuint(heard.wish, ==, 5);
	vit_vnc_mailbox_disconnect(mailbox);
	vit_vnc_mailbox_unref(mailbox);
}

/* A viewer returned a fence before the loop looked at the news of it: it counts once. */
static void test_fences_once(void)
{
	Heard heard = {0};
	VitVncMailbox *mailbox = vit_vnc_mailbox_new(on_news, &heard);

	g_mutex_lock(&mailbox->lock);
	mailbox->news.n_fences = 2;
	vit_vnc_mailbox_post(mailbox);
	g_mutex_unlock(&mailbox->lock);
	g_assert_cmpuint(vit_vnc_mailbox_take_fences(mailbox), ==, 2);
	g_assert_cmpuint(vit_vnc_mailbox_take_fences(mailbox), ==, 0);
	vit_test_run_for_ms(10);
	g_assert_cmpuint(heard.n_news, ==, 1);
	g_assert_cmpuint(heard.n_fences, ==, 0);
	vit_vnc_mailbox_disconnect(mailbox);
	vit_vnc_mailbox_unref(mailbox);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/mailbox/requests-merge", test_requests_merge);
	vit_test_add("/mailbox/full", test_full);
	vit_test_add("/mailbox/late-news", test_late_news);
	vit_test_add("/mailbox/news-once", test_news_once);
	vit_test_add("/mailbox/fences-once", test_fences_once);
	return g_test_run();
}

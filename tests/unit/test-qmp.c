/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The QMP client over a server that says what a script says. */
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/qmp.h"
#include "tests/support/fixture.h"

#define GREETING    "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define DONE(id)    "{\"return\": {}, \"id\": " id "}\r\n"
#define DEADLINE_MS 10000
#define SHORT_MS    30

typedef struct Fixture {
	char *directory, *path;
	int listening, client, passed; /* -1: none */
	guint listen_watch, client_watch;
	const char *const *script; /* [0] is said first, the next after each line; NULL: closes */
	unsigned n_said;
	GString *heard;

	VitQmp *qmp;
	unsigned n_ready, n_done;
	GError *error;     /* of the last step */
	bool free_in_done; /* the conversation, from within the next step's end */
} Fixture;

/* ---- The server ---- */

static void say(Fixture *self)
{
	const char *words = self->script[self->n_said];

	if (words) {
		self->n_said++;
		g_assert_cmpint(send(self->client, words, strlen(words), MSG_NOSIGNAL), ==,
				(ssize_t)strlen(words));
	} else {
		vit_fd_clear(&self->client);
	}
}

static void keep_fd(Fixture *self, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	if (header) {
		g_assert_cmpint(self->passed, ==, -1);
		memcpy(&self->passed, CMSG_DATA(header), sizeof(int));
	}
}

static gboolean on_heard(int fd, GIOCondition condition, void *user_data)
{
	Fixture *self = user_data;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char bytes[4096];
	struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n_bytes = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (n_bytes <= 0) {
		vit_fd_clear(&self->client);
		self->client_watch = 0;
		return G_SOURCE_REMOVE;
	}
	keep_fd(self, &message);
	g_string_append_len(self->heard, bytes, n_bytes);
	for (ssize_t i = 0; i < n_bytes && self->client >= 0; i++) {
		if (bytes[i] == '\n') {
			say(self);
		}
	}
	if (self->client < 0) {
		self->client_watch = 0;
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_connecting(int fd, GIOCondition condition, void *user_data)
{
	Fixture *self = user_data;

	self->client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	g_assert_cmpint(self->client, >=, 0);
	say(self);
	if (self->client >= 0) {
		self->client_watch = g_unix_fd_add(self->client, G_IO_IN, on_heard, self);
	}
	return G_SOURCE_CONTINUE;
}

/* ---- The rig ---- */

static void end_step(Fixture *self, const GError *error)
{
	g_clear_error(&self->error);
	self->error = error ? g_error_copy(error) : NULL;
	if (error) {
		g_test_message("%s", error->message);
	}
	if (self->free_in_done) {
		g_clear_pointer(&self->qmp, vit_qmp_free);
	}
}

static void on_ready(void *user_data, const GError *error)
{
	Fixture *self = user_data;

	self->n_ready++;
	end_step(self, error);
}

static void on_done(void *user_data, const GError *error)
{
	Fixture *self = user_data;

	self->n_done++;
	end_step(self, error);
}

static void set_up(Fixture *self, const char *const *script)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*self = (Fixture){.listening = -1, .client = -1, .passed = -1, .script = script};
	self->heard = g_string_new(NULL);
	self->directory = g_dir_make_tmp("vitrine-qmp-XXXXXX", NULL);
	self->path = g_build_filename(self->directory, "qmp", NULL);
	g_assert_cmpuint(g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path)), <,
			 sizeof(address.sun_path));
	self->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_no_errno(bind(self->listening, (struct sockaddr *)&address, sizeof(address)));
	g_assert_no_errno(listen(self->listening, 1));
	self->listen_watch = g_unix_fd_add(self->listening, G_IO_IN, on_connecting, self);
}

static void tear_down(Fixture *self)
{
	vit_qmp_free(self->qmp);
	g_source_remove(self->listen_watch);
	if (self->client_watch != 0) {
		g_source_remove(self->client_watch);
	}
	vit_fd_clear(&self->listening);
	vit_fd_clear(&self->client);
	vit_fd_clear(&self->passed);
	(void)g_unlink(self->path);
	(void)g_rmdir(self->directory);
	g_string_free(self->heard, TRUE);
	g_clear_error(&self->error);
	g_free(self->directory);
	g_free(self->path);
}

static bool is_ready(void *user_data)
{
	return ((const Fixture *)user_data)->n_ready > 0;
}

static bool is_done(void *user_data)
{
	return ((const Fixture *)user_data)->n_done > 0;
}

/* Connects, and waits for what comes of it. */
static void connect_for(Fixture *self, unsigned deadline_ms)
{
	self->qmp = vit_qmp_new(self->path, deadline_ms, on_ready, self);
	g_assert_cmpuint(self->n_ready, ==, 0);
	vit_test_wait("the greeting", 20, is_ready, self);
	g_assert_cmpuint(self->n_ready, ==, 1);
}

static void run(Fixture *self, const char *name, const char *arguments, int fd)
{
	const VitQmpCommand command = {.name = name, .arguments = arguments, .fd = fd};

	self->n_done = 0;
	vit_qmp_execute(self->qmp, &command, on_done, self);
	g_assert_cmpuint(self->n_done, ==, 0);
	vit_test_wait("the command", 20, is_done, self);
	g_assert_cmpuint(self->n_done, ==, 1);
}

/* ---- Conversations ---- */

static void test_conversation(void)
{
	static const char *const script[] = {
		GREETING,
		DONE("1"),
		"{\"event\": \"RESUME\"}\r\n" DONE("2") "{\"event\": \"STOP\"}\r\n",
		DONE("3"),
		NULL,
	};
	Fixture fixture;

	set_up(&fixture, script);
	connect_for(&fixture, DEADLINE_MS);
	g_assert_no_error(fixture.error);
	run(&fixture, "stop", NULL, -1);
	g_assert_no_error(fixture.error);
	run(&fixture, "screendump", "{\"filename\":\"/f\"}", -1);
	g_assert_no_error(fixture.error);
	g_assert_cmpstr(
		fixture.heard->str, ==,
		"{\"execute\":\"qmp_capabilities\",\"arguments\":{},\"id\":1}\n"
		"{\"execute\":\"stop\",\"arguments\":{},\"id\":2}\n"
		"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/f\"},\"id\":3}\n");
	tear_down(&fixture);
}

static void test_fd_is_passed(void)
{
	static const char *const script[] = {GREETING, DONE("1"), DONE("2"), NULL};
	VIT_AUTOFD int fd = memfd_create("passed", MFD_CLOEXEC);
	char byte = 0;
	Fixture fixture;

	g_assert_cmpint(write(fd, "x", 1), ==, 1);
	set_up(&fixture, script);
	connect_for(&fixture, DEADLINE_MS);
	run(&fixture, "getfd", "{\"fdname\":\"f\"}", fd);
	g_assert_no_error(fixture.error);
	g_assert_cmpint(fixture.passed, >=, 0);
	g_assert_cmpint(pread(fixture.passed, &byte, 1, 0), ==, 1);
	g_assert_cmpint(byte, ==, 'x');
	tear_down(&fixture);
}

static void test_strange_answers_are_skipped(void)
{
	static const char *const script[] = {
		GREETING,
		"\r\n{}\r\n{\"return\": {}}\r\n{\"return\": {}, \"id\": 7}\r\n"
		"{\"return\": {}, \"id\": \"1\"}\r\n{\"id\": 1}\r\n{\"id\": {}, \"return\": 1}\r\n"
		"{\"error\": {}}\r\n{\"QMP\": 1}\r\n" DONE("1"),
		NULL,
	};
	Fixture fixture;

	set_up(&fixture, script);
	connect_for(&fixture, DEADLINE_MS);
	g_assert_no_error(fixture.error);
	tear_down(&fixture);
}

/* The VMM's no is an answer, not the end. */
static void test_refusal(void)
{
	static const char *const script[] = {
		GREETING,
		DONE("1"),
		"{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"D-Bus is off\"}}\n",
		"{\"id\": 3, \"error\": {\"desc\": {}}}\n",
		"{\"id\": 4, \"error\": 5}\n",
		DONE("5"),
		NULL,
	};
	Fixture fixture;

	set_up(&fixture, script);
	connect_for(&fixture, DEADLINE_MS);
	run(&fixture, "add_client", NULL, -1);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(fixture.error->message, "D-Bus is off"));
	run(&fixture, "a", NULL, -1);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	run(&fixture, "b", NULL, -1);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	run(&fixture, "c", NULL, -1);
	g_assert_no_error(fixture.error);
	tear_down(&fixture);
}

static void test_refusal_is_cut(void)
{
	g_autofree char *words = g_strnfill(10000, 'w');
	g_autofree char *answer =
		g_strdup_printf("{\"id\": 1, \"error\": {\"desc\": \"%s\"}}\n", words);
	const char *const script[] = {GREETING, answer, NULL};
	Fixture fixture;

	set_up(&fixture, script);
	connect_for(&fixture, DEADLINE_MS);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_cmpuint(strlen(fixture.error->message), <, 400);
	tear_down(&fixture);
}

/* ---- Troubles ---- */

/* Connects to a server of this script and expects that nothing comes of it. */
static void fail(const char *const *script, unsigned deadline_ms, VitError code)
{
	Fixture fixture;

	set_up(&fixture, script);
	connect_for(&fixture, deadline_ms);
	g_assert_error(fixture.error, VIT_ERROR, (int)code);
	/* It stays so. */
	run(&fixture, "stop", NULL, -1);
	g_assert_error(fixture.error, VIT_ERROR, (int)code);
	tear_down(&fixture);
}

static void fail_with_words(const char *words, VitError code)
{
	const char *const script[] = {words, "", NULL};

	fail(script, DEADLINE_MS, code);
}

/* The parser recurses once a level, and so does what frees the tree. */
static void test_deep_nesting(void)
{
	const unsigned depth = 20000;
	g_autofree char *open = g_strnfill(depth, '[');
	g_autofree char *close = g_strnfill(depth, ']');
	g_autofree char *plain = g_strdup_printf("{\"QMP\":%s%s}\n", open, close);
	/* Brackets in a string, and in a comment, which json-glib allows, close nothing. */
	g_autofree char *in_string =
		g_strdup_printf("{\"a\":\"%s\",\"QMP\":%s%s}\n", close, open, close);
	g_autofree char *in_comment =
		g_strdup_printf("{/*\"%s*/\"QMP\":%s%s/*\"*/}\n", close, open, close);

	fail_with_words(plain, VIT_ERROR_INVALID_METADATA);
	fail_with_words(in_string, VIT_ERROR_INVALID_METADATA);
	fail_with_words(in_comment, VIT_ERROR_INVALID_METADATA);
}

static void test_not_qmp(void)
{
	g_autofree char *endless = g_strnfill(80000, 'x');

	fail_with_words("SSH-2.0-OpenSSH_9.2\r\n", VIT_ERROR_INVALID_METADATA);
	fail_with_words("{\"event\": \"RESUME\"}\r\n", VIT_ERROR_INVALID_METADATA);
	fail_with_words("[1, 2]\n", VIT_ERROR_INVALID_METADATA);
	fail_with_words("{\"QMP\": \n", VIT_ERROR_INVALID_METADATA);
	fail_with_words("{\"QMP\": \"\xff\xfe\"}\n", VIT_ERROR_INVALID_METADATA);
	fail_with_words(endless, VIT_ERROR_INVALID_METADATA);
}

static void test_closes(void)
{
	static const char *const at_once[] = {NULL};
	static const char *const after_greeting[] = {GREETING, NULL};

	fail(at_once, DEADLINE_MS, VIT_ERROR_DISCONNECTED);
	fail(after_greeting, DEADLINE_MS, VIT_ERROR_DISCONNECTED);
}

static void test_silent(void)
{
	static const char *const no_greeting[] = {"", NULL};
	static const char *const no_answer[] = {GREETING, "", NULL};

	fail(no_greeting, SHORT_MS, VIT_ERROR_TIMED_OUT);
	fail(no_answer, SHORT_MS, VIT_ERROR_TIMED_OUT);
}

static void test_nobody_listens(void)
{
	static const char *const script[] = {NULL};
	g_autofree char *long_path = g_strnfill(200, 'p');
	Fixture fixture;

	set_up(&fixture, script);
	(void)g_unlink(fixture.path);
	connect_for(&fixture, DEADLINE_MS);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	vit_qmp_free(fixture.qmp);
	fixture.n_ready = 0;
	fixture.qmp = vit_qmp_new(long_path, DEADLINE_MS, on_ready, &fixture);
	vit_test_wait("the failure", 20, is_ready, &fixture);
	g_assert_error(fixture.error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	tear_down(&fixture);
}

/* ---- Ends ---- */

static void test_freed_from_within(void)
{
	static const char *const good[] = {GREETING, DONE("1") DONE("2") DONE("3"), NULL};
	static const char *const bad[] = {"no\nno\n", NULL};
	static const char *const closed[] = {NULL};
	const char *const *scripts[] = {good, bad, closed};

	for (unsigned i = 0; i < G_N_ELEMENTS(scripts); i++) {
		Fixture fixture;

		set_up(&fixture, scripts[i]);
		fixture.free_in_done = true;
		connect_for(&fixture, DEADLINE_MS);
		g_assert_null(fixture.qmp);
		tear_down(&fixture);
	}
}

static void test_freed_in_the_middle(void)
{
	static const char *const script[] = {GREETING, "", NULL};
	Fixture fixture;

	set_up(&fixture, script);
	fixture.qmp = vit_qmp_new(fixture.path, DEADLINE_MS, on_ready, &fixture);
	vit_test_run_for_ms(20);
	g_clear_pointer(&fixture.qmp, vit_qmp_free);
	vit_test_run_for_ms(20);
	g_assert_cmpuint(fixture.n_ready, ==, 0);
	fixture.qmp = vit_qmp_new("/nowhere", DEADLINE_MS, on_ready, &fixture);
	g_clear_pointer(&fixture.qmp, vit_qmp_free);
	vit_test_run_for_ms(20);
	g_assert_cmpuint(fixture.n_ready, ==, 0);
	tear_down(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/qmp/conversation", test_conversation);
	vit_test_add("/qmp/fd-is-passed", test_fd_is_passed);
	vit_test_add("/qmp/strange-answers-are-skipped", test_strange_answers_are_skipped);
	vit_test_add("/qmp/refusal", test_refusal);
	vit_test_add("/qmp/refusal-is-cut", test_refusal_is_cut);
	vit_test_add("/qmp/not-qmp", test_not_qmp);
	vit_test_add("/qmp/deep-nesting", test_deep_nesting);
	vit_test_add("/qmp/closes", test_closes);
	vit_test_add("/qmp/silent", test_silent);
	vit_test_add("/qmp/nobody-listens", test_nobody_listens);
	vit_test_add("/qmp/freed-from-within", test_freed_from_within);
	vit_test_add("/qmp/freed-in-the-middle", test_freed_in_the_middle);
	return g_test_run();
}

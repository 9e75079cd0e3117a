/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* A VMM that says at its QMP socket what QEMU never would. */
#include "sources/qmp.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "tests/support/fixture.h"

#define PATIENCE_S 20

typedef struct Outcome {
	bool is_known;
	GError *error;
} Outcome;

static void on_ready(void *user_data, const GError *error)
{
	Outcome *outcome = user_data;

	outcome->is_known = true;
	outcome->error = error ? g_error_copy(error) : NULL;
}

static bool outcome_is_known(void *user_data)
{
	return ((Outcome *)user_data)->is_known;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), <,
			 sizeof(address.sun_path));
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof(address)), ==, 0);
	g_assert_cmpint(listen(fd, 1), ==, 0);
	return fd;
}

/* Greets with @greeting; returns what the client makes of it. NULL: it is taken for QMP. */
static GError *greet(const char *greeting)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *directory = g_dir_make_tmp("vit-qmp-XXXXXX", &error);
	g_autofree char *path = g_build_filename(directory, "qmp", NULL);
	VIT_AUTOFD int listener = listen_at(path);
	VIT_AUTOFD int peer = -1;
	g_autoptr(VitQmp) qmp = NULL;
	Outcome outcome = {0};

	qmp = vit_qmp_new(path, PATIENCE_S * 1000, on_ready, &outcome);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	g_assert_cmpint(send(peer, greeting, strlen(greeting), MSG_NOSIGNAL), ==,
			(ssize_t)strlen(greeting));
	vit_test_wait("the end of the handshake", PATIENCE_S, outcome_is_known, &outcome);
	(void)g_unlink(path);
	(void)g_rmdir(directory);
	return outcome.error;
}

static void test_greeting(void)
{
	g_autoptr(GError) error = greet("{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n"
					"{\"event\":\"RESUME\",\"data\":{}}\r\n"
					"{\"return\":{},\"id\":1}\r\n");

	g_assert_no_error(error);
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
	const char *const greetings[] = {plain, in_string, in_comment};

	for (unsigned i = 0; i < G_N_ELEMENTS(greetings); i++) {
		g_autoptr(GError) error = greet(greetings[i]);

		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
}

static void test_not_qmp(void)
{
	const char *const greetings[] = {"{\"event\":\"RESUME\"}\n", "[1]\n", "hello\n",
					 "{\"QMP\":\"\xff\"}\n"};

	for (unsigned i = 0; i < G_N_ELEMENTS(greetings); i++) {
		g_autoptr(GError) error = greet(greetings[i]);

		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	}
}

static void test_endless_line(void)
{
	g_autofree char *line = g_strnfill(100 * 1000, ' ');
	g_autoptr(GError) error = greet(line);

	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/qmp/greeting", test_greeting);
	vit_test_add("/qmp/deep-nesting", test_deep_nesting);
	vit_test_add("/qmp/not-qmp", test_not_qmp);
	vit_test_add("/qmp/endless-line", test_endless_line);
	return g_test_run();
}

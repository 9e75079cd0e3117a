/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Password files: what counts of them, what is warned of, what is refused. */
#include "server/vnc/password-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/error.h"
#include "tests/support/fixture.h"

static char *write_file(const char *text, gssize n_bytes, int mode)
{
	g_autofree char *directory = g_dir_make_tmp("vit-password-XXXXXX", NULL);
	char *path = g_build_filename(directory, "password", NULL);

	g_assert_true(g_file_set_contents(path, text, n_bytes, NULL));
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
	return path;
}

static void remove_file(char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);

	g_assert_cmpint(g_remove(path), ==, 0);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
	g_free(path);
}

static void expect(const char *text, const char *password_bytes)
{
	char *path = write_file(text, -1, 0600);
	VitVncPassword password;
	g_autofree char *warning = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(vit_vnc_password_load(path, &password, &warning, &error));
	g_assert_no_error(error);
	g_assert_null(warning);
	g_assert_cmpmem(password.bytes, sizeof password.bytes, password_bytes, 8);
	remove_file(path);
}

static void test_first_line_counts(void)
{
	expect("geheim", "geheim\0\0");
	expect("geheim\n", "geheim\0\0");
	expect("geheim\r\nmore\n", "geheim\0\0");
	expect("12345678\n", "12345678");
	expect(" x\n", " x\0\0\0\0\0\0");
}

static void test_warnings(void)
{
	VitVncPassword password;

	for (int mode = 0; mode <= 0077; mode++) {
		char *path = write_file("geheim\n", -1, 0600 | mode);
		g_autofree char *warning = NULL;

		g_assert_true(vit_vnc_password_load(path, &password, &warning, NULL));
		g_assert_true(mode == 0 ? warning == NULL : strstr(warning, "chmod 600") != NULL);
		remove_file(path);
	}
}

static void test_long_password_warned_of(void)
{
	char *path = write_file("123456789", -1, 0644);
	g_autofree char *warning = NULL;
	VitVncPassword password;

	g_assert_true(vit_vnc_password_load(path, &password, &warning, NULL));
	g_assert_nonnull(strstr(warning, "mode 0644"));
	g_assert_nonnull(strstr(warning, "first 8 bytes"));
	g_assert_cmpmem(password.bytes, 8, "12345678", 8);
	remove_file(path);
}

static void expect_refused(const char *path, const char *words)
{
	VitVncPassword password;
	g_autofree char *warning = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_false(vit_vnc_password_load(path, &password, &warning, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, words));
	g_assert_nonnull(strstr(error->message, path));
	g_assert_null(warning);
}

static void test_refused(void)
{
	char *empty = write_file("\ngeheim\n", -1, 0600);
	char *nothing = write_file("", -1, 0600);
	char *fifo = write_file("", -1, 0600);

	g_assert_cmpint(g_remove(fifo), ==, 0);
	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	expect_refused("/nonexistent/password", "cannot be opened");
	expect_refused("/", "not a regular file");
	expect_refused(fifo, "not a regular file");
	expect_refused(empty, "no password on its first line");
	expect_refused(nothing, "no password on its first line");
	remove_file(empty);
	remove_file(nothing);
	remove_file(fifo);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/password-file/first-line-counts", test_first_line_counts);
	vit_test_add("/password-file/warns-of-open-permissions", test_warnings);
	vit_test_add("/password-file/warns-of-long-passwords", test_long_password_warned_of);
	vit_test_add("/password-file/refused", test_refused);
	return g_test_run();
}

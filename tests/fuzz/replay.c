/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Runs a fuzz target over every file of a folder: replay-NAME CORPUS-FOLDER. Fails where there is
 * none, and where an input leaves an fd open.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/target.h"
#include "tests/support/fixture.h"

static bool replay_file(const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	unsigned before;
	gsize n_bytes;

	if (!g_file_get_contents(path, &text, &n_bytes, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return false;
	}
	/* What GLib opens once and keeps is opened before the count. */
	while (g_main_context_iteration(NULL, FALSE)) {
	}
	before = vit_test_count_fds();
	/* Printed first: after a crash it is the last line. */
	printf("%s\n", path);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, n_bytes);
	if (vit_test_count_fds() != before) {
		fprintf(stderr, "%s: %u fds were open before, %u after\n", path, before,
			vit_test_count_fds());
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = NULL;
	const char *name;
	unsigned n_files = 0, n_failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	(void)g_main_context_default(); /* opens a fd of its own, once */
	dir = g_dir_open(argv[1], 0, &error);
	if (!dir) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(argv[1], name, NULL);

		n_files++;
		n_failed += !replay_file(path);
	}
	printf("%u inputs, %u failed\n", n_files, n_failed);
	return n_files && !n_failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

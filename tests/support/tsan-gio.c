/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Linked into tests that speak D-Bus and run under ThreadSanitizer, and only there. GLib, GObject
 * and GIO are not built with it, and GIO makes messages in one thread that the loop reads: what
 * their own code does is left out. It is not so for all tests, because elsewhere GLib's calls order
 * what is ours. The last line is for the text of an error of GIO's worker, which the C library
 * allocated there.
 */
#include <sanitizer/tsan_interface.h>

const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libglib-2.0.so\n"
	       "called_from_lib:libgobject-2.0.so\n"
	       "called_from_lib:libgio-2.0.so\n"
	       "race:vit_text_printable\n";
}

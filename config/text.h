/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

/* Text that came from outside, on its way to a person. Thread: any. */

/*
 * Returns @text (NUL-terminated, of any encoding) as one harmless line: characters that cannot
 * be seen become \u00NN, bytes that are not UTF-8 become \xNN, and what is longer than
 * @max_chars ends in "...".
 * Free with g_free.
 */
char *vit_text_printable(const char *text, gsize max_chars);

/* The entry of @known (NULL-terminated, not empty) that takes the fewest edits to get from @word.
 * Words longer than 64 bytes are compared by their first 64. */
const char *vit_text_nearest(const char *word, const char *const *known, unsigned *ret_distance);

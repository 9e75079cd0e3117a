/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Makes text from outside fit to be shown: it cannot move a terminal's cursor or forge a log line.
 * And finds the word that somebody meant to write.
 */
#include "config/text.h"

#include <stdbool.h>
#include <string.h>

#define MAX_WORD_BYTES 64

/* Not so: control characters, those that turn the direction of a line, and line separators. */
static bool can_be_seen(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return g_unichar_isprint(c) && type != G_UNICODE_LINE_SEPARATOR &&
	       type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *vit_text_printable(const char *text, gsize max_chars)
{
	GString *out = g_string_new(NULL);

	for (gsize n_chars = 0; *text; n_chars++) {
		gunichar c = g_utf8_get_char_validated(text, -1);
		bool is_utf8 = c != (gunichar)-1 && c != (gunichar)-2;

		if (n_chars == max_chars) {
			g_string_append(out, "...");
			break;
		}
		if (!is_utf8) {
			g_string_append_printf(out, "\\x%02x", (guchar)*text);
		} else if (can_be_seen(c)) {
			g_string_append_unichar(out, c);
		} else {
			g_string_append_printf(out, "\\u%04x", c);
		}
		text = is_utf8 ? g_utf8_next_char(text) : text + 1;
	}
	return g_string_free(out, FALSE);
}

/* Levenshtein's distance, one row at a time. */
static unsigned text_distance(const char *a, const char *b)
{
	gsize a_bytes = strnlen(a, MAX_WORD_BYTES), b_bytes = strnlen(b, MAX_WORD_BYTES);
	unsigned row[MAX_WORD_BYTES + 1];

	for (gsize j = 0; j <= b_bytes; j++) {
		row[j] = (unsigned)j;
	}
	for (gsize i = 1; i <= a_bytes; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (gsize j = 1; j <= b_bytes; j++) {
			unsigned replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(replace, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_bytes];
}

const char *vit_text_nearest(const char *word, const char *const *known, unsigned *ret_distance)
{
	const char *nearest = NULL;
	unsigned least = G_MAXUINT;

	for (; *known; known++) {
		unsigned distance = text_distance(word, *known);

		if (distance < least) {
			least = distance;
			nearest = *known;
		}
	}
	*ret_distance = least;
	return nearest;
}

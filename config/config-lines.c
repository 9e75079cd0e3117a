/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Reads the lines of a configuration file: the format of GKeyFile, without its parser. That stops
 * at the first mistake, does not say on which line it is, keeps the last of two keys without a
 * word, and (2.74) warns of a bug when a value has two bad escapes.
 */
#include "config/config-private.h"

#include <string.h>

#include "config/text.h"

#define SHOWN_CHARS 80 /* of a line that is quoted in a message */

typedef struct LineReader {
	VitConfig *config;
	VitMistakes *mistakes;
	GHashTable *seen;  /* "group" or "group\nkey" → line number */
	const char *group; /* the open group of the table; NULL: none, or an unknown one */
	bool has_group;    /* whether any group was opened */
	unsigned line;     /* counted from 1 */
	const char *where; /* "FILE:LINE" */
} LineReader;

/* Remembers @what; returns the line where it stood before, or 0. */
static unsigned remember(LineReader *self, char *what_take)
{
	unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(self->seen, what_take));

	if (before) {
		g_free(what_take);
	} else {
		g_hash_table_insert(self->seen, what_take, GUINT_TO_POINTER(self->line));
	}
	return before;
}

/* The table's own string for a group, or NULL where it has none. */
static const char *find_group(const char *name)
{
	for (const VitConfigKey *key = vit_config_keys; key->group; key++) {
		if (g_str_equal(key->group, name)) {
			return key->group;
		}
	}
	return NULL;
}

static void read_group(LineReader *self, char *line)
{
	gsize n_bytes = strlen(line);
	unsigned before;

	self->has_group = true;
	self->group = NULL;
	if (n_bytes < 3 || line[n_bytes - 1] != ']' ||
	    strpbrk(line + 1, "[]") != line + n_bytes - 1) {
		g_autofree char *shown = vit_text_printable(line, SHOWN_CHARS);

		vit_mistakes_add(self->mistakes, "%s: \"%s\" must be a group, such as [vnc].",
				 self->where, shown);
		return;
	}
	line[n_bytes - 1] = '\0';
	self->group = find_group(line + 1);
	if (!self->group) {
		vit_config_report_unknown(self->mistakes, self->where, line + 1, NULL);
		return;
	}
	before = remember(self, g_strdup(self->group));
	if (before) {
		vit_mistakes_add(self->mistakes,
				 "%s: [%s] is opened again: it stands on line %u already; put its "
				 "keys there.",
				 self->where, self->group, before);
	}
}

/* Undoes the escapes of @raw. Returns NULL where a backslash means nothing. */
static char *read_escapes(const char *raw)
{
	g_autoptr(GString) value = g_string_new(NULL);

	for (; *raw; raw++) {
		if (*raw != '\\') {
			g_string_append_c(value, *raw);
			continue;
		}
		raw++;
		if (*raw != 's' && *raw != '\\') {
			return NULL;
		}
		g_string_append_c(value, *raw == 's' ? ' ' : '\\');
	}
	return g_strdup(value->str);
}

static void read_value(LineReader *self, int index, const char *raw)
{
	const VitConfigKey *key = &vit_config_keys[index];
	g_autofree char *value = NULL;
	unsigned before;

	before = remember(self, g_strdup_printf("%s\n%s", key->group, key->key));
	if (before) {
		vit_mistakes_add(self->mistakes,
				 "%s: [%s] %s is given again: it stands on line %u already; keep "
				 "one of them.",
				 self->where, key->group, key->key, before);
		return;
	}
	value = read_escapes(raw);
	if (!value) {
		g_autofree char *shown = vit_text_printable(raw, SHOWN_CHARS);

		vit_mistakes_add(self->mistakes,
				 "%s: [%s] %s = \"%s\" has a backslash that means nothing: write "
				 "\\\\ for a backslash, \\s for a blank at an end.",
				 self->where, key->group, key->key, shown);
		return;
	}
	vit_config_set(self->config, self->mistakes, self->where, index, value);
}

static void read_key(LineReader *self, char *line)
{
	g_autofree char *shown = vit_text_printable(line, SHOWN_CHARS);
	char *raw = strchr(line, '=');
	int index;

	if (!raw || raw == line) {
		vit_mistakes_add(self->mistakes,
				 "%s: \"%s\" must be a [group], a key = value, or a # comment.",
				 self->where, shown);
		return;
	}
	if (!self->has_group) {
		vit_mistakes_add(self->mistakes,
				 "%s: \"%s\" stands before the first group; put a line such as "
				 "[vnc] above it.",
				 self->where, shown);
		return;
	}
	if (!self->group) {
		return; /* the group is the mistake, and was reported */
	}
	*raw++ = '\0';
	g_strchomp(line);
	g_strchug(raw);
	index = vit_config_find_key(self->group, line);
	if (index < 0) {
		vit_config_report_unknown(self->mistakes, self->where, self->group, line);
		return;
	}
	read_value(self, index, raw);
}

static void read_line(LineReader *self, char *line)
{
	g_autofree char *where = g_strdup_printf("%s:%u", self->config->name, self->line);

	self->where = where;
	g_strstrip(line);
	if (*line == '[') {
		read_group(self, line);
	} else if (*line && *line != '#') {
		read_key(self, line);
	}
	self->where = NULL;
}

void vit_config_read_lines(VitConfig *self, VitMistakes *mistakes, const char *text, gsize n_bytes)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	LineReader reader = {.config = self, .mistakes = mistakes, .seen = seen};
	const char *invalid;

	if (n_bytes > VIT_CONFIG_MAX_BYTES) {
		vit_mistakes_add(mistakes, "%s: is larger than %d bytes; a configuration never is.",
				 self->name, VIT_CONFIG_MAX_BYTES);
		return;
	}
	if (!g_utf8_validate_len(text, n_bytes, &invalid)) {
		vit_mistakes_add(mistakes,
				 "%s: byte %" G_GSIZE_FORMAT " is %s; the file must be UTF-8 text.",
				 self->name, (gsize)(invalid - text) + 1,
				 *invalid ? "not UTF-8" : "NUL");
		return;
	}
	for (const char *end = text + n_bytes; text < end;) {
		const char *line_end = memchr(text, '\n', (gsize)(end - text));
		g_autofree char *line =
			g_strndup(text, (gsize)((line_end ? line_end : end) - text));

		reader.line++;
		read_line(&reader, line);
		text = line_end ? line_end + 1 : end;
	}
}

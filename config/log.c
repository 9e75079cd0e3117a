/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The log writer. What a message says may come from a guest or a viewer, so a line never holds a
 * control character of theirs. The level travels as the writer's user data; nothing is global.
 */
#include "config/log.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/text.h"

#define MAX_MESSAGE_CHARS 4096
#define MAX_FIELD_CHARS   128

static const char *level_name(GLogLevelFlags level)
{
	switch (level & G_LOG_LEVEL_MASK) {
	case G_LOG_LEVEL_ERROR:
		return "error";
	case G_LOG_LEVEL_CRITICAL:
		return "critical";
	case G_LOG_LEVEL_WARNING:
		return "warning";
	case G_LOG_LEVEL_MESSAGE:
		return "message";
	case G_LOG_LEVEL_INFO:
		return "info";
	default:
		return "debug";
	}
}

/* The text of a field as one harmless line, or NULL where the message has none. */
static char *dup_field(const GLogField *fields, gsize n_fields, const char *key, gsize max_chars)
{
	for (gsize i = 0; i < n_fields; i++) {
		g_autofree char *text = NULL;

		if (!g_str_equal(fields[i].key, key)) {
			continue;
		}
		text = fields[i].length < 0 ? g_strdup(fields[i].value)
					    : g_strndup(fields[i].value, (gsize)fields[i].length);
		return vit_text_printable(text, max_chars);
	}
	return NULL;
}

static char *format_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
	static const char *const shown[] = {"VIT_CONSOLE", "VIT_FRONTEND", "VIT_CLIENT"};
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *message = dup_field(fields, n_fields, "MESSAGE", MAX_MESSAGE_CHARS);
	bool stands_out = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
	bool coloured = stands_out && g_log_writer_supports_color(STDERR_FILENO);
	GString *line = g_string_new(NULL);

	g_string_append_printf(line, "%02d:%02d:%02d.%03d %s%s%s: %s", g_date_time_get_hour(now),
			       g_date_time_get_minute(now), g_date_time_get_second(now),
			       g_date_time_get_microsecond(now) / 1000,
			       coloured ? "\033[1;31m" : "", level_name(level),
			       coloured ? "\033[0m" : "", message ? message : "");
	for (gsize i = 0; i < G_N_ELEMENTS(shown); i++) {
		g_autofree char *value = dup_field(fields, n_fields, shown[i], MAX_FIELD_CHARS);

		if (value) {
			g_string_append_printf(line, " %s=%s", shown[i], value);
		}
	}
	g_string_append_c(line, '\n');
	return g_string_free(line, FALSE);
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
				   gpointer user_data)
{
	g_autofree char *line = NULL;

	if ((level & G_LOG_LEVEL_MASK) > GPOINTER_TO_INT(user_data)) {
		return G_LOG_WRITER_HANDLED;
	}
	line = format_line(level, fields, n_fields);
	/* One call, so that lines of several threads do not mix. */
	(void)fwrite(line, 1, strlen(line), stderr);
	(void)fflush(stderr);
	return G_LOG_WRITER_HANDLED;
}

static GLogWriterOutput write_journal(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
				      gpointer user_data)
{
	if ((level & G_LOG_LEVEL_MASK) > GPOINTER_TO_INT(user_data)) {
		return G_LOG_WRITER_HANDLED;
	}
	if (g_log_writer_journald(level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED) {
		return G_LOG_WRITER_HANDLED;
	}
	return write_line(level, fields, n_fields, user_data);
}

void vit_log_init(const char *level)
{
	static const struct {
		const char *name;
		GLogLevelFlags flag;
	} levels[] = {
		{"debug", G_LOG_LEVEL_DEBUG},
		{"info", G_LOG_LEVEL_INFO},
		{"message", G_LOG_LEVEL_MESSAGE},
		{"warning", G_LOG_LEVEL_WARNING},
	};
	bool is_journal = g_log_writer_is_journald(STDERR_FILENO);

	for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
		if (g_str_equal(level, levels[i].name)) {
			g_log_set_writer_func(is_journal ? write_journal : write_line,
					      GINT_TO_POINTER(levels[i].flag), NULL);
			return;
		}
	}
	g_assert_not_reached();
}

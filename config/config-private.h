/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

#include "config/config.h"

/* What the files of VitConfig share. */

struct VitConfig {
	char *name;     /* of the file, as messages call it */
	char **values;  /* one a row of the table, NULL: the default */
	bool *mistaken; /* one a row: what was written for it was refused */
};

/* The sentences that were collected, one a line. A bounded number is kept, all are counted. */
typedef struct VitMistakes {
	GString *text;
	unsigned count;
} VitMistakes;

void vit_mistakes_add(VitMistakes *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The index of a key in the table, or -1. */
int vit_config_find_key(const char *group, const char *key);
/* Whether what was written for this key was refused, so that no more can be said of it. */
bool vit_config_is_mistaken(const VitConfig *self, const char *group, const char *key);

/* Whether @value may be written for @key. */
bool vit_config_value_is_valid(const VitConfigKey *key, const char *value);
bool vit_config_parse_size(const char *value, uint32_t *ret_width, uint32_t *ret_height);

/* Adds what @where ("FILE:7" or "--set") says of group and key to be unknown, with the nearest. */
void vit_config_report_unknown(VitMistakes *mistakes, const char *where, const char *group,
			       const char *key);
/* Sets one key, or reports that @value cannot be its value. */
void vit_config_set(VitConfig *self, VitMistakes *mistakes, const char *where, int index,
		    const char *value);

/* Reads lines of a file into @self; reports every mistake. */
void vit_config_read_lines(VitConfig *self, VitMistakes *mistakes, const char *text, gsize n_bytes);

/* Reports values that are fine alone and wrong together. */
void vit_config_check_together(const VitConfig *self, VitMistakes *mistakes);

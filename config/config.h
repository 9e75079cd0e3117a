/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * VitConfig: what the operator wrote, validated as a whole and immutable. Each key stands once in
 * the table of config/config-keys.c, with type, range, default and the line that documents it; the
 * man page and the sample file are checked against that table. Thread: any, once loaded.
 */

typedef enum VitKeyType {
	VIT_KEY_STRING,
	VIT_KEY_PATH,
	VIT_KEY_BOOL,
	VIT_KEY_UINT,
	VIT_KEY_CHOICE,
} VitKeyType;

typedef struct VitConfigKey {
	const char *group, *key;
	VitKeyType type;
	guint64 min, max;           /* UINT only */
	const char *const *choices; /* CHOICE only, NULL-terminated */
	const char *default_value;  /* as written in a file; NULL: not set */
	const char *doc;            /* one or two sentences */
} VitConfigKey;

/* The table, in the order in which people read it; ends with a row whose group is NULL. */
extern const VitConfigKey vit_config_keys[];

typedef struct VitConfig VitConfig;

/*
 * Reads @path; NULL: all defaults. On failure returns NULL and a message with one sentence per
 * mistake, one per line: every mistake in the file, each with file, group, key, the value and what
 * is allowed; for an unknown key the nearest known one. Errors: CONFIG.
 */
VitConfig *vit_config_load(const char *path, GError **error);
/* As vit_config_load(), from memory; @name stands for the file in messages. */
VitConfig *vit_config_load_from_data(const char *name, const char *text, gsize n_bytes,
				     GError **error);
/* Overrides one key, as a command line does ("vnc.listen=…"). Errors: CONFIG. */
bool vit_config_override(VitConfig *self, const char *assignment, GError **error);
void vit_config_free(VitConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitConfig, vit_config_free)

/* The value of a key of the table (else: assertion); NULL where nothing is set. Borrowed. */
const char *vit_config_get_string(const VitConfig *self, const char *group, const char *key);
guint64 vit_config_get_uint(const VitConfig *self, const char *group, const char *key);
bool vit_config_get_bool(const VitConfig *self, const char *group, const char *key);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/address.h"

/*
 * VitConfig: what the operator wrote, validated as a whole and immutable. Each key stands once in
 * the table of config/config-keys.c, with type, range, default and the line that documents it; the
 * man page and the sample file are checked against that table. Thread: any, once loaded.
 */

/* Largest configuration file, in bytes. */
#define VIT_CONFIG_MAX_BYTES (64 * 1024)

typedef enum VitKeyType {
	VIT_KEY_STRING,  /* any text */
	VIT_KEY_PATH,    /* an absolute path; whether it exists is for its user to find out */
	VIT_KEY_BOOL,    /* yes or no; true and false are understood as well */
	VIT_KEY_UINT,    /* a whole number, decimal */
	VIT_KEY_CHOICE,  /* one of a few words */
	VIT_KEY_ADDRESS, /* "127.0.0.1:5900", "[::1]:5900", or "none" */
	VIT_KEY_SIZE,    /* "1280x800", pixels */
} VitKeyType;

typedef struct VitConfigKey {
	const char *group, *key;
	VitKeyType type;
	guint64 min, max;           /* UINT: the range. STRING, PATH: max is the most bytes */
	const char *const *choices; /* CHOICE only, NULL-terminated */
	const char *default_value;  /* as written in a file; NULL: not set */
	const char *doc;            /* one or two sentences */
} VitConfigKey;

/* The table, in the order in which people read it; ends with a row whose group is NULL. */
extern const VitConfigKey vit_config_keys[];

typedef struct VitConfig VitConfig;

/*
 * Reads @path; NULL: all defaults. On failure returns NULL and a message with one sentence per
 * mistake, one per line: every mistake in the file, each with file, line, group, key, the value and
 * what is allowed; for an unknown key the nearest known one. Errors: CONFIG.
 */
VitConfig *vit_config_load(const char *path, GError **error);
/*
 * As vit_config_load(), with what a command line sets on top of the file: @assignments are
 * "group.key=value", NULL-terminated; the last one for a key wins. Keys that must fit each other
 * are judged once all of them are known.
 */
VitConfig *vit_config_load_with(const char *path, const char *const *assignments, GError **error);
/* As vit_config_load_with(), from memory; @name stands for the file in messages. */
VitConfig *vit_config_load_from_data(const char *name, const char *text, gsize n_bytes,
				     const char *const *assignments, GError **error);
void vit_config_free(VitConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitConfig, vit_config_free)

/*
 * The value of a key of the table; asking for another key, or for another type than the key has, is
 * an assertion. Borrowed as long as the configuration.
 */

/* Whether a key of any type has a value, be it its default. */
bool vit_config_is_set(const VitConfig *self, const char *group, const char *key);
/* STRING, PATH, CHOICE; NULL where nothing is set. */
const char *vit_config_get_string(const VitConfig *self, const char *group, const char *key);
/* The key must be set. */
guint64 vit_config_get_uint(const VitConfig *self, const char *group, const char *key);
bool vit_config_get_bool(const VitConfig *self, const char *group, const char *key);
/* Returns false where the value is "none" or nothing is set; *ret_address is then untouched. */
bool vit_config_get_address(const VitConfig *self, const char *group, const char *key,
			    VitAddress *ret_address);
/* Pixels, each from 1 to 16384. The key must have a default. */
void vit_config_get_size(const VitConfig *self, const char *group, const char *key,
			 uint32_t *ret_width, uint32_t *ret_height);

/* What may be written for this key, for people: "a whole number from 1 to 64". Free with g_free. */
char *vit_config_describe_key(const VitConfigKey *key);

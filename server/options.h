/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/config.h"

/* The command line of vitrine(1). */

typedef struct VitOptions {
	char *config_path; /* NULL: defaults */
	char **overrides;  /* "group.key=value"; NULL or NULL-terminated */
	bool check_config;
	bool version;
} VitOptions;

/* Parses @argv; --help prints and exits. Errors: CONFIG, naming the option. */
bool vit_options_parse(VitOptions *ret_options, int argc, char **argv, GError **error);
void vit_options_clear(VitOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VitOptions, vit_options_clear)

/* The file with the overrides on top. Errors: CONFIG, a sentence for every mistake. */
VitConfig *vit_options_load_config(const VitOptions *self, GError **error);

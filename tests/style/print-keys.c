/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * print-keys prints the table of keys for keys.py: a key a line, its columns separated by tabs.
 * print-keys FILE loads a configuration instead, and says what is wrong with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = vit_config_load(argv[1], &error);

	if (!config) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	for (const VitConfigKey *key = vit_config_keys; argc == 1 && key->group; key++) {
		g_autofree char *allowed = vit_config_describe_key(key);

		printf("%s\t%s\t%s\t%s\t%s\n", key->group, key->key, allowed,
		       key->default_value ? key->default_value : "", key->doc);
	}
	return EXIT_SUCCESS;
}

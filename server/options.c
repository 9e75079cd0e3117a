/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/options.h"

#include "config/error.h"

bool vit_options_parse(VitOptions *ret_options, int argc, char **argv, GError **error)
{
	g_auto(VitOptions) options = {0};
	gboolean check_config = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path,
		 "Read the configuration from FILE, see vitrine.conf(5)", "FILE"},
		{"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.overrides,
		 "Set one key over what the file says; may be repeated", "GROUP.KEY=VALUE"},
		{"check-config", 0, 0, G_OPTION_ARG_NONE, &check_config,
		 "Say what is wrong with the configuration, and exit", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version, and exit", NULL},
		{0},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) reason = NULL;

	g_option_context_set_summary(context, "Shows a VM's display to SPICE and VNC viewers.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &reason)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s. \"vitrine --help\" lists the options.", reason->message);
		return false;
	}
	if (argc > 1) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "\"%s\" is not an option of vitrine. \"vitrine --help\" lists them.",
			    argv[1]);
		return false;
	}
	options.check_config = check_config;
	options.version = version;
	*ret_options = options;
	options = (VitOptions){0};
	return true;
}

void vit_options_clear(VitOptions *self)
{
	g_clear_pointer(&self->config_path, g_free);
	g_clear_pointer(&self->overrides, g_strfreev);
}

VitConfig *vit_options_load_config(const VitOptions *self, GError **error)
{
	return vit_config_load_with(self->config_path, (const char *const *)self->overrides, error);
}

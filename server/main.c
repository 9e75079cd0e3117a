/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* vitrine(1): options, configuration, bridge, run. */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>

#include "build-config.h"
#include "config/log.h"
#include "server/bridge.h"
#include "server/options.h"

static gboolean on_quit_signal(void *user_data)
{
	g_main_loop_quit(user_data);
	return G_SOURCE_CONTINUE;
}

static int run(const VitConfig *config)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GError) error = NULL;
	g_autoptr(VitBridge) bridge = vit_bridge_new(config, &error);

	if (!bridge) {
		g_printerr("vitrine: %s\n", error->message);
		return EXIT_FAILURE;
	}
	(void)g_unix_signal_add(SIGINT, on_quit_signal, loop);
	(void)g_unix_signal_add(SIGTERM, on_quit_signal, loop);
	g_main_loop_run(loop);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	g_auto(VitOptions) options = {0};
	g_autoptr(VitConfig) config = NULL;
	g_autoptr(GError) error = NULL;

	(void)setlocale(LC_ALL, "");
	(void)signal(SIGPIPE, SIG_IGN);
	if (!vit_options_parse(&options, argc, argv, &error)) {
		g_printerr("vitrine: %s\n", error->message);
		return EXIT_FAILURE;
	}
	if (options.version) {
		g_print("vitrine %s\n", VIT_VERSION);
		return EXIT_SUCCESS;
	}
	config = vit_options_load_config(&options, &error);
	if (!config) {
		g_printerr("%s\n", error->message);
		return EXIT_FAILURE;
	}
	if (options.check_config) {
		g_print("The configuration is valid.\n");
		return EXIT_SUCCESS;
	}
	vit_log_init(vit_config_get_string(config, "vitrine", "log-level"));
	return run(config);
}

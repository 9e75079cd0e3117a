/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/error.h"
#include "server/vnc/vnc.h"

/* Spec: sd_listen_fds(3). */
#define FIRST_PASSED_FD 3
#define MAX_PASSED_FDS  16

/* Takes over what systemd passed; an empty array when it did not. */
static GArray *take_passed_fds(void)
{
	GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
	const char *pid_text = g_getenv("LISTEN_PID");
	const char *n_text = g_getenv("LISTEN_FDS");
	guint64 pid, n_fds;

	if (!pid_text || !n_text ||
	    !g_ascii_string_to_unsigned(pid_text, 10, 1, G_MAXINT, &pid, NULL) ||
	    pid != (guint64)getpid() ||
	    !g_ascii_string_to_unsigned(n_text, 10, 1, MAX_PASSED_FDS, &n_fds, NULL)) {
		return fds;
	}
	for (int fd = FIRST_PASSED_FD; fd < FIRST_PASSED_FD + (int)n_fds; fd++) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		g_array_append_val(fds, fd);
	}
	return fds;
}

static VitVncShare share_from_config(const VitConfig *config)
{
	const char *share = vit_config_get_string(config, "vnc", "share");

	if (strcmp(share, "shared") == 0) {
		return VIT_VNC_SHARE_SHARED;
	}
	return strcmp(share, "exclusive") == 0 ? VIT_VNC_SHARE_EXCLUSIVE : VIT_VNC_SHARE_CLIENT;
}

VitFrontend *vit_vnc_new_from_config(const VitConfig *config, GError **error)
{
	g_autoptr(GArray) fds = take_passed_fds();
	VitAddress address;
	bool listens = vit_config_get_address(config, "vnc", "listen", &address);
	const VitVncOptions options = {
		.listen = listens ? &address : NULL,
		.unix_path = vit_config_get_string(config, "vnc", "unix"),
		.listen_fds = (const int *)(void *)fds->data,
		.n_listen_fds = fds->len,
		.insecure = vit_config_get_bool(config, "vnc", "insecure"),
		.password_file = vit_config_get_string(config, "vnc", "password-file"),
		.view_only_password_file =
			vit_config_get_string(config, "vnc", "view-only-password-file"),
		.share = share_from_config(config),
		.max_clients = (unsigned)vit_config_get_uint(config, "vnc", "max-clients"),
		.handshake_timeout_s =
			(unsigned)vit_config_get_uint(config, "vnc", "handshake-timeout-s"),
		.stall_timeout_s = (unsigned)vit_config_get_uint(config, "vnc", "stall-timeout-s"),
		.keymap = vit_config_get_string(config, "vnc", "keymap"),
		.jpeg = vit_config_get_bool(config, "vnc", "jpeg"),
	};

	return vit_vnc_new(&options, error);
}

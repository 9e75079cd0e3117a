/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/address.h"
#include "config/config.h"
#include "server/frontend.h"

/*
 * The VNC front-end: RFB 3.3 to 3.8, without encryption. Head N listens on port + N, on path + ".N"
 * (head 0 on the path itself), and on the passed-in fd number N. Thread: loop.
 */

typedef enum VitVncShare {
	VIT_VNC_SHARE_SHARED,    /* everybody */
	VIT_VNC_SHARE_EXCLUSIVE, /* only the newest viewer of a head */
	VIT_VNC_SHARE_CLIENT,    /* as each viewer asks when it connects */
} VitVncShare;

typedef struct VitVncOptions {
	const VitAddress *listen; /* of head 0; NULL: no TCP */
	const char *unix_path;    /* of head 0; NULL: none */
	const int *listen_fds;    /* passed in, one a head; taken */
	unsigned n_listen_fds;
	bool insecure; /* addresses that other machines can reach are all right */
	const char *password_file, *view_only_password_file; /* NULL: none */
	VitVncShare share;
	unsigned max_clients; /* 1 to 64 */
	unsigned handshake_timeout_s, stall_timeout_s;
	const char *keymap; /* XKB layout, or layout:variant */
	bool jpeg;
} VitVncOptions;

/*
 * Does not listen yet. @options is copied; the fds are taken on every path. Errors: CONFIG
 * (password file, keymap, an address that would need insecure), INTERNAL.
 */
VitFrontend *vit_vnc_new(const VitVncOptions *options, GError **error);
/*
 * The same from the group [vnc], and from the fds that systemd's socket activation passed to this
 * process. Called at most once.
 */
VitFrontend *vit_vnc_new_from_config(const VitConfig *config, GError **error);

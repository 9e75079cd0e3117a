/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What kind of memory an fd is. Shared memory can be sealed and says so, even where it is not; a
 * dmabuf cannot, but fdinfo has its exporter's name.
 */
#include "sources/memory-kind.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

bool vit_memory_is_plain(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", fd);
	g_autofree char *text = NULL;

	return fcntl(fd, F_GET_SEALS) >= 0 || (g_file_get_contents(path, &text, NULL, NULL) &&
					       strstr(text, "exp_name:\tudmabuf\n"));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * VNC passwords and the file that one comes from. The line is taken as bytes: viewers encode what a
 * person types in different ways, and the protocol compares bytes.
 */
#include "server/vnc/password-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config/error.h"
#include "config/fd.h"

/* A longer first line is no password; more than this is never read. */
#define MAX_LINE_BYTES 4096

void vit_vnc_password_set(VitVncPassword *self, const char *text, size_t n_bytes)
{
	g_assert(n_bytes > 0);
	memset(self->bytes, 0, sizeof self->bytes);
	memcpy(self->bytes, text, MIN(n_bytes, sizeof self->bytes));
}

void vit_vnc_password_clear(VitVncPassword *self)
{
	explicit_bzero(self->bytes, sizeof self->bytes);
}

/* Opens without blocking, so that a FIFO in its place cannot stop the start-up. */
static int open_regular(const char *path, struct stat *ret_status, GError **error)
{
	VIT_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, ret_status) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the password file %s cannot be opened: %s", path, g_strerror(errno));
		return -1;
	}
	if (!S_ISREG(ret_status->st_mode)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the password file %s is not a regular file", path);
		return -1;
	}
	return g_steal_fd(&fd);
}

/* Reads until the buffer is full or the file ends. Returns -1 on failure, errno set. */
static ssize_t read_head(int fd, char *buffer, size_t n_bytes)
{
	size_t done = 0;

	while (done < n_bytes) {
		ssize_t n = read(fd, buffer + done, n_bytes - done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static size_t line_length(const char *text, size_t n_bytes)
{
	const char *end = memchr(text, '\n', n_bytes);
	size_t length = end ? (size_t)(end - text) : n_bytes;

	return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
}

static char *make_warning(const char *path, mode_t mode, size_t length)
{
	GString *text = g_string_new(NULL);

	if (mode & (S_IRWXG | S_IRWXO)) {
		g_string_append_printf(text,
				       "Others than its owner can use the password file %s (mode "
				       "%04o): take that away with chmod 600. ",
				       path, (unsigned)mode & 07777);
	}
	if (length > VIT_VNC_PASSWORD_BYTES) {
		g_string_append_printf(text,
				       "Only the first %d bytes of the password in %s count: VNC "
				       "authentication has no more. ",
				       VIT_VNC_PASSWORD_BYTES, path);
	}
	if (text->len == 0) {
		return g_string_free(text, TRUE);
	}
	g_string_truncate(text, text->len - 1);
	return g_string_free(text, FALSE);
}

bool vit_vnc_password_load(const char *path, VitVncPassword *ret_password, char **ret_warning,
			   GError **error)
{
	char text[MAX_LINE_BYTES];
	struct stat status;
	VIT_AUTOFD int fd = open_regular(path, &status, error);
	ssize_t n_bytes;
	size_t length;

	if (fd < 0) {
		return false;
	}
	n_bytes = read_head(fd, text, sizeof text);
	if (n_bytes < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the password file %s cannot be read: %s", path, g_strerror(errno));
		return false;
	}
	length = line_length(text, (size_t)n_bytes);
	if (length == 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the password file %s has no password on its first line", path);
		return false;
	}
	vit_vnc_password_set(ret_password, text, length);
	explicit_bzero(text, sizeof text);
	*ret_warning = make_warning(path, status.st_mode, length);
	return true;
}

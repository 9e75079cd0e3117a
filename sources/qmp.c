/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A QMP client (QEMU Machine Protocol: one JSON object a line, both ways).
 *
 * vit_qmp_new() → ready → vit_qmp_execute() → done → … → vit_qmp_free(). A step is what the caller
 * waits for: the greeting and the negotiation together, or one command. Replies are found by the id
 * that each command carries; events may come between and are skipped.
 *
 * The VMM is not trusted: a line is bounded, and so is its nesting, because json-glib's parser
 * recurses once per level. File descriptors that the VMM might send are never received.
 */
#include "sources/qmp.h"

#include <errno.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/error.h"
#include "config/fd.h"
#include "config/text.h"

#define QMP_MAX_LINE_BYTES (64 * 1024)
#define QMP_MAX_BRACKETS   1024 /* in a line */
#define QMP_MAX_QUOTED     200  /* characters of the VMM's own words */

struct VitQmp {
	char *path;
	unsigned deadline_ms;
	int fd;
	GString *in;  /* read, not yet a whole line */
	GString *out; /* not yet written */
	int out_fd;   /* goes with the first byte of out; borrowed; -1: none */
	guint in_watch, out_watch, deadline_timer, failure_idle;
	bool greeted;
	unsigned command_id; /* of the last command */
	GError *failure;     /* set: the conversation is over */
	VitQmpDone done;     /* of the step under way; NULL: none */
	void *done_data;
};

static void qmp_clear_source(guint *id)
{
	if (*id != 0) {
		g_source_remove(*id);
		*id = 0;
	}
}

/* Ends the step. The caller's answer may be to free @self, so this is the last thing to do. */
static void qmp_end_step(VitQmp *self, const GError *error)
{
	VitQmpDone done = g_steal_pointer(&self->done);

	qmp_clear_source(&self->deadline_timer);
	if (done) {
		done(self->done_data, error);
	}
}

/* Ends the conversation. The last thing to do, as qmp_end_step(). */
static void qmp_fail(VitQmp *self, VitError code, const char *what)
{
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, code, "QMP socket %s: %s", self->path, what);

	qmp_clear_source(&self->in_watch);
	qmp_clear_source(&self->out_watch);
	if (!self->failure) {
		self->failure = g_error_copy(error);
	}
	qmp_end_step(self, error);
}

static gboolean on_qmp_failed_early(void *user_data)
{
	VitQmp *self = user_data;
	g_autoptr(GError) error = g_error_copy(self->failure);

	self->failure_idle = 0;
	qmp_end_step(self, error);
	return G_SOURCE_REMOVE;
}

static gboolean on_qmp_deadline(void *user_data)
{
	VitQmp *self = user_data;

	self->deadline_timer = 0;
	qmp_fail(self, VIT_ERROR_TIMED_OUT,
		 self->greeted ? "the VMM does not answer"
			       : "no greeting; QMP serves one client at a time, so another "
				 "program may hold the connection: close that one, or give the "
				 "VMM a second QMP socket");
	return G_SOURCE_REMOVE;
}

static void qmp_begin_step(VitQmp *self, VitQmpDone done, void *user_data)
{
	g_assert(!self->done);
	self->done = done;
	self->done_data = user_data;
	if (self->failure) {
		self->failure_idle = g_idle_add(on_qmp_failed_early, self);
		return;
	}
	self->deadline_timer = g_timeout_add(self->deadline_ms, on_qmp_deadline, self);
}

/* Writes what fits; true when something is left for later. Sets errno and *ret_failed on error. */
static bool qmp_write_some(VitQmp *self, bool *ret_failed)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = self->out->str, .iov_len = self->out->len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n_bytes;

	if (self->out_fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &self->out_fd, sizeof(int));
	}
	n_bytes = sendmsg(self->fd, &message, MSG_NOSIGNAL);
	if (n_bytes < 0) {
		*ret_failed = errno != EAGAIN && errno != EINTR;
		return !*ret_failed;
	}
	self->out_fd = -1;
	g_string_erase(self->out, 0, n_bytes);
	return self->out->len > 0;
}

static gboolean on_qmp_writable(int fd, GIOCondition condition, void *user_data)
{
	VitQmp *self = user_data;
	bool failed = false;

	if (qmp_write_some(self, &failed)) {
		return G_SOURCE_CONTINUE;
	}
	self->out_watch = 0;
	if (failed) {
		g_autofree char *what =
			g_strdup_printf("cannot send a command: %s", g_strerror(errno));

		qmp_fail(self, VIT_ERROR_DISCONNECTED, what);
	}
	return G_SOURCE_REMOVE;
}

static void qmp_send(VitQmp *self, const VitQmpCommand *command)
{
	self->command_id++;
	g_string_append_printf(self->out, "{\"execute\":\"%s\",\"arguments\":%s,\"id\":%u}\n",
			       command->name, command->arguments ? command->arguments : "{}",
			       self->command_id);
	self->out_fd = command->fd;
	if (self->out_watch == 0) {
		self->out_watch = g_unix_fd_add(self->fd, G_IO_OUT, on_qmp_writable, self);
	}
}

/*
 * Whether the parser may recurse over @line. Only what opens is counted, wherever it stands: what
 * closes may be in a string, or in a comment, which json-glib allows.
 */
static bool qmp_nesting_is_sane(const char *line)
{
	unsigned n_brackets = 0;

	for (; *line != '\0'; line++) {
		n_brackets += *line == '{' || *line == '[';
	}
	return n_brackets <= QMP_MAX_BRACKETS;
}

/* The string member @name of @object, or NULL; whatever the VMM put there. */
static const char *qmp_peek_string(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_get_string(node)
		       : NULL;
}

static bool qmp_is_reply(const VitQmp *self, JsonObject *object)
{
	JsonNode *node = json_object_get_member(object, "id");

	return node && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == G_TYPE_INT64 &&
	       json_node_get_int(node) == self->command_id;
}

static void qmp_handle_refusal(VitQmp *self, JsonNode *node)
{
	const char *words = JSON_NODE_HOLDS_OBJECT(node)
				    ? qmp_peek_string(json_node_get_object(node), "desc")
				    : NULL;
	g_autofree char *quoted =
		g_utf8_make_valid(words ? words : "no reason given",
				  words ? (gssize)strnlen(words, QMP_MAX_QUOTED) : -1);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "QMP socket %s: the VMM refused: %s",
			    self->path, quoted);

	qmp_end_step(self, error);
}

/* Acts on one object. May free @self: returns at once after. */
static void qmp_handle_object(VitQmp *self, JsonObject *object)
{
	JsonNode *refusal;

	if (!self->greeted) {
		if (!json_object_has_member(object, "QMP")) {
			qmp_fail(self, VIT_ERROR_INVALID_METADATA,
				 "what listens there does not greet as QMP does");
			return;
		}
		self->greeted = true;
		qmp_send(self, &(VitQmpCommand){.name = "qmp_capabilities", .fd = -1});
		return;
	}
	if (!self->done || !qmp_is_reply(self, object)) {
		return;
	}
	refusal = json_object_get_member(object, "error");
	if (refusal) {
		qmp_handle_refusal(self, refusal);
	} else if (json_object_has_member(object, "return")) {
		qmp_end_step(self, NULL);
	}
}

static void qmp_handle_line(VitQmp *self, const char *line, size_t n_bytes)
{
	g_autoptr(JsonNode) node = NULL;

	if (!g_utf8_validate(line, (gssize)n_bytes, NULL) || !qmp_nesting_is_sane(line)) {
		qmp_fail(self, VIT_ERROR_INVALID_METADATA, "what came is not QMP");
		return;
	}
	if (*g_strchug((char *)line) == '\0') {
		return;
	}
	node = json_from_string(line, NULL);
	if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
		qmp_fail(self, VIT_ERROR_INVALID_METADATA, "what came is not QMP");
		return;
	}
	qmp_handle_object(self, json_node_get_object(node));
}

static gboolean on_qmp_readable(int fd, GIOCondition condition, void *user_data);

static void qmp_watch_input(VitQmp *self)
{
	self->in_watch = g_unix_fd_add(self->fd, G_IO_IN, on_qmp_readable, self);
}

/* Takes one line a call, because what a line causes may free @self. */
static gboolean on_qmp_line(void *user_data)
{
	VitQmp *self = user_data;
	size_t n_bytes =
		(size_t)((char *)memchr(self->in->str, '\n', self->in->len) - self->in->str);
	g_autofree char *line = g_strndup(self->in->str, n_bytes);
	bool more;

	g_string_erase(self->in, 0, (gssize)n_bytes + 1);
	more = memchr(self->in->str, '\n', self->in->len) != NULL;
	if (!more) {
		qmp_watch_input(self);
	}
	qmp_handle_line(self, line, n_bytes);
	return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean on_qmp_readable(int fd, GIOCondition condition, void *user_data)
{
	VitQmp *self = user_data;
	char bytes[4096];
	ssize_t n_bytes = recv(fd, bytes, sizeof(bytes), 0);

	if (n_bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
		return G_SOURCE_CONTINUE;
	}
	if (n_bytes <= 0) {
		qmp_fail(self, VIT_ERROR_DISCONNECTED,
			 n_bytes == 0 ? "the VMM closed the connection" : g_strerror(errno));
		return G_SOURCE_CONTINUE;
	}
	g_string_append_len(self->in, bytes, n_bytes);
	if (memchr(bytes, '\n', (size_t)n_bytes)) {
		self->in_watch = g_idle_add_full(G_PRIORITY_DEFAULT, on_qmp_line, self, NULL);
		return G_SOURCE_REMOVE;
	}
	if (self->in->len > QMP_MAX_LINE_BYTES) {
		qmp_fail(self, VIT_ERROR_INVALID_METADATA, "what came is not QMP: a line too long");
	}
	return G_SOURCE_CONTINUE;
}

/* Returns whether connecting began; else errno says why not. */
static bool qmp_connect(VitQmp *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path)) >=
	    sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return self->fd >= 0 &&
	       connect(self->fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static GError *qmp_explain(const char *path, int reason)
{
	const char *advice = "";

	if (reason == ENOENT || reason == ECONNREFUSED) {
		advice = ". Is QEMU running, with -qmp unix:PATH,server=on,wait=off?";
	} else if (reason == EACCES) {
		advice = ". This user needs to read and write the socket, and to enter its folder";
	}
	return g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "QMP socket %s: %s%s", path,
			   g_strerror(reason), advice);
}

VitQmp *vit_qmp_new(const char *path, unsigned deadline_ms, VitQmpDone ready, void *user_data)
{
	VitQmp *self = g_new0(VitQmp, 1);

	self->path = g_strdup(path);
	self->deadline_ms = deadline_ms;
	self->fd = -1;
	self->out_fd = -1;
	self->in = g_string_new(NULL);
	self->out = g_string_new(NULL);
	if (qmp_connect(self)) {
		qmp_watch_input(self);
	} else {
		self->failure = qmp_explain(path, errno);
	}
	qmp_begin_step(self, ready, user_data);
	return self;
}

void vit_qmp_execute(VitQmp *self, const VitQmpCommand *command, VitQmpDone done, void *user_data)
{
	g_assert(self->greeted || self->failure);
	qmp_begin_step(self, done, user_data);
	if (!self->failure) {
		qmp_send(self, command);
	}
}

void vit_qmp_free(VitQmp *self)
{
	if (!self) {
		return;
	}
	qmp_clear_source(&self->in_watch);
	qmp_clear_source(&self->out_watch);
	qmp_clear_source(&self->deadline_timer);
	qmp_clear_source(&self->failure_idle);
	vit_fd_clear(&self->fd);
	g_string_free(self->in, TRUE);
	g_string_free(self->out, TRUE);
	g_clear_error(&self->failure);
	g_free(self->path);
	g_free(self);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Starting, watching, killing and restarting vitrine-render.
 *
 * A process that died is followed by its pidfd until it can be reaped; one that is stuck in the
 * kernel stays among the `dying` and does not hold up its successor, but only so many may be there
 * at a time. The child gets fd 0 to 3 and nothing else; that it dies with its parent it sees to
 * itself (render/main.c), since posix_spawn() cannot.
 */
#include "encoders/render-process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"

#define PROCESS_MAX_DYING        4
#define PROCESS_LONG_LIFE_US     (2 * G_USEC_PER_SEC) /* after which a death is the first again */
#define PROCESS_MIN_PAUSE_MS     50
#define PROCESS_MAX_PAUSE_MS     1000
#define PROCESS_END_PATIENCE_MS  500 /* for a killed process to be gone, when we end too */
#define PROCESS_PACKETS_PER_TURN 16

struct VitRenderProcess {
	unsigned ref_count; /* the owner's, and one a callback that runs */
	const char *program;
	const VitRenderProcessEvents *events;
	void *user_data;
	GMainContext *context;

	int pid; /* -1: none is running; the three below are its */
	int pidfd;
	int socket_fd;
	int64_t started_us;
	GSource *death_source, *packet_source, *room_source;

	int dying[PROCESS_MAX_DYING]; /* pidfds of killed processes; -1: free */
	GSource *dying_sources[PROCESS_MAX_DYING];

	GSource *start_source; /* NULL: no start is waited for */
	unsigned pause_ms;     /* before the next start */
	uint64_t starts;
	VitRenderPacket packet; /* large, so not on the stack */
};

/* Held by a callback on what it works on, since an event may free it. */
typedef VitRenderProcess *ProcessRef;

static void process_start_later(VitRenderProcess *self);

static VitRenderProcess *process_ref(VitRenderProcess *self)
{
	self->ref_count++;
	return self;
}

static void process_unref(VitRenderProcess *self)
{
	if (--self->ref_count == 0) {
		g_main_context_unref(self->context);
		g_free(self);
	}
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(ProcessRef, process_unref, NULL)

static void process_drop_source(GSource **source)
{
	if (*source) {
		g_source_destroy(*source);
		g_source_unref(*source);
		*source = NULL;
	}
}

static GSource *process_watch_fd(VitRenderProcess *self, int fd, GIOCondition condition,
				 GUnixFDSourceFunc callback)
{
	GSource *source = g_unix_fd_source_new(fd, condition);

	g_source_set_callback(source, G_SOURCE_FUNC(callback), self, NULL);
	(void)g_source_attach(source, self->context);
	return source;
}

static bool process_reap(int pidfd)
{
	siginfo_t status = {0};

	return waitid(P_PIDFD, (id_t)pidfd, &status, WEXITED | WNOHANG) < 0 || status.si_pid != 0;
}

/* A slot for a process that was killed and is not gone yet; -1: all are taken. */
static int process_find_dying_slot(const VitRenderProcess *self)
{
	for (int i = 0; i < PROCESS_MAX_DYING; i++) {
		if (self->dying[i] < 0) {
			return i;
		}
	}
	return -1;
}

static gboolean on_dying_gone(int pidfd, GIOCondition condition, void *user_data)
{
	VitRenderProcess *self = user_data;

	for (unsigned i = 0; i < PROCESS_MAX_DYING; i++) {
		if (self->dying[i] == pidfd && process_reap(pidfd)) {
			process_drop_source(&self->dying_sources[i]);
			vit_fd_clear(&self->dying[i]);
		}
	}
	return G_SOURCE_CONTINUE;
}

/*
 * Kills the running process and lets go of it. There is a free slot: none is started without one.
 */
static void process_abandon(VitRenderProcess *self)
{
	int slot = process_find_dying_slot(self);

	process_drop_source(&self->death_source);
	process_drop_source(&self->packet_source);
	process_drop_source(&self->room_source);
	vit_fd_clear(&self->socket_fd);
	(void)kill(self->pid, SIGKILL);
	self->pid = -1;
	if (process_reap(self->pidfd)) {
		vit_fd_clear(&self->pidfd);
		return;
	}
	self->dying[slot] = self->pidfd;
	self->pidfd = -1;
	self->dying_sources[slot] =
		process_watch_fd(self, self->dying[slot], G_IO_IN, on_dying_gone);
}

static void process_lose(VitRenderProcess *self, const GError *reason)
{
	if (g_get_monotonic_time() - self->started_us >= PROCESS_LONG_LIFE_US) {
		self->pause_ms = 0;
	}
	process_abandon(self);
	process_start_later(self);
	self->events->lost(self->user_data, reason);
}

static gboolean on_process_died(int pidfd, GIOCondition condition, void *user_data)
{
	g_auto(ProcessRef) self = process_ref(user_data);
	siginfo_t status = {0};
	g_autoptr(GError) error = NULL;

	if (waitid(P_PIDFD, (id_t)pidfd, &status, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    status.si_pid == 0) {
		return G_SOURCE_CONTINUE;
	}
	error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "%s %s %d", self->program,
			    status.si_code == CLD_EXITED ? "ended with status"
							 : "was ended by signal",
			    status.si_status);
	process_lose(self, error);
	return G_SOURCE_REMOVE;
}

static gboolean on_process_packet(int socket_fd, GIOCondition condition, void *user_data)
{
	g_auto(ProcessRef) self = process_ref(user_data);
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < PROCESS_PACKETS_PER_TURN && self->socket_fd == socket_fd; i++) {
		switch (vit_render_receive(socket_fd, &self->packet)) {
		case VIT_RENDER_TRANSFER_DONE:
			self->events->received(self->user_data, &self->packet);
			vit_render_packet_close_fds(&self->packet);
			break;
		case VIT_RENDER_TRANSFER_AGAIN:
			return G_SOURCE_CONTINUE;
		case VIT_RENDER_TRANSFER_ENDED:
			error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
					    "%s closed its connection", self->program);
			process_lose(self, error);
			return G_SOURCE_REMOVE;
		case VIT_RENDER_TRANSFER_BAD:
			error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
					    "%s sent what is no message", self->program);
			process_lose(self, error);
			return G_SOURCE_REMOVE;
		}
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_process_room(int socket_fd, GIOCondition condition, void *user_data)
{
	g_auto(ProcessRef) self = process_ref(user_data);

	process_drop_source(&self->room_source);
	self->events->ready(self->user_data);
	return G_SOURCE_REMOVE;
}

/* Returns the child's pid, or -1 with errno set. */
static int process_spawn(const char *program, int child_socket_fd)
{
	char *const arguments[] = {(char *)"vitrine-render", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid = -1;
	int code;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETPGROUP);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawn_file_actions_init(&actions);
	code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (code == 0) {
		code = posix_spawn_file_actions_adddup2(&actions, child_socket_fd,
							VIT_RENDER_SOCKET_FD);
	}
	if (code == 0) {
		code = posix_spawn_file_actions_addclosefrom_np(&actions, VIT_RENDER_SOCKET_FD + 1);
	}
	if (code == 0) {
		code = posix_spawn(&pid, program, &actions, &attributes, arguments, environ);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	errno = code;
	return code == 0 ? pid : -1;
}

static bool process_start(VitRenderProcess *self, GError **error)
{
	int ends[2] = {-1, -1};
	VIT_AUTOFD int ours = -1;
	VIT_AUTOFD int theirs = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
		ours = ends[0];
		theirs = ends[1];
		self->pid = process_spawn(self->program, theirs);
	}
	if (self->pid < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot start %s, without which no picture is read: %s", self->program,
			    g_strerror(errno));
		return false;
	}
	self->pidfd = pidfd_open(self->pid, 0);
	if (self->pidfd < 0 || !g_unix_set_fd_nonblocking(ours, TRUE, NULL)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL, "cannot watch %s: %s",
			    self->program, g_strerror(errno));
		(void)kill(self->pid, SIGKILL);
		(void)waitpid(self->pid, NULL, 0);
		self->pid = -1;
		vit_fd_clear(&self->pidfd);
		return false;
	}
	self->starts++;
	self->started_us = g_get_monotonic_time();
	self->socket_fd = g_steal_fd(&ours);
	self->death_source = process_watch_fd(self, self->pidfd, G_IO_IN, on_process_died);
	self->packet_source = process_watch_fd(self, self->socket_fd, G_IO_IN, on_process_packet);
	self->room_source = process_watch_fd(self, self->socket_fd, G_IO_OUT, on_process_room);
	return true;
}

static gboolean on_start_due(void *user_data)
{
	g_auto(ProcessRef) self = process_ref(user_data);
	g_autoptr(GError) error = NULL;

	process_drop_source(&self->start_source);
	if (process_find_dying_slot(self) < 0) {
		error = g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "%d killed processes %s are stuck in the kernel: waiting for "
				    "one to end",
				    PROCESS_MAX_DYING, self->program);
	} else if (process_start(self, &error)) {
		return G_SOURCE_REMOVE;
	}
	process_start_later(self);
	self->events->lost(self->user_data, error);
	return G_SOURCE_REMOVE;
}

/* The first start after a long life comes at once, each further one after twice the pause. */
static void process_start_later(VitRenderProcess *self)
{
	self->start_source = g_timeout_source_new(self->pause_ms);
	g_source_set_callback(self->start_source, on_start_due, self, NULL);
	(void)g_source_attach(self->start_source, self->context);
	self->pause_ms = CLAMP(self->pause_ms * 2, PROCESS_MIN_PAUSE_MS, PROCESS_MAX_PAUSE_MS);
}

VitRenderProcess *vit_render_process_new(const char *program, const VitRenderProcessEvents *events,
					 void *user_data, GError **error)
{
	g_autoptr(VitRenderProcess) self = g_new0(VitRenderProcess, 1);

	self->ref_count = 1;
	self->program = program;
	self->events = events;
	self->user_data = user_data;
	self->context = g_main_context_ref_thread_default();
	self->pid = self->pidfd = self->socket_fd = -1;
	for (unsigned i = 0; i < PROCESS_MAX_DYING; i++) {
		self->dying[i] = -1;
	}
	return process_start(self, error) ? g_steal_pointer(&self) : NULL;
}

/*
 * Everything was killed already, so this takes a moment only. What is stuck in the kernel even then
 * is init's, once this process has ended.
 */
static void process_wait_for_dying(VitRenderProcess *self)
{
	int64_t end_us = g_get_monotonic_time() + PROCESS_END_PATIENCE_MS * 1000;

	for (unsigned i = 0; i < PROCESS_MAX_DYING; i++) {
		struct pollfd dead = {.fd = self->dying[i], .events = POLLIN};
		int64_t left_ms = (end_us - g_get_monotonic_time()) / 1000;

		if (self->dying[i] >= 0) {
			(void)poll(&dead, 1, (int)MAX(left_ms, 0));
			(void)process_reap(self->dying[i]);
			process_drop_source(&self->dying_sources[i]);
			vit_fd_clear(&self->dying[i]);
		}
	}
}

void vit_render_process_free(VitRenderProcess *self)
{
	if (!self) {
		return;
	}
	process_drop_source(&self->start_source);
	if (self->pid >= 0) {
		process_abandon(self);
	}
	process_wait_for_dying(self);
	process_unref(self);
}

VitRenderTransfer vit_render_process_send(VitRenderProcess *self, const VitRenderMessage *message,
					  const int *fds, unsigned n_fds)
{
	VitRenderTransfer transfer;

	if (self->pid < 0) {
		return VIT_RENDER_TRANSFER_AGAIN;
	}
	transfer = vit_render_send(self->socket_fd, message, fds, n_fds);
	if (transfer == VIT_RENDER_TRANSFER_AGAIN && !self->room_source) {
		self->room_source =
			process_watch_fd(self, self->socket_fd, G_IO_OUT, on_process_room);
	}
	/* Of a connection that ended, the packet source is going to tell. */
	return transfer == VIT_RENDER_TRANSFER_DONE ? transfer : VIT_RENDER_TRANSFER_AGAIN;
}

void vit_render_process_kill(VitRenderProcess *self, const GError *reason)
{
	if (self->pid >= 0) {
		process_lose(self, reason);
	}
}

int vit_render_process_get_pid(const VitRenderProcess *self)
{
	return self->pid;
}

uint64_t vit_render_process_get_restarts(const VitRenderProcess *self)
{
	return self->starts > 0 ? self->starts - 1 : 0;
}

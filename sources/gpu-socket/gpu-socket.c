/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The machine behind a display socket: its heads, which are as many as the operator said whether
 * the producer uses them or not, and the one connection that they share.
 */
#include "sources/gpu-socket/gpu-socket.h"

#include <string.h>

#include "config/error.h"
#include "sources/gpu-socket/gpu-socket-private.h"

/* Room for a path; sun_path of a unix socket address. */
#define MACHINE_MAX_PATH_BYTES 107

typedef struct DisplayMachine {
	VitMachine base;
	char *path;
	VitDisplayLink *link;
	VitDisplayConnection *connection; /* NULL: none */
	VitDisplayHead *heads[VIT_DISPLAY_MAX_HEADS];
	unsigned n_heads;
	bool is_stopped;
} DisplayMachine;

/* ---- Heads ---- */

static void on_display_head_input(void *user_data, unsigned index, const VitInput *input)
{
	DisplayMachine *self = user_data;

	if (self->connection) {
		vit_display_connection_send_input(self->connection, index, input);
	}
}

static void on_display_head_wish(void *user_data)
{
	DisplayMachine *self = user_data;

	if (self->connection) {
		vit_display_connection_tell_wishes(self->connection);
	}
}

static void on_display_head_ready(void *user_data)
{
	DisplayMachine *self = user_data;

	if (self->connection) {
		vit_display_connection_resume(self->connection);
	}
}

/* ---- Link and connection ---- */

static void machine_lose(DisplayMachine *self, const GError *error)
{
	/* Whoever is told may stop the machine. */
	for (unsigned i = 0; i < self->n_heads && !self->is_stopped; i++) {
		vit_display_head_lose(self->heads[i], error);
	}
}

static void on_display_link_failed(void *user_data, const GError *error)
{
	machine_lose(user_data, error);
}

static void on_display_broken(void *user_data, const GError *cause)
{
	DisplayMachine *self = user_data;
	g_autoptr(GError) error =
		g_error_new(cause->domain, cause->code,
			    "the connection to the graphics device at the display socket %s is "
			    "over: %s; trying again",
			    self->path, cause->message);

	g_clear_pointer(&self->connection, vit_display_connection_free);
	vit_display_link_retry(self->link);
	machine_lose(self, error);
}

static void on_display_link_connected(void *user_data, int socket_fd)
{
	static const VitDisplayConnectionEvents events = {.broken = on_display_broken};
	DisplayMachine *self = user_data;
	const VitDisplayConnectionOptions options = {
		.socket_fd = socket_fd,
		.heads = self->heads,
		.n_heads = self->n_heads,
		.events = &events,
		.user_data = self,
	};

	self->connection = vit_display_connection_new(&options);
}

/* ---- The machine ---- */

static bool display_machine_start(VitMachine *machine, GError **error)
{
	DisplayMachine *self = (DisplayMachine *)machine;

	for (unsigned i = 0; i < self->n_heads; i++) {
		g_autofree char *label = g_strdup_printf("display %u", i);

		machine->events->head(machine->events_data, i, label,
				      vit_display_head_give_source(self->heads[i]),
				      vit_display_head_give_sink(self->heads[i]));
	}
	vit_display_link_start(self->link);
	return true;
}

static void display_machine_stop(VitMachine *machine)
{
	DisplayMachine *self = (DisplayMachine *)machine;

	self->is_stopped = true;
	vit_display_link_stop(self->link);
	g_clear_pointer(&self->connection, vit_display_connection_free);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_display_head_stop(self->heads[i]);
	}
}

static void display_machine_destroy(VitMachine *machine)
{
	DisplayMachine *self = (DisplayMachine *)machine;

	display_machine_stop(machine);
	vit_display_link_free(self->link);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_display_head_free(self->heads[i]);
	}
	g_free(self->path);
	g_free(self);
}

static bool machine_check_options(const VitGpuSocketOptions *options, GError **error)
{
	if (!options->path || strlen(options->path) > MACHINE_MAX_PATH_BYTES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT,
			    "a display socket needs a path of at most %d bytes",
			    MACHINE_MAX_PATH_BYTES);
		return false;
	}
	if (options->heads < 1 || options->heads > VIT_DISPLAY_MAX_HEADS) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT,
			    "a display socket with %u heads: it must be 1 to %u", options->heads,
			    VIT_DISPLAY_MAX_HEADS);
		return false;
	}
	if (options->width < VIT_EDID_MIN_SIDE_PX || options->width > VIT_BUFFER_MAX_SIDE ||
	    options->height < VIT_EDID_MIN_SIDE_PX || options->height > VIT_BUFFER_MAX_SIDE) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT,
			    "a display of %ux%u pixels: each side must be %u to %u", options->width,
			    options->height, VIT_EDID_MIN_SIDE_PX, VIT_BUFFER_MAX_SIDE);
		return false;
	}
	return true;
}

VitMachine *vit_gpu_socket_machine_new(const VitGpuSocketOptions *options, GError **error)
{
	static const VitMachineImpl impl = {
		.name = "gpu-socket",
		.start = display_machine_start,
		.stop = display_machine_stop,
		.destroy = display_machine_destroy,
	};
	static const VitDisplayHeadEvents head_events = {
		.input = on_display_head_input,
		.wish = on_display_head_wish,
		.ready = on_display_head_ready,
	};
	static const VitDisplayLinkEvents link_events = {
		.connected = on_display_link_connected,
		.failed = on_display_link_failed,
	};
	DisplayMachine *self;

	if (!machine_check_options(options, error)) {
		return NULL;
	}
	self = g_new0(DisplayMachine, 1);
	self->base.impl = &impl;
	self->path = g_strdup(options->path);
	self->n_heads = options->heads;
	for (unsigned i = 0; i < self->n_heads; i++) {
		const VitEdidMonitor wish = {
			.width = options->width,
			.height = options->height,
			.index = i,
		};

		self->heads[i] = vit_display_head_new(&wish, &head_events, self);
	}
	self->link = vit_display_link_new(options, &link_events, self);
	return &self->base;
}

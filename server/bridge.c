/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Owns everything that runs. Start: the render process, the front-ends (not listening yet), the
 * machine, which announces its heads, a console for each head, and last the listeners. Stop: the
 * reverse.
 */
#include "server/bridge.h"

#include "encoders/render.h"
#include "server/console.h"
#include "server/log-limit.h"
#include "server/spice/spice.h"
#include "server/vnc/vnc.h"
#include "sources/gpu-socket/gpu-socket.h"
#include "sources/pattern/pattern.h"
#include "sources/qemu/qemu.h"

struct VitBridge {
	VitRender *render;
	VitLogLimit render_losses;
	VitMachine *machine;
	GPtrArray *consoles;  /* VitConsole, owned */
	GPtrArray *frontends; /* VitFrontend, owned */
	unsigned deadline_ms;
	char *fixed_name; /* the operator's name for the VM; NULL: the VM's own */
};

static void bridge_name(VitBridge *self, const char *name)
{
	for (unsigned i = 0; i < self->frontends->len; i++) {
		vit_frontend_named(self->frontends->pdata[i], name);
	}
}

static void on_machine_named(void *user_data, const char *name)
{
	VitBridge *self = user_data;

	if (!self->fixed_name) {
		bridge_name(self, name);
	}
}

static void on_machine_head(void *user_data, unsigned index, const char *label, VitSource *source,
			    VitInputSink *sink)
{
	VitBridge *self = user_data;
	g_autoptr(GError) error = NULL;
	const VitConsoleOptions options = {
		.index = index,
		.label = label,
		.deadline_ms = self->deadline_ms,
	};
	VitConsole *console = vit_console_new(&options, self->render, source, sink, &error);

	if (!console) {
		g_warning("Head %u (%s) is not shown: %s", index, label, error->message);
		return;
	}
	g_ptr_array_add(self->consoles, console);
	for (unsigned i = 0; i < self->frontends->len; i++) {
		g_autoptr(GError) reason = NULL;

		if (!vit_console_attach(console, self->frontends->pdata[i], &reason)) {
			g_warning("Head %u (%s) is not served: %s", index, label, reason->message);
		}
	}
}

static const VitMachineEvents bridge_machine_events = {
	.head = on_machine_head,
	.named = on_machine_named,
};

static void on_render_lost(void *user_data, const GError *error)
{
	VitBridge *self = user_data;
	unsigned n_left_out;

	if (vit_log_limit_allows(&self->render_losses, g_get_monotonic_time(), &n_left_out)) {
		g_warning("%s. It is started again; viewers see a pause.", error->message);
	}
}

static bool bridge_start_render(VitBridge *self, const VitConfig *config, GError **error)
{
	const VitRenderOptions options = {
		.program = vit_config_get_string(config, "render", "program"),
		.job_deadline_ms = (unsigned)vit_config_get_uint(config, "render", "deadline-ms"),
		.lost = on_render_lost,
		.user_data = self,
	};

	self->render = vit_render_new(&options, error);
	return self->render != NULL;
}

static VitMachine *bridge_make_pattern(const VitConfig *config, GError **error)
{
	VitPatternOptions options = {
		.rate_hz = (unsigned)vit_config_get_uint(config, "pattern", "rate-hz"),
		.heads = (unsigned)vit_config_get_uint(config, "pattern", "heads"),
		.bottom_up = vit_config_get_bool(config, "pattern", "bottom-up"),
		.padding_bytes = (uint32_t)vit_config_get_uint(config, "pattern", "padding-bytes"),
		.wait_for_release = vit_config_get_bool(config, "pattern", "wait-for-release"),
	};
	const char *format = vit_config_get_string(config, "pattern", "format");
	const char *script = vit_config_get_string(config, "pattern", "script");
	const char *buffering = vit_config_get_string(config, "pattern", "buffering");
	const char *memory = vit_config_get_string(config, "pattern", "memory");

	/* The table of keys allows no other names than these. */
	options.fourcc = vit_format_find_by_name(format)->fourcc;
	if (!vit_pattern_script_from_name(script, &options.script) ||
	    !vit_pattern_buffering_from_name(buffering, &options.buffering) ||
	    !vit_pixel_memory_from_name(memory, &options.memory)) {
		g_assert_not_reached();
	}
	vit_config_get_size(config, "pattern", "size", &options.width, &options.height);
	return vit_pattern_machine_new(&options, error);
}

static VitMachine *bridge_make_qemu(const VitConfig *config, GError **error)
{
	const VitQemuOptions options = {
		.qmp_path = vit_config_get_string(config, "qemu", "qmp"),
		.bus_address = vit_config_get_string(config, "qemu", "bus"),
	};

	return vit_qemu_machine_new(&options, error);
}

static VitMachine *bridge_make_gpu_socket(const VitConfig *config, GError **error)
{
	VitGpuSocketOptions options = {
		.path = vit_config_get_string(config, "gpu-socket", "path"),
		.heads = (unsigned)vit_config_get_uint(config, "gpu-socket", "heads"),
		.has_uid = vit_config_is_set(config, "gpu-socket", "uid"),
	};

	vit_config_get_size(config, "gpu-socket", "size", &options.width, &options.height);
	if (options.has_uid) {
		options.uid = (uid_t)vit_config_get_uint(config, "gpu-socket", "uid");
	}
	return vit_gpu_socket_machine_new(&options, error);
}

static VitMachine *bridge_make_machine(const VitConfig *config, GError **error)
{
	const char *type = vit_config_get_string(config, "source", "type");

	if (g_str_equal(type, "qemu")) {
		return bridge_make_qemu(config, error);
	}
	if (g_str_equal(type, "gpu-socket")) {
		return bridge_make_gpu_socket(config, error);
	}
	return bridge_make_pattern(config, error);
}

static bool bridge_add_vnc(VitBridge *self, const VitConfig *config, GError **error)
{
	VitFrontend *vnc;

	if (!vit_config_get_bool(config, "vnc", "enabled")) {
		return true;
	}
	vnc = vit_vnc_new_from_config(config, error);
	if (!vnc) {
		return false;
	}
	g_ptr_array_add(self->frontends, vnc);
	return true;
}

static void bridge_add_spice(VitBridge *self, const VitConfig *config)
{
	if (vit_config_get_bool(config, "spice", "enabled")) {
		g_ptr_array_add(self->frontends, vit_spice_new_from_config(config));
	}
}

VitBridge *vit_bridge_new(const VitConfig *config, GError **error)
{
	g_autoptr(VitBridge) self = g_new0(VitBridge, 1);

	self->consoles = g_ptr_array_new_with_free_func((GDestroyNotify)vit_console_free);
	self->frontends = g_ptr_array_new_with_free_func((GDestroyNotify)vit_frontend_destroy);
	self->deadline_ms = (unsigned)vit_config_get_uint(config, "console", "deadline-ms");
	self->fixed_name = g_strdup(vit_config_get_string(config, "vitrine", "name"));
	if (!bridge_start_render(self, config, error) || !bridge_add_vnc(self, config, error)) {
		return NULL;
	}
	bridge_add_spice(self, config);
	self->machine = bridge_make_machine(config, error);
	if (!self->machine ||
	    !vit_machine_start(self->machine, &bridge_machine_events, self, error)) {
		return NULL;
	}
	if (self->fixed_name) {
		bridge_name(self, self->fixed_name);
	}
	for (unsigned i = 0; i < self->frontends->len; i++) {
		if (!vit_frontend_start(self->frontends->pdata[i], error)) {
			return NULL;
		}
	}
	return g_steal_pointer(&self);
}

void vit_bridge_free(VitBridge *self)
{
	if (!self) {
		return;
	}
	for (unsigned i = self->frontends->len; i > 0; i--) {
		vit_frontend_stop(self->frontends->pdata[i - 1]);
	}
	g_ptr_array_unref(self->consoles);
	if (self->machine) {
		vit_machine_stop(self->machine);
	}
	vit_machine_destroy(self->machine);
	g_ptr_array_unref(self->frontends);
	vit_render_unref(self->render);
	g_free(self->fixed_name);
	g_free(self);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The pattern's machine: checks the options, makes the heads, announces them from within its start.
 * Its heads outlive it where a source, a sink or a frame still holds them.
 */
#include "sources/pattern/pattern.h"

#include <drm_fourcc.h>
#include <string.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/pattern/head.h"

typedef struct PatternMachine {
	VitMachine machine;
	unsigned n_heads;
	VitPatternHead *heads[VIT_PATTERN_MAX_HEADS];
} PatternMachine;

static bool pattern_find_name(const char *const *names, const char *name, unsigned *ret_index)
{
	for (unsigned i = 0; names[i]; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

bool vit_pattern_script_from_name(const char *name, VitPatternScript *ret_script)
{
	static const char *const names[] = {
		"still", "typing", "scroll", "motion", "resize", "everything", NULL,
	};
	unsigned index;

	if (!pattern_find_name(names, name, &index)) {
		return false;
	}
	*ret_script = (VitPatternScript)index;
	return true;
}

bool vit_pattern_buffering_from_name(const char *name, VitPatternBuffering *ret_buffering)
{
	static const char *const names[] = {"single", "ring", "fresh", NULL};
	unsigned index;

	if (!pattern_find_name(names, name, &index)) {
		return false;
	}
	*ret_buffering = (VitPatternBuffering)index;
	return true;
}

static bool pattern_check_range(const char *what, unsigned value, unsigned min, unsigned max,
				GError **error)
{
	if (value < min || value > max) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_ARGUMENT,
			    "test pattern with %s of %u: it must be %u to %u", what, value, min,
			    max);
		return false;
	}
	return true;
}

/* Better to say now than instead of a picture that there is no such memory. */
static bool pattern_check_memory(VitPixelMemory memory, GError **error)
{
	VIT_AUTOFD int fd = vit_pixel_memory_new_fd(memory, 1, error);

	if (fd < 0) {
		g_prefix_error(error, "test pattern: ");
	}
	return fd >= 0;
}

static bool pattern_check_options(const VitPatternOptions *options, GError **error)
{
	const VitFormat *format = vit_format_find(options->fourcc);
	VitBufferLayout layout = {
		.fourcc = options->fourcc,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = options->width,
		.height = options->height,
		.n_planes = 1,
	};

	if (!pattern_check_range("a rate in Hz", options->rate_hz, 1, VIT_PATTERN_MAX_RATE_HZ,
				 error) ||
	    !pattern_check_range("a number of heads", options->heads, 1, VIT_PATTERN_MAX_HEADS,
				 error) ||
	    !pattern_check_range("a row padding in bytes", options->padding_bytes, 0,
				 VIT_PATTERN_MAX_PADDING_BYTES, error)) {
		return false;
	}
	/* A width that is too large makes nonsense here and is refused below. */
	layout.stride_bytes[0] =
		options->width * (format ? format->bytes_per_pixel : 0) + options->padding_bytes;
	if (!vit_buffer_check_layout(&layout, error)) {
		g_prefix_error(error, "test pattern: ");
		return false;
	}
	return pattern_check_memory(options->memory, error);
}

static bool pattern_machine_start(VitMachine *machine, GError **error)
{
	PatternMachine *self = (PatternMachine *)machine;

	for (unsigned i = 0; i < self->n_heads; i++) {
		g_autofree char *label = g_strdup_printf("pattern %u", i);

		machine->events->head(machine->events_data, i, label,
				      vit_pattern_head_give_source(self->heads[i]),
				      vit_pattern_head_give_sink(self->heads[i]));
	}
	machine->events->named(machine->events_data, "test pattern");
	return true;
}

static void pattern_machine_stop(VitMachine *machine)
{
	PatternMachine *self = (PatternMachine *)machine;

	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_pattern_head_stop(self->heads[i]);
	}
}

static void pattern_machine_destroy(VitMachine *machine)
{
	PatternMachine *self = (PatternMachine *)machine;

	pattern_machine_stop(machine);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_pattern_head_unref(self->heads[i]);
	}
	g_free(self);
}

static const VitMachineImpl pattern_machine_impl = {
	.name = "pattern",
	.start = pattern_machine_start,
	.stop = pattern_machine_stop,
	.destroy = pattern_machine_destroy,
};

VitMachine *vit_pattern_machine_new(const VitPatternOptions *options, GError **error)
{
	PatternMachine *self;

	if (!pattern_check_options(options, error)) {
		return NULL;
	}
	self = g_new0(PatternMachine, 1);
	self->machine.impl = &pattern_machine_impl;
	self->n_heads = options->heads;
	for (unsigned i = 0; i < self->n_heads; i++) {
		self->heads[i] = vit_pattern_head_new(options, i);
	}
	return &self->machine;
}

static VitPatternHead *pattern_head(const VitMachine *machine, unsigned head)
{
	const PatternMachine *self = (const PatternMachine *)machine;

	g_assert(machine->impl == &pattern_machine_impl && head < self->n_heads);
	return self->heads[head];
}

VitPatternStats vit_pattern_get_stats(const VitMachine *machine, unsigned head)
{
	return vit_pattern_head_get_stats(pattern_head(machine, head));
}

bool vit_pattern_take_input(VitMachine *machine, unsigned head, VitInput *ret_input)
{
	return vit_pattern_head_take_input(pattern_head(machine, head), ret_input);
}

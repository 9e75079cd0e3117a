/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The null source, sink and machine: never an event beyond the announcement of head 0. Legal order
 * is that of sources/source.h: start, stop, destroy; the machine goes after the source and the sink
 * it gave away.
 */
#include "sources/null.h"

static void null_source_start(VitSource *source)
{
}

static void null_source_stop(VitSource *source)
{
}

static void null_source_destroy(VitSource *source)
{
	g_free(source);
}

static const VitSourceImpl null_source_impl = {
	.name = "null",
	.start = null_source_start,
	.stop = null_source_stop,
	.destroy = null_source_destroy,
};

VitSource *vit_null_source_new(void)
{
	VitSource *source = g_new0(VitSource, 1);

	source->impl = &null_source_impl;
	return source;
}

static void null_sink_send(VitInputSink *sink, const VitInput *input)
{
}

static void null_sink_set_size(VitInputSink *sink, uint32_t width, uint32_t height,
			       uint32_t width_mm, uint32_t height_mm)
{
}

static void null_sink_destroy(VitInputSink *sink)
{
	g_free(sink);
}

static const VitInputSinkImpl null_sink_impl = {
	.name = "null",
	.send = null_sink_send,
	.set_size = null_sink_set_size,
	.destroy = null_sink_destroy,
};

VitInputSink *vit_null_sink_new(void)
{
	VitInputSink *sink = g_new0(VitInputSink, 1);

	sink->impl = &null_sink_impl;
	return sink;
}

static bool null_machine_start(VitMachine *machine, GError **error)
{
	machine->events->head(machine->events_data, 0, "null", vit_null_source_new(),
			      vit_null_sink_new());
	return true;
}

static void null_machine_stop(VitMachine *machine)
{
}

static void null_machine_destroy(VitMachine *machine)
{
	g_free(machine);
}

static const VitMachineImpl null_machine_impl = {
	.name = "null",
	.start = null_machine_start,
	.stop = null_machine_stop,
	.destroy = null_machine_destroy,
};

VitMachine *vit_null_machine_new(void)
{
	VitMachine *machine = g_new0(VitMachine, 1);

	machine->impl = &null_machine_impl;
	return machine;
}

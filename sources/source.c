/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Forwarders of the three seams. They assert the contract that implementations and callers rely on.
 */
#include "sources/source.h"

void vit_source_start(VitSource *self, const VitSourceEvents *events, void *user_data)
{
	g_assert(self && self->impl && !self->events);
	g_assert(events->scanout && events->frame && events->cursor && events->cursor_moved &&
		 events->leds && events->pointer_mode && events->refused && events->lost);
	self->events = events;
	self->events_data = user_data;
	self->impl->start(self);
}

void vit_source_stop(VitSource *self)
{
	g_assert(self && self->impl);
	self->impl->stop(self);
}

void vit_source_destroy(VitSource *self)
{
	if (self) {
		self->impl->destroy(self);
	}
}

void vit_input_sink_send(VitInputSink *self, const VitInput *input)
{
	g_assert(self && self->impl);
	self->impl->send(self, input);
}

void vit_input_sink_set_size(VitInputSink *self, uint32_t width, uint32_t height, uint32_t width_mm,
			     uint32_t height_mm)
{
	g_assert(self && self->impl);
	self->impl->set_size(self, width, height, width_mm, height_mm);
}

void vit_input_sink_destroy(VitInputSink *self)
{
	if (self) {
		self->impl->destroy(self);
	}
}

bool vit_machine_start(VitMachine *self, const VitMachineEvents *events, void *user_data,
		       GError **error)
{
	g_assert(self && self->impl && !self->events);
	g_assert(events->head && events->named);
	self->events = events;
	self->events_data = user_data;
	return self->impl->start(self, error);
}

void vit_machine_stop(VitMachine *self)
{
	g_assert(self && self->impl);
	self->impl->stop(self);
}

void vit_machine_destroy(VitMachine *self)
{
	if (self) {
		self->impl->destroy(self);
	}
}

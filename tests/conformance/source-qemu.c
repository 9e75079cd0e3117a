/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "sources/qemu/qemu.h"
#include "tests/conformance/source-machines.h"
#include "tests/support/fake-qemu.h"
#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"
#include "tests/support/listener-call.h"

#define PAINT_EVERY_MS 5

typedef struct Painter {
	unsigned n_fds;
	VitFakeQemu *qemu;
	unsigned timer;
	uint8_t n_painted;
} Painter;

static gboolean on_time_to_paint(void *user_data)
{
	Painter *self = user_data;

	if (self->qemu->consoles[0].listener) {
		vit_fake_qemu_call(
			self->qemu, 0, "Scanout",
			vit_call_scanout(VIT_CALL_WIDTH, VIT_CALL_HEIGHT, self->n_painted++), -1);
	}
	return G_SOURCE_CONTINUE;
}

VitMachine *vit_conforming_qemu_make(const void *options, void **ret_peer)
{
	Painter *self = g_new0(Painter, 1);
	VitQemuOptions qemu_options = {0};
	g_autoptr(GError) error = NULL;
	VitMachine *machine;

	self->n_fds = vit_test_count_fds();
	self->qemu = vit_fake_qemu_new();
	vit_fake_qemu_start(self->qemu);
	self->timer = g_timeout_add(PAINT_EVERY_MS, on_time_to_paint, self);
	qemu_options.qmp_path = self->qemu->qmp_path;
	machine = vit_qemu_machine_new(&qemu_options, &error);
	g_assert_no_error(error);
	*ret_peer = self;
	return machine;
}

void vit_conforming_qemu_free(void *peer)
{
	Painter *self = peer;

	g_source_remove(self->timer);
	vit_fake_qemu_free(self->qemu);
	vit_test_wait_closed(self->n_fds);
	g_free(self);
}

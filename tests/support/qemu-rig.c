/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/qemu-rig.h"

#include "sources/qemu/qemu.h"
#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"

void vit_qemu_rig_init(VitQemuRig *self)
{
	VitQemuOptions options = {0};
	g_autoptr(GError) error = NULL;
	VitMachine *machine;

	*self = (VitQemuRig){.n_fds = vit_test_count_fds(), .qemu = vit_fake_qemu_new()};
	options.qmp_path = self->qemu->qmp_path;
	machine = vit_qemu_machine_new(&options, &error);
	g_assert_no_error(error);
	vit_test_recorder_init(&self->recorder, machine);
	self->head = &self->recorder.heads[0];
}

void vit_qemu_rig_connect(VitQemuRig *self, unsigned n_heads)
{
	unsigned n_listeners = self->qemu->n_listeners;

	vit_fake_qemu_start(self->qemu);
	vit_test_recorder_start_all(&self->recorder);
	vit_test_wait_count("the heads", &self->recorder.n_heads, n_heads);
	for (unsigned i = 1; i < n_heads; i++) {
		vit_test_head_start(&self->recorder.heads[i]);
	}
	vit_test_wait_count("the listeners", &self->qemu->n_listeners, n_listeners + n_heads);
}

void vit_qemu_rig_init_connected(VitQemuRig *self)
{
	vit_qemu_rig_init(self);
	vit_qemu_rig_connect(self, 1);
}

void vit_qemu_rig_clear(VitQemuRig *self)
{
	vit_test_recorder_clear(&self->recorder);
	vit_fake_qemu_free(self->qemu);
	vit_test_wait_closed(self->n_fds);
}

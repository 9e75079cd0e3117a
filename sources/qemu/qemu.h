/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/source.h"

/*
 * A VM of QEMU, 7.0 or later, started with "-display dbus": the VMM pushes pictures over D-Bus
 * (org.qemu.Display1) and takes input. The connection is made, and made again, by the machine
 * itself; a VM that is not there is waited for.
 */

typedef struct VitQemuOptions {
	/* QMP unix socket of a VM with "-display dbus,p2p=on". One of the two must be set. */
	const char *qmp_path;
	/* Address of the private bus on which the VM ("-display dbus,addr=…") is org.qemu. */
	const char *bus_address;
} VitQemuOptions;

/*
 * Makes the machine; it does nothing before vit_machine_start(). The options are copied.
 * Errors: INVALID_ARGUMENT (both or none set), CONFIG (an address that cannot be one).
 */
VitMachine *vit_qemu_machine_new(const VitQemuOptions *options, GError **error);

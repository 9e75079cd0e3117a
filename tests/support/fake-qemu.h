/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * VitFakeQemu: a QEMU with a D-Bus display, in this process and on its loop: a QMP socket that
 * takes getfd and add_client, and org.qemu.Display1 behind it. It does only what the test says, so
 * it can misbehave as no QEMU would. Whoever connects must not block.
 */

#define VIT_FAKE_QEMU_MAX_CONSOLES 4

typedef struct VitFakeQemu VitFakeQemu;

typedef struct VitFakeConsole {
	VitFakeQemu *qemu;
	/* Set by the test before anybody connects. */
	const char *type; /* "Graphic", "Text" */
	const char *label;
	bool refuses_listeners;
	/* Its properties; vit_fake_qemu_tell_changes() says that they changed. */
	uint32_t width, height, modifiers;
	bool is_absolute;
	int32_t touch_slots; /* negative: no touch interface, as before QEMU 8.1 */

	GDBusConnection *listener; /* NULL: none */
	char **interfaces;         /* that the listener says it has */
} VitFakeConsole;

struct VitFakeQemu {
	char *qmp_path;
	/* Set by the test. */
	const char *name;
	unsigned n_consoles;
	VitFakeConsole consoles[VIT_FAKE_QEMU_MAX_CONSOLES];
	bool refuses_display; /* add_client fails */
	bool ignores_input;   /* calls of input are logged, and not answered before it ends */

	/* What happened. */
	unsigned n_clients;   /* that add_client brought */
	unsigned n_listeners; /* that were registered and are ready */
	unsigned n_answers;   /* to calls of listeners */
	unsigned n_errors;    /* likewise, refusals */
	char *last_error;     /* of the last refusal */
	GPtrArray *inputs;    /* char *: "0 Keyboard.Press (30,)", in order */
	struct VitFakeQemuPrivate *private;
};

/* Nothing listens yet. One console of type Graphic, 640x480, that the test may change. */
VitFakeQemu *vit_fake_qemu_new(void);
void vit_fake_qemu_free(VitFakeQemu *self);

/* Listens on qmp_path: the VM is started. */
void vit_fake_qemu_start(VitFakeQemu *self);
/* Closes everything, as a process that is killed does. */
void vit_fake_qemu_kill(VitFakeQemu *self);
/* Closes the connection to a console's listener only. */
void vit_fake_qemu_close_listener(VitFakeQemu *self, unsigned console);

/*
 * Calls the listener of a console. @arguments is sunk; @fd goes along as handle 0, borrowed; -1:
 * none. The answer is counted.
 */
void vit_fake_qemu_call(VitFakeQemu *self, unsigned console, const char *member,
			GVariant *arguments, int fd);
/* Runs the loop until the last call before is answered or refused. */
void vit_fake_qemu_wait_answers(VitFakeQemu *self, unsigned answers, unsigned errors);

/* Tells that properties of a console changed. */
void vit_fake_qemu_tell_changes(VitFakeQemu *self, unsigned console);

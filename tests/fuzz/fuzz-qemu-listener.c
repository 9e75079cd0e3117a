/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What a VM calls its listener with, and when. The input is a list of steps: a byte that says what
 * happens, one that says how many bytes of arguments follow, in units of 16, and those. Calls get
 * the arguments as they are, as a GVariant of the call's types, and fds of three kinds.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sources/qemu/qemu-private.h"
#include "tests/fuzz/target.h"

#define MAX_STEPS    64
#define HEADER_BYTES 3
#define MEMORY_BYTES (64 * 1024)

typedef struct Vm {
	VitQemuPicture *picture;
	int memory, empty, pipe_end;
	GQueue frames;   /* VitFrame, held by the consumer */
	unsigned n_owed; /* answers */
} Vm;

/* The calls, and their types; the last is none. */
static const struct {
	const char *interface, *member, *types;
} calls[] = {
	{VIT_QEMU_LISTENER, "Scanout", "(uuuuay)"},
	{VIT_QEMU_LISTENER, "Update", "(iiiiuuay)"},
	{VIT_QEMU_LISTENER, "ScanoutDMABUF", "(huuuutb)"},
	{VIT_QEMU_LISTENER, "UpdateDMABUF", "(iiii)"},
	{VIT_QEMU_LISTENER, "Disable", "()"},
	{VIT_QEMU_LISTENER, "MouseSet", "(iii)"},
	{VIT_QEMU_LISTENER, "CursorDefine", "(iiiiay)"},
	{VIT_QEMU_LISTENER_MAP, "ScanoutMap", "(huuuuu)"},
	{VIT_QEMU_LISTENER_MAP, "UpdateMap", "(iiii)"},
	{VIT_QEMU_LISTENER_DMABUF2, "ScanoutDMABUF2", "(ahuuuuauauuuuutb)"},
	{VIT_QEMU_LISTENER, "Scanout", "(iiiiay)"},
	{VIT_QEMU_LISTENER_MAP, "Scanout", "(uuuuay)"},
};

/* ---- The consumer ---- */

static void on_scanout(void *user_data, VitBuffer *buffer)
{
	g_assert_true(!buffer || vit_buffer_get_width(buffer) > 0);
}

static void on_frame(void *user_data, VitFrame *frame)
{
	Vm *self = user_data;
	const pixman_region32_t *damage = vit_frame_get_damage(frame);

	g_assert_false(vit_frame_is_released(frame));
	if (damage) {
		const pixman_box32_t *box = pixman_region32_extents((pixman_region32_t *)damage);
		VitBuffer *buffer = vit_frame_get_buffer(frame);

		g_assert_true(box->x1 >= 0 && box->y1 >= 0 && box->x1 < box->x2 &&
			      box->y1 < box->y2 && box->x2 <= (int)vit_buffer_get_width(buffer) &&
			      box->y2 <= (int)vit_buffer_get_height(buffer));
	}
	g_queue_push_tail(&self->frames, vit_frame_ref(frame));
}

static void on_cursor(void *user_data, VitCursor *cursor)
{
	g_assert_cmpuint(vit_cursor_get_width(cursor), <=, VIT_CURSOR_MAX_SIDE);
}

static void on_cursor_moved(void *user_data, int32_t x, int32_t y, bool visible)
{
}

static void on_leds(void *user_data, unsigned leds)
{
	g_assert_not_reached();
}

static void on_pointer_mode(void *user_data, bool absolute)
{
	g_assert_not_reached();
}

static void on_error(void *user_data, const GError *error)
{
	g_assert_true(*error->message != '\0');
}

static const VitSourceEvents events = {
	.scanout = on_scanout,
	.frame = on_frame,
	.cursor = on_cursor,
	.cursor_moved = on_cursor_moved,
	.leds = on_leds,
	.pointer_mode = on_pointer_mode,
	.refused = on_error,
	.lost = on_error,
};

static void on_unsure(void *user_data)
{
}

static void on_done(void *user_data)
{
	Vm *self = user_data;

	g_assert_cmpuint(self->n_owed, >, 0);
	self->n_owed--;
}

static void release_oldest_frame(Vm *self)
{
	vit_frame_unref(g_queue_pop_head(&self->frames));
}

/* ---- The steps ---- */

static GUnixFDList *make_fds(const Vm *self)
{
	GUnixFDList *list = g_unix_fd_list_new();

	(void)g_unix_fd_list_append(list, self->memory, NULL);
	(void)g_unix_fd_list_append(list, self->empty, NULL);
	(void)g_unix_fd_list_append(list, self->pipe_end, NULL);
	return list;
}

static void run_call(Vm *self, unsigned index, const uint8_t *bytes, size_t n_bytes)
{
	g_autoptr(GBytes) copy = g_bytes_new(bytes, n_bytes);
	g_autoptr(GVariant) arguments = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(calls[index].types), copy, FALSE));
	g_autoptr(GUnixFDList) fds = make_fds(self);
	g_autoptr(GError) error = NULL;
	const VitQemuCall call = {
		.interface = calls[index].interface,
		.member = calls[index].member,
		.arguments = arguments,
		.fds = fds,
		.done = on_done,
		.done_data = self,
	};

	self->n_owed++;
	if (!vit_qemu_call_run(self->picture, &call, &error)) {
		g_assert_nonnull(error);
		self->n_owed--;
	}
}

static void set_console_size(Vm *self, const uint8_t *bytes, size_t n_bytes)
{
	uint32_t size[2] = {0};

	memcpy(size, bytes, MIN(n_bytes, sizeof(size)));
	vit_qemu_picture_set_console_size(self->picture, size[0], size[1]);
}

static void run_step(Vm *self, uint8_t what, const uint8_t *bytes, size_t n_bytes)
{
	g_autoptr(GError) loss = NULL;

	if (what < G_N_ELEMENTS(calls)) {
		run_call(self, what, bytes, n_bytes);
		return;
	}
	switch (what) {
	case 0x80:
		set_console_size(self, bytes, n_bytes);
		break;
	case 0x81:
		release_oldest_frame(self);
		break;
	case 0x82:
		loss = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "gone");
		vit_qemu_picture_lose(self->picture, loss);
		break;
	case 0x83:
		vit_qemu_picture_stop(self->picture);
		break;
	default:
		break;
	}
}

static void run_steps(Vm *self, const uint8_t *bytes, size_t n_bytes)
{
	for (unsigned i = 0; i < MAX_STEPS && n_bytes >= HEADER_BYTES; i++) {
		size_t n_wanted = bytes[1] | (size_t)bytes[2] << 8;
		size_t n_arguments = MIN(n_wanted, n_bytes - HEADER_BYTES);

		run_step(self, bytes[0], bytes + HEADER_BYTES, n_arguments);
		bytes += HEADER_BYTES + n_arguments;
		n_bytes -= HEADER_BYTES + n_arguments;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	Vm vm = {
		.picture = vit_qemu_picture_new(on_unsure, NULL),
		.memory = memfd_create("fuzz", MFD_CLOEXEC),
		.empty = memfd_create("fuzz-empty", MFD_CLOEXEC),
	};
	int ends[2];

	g_assert_no_errno(ftruncate(vm.memory, MEMORY_BYTES));
	g_assert_no_errno(pipe2(ends, O_CLOEXEC));
	vm.pipe_end = ends[0];
	vit_qemu_picture_start(vm.picture, &events, &vm);
	run_steps(&vm, bytes, n_bytes);
	vit_qemu_picture_free(vm.picture);
	while (!g_queue_is_empty(&vm.frames)) {
		release_oldest_frame(&vm);
	}
	g_assert_cmpuint(vm.n_owed, ==, 0);
	(void)close(vm.memory);
	(void)close(vm.empty);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

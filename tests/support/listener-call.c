/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/listener-call.h"

#include <drm_fourcc.h>
#include <pixman.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void on_unsure(void *user_data)
{
	((VitCallRig *)user_data)->n_unsure++;
}

static void on_done(void *user_data)
{
	((VitCallRig *)user_data)->n_done++;
}

void vit_call_rig_init(VitCallRig *self)
{
	*self = (VitCallRig){0};
	vit_test_recorder_init(&self->recorder, NULL);
	self->head = &self->recorder.heads[0];
	self->head->is_quiet = false;
	self->picture = vit_qemu_picture_new(on_unsure, self);
	vit_qemu_picture_start(self->picture, &vit_test_head_events, self->head);
}

void vit_call_rig_clear(VitCallRig *self)
{
	vit_qemu_picture_free(self->picture);
	vit_test_recorder_clear(&self->recorder);
}

/* ---- Calls ---- */

static const char *interface_of(const char *member)
{
	if (g_str_has_suffix(member, "Map")) {
		return VIT_QEMU_LISTENER_MAP;
	}
	return g_str_equal(member, "ScanoutDMABUF2") ? VIT_QEMU_LISTENER_DMABUF2
						     : VIT_QEMU_LISTENER;
}

/* Runs a call with fds (ending with -1, closed afterwards); sinks @arguments. */
bool vit_call_try(VitCallRig *self, const char *member, GVariant *arguments, int *fds,
		  GError **error)
{
	g_autoptr(GVariant) sunk = arguments ? g_variant_ref_sink(arguments) : NULL;
	g_autoptr(GUnixFDList) list = g_unix_fd_list_new_from_array(fds, -1);
	const VitQemuCall call = {
		.interface = interface_of(member),
		.member = member,
		.arguments = sunk,
		.fds = list,
		.done = on_done,
		.done_data = self,
	};

	return vit_qemu_call_run(self->picture, &call, error);
}

void vit_call_run(VitCallRig *self, const char *member, GVariant *arguments)
{
	g_autoptr(GError) error = NULL;
	int no_fds[] = {-1};

	g_assert_true(vit_call_try(self, member, arguments, no_fds, &error));
	g_assert_no_error(error);
}

void vit_call_run_fd(VitCallRig *self, const char *member, GVariant *arguments, int fd)
{
	g_autoptr(GError) error = NULL;
	int fds[] = {fd, -1};

	g_assert_true(vit_call_try(self, member, arguments, fds, &error));
	g_assert_no_error(error);
}

GVariant *vit_call_bytes(size_t n_bytes, uint8_t value)
{
	uint8_t *memory = g_malloc(MAX(n_bytes, 1));

	memset(memory, value, n_bytes);
	return g_variant_new_from_data(G_VARIANT_TYPE_BYTESTRING, memory, n_bytes, TRUE, g_free,
				       memory);
}

GVariant *vit_call_scanout(uint32_t width, uint32_t height, uint8_t value)
{
	return g_variant_new("(uuuu@ay)", width, height, width * 4, PIXMAN_x8r8g8b8,
			     vit_call_bytes((size_t)width * height * 4, value));
}

GVariant *vit_call_update(int x, int y, int width, int height, uint8_t value)
{
	return g_variant_new("(iiiiuu@ay)", x, y, width, height, width * 4, PIXMAN_x8r8g8b8,
			     vit_call_bytes((size_t)width * (size_t)height * 4, value));
}

GVariant *vit_call_rectangle(int x, int y, int width, int height)
{
	return g_variant_new("(iiii)", x, y, width, height);
}

GVariant *vit_call_dmabuf(uint64_t modifier, bool y0_top)
{
	return g_variant_new("(huuuutb)", 0, VIT_CALL_WIDTH, VIT_CALL_HEIGHT, VIT_CALL_STRIDE,
			     DRM_FORMAT_XRGB8888, modifier, y0_top);
}

int vit_call_memory(size_t n_bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	g_assert_no_errno(ftruncate(fd, (off_t)n_bytes));
	return fd;
}

/* ScanoutDMABUF2 with as many fds, offsets and strides as given. */
GVariant *vit_call_dmabuf2(const VitRect *visible, unsigned n_given, uint32_t n_planes,
			   uint64_t modifier)
{
	const uint32_t offsets[] = {0, VIT_CALL_BYTES, 0, 0, 0},
		       strides[] = {VIT_CALL_STRIDE, 256, 256, 256, 256};
	GVariant *handles[G_N_ELEMENTS(offsets)];

	for (unsigned i = 0; i < n_given; i++) {
		handles[i] = g_variant_new_handle((int)i);
	}
	return g_variant_new("(@ahuuuu@au@auuuuutb)",
			     g_variant_new_array(G_VARIANT_TYPE_HANDLE, handles, n_given),
			     visible->x, visible->y, visible->width, visible->height,
			     g_variant_new_fixed_array(G_VARIANT_TYPE_UINT32, offsets, n_given, 4),
			     g_variant_new_fixed_array(G_VARIANT_TYPE_UINT32, strides, n_given, 4),
			     n_planes, DRM_FORMAT_XRGB8888, VIT_CALL_WIDTH, VIT_CALL_HEIGHT,
			     modifier, FALSE);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The calls of org.qemu.Display1.Listener (QEMU 7.0 to 11.1, docs/interop/dbus-display) and of its
 * two unix extensions: the table of them, and what each does to the picture. No connection is
 * needed here, so a fuzzer can drive it.
 *
 * y0_top says the opposite of its name: true means that the first row in memory is the lowest.
 */
#include <drm_fourcc.h>
#include <string.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/qemu/qemu-private.h"

/* Runs a call whose arguments have the right types; answering is left to the caller. */
typedef bool (*CallHandler)(VitQemuPicture *picture, const VitQemuCall *call, GError **error);

/* Takes the fd that @handle stands for out of the message; -1 on error. */
static int call_dup_fd(const VitQemuCall *call, int32_t handle, GError **error)
{
	int n_fds = call->fds ? g_unix_fd_list_get_length(call->fds) : 0;
	g_autoptr(GError) cause = NULL;
	int fd;

	if (handle < 0 || handle >= n_fds) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "handle %d, but the call came with %d file descriptors", handle, n_fds);
		return -1;
	}
	fd = g_unix_fd_list_get(call->fds, handle, &cause);
	if (fd < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot keep a file descriptor of QEMU: %s", cause->message);
	}
	return fd;
}

/* Borrows the bytes of an "ay". */
static const uint8_t *call_peek_bytes(GVariant *bytes, size_t *ret_n_bytes)
{
	return g_variant_get_fixed_array(bytes, ret_n_bytes, 1);
}

static bool call_scanout(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	g_autoptr(GVariant) bytes = NULL;
	VitQemuPixels pixels = {0};

	g_variant_get(call->arguments, "(uuuu@ay)", &pixels.width, &pixels.height,
		      &pixels.stride_bytes, &pixels.pixman_format, &bytes);
	pixels.bytes = call_peek_bytes(bytes, &pixels.n_bytes);
	return vit_qemu_picture_scanout(picture, &pixels, error);
}

static bool call_update(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	g_autoptr(GVariant) bytes = NULL;
	VitQemuPixels pixels = {0};
	int32_t x, y, width, height;

	g_variant_get(call->arguments, "(iiiiuu@ay)", &x, &y, &width, &height, &pixels.stride_bytes,
		      &pixels.pixman_format, &bytes);
	/* A negative size becomes one that is far too large, and is refused as such. */
	pixels.width = (uint32_t)width;
	pixels.height = (uint32_t)height;
	pixels.bytes = call_peek_bytes(bytes, &pixels.n_bytes);
	return vit_qemu_picture_update(picture, x, y, &pixels, error);
}

static bool call_scanout_map(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	VitBufferLayout layout = {.modifier = DRM_FORMAT_MOD_LINEAR, .n_planes = 1};
	uint32_t pixman_format;
	int32_t handle;
	int fd;

	g_variant_get(call->arguments, "(huuuuu)", &handle, &layout.offset_bytes[0], &layout.width,
		      &layout.height, &layout.stride_bytes[0], &pixman_format);
	layout.fourcc = vit_qemu_fourcc_from_pixman(pixman_format);
	if (layout.fourcc == 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "pixels in pixman format 0x%08x cannot be shown here", pixman_format);
		return false;
	}
	fd = call_dup_fd(call, handle, error);
	return fd >= 0 && vit_qemu_picture_share(picture, &layout, &fd, 1, error);
}

/* Whether the dmabuf comes from /dev/udmabuf: guest pages, which are linear whatever else is said.
 */
static bool call_fd_is_udmabuf(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", fd);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, "exp_name:\tudmabuf\n");
}

static bool call_scanout_dmabuf(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	VitBufferLayout layout = {.n_planes = 1};
	gboolean y0_top;
	int32_t handle;
	int fd;

	g_variant_get(call->arguments, "(huuuutb)", &handle, &layout.width, &layout.height,
		      &layout.stride_bytes[0], &layout.fourcc, &layout.modifier, &y0_top);
	fd = call_dup_fd(call, handle, error);
	if (fd < 0) {
		return false;
	}
	layout.bottom_up = y0_top;
	layout.linear_vouched = layout.modifier == DRM_FORMAT_MOD_INVALID && call_fd_is_udmabuf(fd);
	return vit_qemu_picture_share(picture, &layout, &fd, 1, error);
}

/* Copies the first @n numbers of an "au"; false when it has fewer. */
static bool call_read_plane_numbers(GVariant *array, unsigned n, uint32_t *ret_numbers)
{
	size_t n_numbers = 0;
	const uint32_t *numbers = g_variant_get_fixed_array(array, &n_numbers, sizeof(uint32_t));

	if (n_numbers < n) {
		return false;
	}
	memcpy(ret_numbers, numbers, n * sizeof(uint32_t));
	return true;
}

/* Dups one fd a plane; on error none is left open. */
static bool call_dup_plane_fds(const VitQemuCall *call, GVariant *handles, unsigned n_planes,
			       int *ret_fds, GError **error)
{
	for (unsigned i = 0; i < n_planes; i++) {
		int32_t handle = -1;

		if (i < g_variant_n_children(handles)) {
			g_variant_get_child(handles, i, "h", &handle);
		}
		ret_fds[i] = call_dup_fd(call, handle, error);
		if (ret_fds[i] < 0) {
			while (i > 0) {
				vit_fd_clear(&ret_fds[--i]);
			}
			return false;
		}
	}
	return true;
}

static bool call_scanout_dmabuf2(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	g_autoptr(GVariant) handles = NULL, offsets = NULL, strides = NULL;
	uint32_t x, y, width, height, n_planes;
	VitBufferLayout layout = {0};
	gboolean y0_top;
	int fds[VIT_MAX_PLANES];

	g_variant_get(call->arguments, "(@ahuuuu@au@auuuuutb)", &handles, &x, &y, &width, &height,
		      &offsets, &strides, &n_planes, &layout.fourcc, &layout.width, &layout.height,
		      &layout.modifier, &y0_top);
	if (n_planes < 1 || n_planes > VIT_MAX_PLANES ||
	    !call_read_plane_numbers(offsets, n_planes, layout.offset_bytes) ||
	    !call_read_plane_numbers(strides, n_planes, layout.stride_bytes)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "dmabuf of %u planes with %" G_GSIZE_FORMAT
			    " offsets and %" G_GSIZE_FORMAT
			    " strides: 1 to %u planes, and one of each a plane, are possible",
			    n_planes, g_variant_n_children(offsets), g_variant_n_children(strides),
			    VIT_MAX_PLANES);
		return false;
	}
	if (x > G_MAXINT32 || y > G_MAXINT32 || width < 1 || width > G_MAXINT32 || height < 1 ||
	    height > G_MAXINT32) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "visible rectangle of %ux%u pixels at %u,%u: no dmabuf has such a part",
			    width, height, x, y);
		return false;
	}
	layout.n_planes = n_planes;
	layout.visible = (VitRect){(int32_t)x, (int32_t)y, (int32_t)width, (int32_t)height};
	layout.bottom_up = y0_top;
	if (!call_dup_plane_fds(call, handles, n_planes, fds, error)) {
		return false;
	}
	layout.linear_vouched =
		layout.modifier == DRM_FORMAT_MOD_INVALID && call_fd_is_udmabuf(fds[0]);
	return vit_qemu_picture_share(picture, &layout, fds, n_planes, error);
}

static bool call_disable(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	vit_qemu_picture_disable(picture);
	return true;
}

static bool call_mouse_set(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	int32_t x, y, on;

	g_variant_get(call->arguments, "(iii)", &x, &y, &on);
	vit_qemu_picture_move_cursor(picture, x, y, on != 0);
	return true;
}

static bool call_cursor_define(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	g_autoptr(GVariant) bytes = NULL;
	g_autoptr(VitCursor) cursor = NULL;
	int32_t width, height, hot_x, hot_y;
	const uint8_t *pixels;
	size_t n_bytes;

	g_variant_get(call->arguments, "(iiii@ay)", &width, &height, &hot_x, &hot_y, &bytes);
	pixels = call_peek_bytes(bytes, &n_bytes);
	/* A negative size becomes one that is far too large, and is refused as such. */
	cursor = vit_cursor_new((uint32_t)width, (uint32_t)height, hot_x, hot_y, pixels, n_bytes,
				error);
	if (!cursor) {
		return false;
	}
	vit_qemu_picture_define_cursor(picture, cursor);
	return true;
}

/* UpdateMap and UpdateDMABUF: answered with the frame's end, so they stand apart from the table. */
static void call_update_shared(VitQemuPicture *picture, const VitQemuCall *call)
{
	VitRect damage;

	g_variant_get(call->arguments, "(iiii)", &damage.x, &damage.y, &damage.width,
		      &damage.height);
	vit_qemu_picture_update_shared(picture, &damage, call->done, call->done_data);
}

static const struct CallRow {
	const char *interface, *member, *types;
	CallHandler run; /* NULL: call_update_shared() */
} call_table[] = {
	{VIT_QEMU_LISTENER, "Scanout", "(uuuuay)", call_scanout},
	{VIT_QEMU_LISTENER, "Update", "(iiiiuuay)", call_update},
	{VIT_QEMU_LISTENER, "ScanoutDMABUF", "(huuuutb)", call_scanout_dmabuf},
	{VIT_QEMU_LISTENER, "UpdateDMABUF", "(iiii)", NULL},
	{VIT_QEMU_LISTENER, "Disable", "()", call_disable},
	{VIT_QEMU_LISTENER, "MouseSet", "(iii)", call_mouse_set},
	{VIT_QEMU_LISTENER, "CursorDefine", "(iiiiay)", call_cursor_define},
	{VIT_QEMU_LISTENER_MAP, "ScanoutMap", "(huuuuu)", call_scanout_map},
	{VIT_QEMU_LISTENER_MAP, "UpdateMap", "(iiii)", NULL},
	{VIT_QEMU_LISTENER_DMABUF2, "ScanoutDMABUF2", "(ahuuuuauauuuuutb)", call_scanout_dmabuf2},
};

static const struct CallRow *call_find(const VitQemuCall *call)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(call_table); i++) {
		if (g_strcmp0(call->member, call_table[i].member) == 0 &&
		    g_strcmp0(call->interface, call_table[i].interface) == 0) {
			return &call_table[i];
		}
	}
	return NULL;
}

bool vit_qemu_call_run(VitQemuPicture *picture, const VitQemuCall *call, GError **error)
{
	const struct CallRow *row = call_find(call);
	const char *types = call->arguments ? g_variant_get_type_string(call->arguments) : "()";
	g_autoptr(GError) refusal = NULL;

	if (!row) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
				    "that call is not known here");
		return false;
	}
	if (strcmp(types, row->types) != 0) {
		refusal = g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				      "arguments of types %s, not %s", types, row->types);
	} else if (!row->run) {
		call_update_shared(picture, call);
	} else if (row->run(picture, call, &refusal)) {
		call->done(call->done_data);
	}
	if (refusal) {
		g_prefix_error(&refusal, "QEMU's %s is refused: ", row->member);
		vit_qemu_picture_refuse(picture, refusal);
		g_propagate_error(error, g_steal_pointer(&refusal));
		return false;
	}
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * VitBuffer: the one place where what a peer says of pixels is checked against what its fds really
 * are. vit_buffer_check_layout() looks at the numbers alone, vit_buffer_new_take_fds() also at the
 * fds.
 *
 * The size of a memfd comes from fstat(); that of a dmabuf on some kernels only from
 * lseek(SEEK_END), which on a memfd would move the position that its peer uses too. A peer can
 * still shrink a memfd later: only the process that may die of it (vitrine-render) maps what it did
 * not create. Several planes may come as one and the same fd number, which then is closed once.
 */
#include "sources/buffer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/error.h"

struct VitBuffer {
	gatomicrefcount ref_count;
	const VitFormat *format;
	VitBufferLayout layout;
	int fds[VIT_MAX_PLANES]; /* one a plane; the same number may stand more than once */
};

static void buffer_close_fds(const int *fds, unsigned n_fds)
{
	for (unsigned i = 0; i < n_fds; i++) {
		bool seen = fds[i] < 0;

		for (unsigned j = 0; j < i && !seen; j++) {
			seen = fds[j] == fds[i];
		}
		if (!seen) {
			(void)close(fds[i]);
		}
	}
}

static bool buffer_layout_is_linear(const VitBufferLayout *layout)
{
	return layout->modifier == DRM_FORMAT_MOD_LINEAR ||
	       (layout->modifier == DRM_FORMAT_MOD_INVALID && layout->linear_vouched);
}

/* Byte after the last pixel, counted from the start of the fd. Cannot overflow: the height is
 * checked before, so the product stays below 2^46. */
static uint64_t buffer_layout_end_bytes(const VitBufferLayout *layout, const VitFormat *format)
{
	return layout->offset_bytes[0] + (uint64_t)layout->stride_bytes[0] * (layout->height - 1) +
	       (uint64_t)layout->width * format->bytes_per_pixel;
}

static bool buffer_check_visible(const VitBufferLayout *layout, GError **error)
{
	const VitRect *visible = &layout->visible;

	if (visible->x == 0 && visible->y == 0 && visible->width == 0 && visible->height == 0) {
		return true;
	}
	if (visible->x < 0 || visible->y < 0 || visible->width < 1 || visible->height < 1 ||
	    (int64_t)visible->x + visible->width > layout->width ||
	    (int64_t)visible->y + visible->height > layout->height) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "visible rectangle of %dx%d pixels at %d,%d: it must lie inside the "
			    "%ux%u pixels of the buffer",
			    visible->width, visible->height, visible->x, visible->y, layout->width,
			    layout->height);
		return false;
	}
	return true;
}

static bool buffer_check_linear(const VitBufferLayout *layout, const VitFormat *format,
				GError **error)
{
	uint32_t row_bytes = layout->width * format->bytes_per_pixel;
	/* Pixels of 2 and 4 bytes are read as words. */
	uint32_t align_bytes = format->bytes_per_pixel == 3 ? 1 : format->bytes_per_pixel;

	if (layout->n_planes != 1) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "linear %s buffer of %u planes: it must have 1", format->name,
			    layout->n_planes);
		return false;
	}
	if (layout->stride_bytes[0] < row_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "stride of %u bytes: a row of %u %s pixels needs at least %u",
			    layout->stride_bytes[0], layout->width, format->name, row_bytes);
		return false;
	}
	if (layout->stride_bytes[0] % align_bytes != 0 ||
	    layout->offset_bytes[0] % align_bytes != 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "stride of %u and offset of %u bytes: %s needs multiples of %u",
			    layout->stride_bytes[0], layout->offset_bytes[0], format->name,
			    align_bytes);
		return false;
	}
	return true;
}

bool vit_buffer_check_layout(const VitBufferLayout *layout, GError **error)
{
	const VitFormat *format = vit_format_find(layout->fourcc);

	if (!format) {
		char name[16];

		vit_fourcc_to_text(layout->fourcc, name);
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "pixel format %s (0x%08x, modifier 0x%016" G_GINT64_MODIFIER
			    "x) is not one that can be shown",
			    name, layout->fourcc, layout->modifier);
		return false;
	}
	if (layout->width < 1 || layout->width > VIT_BUFFER_MAX_SIDE || layout->height < 1 ||
	    layout->height > VIT_BUFFER_MAX_SIDE) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "picture of %ux%u pixels: each side must be 1 to %u", layout->width,
			    layout->height, VIT_BUFFER_MAX_SIDE);
		return false;
	}
	if (layout->width * layout->height > VIT_BUFFER_MAX_PIXELS) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "picture of %ux%u pixels: it must have at most %u in all",
			    layout->width, layout->height, VIT_BUFFER_MAX_PIXELS);
		return false;
	}
	if (layout->n_planes < 1 || layout->n_planes > VIT_MAX_PLANES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "buffer of %u planes: it must have 1 to %u", layout->n_planes,
			    VIT_MAX_PLANES);
		return false;
	}
	return buffer_check_visible(layout, error) &&
	       (!buffer_layout_is_linear(layout) || buffer_check_linear(layout, format, error));
}

/* Says what @fd is, if it cannot be memory with pixels; NULL if it can, and its size. */
static const char *buffer_probe_fd(int fd, uint64_t *ret_size_bytes)
{
	struct stat status;
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
	off_t size_bytes;

	if (flags < 0 || fstat(fd, &status) < 0) {
		return "not an open file descriptor";
	}
	if ((flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
		return "not open for reading";
	}
	/* Type 0 is a file without a name in any directory: a dmabuf, but also an eventfd, a timer
	 * and the like, which have no size. */
	switch (status.st_mode & S_IFMT) {
	case S_IFREG:
	case 0:
		size_bytes = status.st_size > 0 ? status.st_size : lseek(fd, 0, SEEK_END);
		break;
	case S_IFIFO:
		return "a pipe";
	case S_IFSOCK:
		return "a socket";
	case S_IFDIR:
		return "a directory";
	default:
		return "a device";
	}
	if (size_bytes <= 0) {
		return "empty, or no memory at all";
	}
	*ret_size_bytes = (uint64_t)size_bytes;
	return NULL;
}

static bool buffer_check_fds(const VitBufferLayout *layout, const VitFormat *format, const int *fds,
			     unsigned n_fds, GError **error)
{
	uint64_t size_bytes = 0;

	if (n_fds != layout->n_planes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "buffer of %u planes came with %u file descriptors: each plane needs "
			    "one",
			    layout->n_planes, n_fds);
		return false;
	}
	for (unsigned i = 0; i < n_fds; i++) {
		const char *complaint = buffer_probe_fd(fds[i], &size_bytes);

		if (complaint) {
			g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				    "file descriptor of plane %u is %s: it must be a dmabuf or "
				    "shared memory",
				    i, complaint);
			return false;
		}
		if (layout->offset_bytes[i] >= size_bytes) {
			g_set_error(
				error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				"plane %u starts at byte %u: its memory has only %" G_GUINT64_FORMAT,
				i, layout->offset_bytes[i], size_bytes);
			return false;
		}
	}
	if (buffer_layout_is_linear(layout) &&
	    buffer_layout_end_bytes(layout, format) > size_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "picture of %ux%u %s pixels, stride %u, offset %u, needs "
			    "%" G_GUINT64_FORMAT " bytes: its memory has only %" G_GUINT64_FORMAT,
			    layout->width, layout->height, format->name, layout->stride_bytes[0],
			    layout->offset_bytes[0], buffer_layout_end_bytes(layout, format),
			    size_bytes);
		return false;
	}
	return true;
}

VitBuffer *vit_buffer_new_take_fds(const VitBufferLayout *layout, const int *fds, unsigned n_fds,
				   GError **error)
{
	const VitFormat *format = vit_format_find(layout->fourcc);
	VitBuffer *self;

	if (!vit_buffer_check_layout(layout, error) ||
	    !buffer_check_fds(layout, format, fds, n_fds, error)) {
		buffer_close_fds(fds, n_fds);
		return NULL;
	}
	self = g_new0(VitBuffer, 1);
	g_atomic_ref_count_init(&self->ref_count);
	self->format = format;
	self->layout = *layout;
	if (layout->visible.width == 0) {
		self->layout.visible =
			(VitRect){0, 0, (int32_t)layout->width, (int32_t)layout->height};
	}
	for (unsigned i = 0; i < VIT_MAX_PLANES; i++) {
		self->fds[i] = i < n_fds ? fds[i] : -1;
	}
	return self;
}

VitBuffer *vit_buffer_ref(VitBuffer *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void vit_buffer_unref(VitBuffer *self)
{
	if (self && g_atomic_ref_count_dec(&self->ref_count)) {
		buffer_close_fds(self->fds, self->layout.n_planes);
		g_free(self);
	}
}

const VitBufferLayout *vit_buffer_get_layout(const VitBuffer *self)
{
	return &self->layout;
}

const VitFormat *vit_buffer_get_format(const VitBuffer *self)
{
	return self->format;
}

uint32_t vit_buffer_get_width(const VitBuffer *self)
{
	return (uint32_t)self->layout.visible.width;
}

uint32_t vit_buffer_get_height(const VitBuffer *self)
{
	return (uint32_t)self->layout.visible.height;
}

bool vit_buffer_is_linear(const VitBuffer *self)
{
	return buffer_layout_is_linear(&self->layout);
}

int vit_buffer_peek_fd(const VitBuffer *self, unsigned plane)
{
	g_assert(plane < self->layout.n_planes);
	return self->fds[plane];
}

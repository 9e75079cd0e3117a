/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* VitShmImage: a memfd of our own that nobody can resize, mapped here and wrapped as a VitBuffer.
 */
#include "sources/shm-image.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"

#define SHM_IMAGE_STRIDE_ALIGN_BYTES 64
/* Twice the widest row: room for any padding, and a bound for what one picture can take. */
#define SHM_IMAGE_MAX_STRIDE_BYTES (2 * 4 * VIT_BUFFER_MAX_SIDE)

struct VitShmImage {
	VitBuffer *buffer;
	uint8_t *pixels;
	size_t n_bytes;
};

/* An fd with @n_bytes zero bytes, sealed against resizing; -1 on error. */
static int shm_image_make_fd(size_t n_bytes, GError **error)
{
	VIT_AUTOFD int fd = memfd_create("vitrine-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)n_bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot make %zu bytes of shared memory for a picture: %s", n_bytes,
			    g_strerror(errno));
		return -1;
	}
	return g_steal_fd(&fd);
}

VitShmImage *vit_shm_image_new(uint32_t width, uint32_t height, uint32_t fourcc,
			       uint32_t stride_bytes, bool bottom_up, GError **error)
{
	const VitFormat *format = vit_format_find(fourcc);
	VitBufferLayout layout = {
		.fourcc = fourcc,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = width,
		.height = height,
		.n_planes = 1,
		.stride_bytes = {stride_bytes},
		.bottom_up = bottom_up,
	};
	g_autoptr(VitShmImage) self = g_new0(VitShmImage, 1);
	int fd;

	/* A width that would overflow here is refused by the check that follows. */
	if (stride_bytes == 0 && format && width <= VIT_BUFFER_MAX_SIDE) {
		uint32_t row_bytes = width * format->bytes_per_pixel;

		layout.stride_bytes[0] = (row_bytes + SHM_IMAGE_STRIDE_ALIGN_BYTES - 1) /
					 SHM_IMAGE_STRIDE_ALIGN_BYTES *
					 SHM_IMAGE_STRIDE_ALIGN_BYTES;
	}
	if (!vit_buffer_check_layout(&layout, error)) {
		return NULL;
	}
	if (stride_bytes > SHM_IMAGE_MAX_STRIDE_BYTES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "stride of %u bytes: a picture of our own may have at most %u",
			    stride_bytes, SHM_IMAGE_MAX_STRIDE_BYTES);
		return NULL;
	}
	self->n_bytes = (size_t)layout.stride_bytes[0] * height;
	fd = shm_image_make_fd(self->n_bytes, error);
	if (fd < 0) {
		return NULL;
	}
	self->buffer = vit_buffer_new_take_fds(&layout, &fd, 1, error);
	if (!self->buffer) {
		return NULL;
	}
	self->pixels = mmap(NULL, self->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			    vit_buffer_peek_fd(self->buffer, 0), 0);
	if (self->pixels == MAP_FAILED) {
		self->pixels = NULL;
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot map %zu bytes of shared memory for a picture: %s",
			    self->n_bytes, g_strerror(errno));
		return NULL;
	}
	return g_steal_pointer(&self);
}

void vit_shm_image_free(VitShmImage *self)
{
	if (!self) {
		return;
	}
	if (self->pixels) {
		(void)munmap(self->pixels, self->n_bytes);
	}
	vit_buffer_unref(self->buffer);
	g_free(self);
}

uint8_t *vit_shm_image_get_pixels(VitShmImage *self)
{
	return self->pixels;
}

uint32_t vit_shm_image_get_stride_bytes(const VitShmImage *self)
{
	return vit_buffer_get_layout(self->buffer)->stride_bytes[0];
}

VitBuffer *vit_shm_image_get_buffer(VitShmImage *self)
{
	return self->buffer;
}

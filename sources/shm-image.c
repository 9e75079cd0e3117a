/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* VitShmImage: memory of our own that nobody can resize, mapped here and wrapped as a VitBuffer. */
#include "sources/shm-image.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <sys/mman.h>

#include "config/error.h"

#define SHM_IMAGE_STRIDE_ALIGN_BYTES 64
/* Twice the widest row: room for any padding, and a bound for what one picture can take. */
#define SHM_IMAGE_MAX_STRIDE_BYTES (2 * 4 * VIT_BUFFER_MAX_SIDE)

struct VitShmImage {
	VitPixelMemory memory;
	VitBuffer *buffer;
	uint8_t *pixels;
	size_t n_bytes;
};

VitShmImage *vit_shm_image_new_with(const VitShmImageOptions *options, GError **error)
{
	const VitFormat *format = vit_format_find(options->fourcc);
	VitBufferLayout layout = {
		.fourcc = options->fourcc,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = options->width,
		.height = options->height,
		.n_planes = 1,
		.stride_bytes = {options->stride_bytes},
		.bottom_up = options->bottom_up,
	};
	g_autoptr(VitShmImage) self = g_new0(VitShmImage, 1);
	int fd;

	/* A width that would overflow here is refused by the check that follows. */
	if (options->stride_bytes == 0 && format && options->width <= VIT_BUFFER_MAX_SIDE) {
		uint32_t row_bytes = options->width * format->bytes_per_pixel;

		layout.stride_bytes[0] = (row_bytes + SHM_IMAGE_STRIDE_ALIGN_BYTES - 1) /
					 SHM_IMAGE_STRIDE_ALIGN_BYTES *
					 SHM_IMAGE_STRIDE_ALIGN_BYTES;
	}
	if (!vit_buffer_check_layout(&layout, error)) {
		return NULL;
	}
	if (options->stride_bytes > SHM_IMAGE_MAX_STRIDE_BYTES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "stride of %u bytes: a picture of our own may have at most %u",
			    options->stride_bytes, SHM_IMAGE_MAX_STRIDE_BYTES);
		return NULL;
	}
	self->memory = options->memory;
	self->n_bytes = (size_t)layout.stride_bytes[0] * options->height;
	fd = vit_pixel_memory_new_fd(options->memory, self->n_bytes, error);
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
			    "cannot map %zu bytes of memory for a picture: %s", self->n_bytes,
			    g_strerror(errno));
		return NULL;
	}
	return g_steal_pointer(&self);
}

VitShmImage *vit_shm_image_new(uint32_t width, uint32_t height, uint32_t fourcc,
			       uint32_t stride_bytes, bool bottom_up, GError **error)
{
	VitShmImageOptions options = {
		.memory = VIT_PIXEL_MEMFD,
		.width = width,
		.height = height,
		.fourcc = fourcc,
		.stride_bytes = stride_bytes,
		.bottom_up = bottom_up,
	};

	return vit_shm_image_new_with(&options, error);
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

bool vit_shm_image_is_idle(const VitShmImage *self)
{
	return vit_pixel_memory_is_idle(vit_buffer_peek_fd(self->buffer, 0));
}

bool vit_shm_image_begin_write(VitShmImage *self, GError **error)
{
	return vit_pixel_memory_begin_write(self->memory, vit_buffer_peek_fd(self->buffer, 0),
					    error);
}

bool vit_shm_image_end_write(VitShmImage *self, GError **error)
{
	return vit_pixel_memory_end_write(self->memory, vit_buffer_peek_fd(self->buffer, 0), error);
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

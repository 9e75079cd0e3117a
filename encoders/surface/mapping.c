/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Mapping what others own. Reads of a dmabuf stand between DMA_BUF_IOCTL_SYNC START and END, which
 * the kernel asks to be repeated on EINTR and EAGAIN; a memfd knows nothing of it. What a dmabuf is
 * shows in the magic number of its file system.
 */
#include "encoders/surface/mapping.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/error.h"

void vit_mapping_init(VitMapping *self, VitBuffer *buffer)
{
	struct statfs status;

	*self = (VitMapping){
		.buffer = vit_buffer_ref(buffer),
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
	};
	if (fstatfs(vit_buffer_peek_fd(buffer, 0), &status) < 0) {
		return;
	}
	self->is_dmabuf = status.f_type == DMA_BUF_MAGIC;
	if (status.f_type == HUGETLBFS_MAGIC) {
		self->page_bytes = (size_t)status.f_bsize;
	}
}

void vit_mapping_drop(VitMapping *self)
{
	if (self->pixels) {
		(void)munmap(self->pixels, self->map_bytes);
		self->pixels = NULL;
	}
}

void vit_mapping_clear(VitMapping *self)
{
	vit_mapping_drop(self);
	vit_buffer_unref(self->buffer);
	self->buffer = NULL;
}

static bool mapping_map(VitMapping *self, GError **error)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(self->buffer);
	const VitFormat *format = vit_buffer_get_format(self->buffer);
	size_t page_bytes = self->page_bytes;
	uint64_t offset_bytes = layout->offset_bytes[0] / page_bytes * page_bytes;
	uint64_t n_bytes = layout->offset_bytes[0] - offset_bytes +
			   (uint64_t)layout->stride_bytes[0] * (layout->height - 1) +
			   (uint64_t)layout->width * format->bytes_per_pixel;
	void *pixels;

	if (!vit_buffer_is_linear(self->buffer)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "%s buffer with modifier 0x%016" G_GINT64_MODIFIER
			    "x: the CPU can only read linear ones",
			    format->name, layout->modifier);
		return false;
	}
	/* Part of a huge page cannot be unmapped. */
	n_bytes = (n_bytes + page_bytes - 1) / page_bytes * page_bytes;
	/* A file may be larger than all memory of a 32-bit process. */
	if (n_bytes > PTRDIFF_MAX) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "%s buffer of %" G_GUINT64_FORMAT
			    " bytes is too large to be mapped for the CPU",
			    format->name, n_bytes);
		return false;
	}
	self->lead_bytes = (size_t)(layout->offset_bytes[0] - offset_bytes);
	self->map_bytes = (size_t)n_bytes;
	pixels = mmap(NULL, self->map_bytes, PROT_READ, MAP_SHARED,
		      vit_buffer_peek_fd(self->buffer, 0), (off_t)offset_bytes);
	if (pixels == MAP_FAILED) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "%s buffer of %zu bytes cannot be mapped for the CPU: %s", format->name,
			    self->map_bytes, g_strerror(errno));
		return false;
	}
	self->pixels = pixels;
	return true;
}

static bool mapping_sync(VitMapping *self, uint64_t flags)
{
	struct dma_buf_sync sync = {.flags = flags | DMA_BUF_SYNC_READ};
	int code;

	if (!self->is_dmabuf) {
		return true;
	}
	do {
		code = ioctl(vit_buffer_peek_fd(self->buffer, 0), DMA_BUF_IOCTL_SYNC, &sync);
	} while (code < 0 && (errno == EINTR || errno == EAGAIN));
	return code == 0;
}

const uint8_t *vit_mapping_begin(VitMapping *self, GError **error)
{
	if (!self->pixels && !mapping_map(self, error)) {
		return NULL;
	}
	if (!mapping_sync(self, DMA_BUF_SYNC_START)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "dmabuf cannot be made ready for the CPU: %s", g_strerror(errno));
		return NULL;
	}
	return self->pixels + self->lead_bytes;
}

void vit_mapping_end(VitMapping *self)
{
	/* Nothing was written, so nothing is lost if the exporter refuses. */
	(void)mapping_sync(self, DMA_BUF_SYNC_END);
}

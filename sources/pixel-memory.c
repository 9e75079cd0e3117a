/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Memory for pixels: memfds, and the two kinds of dmabuf that a process can make without a GPU.
 *
 * A udmabuf is made of whole pages of a memfd that is sealed against shrinking and not against
 * writing; it keeps the pages, so the memfd is closed at once. Both kinds of dmabuf are mapped by
 * their own fd, never by the memfd's, so that the kernel knows who writes.
 */
#include "sources/pixel-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"

#define MEMORY_UDMABUF_DEVICE  "/dev/udmabuf"
#define MEMORY_DMA_HEAP_DEVICE "/dev/dma_heap/system"

bool vit_pixel_memory_from_name(const char *name, VitPixelMemory *ret_memory)
{
	static const char *const names[] = {"memfd", "udmabuf", "dma-heap"};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_memory = (VitPixelMemory)i;
			return true;
		}
	}
	return false;
}

static int memory_new_memfd(size_t n_bytes, GError **error)
{
	VIT_AUTOFD int fd = memfd_create("vitrine-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* Allocated now: where memory is short this fails, instead of a later write with SIGBUS. */
	if (fd < 0 || fallocate(fd, 0, 0, (off_t)n_bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot make %zu bytes of shared memory for a picture: %s", n_bytes,
			    g_strerror(errno));
		return -1;
	}
	return g_steal_fd(&fd);
}

static int memory_open_device(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "cannot open %s: %s. The kernel must have it, and this user be allowed "
			    "to read and write it; shared memory (memfd) needs neither",
			    path, g_strerror(errno));
	}
	return fd;
}

static int memory_new_udmabuf(size_t n_bytes, GError **error)
{
	VIT_AUTOFD int device = memory_open_device(MEMORY_UDMABUF_DEVICE, error);
	VIT_AUTOFD int memfd = device < 0 ? -1 : memory_new_memfd(n_bytes, error);
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = n_bytes,
	};
	int fd;

	if (memfd < 0) {
		return -1;
	}
	create.memfd = (uint32_t)memfd;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot make a udmabuf of %zu bytes for a picture: %s. The most that "
			    "the kernel allows is in /sys/module/udmabuf/parameters/size_limit_mb",
			    n_bytes, g_strerror(errno));
	}
	return fd;
}

static int memory_new_dma_heap(size_t n_bytes, GError **error)
{
	VIT_AUTOFD int device = memory_open_device(MEMORY_DMA_HEAP_DEVICE, error);
	struct dma_heap_allocation_data allocation = {
		.len = n_bytes,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (device < 0) {
		return -1;
	}
	if (ioctl(device, DMA_HEAP_IOCTL_ALLOC, &allocation) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot make %zu bytes of dma-heap memory for a picture: %s", n_bytes,
			    g_strerror(errno));
		return -1;
	}
	return (int)allocation.fd;
}

int vit_pixel_memory_new_fd(VitPixelMemory memory, size_t n_bytes, GError **error)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole_bytes = (n_bytes + page_bytes - 1) / page_bytes * page_bytes;

	switch (memory) {
	case VIT_PIXEL_MEMFD:
		return memory_new_memfd(n_bytes, error);
	case VIT_PIXEL_UDMABUF:
		return memory_new_udmabuf(whole_bytes, error);
	case VIT_PIXEL_DMA_HEAP:
		return memory_new_dma_heap(whole_bytes, error);
	}
	g_assert_not_reached();
}

bool vit_pixel_memory_is_idle(int fd)
{
	struct pollfd state = {.fd = fd, .events = POLLOUT};

	return poll(&state, 1, 0) == 1;
}

static bool memory_sync(VitPixelMemory memory, int fd, uint64_t flags, GError **error)
{
	struct dma_buf_sync sync = {.flags = flags | DMA_BUF_SYNC_WRITE};
	int code;

	if (memory == VIT_PIXEL_MEMFD) {
		return true;
	}
	do {
		code = ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (code < 0 && (errno == EINTR || errno == EAGAIN));
	if (code < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot prepare a dmabuf for the CPU to write: %s", g_strerror(errno));
	}
	return code == 0;
}

bool vit_pixel_memory_begin_write(VitPixelMemory memory, int fd, GError **error)
{
	return memory_sync(memory, fd, DMA_BUF_SYNC_START, error);
}

bool vit_pixel_memory_end_write(VitPixelMemory memory, int fd, GError **error)
{
	return memory_sync(memory, fd, DMA_BUF_SYNC_END, error);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Unit tests of sources/pixel-memory.c. Where the kernel has the device of a kind of memory, that
 * is made; where it has not, the error is looked at. In the test machine it has both.
 */
#include "sources/pixel-memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "tests/support/fixture.h"

typedef struct Kind {
	VitPixelMemory memory;
	const char *name;
	const char *device; /* NULL: every kernel has it */
} Kind;

static const Kind kinds[] = {
	{VIT_PIXEL_MEMFD, "memfd", NULL},
	{VIT_PIXEL_UDMABUF, "udmabuf", "/dev/udmabuf"},
	{VIT_PIXEL_DMA_HEAP, "dma-heap", "/dev/dma_heap/system"},
};

static bool kind_is_here(const Kind *kind)
{
	return !kind->device || access(kind->device, R_OK | W_OK) == 0;
}

static void test_names(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		VitPixelMemory memory = (VitPixelMemory)-1;

		g_assert_true(vit_pixel_memory_from_name(kinds[i].name, &memory));
		g_assert_cmpint((int)memory, ==, (int)kinds[i].memory);
	}
	g_assert_false(vit_pixel_memory_from_name("dmabuf", &(VitPixelMemory){0}));
}

static void check_missing(const Kind *kind)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(vit_pixel_memory_new_fd(kind->memory, 1, &error), ==, -1);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(error->message, kind->device));
}

static void check_fd(const Kind *kind, int fd)
{
	struct statfs file_system;
	struct stat status;

	g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
	g_assert_cmpint(fstatfs(fd, &file_system), ==, 0);
	g_assert_cmpint(file_system.f_type == DMA_BUF_MAGIC, ==, kind->device != NULL);
	g_assert_cmpint(fstat(fd, &status), ==, 0);
	g_assert_cmpint(status.st_size, ==, kind->device ? 8192 : 4097);
	g_assert_cmpint(ftruncate(fd, 1), <, 0);
	g_assert_true(vit_pixel_memory_is_idle(fd));
}

static void check_writing(const Kind *kind, int fd)
{
	g_autoptr(GError) error = NULL;
	uint8_t *pixels = mmap(NULL, 4097, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	g_assert_true(pixels != MAP_FAILED);
	g_assert_true(vit_pixel_memory_begin_write(kind->memory, fd, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(pixels[0] | pixels[4096], ==, 0);
	pixels[4096] = 7;
	g_assert_true(vit_pixel_memory_end_write(kind->memory, fd, &error));
	g_assert_no_error(error);
	g_assert_cmpint(munmap(pixels, 4097), ==, 0);
}

static void test_memory(const void *user_data)
{
	const Kind *kind = user_data;
	VIT_AUTOFD int fd = -1;
	g_autoptr(GError) error = NULL;

	if (!kind_is_here(kind)) {
		check_missing(kind);
		return;
	}
	fd = vit_pixel_memory_new_fd(kind->memory, 4097, &error);
	g_assert_no_error(error);
	check_fd(kind, fd);
	check_writing(kind, fd);
}

static void check_too_large(VitPixelMemory memory, size_t n_bytes, const char *reason)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(vit_pixel_memory_new_fd(memory, n_bytes, &error), ==, -1);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
	g_assert_nonnull(strstr(error->message, reason));
}

/* Of a dma-heap the kernel gives what it has, and then ends processes. */
static void test_too_large(void)
{
	const char *limit_path = "/sys/module/udmabuf/parameters/size_limit_mb";
	g_autofree char *limit_mb = NULL;

	check_too_large(VIT_PIXEL_MEMFD, (size_t)1 << 63, "shared memory");
	if (kind_is_here(&kinds[VIT_PIXEL_UDMABUF]) &&
	    g_file_get_contents(limit_path, &limit_mb, NULL, NULL)) {
		size_t mib = (size_t)g_ascii_strtoull(limit_mb, NULL, 10);

		check_too_large(VIT_PIXEL_UDMABUF, (mib + 1) << 20, limit_path);
	}
}

static void test_no_dmabuf(void)
{
	VIT_AUTOFD int fd = vit_pixel_memory_new_fd(VIT_PIXEL_MEMFD, 1, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_false(vit_pixel_memory_begin_write(VIT_PIXEL_UDMABUF, fd, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
	g_clear_error(&error);
	g_assert_false(vit_pixel_memory_end_write(VIT_PIXEL_UDMABUF, fd, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/pixel-memory/names", test_names);
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *made = g_strdup_printf("/pixel-memory/%s", kinds[i].name);

		vit_test_add_with(made, test_memory, &kinds[i]);
	}
	vit_test_add("/pixel-memory/too-large", test_too_large);
	vit_test_add("/pixel-memory/write-into-no-dmabuf", test_no_dmabuf);
	return g_test_run();
}

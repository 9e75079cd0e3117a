/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Unit tests of sources/buffer.c: one for each way to refuse a buffer. Every one of them hands over
 * open fds, so the count around each test shows that they are closed on that path.
 */
#include "sources/buffer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "config/fd.h"
#include "tests/support/fixture.h"

#define WIDTH        64
#define HEIGHT       16
#define STRIDE_BYTES 320
/* The last row ends with its pixels, not with its padding. */
#define NEEDED_BYTES (STRIDE_BYTES * (HEIGHT - 1) + WIDTH * 4)

static int make_memfd(off_t n_bytes)
{
	int fd = memfd_create("test-buffer", MFD_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ftruncate(fd, n_bytes), ==, 0);
	return fd;
}

static VitBufferLayout make_layout(void)
{
	return (VitBufferLayout){
		.fourcc = DRM_FORMAT_XRGB8888,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.width = WIDTH,
		.height = HEIGHT,
		.n_planes = 1,
		.stride_bytes = {STRIDE_BYTES},
	};
}

/* Takes @fd. */
static void assert_fd_refused(const VitBufferLayout *layout, int fd, VitError code,
			      const char *word)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_buffer_new_take_fds(layout, &fd, 1, &error));
	g_assert_error(error, VIT_ERROR, (int)code);
	if (!strstr(error->message, word)) {
		g_error("\"%s\" does not say \"%s\"", error->message, word);
	}
}

static void assert_refused(const VitBufferLayout *layout, const char *word)
{
	assert_fd_refused(layout, make_memfd(NEEDED_BYTES), VIT_ERROR_INVALID_METADATA, word);
}

/* Takes @fd. */
static void assert_fd_taken(const VitBufferLayout *layout, int fd)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitBuffer) buffer = vit_buffer_new_take_fds(layout, &fd, 1, &error);

	g_assert_no_error(error);
	g_assert_cmpint(vit_buffer_peek_fd(buffer, 0), ==, fd);
}

static void test_good(void)
{
	VitBufferLayout layout = make_layout();
	int fd = make_memfd(NEEDED_BYTES);
	g_autoptr(GError) error = NULL;
	g_autoptr(VitBuffer) buffer = vit_buffer_new_take_fds(&layout, &fd, 1, &error);
	const VitBufferLayout *kept;

	g_assert_no_error(error);
	kept = vit_buffer_get_layout(buffer);
	g_assert_cmpint(kept->visible.width, ==, WIDTH);
	g_assert_cmpint(kept->visible.height, ==, HEIGHT);
	g_assert_cmpuint(vit_buffer_get_width(buffer), ==, WIDTH);
	g_assert_cmpuint(vit_buffer_get_height(buffer), ==, HEIGHT);
	g_assert_cmpstr(vit_buffer_get_format(buffer)->name, ==, "XR24");
	g_assert_true(vit_buffer_is_linear(buffer));
	g_assert_cmpint(vit_buffer_peek_fd(buffer, 0), ==, fd);
	vit_buffer_unref(vit_buffer_ref(buffer));
	g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0);
	vit_buffer_unref(NULL);
}

static void test_visible(void)
{
	VitBufferLayout layout = make_layout();
	int fd = make_memfd(NEEDED_BYTES);
	g_autoptr(VitBuffer) buffer = NULL;

	layout.visible = (VitRect){60, 10, 4, 6};
	buffer = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
	g_assert_cmpuint(vit_buffer_get_width(buffer), ==, 4);
	g_assert_cmpuint(vit_buffer_get_height(buffer), ==, 6);
}

static void test_linearity(void)
{
	VitBufferLayout layout = make_layout();
	int fd = make_memfd(NEEDED_BYTES), vouched_fd = make_memfd(NEEDED_BYTES);
	g_autoptr(VitBuffer) implicit = NULL;
	g_autoptr(VitBuffer) vouched = NULL;

	layout.modifier = DRM_FORMAT_MOD_INVALID;
	implicit = vit_buffer_new_take_fds(&layout, &fd, 1, NULL);
	g_assert_false(vit_buffer_is_linear(implicit));
	layout.linear_vouched = true;
	vouched = vit_buffer_new_take_fds(&layout, &vouched_fd, 1, NULL);
	g_assert_true(vit_buffer_is_linear(vouched));
	layout.modifier = I915_FORMAT_MOD_X_TILED;
	g_assert_true(vit_buffer_check_layout(&layout, NULL));
}

static void test_tiled_size_is_not_checked(void)
{
	VitBufferLayout layout = make_layout();

	layout.modifier = I915_FORMAT_MOD_X_TILED;
	layout.stride_bytes[0] = 1;
	assert_fd_taken(&layout, make_memfd(64));
}

static void test_one_fd_for_several_planes(void)
{
	VitBufferLayout layout = make_layout();
	int fd = make_memfd(NEEDED_BYTES);
	int fds[2] = {fd, fd};
	VitBuffer *buffer;

	layout.modifier = I915_FORMAT_MOD_Y_TILED_CCS;
	layout.n_planes = 2;
	layout.offset_bytes[1] = 512;
	layout.stride_bytes[1] = 64;
	buffer = vit_buffer_new_take_fds(&layout, fds, 2, NULL);
	g_assert_nonnull(buffer);
	g_assert_cmpint(vit_buffer_peek_fd(buffer, 1), ==, fd);
	/* A second close could hit somebody else's fd; here it would leave EBADF. */
	errno = 0;
	vit_buffer_unref(buffer);
	g_assert_cmpint(errno, ==, 0);

	fds[0] = fds[1] = make_memfd(64);
	errno = 0;
	g_assert_null(vit_buffer_new_take_fds(&layout, fds, 2, NULL));
	g_assert_cmpint(errno, ==, 0);
	g_assert_cmpint(fcntl(fds[0], F_GETFD), <, 0);
}

static void test_different_fds_for_planes(void)
{
	VitBufferLayout layout = make_layout();
	int fds[2] = {make_memfd(NEEDED_BYTES), make_memfd(64)};
	g_autoptr(VitBuffer) buffer = NULL;

	layout.modifier = I915_FORMAT_MOD_Y_TILED_CCS;
	layout.n_planes = 2;
	buffer = vit_buffer_new_take_fds(&layout, fds, 2, NULL);
	g_assert_nonnull(buffer);
	g_assert_cmpint(vit_buffer_peek_fd(buffer, 1), ==, fds[1]);
}

static void test_fourcc(void)
{
	VitBufferLayout layout = make_layout();

	layout.fourcc = DRM_FORMAT_NV12;
	assert_fd_refused(&layout, make_memfd(NEEDED_BYTES), VIT_ERROR_UNSUPPORTED, "NV12");
	layout.fourcc = 0;
	assert_fd_refused(&layout, make_memfd(NEEDED_BYTES), VIT_ERROR_UNSUPPORTED, "0x00000000");
}

static void test_sides(void)
{
	static const uint32_t sides[] = {0, VIT_BUFFER_MAX_SIDE + 1, 0x80000000, G_MAXUINT32};

	for (unsigned i = 0; i < G_N_ELEMENTS(sides); i++) {
		VitBufferLayout wide = make_layout(), high = make_layout();

		wide.width = sides[i];
		assert_refused(&wide, "each side must be 1 to 16384");
		high.height = sides[i];
		assert_refused(&high, "each side must be 1 to 16384");
	}
}

static void test_largest_side(void)
{
	VitBufferLayout layout = make_layout();

	layout.width = VIT_BUFFER_MAX_SIDE;
	layout.height = VIT_BUFFER_MAX_PIXELS / VIT_BUFFER_MAX_SIDE;
	layout.stride_bytes[0] = VIT_BUFFER_MAX_SIDE * 4;
	assert_fd_taken(&layout, make_memfd((off_t)VIT_BUFFER_MAX_PIXELS * 4));
	layout.height++;
	assert_refused(&layout, "at most 67108864 in all");
}

static void test_plane_count(void)
{
	VitBufferLayout layout = make_layout();

	layout.modifier = I915_FORMAT_MOD_X_TILED;
	layout.n_planes = 0;
	assert_refused(&layout, "0 planes");
	layout.n_planes = VIT_MAX_PLANES + 1;
	assert_refused(&layout, "1 to 4");
	layout.n_planes = G_MAXUINT;
	assert_refused(&layout, "1 to 4");
}

static void test_linear_planes(void)
{
	VitBufferLayout layout = make_layout();

	layout.n_planes = 2;
	assert_refused(&layout, "it must have 1");
}

static void test_fd_count(void)
{
	VitBufferLayout layout = make_layout();
	int too_many[6];
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(too_many); i++) {
		too_many[i] = make_memfd(NEEDED_BYTES);
	}
	g_assert_null(vit_buffer_new_take_fds(&layout, too_many, 6, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_clear_error(&error);
	g_assert_null(vit_buffer_new_take_fds(&layout, NULL, 0, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	layout.modifier = I915_FORMAT_MOD_X_TILED;
	layout.n_planes = 2;
	assert_refused(&layout, "2 planes came with 1 file descriptors");
}

static void test_visible_outside(void)
{
	static const VitRect outside[] = {
		{-1, 0, 4, 4},
		{0, -1, 4, 4},
		{0, 0, 0, 4},
		{0, 0, 4, 0},
		{4, 4, 0, 0},
		{0, 0, -4, 4},
		{0, 0, 4, -4},
		{0, 0, WIDTH + 1, 4},
		{0, 0, 4, HEIGHT + 1},
		{WIDTH, 0, 1, 1},
		{0, HEIGHT, 1, 1},
		{G_MAXINT32, 0, G_MAXINT32, 1},
		{0, G_MAXINT32, 1, G_MAXINT32},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(outside); i++) {
		VitBufferLayout layout = make_layout();

		layout.visible = outside[i];
		assert_refused(&layout, "visible rectangle");
	}
}

static void test_stride(void)
{
	VitBufferLayout layout = make_layout();

	layout.stride_bytes[0] = 0;
	assert_refused(&layout, "at least 256");
	layout.stride_bytes[0] = WIDTH * 4 - 4;
	assert_refused(&layout, "at least 256");
	layout.stride_bytes[0] = WIDTH * 4;
	assert_fd_taken(&layout, make_memfd(NEEDED_BYTES));
}

static void test_alignment(void)
{
	VitBufferLayout layout = make_layout();

	layout.stride_bytes[0] = WIDTH * 4 + 2;
	assert_refused(&layout, "multiples of 4");
	layout.stride_bytes[0] = WIDTH * 4;
	layout.offset_bytes[0] = 1;
	assert_refused(&layout, "multiples of 4");
	layout.fourcc = DRM_FORMAT_RGB565;
	assert_refused(&layout, "multiples of 2");
	layout.fourcc = DRM_FORMAT_RGB888;
	assert_fd_taken(&layout, make_memfd(NEEDED_BYTES));
}

static void test_too_small(void)
{
	VitBufferLayout layout = make_layout();

	assert_fd_refused(&layout, make_memfd(NEEDED_BYTES - 1), VIT_ERROR_INVALID_METADATA,
			  "has only 5055");
	layout.stride_bytes[0] += 4;
	assert_refused(&layout, "has only");
	/* 32 bits would wrap these around to something that fits. */
	layout.stride_bytes[0] = 0x80000000;
	layout.height = 3;
	assert_refused(&layout, "has only");
	layout = make_layout();
	layout.stride_bytes[0] = 0xfffffffc;
	layout.height = VIT_BUFFER_MAX_SIDE;
	assert_refused(&layout, "has only");
}

static void test_offset(void)
{
	VitBufferLayout layout = make_layout();

	layout.offset_bytes[0] = 4;
	assert_refused(&layout, "has only");
	assert_fd_taken(&layout, make_memfd(NEEDED_BYTES + 4));
	layout.offset_bytes[0] = 0xfffffffc;
	assert_refused(&layout, "starts at byte 4294967292");
	layout.modifier = I915_FORMAT_MOD_X_TILED;
	layout.offset_bytes[0] = NEEDED_BYTES;
	assert_refused(&layout, "starts at byte");
}

static void test_no_fd(void)
{
	VitBufferLayout layout = make_layout();
	int closed = make_memfd(NEEDED_BYTES);

	(void)close(closed);
	assert_fd_refused(&layout, closed, VIT_ERROR_INVALID_METADATA, "not an open");
	assert_fd_refused(&layout, -1, VIT_ERROR_INVALID_METADATA, "not an open");
}

static void test_pipe(void)
{
	VitBufferLayout layout = make_layout();
	int ends[2];

	g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
	assert_fd_refused(&layout, ends[0], VIT_ERROR_INVALID_METADATA, "a pipe");
	(void)close(ends[1]);
}

static void test_socket(void)
{
	VitBufferLayout layout = make_layout();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Refused whatever its layout: nobody can import it either. */
	layout.modifier = I915_FORMAT_MOD_X_TILED;
	assert_fd_refused(&layout, fd, VIT_ERROR_INVALID_METADATA, "a socket");
}

static void test_directory(void)
{
	VitBufferLayout layout = make_layout();

	assert_fd_refused(&layout, open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			  VIT_ERROR_INVALID_METADATA, "a directory");
}

static void test_device(void)
{
	VitBufferLayout layout = make_layout();

	assert_fd_refused(&layout, open("/dev/null", O_RDWR | O_CLOEXEC),
			  VIT_ERROR_INVALID_METADATA, "a device");
}

static void test_eventfd(void)
{
	VitBufferLayout layout = make_layout();

	assert_fd_refused(&layout, eventfd(0, EFD_CLOEXEC), VIT_ERROR_INVALID_METADATA,
			  "no memory");
}

static void test_empty_file(void)
{
	VitBufferLayout layout = make_layout();

	assert_fd_refused(&layout, make_memfd(0), VIT_ERROR_INVALID_METADATA, "empty");
}

static void test_not_readable(void)
{
	VitBufferLayout layout = make_layout();
	VIT_AUTOFD int fd = make_memfd(NEEDED_BYTES);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	assert_fd_refused(&layout, open(path, O_WRONLY | O_CLOEXEC), VIT_ERROR_INVALID_METADATA,
			  "not open for reading");
	assert_fd_refused(&layout, open(path, O_PATH | O_CLOEXEC), VIT_ERROR_INVALID_METADATA,
			  "not open for reading");
	assert_fd_taken(&layout, open(path, O_RDONLY | O_CLOEXEC));
}

static void test_position_stays(void)
{
	VitBufferLayout layout = make_layout();
	VIT_AUTOFD int fd = make_memfd(NEEDED_BYTES);

	g_assert_cmpint(lseek(fd, 12, SEEK_SET), ==, 12);
	assert_fd_taken(&layout, dup(fd));
	g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, 12);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/buffer/new/good", test_good);
	vit_test_add("/buffer/new/visible-part", test_visible);
	vit_test_add("/buffer/new/linear-only-if-said-or-vouched", test_linearity);
	vit_test_add("/buffer/new/tiled-size-is-not-checked", test_tiled_size_is_not_checked);
	vit_test_add("/buffer/new/one-fd-for-several-planes", test_one_fd_for_several_planes);
	vit_test_add("/buffer/new/an-fd-for-each-plane", test_different_fds_for_planes);
	vit_test_add("/buffer/new/largest-side", test_largest_side);
	vit_test_add("/buffer/new/leaves-file-position", test_position_stays);
	vit_test_add("/buffer/refuses/fourcc", test_fourcc);
	vit_test_add("/buffer/refuses/sides", test_sides);
	vit_test_add("/buffer/refuses/plane-count", test_plane_count);
	vit_test_add("/buffer/refuses/linear-of-several-planes", test_linear_planes);
	vit_test_add("/buffer/refuses/fd-count", test_fd_count);
	vit_test_add("/buffer/refuses/visible-outside", test_visible_outside);
	vit_test_add("/buffer/refuses/stride-below-row", test_stride);
	vit_test_add("/buffer/refuses/misaligned", test_alignment);
	vit_test_add("/buffer/refuses/memory-too-small", test_too_small);
	vit_test_add("/buffer/refuses/offset-behind-end", test_offset);
	vit_test_add("/buffer/refuses/closed-fd", test_no_fd);
	vit_test_add("/buffer/refuses/pipe", test_pipe);
	vit_test_add("/buffer/refuses/socket", test_socket);
	vit_test_add("/buffer/refuses/directory", test_directory);
	vit_test_add("/buffer/refuses/device", test_device);
	vit_test_add("/buffer/refuses/eventfd", test_eventfd);
	vit_test_add("/buffer/refuses/empty-file", test_empty_file);
	vit_test_add("/buffer/refuses/not-readable", test_not_readable);
	return g_test_run();
}

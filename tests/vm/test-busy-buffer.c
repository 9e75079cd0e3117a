/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A device that still reads a dmabuf of ours: vgem, a driver without a device, imports the buffer
 * and puts a fence on it that ends when the test says so. The ioctls are those of the kernel's
 * include/uapi/drm/vgem_drm.h (6.12), which Debian 12 does not install.
 */
#include <drm.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "config/fd.h"
#include "sources/pattern/pattern.h"
#include "tests/support/fixture.h"
#include "tests/support/recorder.h"

#define VGEM_DEVICE    "/dev/dri/renderD128"
#define PATIENCE_S     5.0 /* vgem ends a forgotten fence after ten seconds */
#define SKIPPED_ENOUGH 20

struct vgem_fence_attach {
	uint32_t handle, flags, out_fence, pad;
};

struct vgem_fence_signal {
	uint32_t fence, flags;
};

#define IOCTL_VGEM_FENCE_ATTACH DRM_IOWR(DRM_COMMAND_BASE + 1, struct vgem_fence_attach)
#define IOCTL_VGEM_FENCE_SIGNAL DRM_IOW(DRM_COMMAND_BASE + 2, struct vgem_fence_signal)

/* Returns the fence of a reader of the dmabuf. */
static uint32_t begin_reading(int device, int dmabuf)
{
	struct drm_prime_handle prime = {.fd = dmabuf};
	struct vgem_fence_attach attach = {0};

	g_assert_no_errno(ioctl(device, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	attach.handle = prime.handle;
	g_assert_no_errno(ioctl(device, IOCTL_VGEM_FENCE_ATTACH, &attach));
	return attach.out_fence;
}

static void end_reading(int device, uint32_t fence)
{
	struct vgem_fence_signal signal = {.fence = fence};

	g_assert_no_errno(ioctl(device, IOCTL_VGEM_FENCE_SIGNAL, &signal));
}

typedef struct Progress {
	VitTestRecorder recorder;
	uint64_t skipped_ticks; /* to be passed */
} Progress;

static bool has_skipped(void *user_data)
{
	Progress *progress = user_data;

	return vit_pattern_get_stats(progress->recorder.machine, 0).skipped_ticks >
	       progress->skipped_ticks;
}

static void test_busy(const void *user_data)
{
	VitPatternOptions options = {
		.width = 320,
		.height = 200,
		.fourcc = DRM_FORMAT_XRGB8888,
		.rate_hz = 60,
		.heads = 1,
		.script = VIT_PATTERN_TYPING,
		.buffering = VIT_PATTERN_SINGLE,
		.memory = *(const VitPixelMemory *)user_data,
	};
	VIT_AUTOFD int device = open(VGEM_DEVICE, O_RDWR | O_CLOEXEC);
	Progress progress;
	VitTestHead *head = &progress.recorder.heads[0];
	uint32_t fence;
	unsigned frames;

	g_assert_cmpint(device, >=, 0);
	vit_test_recorder_init(&progress.recorder, vit_pattern_machine_new(&options, NULL));
	vit_test_recorder_start_all(&progress.recorder);
	vit_test_head_wait_frames(head, 3);

	fence = begin_reading(device, vit_buffer_peek_fd(head->buffer, 0));
	g_assert_false(vit_pixel_memory_is_idle(vit_buffer_peek_fd(head->buffer, 0)));
	frames = head->frames;
	progress.skipped_ticks =
		vit_pattern_get_stats(progress.recorder.machine, 0).skipped_ticks + SKIPPED_ENOUGH;
	vit_test_wait("ticks to be skipped", PATIENCE_S, has_skipped, &progress);
	g_assert_cmpuint(head->frames, ==, frames);

	end_reading(device, fence);
	vit_test_head_wait_frames(head, frames + 3);
	vit_test_recorder_clear(&progress.recorder);
}

int main(int argc, char **argv)
{
	static const VitPixelMemory udmabuf = VIT_PIXEL_UDMABUF, dma_heap = VIT_PIXEL_DMA_HEAP;

	g_test_init(&argc, &argv, NULL);
	vit_test_add_with("/vm/busy-buffer/udmabuf", test_busy, &udmabuf);
	vit_test_add_with("/vm/busy-buffer/dma-heap", test_busy, &dma_heap);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

#include "tests/support/display-rig.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/fd.h"
#include "tests/support/fixture.h"

#define RIG_QUIET_MS    50
#define RIG_PIXEL_BYTES 4

void vit_display_rig_init(VitDisplayRig *self, const VitGpuSocketOptions *options)
{
	VitGpuSocketOptions all = *options;
	g_autoptr(GError) error = NULL;
	VitMachine *machine;

	self->producer = vit_fake_producer_new();
	all.path = vit_fake_producer_get_path(self->producer);
	all.heads = all.heads ? all.heads : 1;
	all.width = all.width ? all.width : 1280;
	all.height = all.height ? all.height : 800;
	machine = vit_gpu_socket_machine_new(&all, &error);
	g_assert_no_error(error);
	vit_test_recorder_init(&self->recorder, machine);
	self->head = &self->recorder.heads[0];
}

void vit_display_rig_set_up(VitDisplayRig *self, unsigned heads)
{
	vit_display_rig_init(self, &(VitGpuSocketOptions){.heads = heads});
	vit_test_recorder_start_all(&self->recorder);
	vit_fake_producer_wait_connected(self->producer);
}

void vit_display_rig_tear_down(VitDisplayRig *self)
{
	vit_test_recorder_clear(&self->recorder);
	vit_fake_producer_free(self->producer);
}

int vit_test_make_memory(size_t n_bytes)
{
	int fd = memfd_create("display", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, (off_t)n_bytes), ==, 0);
	return fd;
}

uint64_t vit_test_get_inode(int fd)
{
	struct stat status;

	g_assert_cmpint(fstat(fd, &status), ==, 0);
	return status.st_ino;
}

void vit_display_rig_scanout(VitDisplayRig *self, uint32_t head, uint32_t width, uint32_t height)
{
	const VitDisplayScanout scanout = {head, width, height};

	vit_fake_producer_send(self->producer, VIT_DISPLAY_SCANOUT, &scanout, sizeof(scanout));
}

void vit_display_rig_update(VitDisplayRig *self, const VitDisplayUpdate *update, uint32_t colour)
{
	size_t n_pixels = (size_t)update->width * update->height;
	size_t n_bytes = sizeof(*update) + n_pixels * RIG_PIXEL_BYTES;
	g_autofree uint8_t *bytes = g_malloc(n_bytes);

	memcpy(bytes, update, sizeof(*update));
	for (size_t i = 0; i < n_pixels; i++) {
		memcpy(bytes + sizeof(*update) + i * RIG_PIXEL_BYTES, &colour, sizeof(colour));
	}
	vit_fake_producer_send(self->producer, VIT_DISPLAY_UPDATE, bytes, (uint32_t)n_bytes);
}

uint64_t vit_display_rig_share(VitDisplayRig *self, uint32_t head)
{
	const VitDisplayDmabufScanout2 scanout = {
		.base =
			{
				.head = head,
				.width = VIT_TEST_DISPLAY_WIDTH,
				.height = VIT_TEST_DISPLAY_HEIGHT,
				.fd_width = VIT_TEST_DISPLAY_WIDTH,
				.fd_height = VIT_TEST_DISPLAY_HEIGHT,
				.fd_stride_bytes = VIT_TEST_DISPLAY_WIDTH * RIG_PIXEL_BYTES,
				.fourcc = DRM_FORMAT_XRGB8888,
			},
		.modifier = DRM_FORMAT_MOD_LINEAR,
	};
	VIT_AUTOFD int fd = vit_test_make_memory(4096);

	vit_fake_producer_send_fds(self->producer, VIT_DISPLAY_DMABUF_SCANOUT2, &scanout,
				   sizeof(scanout), &fd, 1);
	return vit_test_get_inode(fd);
}

void vit_display_rig_update_shared(VitDisplayRig *self, uint32_t head)
{
	const VitDisplayUpdate update = {head, 0, 0, VIT_TEST_DISPLAY_WIDTH,
					 VIT_TEST_DISPLAY_HEIGHT};

	vit_fake_producer_send(self->producer, VIT_DISPLAY_DMABUF_UPDATE, &update, sizeof(update));
}

void vit_display_rig_expect_acknowledgement(VitDisplayRig *self)
{
	VitFakeProducerMessage message;

	vit_fake_producer_expect(self->producer, VIT_DISPLAY_DMABUF_UPDATE, 0, &message);
}

void vit_display_rig_expect_silence(VitDisplayRig *self)
{
	VitFakeProducerMessage message;

	vit_test_run_for_ms(RIG_QUIET_MS);
	g_assert_false(vit_fake_producer_poll(self->producer, &message));
}

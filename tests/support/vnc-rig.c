/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/vnc-rig.h"

#include <glib/gstdio.h>

#include "tests/support/fixture.h"

#define PATIENCE_S 20

static void on_rig_input(void *host_data, const VitInput *input)
{
	VitVncRig *self = host_data;

	g_array_append_val(self->input, *input);
}

static void on_rig_set_size(void *host_data, uint32_t width, uint32_t height)
{
	VitVncRig *self = host_data;

	self->wanted_width = width;
	self->wanted_height = height;
	self->n_wanted_sizes++;
}

static void on_rig_request_pixels(void *host_data)
{
	VitVncRig *self = host_data;

	self->n_requests++;
}

static const VitHost rig_host = {
	.input = on_rig_input,
	.set_size = on_rig_set_size,
	.request_pixels = on_rig_request_pixels,
};

VitVncOptions vit_vnc_rig_options(void)
{
	return (VitVncOptions){
		.share = VIT_VNC_SHARE_SHARED,
		.max_clients = 4,
		.handshake_timeout_s = 10,
		.stall_timeout_s = 10,
		.keymap = "us",
		.jpeg = true,
	};
}

VitVncRig *vit_vnc_rig_new(VitVncOptions options)
{
	VitVncRig *self = g_new0(VitVncRig, 1);
	g_autoptr(GError) error = NULL;

	self->directory = g_dir_make_tmp("vit-vnc-XXXXXX", &error);
	g_assert_no_error(error);
	self->path = g_build_filename(self->directory, "vnc", NULL);
	self->input = g_array_new(FALSE, FALSE, sizeof(VitInput));
	options.unix_path = self->path;
	self->vnc = vit_vnc_new(&options, &error);
	g_assert_no_error(error);
	g_assert_true(vit_frontend_add_head(self->vnc, 0, &rig_host, self, &error));
	vit_frontend_named(self->vnc, "rig");
	vit_vnc_rig_show(self, 320, 200, true);
	vit_frontend_start(self->vnc, &error);
	g_assert_no_error(error);
	return self;
}

void vit_vnc_rig_free(VitVncRig *self)
{
	vit_frontend_destroy(self->vnc);
	vit_surface_unref(self->surface);
	g_array_unref(self->input);
	g_assert_cmpint(g_rmdir(self->directory), ==, 0); /* it removed its socket */
	g_free(self->path);
	g_free(self->directory);
	g_free(self);
}

static void rig_tell(VitVncRig *self, VitRect rect)
{
	pixman_region32_t changed;

	pixman_region32_init(&changed);
	if (rect.width > 0) {
		pixman_region32_union_rect(&changed, &changed, rect.x, rect.y, (unsigned)rect.width,
					   (unsigned)rect.height);
	}
	vit_frontend_surface_changed(self->vnc, 0, self->surface, &changed);
	pixman_region32_fini(&changed);
}

void vit_vnc_rig_show(VitVncRig *self, uint32_t width, uint32_t height, bool has_pixels)
{
	vit_surface_unref(self->surface);
	self->surface = vit_painted_surface_new(width, height);
	rig_tell(self,
		 has_pixels ? (VitRect){0, 0, (int32_t)width, (int32_t)height} : (VitRect){0});
}

void vit_vnc_rig_paint(VitVncRig *self, VitRect rect, uint32_t pixel)
{
	vit_painted_surface_fill(self->surface, rect, pixel);
	vit_vnc_rig_announce(self, rect);
}

void vit_vnc_rig_announce(VitVncRig *self, VitRect rect)
{
	rig_tell(self, rect);
}

typedef struct VitRigCount {
	VitVncRig *rig;
	unsigned n;
} VitRigCount;

static bool has_requests(void *user_data)
{
	const VitRigCount *count = user_data;

	return count->rig->n_requests >= count->n;
}

void vit_vnc_rig_wait_requests(VitVncRig *self, unsigned n_requests)
{
	VitRigCount count = {self, n_requests};

	vit_test_wait("requests for pixels", PATIENCE_S, has_requests, &count);
}

static bool has_input(void *user_data)
{
	const VitRigCount *count = user_data;

	return count->rig->input->len >= count->n;
}

void vit_vnc_rig_wait_input(VitVncRig *self, unsigned n_inputs)
{
	VitRigCount count = {self, n_inputs};

	vit_test_wait("input", PATIENCE_S, has_input, &count);
}

VitTestViewer *vit_vnc_rig_connect(VitVncRig *self)
{
	VitTestViewer *viewer = vit_test_viewer_new(self->path);

	vit_test_viewer_handshake(viewer, true);
	return viewer;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/spice-rig.h"

#include <drm_fourcc.h>
#include <glib/gstdio.h>

#include "tests/support/fixture.h"

#define PATIENCE_S 20

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
/* libspice-server has no frame pointers, and the suppressions name functions of it. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}
#endif
#endif

static void on_rig_input(void *host_data, const VitInput *input)
{
	VitSpiceRigHead *head = host_data;

	g_array_append_val(head->input, *input);
}

static void on_rig_set_size(void *host_data, uint32_t width, uint32_t height)
{
	VitSpiceRigHead *head = host_data;

	head->wanted_width = width;
	head->wanted_height = height;
	head->n_wanted_sizes++;
}

static void on_rig_request_pixels(void *host_data)
{
	g_assert_not_reached(); /* nothing is read for SPICE viewers on this machine */
}

static const VitHost rig_host = {
	.input = on_rig_input,
	.set_size = on_rig_set_size,
	.request_pixels = on_rig_request_pixels,
};

static void head_stamp(VitSpiceRigHead *head)
{
	head->stamp.number++;
	vit_stamp_draw(vit_shm_image_get_pixels(head->image),
		       vit_shm_image_get_stride_bytes(head->image), 0, 0, &head->stamp);
}

void vit_spice_rig_show(VitSpiceRig *self, unsigned index, uint32_t width, uint32_t height)
{
	VitSpiceRigHead *head = &self->heads[index];
	g_autoptr(GError) error = NULL;

	vit_shm_image_free(head->image);
	head->image = vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, &error);
	g_assert_no_error(error);
	head_stamp(head);
	vit_frontend_scanout(self->spice, index, vit_shm_image_get_buffer(head->image));
}

static void on_frame_released(void *user_data)
{
	((VitSpiceRigHead *)user_data)->n_released++;
}

void vit_spice_rig_send_frame(VitSpiceRig *self, unsigned index)
{
	VitSpiceRigHead *head = &self->heads[index];
	g_autoptr(VitFrame) frame = NULL;
	pixman_region32_t damage;

	head_stamp(head);
	pixman_region32_init_rect(&damage, 0, 0, VIT_STAMP_WIDTH_PX, VIT_STAMP_HEIGHT_PX);
	frame = vit_frame_new(vit_shm_image_get_buffer(head->image), &damage, head->stamp.number,
			      -1, on_frame_released, head);
	pixman_region32_fini(&damage);
	vit_frontend_frame(self->spice, index, frame);
}

void vit_spice_rig_add_head(VitSpiceRig *self)
{
	VitSpiceRigHead *head = &self->heads[self->n_heads];

	g_assert_cmpuint(self->n_heads, <, VIT_SPICE_RIG_MAX_HEADS);
	head->rig = self;
	head->input = g_array_new(FALSE, FALSE, sizeof(VitInput));
	g_assert_true(vit_frontend_add_head(self->spice, self->n_heads, &rig_host, head, NULL));
	vit_spice_rig_show(self, self->n_heads++, 320, 200);
}

VitSpiceRig *vit_spice_rig_new(unsigned n_heads, unsigned max_clients)
{
	VitSpiceRig *self = g_new0(VitSpiceRig, 1);
	g_autoptr(GError) error = NULL;
	VitSpiceOptions options = {.max_clients = max_clients};

	self->directory = g_dir_make_tmp("vit-spice-XXXXXX", &error);
	g_assert_no_error(error);
	self->path = g_build_filename(self->directory, "spice", NULL);
	options.unix_path = self->path;
	self->spice = vit_spice_new(&options);
	while (self->n_heads < n_heads) {
		vit_spice_rig_add_head(self);
	}
	vit_frontend_named(self->spice, "rig");
	vit_frontend_start(self->spice, &error);
	g_assert_no_error(error);
	return self;
}

void vit_spice_rig_free(VitSpiceRig *self)
{
	vit_frontend_destroy(self->spice);
	for (unsigned i = 0; i < self->n_heads; i++) {
		vit_shm_image_free(self->heads[i].image);
		g_array_unref(self->heads[i].input);
	}
	g_assert_cmpint(g_rmdir(self->directory), ==, 0); /* it removed its socket */
	g_free(self->path);
	g_free(self->directory);
	g_free(self);
}

typedef struct VitSpiceRigCount {
	const VitSpiceRigHead *head;
	unsigned n;
} VitSpiceRigCount;

static bool has_released(void *user_data)
{
	const VitSpiceRigCount *count = user_data;

	return count->head->n_released >= count->n;
}

void vit_spice_rig_wait_released(VitSpiceRig *self, unsigned head, unsigned n_released)
{
	VitSpiceRigCount count = {&self->heads[head], n_released};

	vit_test_wait("frames to be acknowledged", PATIENCE_S, has_released, &count);
}

static bool has_input(void *user_data)
{
	return ((const VitSpiceRigHead *)user_data)->input->len > 0;
}

VitInput vit_spice_rig_take_input(VitSpiceRig *self, unsigned head)
{
	GArray *events = self->heads[head].input;
	VitInput input;

	vit_test_wait("input", PATIENCE_S, has_input, &self->heads[head]);
	input = g_array_index(events, VitInput, 0);
	g_array_remove_index(events, 0);
	return input;
}

VitTestSpiceViewer *vit_spice_rig_connect(VitSpiceRig *self)
{
	VitTestSpiceViewer *viewer = vit_test_spice_viewer_new(self->path);

	vit_test_spice_viewer_wait_draws(viewer, 1);
	return viewer;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/console-rig.h"

#include <drm_fourcc.h>

#include "sources/shm-image.h"
#include "tests/support/fake-surface.h"

static void rig_source_start(VitSource *self)
{
}

static void rig_source_stop(VitSource *self)
{
}

static void rig_source_destroy(VitSource *self)
{
	G_STRUCT_MEMBER(bool, self, G_STRUCT_OFFSET(VitConsoleRig, source_destroyed)) = true;
}

static const VitSourceImpl rig_source_impl = {
	.name = "rig",
	.start = rig_source_start,
	.stop = rig_source_stop,
	.destroy = rig_source_destroy,
};

static VitConsoleRig *rig_of_sink(VitInputSink *sink)
{
	return (VitConsoleRig *)(void *)((char *)sink - G_STRUCT_OFFSET(VitConsoleRig, sink));
}

static VitConsoleRig *rig_of_frontend(VitFrontend *frontend)
{
	return (VitConsoleRig *)(void *)((char *)frontend -
					 G_STRUCT_OFFSET(VitConsoleRig, frontend));
}

static void rig_sink_send(VitInputSink *self, const VitInput *input)
{
	rig_of_sink(self)->last_input = *input;
}

static void rig_sink_set_size(VitInputSink *self, uint32_t width, uint32_t height,
			      uint32_t width_mm, uint32_t height_mm)
{
	rig_of_sink(self)->wished_width = width;
	rig_of_sink(self)->wished_height = height;
}

static void rig_sink_destroy(VitInputSink *self)
{
	rig_of_sink(self)->sink_destroyed = true;
}

static const VitInputSinkImpl rig_sink_impl = {
	.name = "rig",
	.send = rig_sink_send,
	.set_size = rig_sink_set_size,
	.destroy = rig_sink_destroy,
};

static bool rig_frontend_add_head(VitFrontend *self, unsigned head, const VitHost *host,
				  void *host_data, GError **error)
{
	VitConsoleRig *rig = rig_of_frontend(self);

	rig->host = host;
	rig->host_data = host_data;
	return true;
}

static void rig_frontend_scanout(VitFrontend *self, unsigned head, VitBuffer *buffer)
{
	VitConsoleRig *rig = rig_of_frontend(self);

	rig->scanout = buffer;
	rig->scanout_calls++;
}

static void rig_frontend_frame(VitFrontend *self, unsigned head, VitFrame *frame)
{
	VitConsoleRig *rig = rig_of_frontend(self);

	rig->scanout = vit_frame_get_buffer(frame);
	rig->frame_calls++;
	if (rig->keeps_frames && !rig->kept) {
		rig->kept = vit_frame_ref(frame);
	}
}

static void rig_frontend_surface(VitFrontend *self, unsigned head, VitSurface *surface,
				 const pixman_region32_t *changed)
{
	VitConsoleRig *rig = rig_of_frontend(self);

	rig->surface_calls++;
	rig->surface = surface;
	pixman_region32_copy(&rig->changed, (pixman_region32_t *)changed);
	if (rig->asks_when_told) {
		rig->host->request_pixels(rig->host_data);
	}
}

static void rig_frontend_cursor(VitFrontend *self, unsigned head, VitCursor *cursor)
{
	rig_of_frontend(self)->cursor = cursor;
}

static void rig_frontend_cursor_moved(VitFrontend *self, unsigned head, int32_t x, int32_t y,
				      bool visible)
{
	VitConsoleRig *rig = rig_of_frontend(self);

	rig->cursor_x = x;
	rig->cursor_y = y;
	rig->cursor_visible = visible;
}

static void rig_frontend_leds(VitFrontend *self, unsigned head, unsigned leds)
{
	rig_of_frontend(self)->leds = leds;
}

static void rig_frontend_pointer_mode(VitFrontend *self, unsigned head, bool absolute)
{
	rig_of_frontend(self)->absolute = absolute;
}

static const VitFrontendImpl rig_frontend_impl = {
	.name = "rig",
	.add_head = rig_frontend_add_head,
	.scanout = rig_frontend_scanout,
	.frame = rig_frontend_frame,
	.surface_changed = rig_frontend_surface,
	.cursor = rig_frontend_cursor,
	.cursor_moved = rig_frontend_cursor_moved,
	.leds = rig_frontend_leds,
	.pointer_mode = rig_frontend_pointer_mode,
};

void vit_console_rig_init(VitConsoleRig *rig)
{
	g_autoptr(GError) error = NULL;
	const VitConsoleOptions options = {.index = 0, .label = "test", .deadline_ms = 5};

	*rig = (VitConsoleRig){
		.source.impl = &rig_source_impl,
		.sink.impl = &rig_sink_impl,
		.frontend.impl = &rig_frontend_impl,
		.render = vit_fake_render_new(),
	};
	pixman_region32_init(&rig->changed);
	rig->console = vit_console_new(&options, rig->render, &rig->source, &rig->sink, &error);
	g_assert_no_error(error);
}

void vit_console_rig_attach(VitConsoleRig *rig)
{
	g_assert_true(vit_console_attach(rig->console, &rig->frontend, NULL));
}

void vit_console_rig_clear(VitConsoleRig *rig)
{
	pixman_region32_t nothing;

	g_clear_pointer(&rig->kept, vit_frame_unref); /* front-ends stop first */
	vit_console_free(rig->console);
	g_assert_true(rig->source_destroyed);
	g_assert_true(rig->sink_destroyed);
	pixman_region32_init(&nothing);
	if (vit_fake_surface_get_update(rig->render, &(VitSurface *){NULL}, &(VitBuffer *){NULL},
					&(const pixman_region32_t *){NULL})) {
		vit_fake_surface_end_update(rig->render, &nothing, NULL);
	}
	pixman_region32_fini(&rig->changed);
	vit_render_unref(rig->render);
}

VitBuffer *vit_console_rig_make_buffer(uint32_t width, uint32_t height)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, NULL);

	return vit_buffer_ref(vit_shm_image_get_buffer(image));
}

static void on_released(void *user_data)
{
	((VitConsoleRig *)user_data)->released++;
}

void vit_console_rig_send_frame(VitConsoleRig *rig, VitBuffer *buffer, VitRect rect)
{
	pixman_region32_t damage;
	VitFrame *frame;

	pixman_region32_init_rect(&damage, rect.x, rect.y, (unsigned)rect.width,
				  (unsigned)rect.height);
	frame = vit_frame_new(buffer, rect.width ? &damage : NULL, 1, -1, on_released, rig);
	rig->source.events->frame(rig->source.events_data, frame);
	vit_frame_unref(frame);
	pixman_region32_fini(&damage);
}

void vit_console_rig_scanout(VitConsoleRig *rig, VitBuffer *buffer)
{
	rig->source.events->scanout(rig->source.events_data, buffer);
}

void vit_console_rig_end_update(VitConsoleRig *rig, VitRect rect, const GError *error)
{
	pixman_region32_t changed;

	pixman_region32_init_rect(&changed, rect.x, rect.y, (unsigned)rect.width,
				  (unsigned)rect.height);
	vit_fake_surface_end_update(rig->render, &changed, error);
	pixman_region32_fini(&changed);
}

VitBuffer *vit_console_rig_show(VitConsoleRig *rig)
{
	VitBuffer *buffer = vit_console_rig_make_buffer(VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX);

	vit_console_rig_init(rig);
	vit_console_rig_attach(rig);
	vit_console_rig_scanout(rig, buffer);
	rig->host->request_pixels(rig->host_data);
	vit_console_rig_end_update(rig, (VitRect){0, 0, VIT_RIG_WIDTH_PX, VIT_RIG_HEIGHT_PX}, NULL);
	g_assert_true(pixman_region32_not_empty(&rig->changed));
	return buffer;
}

bool vit_console_rig_is_updating(VitConsoleRig *rig, VitRect expected)
{
	VitSurface *surface;
	VitBuffer *buffer;
	const pixman_region32_t *damage;
	pixman_region32_t wanted;
	bool equal;

	if (!vit_fake_surface_get_update(rig->render, &surface, &buffer, &damage)) {
		return false;
	}
	pixman_region32_init_rect(&wanted, expected.x, expected.y, (unsigned)expected.width,
				  (unsigned)expected.height);
	equal = pixman_region32_equal(&wanted, (pixman_region32_t *)damage);
	pixman_region32_fini(&wanted);
	g_assert_true(equal);
	return true;
}

bool vit_console_rig_is_reading(VitConsoleRig *rig, const VitBuffer *buffer)
{
	VitBuffer *read;

	return vit_fake_surface_get_update(rig->render, &(VitSurface *){NULL}, &read,
					   &(const pixman_region32_t *){NULL}) &&
	       read == buffer;
}

bool vit_console_rig_has_released(void *user_data)
{
	return ((VitConsoleRig *)user_data)->released > 0;
}

bool vit_console_rig_is_updating_anything(void *user_data)
{
	return vit_fake_surface_get_update(((VitConsoleRig *)user_data)->render,
					   &(VitSurface *){NULL}, &(VitBuffer *){NULL},
					   &(const pixman_region32_t *){NULL});
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/fake-surface.h"

#include "config/error.h"

struct VitRender {
	grefcount references;
	unsigned forgets;
	bool full;
	VitSurface *updating; /* borrowed; NULL when no update runs */
};

struct VitSurface {
	gatomicrefcount references;
	VitRender *render;
	uint32_t width, height;
	VitBuffer *buffer; /* of the running update */
	pixman_region32_t damage;
	VitSurfaceUpdated updated;
	void *user_data;
};

VitRender *vit_fake_render_new(void)
{
	VitRender *self = g_new0(VitRender, 1);

	g_ref_count_init(&self->references);
	return self;
}

unsigned vit_fake_render_get_forgets(VitRender *render)
{
	return render->forgets;
}

void vit_fake_render_set_full(VitRender *render, bool full)
{
	render->full = full;
}

VitRender *vit_render_ref(VitRender *self)
{
	g_ref_count_inc(&self->references);
	return self;
}

void vit_render_unref(VitRender *self)
{
	if (self && g_ref_count_dec(&self->references)) {
		g_free(self);
	}
}

void vit_render_forget_buffers(VitRender *self)
{
	self->forgets++;
}

VitSurface *vit_surface_new(VitRender *render, uint32_t width, uint32_t height, GError **error)
{
	VitSurface *self;

	if (render->full) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_INTERNAL,
				    "the test has no memory for a surface");
		return NULL;
	}
	self = g_new0(VitSurface, 1);
	g_atomic_ref_count_init(&self->references);
	self->render = vit_render_ref(render);
	self->width = width;
	self->height = height;
	return self;
}

VitSurface *vit_surface_ref(VitSurface *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

void vit_surface_unref(VitSurface *self)
{
	if (self && g_atomic_ref_count_dec(&self->references)) {
		vit_render_unref(self->render);
		g_free(self);
	}
}

uint32_t vit_surface_get_width(const VitSurface *self)
{
	return self->width;
}

uint32_t vit_surface_get_height(const VitSurface *self)
{
	return self->height;
}

void vit_surface_update(VitSurface *self, VitBuffer *buffer, const pixman_region32_t *damage,
			VitSurfaceUpdated updated, void *user_data)
{
	g_assert_null(self->buffer);
	g_assert_null(self->render->updating);
	g_assert_cmpuint(vit_buffer_get_width(buffer), ==, self->width);
	g_assert_cmpuint(vit_buffer_get_height(buffer), ==, self->height);
	self->buffer = vit_buffer_ref(buffer);
	pixman_region32_init(&self->damage);
	pixman_region32_copy(&self->damage, (pixman_region32_t *)damage);
	self->updated = updated;
	self->user_data = user_data;
	self->render->updating = vit_surface_ref(self);
}

bool vit_fake_surface_get_update(VitRender *render, VitSurface **ret_surface,
				 VitBuffer **ret_buffer, const pixman_region32_t **ret_damage)
{
	if (!render->updating) {
		return false;
	}
	*ret_surface = render->updating;
	*ret_buffer = render->updating->buffer;
	*ret_damage = &render->updating->damage;
	return true;
}

void vit_fake_surface_end_update(VitRender *render, const pixman_region32_t *changed,
				 const GError *error)
{
	VitSurface *surface = g_steal_pointer(&render->updating);
	VitBuffer *buffer = g_steal_pointer(&surface->buffer);

	pixman_region32_fini(&surface->damage);
	surface->updated(surface->user_data, changed, error);
	vit_buffer_unref(buffer);
	vit_surface_unref(surface);
}

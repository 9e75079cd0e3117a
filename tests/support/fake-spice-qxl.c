/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/fake-spice-qxl.h"

#include "config/error.h"

VitSpiceQxl *vit_fake_spice_qxl(VitFakeSpiceQxl *self)
{
	return (VitSpiceQxl *)(void *)self;
}

bool vit_spice_qxl_scanout(VitSpiceQxl *qxl, const VitSpiceScanout *scanout, GError **error)
{
	VitFakeSpiceQxl *self = (VitFakeSpiceQxl *)(void *)qxl;

	g_assert_false(self->is_drawing);
	g_assert_cmpint(scanout->fd, >=, 0);
	if (self->is_full) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_INTERNAL, "the test has no fds");
		return false;
	}
	self->n_scanouts++;
	self->scanout = *scanout;
	return true;
}

void vit_spice_qxl_draw(VitSpiceQxl *qxl, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	VitFakeSpiceQxl *self = (VitFakeSpiceQxl *)(void *)qxl;

	g_assert_false(self->is_drawing);
	g_assert_cmpuint(self->n_scanouts, >, 0);
	g_assert_cmpuint(width, >, 0);
	g_assert_cmpuint(height, >, 0);
	g_assert_cmpuint(x + width, <=, self->scanout.width);
	g_assert_cmpuint(y + height, <=, self->scanout.height);
	self->is_drawing = true;
	self->n_draws++;
	self->x = x;
	self->y = y;
	self->width = width;
	self->height = height;
}

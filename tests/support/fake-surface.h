/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>

#include "encoders/surface.h"

/*
 * A render client and a surface whose updates end when the test says so. Linked in place of the
 * real ones, so that the console's timing can be tested without a process.
 */

/* The render client for vit_console_new(). */
VitRender *vit_fake_render_new(void);
/* How often vit_render_forget_buffers() was called. */
unsigned vit_fake_render_get_forgets(VitRender *render);
/* Whether vit_surface_new() fails from now on. */
void vit_fake_render_set_full(VitRender *render, bool full);

/* The running update, or false. What it is asked to read is borrowed until it ends. */
bool vit_fake_surface_get_update(VitRender *render, VitSurface **ret_surface,
				 VitBuffer **ret_buffer, const pixman_region32_t **ret_damage);
/* Ends the running update. */
void vit_fake_surface_end_update(VitRender *render, const pixman_region32_t *changed,
				 const GError *error);

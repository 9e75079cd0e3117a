/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>

#include "encoders/surface.h"

/*
 * A surface that the test paints. Linked in place of the real one, so that front-ends can be tested
 * without a process.
 */

/* All black. */
VitSurface *vit_painted_surface_new(uint32_t width, uint32_t height);
/* Fills a rectangle with 0xffRRGGBB; waits for readers. */
void vit_painted_surface_fill(VitSurface *surface, VitRect rect, uint32_t pixel);
/* What vit_surface_is_updating() says. */
void vit_painted_surface_set_updating(VitSurface *surface, bool updating);

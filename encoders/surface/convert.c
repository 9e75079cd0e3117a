/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The converters. DRM names channels from the highest bit of a little-endian word down, and so
 * does libyuv for its 16 and 10 bit formats and for "ARGB", "ABGR", "RGBA" and "BGRA"; but for
 * three bytes it names them in memory order the other way round (its RGB24 is DRM's RGB888).
 * For 10 bits libyuv keeps the upper 8; for 5 and 6 bits it repeats the upper ones below.
 */
#include "encoders/surface/convert.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <libyuv.h>

static const struct {
	uint32_t fourcc;
	VitConvert convert;
} convert_table[] = {
	{DRM_FORMAT_XRGB8888, NULL},
	{DRM_FORMAT_ARGB8888, NULL},
	{DRM_FORMAT_XBGR8888, ABGRToARGB},
	{DRM_FORMAT_ABGR8888, ABGRToARGB},
	{DRM_FORMAT_RGBX8888, RGBAToARGB},
	{DRM_FORMAT_RGBA8888, RGBAToARGB},
	{DRM_FORMAT_BGRX8888, BGRAToARGB},
	{DRM_FORMAT_BGRA8888, BGRAToARGB},
	{DRM_FORMAT_RGB565, RGB565ToARGB},
	{DRM_FORMAT_XRGB1555, ARGB1555ToARGB},
	{DRM_FORMAT_RGB888, RGB24ToARGB},
	{DRM_FORMAT_XRGB2101010, AR30ToARGB},
	{DRM_FORMAT_ARGB2101010, AR30ToARGB},
	/* Red and blue change places in both names: the same operation. */
	{DRM_FORMAT_XBGR2101010, AR30ToABGR},
	{DRM_FORMAT_ABGR2101010, AR30ToABGR},
};

bool vit_convert_find(uint32_t fourcc, VitConvert *ret_convert)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(convert_table); i++) {
		if (convert_table[i].fourcc == fourcc) {
			*ret_convert = convert_table[i].convert;
			return true;
		}
	}
	return false;
}

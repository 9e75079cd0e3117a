/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Conversion by libyuv. Its names count bytes in memory from the other end than DRM does for 32-bit
 * formats: libyuv's ARGB is DRM's ARGB8888, its ABGR DRM's ABGR8888, and so on, all little-endian
 * words; its RGB24 is DRM's RGB888. It has no writer of ABGR2101010, but its reader of ABGR fed
 * with ARGB exchanges red and blue on the way to ARGB2101010, which is the same.
 */
#include "sources/pattern/convert.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <libyuv.h>

typedef int (*ConvertRows)(const uint8_t *source, int source_stride, uint8_t *destination,
			   int destination_stride, int width, int height);

static ConvertRows convert_function(uint32_t fourcc)
{
	switch (fourcc) {
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
		return ARGBCopy;
	case DRM_FORMAT_XBGR8888:
	case DRM_FORMAT_ABGR8888:
		return ARGBToABGR;
	case DRM_FORMAT_RGBX8888:
	case DRM_FORMAT_RGBA8888:
		return ARGBToRGBA;
	case DRM_FORMAT_BGRX8888:
	case DRM_FORMAT_BGRA8888:
		return ARGBToBGRA;
	case DRM_FORMAT_RGB565:
		return ARGBToRGB565;
	case DRM_FORMAT_XRGB1555:
		return ARGBToARGB1555;
	case DRM_FORMAT_RGB888:
		return ARGBToRGB24;
	case DRM_FORMAT_XRGB2101010:
	case DRM_FORMAT_ARGB2101010:
		return ARGBToAR30;
	case DRM_FORMAT_XBGR2101010:
	case DRM_FORMAT_ABGR2101010:
		return ABGRToAR30;
	default:
		return NULL;
	}
}

void vit_pattern_convert(const VitPatternConversion *job)
{
	ConvertRows convert = convert_function(job->format->fourcc);

	g_assert(convert);
	(void)convert((const uint8_t *)job->source, (int)job->source_stride_bytes, job->destination,
		      job->destination_stride_bytes, job->width, job->height);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Between the display socket's structures and ours. Nothing is judged here: what a producer says of
 * a buffer is for VitBuffer to check, so numbers that do not fit become ones that it refuses.
 */
#include <drm_fourcc.h>
#include <string.h>

#include "sources/gpu-socket/gpu-socket-private.h"
#include "sources/memory-kind.h"

#define TRANSLATE_TOUCH_PER_PX 256

static int32_t translate_side(uint32_t value)
{
	return (int32_t)MIN(value, G_MAXINT32);
}

/* Whether a picture in this memory is linear although no modifier says so. */
static bool translate_is_linear(const VitDisplayFds *fds, uint64_t modifier)
{
	return modifier == DRM_FORMAT_MOD_INVALID && fds->n_fds > 0 &&
	       vit_memory_is_plain(fds->fds[0]);
}

static void translate_planes(const VitDisplayMessage *message, VitBufferLayout *ret_layout)
{
	const VitDisplayPlanes *planes = &message->payload.planes;

	*ret_layout = (VitBufferLayout){
		.fourcc = planes->fourcc,
		.modifier = planes->modifier,
		.width = planes->fd_width,
		.height = planes->fd_height,
		.n_planes = planes->n_planes,
		.visible = {translate_side(planes->x), translate_side(planes->y),
			    translate_side(planes->width), translate_side(planes->height)},
		.bottom_up = (planes->flags & VIT_DISPLAY_BOTTOM_UP) != 0,
		.linear_vouched = translate_is_linear(&message->fds, planes->modifier),
	};
	memcpy(ret_layout->offset_bytes, planes->offset_bytes, sizeof(planes->offset_bytes));
	memcpy(ret_layout->stride_bytes, planes->stride_bytes, sizeof(planes->stride_bytes));
}

static void translate_dmabuf(const VitDisplayMessage *message, uint64_t modifier,
			     VitBufferLayout *ret_layout)
{
	const VitDisplayDmabufScanout *scanout = &message->payload.dmabuf_scanout;

	*ret_layout = (VitBufferLayout){
		.fourcc = scanout->fourcc,
		.modifier = modifier,
		.width = scanout->fd_width,
		.height = scanout->fd_height,
		.n_planes = 1,
		.stride_bytes = {scanout->fd_stride_bytes},
		.visible = {translate_side(scanout->x), translate_side(scanout->y),
			    translate_side(scanout->width), translate_side(scanout->height)},
		.bottom_up = (scanout->fd_flags & VIT_DISPLAY_BOTTOM_UP) != 0,
		.linear_vouched = translate_is_linear(&message->fds, modifier),
	};
}

bool vit_display_translate_buffer(const VitDisplayMessage *message, VitBufferLayout *ret_layout)
{
	const VitDisplayDmabufScanout *scanout = &message->payload.dmabuf_scanout;

	switch (message->header.request) {
	case VIT_DISPLAY_DMABUF_SCANOUT_PLANES:
		translate_planes(message, ret_layout);
		return true;
	case VIT_DISPLAY_DMABUF_SCANOUT2:
		translate_dmabuf(message, message->payload.dmabuf_scanout2.modifier, ret_layout);
		break;
	default:
		translate_dmabuf(message, DRM_FORMAT_MOD_INVALID, ret_layout);
		break;
	}
	return scanout->width > 0 && scanout->height > 0;
}

static int32_t translate_touch(double position)
{
	return (int32_t)(CLAMP(position, 0, VIT_BUFFER_MAX_SIDE) * TRANSLATE_TOUCH_PER_PX);
}

VitDisplayInput vit_display_translate_input(unsigned head, const VitInput *input)
{
	VitDisplayInput out = {.head = head};

	switch (input->type) {
	case VIT_INPUT_KEY:
		out.type = VIT_DISPLAY_KEY;
		out.code = input->key.code;
		out.value = input->key.down;
		break;
	case VIT_INPUT_POINTER_ABSOLUTE:
		out.type = VIT_DISPLAY_POINTER_ABSOLUTE;
		out.x = (int32_t)MIN(input->absolute.x, VIT_BUFFER_MAX_SIDE);
		out.y = (int32_t)MIN(input->absolute.y, VIT_BUFFER_MAX_SIDE);
		break;
	case VIT_INPUT_POINTER_RELATIVE:
		out.type = VIT_DISPLAY_POINTER_RELATIVE;
		out.x = input->relative.dx;
		out.y = input->relative.dy;
		break;
	case VIT_INPUT_BUTTON:
		out.type = VIT_DISPLAY_BUTTON;
		out.code = input->button.code;
		out.value = input->button.down;
		break;
	case VIT_INPUT_WHEEL:
		out.type = VIT_DISPLAY_WHEEL;
		out.x = input->wheel.dx;
		out.y = input->wheel.dy;
		break;
	case VIT_INPUT_TOUCH:
		out.type = VIT_DISPLAY_TOUCH;
		out.code = input->touch.slot;
		out.value = input->touch.phase;
		out.x = translate_touch(input->touch.x);
		out.y = translate_touch(input->touch.y);
		break;
	}
	return out;
}

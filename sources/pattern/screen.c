/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The way from the picture to the buffers: one, three in turn, or a new one each time. Conversion
 * is limited to what a buffer lacks, as a real driver's would be.
 */
#include "sources/pattern/screen.h"

#include "sources/pattern/convert.h"

#define SCREEN_RING 3

typedef struct ScreenSlot {
	VitShmImage *image;      /* NULL until it is needed */
	pixman_region32_t stale; /* picture pixels that it lacks */
} ScreenSlot;

struct VitPatternScreen {
	VitPatternDesktop *desktop;
	VitPatternCanvas *canvas; /* the desktop's */
	VitShmImageOptions image; /* of every buffer */
	VitPatternBuffering buffering;
	ScreenSlot slots[SCREEN_RING];
	unsigned next; /* slot to be shown next */
};

VitPatternScreen *vit_pattern_screen_new(const VitPatternOptions *options, unsigned number,
					 uint32_t width, uint32_t height)
{
	VitPatternScreen *self = g_new0(VitPatternScreen, 1);

	self->desktop = vit_pattern_desktop_new(number, width, height);
	self->canvas = vit_pattern_desktop_get_canvas(self->desktop);
	self->image = (VitShmImageOptions){
		.memory = options->memory,
		.width = width,
		.height = height,
		.fourcc = options->fourcc,
		.stride_bytes = width * vit_format_find(options->fourcc)->bytes_per_pixel +
				options->padding_bytes,
		.bottom_up = options->bottom_up,
	};
	self->buffering = options->buffering;
	for (unsigned i = 0; i < SCREEN_RING; i++) {
		pixman_region32_init(&self->slots[i].stale);
	}
	return self;
}

void vit_pattern_screen_free(VitPatternScreen *self)
{
	if (!self) {
		return;
	}
	for (unsigned i = 0; i < SCREEN_RING; i++) {
		vit_shm_image_free(self->slots[i].image);
		pixman_region32_fini(&self->slots[i].stale);
	}
	vit_pattern_desktop_free(self->desktop);
	g_free(self);
}

VitPatternDesktop *vit_pattern_screen_get_desktop(VitPatternScreen *self)
{
	return self->desktop;
}

uint32_t vit_pattern_screen_get_width(const VitPatternScreen *self)
{
	return (uint32_t)self->canvas->width;
}

uint32_t vit_pattern_screen_get_height(const VitPatternScreen *self)
{
	return (uint32_t)self->canvas->height;
}

bool vit_pattern_screen_has_damage(VitPatternScreen *self)
{
	return pixman_region32_not_empty(&self->canvas->damage) != 0;
}

static void screen_convert(VitPatternScreen *self, ScreenSlot *slot, const pixman_box32_t *box)
{
	const VitFormat *format = vit_format_find(self->image.fourcc);
	int32_t stride_bytes = (int32_t)vit_shm_image_get_stride_bytes(slot->image);
	int32_t row = self->image.bottom_up ? self->canvas->height - 1 - box->y1 : box->y1;
	size_t first = (size_t)box->y1 * (size_t)self->canvas->width + (size_t)box->x1;
	VitPatternConversion job = {
		.format = format,
		.source = self->canvas->pixels + first,
		.source_stride_bytes = (uint32_t)self->canvas->width * sizeof *self->canvas->pixels,
		.destination = vit_shm_image_get_pixels(slot->image) +
			       (ptrdiff_t)row * stride_bytes +
			       (ptrdiff_t)box->x1 * format->bytes_per_pixel,
		.destination_stride_bytes = self->image.bottom_up ? -stride_bytes : stride_bytes,
		.width = box->x2 - box->x1,
		.height = box->y2 - box->y1,
	};

	vit_pattern_convert(&job);
}

/* Makes sure that the slot has memory, and notes that new memory lacks everything. */
static bool screen_prepare(VitPatternScreen *self, ScreenSlot *slot, GError **error)
{
	if (self->buffering == VIT_PATTERN_FRESH) {
		g_clear_pointer(&slot->image, vit_shm_image_free);
	}
	if (slot->image) {
		return true;
	}
	slot->image = vit_shm_image_new_with(&self->image, error);
	if (!slot->image) {
		return false;
	}
	(void)pixman_region32_union_rect(&slot->stale, &slot->stale, 0, 0,
					 vit_pattern_screen_get_width(self),
					 vit_pattern_screen_get_height(self));
	return true;
}

/* Brings the slot up to date. */
static bool screen_write(VitPatternScreen *self, ScreenSlot *slot, GError **error)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(&slot->stale, &n_boxes);

	if (!vit_shm_image_begin_write(slot->image, error)) {
		return false;
	}
	for (int i = 0; i < n_boxes; i++) {
		screen_convert(self, slot, &boxes[i]);
	}
	return vit_shm_image_end_write(slot->image, error);
}

bool vit_pattern_screen_is_ready(const VitPatternScreen *self)
{
	const ScreenSlot *slot = &self->slots[self->next];

	return self->buffering == VIT_PATTERN_FRESH || !slot->image ||
	       vit_shm_image_is_idle(slot->image);
}

VitBuffer *vit_pattern_screen_show(VitPatternScreen *self, pixman_region32_t *ret_damage,
				   GError **error)
{
	ScreenSlot *slot = &self->slots[self->next];
	pixman_region32_t *damage = &self->canvas->damage;

	if (!screen_prepare(self, slot, error)) {
		return NULL;
	}
	for (unsigned i = 0; i < SCREEN_RING; i++) {
		(void)pixman_region32_union(&self->slots[i].stale, &self->slots[i].stale, damage);
	}
	if (!screen_write(self, slot, error)) {
		return NULL;
	}
	pixman_region32_clear(&slot->stale);
	(void)pixman_region32_copy(ret_damage, damage);
	pixman_region32_clear(damage);
	if (self->buffering == VIT_PATTERN_RING) {
		self->next = (self->next + 1) % SCREEN_RING;
	}
	return vit_buffer_ref(vit_shm_image_get_buffer(slot->image));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What the guest shows on one head: pixels that came in messages, or memory of the VMM.
 *
 * new → start → any call in any order → stop → free. Facts of the protocol that surprise:
 *
 * - QEMU 7.2 sends the whole picture as a Scanout each time anything changes. Only another size or
 *   format is a mode change; else the pixels go into an image at hand and a frame is told.
 * - On a mode change QEMU need not send a Scanout: text modes of a VGA go on with Updates, row by
 *   row, that lie in a screen of another size. The console's size says which, but comes over
 * another connection. Until it does the pixels are collected and nothing is told.
 * - A page flip of a virtio-gpu blob comes as ScanoutDMABUF, Disable, UpdateDMABUF. So a Disable is
 *   believed only when nothing follows for a while.
 * - Memory shared by the VMM can be truncated by it at any time: it is never mapped here.
 * - What UpdateDMABUF counts from differs between devices: from the picture or from the memory
 *   around it, and in memory that is bottom-up from either end. Damage is a promise that the rest
 *   did not change. So bottom-up memory is damaged both ways, and a cut-out as a whole.
 */
#include <drm_fourcc.h>
#include <pixman.h>
#include <string.h>

#include "config/error.h"
#include "sources/qemu/qemu-private.h"
#include "sources/shm-image.h"

#define PICTURE_MAX_IMAGES       3 /* one shown, one being read, one to write */
#define PICTURE_DISABLE_DELAY_MS 200
#define PICTURE_MAX_BYTES        (64 * 1024 * 1024) /* of pixels; no D-Bus array can have more */

/* An image that pixels are written to. A frame that is out keeps it alive, and busy. */
typedef struct PictureImage {
	VitShmImage *shm;
	unsigned n_frames; /* not yet released */
} PictureImage;

struct VitQemuPicture {
	const VitSourceEvents *events; /* NULL: not started, or stopped */
	void *events_data;
	bool is_lost; /* and told so; until something is shown again */
	uint64_t sequence;
	guint disable_timer;

	/* Pixels that came in messages: images of one size and format; current is the one shown. */
	PictureImage *images[PICTURE_MAX_IMAGES];
	unsigned current;
	bool is_unsure; /* the images may have a wrong size, and were not told */
	void (*unsure)(void *user_data);
	void *unsure_data;
	uint32_t console_width, console_height; /* as last heard; 0: unknown */

	VitBuffer *shared; /* memory of the VMM; NULL while pixels or nothing is shown */
};

static void picture_image_clear(void *data)
{
	vit_shm_image_free(((PictureImage *)data)->shm);
}

static void picture_image_unref(PictureImage *image)
{
	g_rc_box_release_full(image, picture_image_clear);
}

static void on_picture_frame_released(void *user_data)
{
	PictureImage *image = user_data;

	image->n_frames--;
	picture_image_unref(image);
}

VitQemuPicture *vit_qemu_picture_new(void (*unsure)(void *user_data), void *user_data)
{
	VitQemuPicture *self = g_new0(VitQemuPicture, 1);

	self->unsure = unsure;
	self->unsure_data = user_data;
	return self;
}

void vit_qemu_picture_start(VitQemuPicture *self, const VitSourceEvents *events, void *user_data)
{
	self->events = events;
	self->events_data = user_data;
}

static void picture_keep_showing(VitQemuPicture *self)
{
	if (self->disable_timer != 0) {
		g_source_remove(self->disable_timer);
		self->disable_timer = 0;
	}
}

static void picture_drop_images(VitQemuPicture *self)
{
	for (unsigned i = 0; i < PICTURE_MAX_IMAGES; i++) {
		g_clear_pointer(&self->images[i], picture_image_unref);
	}
	self->current = 0;
	self->is_unsure = false;
}

/* Forgets what is shown, so that whatever comes next is a new scanout. */
static void picture_reset(VitQemuPicture *self)
{
	picture_keep_showing(self);
	picture_drop_images(self);
	g_clear_pointer(&self->shared, vit_buffer_unref);
	self->console_width = 0;
	self->console_height = 0;
}

void vit_qemu_picture_stop(VitQemuPicture *self)
{
	picture_reset(self);
	self->events = NULL;
}

void vit_qemu_picture_free(VitQemuPicture *self)
{
	picture_reset(self);
	g_free(self);
}

static void picture_emit_frame(VitQemuPicture *self, VitBuffer *buffer,
			       const pixman_region32_t *damage, VitFrameReleased released,
			       void *released_data)
{
	g_autoptr(VitFrame) frame =
		vit_frame_new(buffer, damage, ++self->sequence, -1, released, released_data);

	self->is_lost = false;
	if (self->events) {
		self->events->frame(self->events_data, frame);
	}
}

static void picture_emit_scanout(VitQemuPicture *self, VitBuffer *buffer)
{
	self->is_lost = false;
	if (self->events) {
		self->events->scanout(self->events_data, buffer);
	}
}

void vit_qemu_picture_refuse(VitQemuPicture *self, const GError *error)
{
	if (self->events) {
		self->events->refused(self->events_data, error);
	}
}

void vit_qemu_picture_lose(VitQemuPicture *self, const GError *error)
{
	picture_reset(self);
	if (self->events && !self->is_lost) {
		self->is_lost = true;
		self->events->lost(self->events_data, error);
	}
}

/* ---- Pixels in messages ---- */

uint32_t vit_qemu_fourcc_from_pixman(uint32_t pixman_format)
{
	static const struct {
		uint32_t pixman_format, fourcc;
	} table[] = {
		{PIXMAN_x8r8g8b8, DRM_FORMAT_XRGB8888},
		{PIXMAN_a8r8g8b8, DRM_FORMAT_XRGB8888},
		{PIXMAN_x8b8g8r8, DRM_FORMAT_XBGR8888},
		{PIXMAN_a8b8g8r8, DRM_FORMAT_XBGR8888},
		{PIXMAN_b8g8r8x8, DRM_FORMAT_BGRX8888},
		{PIXMAN_b8g8r8a8, DRM_FORMAT_BGRX8888},
		{PIXMAN_r8g8b8x8, DRM_FORMAT_RGBX8888},
		{PIXMAN_r8g8b8a8, DRM_FORMAT_RGBX8888},
		{PIXMAN_x2r10g10b10, DRM_FORMAT_XRGB2101010},
		{PIXMAN_a2r10g10b10, DRM_FORMAT_XRGB2101010},
		{PIXMAN_x2b10g10r10, DRM_FORMAT_XBGR2101010},
		{PIXMAN_a2b10g10r10, DRM_FORMAT_XBGR2101010},
		{PIXMAN_r8g8b8, DRM_FORMAT_RGB888},
		{PIXMAN_r5g6b5, DRM_FORMAT_RGB565},
		{PIXMAN_x1r5g5b5, DRM_FORMAT_XRGB1555},
		{PIXMAN_a1r5g5b5, DRM_FORMAT_XRGB1555},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (table[i].pixman_format == pixman_format) {
			return table[i].fourcc;
		}
	}
	return 0;
}

/* Checks what can be checked of @pixels alone; after that its rows may be read. */
static const VitFormat *picture_check_pixels(const VitQemuPixels *pixels, GError **error)
{
	const VitFormat *format =
		vit_format_find(vit_qemu_fourcc_from_pixman(pixels->pixman_format));
	uint64_t row_bytes, needed_bytes;

	if (!format) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_UNSUPPORTED,
			    "pixels in pixman format 0x%08x cannot be shown here",
			    pixels->pixman_format);
		return NULL;
	}
	if (pixels->width < 1 || pixels->width > VIT_BUFFER_MAX_SIDE || pixels->height < 1 ||
	    pixels->height > VIT_BUFFER_MAX_SIDE) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "picture of %ux%u pixels: each side must be 1 to %u", pixels->width,
			    pixels->height, VIT_BUFFER_MAX_SIDE);
		return NULL;
	}
	row_bytes = (uint64_t)pixels->width * format->bytes_per_pixel;
	if (pixels->stride_bytes < row_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "stride of %u bytes: a row of %u %s pixels needs at least "
			    "%" G_GUINT64_FORMAT,
			    pixels->stride_bytes, pixels->width, format->name, row_bytes);
		return NULL;
	}
	needed_bytes = (uint64_t)pixels->stride_bytes * (pixels->height - 1) + row_bytes;
	if (pixels->n_bytes < needed_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%zu bytes for %ux%u %s pixels with a stride of %u bytes, which "
			    "need %" G_GUINT64_FORMAT,
			    pixels->n_bytes, pixels->width, pixels->height, format->name,
			    pixels->stride_bytes, needed_bytes);
		return NULL;
	}
	return format;
}

/* Copies checked pixels to (@x, @y) of @image, where they fit. */
static void picture_write(PictureImage *image, uint32_t x, uint32_t y, const VitQemuPixels *pixels,
			  const VitFormat *format)
{
	size_t to_stride_bytes = vit_shm_image_get_stride_bytes(image->shm);
	uint8_t *to = vit_shm_image_get_pixels(image->shm) + y * to_stride_bytes +
		      (size_t)x * format->bytes_per_pixel;

	for (uint32_t row = 0; row < pixels->height; row++) {
		memcpy(to + row * to_stride_bytes,
		       pixels->bytes + (size_t)row * pixels->stride_bytes,
		       (size_t)pixels->width * format->bytes_per_pixel);
	}
}

static const VitBufferLayout *picture_current_layout(const VitQemuPicture *self)
{
	PictureImage *image = self->images[self->current];

	return image ? vit_buffer_get_layout(vit_shm_image_get_buffer(image->shm)) : NULL;
}

static void picture_emit_image_frame(VitQemuPicture *self, const pixman_region32_t *damage)
{
	PictureImage *image = g_rc_box_acquire(self->images[self->current]);

	image->n_frames++;
	picture_emit_frame(self, vit_shm_image_get_buffer(image->shm), damage,
			   on_picture_frame_released, image);
}

/* Adds an image at @index, which must be free. */
static bool picture_add_image(VitQemuPicture *self, unsigned index, const VitBufferLayout *layout,
			      GError **error)
{
	VitShmImage *shm =
		vit_shm_image_new(layout->width, layout->height, layout->fourcc, 0, false, error);

	if (!shm) {
		return false;
	}
	self->images[index] = g_rc_box_new0(PictureImage);
	self->images[index]->shm = shm;
	return true;
}

/* The image to write a whole picture to: one that nobody reads, the shown one first. */
static unsigned picture_find_image(const VitQemuPicture *self)
{
	unsigned unused = PICTURE_MAX_IMAGES;

	for (unsigned i = 0; i < PICTURE_MAX_IMAGES; i++) {
		unsigned candidate = (self->current + i) % PICTURE_MAX_IMAGES;

		if (!self->images[candidate]) {
			unused = MIN(unused, candidate);
		} else if (self->images[candidate]->n_frames == 0) {
			return candidate;
		}
	}
	/* With every image being read the oldest is taken, and torn. */
	return unused < PICTURE_MAX_IMAGES ? unused : (self->current + 1) % PICTURE_MAX_IMAGES;
}

static void picture_emit_image_scanout(VitQemuPicture *self)
{
	picture_emit_scanout(self, vit_shm_image_get_buffer(self->images[self->current]->shm));
}

bool vit_qemu_picture_scanout(VitQemuPicture *self, const VitQemuPixels *pixels, GError **error)
{
	const VitFormat *format = picture_check_pixels(pixels, error);
	const VitBufferLayout *layout = picture_current_layout(self);
	const VitBufferLayout wanted = {
		.width = pixels->width,
		.height = pixels->height,
		.fourcc = format ? format->fourcc : 0,
	};
	bool same = layout && layout->width == wanted.width && layout->height == wanted.height &&
		    layout->fourcc == wanted.fourcc && !self->is_unsure;
	unsigned next;

	picture_keep_showing(self);
	if (!same) {
		picture_drop_images(self);
		g_clear_pointer(&self->shared, vit_buffer_unref);
	}
	next = picture_find_image(self);
	if (!format || (!self->images[next] && !picture_add_image(self, next, &wanted, error))) {
		return false;
	}
	self->current = next;
	picture_write(self->images[next], 0, 0, pixels, format);
	if (same) {
		picture_emit_image_frame(self, NULL);
	} else {
		picture_emit_image_scanout(self);
	}
	return true;
}

/* ---- Updates ---- */

/* Replaces the images by one of @wanted's size and format, with what the shown one had there. */
static bool picture_reshape(VitQemuPicture *self, const VitBufferLayout *wanted, GError **error)
{
	PictureImage *old = g_steal_pointer(&self->images[self->current]);
	bool done;

	picture_drop_images(self);
	g_clear_pointer(&self->shared, vit_buffer_unref);
	done = picture_add_image(self, 0, wanted, error);
	if (done && old) {
		VitBuffer *buffer = vit_shm_image_get_buffer(old->shm);
		const VitBufferLayout *layout = vit_buffer_get_layout(buffer);
		const VitQemuPixels pixels = {
			.width = MIN(layout->width, wanted->width),
			.height = MIN(layout->height, wanted->height),
			.stride_bytes = layout->stride_bytes[0],
			.bytes = vit_shm_image_get_pixels(old->shm),
		};

		if (layout->fourcc == wanted->fourcc) {
			picture_write(self->images[0], 0, 0, &pixels,
				      vit_buffer_get_format(buffer));
		}
	}
	g_clear_pointer(&old, picture_image_unref);
	return done;
}

/* Makes room for an update that does not lie in the picture on show: so that is another one now. */
static bool picture_extend(VitQemuPicture *self, uint64_t right, uint64_t bottom,
			   const VitFormat *format, GError **error)
{
	const VitBufferLayout *layout = picture_current_layout(self);
	bool same_format = layout && layout->fourcc == format->fourcc;
	VitBufferLayout wanted = {.fourcc = format->fourcc};

	right = MAX(right, same_format ? layout->width : 0);
	bottom = MAX(bottom, same_format ? layout->height : 0);
	if (right > VIT_BUFFER_MAX_SIDE || bottom > VIT_BUFFER_MAX_SIDE ||
	    right * bottom * format->bytes_per_pixel > PICTURE_MAX_BYTES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "pixels up to %" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
			    ": no picture may be that large",
			    right, bottom);
		return false;
	}
	wanted.width = (uint32_t)right;
	wanted.height = (uint32_t)bottom;
	if (!picture_reshape(self, &wanted, error)) {
		return false;
	}
	self->is_unsure = true;
	self->unsure(self->unsure_data);
	return true;
}

void vit_qemu_picture_set_console_size(VitQemuPicture *self, uint32_t width, uint32_t height)
{
	const VitBufferLayout *layout = picture_current_layout(self);
	bool is_known = width >= 1 && width <= VIT_BUFFER_MAX_SIDE && height >= 1 &&
			height <= VIT_BUFFER_MAX_SIDE;
	/* The first size heard may be older than the picture; a changed one tells of a new mode. */
	bool has_changed = self->console_width != 0 &&
			   (self->console_width != width || self->console_height != height);
	bool was_unsure = self->is_unsure;
	VitBufferLayout wanted;

	self->console_width = is_known ? width : 0;
	self->console_height = is_known ? height : 0;
	if (!layout || (!was_unsure && !has_changed)) {
		return;
	}
	wanted = (VitBufferLayout){.fourcc = layout->fourcc, .width = width, .height = height};
	if (!is_known || (uint64_t)width * height * 4 > PICTURE_MAX_BYTES ||
	    (layout->width == width && layout->height == height)) {
		self->is_unsure = false;
		if (was_unsure) {
			picture_emit_image_scanout(self);
		}
	} else if (picture_reshape(self, &wanted, NULL)) {
		picture_emit_image_scanout(self);
	}
}

bool vit_qemu_picture_update(VitQemuPicture *self, int32_t x, int32_t y,
			     const VitQemuPixels *pixels, GError **error)
{
	const VitFormat *format = picture_check_pixels(pixels, error);
	const VitBufferLayout *layout = picture_current_layout(self);
	pixman_region32_t damage;
	uint64_t right, bottom;

	picture_keep_showing(self);
	if (!format) {
		return false;
	}
	if (x < 0 || y < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "pixels at %d,%d, which lies outside of every picture", x, y);
		return false;
	}
	right = (uint64_t)x + pixels->width;
	bottom = (uint64_t)y + pixels->height;
	if ((!layout || layout->fourcc != format->fourcc || right > layout->width ||
	     bottom > layout->height) &&
	    !picture_extend(self, right, bottom, format, error)) {
		return false;
	}
	picture_write(self->images[self->current], (uint32_t)x, (uint32_t)y, pixels, format);
	if (!self->is_unsure) {
		pixman_region32_init_rect(&damage, x, y, pixels->width, pixels->height);
		picture_emit_image_frame(self, &damage);
		pixman_region32_fini(&damage);
	}
	return true;
}

/* ---- Memory of the VMM ---- */

bool vit_qemu_picture_share(VitQemuPicture *self, const VitBufferLayout *layout, const int *fds,
			    unsigned n_fds, GError **error)
{
	picture_reset(self);
	self->shared = vit_buffer_new_take_fds(layout, fds, n_fds, error);
	if (!self->shared) {
		return false;
	}
	picture_emit_scanout(self, self->shared);
	return true;
}

/* Adds the part of a rectangle that lies in the picture of @buffer. The numbers may be anything. */
static void picture_add_damage(pixman_region32_t *damage, const VitBuffer *buffer,
			       const VitRect *rect, int64_t y)
{
	int64_t width = vit_buffer_get_width(buffer), height = vit_buffer_get_height(buffer);
	int64_t left = CLAMP((int64_t)rect->x, 0, width);
	int64_t right = CLAMP((int64_t)rect->x + rect->width, 0, width);
	int64_t top = CLAMP(y, 0, height);
	int64_t bottom = CLAMP(y + rect->height, 0, height);

	if (left < right && top < bottom) {
		pixman_region32_union_rect(damage, damage, (int)left, (int)top,
					   (unsigned)(right - left), (unsigned)(bottom - top));
	}
}

static void picture_read_damage(pixman_region32_t *damage, const VitBuffer *buffer,
				const VitRect *rect)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(buffer);
	VitRect whole = {.width = layout->visible.width, .height = layout->visible.height};

	if ((uint32_t)whole.width != layout->width || (uint32_t)whole.height != layout->height) {
		picture_add_damage(damage, buffer, &whole, 0);
		return;
	}
	picture_add_damage(damage, buffer, rect, rect->y);
	if (layout->bottom_up) {
		picture_add_damage(damage, buffer, rect,
				   (int64_t)whole.height - rect->y - rect->height);
	}
}

void vit_qemu_picture_update_shared(VitQemuPicture *self, const VitRect *rect,
				    VitFrameReleased released, void *released_data)
{
	pixman_region32_t damage;

	picture_keep_showing(self);
	pixman_region32_init(&damage);
	if (self->shared && rect->width > 0 && rect->height > 0) {
		picture_read_damage(&damage, self->shared, rect);
	}
	if (pixman_region32_not_empty(&damage)) {
		picture_emit_frame(self, self->shared, &damage, released, released_data);
	} else {
		released(released_data);
	}
	pixman_region32_fini(&damage);
}

/* ---- Nothing, and the cursor ---- */

static gboolean on_picture_disable_stands(void *user_data)
{
	VitQemuPicture *self = user_data;

	self->disable_timer = 0;
	picture_reset(self);
	picture_emit_scanout(self, NULL);
	return G_SOURCE_REMOVE;
}

void vit_qemu_picture_disable(VitQemuPicture *self)
{
	if (self->disable_timer == 0) {
		self->disable_timer =
			g_timeout_add(PICTURE_DISABLE_DELAY_MS, on_picture_disable_stands, self);
	}
}

void vit_qemu_picture_define_cursor(VitQemuPicture *self, VitCursor *cursor)
{
	if (self->events) {
		self->events->cursor(self->events_data, cursor);
	}
}

void vit_qemu_picture_move_cursor(VitQemuPicture *self, int32_t x, int32_t y, bool visible)
{
	if (self->events) {
		self->events->cursor_moved(self->events_data, x, y, visible);
	}
}

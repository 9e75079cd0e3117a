/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * One head of a producer, which is a source and a sink in one object. It lives until the machine,
 * the source, the sink and every frame that is out have let go of it, in any order.
 *
 * What is shown comes in one of two ways. Pixels are written into an image of our own, one for each
 * size, as they come off the socket; while somebody reads a frame of it no further ones are taken,
 * which is what slows a producer down. Memory of the producer is only passed on: never mapped here.
 *
 * Facts of the protocol that surprise:
 *
 * - A guest that flips pages sends a SCANOUT of the same size each time: that is no mode change.
 * - A SCANOUT shows nothing yet, the first UPDATE does.
 * - Back-ends do not agree on what the rectangle of a DMABUF_UPDATE counts from: the picture, or
 *   the memory around it; and in memory that is bottom-up from either end. Damage is a promise that
 *   the rest did not change. So bottom-up memory is damaged both ways, and a cut-out as a whole.
 *   With DMABUF_SCANOUT_PLANES it is said (docs/protocols.md).
 */
#include <drm_fourcc.h>
#include <pixman.h>

#include "config/error.h"
#include "sources/gpu-socket/gpu-socket-private.h"
#include "sources/shm-image.h"

#define HEAD_MAX_PIXEL_BYTES (128 * 1024 * 1024) /* of an image of ours: one of 7680x4320 */
#define HEAD_PIXEL_BYTES     4

/* An image that pixels are written to. */
typedef struct HeadImage {
	VitShmImage *shm;
	unsigned n_frames; /* not yet released */
	bool is_told;      /* as a scanout */
} HeadImage;

/* What a frame of an image keeps. */
typedef struct HeadImageFrame {
	VitDisplayHead *head;
	HeadImage *image;
} HeadImageFrame;

struct VitDisplayHead {
	VitSource source;
	VitInputSink sink;
	grefcount ref_count;
	const VitDisplayHeadEvents *events; /* NULL: the machine has let go of it */
	void *events_data;
	bool is_running; /* the source is started and not stopped */
	guint replay;    /* tells what came before the source was started */
	uint64_t sequence;
	char *lost_reason; /* as last told; NULL: not lost */
	VitEdidMonitor wish;

	HeadImage *image;        /* NULL while memory of the producer, or nothing, is shown */
	VitDisplayUpdate update; /* that is being written to the image */
	bool is_awaited;         /* somebody waits for the image not to be read */
	VitBuffer *shared;       /* memory of the producer; may be NULL */
	bool shared_is_exact;    /* its damage counts from the picture's top left */

	VitCursor *cursor; /* may be NULL */
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	VitDisplayInputState input_state;
	bool has_input_state;
};

static VitDisplayHead *head_of_source(VitSource *source)
{
	return (VitDisplayHead *)((uint8_t *)source - offsetof(VitDisplayHead, source));
}

static VitDisplayHead *head_of_sink(VitInputSink *sink)
{
	return (VitDisplayHead *)((uint8_t *)sink - offsetof(VitDisplayHead, sink));
}

static VitDisplayHead *head_ref(VitDisplayHead *self)
{
	g_ref_count_inc(&self->ref_count);
	return self;
}

static void head_image_clear(void *data)
{
	vit_shm_image_free(((HeadImage *)data)->shm);
}

static void head_image_unref(HeadImage *image)
{
	g_rc_box_release_full(image, head_image_clear);
}

/* Forgets what is shown. */
static void head_reset(VitDisplayHead *self)
{
	g_clear_pointer(&self->image, head_image_unref);
	g_clear_pointer(&self->shared, vit_buffer_unref);
}

static void head_unref(VitDisplayHead *self)
{
	if (g_ref_count_dec(&self->ref_count)) {
		head_reset(self);
		vit_cursor_unref(self->cursor);
		g_free(self->lost_reason);
		g_free(self);
	}
}

/* ---- Telling ---- */

static void head_emit_scanout(VitDisplayHead *self, VitBuffer *buffer)
{
	g_clear_pointer(&self->lost_reason, g_free);
	if (self->is_running) {
		self->source.events->scanout(self->source.events_data, buffer);
	}
}

static void head_emit_frame(VitDisplayHead *self, VitBuffer *buffer,
			    const pixman_region32_t *damage, VitFrameReleased released,
			    void *released_data)
{
	g_autoptr(VitFrame) frame =
		vit_frame_new(buffer, damage, ++self->sequence, -1, released, released_data);

	if (self->is_running) {
		self->source.events->frame(self->source.events_data, frame);
	}
}

static void head_emit_cursor_moved(VitDisplayHead *self)
{
	if (self->is_running) {
		self->source.events->cursor_moved(self->source.events_data, self->cursor_x,
						  self->cursor_y, self->cursor_visible);
	}
}

static void head_emit_refused(VitDisplayHead *self, const GError *error)
{
	if (self->is_running) {
		self->source.events->refused(self->source.events_data, error);
	}
}

static void head_emit_input_state(VitDisplayHead *self)
{
	if (self->is_running) {
		self->source.events->pointer_mode(self->source.events_data,
						  self->input_state.absolute != 0);
	}
	if (self->is_running) {
		self->source.events->leds(self->source.events_data, self->input_state.leds);
	}
}

void vit_display_head_refuse(VitDisplayHead *self, const GError *error)
{
	head_reset(self);
	head_emit_refused(self, error);
}

void vit_display_head_lose(VitDisplayHead *self, const GError *error)
{
	head_reset(self);
	g_clear_pointer(&self->cursor, vit_cursor_unref);
	self->cursor_visible = false;
	self->has_input_state = false;
	if (self->is_running && g_strcmp0(self->lost_reason, error->message) != 0) {
		g_free(self->lost_reason);
		self->lost_reason = g_strdup(error->message);
		self->source.events->lost(self->source.events_data, error);
	}
}

void vit_display_head_disable(VitDisplayHead *self)
{
	head_reset(self);
	head_emit_scanout(self, NULL);
}

/* ---- Pixels ---- */

static bool head_image_fits(const HeadImage *image, const VitDisplayScanout *scanout)
{
	const VitBuffer *buffer = vit_shm_image_get_buffer(image->shm);

	return vit_buffer_get_width(buffer) == scanout->width &&
	       vit_buffer_get_height(buffer) == scanout->height;
}

static VitShmImage *head_make_image(const VitDisplayScanout *scanout, GError **error)
{
	if ((uint64_t)scanout->width * scanout->height * HEAD_PIXEL_BYTES > HEAD_MAX_PIXEL_BYTES) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%ux%u pixels: a picture that comes as pixels may have at most %d "
			    "bytes; larger ones come as dmabufs",
			    scanout->width, scanout->height, HEAD_MAX_PIXEL_BYTES);
		return NULL;
	}
	return vit_shm_image_new(scanout->width, scanout->height, DRM_FORMAT_XRGB8888, 0, false,
				 error);
}

void vit_display_head_set_scanout(VitDisplayHead *self, const VitDisplayScanout *scanout)
{
	g_autoptr(GError) error = NULL;
	VitShmImage *shm;

	if (scanout->width == 0 || scanout->height == 0) {
		vit_display_head_disable(self);
		return;
	}
	if (self->image && head_image_fits(self->image, scanout)) {
		return;
	}
	shm = head_make_image(scanout, &error);
	if (!shm) {
		g_prefix_error(&error, "SCANOUT is refused: ");
		vit_display_head_refuse(self, error);
		return;
	}
	head_reset(self);
	self->image = g_rc_box_new0(HeadImage);
	self->image->shm = shm;
}

bool vit_display_head_is_ready(VitDisplayHead *self)
{
	self->is_awaited = self->image && self->image->n_frames > 0;
	return !self->is_awaited;
}

void vit_display_head_begin_update(VitDisplayHead *self, const VitDisplayUpdate *update,
				   VitDisplayRows *ret_rows)
{
	const VitBuffer *buffer = self->image ? vit_shm_image_get_buffer(self->image->shm) : NULL;
	uint64_t right = (uint64_t)update->x + update->width;
	uint64_t bottom = (uint64_t)update->y + update->height;

	self->update = (VitDisplayUpdate){0};
	*ret_rows = (VitDisplayRows){0};
	if (!buffer) {
		g_debug("display socket: UPDATE of head %u without a SCANOUT", self->wish.index);
		return;
	}
	if (right > vit_buffer_get_width(buffer) || bottom > vit_buffer_get_height(buffer)) {
		g_autoptr(GError) error = g_error_new(
			VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			"UPDATE is refused: %ux%u pixels at %u,%u, and the picture has %ux%u",
			update->width, update->height, update->x, update->y,
			vit_buffer_get_width(buffer), vit_buffer_get_height(buffer));

		head_emit_refused(self, error);
		return;
	}
	self->update = *update;
	ret_rows->stride_bytes = vit_shm_image_get_stride_bytes(self->image->shm);
	ret_rows->first = vit_shm_image_get_pixels(self->image->shm) +
			  update->y * ret_rows->stride_bytes + (size_t)update->x * HEAD_PIXEL_BYTES;
}

static void on_head_image_frame_released(void *user_data)
{
	HeadImageFrame *out = user_data;
	VitDisplayHead *self = out->head;

	out->image->n_frames--;
	if (out->image == self->image && self->is_awaited && self->events) {
		self->is_awaited = false;
		self->events->ready(self->events_data);
	}
	head_image_unref(out->image);
	head_unref(self);
	g_free(out);
}

void vit_display_head_end_update(VitDisplayHead *self)
{
	const VitDisplayUpdate *update = &self->update;
	HeadImageFrame *out;
	pixman_region32_t damage;

	if (update->width == 0 || update->height == 0) {
		return;
	}
	if (!self->image->is_told) {
		self->image->is_told = true;
		head_emit_scanout(self, vit_shm_image_get_buffer(self->image->shm));
		return;
	}
	out = g_new(HeadImageFrame, 1);
	out->head = head_ref(self);
	out->image = g_rc_box_acquire(self->image);
	out->image->n_frames++;
	pixman_region32_init_rect(&damage, (int)update->x, (int)update->y, update->width,
				  update->height);
	head_emit_frame(self, vit_shm_image_get_buffer(self->image->shm), &damage,
			on_head_image_frame_released, out);
	pixman_region32_fini(&damage);
}

/* ---- Memory of the producer ---- */

void vit_display_head_share(VitDisplayHead *self, const VitBufferLayout *layout, VitDisplayFds *fds,
			    bool damage_is_exact)
{
	g_autoptr(GError) error = NULL;
	VitBuffer *buffer = vit_buffer_new_take_fds(layout, fds->fds, fds->n_fds, &error);

	fds->n_fds = 0;
	if (!buffer) {
		g_prefix_error(&error, "the producer's buffer is refused: ");
		vit_display_head_refuse(self, error);
		return;
	}
	head_reset(self);
	self->shared = buffer;
	self->shared_is_exact = damage_is_exact;
	head_emit_scanout(self, buffer);
}

/* Adds the part of a rectangle that lies in the picture of @buffer. The numbers may be anything. */
static void head_add_damage(pixman_region32_t *damage, const VitBuffer *buffer,
			    const VitDisplayUpdate *update, int64_t y)
{
	int64_t width = vit_buffer_get_width(buffer), height = vit_buffer_get_height(buffer);
	int64_t left = MIN((int64_t)update->x, width);
	int64_t right = MIN((int64_t)update->x + update->width, width);
	int64_t top = CLAMP(y, 0, height);
	int64_t bottom = CLAMP(y + update->height, 0, height);

	if (left < right && top < bottom) {
		pixman_region32_union_rect(damage, damage, (int)left, (int)top,
					   (unsigned)(right - left), (unsigned)(bottom - top));
	}
}

static void head_read_damage(const VitDisplayHead *self, const VitDisplayUpdate *update,
			     pixman_region32_t *damage)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(self->shared);
	const VitDisplayUpdate whole = {
		.width = vit_buffer_get_width(self->shared),
		.height = vit_buffer_get_height(self->shared),
	};
	bool is_cut_out = whole.width != layout->width || whole.height != layout->height;

	if (is_cut_out && !self->shared_is_exact) {
		head_add_damage(damage, self->shared, &whole, 0);
		return;
	}
	head_add_damage(damage, self->shared, update, update->y);
	if (layout->bottom_up && !self->shared_is_exact) {
		head_add_damage(damage, self->shared, update,
				(int64_t)whole.height - update->y - update->height);
	}
}

void vit_display_head_update_shared(VitDisplayHead *self, const VitDisplayUpdate *update,
				    VitFrameReleased released, void *released_data)
{
	pixman_region32_t damage;

	pixman_region32_init(&damage);
	if (self->shared && update->width > 0 && update->height > 0) {
		head_read_damage(self, update, &damage);
	}
	if (pixman_region32_not_empty(&damage)) {
		head_emit_frame(self, self->shared, &damage, released, released_data);
	} else {
		released(released_data);
	}
	pixman_region32_fini(&damage);
}

/* ---- Cursor, input ---- */

void vit_display_head_move_cursor(VitDisplayHead *self, const VitDisplayCursorPos *position,
				  bool visible)
{
	/* Left of and above the picture they wrap around. */
	self->cursor_x = (int32_t)position->x;
	self->cursor_y = (int32_t)position->y;
	self->cursor_visible = visible;
	head_emit_cursor_moved(self);
}

void vit_display_head_define_cursor(VitDisplayHead *self, const VitDisplayCursorUpdate *update)
{
	VitCursor *cursor = vit_cursor_new(VIT_DISPLAY_CURSOR_SIDE_PX, VIT_DISPLAY_CURSOR_SIDE_PX,
					   (int32_t)update->hot_x, (int32_t)update->hot_y,
					   update->pixels, sizeof(update->pixels), NULL);

	g_assert(cursor); /* the size is a good one */
	vit_cursor_unref(self->cursor);
	self->cursor = cursor;
	if (self->is_running) {
		self->source.events->cursor(self->source.events_data, cursor);
	}
	vit_display_head_move_cursor(self, &update->position, true);
}

void vit_display_head_set_input_state(VitDisplayHead *self, const VitDisplayInputState *state)
{
	self->input_state = *state;
	self->has_input_state = true;
	head_emit_input_state(self);
}

static void display_sink_send(VitInputSink *sink, const VitInput *input)
{
	VitDisplayHead *self = head_of_sink(sink);

	if (self->events) {
		self->events->input(self->events_data, self->wish.index, input);
	}
}

static void display_sink_set_size(VitInputSink *sink, uint32_t width, uint32_t height,
				  uint32_t width_mm, uint32_t height_mm)
{
	VitDisplayHead *self = head_of_sink(sink);
	VitEdidMonitor wish = {
		.width = CLAMP(width, VIT_EDID_MIN_SIDE_PX, VIT_BUFFER_MAX_SIDE),
		.height = CLAMP(height, VIT_EDID_MIN_SIDE_PX, VIT_BUFFER_MAX_SIDE),
		.width_mm = width_mm,
		.height_mm = height_mm,
		.index = self->wish.index,
	};
	bool is_new = wish.width != self->wish.width || wish.height != self->wish.height ||
		      wish.width_mm != self->wish.width_mm ||
		      wish.height_mm != self->wish.height_mm;

	self->wish = wish;
	if (is_new && self->events) {
		self->events->wish(self->events_data);
	}
}

static void display_sink_destroy(VitInputSink *sink)
{
	head_unref(head_of_sink(sink));
}

/* ---- The source ---- */

static gboolean on_head_replay(void *user_data)
{
	VitDisplayHead *self = user_data;

	self->replay = 0;
	if (self->shared || (self->image && self->image->is_told)) {
		head_emit_scanout(self, self->shared ? self->shared
						     : vit_shm_image_get_buffer(self->image->shm));
	}
	if (self->is_running && self->cursor) {
		self->source.events->cursor(self->source.events_data, self->cursor);
		head_emit_cursor_moved(self);
	}
	if (self->has_input_state) {
		head_emit_input_state(self);
	}
	return G_SOURCE_REMOVE;
}

static void display_source_start(VitSource *source)
{
	VitDisplayHead *self = head_of_source(source);

	self->is_running = true;
	self->replay = g_idle_add_full(G_PRIORITY_DEFAULT, on_head_replay, self, NULL);
}

void vit_display_head_stop(VitDisplayHead *self)
{
	self->is_running = false;
	g_clear_handle_id(&self->replay, g_source_remove);
}

static void display_source_stop(VitSource *source)
{
	vit_display_head_stop(head_of_source(source));
}

static void display_source_destroy(VitSource *source)
{
	VitDisplayHead *self = head_of_source(source);

	vit_display_head_stop(self);
	head_unref(self);
}

/* ---- What the machine calls ---- */

VitDisplayHead *vit_display_head_new(const VitEdidMonitor *wish, const VitDisplayHeadEvents *events,
				     void *user_data)
{
	static const VitSourceImpl source_impl = {
		.name = "gpu-socket",
		.start = display_source_start,
		.stop = display_source_stop,
		.destroy = display_source_destroy,
	};
	static const VitInputSinkImpl sink_impl = {
		.name = "gpu-socket",
		.send = display_sink_send,
		.set_size = display_sink_set_size,
		.destroy = display_sink_destroy,
	};
	VitDisplayHead *self = g_new0(VitDisplayHead, 1);

	self->source.impl = &source_impl;
	self->sink.impl = &sink_impl;
	g_ref_count_init(&self->ref_count);
	self->events = events;
	self->events_data = user_data;
	self->wish = *wish;
	return self;
}

void vit_display_head_free(VitDisplayHead *self)
{
	self->events = NULL;
	vit_display_head_stop(self);
	head_unref(self);
}

VitSource *vit_display_head_give_source(VitDisplayHead *self)
{
	return &head_ref(self)->source;
}

VitInputSink *vit_display_head_give_sink(VitDisplayHead *self)
{
	return &head_ref(self)->sink;
}

const VitEdidMonitor *vit_display_head_get_wish(const VitDisplayHead *self)
{
	return &self->wish;
}

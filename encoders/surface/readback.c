/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A readback job: its rectangles are cut at rows of tiles, and the threads of the pool take one row
 * of tiles after the other, so that no two of them touch the same byte of the bitmap or of the
 * surface. Small jobs are not worth waking anybody.
 */
#include "encoders/surface/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "config/error.h"
#include "encoders/surface.h"
#include "encoders/surface/compare-copy.h"
#include "encoders/surface/guard.h"

#define READBACK_BYTES_A_THREAD (512 * 1024)

typedef struct ReadbackJob {
	VitCopy copy;
	const VitRenderRect *rects;
	uint32_t n_rects;
	int next_row; /* of tiles; taken by the threads, atomic */
	int end_row;
	int vanished; /* atomic */
} ReadbackJob;

typedef struct FillJob {
	VitCanvas *canvas;
	int next_row; /* of tiles, atomic */
	int end_row;
} FillJob;

static int readback_tile_rows(uint32_t height)
{
	return (int)((height + VIT_TILE_HEIGHT - 1) / VIT_TILE_HEIGHT);
}

static unsigned readback_threads_for(uint64_t n_bytes)
{
	return (unsigned)MIN(n_bytes / READBACK_BYTES_A_THREAD + 1, VIT_POOL_MAX_THREADS);
}

bool vit_canvas_init(VitCanvas *self, const VitRenderAttachSurface *attach, int fd, GError **error)
{
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	*self = (VitCanvas){
		.n_bytes = (size_t)attach->stride_bytes * attach->height,
		.width = attach->width,
		.height = attach->height,
		.stride_bytes = attach->stride_bytes,
	};
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &status) < 0 ||
	    (uint64_t)status.st_size < self->n_bytes) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				    "the memory of a surface is too small, or may become so");
		return false;
	}
	self->pixels = mmap(NULL, self->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (self->pixels == MAP_FAILED) {
		self->pixels = NULL;
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "cannot map %zu bytes of a surface: %s", self->n_bytes,
			    g_strerror(errno));
		return false;
	}
	/* Hints: fewer faults in the jobs that follow. */
	(void)madvise(self->pixels, self->n_bytes, MADV_HUGEPAGE);
	(void)madvise(self->pixels, self->n_bytes, MADV_POPULATE_WRITE);
	return true;
}

void vit_canvas_clear(VitCanvas *self)
{
	if (self->pixels) {
		(void)munmap(self->pixels, self->n_bytes);
		self->pixels = NULL;
	}
}

static void fill_rows(void *user_data)
{
	FillJob *job = user_data;
	VitCanvas *canvas = job->canvas;
	size_t row_px = canvas->stride_bytes / 4;
	int row;

	while ((row = g_atomic_int_add(&job->next_row, 1)) < job->end_row) {
		uint32_t y1 = (uint32_t)row * VIT_TILE_HEIGHT;
		uint32_t y2 = MIN(y1 + VIT_TILE_HEIGHT, canvas->height);
		uint32_t *pixels = (uint32_t *)(canvas->pixels + (size_t)y1 * canvas->stride_bytes);

		for (size_t i = 0; i < (y2 - y1) * row_px; i++) {
			pixels[i] = 0xff000000u;
		}
	}
}

/* Marks the tiles that @rect touches. */
static void readback_mark_rect(const VitCanvas *canvas, const VitRenderRect *rect, uint8_t *bitmap)
{
	uint32_t stride_bytes = vit_render_bitmap_stride_bytes(canvas->width);
	int32_t last_column = (rect->x + rect->width - 1) / VIT_TILE_WIDTH;
	int32_t last_row = (rect->y + rect->height - 1) / VIT_TILE_HEIGHT;

	for (int32_t row = rect->y / VIT_TILE_HEIGHT; row <= last_row; row++) {
		for (int32_t tile = rect->x / VIT_TILE_WIDTH; tile <= last_column; tile++) {
			bitmap[(size_t)row * stride_bytes + (size_t)tile / 8] |=
				(uint8_t)(1u << (tile % 8));
		}
	}
}

void vit_canvas_fill(VitCanvas *self, VitPool *pool, uint8_t *bitmap)
{
	FillJob job = {.canvas = self, .end_row = readback_tile_rows(self->height)};
	VitRenderRect whole = {0, 0, (int32_t)self->width, (int32_t)self->height};

	vit_pool_run(pool, readback_threads_for(self->n_bytes), fill_rows, &job);
	readback_mark_rect(self, &whole, bitmap);
}

static void readback_rows(void *user_data)
{
	ReadbackJob *job = user_data;
	int row;

	while ((row = g_atomic_int_add(&job->next_row, 1)) < job->end_row &&
	       !g_atomic_int_get(&job->vanished)) {
		for (uint32_t i = 0; i < job->n_rects; i++) {
			VitRenderRect part = job->rects[i];
			int32_t y1 = MAX(part.y, row * VIT_TILE_HEIGHT);
			int32_t y2 = MIN(part.y + part.height, (row + 1) * VIT_TILE_HEIGHT);

			part.y = y1;
			part.height = y2 - y1;
			if (y1 < y2) {
				vit_copy_rect(&job->copy, &part);
			}
		}
	}
}

static void readback_work(void *user_data)
{
	ReadbackJob *job = user_data;

	if (!vit_guard_run(readback_rows, job)) {
		g_atomic_int_set(&job->vanished, 1);
	}
}

/* Where the picture begins within a buffer's memory, and which way its rows go. */
static void readback_aim(VitCopy *copy, const VitBuffer *buffer, const uint8_t *first_row)
{
	const VitBufferLayout *layout = vit_buffer_get_layout(buffer);
	const VitRect *visible = &layout->visible;
	size_t stride_bytes = layout->stride_bytes[0];
	int32_t top = layout->bottom_up ? visible->y + visible->height - 1 : visible->y;

	copy->bytes_per_pixel = vit_buffer_get_format(buffer)->bytes_per_pixel;
	copy->source =
		first_row + (size_t)top * stride_bytes + (size_t)visible->x * copy->bytes_per_pixel;
	copy->source_step_bytes =
		layout->bottom_up ? -(ptrdiff_t)stride_bytes : (ptrdiff_t)stride_bytes;
}

static VitRenderStatus readback_refuse(VitRenderStatus status, const char *reason, char *ret_reason)
{
	(void)g_strlcpy(ret_reason, reason, VIT_RENDER_REASON_BYTES);
	return status;
}

static void readback_run(ReadbackJob *job, VitPool *pool)
{
	uint64_t area_px = 0;
	int32_t y1 = INT32_MAX, y2 = 0;

	for (uint32_t i = 0; i < job->n_rects; i++) {
		const VitRenderRect *rect = &job->rects[i];

		area_px += (uint64_t)rect->width * (uint32_t)rect->height;
		y1 = MIN(y1, rect->y);
		y2 = MAX(y2, rect->y + rect->height);
	}
	if (area_px > 0) {
		job->next_row = y1 / VIT_TILE_HEIGHT;
		job->end_row = readback_tile_rows((uint32_t)y2);
		vit_pool_run(pool, readback_threads_for(area_px * 4), readback_work, job);
	}
}

VitRenderStatus vit_canvas_update(VitCanvas *self, VitPool *pool, const VitCanvasUpdate *update,
				  char ret_reason[static VIT_RENDER_REASON_BYTES])
{
	const VitBuffer *buffer = update->mapping->buffer;
	g_autoptr(GError) error = NULL;
	const uint8_t *first_row;
	ReadbackJob job = {
		.copy = {.target = self->pixels,
			 .target_stride_bytes = self->stride_bytes,
			 .bitmap = update->bitmap,
			 .bitmap_stride_bytes = vit_render_bitmap_stride_bytes(self->width)},
		.rects = update->rects,
		.n_rects = update->n_rects,
	};

	if (!vit_convert_find(vit_buffer_get_format(buffer)->fourcc, &job.copy.convert)) {
		return readback_refuse(VIT_RENDER_UNSUPPORTED,
				       "pixel format that cannot be converted", ret_reason);
	}
	first_row = vit_mapping_begin(update->mapping, &error);
	if (!first_row) {
		return readback_refuse(VIT_RENDER_UNSUPPORTED, error->message, ret_reason);
	}
	readback_aim(&job.copy, buffer, first_row);
	readback_run(&job, pool);
	vit_mapping_end(update->mapping);
	if (!job.vanished) {
		return VIT_RENDER_OK;
	}
	vit_mapping_drop(update->mapping);
	for (uint32_t i = 0; i < update->n_rects; i++) {
		readback_mark_rect(self, &update->rects[i], update->bitmap);
	}
	return readback_refuse(VIT_RENDER_VANISHED,
			       "the memory of the picture was taken away while it was read",
			       ret_reason);
}

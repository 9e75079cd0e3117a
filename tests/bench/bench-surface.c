/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * How long a readback takes beside memcpy. One JSON object a line:
 *
 *   memcpy_ms            one frame by one thread, between mappings of memfds that are warm, like
 *                        those of a buffer and of a surface
 *   unchanged_ratio      the whole frame read back, nothing differs
 *   full_change_ratio    the whole frame, every pixel differs
 *   damage_1pct_ratio    damage of one hundredth of the area, every pixel of it differs
 *
 * The readbacks are timed by vitrine-render, inside the job. All are medians; the rounds interleave
 * them, so that what disturbs the machine disturbs all alike. Exits with 1 if a picture is wrong.
 */
#include <drm_fourcc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/fd.h"
#include "encoders/surface.h"
#include "sources/shm-image.h"
#include "tests/support/fixture.h"

#define BENCH_WARM_UP_ROUNDS 5
#define BENCH_ROUNDS         60
#define BENCH_LAST_IMAGE     ((BENCH_WARM_UP_ROUNDS + BENCH_ROUNDS - 1) % 2)
#define BENCH_DEADLINE_MS    5000

typedef enum BenchWhat {
	BENCH_MEMCPY,
	BENCH_UNCHANGED,
	BENCH_FULL_CHANGE,
	BENCH_DAMAGE_1PCT,
	BENCH_N_WHATS,
} BenchWhat;

typedef struct Bench {
	VitRender *render;
	VitSurface *surface;
	VitShmImage *images[2]; /* no pixel of one is that of the other */
	uint8_t *copy;          /* where memcpy goes */
	size_t n_bytes;
	bool updated;
	bool failed;
	GArray *times_ns[BENCH_N_WHATS]; /* uint64_t */
} Bench;

static void on_updated(void *user_data, const pixman_region32_t *changed, const GError *error)
{
	Bench *bench = user_data;

	if (error) {
		g_error("the surface was not updated: %s", error->message);
	}
	bench->updated = true;
}

static bool is_updated(void *user_data)
{
	return ((Bench *)user_data)->updated;
}

static void bench_update(Bench *bench, unsigned image, const pixman_region32_t *damage,
			 BenchWhat what)
{
	uint64_t time_ns;

	bench->updated = false;
	vit_surface_update(bench->surface, vit_shm_image_get_buffer(bench->images[image]), damage,
			   on_updated, bench);
	vit_test_wait("an update", BENCH_DEADLINE_MS / 1000.0, is_updated, bench);
	time_ns = vit_render_get_stats(bench->render).last_job_ns;
	g_array_append_val(bench->times_ns[what], time_ns);
}

static void bench_memcpy(Bench *bench)
{
	int64_t start_us = g_get_monotonic_time();
	uint64_t time_ns;

	memcpy(bench->copy, vit_shm_image_get_pixels(bench->images[0]), bench->n_bytes);
	/* The copy is looked at, so that the compiler cannot leave it out. */
	__asm__ volatile("" ::"r"(bench->copy) : "memory");
	time_ns = (uint64_t)(g_get_monotonic_time() - start_us) * 1000;
	g_array_append_val(bench->times_ns[BENCH_MEMCPY], time_ns);
}

/* After it the surface shows @image. */
static void bench_round(Bench *bench, unsigned image, const pixman_region32_t *damage)
{
	bench_memcpy(bench);
	bench_update(bench, image, NULL, BENCH_FULL_CHANGE);
	bench_update(bench, image, NULL, BENCH_UNCHANGED);
	bench_update(bench, !image, damage, BENCH_DAMAGE_1PCT);
	bench_update(bench, image, damage, BENCH_DAMAGE_1PCT);
}

/* A reader's thread: is the surface the image? */
static void *bench_check(void *user_data)
{
	Bench *bench = user_data;
	const uint8_t *shown = vit_surface_begin_read(bench->surface);

	bench->failed = memcmp(shown, vit_shm_image_get_pixels(bench->images[BENCH_LAST_IMAGE]),
			       bench->n_bytes) != 0;
	vit_surface_end_read(bench->surface);
	return NULL;
}

static uint8_t *bench_map_like_a_surface(size_t n_bytes)
{
	VIT_AUTOFD int fd = memfd_create("bench", MFD_CLOEXEC);
	uint8_t *bytes;

	g_assert_cmpint(ftruncate(fd, (off_t)n_bytes), ==, 0);
	bytes = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	g_assert_true(bytes != MAP_FAILED);
	(void)madvise(bytes, n_bytes, MADV_HUGEPAGE);
	(void)madvise(bytes, n_bytes, MADV_POPULATE_WRITE);
	return bytes;
}

static void bench_init(Bench *bench, VitRender *render, uint32_t width, uint32_t height)
{
	g_autoptr(GError) error = NULL;

	*bench = (Bench){.render = render};
	bench->surface = vit_surface_new(render, width, height, &error);
	g_assert_no_error(error);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t *pixels;

		bench->images[i] =
			vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, &error);
		g_assert_no_error(error);
		pixels = (uint32_t *)vit_shm_image_get_pixels(bench->images[i]);
		for (size_t j = 0; j < (size_t)width * height; j++) {
			pixels[j] = 0xff000000u | ((uint32_t)(j * 2654435761u >> 8) ^ i);
		}
	}
	bench->n_bytes = (size_t)vit_surface_get_stride_bytes(bench->surface) * height;
	g_assert_cmpuint(bench->n_bytes, ==, (size_t)width * height * 4);
	bench->copy = bench_map_like_a_surface(bench->n_bytes);
	for (unsigned i = 0; i < BENCH_N_WHATS; i++) {
		bench->times_ns[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	}
}

static void bench_clear(Bench *bench)
{
	for (unsigned i = 0; i < BENCH_N_WHATS; i++) {
		g_array_unref(bench->times_ns[i]);
	}
	(void)munmap(bench->copy, bench->n_bytes);
	vit_shm_image_free(bench->images[0]);
	vit_shm_image_free(bench->images[1]);
	vit_surface_unref(bench->surface);
	vit_render_forget_buffers(bench->render);
}

static int compare_times(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static double bench_median_ms(Bench *bench, BenchWhat what)
{
	GArray *times_ns = bench->times_ns[what];

	g_array_sort(times_ns, compare_times);
	return (double)g_array_index(times_ns, uint64_t, times_ns->len / 2) / 1e6;
}

static bool bench_size(VitRender *render, uint32_t width, uint32_t height)
{
	Bench bench;
	pixman_region32_t damage;
	double memcpy_ms;
	GThread *reader;

	bench_init(&bench, render, width, height);
	pixman_region32_init_rect(&damage, (int)width / 3, (int)height / 3, width / 10,
				  height / 10);
	for (unsigned i = 0; i < BENCH_WARM_UP_ROUNDS + BENCH_ROUNDS; i++) {
		if (i == BENCH_WARM_UP_ROUNDS) {
			for (unsigned j = 0; j < BENCH_N_WHATS; j++) {
				g_array_set_size(bench.times_ns[j], 0);
			}
		}
		bench_round(&bench, i % 2, &damage);
	}
	reader = g_thread_new("reader", bench_check, &bench);
	(void)g_thread_join(reader);
	memcpy_ms = bench_median_ms(&bench, BENCH_MEMCPY);
	printf("{\"bench\":\"surface\",\"size\":\"%ux%u\",\"memcpy_ms\":%.3f,"
	       "\"unchanged_ratio\":%.3f,\"full_change_ratio\":%.3f,"
	       "\"damage_1pct_ratio\":%.4f}\n",
	       width, height, memcpy_ms, bench_median_ms(&bench, BENCH_UNCHANGED) / memcpy_ms,
	       bench_median_ms(&bench, BENCH_FULL_CHANGE) / memcpy_ms,
	       bench_median_ms(&bench, BENCH_DAMAGE_1PCT) / memcpy_ms);
	pixman_region32_fini(&damage);
	bench_clear(&bench);
	return !bench.failed;
}

int main(void)
{
	VitRenderOptions options = {
		.program = VIT_BENCH_RENDER,
		.job_deadline_ms = BENCH_DEADLINE_MS,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitRender) render = vit_render_new(&options, &error);

	if (!render) {
		(void)fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	return bench_size(render, 1920, 1080) && bench_size(render, 3840, 2160) ? 0 : 1;
}

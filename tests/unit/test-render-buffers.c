/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Unit tests of encoders/render-buffers.c. */
#include "encoders/render-buffers.h"

#include <drm_fourcc.h>

#include "sources/shm-image.h"
#include "tests/support/fixture.h"

static VitBuffer *make_buffer(void)
{
	g_autoptr(VitShmImage) image = vit_shm_image_new(1, 1, DRM_FORMAT_XRGB8888, 0, false, NULL);

	return vit_buffer_ref(vit_shm_image_get_buffer(image));
}

static void test_same_buffer(void)
{
	VitRenderBuffers buffers;
	g_autoptr(VitBuffer) buffer = make_buffer();
	VitRenderBuffer *first, *second;

	vit_render_buffers_init(&buffers);
	first = vit_render_buffers_use(&buffers, buffer);
	second = vit_render_buffers_use(&buffers, buffer);
	g_assert_true(first == second);
	g_assert_cmpuint(first->users, ==, 2);
	g_assert_cmpuint(first->id, ==, 1);
	vit_render_buffers_release(&buffers, first);
	vit_render_buffers_release(&buffers, second);
	g_assert_cmpuint(buffers.entries.length, ==, 1);
	vit_render_buffers_clear(&buffers);
}

/* The one that was not used for longest goes; it is to be detached if it was attached. */
static void test_keeps_last_used(void)
{
	VitRenderBuffers buffers;
	g_autoptr(VitBuffer) first = make_buffer();

	vit_render_buffers_init(&buffers);
	vit_render_buffers_release(&buffers, vit_render_buffers_use(&buffers, first));
	for (unsigned i = 0; i < VIT_RENDER_KEPT_BUFFERS; i++) {
		g_autoptr(VitBuffer) other = make_buffer();
		VitRenderBuffer *entry = vit_render_buffers_use(&buffers, other);

		entry->attached = true;
		vit_render_buffers_release(&buffers, entry);
		vit_render_buffers_release(&buffers, vit_render_buffers_use(&buffers, first));
	}
	g_assert_cmpuint(buffers.entries.length, ==, VIT_RENDER_KEPT_BUFFERS);
	g_assert_true(((VitRenderBuffer *)buffers.entries.head->data)->buffer == first);
	g_assert_cmpuint(buffers.dropped->len, ==, 1);
	g_assert_cmpuint(g_array_index(buffers.dropped, uint64_t, 0), ==, 2);
	vit_render_buffers_clear(&buffers);
}

static void test_used_stay(void)
{
	VitRenderBuffers buffers;
	VitRenderBuffer *entries[VIT_RENDER_KEPT_BUFFERS + 2];

	vit_render_buffers_init(&buffers);
	for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
		g_autoptr(VitBuffer) buffer = make_buffer();

		entries[i] = vit_render_buffers_use(&buffers, buffer);
	}
	g_assert_cmpuint(buffers.entries.length, ==, G_N_ELEMENTS(entries));
	for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
		vit_render_buffers_release(&buffers, entries[i]);
	}
	g_assert_cmpuint(buffers.entries.length, ==, VIT_RENDER_KEPT_BUFFERS);
	/* Never attached, so nothing to tell. */
	g_assert_cmpuint(buffers.dropped->len, ==, 0);
	vit_render_buffers_clear(&buffers);
}

static void test_forget(void)
{
	VitRenderBuffers buffers;
	g_autoptr(VitBuffer) idle = make_buffer();
	g_autoptr(VitBuffer) busy = make_buffer();
	VitRenderBuffer *entry;

	vit_render_buffers_init(&buffers);
	entry = vit_render_buffers_use(&buffers, idle);
	entry->attached = true;
	vit_render_buffers_release(&buffers, entry);
	entry = vit_render_buffers_use(&buffers, busy);
	entry->attached = true;
	vit_render_buffers_forget(&buffers);
	g_assert_cmpuint(buffers.entries.length, ==, 1);
	g_assert_cmpuint(buffers.dropped->len, ==, 1);
	vit_render_buffers_release(&buffers, entry);
	g_assert_cmpuint(buffers.entries.length, ==, 0);
	g_assert_cmpuint(buffers.dropped->len, ==, 2);
	vit_render_buffers_clear(&buffers);
}

static void test_reset(void)
{
	VitRenderBuffers buffers;
	g_autoptr(VitBuffer) first = make_buffer();
	g_autoptr(VitBuffer) second = make_buffer();
	VitRenderBuffer *entry;

	vit_render_buffers_init(&buffers);
	entry = vit_render_buffers_use(&buffers, first);
	entry->attached = true;
	vit_render_buffers_release(&buffers, entry);
	vit_render_buffers_forget(&buffers);
	entry = vit_render_buffers_use(&buffers, second);
	entry->attached = true;
	vit_render_buffers_reset(&buffers);
	g_assert_false(entry->attached);
	g_assert_cmpuint(buffers.dropped->len, ==, 0);
	vit_render_buffers_release(&buffers, entry);
	vit_render_buffers_clear(&buffers);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/render-buffers/same-buffer", test_same_buffer);
	vit_test_add("/render-buffers/keeps-last-used", test_keeps_last_used);
	vit_test_add("/render-buffers/used-stay", test_used_stay);
	vit_test_add("/render-buffers/forget", test_forget);
	vit_test_add("/render-buffers/reset", test_reset);
	return g_test_run();
}

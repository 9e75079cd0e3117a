/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The console: replay, newest frame wins, the one deadline, slates, errors. */
#include <drm_fourcc.h>

#include "config/error.h"
#include "server/console.h"
#include "sources/shm-image.h"
#include "tests/support/fake-surface.h"
#include "tests/support/fixture.h"

#define WIDTH_PX  64
#define HEIGHT_PX 48

/* A source and a sink that the test drives, and a front-end that writes down what it hears. */
typedef struct Rig {
	VitSource source;
	VitInputSink sink;
	VitFrontend frontend;
	VitRender *render;
	VitConsole *console;
	const VitHost *host;
	void *host_data;
	VitInput last_input;
	uint32_t wished_width, wished_height;
	bool source_destroyed, sink_destroyed;
	unsigned released; /* frames acknowledged */
	unsigned surface_calls;
	bool asks_when_told; /* the front-end asks for pixels from within surface_changed */
	VitSurface *surface; /* last told, borrowed */
	pixman_region32_t changed;
	VitCursor *cursor;
	int32_t cursor_x, cursor_y;
	bool cursor_visible;
	unsigned leds;
	bool absolute;
} Rig;

static void rig_source_start(VitSource *self)
{
}

static void rig_source_stop(VitSource *self)
{
}

static void rig_source_destroy(VitSource *self)
{
	G_STRUCT_MEMBER(bool, self, G_STRUCT_OFFSET(Rig, source_destroyed)) = true;
}

static const VitSourceImpl rig_source_impl = {
	.name = "rig",
	.start = rig_source_start,
	.stop = rig_source_stop,
	.destroy = rig_source_destroy,
};

static Rig *rig_of_sink(VitInputSink *sink)
{
	return (Rig *)(void *)((char *)sink - G_STRUCT_OFFSET(Rig, sink));
}

static Rig *rig_of_frontend(VitFrontend *frontend)
{
	return (Rig *)(void *)((char *)frontend - G_STRUCT_OFFSET(Rig, frontend));
}

static void rig_sink_send(VitInputSink *self, const VitInput *input)
{
	rig_of_sink(self)->last_input = *input;
}

static void rig_sink_set_size(VitInputSink *self, uint32_t width, uint32_t height,
			      uint32_t width_mm, uint32_t height_mm)
{
	rig_of_sink(self)->wished_width = width;
	rig_of_sink(self)->wished_height = height;
}

static void rig_sink_destroy(VitInputSink *self)
{
	rig_of_sink(self)->sink_destroyed = true;
}

static const VitInputSinkImpl rig_sink_impl = {
	.name = "rig",
	.send = rig_sink_send,
	.set_size = rig_sink_set_size,
	.destroy = rig_sink_destroy,
};

static bool rig_frontend_add_head(VitFrontend *self, unsigned head, const VitHost *host,
				  void *host_data, GError **error)
{
	Rig *rig = rig_of_frontend(self);

	rig->host = host;
	rig->host_data = host_data;
	return true;
}

static void rig_frontend_surface(VitFrontend *self, unsigned head, VitSurface *surface,
				 const pixman_region32_t *changed)
{
	Rig *rig = rig_of_frontend(self);

	rig->surface_calls++;
	rig->surface = surface;
	pixman_region32_copy(&rig->changed, (pixman_region32_t *)changed);
	if (rig->asks_when_told) {
		rig->host->request_pixels(rig->host_data);
	}
}

static void rig_frontend_cursor(VitFrontend *self, unsigned head, VitCursor *cursor)
{
	rig_of_frontend(self)->cursor = cursor;
}

static void rig_frontend_cursor_moved(VitFrontend *self, unsigned head, int32_t x, int32_t y,
				      bool visible)
{
	Rig *rig = rig_of_frontend(self);

	rig->cursor_x = x;
	rig->cursor_y = y;
	rig->cursor_visible = visible;
}

static void rig_frontend_leds(VitFrontend *self, unsigned head, unsigned leds)
{
	rig_of_frontend(self)->leds = leds;
}

static void rig_frontend_pointer_mode(VitFrontend *self, unsigned head, bool absolute)
{
	rig_of_frontend(self)->absolute = absolute;
}

static const VitFrontendImpl rig_frontend_impl = {
	.name = "rig",
	.add_head = rig_frontend_add_head,
	.surface_changed = rig_frontend_surface,
	.cursor = rig_frontend_cursor,
	.cursor_moved = rig_frontend_cursor_moved,
	.leds = rig_frontend_leds,
	.pointer_mode = rig_frontend_pointer_mode,
};

static void rig_init(Rig *rig)
{
	g_autoptr(GError) error = NULL;
	const VitConsoleOptions options = {.index = 0, .label = "test", .deadline_ms = 5};

	*rig = (Rig){
		.source.impl = &rig_source_impl,
		.sink.impl = &rig_sink_impl,
		.frontend.impl = &rig_frontend_impl,
		.render = vit_fake_render_new(),
	};
	pixman_region32_init(&rig->changed);
	rig->console = vit_console_new(&options, rig->render, &rig->source, &rig->sink, &error);
	g_assert_no_error(error);
}

static void rig_attach(Rig *rig)
{
	g_assert_true(vit_console_attach(rig->console, &rig->frontend, NULL));
}

static void rig_clear(Rig *rig)
{
	pixman_region32_t nothing;

	vit_console_free(rig->console);
	g_assert_true(rig->source_destroyed);
	g_assert_true(rig->sink_destroyed);
	pixman_region32_init(&nothing);
	if (vit_fake_surface_get_update(rig->render, &(VitSurface *){NULL}, &(VitBuffer *){NULL},
					&(const pixman_region32_t *){NULL})) {
		vit_fake_surface_end_update(rig->render, &nothing, NULL);
	}
	pixman_region32_fini(&rig->changed);
	vit_render_unref(rig->render);
}

static VitBuffer *make_buffer(uint32_t width, uint32_t height)
{
	g_autoptr(VitShmImage) image =
		vit_shm_image_new(width, height, DRM_FORMAT_XRGB8888, 0, false, NULL);

	return vit_buffer_ref(vit_shm_image_get_buffer(image));
}

static void on_released(void *user_data)
{
	((Rig *)user_data)->released++;
}

/* One presentation with a damaged rectangle; a width of 0 means damage unknown. */
static void rig_send_frame(Rig *rig, VitBuffer *buffer, VitRect rect)
{
	pixman_region32_t damage;
	VitFrame *frame;

	pixman_region32_init_rect(&damage, rect.x, rect.y, (unsigned)rect.width,
				  (unsigned)rect.height);
	frame = vit_frame_new(buffer, rect.width ? &damage : NULL, 1, -1, on_released, rig);
	rig->source.events->frame(rig->source.events_data, frame);
	vit_frame_unref(frame);
	pixman_region32_fini(&damage);
}

static void rig_scanout(Rig *rig, VitBuffer *buffer)
{
	rig->source.events->scanout(rig->source.events_data, buffer);
}

/* Ends the running update, which must be there, with these tiles changed. */
static void rig_end_update(Rig *rig, VitRect rect, const GError *error)
{
	pixman_region32_t changed;

	pixman_region32_init_rect(&changed, rect.x, rect.y, (unsigned)rect.width,
				  (unsigned)rect.height);
	vit_fake_surface_end_update(rig->render, &changed, error);
	pixman_region32_fini(&changed);
}

/* Brings a rig to the state of every day: a guest's picture, read by an attached front-end. */
static VitBuffer *rig_show(Rig *rig)
{
	VitBuffer *buffer = make_buffer(WIDTH_PX, HEIGHT_PX);

	rig_init(rig);
	rig_attach(rig);
	rig_scanout(rig, buffer);
	rig->host->request_pixels(rig->host_data);
	rig_end_update(rig, (VitRect){0, 0, WIDTH_PX, HEIGHT_PX}, NULL);
	g_assert_true(pixman_region32_not_empty(&rig->changed));
	return buffer;
}

static bool rig_is_updating(Rig *rig, VitRect expected)
{
	VitSurface *surface;
	VitBuffer *buffer;
	const pixman_region32_t *damage;
	pixman_region32_t wanted;
	bool equal;

	if (!vit_fake_surface_get_update(rig->render, &surface, &buffer, &damage)) {
		return false;
	}
	pixman_region32_init_rect(&wanted, expected.x, expected.y, (unsigned)expected.width,
				  (unsigned)expected.height);
	equal = pixman_region32_equal(&wanted, (pixman_region32_t *)damage);
	pixman_region32_fini(&wanted);
	g_assert_true(equal);
	return true;
}

static bool rig_is_reading(Rig *rig, const VitBuffer *buffer)
{
	VitBuffer *read;

	return vit_fake_surface_get_update(rig->render, &(VitSurface *){NULL}, &read,
					   &(const pixman_region32_t *){NULL}) &&
	       read == buffer;
}

static const VitRect everything = {0, 0, WIDTH_PX, HEIGHT_PX};
static const VitRect corner = {0, 0, 8, 8};
static const VitRect beside_corner = {8, 0, 8, 8};
static const VitRect centre = {20, 20, 8, 8};

static void test_replays_present_state(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = make_buffer(WIDTH_PX, HEIGHT_PX);
	const uint32_t pixel = 0xffffffff;
	g_autoptr(VitCursor) cursor = vit_cursor_new(1, 1, 0, 0, &pixel, sizeof pixel, NULL);
	const VitSourceEvents *events;

	rig_init(&rig);
	events = rig.source.events;
	rig_scanout(&rig, buffer);
	events->cursor(rig.source.events_data, cursor);
	events->cursor_moved(rig.source.events_data, 3, 4, true);
	events->leds(rig.source.events_data, VIT_LED_NUM_LOCK);
	events->pointer_mode(rig.source.events_data, false);
	rig_attach(&rig);
	g_assert_cmpuint(rig.surface_calls, ==, 1);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, WIDTH_PX);
	g_assert_false(pixman_region32_not_empty(&rig.changed)); /* no pixels yet */
	g_assert_true(rig.cursor == cursor);
	g_assert_cmpint(rig.cursor_x, ==, 3);
	g_assert_cmpint(rig.cursor_y, ==, 4);
	g_assert_true(rig.cursor_visible);
	g_assert_cmpuint(rig.leds, ==, VIT_LED_NUM_LOCK);
	g_assert_false(rig.absolute);
	rig_clear(&rig);
}

static void test_reads_nothing_unasked(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig_send_frame(&rig, buffer, corner);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

static void test_holds_frame_until_read(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	g_assert_false(rig_is_updating(&rig, everything)); /* nothing is stale */
	rig_send_frame(&rig, buffer, corner);
	g_assert_true(rig_is_updating(&rig, corner));
	g_assert_cmpuint(rig.released, ==, 0);
	rig_end_update(&rig, corner, NULL);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_true(pixman_region32_not_empty(&rig.changed));
	rig_clear(&rig);
}

static void test_merges_damage_while_reading(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_send_frame(&rig, buffer, centre); /* released at once: nothing queues */
	g_assert_cmpuint(rig.released, ==, 1);
	rig_end_update(&rig, corner, NULL);
	g_assert_false(rig_is_updating(&rig, everything));
	rig.host->request_pixels(rig.host_data);
	g_assert_true(rig_is_updating(&rig, centre));
	rig_clear(&rig);
}

static void test_unknown_damage_is_everything(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, (VitRect){0});
	g_assert_true(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

static void test_unchanged_keeps_request_open(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	unsigned calls = rig.surface_calls;

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_cmpuint(rig.surface_calls, ==, calls);
	rig_send_frame(&rig, buffer, centre);
	g_assert_true(rig_is_updating(&rig, centre));
	rig_clear(&rig);
}

static bool rig_has_released(void *user_data)
{
	return ((Rig *)user_data)->released > 0;
}

static void test_deadline_releases_once(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	vit_test_wait("the deadline", 5, rig_has_released, &rig);
	g_assert_cmpuint(vit_console_get_stats(rig.console).deadline_misses, ==, 1);
	/* Late: the next frames do not wait for it. */
	rig_send_frame(&rig, buffer, centre);
	g_assert_cmpuint(rig.released, ==, 2);
	rig_end_update(&rig, corner, NULL);
	g_assert_cmpuint(rig.released, ==, 2);
	/* Done: it is waited for again. */
	rig.host->request_pixels(rig.host_data);
	rig_end_update(&rig, centre, NULL);
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	g_assert_cmpuint(rig.released, ==, 2);
	rig_clear(&rig);
	g_assert_cmpuint(rig.released, ==, 3);
}

static void test_resize_replaces_surface(void)
{
	Rig rig;
	g_autoptr(VitBuffer) large = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	VitSurface *before;

	vit_buffer_unref(rig_show(&rig));
	before = rig.surface;
	rig_scanout(&rig, large);
	g_assert_true(rig.surface != before);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, 2 * WIDTH_PX);
	g_assert_false(pixman_region32_not_empty(&rig.changed));
	rig.host->request_pixels(rig.host_data);
	/* Even when no pixel differs from black, the first read is told as a whole. */
	rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_true(pixman_region32_not_empty(&rig.changed));
	rig_clear(&rig);
}

static void test_resize_while_reading(void)
{
	Rig rig;
	g_autoptr(VitBuffer) small = rig_show(&rig);
	g_autoptr(VitBuffer) large = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	unsigned calls;

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, small, corner);
	rig_scanout(&rig, large);
	calls = rig.surface_calls;
	rig.host->request_pixels(rig.host_data);
	rig_end_update(&rig, corner, NULL); /* of the old surface: told to nobody */
	g_assert_cmpuint(rig.surface_calls, ==, calls);
	g_assert_true(rig_is_updating(&rig, (VitRect){0, 0, 2 * WIDTH_PX, HEIGHT_PX}));
	rig_clear(&rig);
}

/* A viewer that asks at once when it hears of the size: one read, which holds the frame. */
static void test_resize_by_frame_holds_it(void)
{
	Rig rig;
	g_autoptr(VitBuffer) small = rig_show(&rig);
	g_autoptr(VitBuffer) large = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	const VitRect all_of_large = {0, 0, 2 * WIDTH_PX, HEIGHT_PX};

	rig.asks_when_told = true;
	rig_send_frame(&rig, large, corner);
	g_assert_true(rig_is_updating(&rig, all_of_large));
	g_assert_cmpuint(rig.released, ==, 0);
	rig_end_update(&rig, all_of_large, NULL);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(rig_is_updating(&rig, all_of_large));
	rig_scanout(&rig, small);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_end_update(&rig, everything, NULL);
	g_assert_false(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

static bool rig_is_updating_anything(void *user_data)
{
	return vit_fake_surface_get_update(((Rig *)user_data)->render, &(VitSurface *){NULL},
					   &(VitBuffer *){NULL},
					   &(const pixman_region32_t *){NULL});
}

static void test_resize_without_memory(void)
{
	Rig rig;
	g_autoptr(VitBuffer) small = rig_show(&rig);
	g_autoptr(VitBuffer) large = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	VitSurface *before = rig.surface;

	rig.host->request_pixels(rig.host_data);
	vit_fake_render_set_full(rig.render, true);
	rig_scanout(&rig, large);
	g_assert_true(rig.surface == before);
	rig_send_frame(&rig, large, corner);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_false(rig_is_updating_anything(&rig));
	/* The guest says no more, and the request is still open. */
	vit_fake_render_set_full(rig.render, false);
	vit_test_wait("another attempt", 10, rig_is_updating_anything, &rig);
	g_assert_true(rig.surface != before);
	g_assert_true(rig_is_updating(&rig, (VitRect){0, 0, 2 * WIDTH_PX, HEIGHT_PX}));
	rig_clear(&rig);
}

/* Back at the old size the old surface is there, but what is on it is not the guest's. */
static void test_resize_without_memory_and_back(void)
{
	Rig rig;
	g_autoptr(VitBuffer) small = rig_show(&rig);
	g_autoptr(VitBuffer) large = make_buffer(2 * WIDTH_PX, HEIGHT_PX);
	VitSurface *before = rig.surface;

	vit_fake_render_set_full(rig.render, true);
	rig_send_frame(&rig, large, corner);
	rig_send_frame(&rig, small, corner);
	rig.host->request_pixels(rig.host_data);
	vit_test_wait("another attempt", 10, rig_is_updating_anything, &rig);
	g_assert_true(rig.surface == before);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

static void test_lost_shows_slate_of_same_size(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "the test took the VM away");
	VitSurface *surface = rig.surface;

	rig.host->request_pixels(rig.host_data);
	rig.source.events->lost(rig.source.events_data, error);
	g_assert_cmpuint(vit_fake_render_get_forgets(rig.render), ==, 1);
	g_assert_true(rig_is_updating(&rig, everything));
	g_assert_true(rig.surface == surface);
	rig_end_update(&rig, everything, NULL);
	rig_scanout(&rig, buffer);
	rig.host->request_pixels(rig.host_data);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

static void test_slate_of_huge_picture_is_small(void)
{
	Rig rig;
	g_autoptr(VitBuffer) huge = make_buffer(VIT_BUFFER_MAX_SIDE, 4096);

	rig_init(&rig);
	rig_attach(&rig);
	rig_scanout(&rig, huge);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, VIT_BUFFER_MAX_SIDE);
	rig_scanout(&rig, NULL);
	g_assert_cmpuint(vit_surface_get_width(rig.surface), ==, 1024);
	g_assert_cmpuint(vit_surface_get_height(rig.surface), ==, 768);
	rig_clear(&rig);
}

static void test_refused_buffer_shows_slate(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, (VitRect){0}, error);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1);
	g_assert_true(rig_is_updating(&rig, everything)); /* the slate */
	rig_end_update(&rig, everything, NULL);
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner); /* still the refused one */
	g_assert_false(rig_is_updating(&rig, everything));
	g_assert_cmpuint(rig.released, ==, 2);
	rig_clear(&rig);
}

/* A guest that draws into two buffers in turn: the second lacks on the surface what the first,
 * which could not be read, was to bring. */
static void test_refused_buffer_leaves_its_damage(void)
{
	Rig rig;
	g_autoptr(VitBuffer) first = rig_show(&rig);
	g_autoptr(VitBuffer) second = make_buffer(WIDTH_PX, HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test took its memory away");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, first, corner);
	rig_send_frame(&rig, second, beside_corner);
	rig_end_update(&rig, corner, error);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 0);
	g_assert_true(rig_is_updating(&rig, (VitRect){0, 0, 16, 8}));
	rig_clear(&rig);
}

/* What a failed read has half written must be told, even where the slate leaves it as it is. */
static void test_refused_buffer_is_told(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test took its memory away");
	unsigned calls = rig.surface_calls;

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, corner, error);
	rig_end_update(&rig, (VitRect){0}, NULL);
	g_assert_cmpuint(rig.surface_calls, ==, calls + 1);
	g_assert_cmpint(
		pixman_region32_contains_rectangle(&rig.changed, &(pixman_box32_t){0, 0, 8, 8}), ==,
		PIXMAN_REGION_IN);
	rig_clear(&rig);
}

/* Damage is what differs from the guest's picture before; a slate is not that. */
static GLogWriterOutput count_warnings(GLogLevelFlags level, const GLogField *fields,
				       gsize n_fields, gpointer user_data)
{
	unsigned *warnings = user_data;

	*warnings += (level & G_LOG_LEVEL_WARNING) ? 1 : 0;
	return g_log_writer_default(level, fields, n_fields, NULL);
}

static unsigned *get_warnings(void)
{
	static unsigned warnings;

	return &warnings;
}

/* A VMM that sends nothing but nonsense fills no disk, and has no slate drawn for each. */
static void test_refused_by_the_thousand(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test refuses this");
	unsigned before = *get_warnings();

	for (unsigned i = 0; i < 1000; i++) {
		rig.source.events->refused(rig.source.events_data, error);
	}
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1000);
	g_assert_cmpuint(*get_warnings() - before, >=, 1);
	g_assert_cmpuint(*get_warnings() - before, <, 100);
	/* A picture that comes and is refused then is replaced all the same. */
	rig_scanout(&rig, buffer);
	rig.source.events->refused(rig.source.events_data, error);
	rig.host->request_pixels(rig.host_data);
	g_assert_true(rig_is_updating(&rig, everything));
	g_assert_false(rig_is_reading(&rig, buffer));
	rig_clear(&rig);
}

static void test_frame_replaces_whole_slate(void)
{
	Rig rig;
	g_autoptr(VitBuffer) first = rig_show(&rig);
	g_autoptr(VitBuffer) second = make_buffer(WIDTH_PX, HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the test refuses this");

	rig.host->request_pixels(rig.host_data);
	rig.source.events->refused(rig.source.events_data, error);
	rig_end_update(&rig, everything, NULL);
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, second, corner);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_end_update(&rig, everything, NULL);
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, second, corner);
	g_assert_true(rig_is_updating(&rig, corner));
	rig_clear(&rig);
}

static void test_refused_frame_is_made_up_for(void)
{
	Rig rig;
	g_autoptr(VitBuffer) first = rig_show(&rig);
	g_autoptr(VitBuffer) second = make_buffer(WIDTH_PX, HEIGHT_PX);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test cannot read this");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, first, corner);
	rig_end_update(&rig, corner, error);
	rig_end_update(&rig, everything, NULL); /* the slate */
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, second, corner);
	rig_end_update(&rig, everything, NULL);
	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, first, corner); /* not read */
	g_assert_false(rig_is_updating(&rig, everything));
	rig_send_frame(&rig, second, centre);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

/* A render process that can read nothing at all: no slate after slate, as fast as it answers. */
static void test_refused_slate_is_retried(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_UNSUPPORTED, "the test can read nothing");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, corner, error);
	g_assert_true(rig_is_updating(&rig, everything)); /* the slate */
	rig_end_update(&rig, everything, error);
	g_assert_false(rig_is_updating_anything(&rig));
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 1);
	vit_test_wait("the retry", 10, rig_is_updating_anything, &rig);
	g_assert_true(rig_is_updating(&rig, everything));
	rig_clear(&rig);
}

/* A machine that was slow for a moment, and a guest that sends no more frames. */
static void test_busy_buffer_is_retried(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error = g_error_new(VIT_ERROR, VIT_ERROR_BUSY, "the test hung twice");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, corner, error);
	g_assert_true(rig_is_updating(&rig, everything)); /* the slate */
	g_assert_false(rig_is_reading(&rig, buffer));
	rig_end_update(&rig, everything, NULL);
	rig.host->request_pixels(rig.host_data);
	vit_test_wait("the retry", 20, rig_is_updating_anything, &rig);
	g_assert_true(rig_is_updating(&rig, everything));
	g_assert_true(rig_is_reading(&rig, buffer));
	rig_clear(&rig);
}

static void test_render_death_is_retried(void)
{
	Rig rig;
	g_autoptr(VitBuffer) buffer = rig_show(&rig);
	g_autoptr(GError) error =
		g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED, "the test killed it");

	rig.host->request_pixels(rig.host_data);
	rig_send_frame(&rig, buffer, corner);
	rig_end_update(&rig, corner, error);
	g_assert_cmpuint(rig.released, ==, 1);
	g_assert_cmpuint(vit_console_get_stats(rig.console).refused, ==, 0);
	vit_test_wait("the retry", 5, rig_is_updating_anything, &rig);
	g_assert_true(rig_is_updating(&rig, corner));
	rig_clear(&rig);
}

static void test_input_is_clipped(void)
{
	Rig rig;
	const VitInput far_away = {.type = VIT_INPUT_POINTER_ABSOLUTE,
				   .absolute = {.x = 5000, .y = 7}};
	const VitInput touch = {.type = VIT_INPUT_TOUCH, .touch = {.x = -3, .y = 1e9}};

	vit_buffer_unref(rig_show(&rig));
	rig.host->input(rig.host_data, &far_away);
	g_assert_cmpuint(rig.last_input.absolute.x, ==, WIDTH_PX - 1);
	g_assert_cmpuint(rig.last_input.absolute.y, ==, 7);
	rig.host->input(rig.host_data, &touch);
	g_assert_cmpfloat(rig.last_input.touch.x, ==, 0);
	g_assert_cmpfloat(rig.last_input.touch.y, ==, HEIGHT_PX - 1);
	rig.host->set_size(rig.host_data, 0, 100000);
	g_assert_cmpuint(rig.wished_width, ==, 1);
	g_assert_cmpuint(rig.wished_height, ==, VIT_BUFFER_MAX_SIDE);
	rig_clear(&rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_writer_func(count_warnings, get_warnings(), NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	vit_test_add("/console/attach/replays-present-state", test_replays_present_state);
	vit_test_add("/console/frame/reads-nothing-unasked", test_reads_nothing_unasked);
	vit_test_add("/console/frame/held-until-read", test_holds_frame_until_read);
	vit_test_add("/console/frame/merges-damage", test_merges_damage_while_reading);
	vit_test_add("/console/frame/unknown-damage", test_unknown_damage_is_everything);
	vit_test_add("/console/frame/unchanged-keeps-request-open",
		     test_unchanged_keeps_request_open);
	vit_test_add("/console/deadline/releases-once", test_deadline_releases_once);
	vit_test_add("/console/resize/replaces-surface", test_resize_replaces_surface);
	vit_test_add("/console/resize/while-reading", test_resize_while_reading);
	vit_test_add("/console/resize/by-frame-holds-it", test_resize_by_frame_holds_it);
	vit_test_add("/console/resize/without-memory", test_resize_without_memory);
	vit_test_add("/console/resize/without-memory-and-back",
		     test_resize_without_memory_and_back);
	vit_test_add("/console/lost/slate-of-same-size", test_lost_shows_slate_of_same_size);
	vit_test_add("/console/lost/slate-of-huge-picture", test_slate_of_huge_picture_is_small);
	vit_test_add("/console/refused/slate", test_refused_buffer_shows_slate);
	vit_test_add("/console/refused/leaves-its-damage", test_refused_buffer_leaves_its_damage);
	vit_test_add("/console/refused/half-written-is-told", test_refused_buffer_is_told);
	vit_test_add("/console/refused/by-the-thousand", test_refused_by_the_thousand);
	vit_test_add("/console/refused/slate-goes-whole", test_frame_replaces_whole_slate);
	vit_test_add("/console/refused/frame-is-made-up-for", test_refused_frame_is_made_up_for);
	vit_test_add("/console/refused/slate-is-retried", test_refused_slate_is_retried);
	vit_test_add("/console/refused/busy-is-retried", test_busy_buffer_is_retried);
	vit_test_add("/console/render/death-is-retried", test_render_death_is_retried);
	vit_test_add("/console/input/is-clipped", test_input_is_clipped);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The one file that runs on libspice-server's worker threads: each QXL has one, and most of the
 * interface below is called there. It posts to the loop by making a source ready, which any thread
 * may do; the source goes only once the server, and with it the thread, is gone.
 *
 * There are no QXL drawing commands: pictures are GL scanouts. Until the end only those calls of
 * the library are made that do not wait for the worker.
 */
#include "server/spice/qxl.h"

#include <errno.h>
#include <fcntl.h>
#include <spice.h>

#include "config/error.h"

/* Told back by async_complete(). */
#define COOKIE_DRAW     1
#define COOKIE_MEMSLOT  2
#define COOKIE_MONITORS 3

#define MEMSLOT_BITS 8

struct VitSpiceQxl {
	QXLInstance instance; /* first: the library knows nothing else */
	VitSpiceQxlPlace place;
	const VitSpiceQxlEvents *events;
	void *user_data;
	GSource *done; /* ready when the draw is done */
	int draws_out; /* atomic; 0 or 1 */
	uint32_t width, height;
	QXLMonitorsConfig *monitors; /* read by the worker before it completes the next draw */

	GMutex cursor_lock;
	VitSpiceCursorCommand *cursor_shape; /* not yet taken by the worker; NULL: none */
	VitSpiceCursorCommand *cursor_place; /* likewise, and taken after the shape */
};

static VitSpiceQxl *qxl_of(QXLInstance *instance)
{
	return (VitSpiceQxl *)(void *)instance;
}

/* ---- Called by the library, on whatever thread unless it says otherwise ---- */

static void qxl_attached_worker(QXLInstance *instance)
{
}

static void qxl_set_compression_level(QXLInstance *instance, int level)
{
}

static void qxl_get_init_info(QXLInstance *instance, QXLDevInitInfo *ret_info)
{
	*ret_info = (QXLDevInitInfo){
		.num_memslots_groups = 1,
		.num_memslots = 1,
		.memslot_gen_bits = MEMSLOT_BITS,
		.memslot_id_bits = MEMSLOT_BITS,
		.n_surfaces = 1,
	};
}

static int qxl_get_command(QXLInstance *instance, QXLCommandExt *ret_command)
{
	return FALSE;
}

static int qxl_req_notification(QXLInstance *instance)
{
	return TRUE; /* nothing is there: wait for spice_qxl_wakeup() */
}

/* The library is done with a cursor command. */
static void qxl_release_resource(QXLInstance *instance, QXLReleaseInfoExt release_info)
{
	vit_spice_cursor_command_free(vit_spice_cursor_command_of(release_info.info));
}

static int qxl_get_cursor_command(QXLInstance *instance, QXLCommandExt *ret_command)
{
	VitSpiceQxl *self = qxl_of(instance);
	VitSpiceCursorCommand **slot, *command;

	g_mutex_lock(&self->cursor_lock);
	slot = self->cursor_shape ? &self->cursor_shape : &self->cursor_place;
	command = g_steal_pointer(slot);
	g_mutex_unlock(&self->cursor_lock);
	if (command) {
		vit_spice_cursor_command_give(command, ret_command);
	}
	return command != NULL;
}

static void qxl_notify_update(QXLInstance *instance, uint32_t update_id)
{
}

static int qxl_flush_resources(QXLInstance *instance)
{
	return 0; /* nothing was freed */
}

static void qxl_async_complete(QXLInstance *instance, uint64_t cookie)
{
	if (cookie == COOKIE_DRAW) {
		g_atomic_int_set(&qxl_of(instance)->draws_out, 0);
		g_source_set_ready_time(qxl_of(instance)->done, 0);
	}
}

static void qxl_update_area_complete(QXLInstance *instance, uint32_t surface_id, QXLRect *rects,
				     uint32_t n_rects)
{
}

static void qxl_set_client_capabilities(QXLInstance *instance, uint8_t client_present,
					uint8_t capabilities[SPICE_CAPABILITIES_SIZE])
{
}

/* On the loop. Every display is told of the sizes of all. NULL only asks whether this is known. */
static int qxl_client_monitors_config(QXLInstance *instance, VDAgentMonitorsConfig *config)
{
	VitSpiceQxl *self = qxl_of(instance);

	if (config && self->place.id < config->num_of_monitors) {
		const VDAgentMonConfig *monitor = &config->monitors[self->place.id];

		if (monitor->width > 0 && monitor->height > 0) {
			self->events->size_wished(self->user_data, monitor->width, monitor->height);
		}
	}
	return TRUE;
}

static const QXLInterface qxl_interface = {
	.base =
		{
			.type = SPICE_INTERFACE_QXL,
			.description = "vitrine",
			.major_version = SPICE_INTERFACE_QXL_MAJOR,
			.minor_version = SPICE_INTERFACE_QXL_MINOR,
		},
	.attached_worker = qxl_attached_worker,
	.set_compression_level = qxl_set_compression_level,
	.get_init_info = qxl_get_init_info,
	.get_command = qxl_get_command,
	.req_cmd_notification = qxl_req_notification,
	.release_resource = qxl_release_resource,
	.get_cursor_command = qxl_get_cursor_command,
	.req_cursor_notification = qxl_req_notification,
	.notify_update = qxl_notify_update,
	.flush_resources = qxl_flush_resources,
	.async_complete = qxl_async_complete,
	.update_area_complete = qxl_update_area_complete,
	.set_client_capabilities = qxl_set_client_capabilities,
	.client_monitors_config = qxl_client_monitors_config,
};

/* ---- On the loop ---- */

static gboolean on_done_dispatch(GSource *source, GSourceFunc callback, void *user_data)
{
	VitSpiceQxl *self = user_data;

	g_source_set_ready_time(source, -1);
	self->events->draw_done(self->user_data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_done_unused(void *user_data)
{
	return G_SOURCE_CONTINUE;
}

static GSource *qxl_make_done_source(VitSpiceQxl *self)
{
	static GSourceFuncs functions = {.dispatch = on_done_dispatch};
	GSource *source = g_source_new(&functions, sizeof(GSource));

	g_source_set_callback(source, on_done_unused, self, NULL);
	g_source_set_static_name(source, "vit-spice-draw-done");
	(void)g_source_attach(source, NULL);
	return source;
}

static bool qxl_add_interface(VitSpiceQxl *self)
{
	/* All of memory, so that a pointer is an address of QXL's. */
	QXLDevMemSlot memory = {.virt_end = UINTPTR_MAX};

	if (spice_server_add_interface(self->place.server, &self->instance.base) != 0) {
		return false;
	}
	spice_qxl_add_memslot_async(&self->instance, &memory, COOKIE_MEMSLOT);
	return true;
}

VitSpiceQxl *vit_spice_qxl_new(const VitSpiceQxlPlace *place, const VitSpiceQxlEvents *events,
			       void *user_data, GError **error)
{
	g_autoptr(VitSpiceQxl) self = g_new0(VitSpiceQxl, 1);
	VitSpiceCore *previous = vit_spice_core_enter(place->core);
	bool added;

	self->instance.base.sif = &qxl_interface.base;
	self->instance.id = (int)place->id;
	self->place = *place;
	self->events = events;
	self->user_data = user_data;
	self->done = qxl_make_done_source(self);
	g_mutex_init(&self->cursor_lock);
	self->monitors = g_malloc0(sizeof(QXLMonitorsConfig) + sizeof(QXLHead));
	added = qxl_add_interface(self);
	vit_spice_core_leave(previous);
	if (!added) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "libspice-server refuses display %u.", place->id);
		return NULL;
	}
	return g_steal_pointer(&self);
}

void vit_spice_qxl_stop(VitSpiceQxl *self)
{
	VitSpiceCore *previous = vit_spice_core_enter(self->place.core);

	/* It is answered once the worker has dealt with all that came before. */
	spice_qxl_reset_image_cache(&self->instance);
	if (g_atomic_int_get(&self->draws_out) == 0) {
		spice_qxl_gl_scanout(&self->instance, -1, 0, 0, 0, 0, FALSE);
	}
	vit_spice_core_leave(previous);
}

void vit_spice_qxl_free(VitSpiceQxl *self)
{
	if (!self) {
		return;
	}
	g_source_destroy(self->done);
	g_source_unref(self->done);
	vit_spice_cursor_command_free(self->cursor_shape);
	vit_spice_cursor_command_free(self->cursor_place);
	g_mutex_clear(&self->cursor_lock);
	g_free(self->monitors);
	g_free(self);
}

/* Follows a scanout of another size. */
static void qxl_send_monitors(VitSpiceQxl *self)
{
	self->monitors->count = 1;
	self->monitors->max_allowed = 1;
	self->monitors->heads[0] = (QXLHead){.width = self->width, .height = self->height};
	spice_qxl_monitors_config_async(&self->instance, (uintptr_t)self->monitors, 0,
					COOKIE_MONITORS);
}

bool vit_spice_qxl_scanout(VitSpiceQxl *self, const VitSpiceScanout *scanout, GError **error)
{
	int fd = fcntl(scanout->fd, F_DUPFD_CLOEXEC, 0);
	VitSpiceCore *previous;

	if (fd < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "A buffer cannot be handed on to a SPICE viewer: %s.",
			    g_strerror(errno));
		return false;
	}
	previous = vit_spice_core_enter(self->place.core);
	/* The library's "Y 0 at the top" means what others call upside down. */
	spice_qxl_gl_scanout(&self->instance, fd, scanout->width, scanout->height,
			     scanout->stride_bytes, scanout->fourcc, scanout->bottom_up);
	if (scanout->width != self->width || scanout->height != self->height) {
		self->width = scanout->width;
		self->height = scanout->height;
		qxl_send_monitors(self);
	}
	vit_spice_core_leave(previous);
	return true;
}

void vit_spice_qxl_draw(VitSpiceQxl *self, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	VitSpiceCore *previous = vit_spice_core_enter(self->place.core);

	g_atomic_int_set(&self->draws_out, 1);
	spice_qxl_gl_draw_async(&self->instance, x, y, width, height, COOKIE_DRAW);
	vit_spice_core_leave(previous);
}

static void qxl_wake(VitSpiceQxl *self)
{
	VitSpiceCore *previous = vit_spice_core_enter(self->place.core);

	spice_qxl_wakeup(&self->instance);
	vit_spice_core_leave(previous);
}

void vit_spice_qxl_set_cursor(VitSpiceQxl *self, const VitCursor *cursor,
			      const VitSpiceCursorPlace *place)
{
	const VitSpiceCursorPlace nowhere = {.visible = false};
	VitSpiceCursorCommand *shape = cursor ? vit_spice_cursor_command_new_shape(cursor, place)
					      : vit_spice_cursor_command_new_place(&nowhere);

	g_mutex_lock(&self->cursor_lock);
	vit_spice_cursor_command_free(self->cursor_shape);
	self->cursor_shape = shape;
	g_clear_pointer(&self->cursor_place, vit_spice_cursor_command_free);
	g_mutex_unlock(&self->cursor_lock);
	qxl_wake(self);
}

void vit_spice_qxl_move_cursor(VitSpiceQxl *self, const VitSpiceCursorPlace *place)
{
	VitSpiceCursorCommand *command = vit_spice_cursor_command_new_place(place);

	g_mutex_lock(&self->cursor_lock);
	vit_spice_cursor_command_free(self->cursor_place);
	self->cursor_place = command;
	g_mutex_unlock(&self->cursor_lock);
	qxl_wake(self);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * libspice-server's core interface on GLib's default main context. A watch may have a mask of 0,
 * and may be removed by its own callback; a timer is one-shot, and may be started or removed by its
 * own callback.
 */
#include "server/spice/core.h"

#include <spice.h>

#include "server/fd-watch.h"

struct VitSpiceCore {
	VitSpiceChannelEvent on_event;
	void *user_data;
	GHashTable *watches; /* SpiceWatch, owned */
	GHashTable *timers;  /* SpiceTimer, owned */
};

struct SpiceWatch {
	VitSpiceCore *core;
	VitFdWatch *fd_watch;
	int fd;
	int mask; /* SPICE_WATCH_EVENT_… */
	SpiceWatchFunc func;
	void *opaque;
};

struct SpiceTimer {
	VitSpiceCore *core;
	SpiceTimerFunc func;
	void *opaque;
	unsigned source; /* 0: not armed */
};

/*
 * For whom the library works on this thread. The one exception to having no globals: its functions
 * take no pointer that could say so.
 */
static GPrivate current_core = G_PRIVATE_INIT(NULL);

VitSpiceCore *vit_spice_core_enter(VitSpiceCore *self)
{
	VitSpiceCore *previous = g_private_get(&current_core);

	g_private_set(&current_core, self);
	return previous;
}

void vit_spice_core_leave(VitSpiceCore *previous)
{
	g_private_set(&current_core, previous);
}

static VitSpiceCore *core_current(void)
{
	VitSpiceCore *core = g_private_get(&current_core);

	g_assert(core);
	return core;
}

/* ---- Watches ---- */

static void watch_free(void *pointer)
{
	SpiceWatch *watch = pointer;

	vit_fd_watch_free(watch->fd_watch);
	g_free(watch);
}

static void watch_tell(SpiceWatch *watch, int events)
{
	VitSpiceCore *previous = vit_spice_core_enter(watch->core);

	watch->func(watch->fd, events, watch->opaque);
	vit_spice_core_leave(previous);
}

static void on_watch_ready(void *user_data, GIOCondition ready)
{
	SpiceWatch *watch = user_data;
	int events = 0;

	if (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR)) {
		events |= SPICE_WATCH_EVENT_READ;
	}
	if (ready & (G_IO_OUT | G_IO_HUP | G_IO_ERR)) {
		events |= SPICE_WATCH_EVENT_WRITE;
	}
	watch_tell(watch, events & watch->mask);
}

static void core_watch_update_mask(SpiceWatch *watch, int mask)
{
	GIOCondition wanted = 0;

	watch->mask = mask;
	if (mask & SPICE_WATCH_EVENT_READ) {
		wanted |= G_IO_IN;
	}
	if (mask & SPICE_WATCH_EVENT_WRITE) {
		wanted |= G_IO_OUT;
	}
	if (wanted) {
		vit_fd_watch_set(watch->fd_watch, wanted);
	} else {
		vit_fd_watch_pause(watch->fd_watch);
	}
}

static SpiceWatch *core_watch_add(int fd, int mask, SpiceWatchFunc func, void *opaque)
{
	SpiceWatch *watch = g_new0(SpiceWatch, 1);

	watch->core = core_current();
	watch->fd = fd;
	watch->func = func;
	watch->opaque = opaque;
	watch->fd_watch = vit_fd_watch_new(fd, on_watch_ready, watch);
	core_watch_update_mask(watch, mask);
	(void)g_hash_table_add(watch->core->watches, watch);
	return watch;
}

static void core_watch_remove(SpiceWatch *watch)
{
	(void)g_hash_table_remove(watch->core->watches, watch);
}

void vit_spice_core_wake_readers(VitSpiceCore *self)
{
	unsigned n_watches;
	g_autofree void **watches = g_hash_table_get_keys_as_array(self->watches, &n_watches);

	for (unsigned i = 0; i < n_watches; i++) {
		/* One that runs may remove others. */
		if (g_hash_table_contains(self->watches, watches[i]) &&
		    ((SpiceWatch *)watches[i])->mask & SPICE_WATCH_EVENT_READ) {
			watch_tell(watches[i], SPICE_WATCH_EVENT_READ);
		}
	}
}

/* ---- Timers ---- */

static void core_timer_cancel(SpiceTimer *timer)
{
	g_clear_handle_id(&timer->source, g_source_remove);
}

static void timer_free(void *pointer)
{
	SpiceTimer *timer = pointer;

	core_timer_cancel(timer);
	g_free(timer);
}

static gboolean on_timer_expired(void *user_data)
{
	SpiceTimer *timer = user_data;
	VitSpiceCore *previous = vit_spice_core_enter(timer->core);

	timer->source = 0;
	timer->func(timer->opaque);
	vit_spice_core_leave(previous);
	return G_SOURCE_REMOVE;
}

static SpiceTimer *core_timer_add(SpiceTimerFunc func, void *opaque)
{
	SpiceTimer *timer = g_new0(SpiceTimer, 1);

	timer->core = core_current();
	timer->func = func;
	timer->opaque = opaque;
	(void)g_hash_table_add(timer->core->timers, timer);
	return timer;
}

static void core_timer_start(SpiceTimer *timer, uint32_t ms)
{
	core_timer_cancel(timer);
	timer->source = g_timeout_add(ms, on_timer_expired, timer);
}

static void core_timer_remove(SpiceTimer *timer)
{
	(void)g_hash_table_remove(timer->core->timers, timer);
}

/* ---- The core ---- */

static void core_channel_event(int event, SpiceChannelEventInfo *info)
{
	VitSpiceCore *self = core_current();

	self->on_event(self->user_data, event, info);
}

SpiceCoreInterface *vit_spice_core_get_interface(void)
{
	static const SpiceCoreInterface interface = {
		.base =
			{
				.type = SPICE_INTERFACE_CORE,
				.description = "vitrine",
				.major_version = SPICE_INTERFACE_CORE_MAJOR,
				.minor_version = SPICE_INTERFACE_CORE_MINOR,
			},
		.timer_add = core_timer_add,
		.timer_start = core_timer_start,
		.timer_cancel = core_timer_cancel,
		.timer_remove = core_timer_remove,
		.watch_add = core_watch_add,
		.watch_update_mask = core_watch_update_mask,
		.watch_remove = core_watch_remove,
		.channel_event = core_channel_event,
	};

	return (SpiceCoreInterface *)&interface;
}

VitSpiceCore *vit_spice_core_new(VitSpiceChannelEvent on_event, void *user_data)
{
	VitSpiceCore *self = g_new0(VitSpiceCore, 1);

	self->on_event = on_event;
	self->user_data = user_data;
	self->watches = g_hash_table_new_full(NULL, NULL, watch_free, NULL);
	self->timers = g_hash_table_new_full(NULL, NULL, timer_free, NULL);
	return self;
}

void vit_spice_core_free(VitSpiceCore *self)
{
	if (g_hash_table_size(self->watches) > 0 || g_hash_table_size(self->timers) > 0) {
		g_debug("libspice-server left %u watches and %u timers behind.",
			g_hash_table_size(self->watches), g_hash_table_size(self->timers));
	}
	g_hash_table_unref(self->watches);
	g_hash_table_unref(self->timers);
	g_free(self);
}

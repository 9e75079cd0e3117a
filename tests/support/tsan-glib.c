/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Linked into what runs under ThreadSanitizer, and only there. The distribution's GLib is not
 * built with it, and its locks are futexes of its own, so the sanitizer cannot see what they order
 * and reports races that are none. These functions take the place of GLib's for calls that come
 * from our objects: each says what it orders and calls the original.
 */

#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* GLib's own function of this name, which ours hides. */
#define GLIB_OWN(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

#undef g_idle_add
#undef g_main_context_invoke

void(g_atomic_ref_count_inc)(gatomicrefcount *count)
{
	GLIB_OWN(g_atomic_ref_count_inc)(count);
}

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
	gboolean was_last;

	__tsan_release(count);
	was_last = GLIB_OWN(g_atomic_ref_count_dec)(count);
	if (was_last) {
		__tsan_acquire(count);
	}
	return was_last;
}

void g_mutex_lock(GMutex *mutex)
{
	GLIB_OWN(g_mutex_lock)(mutex);
	__tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex)
{
	gboolean is_locked = GLIB_OWN(g_mutex_trylock)(mutex);

	if (is_locked) {
		__tsan_acquire(mutex);
	}
	return is_locked;
}

void g_mutex_unlock(GMutex *mutex)
{
	__tsan_release(mutex);
	GLIB_OWN(g_mutex_unlock)(mutex);
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
	__tsan_release(mutex);
	GLIB_OWN(g_cond_wait)(cond, mutex);
	__tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
	gboolean is_signalled;

	__tsan_release(mutex);
	is_signalled = GLIB_OWN(g_cond_wait_until)(cond, mutex, end_time);
	__tsan_acquire(mutex);
	return is_signalled;
}

/* A callback on its way to the thread that runs its main context. */
typedef struct PostedCall {
	GSourceFunc function;
	gpointer user_data;
	GDestroyNotify notify;
} PostedCall;

static PostedCall *posted_call_new(GSourceFunc function, gpointer user_data, GDestroyNotify notify)
{
	PostedCall *self = g_new(PostedCall, 1);

	self->function = function;
	self->user_data = user_data;
	self->notify = notify;
	__tsan_release(self);
	return self;
}

static gboolean on_posted_call(gpointer user_data)
{
	PostedCall *self = user_data;

	__tsan_acquire(self);
	return self->function(self->user_data);
}

static void posted_call_free(gpointer user_data)
{
	PostedCall *self = user_data;

	__tsan_acquire(self);
	if (self->notify) {
		self->notify(self->user_data);
	}
	g_free(self);
}

guint g_idle_add_full(gint priority, GSourceFunc function, gpointer user_data,
		      GDestroyNotify notify)
{
	return GLIB_OWN(g_idle_add_full)(priority, on_posted_call,
					 posted_call_new(function, user_data, notify),
					 posted_call_free);
}

guint(g_idle_add)(GSourceFunc function, gpointer user_data)
{
	return g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, function, user_data, NULL);
}

void g_main_context_invoke_full(GMainContext *context, gint priority, GSourceFunc function,
				gpointer user_data, GDestroyNotify notify)
{
	GLIB_OWN(g_main_context_invoke_full)
	(context, priority, on_posted_call, posted_call_new(function, user_data, notify),
	 posted_call_free);
}

void(g_main_context_invoke)(GMainContext *context, GSourceFunc function, gpointer user_data)
{
	g_main_context_invoke_full(context, G_PRIORITY_DEFAULT, function, user_data, NULL);
}

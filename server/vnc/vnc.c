/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The VNC front-end: heads with their listeners, and the viewers. Here it is decided who is let in:
 * how many, alone or with others, and how many connections may be in their handshake. Those cost
 * little and are the first to go: the oldest of them makes room for a new one, so that somebody who
 * opens connections without ever saying a word locks nobody out.
 */
#include "server/vnc/vnc.h"

#include <string.h>

#include "config/error.h"
#include "server/vnc/client.h"
#include "server/vnc/places.h"

/* Connections in their handshake, beyond as many as there may be viewers. */
#define MAX_HALF_OPEN 16

typedef struct VitVnc VitVnc;

typedef struct VitVncServedHead {
	VitVncHead head; /* clients have a pointer to it */
	VitVnc *vnc;
	VitVncListeners listeners;
} VitVncServedHead;

struct VitVnc {
	VitFrontend base;
	VitVncShared shared;
	VitVncPassword password, view_only_password;
	VitLogLimit refusals;
	VitKeymap *keymap;
	VitVncPlaces places;
	VitVncShare share;
	unsigned max_clients;
	char *name; /* of the VM; NULL: not known */
	bool is_started;
	GPtrArray *heads;   /* VitVncServedHead, owned */
	GPtrArray *clients; /* VitVncClient, owned; oldest first */
};

static unsigned vnc_count(const VitVnc *self, bool (*is)(const VitVncClient *client))
{
	unsigned n = 0;

	for (unsigned i = 0; i < self->clients->len; i++) {
		n += is(self->clients->pdata[i]);
	}
	return n;
}

static void vnc_close_others(VitVnc *self, VitVncClient *client)
{
	const char *reason = self->share == VIT_VNC_SHARE_EXCLUSIVE
				     ? "only the newest viewer may stay ([vnc] share)."
				     : "another viewer asked to be alone ([vnc] share).";

	for (unsigned i = 0; i < self->clients->len; i++) {
		VitVncClient *other = self->clients->pdata[i];

		if (other != client && vit_vnc_client_is_admitted(other) &&
		    vit_vnc_client_get_head(other) == vit_vnc_client_get_head(client)) {
			vit_vnc_client_close(other, reason);
		}
	}
}

static char *on_client_admit(void *user_data, VitVncClient *client)
{
	VitVnc *self = user_data;
	bool alone = self->share == VIT_VNC_SHARE_EXCLUSIVE;

	if (self->share == VIT_VNC_SHARE_CLIENT && !vit_vnc_client_is_view_only(client)) {
		alone = !vit_vnc_client_wants_to_share(client);
	}
	if (alone) {
		vnc_close_others(self, client);
	}
	if (vnc_count(self, vit_vnc_client_is_admitted) >= self->max_clients) {
		return g_strdup_printf("%u viewers are connected, more are not allowed ([vnc] "
				       "max-clients).",
				       self->max_clients);
	}
	return NULL;
}

static void on_client_gone(void *user_data, VitVncClient *client)
{
	VitVnc *self = user_data;

	(void)g_ptr_array_remove(self->clients, client);
}

/* Makes room for one more connection in its handshake. */
static void vnc_limit_half_open(VitVnc *self)
{
	if (vnc_count(self, vit_vnc_client_is_half_open) < self->max_clients + MAX_HALF_OPEN) {
		return;
	}
	for (unsigned i = 0; i < self->clients->len; i++) {
		VitVncClient *client = self->clients->pdata[i];

		if (vit_vnc_client_is_half_open(client)) {
			vit_vnc_client_close(client, "too many others came before it was ready.");
			return;
		}
	}
}

static void on_accepted(void *user_data, int fd)
{
	VitVncServedHead *head = user_data;
	VitVnc *self = head->vnc;
	const char *refusal = NULL;

	/* Who wants to be alone may take the place of others, and is asked that in the handshake.
	 */
	if (self->share != VIT_VNC_SHARE_EXCLUSIVE &&
	    vnc_count(self, vit_vnc_client_is_admitted) >= self->max_clients) {
		refusal = "As many viewers are connected as are allowed. Try again later.";
	}
	vnc_limit_half_open(self);
	g_ptr_array_add(self->clients, vit_vnc_client_new(fd, &head->head, &self->shared, refusal));
}

static bool head_listen(VitVncServedHead *self, GError **error)
{
	const VitListenerOwner owner = {"VNC", "vnc", on_accepted, self};

	return vit_vnc_listeners_open(&self->listeners, &self->vnc->places, self->head.index,
				      &owner, error);
}

static void head_free(void *pointer)
{
	VitVncServedHead *self = pointer;

	vit_vnc_listeners_close(&self->listeners);
	vit_vnc_scene_clear(&self->head.scene);
	g_free(self);
}

/* ---- The seam ---- */

static void vnc_stop(VitFrontend *base)
{
	VitVnc *self = (VitVnc *)base;

	self->is_started = false;
	for (unsigned i = 0; i < self->heads->len; i++) {
		VitVncServedHead *head = self->heads->pdata[i];

		vit_vnc_listeners_close(&head->listeners);
	}
	/* First all are told to end, then each is waited for. */
	for (unsigned i = 0; i < self->clients->len; i++) {
		vit_vnc_client_close(self->clients->pdata[i], "the server stops.");
	}
	g_ptr_array_set_size(self->clients, 0);
}

static bool vnc_start(VitFrontend *base, GError **error)
{
	VitVnc *self = (VitVnc *)base;

	for (unsigned i = 0; i < self->heads->len; i++) {
		if (!head_listen(self->heads->pdata[i], error)) {
			vnc_stop(base);
			return false;
		}
	}
	self->is_started = true;
	return true;
}

static void vnc_destroy(VitFrontend *base)
{
	VitVnc *self = (VitVnc *)base;

	vnc_stop(base);
	g_ptr_array_unref(self->clients);
	g_ptr_array_unref(self->heads);
	vit_engine_pool_free(self->shared.pool);
	vit_guess_delay_free(self->shared.guess_delay);
	vit_keymap_free(self->keymap);
	vit_vnc_password_clear(&self->password);
	vit_vnc_password_clear(&self->view_only_password);
	vit_vnc_places_clear(&self->places);
	g_free(self->name);
	g_free(self);
}

static VitVncServedHead *vnc_find_head(VitVnc *self, unsigned index)
{
	for (unsigned i = 0; i < self->heads->len; i++) {
		VitVncServedHead *head = self->heads->pdata[i];

		if (head->head.index == index) {
			return head;
		}
	}
	g_assert_not_reached();
}

static char *head_make_name(const VitVncServedHead *self)
{
	return self->head.index == 0
		       ? g_strdup(self->vnc->name)
		       : g_strdup_printf("%s (%u)", self->vnc->name, self->head.index + 1);
}

static bool vnc_add_head(VitFrontend *base, unsigned index, const VitHost *host, void *host_data,
			 GError **error)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = g_new0(VitVncServedHead, 1);

	head->vnc = self;
	head->head.index = index;
	head->head.host = host;
	head->head.host_data = host_data;
	vit_vnc_scene_init(&head->head.scene);
	if (self->name) {
		g_autofree char *name = head_make_name(head);

		vit_vnc_scene_set_name(&head->head.scene, name);
	}
	if (self->is_started && !head_listen(head, error)) {
		head_free(head);
		return false;
	}
	g_ptr_array_add(self->heads, head);
	return true;
}

/* The next client of a head that is admitted, from @*position on; NULL: no more. */
static VitVncClient *vnc_next_viewer(const VitVnc *self, const VitVncServedHead *head,
				     unsigned *position)
{
	while (*position < self->clients->len) {
		VitVncClient *client = self->clients->pdata[(*position)++];

		if (vit_vnc_client_get_head(client) == &head->head &&
		    vit_vnc_client_is_admitted(client)) {
			return client;
		}
	}
	return NULL;
}

static void vnc_named(VitFrontend *base, const char *name)
{
	VitVnc *self = (VitVnc *)base;

	g_free(self->name);
	self->name = g_strdup(name);
	for (unsigned i = 0; i < self->heads->len; i++) {
		VitVncServedHead *head = self->heads->pdata[i];
		g_autofree char *head_name = head_make_name(head);
		VitVncClient *client;
		unsigned position = 0;

		vit_vnc_scene_set_name(&head->head.scene, head_name);
		while ((client = vnc_next_viewer(self, head, &position))) {
			vit_vnc_client_named(client, head_name);
		}
	}
}

static void vnc_surface_changed(VitFrontend *base, unsigned index, VitSurface *surface,
				const pixman_region32_t *changed)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = vnc_find_head(self, index);
	VitVncClient *client;
	unsigned position = 0;

	vit_vnc_scene_set_surface(&head->head.scene, surface, changed);
	pixman_region32_clear(&head->head.scene.damage);
	while ((client = vnc_next_viewer(self, head, &position))) {
		vit_vnc_client_surface_changed(client, surface, changed);
	}
}

static void vnc_cursor(VitFrontend *base, unsigned index, VitCursor *cursor)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = vnc_find_head(self, index);
	VitVncClient *client;
	unsigned position = 0;

	vit_vnc_scene_set_cursor(&head->head.scene, cursor);
	while ((client = vnc_next_viewer(self, head, &position))) {
		vit_vnc_client_cursor(client, cursor);
	}
}

static void vnc_cursor_moved(VitFrontend *base, unsigned index, int32_t x, int32_t y, bool visible)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = vnc_find_head(self, index);
	VitVncClient *client;
	unsigned position = 0;

	vit_vnc_scene_set_cursor_position(&head->head.scene, x, y, visible);
	while ((client = vnc_next_viewer(self, head, &position))) {
		vit_vnc_client_cursor_moved(client, x, y, visible);
	}
}

static void vnc_leds(VitFrontend *base, unsigned index, unsigned leds)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = vnc_find_head(self, index);
	VitVncClient *client;
	unsigned position = 0;

	vit_vnc_scene_set_leds(&head->head.scene, leds);
	while ((client = vnc_next_viewer(self, head, &position))) {
		vit_vnc_client_leds(client, leds);
	}
}

static void vnc_pointer_mode(VitFrontend *base, unsigned index, bool absolute)
{
	VitVnc *self = (VitVnc *)base;
	VitVncServedHead *head = vnc_find_head(self, index);
	VitVncClient *client;
	unsigned position = 0;

	vit_vnc_scene_set_pointer_mode(&head->head.scene, absolute);
	while ((client = vnc_next_viewer(self, head, &position))) {
		vit_vnc_client_pointer_mode(client, absolute);
	}
}

static const VitFrontendImpl vnc_impl = {
	.name = "vnc",
	.start = vnc_start,
	.stop = vnc_stop,
	.destroy = vnc_destroy,
	.add_head = vnc_add_head,
	.named = vnc_named,
	.surface_changed = vnc_surface_changed,
	.cursor = vnc_cursor,
	.cursor_moved = vnc_cursor_moved,
	.leds = vnc_leds,
	.pointer_mode = vnc_pointer_mode,
};

/* ---- Making one ---- */

static bool vnc_load_password(const char *path, VitVncPassword *ret_password,
			      const VitVncPassword **ret_used, GError **error)
{
	g_autofree char *warning = NULL;

	if (!path) {
		return true;
	}
	if (!vit_vnc_password_load(path, ret_password, &warning, error)) {
		return false;
	}
	if (warning) {
		g_warning("%s", warning);
	}
	*ret_used = ret_password;
	return true;
}

static bool vnc_load_passwords(VitVnc *self, const VitVncOptions *options, GError **error)
{
	VitVncShared *shared = &self->shared;

	if (!vnc_load_password(options->password_file, &self->password, &shared->password, error) ||
	    !vnc_load_password(options->view_only_password_file, &self->view_only_password,
			       &shared->view_only_password, error)) {
		return false;
	}
	/* Two long passwords may differ only where VNC does not look. */
	if (shared->password && shared->view_only_password &&
	    memcmp(&self->password, &self->view_only_password, sizeof(self->password)) == 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "the passwords in %s and %s are the same in the %d bytes that VNC "
			    "uses, so whoever may only watch could type: choose two that differ "
			    "in those",
			    options->password_file, options->view_only_password_file,
			    VIT_VNC_PASSWORD_BYTES);
		return false;
	}
	return true;
}

static bool vnc_init(VitVnc *self, const VitVncOptions *options, GError **error)
{
	VitVncShared *shared = &self->shared;

	self->share = options->share;
	self->max_clients = options->max_clients;
	shared->jpeg = options->jpeg;
	shared->handshake_timeout_s = options->handshake_timeout_s;
	shared->stall_timeout_s = options->stall_timeout_s;
	if (!vit_vnc_places_init(&self->places, options, error) ||
	    !vnc_load_passwords(self, options, error)) {
		return false;
	}
	self->keymap = vit_keymap_new(options->keymap, error);
	if (!self->keymap) {
		return false;
	}
	shared->keymap = self->keymap;
	/* Viewers that were closed have their engines a little longer than their places. */
	shared->pool = vit_engine_pool_new(options->max_clients * 2, error);
	return shared->pool != NULL;
}

VitFrontend *vit_vnc_new(const VitVncOptions *options, GError **error)
{
	VitVnc *self = g_new0(VitVnc, 1);

	self->base.impl = &vnc_impl;
	self->heads = g_ptr_array_new_with_free_func(head_free);
	self->clients = g_ptr_array_new_with_free_func((GDestroyNotify)vit_vnc_client_free);
	self->shared.guess_delay = vit_guess_delay_new();
	self->shared.refusals = &self->refusals;
	self->shared.admit = on_client_admit;
	self->shared.gone = on_client_gone;
	self->shared.user_data = self;
	if (!vnc_init(self, options, error)) {
		vnc_destroy(&self->base);
		return NULL;
	}
	return &self->base;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The life of a connection: waiting (for the delay against guessing), handshake, admitted, closed.
 * Closing lets go of the socket at once; the worker is told to end, and ends as soon as it notices.
 * Only then is the client gone. The loop never waits for a worker, except when everything stops.
 */
#include "server/vnc/client.h"

#include <string.h>
#include <sys/socket.h>

#include "config/fd.h"
#include "server/peer-name.h"
#include "server/vnc/client-private.h"

/* While the guest follows the viewer's own pointer, the viewer is not told where it is. */
#define OWN_POINTER_US (1 * G_USEC_PER_SEC)
/* Of the framebuffer that a viewer is promised while its head shows nothing yet. */
#define NO_SURFACE_WIDTH_PX  1024
#define NO_SURFACE_HEIGHT_PX 768

static gboolean on_client_gone(void *user_data)
{
	VitVncClient *self = user_data;

	self->timer = 0;
	self->shared->gone(self->shared->user_data, self);
	return G_SOURCE_REMOVE;
}

/*
 * Tells the worker to end. A write of its that waits comes back with an error, but only once there
 * is room again: select(2), with which libvncserver waits, takes no notice of a hang-up when it
 * waits for room.
 */
static void client_end_worker(VitVncClient *self)
{
	uint8_t unused[4096];

	if (!self->worker) {
		return;
	}
	vit_vnc_mailbox_quit(self->mailbox);
	(void)shutdown(self->worker_fd, SHUT_RDWR);
	while (recv(self->worker_fd, unused, sizeof(unused), MSG_DONTWAIT) > 0) {
	}
}

static void client_log(const VitVncClient *self, const char *text)
{
	g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "VIT_FRONTEND", "vnc", "VIT_CLIENT",
			 self->name, "MESSAGE", "VNC viewer %s %s", self->name, text);
}

static void client_log_end(const VitVncClient *self, const char *reason)
{
	const char *stop = g_str_has_suffix(reason, ".") ? "" : ".";
	g_autofree char *text = NULL;
	unsigned n_left_out = 0;

	if (self->state == VIT_VNC_CLIENT_ADMITTED) {
		text = g_strdup_printf("left: %s%s", reason, stop);
	} else if (!vit_log_limit_allows(self->shared->refusals, g_get_monotonic_time(),
					 &n_left_out)) {
		return;
	} else if (n_left_out > 0) {
		text = g_strdup_printf("was not let in: %s%s Nor were %u before it.", reason, stop,
				       n_left_out);
	} else {
		text = g_strdup_printf("was not let in: %s%s", reason, stop);
	}
	client_log(self, text);
}

static void client_log_admission(const VitVncClient *self)
{
	g_autofree char *text =
		g_strdup_printf("connected to head %u, RFB 3.%u%s.", self->head->index,
				vit_rfb_handshake_get_minor_version(self->handshake),
				self->view_only ? ", view only" : "");

	client_log(self, text);
}

void vit_vnc_client_close(VitVncClient *self, const char *reason)
{
	if (self->state == VIT_VNC_CLIENT_CLOSED) {
		return;
	}
	client_log_end(self, reason);
	self->state = VIT_VNC_CLIENT_CLOSED;
	g_clear_handle_id(&self->timer, g_source_remove);
	vit_vnc_client_stop_io(self);
	vit_fd_clear(&self->fd);
	if (self->keys_and_pointer) {
		vit_vnc_input_release_all(self->keys_and_pointer);
	}
	client_end_worker(self);
	if (!self->worker) {
		self->timer = g_idle_add_full(G_PRIORITY_DEFAULT, on_client_gone, self, NULL);
	}
}

void vit_vnc_client_free(VitVncClient *self)
{
	if (!self) {
		return;
	}
	vit_vnc_client_close(self, "the server stops.");
	g_clear_handle_id(&self->timer, g_source_remove);
	if (self->mailbox) {
		vit_vnc_mailbox_disconnect(self->mailbox);
	}
	vit_vnc_worker_join(self->worker);
	if (self->slot) {
		vit_engine_pool_give_back(self->shared->pool, self->slot);
	}
	vit_fd_clear(&self->worker_fd);
	vit_vnc_mailbox_unref(self->mailbox);
	vit_vnc_input_free(self->keys_and_pointer);
	vit_rfb_handshake_free(self->handshake);
	g_clear_pointer(&self->held_reply, g_byte_array_unref);
	g_free(self->refusal);
	g_free(self->origin);
	g_free(self->name);
	g_free(self);
}

static void client_note_told(VitVncClient *self, const VitVncNews *news)
{
	if (news->told_extended_buttons) {
		vit_rfb_parser_set_extended_buttons(&self->parser, true);
	}
	if (news->told_pointer_mode) {
		self->was_told_pointer_mode = true;
		self->sends_movements = !news->told_absolute;
		vit_vnc_client_update_pointer_mode(self);
	}
}

static void on_worker_news(void *user_data, const VitVncNews *news)
{
	VitVncClient *self = user_data;

	if (news->ended) {
		vit_vnc_client_close(self, news->failure ? news->failure : "its worker ended.");
		(void)on_client_gone(self);
		return;
	}
	if (self->state != VIT_VNC_CLIENT_ADMITTED) {
		return;
	}
	client_note_told(self, news);
	vit_vnc_client_count_fences(self, news->n_fences);
	if (self->wish != news->wish) {
		self->wish = news->wish;
		vit_flow_encoded(&self->flow, g_get_monotonic_time());
	}
	vit_vnc_client_grant_wish(self);
	if (news->made_room) {
		vit_vnc_client_release_command(self);
		vit_vnc_client_process(self);
	}
	vit_vnc_client_update_watches(self);
}

static void on_client_input(void *user_data, const VitInput *input)
{
	VitVncClient *self = user_data;

	self->head->host->input(self->head->host_data, input);
}

/* Tells the viewer the size it starts with, and gives it a worker. */
static bool client_start_worker(VitVncClient *self, GError **error)
{
	const VitVncScene *scene = &self->head->scene;
	g_autoptr(GByteArray) server_init = g_byte_array_new();
	uint32_t width = NO_SURFACE_WIDTH_PX, height = NO_SURFACE_HEIGHT_PX;

	if (scene->surface) {
		width = vit_surface_get_width(scene->surface);
		height = vit_surface_get_height(scene->surface);
	}
	self->slot = vit_engine_pool_take(self->shared->pool, error);
	if (!self->slot) {
		return false;
	}
	self->mailbox = vit_vnc_mailbox_new(on_worker_news, self);
	vit_vnc_scene_copy(&self->mailbox->scene, scene);
	self->worker = vit_vnc_worker_start(self->mailbox, self->slot, width, height,
					    &self->worker_fd, error);
	if (!self->worker) {
		return false;
	}
	vit_rfb_server_init(server_init, (uint16_t)width, (uint16_t)height, &vit_rfb_engine_format,
			    scene->name ? scene->name : "Vitrine");
	vit_vnc_client_send(self, server_init);
	return true;
}

static void client_admit(VitVncClient *self)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *refusal = NULL;

	self->view_only = vit_rfb_handshake_is_view_only(self->handshake);
	refusal = self->shared->admit(self->shared->user_data, self);
	if (refusal) {
		vit_vnc_client_close(self, refusal);
		return;
	}
	if (!client_start_worker(self, &error)) {
		vit_vnc_client_close(self, error->message);
		return;
	}
	if (self->state == VIT_VNC_CLIENT_CLOSED) {
		return; /* ServerInit could not be written */
	}
	if (!self->view_only) { /* else it could be one who goes on guessing the other password */
		vit_guess_delay_succeeded(self->shared->guess_delay, self->origin);
	}
	g_clear_handle_id(&self->timer, g_source_remove);
	self->keys_and_pointer =
		vit_vnc_input_new(self->shared->keymap, self->view_only, on_client_input, self);
	vit_vnc_input_set_leds(self->keys_and_pointer, self->head->scene.leds);
	self->absolute_pointer = self->head->scene.pointer_absolute;
	vit_vnc_client_update_pointer_mode(self);
	vit_rfb_parser_init(&self->parser);
	self->state = VIT_VNC_CLIENT_ADMITTED;
	vit_vnc_client_start_worker_io(self);
	client_log_admission(self);
}

static gboolean on_held_reply_due(void *user_data)
{
	VitVncClient *self = user_data;
	g_autoptr(GByteArray) reply = g_steal_pointer(&self->held_reply);

	self->timer = 0;
	if (reply->len == 0) {
		vit_vnc_client_close(self, self->refusal);
		return G_SOURCE_REMOVE;
	}
	vit_vnc_client_send(self, reply);
	vit_vnc_client_update_watches(self);
	return G_SOURCE_REMOVE;
}

static gboolean on_last_words_too_slow(void *user_data)
{
	VitVncClient *self = user_data;

	self->timer = 0;
	vit_vnc_client_close(self, self->refusal);
	return G_SOURCE_REMOVE;
}

/* The handshake failed; @reply, which may be empty, is still said, @delay_ms from now. */
static void client_refuse(VitVncClient *self, GByteArray *reply, const char *reason,
			  unsigned delay_ms)
{
	g_clear_handle_id(&self->timer, g_source_remove);
	g_free(self->refusal);
	self->refusal = g_strdup(reason);
	self->state = VIT_VNC_CLIENT_REFUSED;
	if (delay_ms > 0) {
		self->held_reply = g_byte_array_ref(reply);
		self->timer = g_timeout_add(delay_ms, on_held_reply_due, self);
	} else if (reply->len > 0) {
		self->timer = g_timeout_add_seconds(self->shared->handshake_timeout_s,
						    on_last_words_too_slow, self);
		vit_vnc_client_send(self, reply);
	} else {
		vit_vnc_client_close(self, reason);
	}
}

static void client_process_handshake(VitVncClient *self)
{
	VitRfbSpan span = {.bytes = self->input, .n_bytes = self->n_input_bytes};
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	VitRfbHandshakeState state = vit_rfb_handshake_feed(self->handshake, &span, reply, &error);

	memmove(self->input, span.bytes, span.n_bytes);
	self->n_input_bytes = (unsigned)span.n_bytes;
	switch (state) {
	case VIT_RFB_HANDSHAKE_NEED_MORE:
		vit_vnc_client_send(self, reply);
		break;
	case VIT_RFB_HANDSHAKE_READY:
		vit_vnc_client_send(self, reply);
		if (self->state == VIT_VNC_CLIENT_HANDSHAKE) {
			client_admit(self);
		}
		break;
	case VIT_RFB_HANDSHAKE_WRONG_PASSWORD:
		client_refuse(self, reply, error->message,
			      vit_guess_delay_failed(self->shared->guess_delay, self->origin,
						     g_get_monotonic_time()));
		break;
	case VIT_RFB_HANDSHAKE_FAILED:
		client_refuse(self, reply, error->message, 0);
		break;
	}
}

void vit_vnc_client_process(VitVncClient *self)
{
	if (self->state == VIT_VNC_CLIENT_HANDSHAKE) {
		client_process_handshake(self);
	}
	if (self->state == VIT_VNC_CLIENT_ADMITTED) {
		vit_vnc_client_process_messages(self);
	}
}

static gboolean on_handshake_timeout(void *user_data)
{
	VitVncClient *self = user_data;
	g_autofree char *reason = g_strdup_printf("its handshake took longer than %u s.",
						  self->shared->handshake_timeout_s);

	self->timer = 0;
	vit_vnc_client_close(self, reason);
	return G_SOURCE_REMOVE;
}

static gboolean on_client_begin(void *user_data)
{
	VitVncClient *self = user_data;
	g_autoptr(GByteArray) version = g_byte_array_new();
	const VitRfbHandshakeOptions options = {
		.password = self->shared->password,
		.view_only_password = self->shared->view_only_password,
		.refusal = self->refusal,
	};

	self->timer = g_timeout_add_seconds(self->shared->handshake_timeout_s, on_handshake_timeout,
					    self);
	self->handshake = vit_rfb_handshake_new(&options, version);
	self->state = VIT_VNC_CLIENT_HANDSHAKE;
	vit_vnc_client_send(self, version);
	vit_vnc_client_update_watches(self);
	return G_SOURCE_REMOVE;
}

VitVncClient *vit_vnc_client_new(int fd, VitVncHead *head, const VitVncShared *shared,
				 const char *refusal)
{
	VitVncClient *self = g_new0(VitVncClient, 1);
	unsigned wait_ms;

	self->fd = fd;
	self->worker_fd = -1;
	self->head = head;
	self->shared = shared;
	self->refusal = g_strdup(refusal);
	self->name = vit_peer_name_of_peer(fd);
	self->origin = vit_peer_name_of_origin(fd);
	vit_vnc_client_start_io(self);
	wait_ms =
		vit_guess_delay_reserve(shared->guess_delay, self->origin, g_get_monotonic_time());
	if (wait_ms > VIT_GUESS_DELAY_MAX_WAIT_MS) {
		vit_vnc_client_close(self, "too many wrong passwords came from there.");
	} else if (wait_ms > 0) {
		self->timer = g_timeout_add(wait_ms, on_client_begin, self);
	} else {
		(void)on_client_begin(self);
	}
	return self;
}

VitVncHead *vit_vnc_client_get_head(const VitVncClient *self)
{
	return self->head;
}

bool vit_vnc_client_is_admitted(const VitVncClient *self)
{
	return self->state == VIT_VNC_CLIENT_ADMITTED;
}

bool vit_vnc_client_is_half_open(const VitVncClient *self)
{
	return self->state < VIT_VNC_CLIENT_ADMITTED;
}

bool vit_vnc_client_wants_to_share(const VitVncClient *self)
{
	return vit_rfb_handshake_is_shared(self->handshake);
}

bool vit_vnc_client_is_view_only(const VitVncClient *self)
{
	return self->view_only;
}

void vit_vnc_client_surface_changed(VitVncClient *self, VitSurface *surface,
				    const pixman_region32_t *changed)
{
	vit_vnc_scene_set_surface(vit_vnc_mailbox_begin_scene(self->mailbox), surface, changed);
	vit_vnc_mailbox_end_scene(self->mailbox);
	if (self->open_request && pixman_region32_not_empty((pixman_region32_t *)changed)) {
		vit_vnc_mailbox_answer(self->mailbox, self->open_request);
		self->open_request = 0;
	}
}

void vit_vnc_client_cursor(VitVncClient *self, VitCursor *cursor)
{
	vit_vnc_scene_set_cursor(vit_vnc_mailbox_begin_scene(self->mailbox), cursor);
	vit_vnc_mailbox_end_scene(self->mailbox);
}

void vit_vnc_client_cursor_moved(VitVncClient *self, int32_t x, int32_t y, bool visible)
{
	VitVncScene *scene = vit_vnc_mailbox_begin_scene(self->mailbox);

	vit_vnc_scene_set_cursor_position(scene, x, y, visible);
	if (g_get_monotonic_time() - self->pointer_us > OWN_POINTER_US) {
		scene->changed |= VIT_VNC_SCENE_WARP;
	}
	vit_vnc_mailbox_end_scene(self->mailbox);
}

void vit_vnc_client_leds(VitVncClient *self, unsigned leds)
{
	vit_vnc_scene_set_leds(vit_vnc_mailbox_begin_scene(self->mailbox), leds);
	vit_vnc_mailbox_end_scene(self->mailbox);
	vit_vnc_input_set_leds(self->keys_and_pointer, leds);
}

void vit_vnc_client_named(VitVncClient *self, const char *name)
{
	vit_vnc_scene_set_name(vit_vnc_mailbox_begin_scene(self->mailbox), name);
	vit_vnc_mailbox_end_scene(self->mailbox);
}

void vit_vnc_client_pointer_mode(VitVncClient *self, bool absolute)
{
	vit_vnc_scene_set_pointer_mode(vit_vnc_mailbox_begin_scene(self->mailbox), absolute);
	vit_vnc_mailbox_end_scene(self->mailbox);
	self->absolute_pointer = absolute;
	vit_vnc_client_update_pointer_mode(self);
}

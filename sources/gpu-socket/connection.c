/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * One connection to a producer.
 *
 * Answers go out in the order of the requests. A DMABUF_UPDATE is answered when its frame is
 * released, so one that came later waits for it, and so does whatever else is answered.
 *
 * Reading stops, and with it a producer that wants to send more, as long as the next message cannot
 * be taken: pixels, while those from before are being read; what is answered, while too many
 * answers wait to be sent, or for a frame. So nothing that a producer does makes anything grow
 * here. Input that it does not take is another matter: it cannot be asked to wait, nor be dropped
 * (a key would stay down), so a producer that lets 64 KiB of it wait is disconnected.
 */
#include <glib-unix.h>

#include "config/error.h"
#include "config/fd.h"
#include "sources/gpu-socket/gpu-socket-private.h"

#define CONNECTION_STEPS_PER_TURN    64          /* so that other sources of the loop get theirs */
#define CONNECTION_MAX_UPDATES       64          /* not yet answered */
#define CONNECTION_MAX_WAITING_BYTES (32 * 1024) /* with more, no answer is begun */
#define CONNECTION_FEATURES                                                                        \
	(VIT_DISPLAY_EDID | VIT_DISPLAY_DMABUF2 | VIT_DISPLAY_PLANES |                             \
	 VIT_DISPLAY_DISPLAY_CHANGED | VIT_DISPLAY_INPUT)

/* A DMABUF_UPDATE that is not answered. The connection's queue and the frame hold it. */
typedef struct ConnectionUpdate {
	VitDisplayConnection *connection; /* NULL: it is gone */
	bool is_done;
} ConnectionUpdate;

struct VitDisplayConnection {
	int socket_fd;
	VitDisplayHead *const *heads;
	unsigned n_heads;
	const VitDisplayConnectionEvents *events;
	void *events_data;
	guint in_watch, out_watch, resume_idle, broken_idle; /* 0: none */
	bool is_over;                                        /* nothing is read or sent any more */
	GError *broken;                                      /* why; with broken_idle */
	bool is_holding; /* the reader's message could not be taken yet */
	VitDisplayReader reader;
	uint64_t features; /* agreed on */
	GQueue updates;    /* ConnectionUpdate, in the order of their requests */
	VitDisplayOutbox outbox;
	bool has_told_wishes; /* and not yet been asked for them */
};

/* ---- The end ---- */

static void connection_clear(void *data)
{
	VitDisplayConnection *self = data;

	vit_display_reader_clear(&self->reader);
	vit_display_outbox_clear(&self->outbox);
	vit_fd_clear(&self->socket_fd);
	g_clear_error(&self->broken);
}

static gboolean on_connection_broken(void *user_data)
{
	VitDisplayConnection *self = user_data;
	g_autoptr(GError) error = g_steal_pointer(&self->broken);

	self->broken_idle = 0;
	self->events->broken(self->events_data, error);
	return G_SOURCE_REMOVE;
}

/* Ends it; told from the loop. Takes the error. */
static void connection_break(VitDisplayConnection *self, GError *error)
{
	if (self->is_over) {
		g_error_free(error);
		return;
	}
	self->is_over = true;
	self->broken = error;
	g_clear_handle_id(&self->in_watch, g_source_remove);
	g_clear_handle_id(&self->out_watch, g_source_remove);
	g_clear_handle_id(&self->resume_idle, g_source_remove);
	self->broken_idle = g_idle_add_full(G_PRIORITY_DEFAULT, on_connection_broken, self, NULL);
}

/* ---- Sending ---- */

static gboolean on_connection_writable(int fd, GIOCondition condition, void *user_data);

static void connection_send(VitDisplayConnection *self)
{
	if (self->is_over) {
		return;
	}
	if (!vit_display_outbox_send(&self->outbox, self->socket_fd)) {
		connection_break(self, g_error_new(VIT_ERROR, VIT_ERROR_DISCONNECTED,
						   "the producer closed it"));
	} else if (vit_display_outbox_get_size(&self->outbox) > 0 && self->out_watch == 0) {
		self->out_watch =
			g_unix_fd_add(self->socket_fd, G_IO_OUT, on_connection_writable, self);
	}
}

static gboolean on_connection_writable(int fd, GIOCondition condition, void *user_data)
{
	VitDisplayConnection *self = user_data;

	self->out_watch = 0;
	connection_send(self);
	vit_display_connection_resume(self);
	return G_SOURCE_REMOVE;
}

static void connection_reply(VitDisplayConnection *self, uint32_t request, const void *payload,
			     size_t n_bytes)
{
	const VitDisplayHeader header = {
		.request = request,
		.flags = VIT_DISPLAY_IS_REPLY,
		.size_bytes = (uint32_t)n_bytes,
	};

	vit_display_outbox_add(&self->outbox, &header, payload);
	connection_send(self);
}

/* ---- Answering updates ---- */

static void connection_update_unref(ConnectionUpdate *update)
{
	g_rc_box_release(update);
}

static void connection_answer_updates(VitDisplayConnection *self)
{
	ConnectionUpdate *first;

	while ((first = g_queue_peek_head(&self->updates)) && first->is_done) {
		connection_update_unref(g_queue_pop_head(&self->updates));
		connection_reply(self, VIT_DISPLAY_DMABUF_UPDATE, NULL, 0);
	}
}

static void on_connection_update_released(void *user_data)
{
	ConnectionUpdate *update = user_data;
	VitDisplayConnection *self = update->connection;

	update->is_done = true;
	connection_update_unref(update);
	if (self) {
		connection_answer_updates(self);
		vit_display_connection_resume(self);
	}
}

static void connection_take_dmabuf_update(VitDisplayConnection *self, VitDisplayHead *head)
{
	ConnectionUpdate *update = g_rc_box_new0(ConnectionUpdate);

	update->connection = self;
	g_queue_push_tail(&self->updates, update);
	(void)g_rc_box_acquire(update);
	if (head) {
		vit_display_head_update_shared(head, &self->reader.message.payload.update,
					       on_connection_update_released, update);
	} else {
		on_connection_update_released(update);
	}
}

/* ---- Answering questions ---- */

static void connection_answer_display_info(VitDisplayConnection *self)
{
	VitDisplayInfo info = {.control.type = VIT_DISPLAY_OK_DISPLAY_INFO};
	uint32_t x = 0;

	for (unsigned i = 0; i < self->n_heads; i++) {
		const VitEdidMonitor *wish = vit_display_head_get_wish(self->heads[i]);

		/* Side by side. */
		info.heads[i].x = GUINT32_TO_LE(x);
		info.heads[i].width = GUINT32_TO_LE(wish->width);
		info.heads[i].height = GUINT32_TO_LE(wish->height);
		info.heads[i].enabled = GUINT32_TO_LE(1);
		x += wish->width;
	}
	self->has_told_wishes = false;
	connection_reply(self, VIT_DISPLAY_GET_DISPLAY_INFO, &info, sizeof(info));
}

/* A head that is not offered has no monitor: an EDID of no bytes. */
static void connection_answer_edid(VitDisplayConnection *self, const VitDisplayHead *head)
{
	VitDisplayEdid answer = {.control.type = VIT_DISPLAY_OK_EDID};
	size_t n_bytes = head ? vit_edid_make(vit_display_head_get_wish(head), answer.edid) : 0;

	answer.size_bytes = GUINT32_TO_LE((uint32_t)n_bytes);
	connection_reply(self, VIT_DISPLAY_GET_EDID, &answer, sizeof(answer));
}

static void connection_agree(VitDisplayConnection *self, uint64_t features)
{
	if ((features & ~CONNECTION_FEATURES) != 0) {
		connection_break(
			self,
			g_error_new(VIT_ERROR, VIT_ERROR_INVALID_METADATA,
				    "features 0x%" G_GINT64_MODIFIER
				    "x were not all offered: those are 0x%" G_GINT64_MODIFIER "x",
				    features, CONNECTION_FEATURES));
		return;
	}
	self->features = features;
}

/* ---- Receiving ---- */

static gboolean on_connection_readable(int fd, GIOCondition condition, void *user_data);

/* The head that the message is for; NULL: one that is not offered, or no head at all. */
static VitDisplayHead *connection_get_head(const VitDisplayConnection *self)
{
	/* Of a request that is for one head, this is the first number, whichever request it is. */
	uint32_t index = self->reader.message.payload.scanout.head;

	return index < self->n_heads ? self->heads[index] : NULL;
}

static void connection_take_buffer(VitDisplayConnection *self, VitDisplayHead *head)
{
	VitDisplayMessage *message = &self->reader.message;
	bool says_what_damage_is = message->header.request == VIT_DISPLAY_DMABUF_SCANOUT_PLANES;
	VitBufferLayout layout;

	if (vit_display_translate_buffer(message, &layout)) {
		vit_display_head_share(head, &layout, &message->fds, says_what_damage_is);
	} else {
		vit_display_head_disable(head);
	}
}

/* A message for a head. */
static void connection_take_for_head(VitDisplayConnection *self, VitDisplayHead *head)
{
	const VitDisplayMessage *message = &self->reader.message;

	switch (message->header.request) {
	case VIT_DISPLAY_CURSOR_POS:
	case VIT_DISPLAY_CURSOR_POS_HIDE:
		vit_display_head_move_cursor(head, &message->payload.cursor_pos,
					     message->header.request == VIT_DISPLAY_CURSOR_POS);
		break;
	case VIT_DISPLAY_CURSOR_UPDATE:
		vit_display_head_define_cursor(head, &message->payload.cursor_update);
		break;
	case VIT_DISPLAY_SCANOUT:
		vit_display_head_set_scanout(head, &message->payload.scanout);
		break;
	case VIT_DISPLAY_DMABUF_SCANOUT:
	case VIT_DISPLAY_DMABUF_SCANOUT2:
	case VIT_DISPLAY_DMABUF_SCANOUT_PLANES:
		connection_take_buffer(self, head);
		break;
	case VIT_DISPLAY_INPUT_STATE:
		vit_display_head_set_input_state(head, &message->payload.input_state);
		break;
	default:
		break;
	}
}

/* The first part of an UPDATE. */
static void connection_begin_update(VitDisplayConnection *self, VitDisplayHead *head)
{
	VitDisplayRows rows = {0};

	if (head) {
		vit_display_head_begin_update(head, &self->reader.message.payload.update, &rows);
	}
	vit_display_reader_aim(&self->reader, &rows);
}

static void connection_take(VitDisplayConnection *self)
{
	const VitDisplayMessage *message = &self->reader.message;
	VitDisplayHead *head = connection_get_head(self);
	const uint64_t offer = CONNECTION_FEATURES;

	switch (message->header.request) {
	case VIT_DISPLAY_GET_PROTOCOL_FEATURES:
		connection_reply(self, message->header.request, &offer, sizeof(offer));
		break;
	case VIT_DISPLAY_SET_PROTOCOL_FEATURES:
		connection_agree(self, message->payload.features.features);
		break;
	case VIT_DISPLAY_GET_DISPLAY_INFO:
		connection_answer_display_info(self);
		break;
	case VIT_DISPLAY_GET_EDID:
		connection_answer_edid(self, head);
		break;
	case VIT_DISPLAY_DMABUF_UPDATE:
		connection_take_dmabuf_update(self, head);
		break;
	case VIT_DISPLAY_UPDATE:
		connection_begin_update(self, head);
		break;
	default:
		if (head) {
			connection_take_for_head(self, head);
		}
		break;
	}
}

/* Whether the message can be taken now. If not, something is under way that will resume. */
static bool connection_can_take(VitDisplayConnection *self)
{
	VitDisplayHead *head = connection_get_head(self);
	bool has_room = vit_display_outbox_get_size(&self->outbox) < CONNECTION_MAX_WAITING_BYTES;

	switch (self->reader.message.header.request) {
	case VIT_DISPLAY_GET_PROTOCOL_FEATURES:
	case VIT_DISPLAY_GET_DISPLAY_INFO:
	case VIT_DISPLAY_GET_EDID:
		return has_room && g_queue_is_empty(&self->updates);
	case VIT_DISPLAY_DMABUF_UPDATE:
		return has_room && g_queue_get_length(&self->updates) < CONNECTION_MAX_UPDATES;
	case VIT_DISPLAY_UPDATE:
		return !head || vit_display_head_is_ready(head);
	default:
		return true;
	}
}

/* Takes the message that was read, or holds it. Returns whether to go on. */
static bool connection_try_to_take(VitDisplayConnection *self)
{
	self->is_holding = !connection_can_take(self);
	if (!self->is_holding) {
		connection_take(self);
	}
	return !self->is_holding && !self->is_over;
}

/* Returns whether there may be more. */
static bool connection_step(VitDisplayConnection *self)
{
	GError *error = NULL;
	VitDisplayHead *head;

	if (self->is_holding) {
		return connection_try_to_take(self);
	}
	switch (vit_display_reader_step(&self->reader, self->socket_fd, self->features, &error)) {
	case VIT_DISPLAY_READ_PART:
		return true;
	case VIT_DISPLAY_READ_MESSAGE:
		return connection_try_to_take(self);
	case VIT_DISPLAY_READ_PIXELS:
		head = connection_get_head(self);
		if (head) {
			vit_display_head_end_update(head);
		}
		return !self->is_over;
	case VIT_DISPLAY_READ_AGAIN:
		return false;
	case VIT_DISPLAY_READ_ERROR:
		connection_break(self, error);
		return false;
	}
	g_assert_not_reached();
}

/* Reads what is there, but not for ever; then waits for more, or for what it holds to be taken. */
static void connection_read(VitDisplayConnection *self)
{
	unsigned steps = 0;

	(void)g_rc_box_acquire(self);
	while (steps < CONNECTION_STEPS_PER_TURN && connection_step(self)) {
		steps++;
	}
	if (self->is_holding || self->is_over) {
		g_clear_handle_id(&self->in_watch, g_source_remove);
	} else if (self->in_watch == 0) {
		self->in_watch =
			g_unix_fd_add(self->socket_fd, G_IO_IN, on_connection_readable, self);
	}
	g_rc_box_release_full(self, connection_clear);
}

static gboolean on_connection_readable(int fd, GIOCondition condition, void *user_data)
{
	connection_read(user_data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_connection_resume(void *user_data)
{
	VitDisplayConnection *self = user_data;

	self->resume_idle = 0;
	connection_read(self);
	return G_SOURCE_REMOVE;
}

void vit_display_connection_resume(VitDisplayConnection *self)
{
	if (self->is_holding && !self->is_over && self->resume_idle == 0) {
		self->resume_idle =
			g_idle_add_full(G_PRIORITY_DEFAULT, on_connection_resume, self, NULL);
	}
}

/* ---- What the viewer says ---- */

void vit_display_connection_tell_wishes(VitDisplayConnection *self)
{
	const VitDisplayHeader header = {.request = VIT_DISPLAY_INFO_CHANGED};

	if ((self->features & VIT_DISPLAY_DISPLAY_CHANGED) != 0 && !self->has_told_wishes) {
		self->has_told_wishes = true;
		vit_display_outbox_add(&self->outbox, &header, NULL);
		connection_send(self);
	}
}

void vit_display_connection_send_input(VitDisplayConnection *self, unsigned head,
				       const VitInput *input)
{
	VitDisplayInput out = vit_display_translate_input(head, input);

	if ((self->features & VIT_DISPLAY_INPUT) == 0 || self->is_over) {
		return;
	}
	if (!vit_display_outbox_add_input(&self->outbox, &out)) {
		connection_break(self, g_error_new(VIT_ERROR, VIT_ERROR_TIMED_OUT,
						   "the producer does not read what is typed"));
		return;
	}
	connection_send(self);
}

/* ---- The connection ---- */

VitDisplayConnection *vit_display_connection_new(const VitDisplayConnectionOptions *options)
{
	VitDisplayConnection *self = g_rc_box_new0(VitDisplayConnection);

	self->socket_fd = options->socket_fd;
	self->heads = options->heads;
	self->n_heads = options->n_heads;
	self->events = options->events;
	self->events_data = options->user_data;
	vit_display_reader_init(&self->reader);
	g_queue_init(&self->updates);
	self->in_watch = g_unix_fd_add(self->socket_fd, G_IO_IN, on_connection_readable, self);
	return self;
}

void vit_display_connection_free(VitDisplayConnection *self)
{
	ConnectionUpdate *update;

	if (!self) {
		return;
	}
	self->is_over = true;
	g_clear_handle_id(&self->in_watch, g_source_remove);
	g_clear_handle_id(&self->out_watch, g_source_remove);
	g_clear_handle_id(&self->resume_idle, g_source_remove);
	g_clear_handle_id(&self->broken_idle, g_source_remove);
	while ((update = g_queue_pop_head(&self->updates))) {
		update->connection = NULL;
		connection_update_unref(update);
	}
	g_rc_box_release_full(self, connection_clear);
}

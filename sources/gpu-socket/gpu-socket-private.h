/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/display-wire.h"
#include "sources/edid.h"
#include "sources/gpu-socket/gpu-socket.h"
#include "sources/gpu-socket/reader.h"

/*
 * What the files of this folder share. From the producer to the console:
 *
 *   link        dials the socket, again and again while nobody is there
 *   connection  one connection: reads requests, keeps the order of answers
 *   reader      takes messages off the socket
 *   outbox      what waits to be sent
 *   translate   from the socket's structures to ours and back
 *   head        one head: turns requests into buffers, frames and cursors; source and sink
 *   machine     holds them together (gpu-socket.c)
 *
 * Everything runs on the loop.
 */

/* ---- head ---- */

typedef struct VitDisplayHead VitDisplayHead;

/* What a head tells the machine. */
typedef struct VitDisplayHeadEvents {
	/* Somebody used a keyboard or a pointer. */
	void (*input)(void *user_data, unsigned index, const VitInput *input);
	/* Viewers want another size. */
	void (*wish)(void *user_data);
	/* The head was not ready for pixels, and is now. */
	void (*ready)(void *user_data);
} VitDisplayHeadEvents;

/* Returns the machine's reference. @wish is what the guest is told until viewers want otherwise. */
VitDisplayHead *vit_display_head_new(const VitEdidMonitor *wish, const VitDisplayHeadEvents *events,
				     void *user_data);
/* The machine's part of it ends: no head event after it. */
void vit_display_head_free(VitDisplayHead *self);
/* To be given away once each. */
VitSource *vit_display_head_give_source(VitDisplayHead *self);
VitInputSink *vit_display_head_give_sink(VitDisplayHead *self);
/* No source event after it. */
void vit_display_head_stop(VitDisplayHead *self);
/* What the guest is told of its monitor. */
const VitEdidMonitor *vit_display_head_get_wish(const VitDisplayHead *self);

/* What a producer sent; checked by vit_display_check_payload(). */

void vit_display_head_set_scanout(VitDisplayHead *self, const VitDisplayScanout *scanout);
/* Whether pixels may be written: nobody reads those from before. If not, `ready` follows. */
bool vit_display_head_is_ready(VitDisplayHead *self);
/* Says where an update's pixels go. Once they are there, end is called. */
void vit_display_head_begin_update(VitDisplayHead *self, const VitDisplayUpdate *update,
				   VitDisplayRows *ret_rows);
void vit_display_head_end_update(VitDisplayHead *self);
/*
 * Memory of the producer is shown from now on. Takes the fds, and leaves none in @fds.
 * @damage_is_exact: its updates count from the top left of the picture as a person sees it.
 */
void vit_display_head_share(VitDisplayHead *self, const VitBufferLayout *layout, VitDisplayFds *fds,
			    bool damage_is_exact);
/* That memory changed. @released is called exactly once, at the latest with the frame's end. */
void vit_display_head_update_shared(VitDisplayHead *self, const VitDisplayUpdate *update,
				    VitFrameReleased released, void *released_data);
/* The guest shows nothing. */
void vit_display_head_disable(VitDisplayHead *self);
void vit_display_head_define_cursor(VitDisplayHead *self, const VitDisplayCursorUpdate *update);
void vit_display_head_move_cursor(VitDisplayHead *self, const VitDisplayCursorPos *position,
				  bool visible);
void vit_display_head_set_input_state(VitDisplayHead *self, const VitDisplayInputState *state);
/* What the producer wants to show cannot be shown; nothing of it is any longer. */
void vit_display_head_refuse(VitDisplayHead *self, const GError *error);
/* There is no producer; told once until there is a picture again, or another reason. */
void vit_display_head_lose(VitDisplayHead *self, const GError *error);

/* ---- translate ---- */

/* Of a DMABUF_SCANOUT of any kind. Returns false when it says that nothing is shown. */
bool vit_display_translate_buffer(const VitDisplayMessage *message, VitBufferLayout *ret_layout);
VitDisplayInput vit_display_translate_input(unsigned head, const VitInput *input);

/* ---- outbox ---- */

#define VIT_DISPLAY_OUTBOX_MAX_BYTES (64 * 1024) /* with input in it */

/* Messages that wait to be sent. To be embedded; all zero is an empty one. */
typedef struct VitDisplayOutbox {
	GByteArray *bytes; /* NULL: none */
	bool has_motion;   /* the last message is one of a pointer, and none of it is sent */
	size_t motion;     /* offset of its payload */
} VitDisplayOutbox;

void vit_display_outbox_clear(VitDisplayOutbox *self);
/* Bytes that wait. */
size_t vit_display_outbox_get_size(const VitDisplayOutbox *self);
void vit_display_outbox_add(VitDisplayOutbox *self, const VitDisplayHeader *header,
			    const void *payload);
/*
 * Adds input; a motion is merged into the one before where that still waits. Returns false when
 * there is no room.
 */
bool vit_display_outbox_add_input(VitDisplayOutbox *self, const VitDisplayInput *input);
/* Sends what the socket takes, without blocking. Returns false when the other end is gone. */
bool vit_display_outbox_send(VitDisplayOutbox *self, int socket_fd);

/* ---- connection ---- */

typedef struct VitDisplayConnection VitDisplayConnection;

typedef struct VitDisplayConnectionEvents {
	/* The producer is gone, or broke the rules; nothing follows. Never called from within a
	 * call. */
	void (*broken)(void *user_data, const GError *error);
} VitDisplayConnectionEvents;

typedef struct VitDisplayConnectionOptions {
	int socket_fd; /* taken */
	VitDisplayHead *const *heads;
	unsigned n_heads;
	const VitDisplayConnectionEvents *events;
	void *user_data;
} VitDisplayConnectionOptions;

VitDisplayConnection *vit_display_connection_new(const VitDisplayConnectionOptions *options);
/* Closes it; no event after it. NULL is allowed. */
void vit_display_connection_free(VitDisplayConnection *self);
/* Sends input, where that was agreed on. */
void vit_display_connection_send_input(VitDisplayConnection *self, unsigned head,
				       const VitInput *input);
/* The heads' wishes are others now: tells the producer, where that was agreed on. */
void vit_display_connection_tell_wishes(VitDisplayConnection *self);
/* Goes on reading, where it waited for a head to be ready. */
void vit_display_connection_resume(VitDisplayConnection *self);

/* ---- link ---- */

typedef struct VitDisplayLink VitDisplayLink;

typedef struct VitDisplayLinkEvents {
	/* Connected to a producer that may be one. Takes the fd. */
	void (*connected)(void *user_data, int socket_fd);
	/* No producer could be reached. It goes on trying. */
	void (*failed)(void *user_data, const GError *error);
} VitDisplayLinkEvents;

/* Copies the options. */
VitDisplayLink *vit_display_link_new(const VitGpuSocketOptions *options,
				     const VitDisplayLinkEvents *events, void *user_data);
/* The first attempt is made by the loop. */
void vit_display_link_start(VitDisplayLink *self);
/* Idempotent; no event after it. */
void vit_display_link_stop(VitDisplayLink *self);
/* Stops first. NULL is allowed. */
void vit_display_link_free(VitDisplayLink *self);
/* What was connected is over: tries anew, after a while. */
void vit_display_link_retry(VitDisplayLink *self);

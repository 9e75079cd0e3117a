/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/vnc/encodings.h"
#include "server/vnc/rfb-message.h"
#include "server/vnc/scene.h"

/*
 * VitVncMailbox: all that the loop and one viewer's worker share, under one lock. What is shown
 * ("scene") is not queued: the newest wins. What the viewer said ("commands") keeps its order, in a
 * queue of fixed size. Reference counted, because a note to the loop may be on its way when the
 * viewer is gone.
 */

#define VIT_VNC_MAX_COMMANDS 32

typedef enum VitVncCommandType {
	VIT_VNC_COMMAND_PIXEL_FORMAT,
	VIT_VNC_COMMAND_ENCODINGS,
	VIT_VNC_COMMAND_UPDATE_REQUEST,
	VIT_VNC_COMMAND_CONTINUOUS_UPDATES,
	VIT_VNC_COMMAND_FENCE,        /* the viewer wants this one back */
	VIT_VNC_COMMAND_DESKTOP_SIZE, /* the answer to its SetDesktopSize */
} VitVncCommandType;

typedef struct VitVncCommand {
	VitVncCommandType type;
	union {
		VitRfbPixelFormat pixel_format;
		VitRfbEncodings encodings;
		struct {
			bool incremental;
			pixman_box32_t box;
		} update_request;
		struct {
			bool enable;
			pixman_box32_t box;
		} continuous_updates;
		struct {
			uint32_t flags;
			unsigned n_bytes;
			uint8_t payload[VIT_RFB_MAX_FENCE_BYTES];
		} fence;
		unsigned desktop_size_result; /* VitRfbDesktopSizeResult */
	};
} VitVncCommand;

/* What the worker tells the loop. */
typedef struct VitVncNews {
	unsigned wish;     /* number of the last wish to send an update; 0: none yet */
	unsigned n_fences; /* that follow continuous updates; told before the viewer gets them */
	bool made_room;    /* for commands, after there was none */
	bool told_pointer_mode, told_absolute; /* the viewer was, by QEMU pointer motion change */
	bool told_extended_buttons;
	bool ended;    /* the worker uses nothing any more and can be joined */
	char *failure; /* why it ended by itself: a sentence; owned */
} VitVncNews;

/* @news was emptied of all but the wish afterwards. */
typedef void (*VitVncNewsReady)(void *user_data, const VitVncNews *news);

typedef struct VitVncMailbox {
	gatomicrefcount references;
	GMutex lock;
	GCond wake; /* of the worker */

	/* Loop to worker; under the lock. */
	VitVncScene scene;
	VitVncCommand commands[VIT_VNC_MAX_COMMANDS]; /* a ring */
	unsigned first_command, n_commands;
	bool was_full;
	unsigned granted;  /* number of the wish that may be fulfilled now */
	unsigned answered; /* number of the wish since which new pixels have come */
	bool is_fresh;     /* no newer pixels are on their way */
	bool quit;

	/* Worker to loop; under the lock. */
	VitVncNews news;
	bool is_posted; /* the loop will look */

	/* Loop only. */
	VitVncNewsReady on_news; /* NULL once nobody listens */
	void *user_data;
} VitVncMailbox;

VitVncMailbox *vit_vnc_mailbox_new(VitVncNewsReady on_news, void *user_data);
VitVncMailbox *vit_vnc_mailbox_ref(VitVncMailbox *self);
/* NULL is allowed. Thread: any. */
void vit_vnc_mailbox_unref(VitVncMailbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitVncMailbox, vit_vnc_mailbox_unref)

/* Between the two the scene is the caller's; then the worker looks at it. Thread: loop. */
VitVncScene *vit_vnc_mailbox_begin_scene(VitVncMailbox *self);
void vit_vnc_mailbox_end_scene(VitVncMailbox *self);

/* Queues a command; false when the queue is full: news say when there is room. Thread: loop. */
bool vit_vnc_mailbox_send(VitVncMailbox *self, const VitVncCommand *command);
/*
 * The wish may be fulfilled: when @is_fresh with the pixels that are there, else rather with those
 * that are on their way. Thread: loop.
 */
void vit_vnc_mailbox_grant(VitVncMailbox *self, unsigned wish, bool is_fresh);
/* New pixels for this wish are in the scene. Thread: loop. */
void vit_vnc_mailbox_answer(VitVncMailbox *self, unsigned wish);
/* Has the worker end. Thread: loop. */
void vit_vnc_mailbox_quit(VitVncMailbox *self);
/*
 * Takes the fences out of the news that the loop has not looked at yet. A viewer may return a fence
 * before. Thread: loop.
 */
unsigned vit_vnc_mailbox_take_fences(VitVncMailbox *self);
/* No news after it. Thread: loop. */
void vit_vnc_mailbox_disconnect(VitVncMailbox *self);

/* Takes the oldest command; false when there is none. Thread: worker, with the lock held. */
bool vit_vnc_mailbox_receive(VitVncMailbox *self, VitVncCommand *ret_command);
/* Has the loop look at the news. Thread: worker, with the lock held. */
void vit_vnc_mailbox_post(VitVncMailbox *self);

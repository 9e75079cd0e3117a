/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include "sources/qemu/qemu.h"

/*
 * What the files of this folder share. From the VMM to the console:
 *
 *   link      one D-Bus connection to the VM, made again whenever it breaks
 *   machine   finds the heads on it (qemu.c)
 *   console   one head: registers a listener, reads properties; it is the VitSource
 *   listener  the peer connection on which the VMM calls us
 *   call      one such call: checks its arguments
 *   picture   turns them into buffers, frames and cursors
 *   input     the way back; it is the VitInputSink
 *
 * Everything runs on the loop unless it says otherwise.
 */

#define VIT_QEMU_ROOT             "/org/qemu/Display1"
#define VIT_QEMU_INTERFACE        "org.qemu.Display1"
#define VIT_QEMU_VM               VIT_QEMU_INTERFACE ".VM"
#define VIT_QEMU_CONSOLE          VIT_QEMU_INTERFACE ".Console"
#define VIT_QEMU_KEYBOARD         VIT_QEMU_INTERFACE ".Keyboard"
#define VIT_QEMU_MOUSE            VIT_QEMU_INTERFACE ".Mouse"
#define VIT_QEMU_MULTI_TOUCH      VIT_QEMU_INTERFACE ".MultiTouch"
#define VIT_QEMU_LISTENER_PATH    VIT_QEMU_ROOT "/Listener"
#define VIT_QEMU_LISTENER         VIT_QEMU_INTERFACE ".Listener"
#define VIT_QEMU_LISTENER_MAP     VIT_QEMU_LISTENER ".Unix.Map"
#define VIT_QEMU_LISTENER_DMABUF2 VIT_QEMU_LISTENER ".Unix.ScanoutDMABUF2"
#define VIT_QEMU_DBUS_PROPERTIES  "org.freedesktop.DBus.Properties"
#define VIT_QEMU_MAX_QUOTED       200      /* characters of the VMM's own words in a message */
#define VIT_QEMU_NO_TIMEOUT       G_MAXINT /* a stopped VM is waited for, not given up */

/* ---- picture ---- */

typedef struct VitQemuPicture VitQemuPicture;

/* Pixels that came in a message, as the VMM describes them: nothing of it is checked yet. */
typedef struct VitQemuPixels {
	uint32_t width, height, stride_bytes;
	uint32_t pixman_format;
	const uint8_t *bytes; /* first row; borrowed */
	size_t n_bytes;
} VitQemuPixels;

/*
 * Emits nothing before vit_qemu_picture_start(). @unsure asks that the size of the VM's console be
 * read anew and told by vit_qemu_picture_set_console_size().
 */
VitQemuPicture *vit_qemu_picture_new(void (*unsure)(void *user_data), void *user_data);
void vit_qemu_picture_free(VitQemuPicture *self);
void vit_qemu_picture_start(VitQemuPicture *self, const VitSourceEvents *events, void *user_data);
/* No event after it. */
void vit_qemu_picture_stop(VitQemuPicture *self);
/* The VM is gone: tells so, once until it shows something again, which will be a new scanout. */
void vit_qemu_picture_lose(VitQemuPicture *self, const GError *error);

/* The VM's console has this size in pixels; 0: it does not say. */
void vit_qemu_picture_set_console_size(VitQemuPicture *self, uint32_t width, uint32_t height);

/* Errors of the calls below: INVALID_METADATA, UNSUPPORTED, INTERNAL. */
bool vit_qemu_picture_scanout(VitQemuPicture *self, const VitQemuPixels *pixels, GError **error);
bool vit_qemu_picture_update(VitQemuPicture *self, int32_t x, int32_t y,
			     const VitQemuPixels *pixels, GError **error);
/* Memory of the VMM is shown from now on. Takes the fds on every path. */
bool vit_qemu_picture_share(VitQemuPicture *self, const VitBufferLayout *layout, const int *fds,
			    unsigned n_fds, GError **error);
/* That memory changed. @released is called exactly once, at the latest with the frame's end. */
void vit_qemu_picture_update_shared(VitQemuPicture *self, const VitRect *damage,
				    VitFrameReleased released, void *released_data);
/* The VMM says that nothing is shown; believed only if it shows nothing else soon. */
void vit_qemu_picture_disable(VitQemuPicture *self);
void vit_qemu_picture_define_cursor(VitQemuPicture *self, VitCursor *cursor);
void vit_qemu_picture_move_cursor(VitQemuPicture *self, int32_t x, int32_t y, bool visible);
/* Tells that what the VMM said cannot be shown. */
void vit_qemu_picture_refuse(VitQemuPicture *self, const GError *error);

/* The DRM fourcc of a pixman format code, alpha ignored; 0: none that can be shown. */
uint32_t vit_qemu_fourcc_from_pixman(uint32_t pixman_format);

/* ---- call ---- */

typedef struct VitQemuCall {
	const char *interface, *member;
	GVariant *arguments; /* the tuple; NULL: none */
	GUnixFDList *fds;    /* may be NULL */
	/* Answers the call. */
	VitFrameReleased done;
	void *done_data;
} VitQemuCall;

/*
 * Runs one call of the VMM. Returns true: done() was or will be called exactly once. Returns false:
 * it will not be, the caller answers with the error; what concerns the picture was also told as
 * refused. Errors: INVALID_METADATA, UNSUPPORTED, INTERNAL.
 */
bool vit_qemu_call_run(VitQemuPicture *picture, const VitQemuCall *call, GError **error);

/* ---- listener ---- */

typedef struct VitQemuListener VitQemuListener;

typedef struct VitQemuListenerEvents {
	/* The connection broke or never came to be; nothing follows. */
	void (*broken)(void *user_data, const GError *error);
} VitQemuListenerEvents;

/* Listens on @fd, a socket whose other end the VMM gets. Takes the fd. Borrows @picture. */
VitQemuListener *vit_qemu_listener_new(int fd, VitQemuPicture *picture,
				       const VitQemuListenerEvents *events, void *user_data);
/* Closes the connection; no event and no call after it. NULL is allowed. */
void vit_qemu_listener_free(VitQemuListener *self);

/* ---- input ---- */

typedef struct VitQemuInput VitQemuInput;

/* @stale is called when the VMM's answers show that what is known of its devices is outdated. */
VitQemuInput *vit_qemu_input_new(void (*stale)(void *user_data), void *user_data);
/* Returns the sink, whose destroy drops the reference of the one who was given it. */
VitInputSink *vit_qemu_input_ref_sink(VitQemuInput *self);
/* Ends what the console has of it: @stale is not called any more. */
void vit_qemu_input_free(VitQemuInput *self);

/* Where input goes from now on. @bus_name is NULL on a peer connection. Nothing is held down. */
void vit_qemu_input_attach(VitQemuInput *self, GDBusConnection *connection, const char *bus_name,
			   const char *object_path);
void vit_qemu_input_detach(VitQemuInput *self);
/* Size of the guest's screen in pixels, 0: unknown; touch slots that the VMM takes, 0: no touch. */
void vit_qemu_input_set_limits(VitQemuInput *self, uint32_t width, uint32_t height,
			       uint32_t touch_slots);

/* ---- console ---- */

typedef struct VitQemuConsole VitQemuConsole;

typedef struct VitQemuConsoleEvents {
	/* The VMM closed the listener: the whole connection is to be made anew. */
	void (*broken)(void *user_data, const GError *error);
} VitQemuConsoleEvents;

VitQemuConsole *vit_qemu_console_new(const VitQemuConsoleEvents *events, void *user_data);
/* The machine's part of it ends; source and sink live until their owner destroys them. */
void vit_qemu_console_free(VitQemuConsole *self);
/* To be given away once each. */
VitSource *vit_qemu_console_get_source(VitQemuConsole *self);
VitInputSink *vit_qemu_console_ref_sink(VitQemuConsole *self);

/* The head is console @id of the VM at the other end of @connection. */
void vit_qemu_console_attach(VitQemuConsole *self, GDBusConnection *connection,
			     const char *bus_name, uint32_t id);
/* The VM is gone; @error says why and is told as lost, once per loss. NULL: nothing is told. */
void vit_qemu_console_detach(VitQemuConsole *self, const GError *error);
/* The VM has no such head, or does not let us see it. */
void vit_qemu_console_refuse(VitQemuConsole *self, const GError *error);
/* Some property of the VM changed: reads again what matters. */
void vit_qemu_console_reread(VitQemuConsole *self);

/* ---- link ---- */

typedef struct VitQemuLink VitQemuLink;

typedef struct VitQemuLinkEvents {
	/* A VM is there. @bus_name is NULL on a peer connection. */
	void (*up)(void *user_data, GDBusConnection *connection, const char *bus_name);
	/* Some property of an object of the VM changed. */
	void (*changed)(void *user_data);
	/* The VM is gone, or could not be reached: after up, or instead of it. It goes on trying.
	 */
	void (*down)(void *user_data, const GError *error);
} VitQemuLinkEvents;

/* Copies the options. */
VitQemuLink *vit_qemu_link_new(const VitQemuOptions *options, const VitQemuLinkEvents *events,
			       void *user_data);
void vit_qemu_link_start(VitQemuLink *self);
/* Idempotent; no event after it. */
void vit_qemu_link_stop(VitQemuLink *self);
/* Stops first. NULL is allowed. */
void vit_qemu_link_free(VitQemuLink *self);
/* What is connected is of no use: tells down, closes it and tries anew. */
void vit_qemu_link_give_up(VitQemuLink *self, const GError *error);

/* ---- stream ---- */

/* One end of a socket pair of ours, for GDBus: its handshake is bounded. Takes the fd. */
GSocketConnection *vit_qemu_stream_new(int fd);

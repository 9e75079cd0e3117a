/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A socket as GDBus wants it, with a bound on what the VMM may say in D-Bus's handshake: GDBus
 * collects lines of any length there. Only the handshake reads from the stream that is returned
 * here; messages, which have a bound of their own, are taken from the socket.
 */
#include <gio/gio.h>
#include <gio/gunixconnection.h>

#include "sources/qemu/qemu-private.h"

#define STREAM_MAX_HANDSHAKE_BYTES (16 * 1024)

/* ---- What the handshake reads from ---- */

typedef struct VitQemuHandshakeInput {
	GFilterInputStream parent;
	size_t n_bytes; /* read so far */
} VitQemuHandshakeInput;

typedef struct VitQemuHandshakeInputClass {
	GFilterInputStreamClass parent;
} VitQemuHandshakeInputClass;

static GType vit_qemu_handshake_input_get_type(void);
G_DEFINE_TYPE(VitQemuHandshakeInput, vit_qemu_handshake_input, G_TYPE_FILTER_INPUT_STREAM)

/* Thread: one of GIO's. */
static gssize handshake_input_read(GInputStream *stream, void *buffer, gsize n_bytes,
				   GCancellable *cancellable, GError **error)
{
	VitQemuHandshakeInput *self = (VitQemuHandshakeInput *)stream;
	gssize n_read;

	if (self->n_bytes >= STREAM_MAX_HANDSHAKE_BYTES) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
			    "more than %d bytes in the handshake", STREAM_MAX_HANDSHAKE_BYTES);
		return -1;
	}
	n_read = g_input_stream_read(self->parent.base_stream, buffer,
				     MIN(n_bytes, STREAM_MAX_HANDSHAKE_BYTES - self->n_bytes),
				     cancellable, error);
	self->n_bytes += n_read > 0 ? (size_t)n_read : 0;
	return n_read;
}

static void vit_qemu_handshake_input_class_init(VitQemuHandshakeInputClass *class)
{
	G_INPUT_STREAM_CLASS(class)->read_fn = handshake_input_read;
}

static void vit_qemu_handshake_input_init(VitQemuHandshakeInput *self)
{
}

/* ---- The connection ---- */

typedef struct VitQemuStream {
	GUnixConnection parent;
	GInputStream *input; /* NULL until it is first asked for */
} VitQemuStream;

typedef struct VitQemuStreamClass {
	GUnixConnectionClass parent;
} VitQemuStreamClass;

static GType vit_qemu_stream_get_type(void);
G_DEFINE_TYPE(VitQemuStream, vit_qemu_stream, G_TYPE_UNIX_CONNECTION)

static GInputStream *stream_get_input_stream(GIOStream *stream)
{
	VitQemuStream *self = (VitQemuStream *)stream;

	if (!self->input) {
		self->input = g_object_new(
			vit_qemu_handshake_input_get_type(), "base-stream",
			G_IO_STREAM_CLASS(vit_qemu_stream_parent_class)->get_input_stream(stream),
			"close-base-stream", FALSE, NULL);
	}
	return self->input;
}

static void stream_finalize(GObject *object)
{
	g_clear_object(&((VitQemuStream *)object)->input);
	G_OBJECT_CLASS(vit_qemu_stream_parent_class)->finalize(object);
}

static void vit_qemu_stream_class_init(VitQemuStreamClass *class)
{
	G_IO_STREAM_CLASS(class)->get_input_stream = stream_get_input_stream;
	G_OBJECT_CLASS(class)->finalize = stream_finalize;
}

static void vit_qemu_stream_init(VitQemuStream *self)
{
}

GSocketConnection *vit_qemu_stream_new(int fd)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);
	GSocketConnection *stream;

	g_assert(socket); /* fails only on what is no socket */
	stream = g_object_new(vit_qemu_stream_get_type(), "socket", socket, NULL);
	/* Made now, as the handshake runs on another thread. */
	(void)g_io_stream_get_input_stream(G_IO_STREAM(stream));
	return stream;
}

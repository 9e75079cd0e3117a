/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/engine-pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

/* Sends a small picture and returns how many bytes came out. */
static size_t send_picture(VitRfbEngine *engine, int peer, int32_t encoding)
{
	g_autoptr(GByteArray) none = g_byte_array_new();
	uint32_t pixels[64 * 64];
	uint8_t bytes[64 * 64 * 4 + 100];
	pixman_region32_t everything;
	ssize_t n_bytes;

	for (unsigned i = 0; i < G_N_ELEMENTS(pixels); i++) {
		pixels[i] = 0xff000000 | i * 3;
	}
	vit_rfb_engine_set_framebuffer(engine, pixels, 64, 64);
	g_assert_true(vit_rfb_engine_set_encodings(engine, &encoding, 1));
	pixman_region32_init_rect(&everything, 0, 0, 64, 64);
	g_assert_true(vit_rfb_engine_send_update(engine, none, 0, &everything));
	pixman_region32_fini(&everything);
	n_bytes = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);
	g_assert_cmpint(n_bytes, >, 16);
	g_assert_cmpuint(bytes[15], ==, (unsigned)encoding); /* low byte of the encoding */
	return (size_t)n_bytes;
}

static void test_encodings(void)
{
	const int32_t encodings[] = {VIT_RFB_ENCODING_RAW, VIT_RFB_ENCODING_HEXTILE,
				     VIT_RFB_ENCODING_ZLIB, VIT_RFB_ENCODING_TIGHT,
				     VIT_RFB_ENCODING_ZRLE};
	g_autoptr(VitEnginePool) pool = vit_engine_pool_new(1, NULL);

	/* The same engine serves one viewer after the other. */
	for (unsigned i = 0; i < G_N_ELEMENTS(encodings); i++) {
		VitEngineSlot *slot = vit_engine_pool_take(pool, NULL);
		int peer;

		g_assert_true(vit_engine_slot_open(slot, &peer, NULL));
		(void)send_picture(vit_engine_slot_get_engine(slot), peer, encodings[i]);
		vit_engine_slot_close(slot);
		(void)close(peer);
		vit_engine_pool_give_back(pool, slot);
	}
}

static void test_all_taken(void)
{
	g_autoptr(VitEnginePool) pool = vit_engine_pool_new(1, NULL);
	g_autoptr(GError) error = NULL;
	VitEngineSlot *slot = vit_engine_pool_take(pool, NULL);

	g_assert_null(vit_engine_pool_take(pool, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_BUSY);
	vit_engine_pool_give_back(pool, slot);
}

/* The peer goes: the engine notices when it writes, and can be used again. */
static void test_broken(void)
{
	g_autoptr(VitEnginePool) pool = vit_engine_pool_new(1, NULL);
	VitEngineSlot *slot = vit_engine_pool_take(pool, NULL);
	VitRfbEngine *engine = vit_engine_slot_get_engine(slot);
	const int32_t raw = VIT_RFB_ENCODING_RAW;
	sigset_t pipe_signal;
	int peer;

	(void)sigemptyset(&pipe_signal);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL); /* as a worker's thread has it */
	g_assert_true(vit_engine_slot_open(slot, &peer, NULL));
	(void)shutdown(peer, SHUT_RDWR);
	g_assert_false(vit_rfb_engine_set_encodings(engine, &raw, 1));
	g_assert_false(vit_rfb_engine_write(engine, "x", 1));
	g_assert_true(vit_rfb_engine_is_broken(engine));
	g_assert_false(vit_rfb_engine_write(engine, "x", 1));
	g_assert_false(vit_rfb_engine_set_encodings(engine, &raw, 1));
	vit_engine_slot_close(slot);
	(void)close(peer);
	g_assert_true(vit_engine_slot_open(slot, &peer, NULL));
	(void)send_picture(engine, peer, VIT_RFB_ENCODING_RAW);
	vit_engine_slot_close(slot);
	(void)close(peer);
	vit_engine_pool_give_back(pool, slot);
}

/* Uses up all fd numbers below FD_SETSIZE; returns how many fds that took. */
static unsigned fill_low_fds(int *fds)
{
	unsigned n_fds = 0;
	int fd;

	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) < (int)FD_SETSIZE) {
		g_assert_cmpint(fd, >=, 0);
		fds[n_fds++] = fd;
	}
	fds[n_fds++] = fd;
	return n_fds;
}

/* libvncserver aborts the process on an fd of FD_SETSIZE or more. */
static void test_many_fds(void)
{
	const struct rlimit many = {.rlim_cur = 2 * FD_SETSIZE, .rlim_max = 2 * FD_SETSIZE};
	g_autofree int *fds = g_new(int, FD_SETSIZE + 1);
	g_autoptr(VitEnginePool) pool = NULL;
	g_autoptr(GError) error = NULL;
	struct rlimit before;
	VitEngineSlot *slot;
	unsigned n_fds;
	int peer;

	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
	if (before.rlim_max < many.rlim_cur) {
		g_test_skip("the limit of open files cannot be raised");
		return;
	}
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = many.rlim_cur,
								  .rlim_max = before.rlim_max}),
			==, 0);
	pool = vit_engine_pool_new(1, NULL);
	n_fds = fill_low_fds(fds);
	slot = vit_engine_pool_take(pool, NULL);
	g_assert_true(vit_engine_slot_open(slot, &peer, NULL));
	g_assert_cmpint(peer, >=, FD_SETSIZE);
	(void)send_picture(vit_engine_slot_get_engine(slot), peer, VIT_RFB_ENCODING_RAW);
	vit_engine_slot_close(slot);
	(void)close(peer);
	/* It keeps its place for the next one. */
	g_assert_true(vit_engine_slot_open(slot, &peer, NULL));
	vit_engine_slot_close(slot);
	(void)close(peer);
	vit_engine_pool_give_back(pool, slot);
	/* No pool without low numbers. */
	g_assert_null(vit_engine_pool_new(1, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INTERNAL);
	while (n_fds > 0) {
		(void)close(fds[--n_fds]);
	}
	(void)setrlimit(RLIMIT_NOFILE, &before);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/engine/encodings", test_encodings);
	vit_test_add("/engine/all-taken", test_all_taken);
	vit_test_add("/engine/broken", test_broken);
	vit_test_add("/engine/many-fds", test_many_fds);
	return g_test_run();
}

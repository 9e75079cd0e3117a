/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/output-queue.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/fixture.h"

#define CAPACITY_BYTES 1000

typedef struct Pipe {
	VitOutputQueue queue;
	int in[2], out[2]; /* written by the test and read by the queue; and the other way round */
} Pipe;

static Pipe pipe_new(void)
{
	const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	Pipe self = {0};

	vit_output_queue_init(&self.queue, CAPACITY_BYTES);
	g_assert_cmpint(socketpair(AF_UNIX, type, 0, self.in), ==, 0);
	g_assert_cmpint(socketpair(AF_UNIX, type, 0, self.out), ==, 0);
	return self;
}

static void pipe_clear(Pipe *self)
{
	vit_output_queue_clear(&self->queue);
	for (unsigned i = 0; i < 2; i++) {
		(void)close(self->in[i]);
		(void)close(self->out[i]);
	}
}

static void test_order(void)
{
	Pipe pipe = pipe_new();
	uint8_t sent = 0, received = 0, bytes[700];

	/* Round the ring many times, in pieces that end anywhere. */
	for (unsigned round = 0; round < 100; round++) {
		size_t n_bytes = 1 + round * 7 % sizeof(bytes);

		for (size_t i = 0; i < n_bytes; i++) {
			bytes[i] = sent++;
		}
		if (round % 2) {
			g_assert_true(vit_output_queue_append(&pipe.queue, bytes, n_bytes));
		} else {
			g_assert_cmpint(write(pipe.in[0], bytes, n_bytes), ==, (ssize_t)n_bytes);
			g_assert_cmpint(vit_output_queue_read_from(&pipe.queue, pipe.in[1]), ==,
					VIT_OUTPUT_PROGRESS);
		}
		g_assert_cmpuint(pipe.queue.n_bytes, ==, n_bytes);
		g_assert_cmpint(vit_output_queue_write_to(&pipe.queue, pipe.out[0]), ==,
				VIT_OUTPUT_PROGRESS);
		g_assert_cmpuint(pipe.queue.n_bytes, ==, 0);
		g_assert_cmpint(read(pipe.out[1], bytes, sizeof(bytes)), ==, (ssize_t)n_bytes);
		for (size_t i = 0; i < n_bytes; i++) {
			g_assert_cmpuint(bytes[i], ==, received++);
		}
	}
	pipe_clear(&pipe);
}

static void test_full(void)
{
	Pipe pipe = pipe_new();
	uint8_t bytes[CAPACITY_BYTES + 1] = {0};

	g_assert_false(vit_output_queue_append(&pipe.queue, bytes, CAPACITY_BYTES + 1));
	g_assert_true(vit_output_queue_append(&pipe.queue, bytes, CAPACITY_BYTES - 1));
	g_assert_false(vit_output_queue_append(&pipe.queue, bytes, 2));
	g_assert_cmpint(write(pipe.in[0], bytes, 10), ==, 10);
	g_assert_cmpint(vit_output_queue_read_from(&pipe.queue, pipe.in[1]), ==,
			VIT_OUTPUT_PROGRESS); /* one byte of ten */
	g_assert_cmpuint(pipe.queue.n_bytes, ==, CAPACITY_BYTES);
	g_assert_cmpint(vit_output_queue_read_from(&pipe.queue, pipe.in[1]), ==,
			VIT_OUTPUT_BLOCKED);
	pipe_clear(&pipe);
}

static void test_ends(void)
{
	Pipe pipe = pipe_new();

	g_assert_cmpint(vit_output_queue_read_from(&pipe.queue, pipe.in[1]), ==,
			VIT_OUTPUT_BLOCKED);
	g_assert_cmpint(vit_output_queue_write_to(&pipe.queue, pipe.out[0]), ==,
			VIT_OUTPUT_BLOCKED);
	(void)shutdown(pipe.in[0], SHUT_RDWR);
	g_assert_cmpint(vit_output_queue_read_from(&pipe.queue, pipe.in[1]), ==, VIT_OUTPUT_END);
	g_assert_true(vit_output_queue_append(&pipe.queue, "x", 1));
	(void)shutdown(pipe.out[1], SHUT_RDWR);
	g_assert_cmpint(vit_output_queue_write_to(&pipe.queue, pipe.out[0]), ==, VIT_OUTPUT_FAILED);
	pipe_clear(&pipe);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/output-queue/keeps-order", test_order);
	vit_test_add("/output-queue/full", test_full);
	vit_test_add("/output-queue/ends", test_ends);
	return g_test_run();
}

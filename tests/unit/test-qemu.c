/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The QEMU machine over a fake QEMU: its heads, their calls, properties and life. */
#include <drm_fourcc.h>
#include <string.h>
#include <unistd.h>

#include "config/error.h"
#include "sources/qemu/qemu.h"
#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"
#include "tests/support/listener-call.h"
#include "tests/support/qemu-rig.h"

/* ---- Options ---- */

static void refuse_options(const VitQemuOptions *options, VitError code)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_qemu_machine_new(options, &error));
	g_test_message("%s", error->message);
	g_assert_error(error, VIT_ERROR, (int)code);
}

static void test_refused_options(void)
{
	g_autofree char *long_path = g_strnfill(108, 'x');

	refuse_options(&(VitQemuOptions){0}, VIT_ERROR_INVALID_ARGUMENT);
	refuse_options(&(VitQemuOptions){.qmp_path = "/q", .bus_address = "unix:path=/b"},
		       VIT_ERROR_INVALID_ARGUMENT);
	refuse_options(&(VitQemuOptions){.qmp_path = ""}, VIT_ERROR_CONFIG);
	refuse_options(&(VitQemuOptions){.qmp_path = long_path}, VIT_ERROR_CONFIG);
	refuse_options(&(VitQemuOptions){.bus_address = "carrier pigeon"}, VIT_ERROR_CONFIG);
}

/* ---- Heads ---- */

static void test_connect(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	g_assert_cmpstr(rig.recorder.name, ==, "fake");
	g_assert_cmpuint(rig.recorder.n_heads, ==, 1);
	g_assert_true(g_strv_contains((const char *const *)rig.qemu->consoles[0].interfaces,
				      "org.qemu.Display1.Listener.Unix.Map"));
	g_assert_true(g_strv_contains((const char *const *)rig.qemu->consoles[0].interfaces,
				      "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"));
	g_assert_cmpuint(rig.head->losses, ==, 0);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(640, 480, 1), -1);
	vit_fake_qemu_wait_answers(rig.qemu, 1, 0);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	vit_qemu_rig_clear(&rig);
}

/* Text consoles are no heads, and the order of the others is kept. */
static void test_heads_are_graphic_consoles(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->n_consoles = 4;
	rig.qemu->consoles[0].type = "Text";
	rig.qemu->consoles[1].label = "first";
	rig.qemu->consoles[2].type = "Text";
	rig.qemu->consoles[3].label = "second";
	vit_qemu_rig_connect(&rig, 2);
	g_assert_cmpuint(rig.recorder.n_heads, ==, 2);
	g_assert_cmpstr(rig.recorder.heads[1].label, ==, "second");
	g_assert_null(rig.qemu->consoles[0].listener);
	vit_fake_qemu_call(rig.qemu, 1, "Scanout", vit_call_scanout(64, 48, 1), -1);
	vit_fake_qemu_call(rig.qemu, 3, "Scanout", vit_call_scanout(32, 24, 1), -1);
	vit_fake_qemu_wait_answers(rig.qemu, 2, 0);
	g_assert_cmpuint(vit_buffer_get_width(rig.head->buffer), ==, 64);
	g_assert_cmpuint(vit_buffer_get_width(rig.recorder.heads[1].buffer), ==, 32);
	vit_qemu_rig_clear(&rig);
}

static void test_no_graphic_console(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->consoles[0].type = "Text";
	vit_fake_qemu_start(rig.qemu);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("the refusal", &rig.head->refusals, 1);
	g_assert_error(rig.head->refusal, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	vit_qemu_rig_clear(&rig);
}

static void test_no_console(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->n_consoles = 0;
	vit_fake_qemu_start(rig.qemu);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("the refusal", &rig.head->refusals, 1);
	vit_qemu_rig_clear(&rig);
}

static void test_name_is_cut(void)
{
	g_autofree char *name = g_strnfill(100000, 'n');
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->name = name;
	vit_qemu_rig_connect(&rig, 1);
	g_assert_cmpuint(strlen(rig.recorder.name), ==, 128 + strlen("..."));
	vit_qemu_rig_clear(&rig);
}

/* Only a head that somebody started asks the VM for its picture. */
static void test_head_is_started_late(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	vit_fake_qemu_start(rig.qemu);
	vit_test_recorder_start(&rig.recorder);
	vit_test_wait_count("the client", &rig.qemu->n_clients, 1);
	vit_test_run_for_ms(50);
	g_assert_cmpuint(rig.qemu->n_listeners, ==, 0);
	vit_test_head_start(rig.head);
	vit_test_wait_count("the listener", &rig.qemu->n_listeners, 1);
	vit_qemu_rig_clear(&rig);
}

static void test_listener_is_not_wanted(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->consoles[0].refuses_listeners = true;
	vit_fake_qemu_start(rig.qemu);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("the refusal", &rig.head->refusals, 1);
	g_assert_error(rig.head->refusal, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	g_assert_cmpuint(rig.head->losses, ==, 0);
	vit_qemu_rig_clear(&rig);
}

/* ---- Calls over the wire ---- */

static void test_update_is_answered_with_its_frame(void)
{
	VitQemuRig rig;
	int fd = vit_call_memory(VIT_CALL_BYTES);

	vit_qemu_rig_init_connected(&rig);
	rig.head->hold_frames = true;
	vit_fake_qemu_call(rig.qemu, 0, "ScanoutDMABUF",
			   vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false), fd);
	vit_fake_qemu_call(rig.qemu, 0, "UpdateDMABUF", vit_call_rectangle(0, 0, 8, 8), -1);
	vit_fake_qemu_call(rig.qemu, 0, "UpdateDMABUF", vit_call_rectangle(8, 8, 8, 8), -1);
	vit_test_head_wait_frames(rig.head, 2);
	vit_fake_qemu_wait_answers(rig.qemu, 1, 0);
	vit_test_head_release_frames(rig.head);
	vit_fake_qemu_wait_answers(rig.qemu, 3, 0);
	(void)close(fd);
	vit_qemu_rig_clear(&rig);
}

/* Bad values cost the VM an error, and nothing else. */
static void test_bad_call_is_answered(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	vit_fake_qemu_call(rig.qemu, 0, "ScanoutDMABUF",
			   vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false), -1);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(64, 0, 1), -1);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", g_variant_new("(s)", "no picture"), -1);
	vit_fake_qemu_call(rig.qemu, 0, "ScanoutHologram", NULL, -1);
	vit_fake_qemu_wait_answers(rig.qemu, 0, 4);
	g_assert_cmpuint(rig.head->refusals, ==, 3);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(64, 48, 1), -1);
	vit_fake_qemu_wait_answers(rig.qemu, 1, 4);
	g_assert_cmpuint(rig.head->scanouts, ==, 1);
	g_assert_cmpuint(rig.head->losses, ==, 0);
	vit_qemu_rig_clear(&rig);
}

/* More than the inbox holds at once: all of it arrives, in order. */
static void test_flood(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	for (unsigned i = 0; i < 40; i++) {
		vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(1024, 768, (uint8_t)i),
				   -1);
	}
	for (int i = 0; i < 600; i++) {
		vit_fake_qemu_call(rig.qemu, 0, "MouseSet", g_variant_new("(iii)", i, i, 1), -1);
	}
	vit_fake_qemu_wait_answers(rig.qemu, 640, 0);
	g_assert_cmpuint(rig.head->frames, ==, 39);
	g_assert_cmpint(rig.head->cursor_x, ==, 599);
	vit_qemu_rig_clear(&rig);
}

/* The end comes while the worker waits for room in the inbox. */
static void test_stop_in_a_flood(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	rig.head->stop_at_frame = true;
	for (unsigned i = 0; i < 200; i++) {
		vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(1024, 768, 1), -1);
	}
	vit_test_wait_count("a frame", &rig.head->frames, 1);
	vit_qemu_rig_clear(&rig);
}

static void test_text_mode_over_the_wire(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(640, 480, 1), -1);
	vit_fake_qemu_wait_answers(rig.qemu, 1, 0);
	rig.qemu->consoles[0].width = 720;
	rig.qemu->consoles[0].height = 400;
	vit_fake_qemu_call(rig.qemu, 0, "Update", vit_call_update(0, 0, 720, 16, 2), -1);
	vit_test_wait_count("the new mode", &rig.head->scanouts, 2);
	g_assert_cmpuint(vit_buffer_get_width(rig.head->buffer), ==, 720);
	g_assert_cmpuint(vit_buffer_get_height(rig.head->buffer), ==, 400);
	vit_qemu_rig_clear(&rig);
}

/* ---- Properties ---- */

static bool is_caps_locked(void *user_data)
{
	return ((const VitTestHead *)user_data)->lit == VIT_LED_CAPS_LOCK;
}

static bool is_absolute(void *user_data)
{
	return ((const VitTestHead *)user_data)->absolute;
}

static void test_properties(void)
{
	VitQemuRig rig;
	VitFakeConsole *console;

	vit_qemu_rig_init(&rig);
	console = &rig.qemu->consoles[0];
	console->modifiers = 0xfffffff8 | VIT_LED_NUM_LOCK;
	vit_qemu_rig_connect(&rig, 1);
	vit_test_wait_count("the lights", &rig.head->leds, 1);
	vit_test_wait_count("the pointer mode", &rig.head->pointer_modes, 1);
	g_assert_cmphex(rig.head->lit, ==, VIT_LED_NUM_LOCK);
	g_assert_false(rig.head->absolute);
	console->modifiers = VIT_LED_CAPS_LOCK;
	console->is_absolute = true;
	vit_fake_qemu_tell_changes(rig.qemu, 0);
	vit_test_wait("the new lights", 20, is_caps_locked, rig.head);
	vit_test_wait("the new pointer mode", 20, is_absolute, rig.head);
	/* A thousand notes leave no more than what there is to say. */
	for (unsigned i = 0; i < 1000; i++) {
		vit_fake_qemu_tell_changes(rig.qemu, 0);
	}
	console->modifiers = 0;
	vit_fake_qemu_tell_changes(rig.qemu, 0);
	vit_test_wait_count("the last lights", &rig.head->leds, 3);
	g_assert_cmpuint(rig.head->pointer_modes, ==, 2);
	vit_qemu_rig_clear(&rig);
}

/* ---- Life ---- */

static void test_vm_comes_late(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("the loss", &rig.head->losses, 1);
	vit_fake_qemu_start(rig.qemu);
	vit_test_wait_count("the listener", &rig.qemu->n_listeners, 1);
	g_assert_cmpuint(rig.head->losses, ==, 1);
	vit_qemu_rig_clear(&rig);
}

static void test_restart(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	for (unsigned life = 1; life <= 2; life++) {
		vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(64, 48, 1), -1);
		vit_test_wait_count("the scanout", &rig.head->scanouts, life);
		vit_fake_qemu_kill(rig.qemu);
		vit_test_wait_count("the loss", &rig.head->losses, life);
		vit_fake_qemu_start(rig.qemu);
		vit_test_wait_count("the listener", &rig.qemu->n_listeners, life + 1);
		g_assert_cmpuint(rig.head->losses, ==, life);
	}
	g_assert_cmpuint(rig.recorder.n_heads, ==, 1);
	vit_qemu_rig_clear(&rig);
}

/* With a frame out, and calls on their way. */
static void test_vm_vanishes_in_the_middle(void)
{
	VitQemuRig rig;
	int fd = vit_call_memory(VIT_CALL_BYTES);

	vit_qemu_rig_init_connected(&rig);
	rig.head->hold_frames = true;
	vit_fake_qemu_call(rig.qemu, 0, "ScanoutDMABUF",
			   vit_call_dmabuf(DRM_FORMAT_MOD_LINEAR, false), fd);
	vit_fake_qemu_call(rig.qemu, 0, "UpdateDMABUF", vit_call_rectangle(0, 0, 8, 8), -1);
	vit_test_head_wait_frames(rig.head, 1);
	for (unsigned i = 0; i < 20; i++) {
		vit_fake_qemu_call(rig.qemu, 0, "UpdateDMABUF", vit_call_rectangle(0, 0, 8, 8), -1);
	}
	vit_fake_qemu_kill(rig.qemu);
	vit_test_wait_count("the loss", &rig.head->losses, 1);
	vit_test_head_release_frames(rig.head);
	(void)close(fd);
	vit_qemu_rig_clear(&rig);
}

/*
 * Slowed down by ThreadSanitizer, GDBus's worker at times still holds the socket of a handshake
 * that was broken off when the fds are counted; without it that was never seen.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_THREAD_SANITIZED true
#endif
#endif
#ifndef IS_THREAD_SANITIZED
#define IS_THREAD_SANITIZED false
#endif

/* At every stage of connecting. */
static void test_vm_vanishes_early(void)
{
	for (unsigned ms = 0; ms < 20; ms++) {
		VitQemuRig rig;

		vit_qemu_rig_init(&rig);
		vit_fake_qemu_start(rig.qemu);
		vit_test_recorder_start_all(&rig.recorder);
		vit_test_run_for_ms(ms);
		vit_fake_qemu_kill(rig.qemu);
		vit_test_wait_count("the loss", &rig.head->losses, 1);
		vit_qemu_rig_clear(&rig);
	}
}

/* And we, likewise. */
static void test_machine_ends_early(void)
{
	for (unsigned ms = 0; ms < 20; ms++) {
		VitQemuRig rig;

		vit_qemu_rig_init(&rig);
		vit_fake_qemu_start(rig.qemu);
		vit_test_recorder_start_all(&rig.recorder);
		vit_test_run_for_ms(ms);
		vit_qemu_rig_clear(&rig);
	}
}

/* The way of the picture breaks, not the VM: it is made anew, and the loss is told. */
static void test_listener_breaks(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init_connected(&rig);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(64, 48, 1), -1);
	vit_test_wait_count("the scanout", &rig.head->scanouts, 1);
	vit_fake_qemu_close_listener(rig.qemu, 0);
	vit_test_wait_count("the loss", &rig.head->losses, 1);
	vit_test_wait_count("another listener", &rig.qemu->n_listeners, 2);
	vit_fake_qemu_call(rig.qemu, 0, "Scanout", vit_call_scanout(64, 48, 1), -1);
	vit_test_wait_count("the second scanout", &rig.head->scanouts, 2);
	vit_qemu_rig_clear(&rig);
}

static void test_fewer_heads_after_restart(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->n_consoles = 2;
	vit_qemu_rig_connect(&rig, 2);
	vit_fake_qemu_kill(rig.qemu);
	vit_test_wait_count("the loss", &rig.recorder.heads[1].losses, 1);
	rig.qemu->n_consoles = 1;
	vit_fake_qemu_start(rig.qemu);
	vit_test_wait_count("the listener", &rig.qemu->n_listeners, 3);
	g_assert_null(rig.qemu->consoles[1].listener);
	vit_qemu_rig_clear(&rig);
}

/* What an operator has to do is told beside the loss, once. */
static void test_vm_without_display(void)
{
	VitQemuRig rig;

	vit_qemu_rig_init(&rig);
	rig.qemu->refuses_display = true;
	vit_fake_qemu_start(rig.qemu);
	vit_test_recorder_start_all(&rig.recorder);
	vit_test_wait_count("the refusal", &rig.head->refusals, 1);
	g_assert_cmpuint(rig.head->losses, ==, 1);
	rig.qemu->refuses_display = false;
	vit_test_wait_count("the listener", &rig.qemu->n_listeners, 1);
	g_assert_cmpuint(rig.head->refusals, ==, 1);
	vit_qemu_rig_clear(&rig);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		VitTest test;
	} tests[] = {
		{"/qemu/refused-options", test_refused_options},
		{"/qemu/connect", test_connect},
		{"/qemu/heads/graphic-consoles", test_heads_are_graphic_consoles},
		{"/qemu/heads/no-graphic-console", test_no_graphic_console},
		{"/qemu/heads/no-console", test_no_console},
		{"/qemu/heads/name-is-cut", test_name_is_cut},
		{"/qemu/heads/started-late", test_head_is_started_late},
		{"/qemu/heads/listener-is-not-wanted", test_listener_is_not_wanted},
		{"/qemu/calls/answered-with-the-frame", test_update_is_answered_with_its_frame},
		{"/qemu/calls/bad-call-is-answered", test_bad_call_is_answered},
		{"/qemu/calls/flood", test_flood},
		{"/qemu/calls/stop-in-a-flood", test_stop_in_a_flood},
		{"/qemu/calls/text-mode", test_text_mode_over_the_wire},
		{"/qemu/properties", test_properties},
		{"/qemu/life/vm-comes-late", test_vm_comes_late},
		{"/qemu/life/restart", test_restart},
		{"/qemu/life/vanishes-in-the-middle", test_vm_vanishes_in_the_middle},
		{"/qemu/life/vanishes-early", test_vm_vanishes_early},
		{"/qemu/life/machine-ends-early", test_machine_ends_early},
		{"/qemu/life/listener-breaks", test_listener_breaks},
		{"/qemu/life/fewer-heads", test_fewer_heads_after_restart},
		{"/qemu/life/no-display", test_vm_without_display},
	};

	g_test_init(&argc, &argv, NULL);
	vit_test_warm_up_gio();
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		if (!IS_THREAD_SANITIZED || tests[i].test != test_vm_vanishes_early) {
			vit_test_add(tests[i].path, tests[i].test);
		}
	}
	return g_test_run();
}

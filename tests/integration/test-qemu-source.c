/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The QEMU source against a real QEMU that shows its firmware: peer to peer and on a bus, heads,
 * input, a VM killed and started again. VIT_TEST_QEMU names another binary than qemu-system-x86_64.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <linux/input-event-codes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "config/error.h"
#include "sources/qemu/qemu.h"
#include "tests/support/fixture.h"
#include "tests/support/gio-warm-up.h"
#include "tests/support/recorder.h"

/* ---- A VM and what watches it ---- */

typedef struct Fixture {
	unsigned n_fds;
	char *directory, *qmp_path;
	GSubprocess *vm;
	VitTestRecorder recorder;
	VitTestHead *head; /* the first */
} Fixture;

/* A child must not outlive a test that fails. */
static void on_forked(void *user_data)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *spawn(const char *const *arguments, GSubprocessFlags flags)
{
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(flags);
	g_autoptr(GError) error = NULL;
	GSubprocess *process;

	g_subprocess_launcher_set_child_setup(launcher, on_forked, NULL, NULL);
	process = g_subprocess_launcher_spawnv(launcher, arguments, &error);
	g_assert_no_error(error);
	return process;
}

static void boot(Fixture *self, const char *display, const char *const *devices)
{
	const char *binary = g_getenv("VIT_TEST_QEMU");
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *qmp = g_strdup_printf("unix:%s,server=on,wait=off", self->qmp_path);
	g_auto(GStrv) arguments = NULL;

	g_strv_builder_add_many(builder, binary ? binary : "qemu-system-x86_64", "-accel", "tcg",
				"-m", "128", "-nodefaults", "-name", "integration", "-qmp", qmp,
				"-display", display, NULL);
	g_strv_builder_addv(builder, (const char **)devices);
	arguments = g_strv_builder_end(builder);
	self->vm = spawn((const char *const *)arguments, G_SUBPROCESS_FLAGS_NONE);
}

static void kill_vm(Fixture *self)
{
	g_subprocess_force_exit(self->vm);
	g_assert_true(g_subprocess_wait(self->vm, NULL, NULL));
	g_clear_object(&self->vm);
}

static void watch(Fixture *self, const VitQemuOptions *options)
{
	g_autoptr(GError) error = NULL;
	VitMachine *machine = vit_qemu_machine_new(options, &error);

	g_assert_no_error(error);
	vit_test_recorder_init(&self->recorder, machine);
	self->head = &self->recorder.heads[0];
	vit_test_recorder_start_all(&self->recorder);
	g_assert_cmpuint(self->recorder.n_heads, ==, 1);
}

static void make_directory(Fixture *self)
{
	g_autoptr(GError) error = NULL;

	*self = (Fixture){.n_fds = vit_test_count_fds()};
	self->directory = g_dir_make_tmp("vitrine-qemu-XXXXXX", &error);
	g_assert_no_error(error);
	self->qmp_path = g_build_filename(self->directory, "qmp", NULL);
}

static void set_up(Fixture *self, const char *const *devices)
{
	make_directory(self);
	boot(self, "dbus,p2p=on", devices);
	watch(self, &(VitQemuOptions){.qmp_path = self->qmp_path});
}

static void tear_down(Fixture *self)
{
	vit_test_recorder_clear(&self->recorder);
	kill_vm(self);
	(void)g_unlink(self->qmp_path);
	(void)g_rmdir(self->directory);
	g_free(self->qmp_path);
	g_free(self->directory);
	vit_test_wait_closed(self->n_fds);
}

static const char *const std_vga[] = {"-vga", "std", NULL};
/* Waits at the firmware's screen for a key. */
static const char *const boot_menu[] = {"-vga", "std", "-boot", "menu=on,splash-time=60000", NULL};

static void assert_plausible(const VitTestHead *head)
{
	g_assert_nonnull(head->buffer);
	g_assert_cmpuint(vit_buffer_get_width(head->buffer), >=, 320);
	g_assert_cmpuint(vit_buffer_get_width(head->buffer), <=, 4096);
	g_assert_cmpuint(vit_buffer_get_height(head->buffer), >=, 200);
	g_assert_cmpuint(vit_buffer_get_height(head->buffer), <=, 4096);
}

/* ---- Tests ---- */

static void test_picture(void)
{
	Fixture fixture;

	set_up(&fixture, std_vga);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, 1);
	assert_plausible(fixture.head);
	g_assert_cmpstr(fixture.recorder.name, ==, "integration");
	vit_test_wait_count("the lights", &fixture.head->leds, 1);
	vit_test_wait_count("the pointer mode", &fixture.head->pointer_modes, 1);
	g_assert_false(fixture.head->absolute);
	g_assert_cmpuint(fixture.head->refusals, ==, 0);
	tear_down(&fixture);
}

static bool shows_text_mode(void *user_data)
{
	const VitTestHead *head = user_data;

	return head->buffer && vit_buffer_get_width(head->buffer) == 720 &&
	       vit_buffer_get_height(head->buffer) == 400;
}

/* The firmware's text mode comes without a scanout: as updates, row by row, of another size. */
static void test_mode_change(void)
{
	Fixture fixture;

	set_up(&fixture, boot_menu);
	vit_test_wait("the firmware's text mode", 30, shows_text_mode, fixture.head);
	g_assert_cmpuint(fixture.head->refusals, ==, 0);
	tear_down(&fixture);
}

static bool caps_lock_is_lit(void *user_data)
{
	const VitTestHead *head = user_data;

	return (head->lit & VIT_LED_CAPS_LOCK) != 0;
}

/* The firmware reads keys only at times, so the key is pressed until it is lit. */
static gboolean on_time_to_press(void *user_data)
{
	const VitTestHead *head = user_data;
	VitInput input = {.type = VIT_INPUT_KEY, .key = {.code = KEY_CAPSLOCK, .down = true}};

	if (!caps_lock_is_lit(user_data)) {
		vit_input_sink_send(head->sink, &input);
		input.key.down = false;
		vit_input_sink_send(head->sink, &input);
	}
	return G_SOURCE_CONTINUE;
}

/* The way of a key into the guest and back: its light comes on. */
static void test_keyboard(void)
{
	Fixture fixture;
	unsigned timer;

	set_up(&fixture, boot_menu);
	vit_test_wait("the firmware's text mode", 30, shows_text_mode, fixture.head);
	timer = g_timeout_add(200, on_time_to_press, fixture.head);
	vit_test_wait("Caps Lock to be lit", 30, caps_lock_is_lit, fixture.head);
	g_source_remove(timer);
	tear_down(&fixture);
}

/* Without a driver in the guest nothing moves; the VM must take it all, and stay. */
static void test_input_of_all_kinds(void)
{
	static const VitInput inputs[] = {
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {10, 20}},
		{.type = VIT_INPUT_POINTER_ABSOLUTE, .absolute = {UINT32_MAX, UINT32_MAX}},
		{.type = VIT_INPUT_POINTER_RELATIVE, .relative = {-3, 4}},
		{.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, true}},
		{.type = VIT_INPUT_BUTTON, .button = {BTN_LEFT, false}},
		{.type = VIT_INPUT_WHEEL, .wheel = {1, -1}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_BEGIN, 0, 10, 10}},
		{.type = VIT_INPUT_TOUCH, .touch = {VIT_TOUCH_END, 0, 10, 10}},
	};
	static const char *const devices[] = {"-vga",    "std",        "-device", "qemu-xhci",
					      "-device", "usb-tablet", NULL};
	Fixture fixture;

	set_up(&fixture, devices);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, 1);
	for (unsigned i = 0; i < 100 * G_N_ELEMENTS(inputs); i++) {
		vit_input_sink_send(fixture.head->sink, &inputs[i % G_N_ELEMENTS(inputs)]);
	}
	vit_input_sink_set_size(fixture.head->sink, 1024, 768, 0, 0);
	vit_test_wait("the firmware's text mode", 30, shows_text_mode, fixture.head);
	g_assert_cmpuint(fixture.head->refusals, ==, 0);
	tear_down(&fixture);
}

static void test_restart(void)
{
	Fixture fixture;
	unsigned scanouts, losses;

	set_up(&fixture, std_vga);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, 1);
	losses = fixture.head->losses; /* 1 if it took the VM a moment to listen */
	kill_vm(&fixture);
	vit_test_wait_count("the loss", &fixture.head->losses, losses + 1);
	scanouts = fixture.head->scanouts;
	boot(&fixture, "dbus,p2p=on", std_vga);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, scanouts + 1);
	g_assert_cmpuint(fixture.head->losses, ==, losses + 1);
	g_assert_cmpuint(fixture.recorder.n_heads, ==, 1);
	assert_plausible(fixture.head);
	tear_down(&fixture);
}

/* Heads are the graphic consoles: text consoles (here of a serial line) are none. */
static void test_two_heads(void)
{
	static const char *const devices[] = {"-vga",    "std", "-device", "secondary-vga",
					      "-serial", "vc",  NULL};
	Fixture fixture;

	set_up(&fixture, devices);
	vit_test_wait_count("the second head", &fixture.recorder.n_heads, 2);
	vit_test_head_start(&fixture.recorder.heads[1]);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, 1);
	vit_test_wait_count("the second scanout", &fixture.recorder.heads[1].scanouts, 1);
	assert_plausible(&fixture.recorder.heads[1]);
	g_assert_cmpuint(fixture.recorder.n_heads, ==, 2);
	tear_down(&fixture);
}

static void test_no_graphics(void)
{
	static const char *const devices[] = {"-vga", "none", NULL};
	Fixture fixture;

	set_up(&fixture, devices);
	vit_test_wait_count("the refusal", &fixture.head->refusals, 1);
	g_assert_cmpuint(fixture.head->scanouts, ==, 0);
	tear_down(&fixture);
}

/* A VM without a D-Bus display is told apart from one that is not there. */
static void test_no_dbus_display(void)
{
	Fixture fixture;

	make_directory(&fixture);
	boot(&fixture, "none", std_vga);
	watch(&fixture, &(VitQemuOptions){.qmp_path = fixture.qmp_path});
	vit_test_wait_count("the refusal", &fixture.head->refusals, 1);
	g_assert_error(fixture.head->refusal, VIT_ERROR, VIT_ERROR_UNSUPPORTED);
	tear_down(&fixture);
}

/* Reads the line in which dbus-daemon says where it listens. */
static char *read_bus_address(GSubprocess *bus)
{
	g_autoptr(GDataInputStream) lines =
		g_data_input_stream_new(g_subprocess_get_stdout_pipe(bus));
	g_autoptr(GError) error = NULL;
	char *address = g_data_input_stream_read_line(lines, NULL, NULL, &error);

	g_assert_no_error(error);
	g_assert_nonnull(address);
	*strchrnul(address, ',') = '\0'; /* its guid is more than QEMU understands */
	return address;
}

/* On a private bus; the VM comes after us, is killed and comes again while the bus stays. */
static void test_bus(void)
{
	static const char *const arguments[] = {"dbus-daemon", "--session",       "--nofork",
						"--nopidfile", "--print-address", NULL};
	Fixture fixture;
	g_autoptr(GSubprocess) bus = NULL;
	g_autofree char *address = NULL, *display = NULL;

	make_directory(&fixture);
	bus = spawn(arguments, G_SUBPROCESS_FLAGS_STDOUT_PIPE);
	address = read_bus_address(bus);
	display = g_strdup_printf("dbus,addr=%s", address);
	watch(&fixture, &(VitQemuOptions){.bus_address = address});
	vit_test_wait_count("the loss", &fixture.head->losses, 1);
	boot(&fixture, display, std_vga);
	vit_test_wait_count("a scanout", &fixture.head->scanouts, 1);
	assert_plausible(fixture.head);
	g_assert_cmpstr(fixture.recorder.name, ==, "integration");
	kill_vm(&fixture);
	vit_test_wait_count("the second loss", &fixture.head->losses, 2);
	boot(&fixture, display, std_vga);
	vit_test_wait_count("the second scanout", &fixture.head->scanouts, 2);
	g_subprocess_force_exit(bus);
	g_assert_true(g_subprocess_wait(bus, NULL, NULL));
	g_clear_object(&bus);
	vit_test_wait_count("the third loss", &fixture.head->losses, 3);
	tear_down(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_warm_up_gio();
	vit_test_add("/qemu-source/picture", test_picture);
	vit_test_add("/qemu-source/mode-change", test_mode_change);
	vit_test_add("/qemu-source/keyboard", test_keyboard);
	vit_test_add("/qemu-source/input-of-all-kinds", test_input_of_all_kinds);
	vit_test_add("/qemu-source/restart", test_restart);
	vit_test_add("/qemu-source/two-heads", test_two_heads);
	vit_test_add("/qemu-source/no-graphics", test_no_graphics);
	vit_test_add("/qemu-source/no-dbus-display", test_no_dbus_display);
	vit_test_add("/qemu-source/bus", test_bus);
	return g_test_run();
}

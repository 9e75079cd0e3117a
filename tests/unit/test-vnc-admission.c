/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Who is let in by the VNC front-end, and where it listens. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"
#include "tests/support/vnc-rig.h"

/* Checks that the viewer is served. */
static void check_served(VitTestViewer *viewer)
{
	vit_test_viewer_request_all(viewer, false);
	vit_test_viewer_take_update(viewer);
	g_assert_cmpuint(viewer->n_pixels, ==, 320 * 200);
}

static VitTestViewer *connect_alone(VitVncRig *rig)
{
	VitTestViewer *viewer = vit_test_viewer_new(rig->path);

	vit_test_viewer_handshake(viewer, false);
	return viewer;
}

/* ---- How many ---- */

static void test_limit(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) first = NULL;
	g_autoptr(VitTestViewer) second = NULL;
	uint8_t answer[VIT_RFB_VERSION_BYTES + 5];

	options.max_clients = 1;
	rig = vit_vnc_rig_new(options);
	first = vit_vnc_rig_connect(rig);
	check_served(first);
	second = vit_test_viewer_new(rig->path);
	vit_test_viewer_send(second, "RFB 003.008\n", VIT_RFB_VERSION_BYTES);
	vit_test_viewer_read(second, answer, sizeof(answer));
	g_assert_cmpuint(answer[VIT_RFB_VERSION_BYTES], ==, 0); /* no types, but a reason */
	vit_test_viewer_wait_closed(second);
	check_served(first);
}

/* Two are in their handshake when there is one place. */
static void test_limit_reached_meanwhile(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) first = NULL;
	g_autoptr(VitTestViewer) second = NULL;
	uint8_t version[VIT_RFB_VERSION_BYTES];

	options.max_clients = 1;
	rig = vit_vnc_rig_new(options);
	second = vit_test_viewer_new(rig->path);
	vit_test_viewer_read(second, version, sizeof(version));
	first = vit_vnc_rig_connect(rig);
	check_served(first);
	vit_test_viewer_send(second, "RFB 003.008\n\x01\x01", VIT_RFB_VERSION_BYTES + 2);
	vit_test_viewer_wait_closed(second);
	check_served(first);
}

static void test_half_open(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	VitTestViewer *silent[100];
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) viewer = NULL;

	options.max_clients = 2;
	rig = vit_vnc_rig_new(options);
	for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
		silent[i] = vit_test_viewer_new(rig->path);
		vit_test_run_for_ms(1);
	}
	viewer = vit_vnc_rig_connect(rig);
	check_served(viewer);
	vit_test_viewer_wait_closed(silent[0]); /* the oldest made room */
	for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
		vit_test_viewer_free(silent[i]);
	}
}

static void test_handshake_timeout(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) viewer = NULL;

	options.handshake_timeout_s = 1;
	rig = vit_vnc_rig_new(options);
	viewer = vit_test_viewer_new(rig->path);
	vit_test_viewer_send(viewer, "RFB 00", 6);
	vit_test_viewer_wait_closed(viewer);
}

static void test_no_rfb(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) viewer = vit_test_viewer_new(rig->path);

	vit_test_viewer_send(viewer, "GET / HTTP/1.1\r\n\r\n", 18);
	vit_test_viewer_wait_closed(viewer);
}

/* ---- Alone or together ---- */

static void test_client_asks_to_be_alone(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) first = NULL;
	g_autoptr(VitTestViewer) second = NULL;
	g_autoptr(VitTestViewer) third = NULL;

	options.share = VIT_VNC_SHARE_CLIENT;
	rig = vit_vnc_rig_new(options);
	first = vit_vnc_rig_connect(rig);
	second = vit_vnc_rig_connect(rig);
	check_served(first);
	third = connect_alone(rig);
	vit_test_viewer_wait_closed(first);
	vit_test_viewer_wait_closed(second);
	check_served(third);
}

static void test_shared(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autoptr(VitTestViewer) first = vit_vnc_rig_connect(rig);
	g_autoptr(VitTestViewer) second = connect_alone(rig);

	check_served(second);
	check_served(first);
}

static void test_exclusive(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	g_autoptr(VitVncRig) rig = NULL;
	g_autoptr(VitTestViewer) first = NULL;
	g_autoptr(VitTestViewer) second = NULL;

	options.share = VIT_VNC_SHARE_EXCLUSIVE;
	options.max_clients = 1; /* the newer one takes the place of the older */
	rig = vit_vnc_rig_new(options);
	first = vit_vnc_rig_connect(rig);
	check_served(first);
	second = vit_vnc_rig_connect(rig);
	vit_test_viewer_wait_closed(first);
	check_served(second);
}

/* ---- Passwords ---- */

typedef struct PasswordRig {
	VitVncRig *rig;
	char *directory, *path, *view_only_path;
} PasswordRig;

static PasswordRig password_rig_new(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	PasswordRig self = {0};

	self.directory = g_dir_make_tmp("vit-vnc-password-XXXXXX", NULL);
	self.path = g_build_filename(self.directory, "password", NULL);
	self.view_only_path = g_build_filename(self.directory, "view-only", NULL);
	g_assert_true(g_file_set_contents_full(self.path, "secret\n", -1, G_FILE_SET_CONTENTS_NONE,
					       0600, NULL));
	g_assert_true(g_file_set_contents_full(self.view_only_path, "looker\n", -1,
					       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	options.password_file = self.path;
	options.view_only_password_file = self.view_only_path;
	options.share = VIT_VNC_SHARE_CLIENT;
	self.rig = vit_vnc_rig_new(options);
	return self;
}

static void password_rig_clear(PasswordRig *self)
{
	vit_vnc_rig_free(self->rig);
	(void)g_unlink(self->path);
	(void)g_unlink(self->view_only_path);
	(void)g_rmdir(self->directory);
	g_free(self->path);
	g_free(self->view_only_path);
	g_free(self->directory);
}

static void test_right_passwords(void)
{
	PasswordRig rig = password_rig_new();
	VitTestViewer *viewer = vit_test_viewer_new(rig.rig->path);
	VitTestViewer *looker = vit_test_viewer_new(rig.rig->path);

	g_assert_true(vit_test_viewer_authenticate(viewer, "secret", true));
	check_served(viewer);
	/* Who may only look sends nobody away, types nothing and changes no size. */
	g_assert_true(vit_test_viewer_authenticate(looker, "looker", false));
	check_served(looker);
	vit_test_viewer_send_key(looker, true, 'a');
	vit_test_viewer_set_desktop_size(looker, 100, 100, 1);
	check_served(looker);
	check_served(viewer);
	g_assert_cmpuint(rig.rig->input->len, ==, 0);
	g_assert_cmpuint(rig.rig->n_wanted_sizes, ==, 0);
	vit_test_viewer_free(viewer);
	vit_test_viewer_free(looker);
	password_rig_clear(&rig);
}

static void test_wrong_password(void)
{
	PasswordRig rig = password_rig_new();
	VitTestViewer *viewer = vit_test_viewer_new(rig.rig->path);

	g_assert_false(vit_test_viewer_authenticate(viewer, "sesame", true));
	vit_test_viewer_wait_closed(viewer);
	vit_test_viewer_free(viewer);
	/* The next one waits for its turn, and then is let in. */
	viewer = vit_test_viewer_new(rig.rig->path);
	g_assert_true(vit_test_viewer_authenticate(viewer, "secret", true));
	check_served(viewer);
	vit_test_viewer_free(viewer);
	password_rig_clear(&rig);
}

static void expect_new_fails(const VitVncOptions *options, VitError code, const char *word)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vit_vnc_new(options, &error));
	g_assert_error(error, VIT_ERROR, (int)code);
	g_assert_nonnull(strstr(error->message, word));
}

static void test_same_passwords(void)
{
	PasswordRig rig = password_rig_new();
	VitVncOptions options = vit_vnc_rig_options();

	options.password_file = rig.path;
	options.view_only_password_file = rig.path;
	expect_new_fails(&options, VIT_ERROR_CONFIG, "differ");
	password_rig_clear(&rig);
}

static void test_bad_options(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	VitAddress address;

	options.password_file = "/nowhere/password";
	expect_new_fails(&options, VIT_ERROR_CONFIG, "/nowhere/password");
	options.password_file = NULL;
	options.view_only_password_file = "/nowhere/view";
	expect_new_fails(&options, VIT_ERROR_CONFIG, "/nowhere/view");
	options.view_only_password_file = NULL;
	options.keymap = "klingon";
	expect_new_fails(&options, VIT_ERROR_CONFIG, "klingon");
	options.keymap = "us";
	g_assert_true(vit_address_parse("0.0.0.0:5900", &address));
	options.listen = &address;
	expect_new_fails(&options, VIT_ERROR_CONFIG, "insecure");
}

/* ---- Listening ---- */

typedef struct Front {
	VitFrontend *vnc;
	GError *error;
} Front;

static void ignore_input(void *host_data, const VitInput *input)
{
}

static void ignore_size(void *host_data, uint32_t width, uint32_t height)
{
}

static void ignore_request(void *host_data)
{
}

static const VitHost idle_host = {
	.input = ignore_input,
	.set_size = ignore_size,
	.request_pixels = ignore_request,
};

/* Starts a front-end with two heads; front.error says how that went. */
static Front start_front(const VitVncOptions *options)
{
	Front front = {0};

	front.vnc = vit_vnc_new(options, &front.error);
	g_assert_no_error(front.error);
	g_assert_true(vit_frontend_add_head(front.vnc, 0, &idle_host, NULL, NULL));
	g_assert_true(vit_frontend_add_head(front.vnc, 1, &idle_host, NULL, NULL));
	(void)vit_frontend_start(front.vnc, &front.error);
	return front;
}

static void front_clear(Front *self)
{
	vit_frontend_destroy(self->vnc);
	g_clear_error(&self->error);
}

static void front_expect_failure(Front *self, const char *word)
{
	g_assert_error(self->error, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_nonnull(strstr(self->error->message, word));
	front_clear(self);
}

/* A socket bound to a free port of 127.0.0.1, which may listen. */
static int bind_somewhere(VitAddress *ret_address, bool listening)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t n_bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, n_bytes), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &n_bytes), ==, 0);
	g_assert_cmpint(listening ? listen(fd, 4) : 0, ==, 0);
	*ret_address = (VitAddress){.host = "127.0.0.1", .port = ntohs(address.sin_port)};
	return fd;
}

static VitTestViewer *connect_tcp(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	return vit_test_viewer_new_take_fd(fd);
}

static void test_tcp(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	VitTestViewer *viewer;
	VitAddress address;
	Front front;
	int fd = bind_somewhere(&address, false);

	(void)close(fd);
	options.listen = &address;
	front = start_front(&options);
	g_assert_no_error(front.error);
	for (unsigned head = 0; head < 2; head++) { /* head N on port + N */
		viewer = connect_tcp((uint16_t)(address.port + head));
		vit_test_viewer_handshake(viewer, true);
		g_assert_cmpuint(viewer->width, >, 0); /* though nothing is shown yet */
		vit_test_viewer_free(viewer);
	}
	front_clear(&front);
}

static void test_port_in_use(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	VitAddress address;
	Front front;
	int fd = bind_somewhere(&address, true);

	options.listen = &address;
	front = start_front(&options);
	front_expect_failure(&front, "another program does already");
	(void)close(fd);
}

static void test_no_port_left(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	const VitAddress address = {.host = "127.0.0.1", .port = 65535};
	Front front;

	options.listen = &address;
	front = start_front(&options);
	front_expect_failure(&front, "65535");
}

static void test_not_our_address(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	const VitAddress address = {.host = "192.0.2.1", .port = 5900};
	Front front;

	options.listen = &address;
	options.insecure = true;
	front = start_front(&options);
	front_expect_failure(&front, "does not have that address");
}

static void test_unix_paths(void)
{
	g_autofree char *directory = g_dir_make_tmp("vit-vnc-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "vnc", NULL);
	g_autofree char *second = g_strconcat(path, ".1", NULL);
	VitVncOptions options = vit_vnc_rig_options();
	VitTestViewer *viewer;
	Front front, other;
	GStatBuf status;

	options.unix_path = path;
	front = start_front(&options);
	g_assert_no_error(front.error);
	g_assert_cmpint(g_stat(path, &status), ==, 0);
	g_assert_cmphex(status.st_mode & 0777, ==, 0600);
	viewer = vit_test_viewer_new(second);
	vit_test_viewer_handshake(viewer, true);
	vit_test_viewer_free(viewer);
	other = start_front(&options);
	front_expect_failure(&other, "another program does already");
	viewer = vit_test_viewer_new(path); /* still there */
	vit_test_viewer_handshake(viewer, true);
	vit_test_viewer_free(viewer);
	front_clear(&front);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
}

/* Leaves a socket file behind as a process does that dies. */
static void leave_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	(void)close(fd);
}

static void test_stale_unix_path(void)
{
	g_autofree char *directory = g_dir_make_tmp("vit-vnc-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "vnc", NULL);
	VitVncOptions options = vit_vnc_rig_options();
	Front front;

	options.unix_path = path;
	g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
	front = start_front(&options);
	front_expect_failure(&front, "not a socket");
	g_assert_cmpint(g_unlink(path), ==, 0);
	leave_socket(path);
	front = start_front(&options);
	g_assert_no_error(front.error);
	front_clear(&front);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static void test_bad_unix_path(void)
{
	g_autofree char *too_long = g_strnfill(200, 'x');
	g_autofree char *path = g_strconcat("/tmp/", too_long, NULL);
	VitVncOptions options = vit_vnc_rig_options();
	Front front;

	options.unix_path = path;
	front = start_front(&options);
	front_expect_failure(&front, "at most 107");
	options.unix_path = "/nowhere/at/all";
	front = start_front(&options);
	front_expect_failure(&front, "/nowhere/at/all: its folder does not exist");
}

static void test_passed_fd(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	VitTestViewer *viewer;
	VitAddress address, unused;
	int fds[2] = {bind_somewhere(&address, true), bind_somewhere(&unused, true)};
	Front front;

	options.listen_fds = fds;
	options.n_listen_fds = G_N_ELEMENTS(fds);
	front = start_front(&options);
	g_assert_no_error(front.error);
	viewer = connect_tcp(address.port);
	vit_test_viewer_handshake(viewer, true);
	vit_test_viewer_free(viewer);
	front_clear(&front);
}

static void test_bad_passed_fd(void)
{
	VitVncOptions options = vit_vnc_rig_options();
	struct sockaddr_in anywhere = {.sin_family = AF_INET};
	VitAddress address;
	Front front;
	int fd;

	options.listen_fds = &fd;
	options.n_listen_fds = 1;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	front = start_front(&options);
	front_expect_failure(&front, "not a listening");
	fd = bind_somewhere(&address, false);
	front = start_front(&options);
	front_expect_failure(&front, "not a listening");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&anywhere, sizeof(anywhere)), ==, 0);
	g_assert_cmpint(listen(fd, 4), ==, 0);
	front = start_front(&options);
	front_expect_failure(&front, "insecure");
}

/* ---- From the configuration ---- */

static VitFrontend *new_from_config(const char *text, GError **error)
{
	g_autoptr(GError) mistake = NULL;
	g_autoptr(VitConfig) config =
		vit_config_load_from_data("test", text, strlen(text), NULL, &mistake);

	g_assert_no_error(mistake);
	return vit_vnc_new_from_config(config, error);
}

static void test_config(void)
{
	g_autoptr(GError) error = NULL;
	VitFrontend *vnc = new_from_config("[vnc]\nlisten = none\nshare = exclusive\n", &error);

	g_assert_no_error(error);
	vit_frontend_destroy(vnc); /* never started, no head */
	vnc = new_from_config("[vnc]\nshare = shared\n", &error);
	g_assert_no_error(error);
	vit_frontend_destroy(vnc);
	g_assert_null(new_from_config("[vnc]\npassword-file = /nowhere\n", &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
}

/* As systemd starts a service: in a process of its own, as the first passed fd is always 3. */
static void test_passed_by_systemd_subprocess(void)
{
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
	g_autoptr(GError) error = NULL;
	VitAddress address;
	VitFrontend *vnc;
	VitTestViewer *viewer;
	int fd = bind_somewhere(&address, true);

	if (fd != 3) {
		g_assert_cmpint(dup2(fd, 3), ==, 3);
		(void)close(fd);
	}
	g_assert_true(g_setenv("LISTEN_PID", pid, TRUE));
	g_assert_true(g_setenv("LISTEN_FDS", "1", TRUE));
	vnc = new_from_config("[vnc]\nlisten = none\n", &error);
	g_assert_no_error(error);
	g_assert_true(vit_frontend_add_head(vnc, 0, &idle_host, NULL, &error));
	g_assert_true(vit_frontend_start(vnc, &error));
	viewer = connect_tcp(address.port);
	vit_test_viewer_handshake(viewer, true);
	vit_test_viewer_free(viewer);
	vit_frontend_destroy(vnc);
}

static void test_passed_by_systemd(void)
{
	g_test_trap_subprocess("/vnc/config/systemd/subprocess", 0, 0);
	g_test_trap_assert_passed();
}

/* What was meant for another process, or is no number. */
static void test_not_passed(void)
{
	static const char *const pids[] = {"1", "", "self", "-1", NULL};
	g_autoptr(GError) error = NULL;

	g_assert_true(g_setenv("LISTEN_FDS", "1", TRUE));
	for (unsigned i = 0; pids[i]; i++) {
		VitFrontend *vnc;

		g_assert_true(g_setenv("LISTEN_PID", pids[i], TRUE));
		vnc = new_from_config("[vnc]\nlisten = none\n", &error);
		g_assert_no_error(error);
		vit_frontend_destroy(vnc);
	}
	g_unsetenv("LISTEN_FDS");
	g_unsetenv("LISTEN_PID");
}

/* A head that comes when viewers are served already. */
static void test_late_head(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autofree char *path = g_strconcat(rig->path, ".1", NULL);
	g_autoptr(VitTestViewer) viewer = NULL;

	g_assert_true(vit_frontend_add_head(rig->vnc, 1, &idle_host, NULL, NULL));
	viewer = vit_test_viewer_new(path);
	vit_test_viewer_handshake(viewer, true);
	g_assert_cmpstr(viewer->name, ==, "rig (2)");
}

static void test_late_head_fails(void)
{
	g_autoptr(VitVncRig) rig = vit_vnc_rig_new(vit_vnc_rig_options());
	g_autofree char *path = g_strconcat(rig->path, ".1", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
	g_assert_false(vit_frontend_add_head(rig->vnc, 1, &idle_host, NULL, &error));
	g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_cmpint(g_unlink(path), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/vnc/limit/refused-with-a-reason", test_limit);
	vit_test_add("/vnc/limit/reached-meanwhile", test_limit_reached_meanwhile);
	vit_test_add("/vnc/limit/half-open", test_half_open);
	vit_test_add("/vnc/handshake/timeout", test_handshake_timeout);
	vit_test_add("/vnc/handshake/no-rfb", test_no_rfb);
	vit_test_add("/vnc/share/as-the-viewer-asks", test_client_asks_to_be_alone);
	vit_test_add("/vnc/share/always", test_shared);
	vit_test_add("/vnc/share/never", test_exclusive);
	vit_test_add("/vnc/password/right", test_right_passwords);
	vit_test_add("/vnc/password/wrong", test_wrong_password);
	vit_test_add("/vnc/password/same", test_same_passwords);
	vit_test_add("/vnc/options/bad", test_bad_options);
	vit_test_add("/vnc/listen/tcp", test_tcp);
	vit_test_add("/vnc/listen/in-use", test_port_in_use);
	vit_test_add("/vnc/listen/no-port-left", test_no_port_left);
	vit_test_add("/vnc/listen/not-our-address", test_not_our_address);
	vit_test_add("/vnc/listen/unix", test_unix_paths);
	vit_test_add("/vnc/listen/unix-stale", test_stale_unix_path);
	vit_test_add("/vnc/listen/unix-bad", test_bad_unix_path);
	vit_test_add("/vnc/listen/passed-fd", test_passed_fd);
	vit_test_add("/vnc/listen/passed-fd-bad", test_bad_passed_fd);
	vit_test_add("/vnc/config/keys", test_config);
	vit_test_add("/vnc/config/systemd", test_passed_by_systemd);
	vit_test_add("/vnc/config/not-for-us", test_not_passed);
	g_test_add_func("/vnc/config/systemd/subprocess", test_passed_by_systemd_subprocess);
	vit_test_add("/vnc/head/late", test_late_head);
	vit_test_add("/vnc/head/late-fails", test_late_head_fails);
	return g_test_run();
}

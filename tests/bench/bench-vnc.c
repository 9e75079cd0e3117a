/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * bench-vnc [--size WxH] [--seconds N] [SCRIPT…]: the built daemon on its own test picture, through
 * Tight to a counting viewer. One JSON object a script. Latency is from the time at which a picture
 * was due, which its stamp says, to the last byte of the update that brought it; so it includes the
 * drawing of the test picture. CPU is that of vitrine and vitrine-render together; what they use
 * without a viewer, for the same pictures, is given beside it.
 */
#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "tests/bench/tight-viewer.h"

#define WARM_UP_S 2

typedef struct Options {
	char *size;
	int seconds;
	char **scripts;
} Options;

typedef struct Daemon {
	char *folder, *socket;
	GPid pid;
} Daemon;

typedef struct Result {
	GArray *latencies_us; /* of int64_t, one a picture */
	uint64_t n_bytes;
	double seconds, cpu_ms, idle_cpu_ms_per_s;
} Result;

/* ---- The daemon ---- */

static void daemon_start(Daemon *self, const Options *options, const char *script)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("vitrine-bench-XXXXXX", &error);
	g_autofree char *socket = g_build_filename(folder, "vnc", NULL);
	g_autofree char *unix_setting = g_strdup_printf("vnc.unix=%s", socket);
	g_autofree char *script_setting = g_strdup_printf("pattern.script=%s", script);
	g_autofree char *size_setting = g_strdup_printf("pattern.size=%s", options->size);
	const char *const arguments[] = {
		VIT_BENCH_VITRINE, "--set",           "render.program=" VIT_BENCH_RENDER,
		"--set",           "vnc.listen=none", "--set",
		unix_setting,      "--set",           script_setting,
		"--set",           size_setting,      NULL};

	if (!folder || !g_spawn_async(NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
				      NULL, NULL, &self->pid, &error)) {
		g_error("%s", error->message);
	}
	self->folder = g_steal_pointer(&folder);
	self->socket = g_steal_pointer(&socket);
}

static void daemon_stop(Daemon *self)
{
	(void)kill(self->pid, SIGTERM);
	(void)waitpid(self->pid, NULL, 0);
	(void)g_remove(self->socket);
	(void)g_rmdir(self->folder);
	g_free(self->folder);
	g_free(self->socket);
}

static VitTightViewer *daemon_connect(const Daemon *self)
{
	while (true) {
		g_autoptr(GError) error = NULL;
		VitTightViewer *viewer = vit_tight_viewer_new(self->socket, &error);

		if (viewer) {
			return viewer;
		}
		if (waitpid(self->pid, NULL, WNOHANG) != 0) {
			g_error("the daemon ended before it could be reached: %s", error->message);
		}
		g_usleep(20000);
	}
}

/* utime and stime of one process, all its threads. */
static double process_cpu_ms(GPid pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
	g_autofree char *text = NULL;
	unsigned long long user, system;
	const char *fields;

	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		return 0;
	}
	/* The name, in parentheses, may contain anything; state is the field after it. */
	fields = strrchr(text, ')');
	if (!fields || sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			      &user, &system) != 2) {
		g_error("%s cannot be understood", path);
	}
	return (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static double daemon_cpu_ms(const Daemon *self)
{
	g_autofree char *path =
		g_strdup_printf("/proc/%d/task/%d/children", (int)self->pid, (int)self->pid);
	g_autofree char *text = NULL;
	double sum = process_cpu_ms(self->pid);

	if (g_file_get_contents(path, &text, NULL, NULL)) {
		g_auto(GStrv) pids = g_strsplit(g_strstrip(text), " ", -1);

		for (char **pid = pids; *pid; pid++) {
			sum += process_cpu_ms((GPid)g_ascii_strtoll(*pid, NULL, 10));
		}
	}
	return sum;
}

/* ---- Measuring ---- */

static void receive(VitTightViewer *viewer, VitTightUpdate *ret_update)
{
	g_autoptr(GError) error = NULL;

	if (!vit_tight_viewer_receive(viewer, ret_update, &error)) {
		g_error("%s", error->message);
	}
}

/* A picture may come in several updates: the last one counts. */
static void note_picture(Result *result, const VitTightUpdate *update, uint32_t *last_number)
{
	int64_t latency_us = (uint32_t)((uint32_t)update->received_us - update->stamp.time_us);

	if (update->stamp.number == *last_number && result->latencies_us->len > 0) {
		g_array_index(result->latencies_us, int64_t, result->latencies_us->len - 1) =
			latency_us;
	} else {
		g_array_append_val(result->latencies_us, latency_us);
	}
	*last_number = update->stamp.number;
}

static void measure(const Daemon *daemon, VitTightViewer *viewer, int seconds, Result *result)
{
	int64_t begin = g_get_monotonic_time(), now = begin;
	VitTightUpdate update;
	uint32_t last_number;
	uint64_t bytes_before;
	double cpu_before;

	while (now < begin + WARM_UP_S * G_USEC_PER_SEC) {
		receive(viewer, &update);
		now = update.received_us;
	}
	begin = now;
	last_number = update.stamp.number;
	bytes_before = update.n_bytes;
	cpu_before = daemon_cpu_ms(daemon);
	while (now < begin + seconds * G_USEC_PER_SEC) {
		receive(viewer, &update);
		now = update.received_us;
		if (update.has_stamp &&
		    (update.stamp.number != last_number || result->latencies_us->len > 0)) {
			note_picture(result, &update, &last_number);
		}
	}
	result->cpu_ms = daemon_cpu_ms(daemon) - cpu_before;
	result->n_bytes = update.n_bytes - bytes_before;
	result->seconds = (double)(now - begin) / G_USEC_PER_SEC;
}

static int compare_latencies(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

/* Nearest rank. @latencies is sorted and not empty. */
static double percentile_ms(const GArray *latencies, unsigned percent)
{
	unsigned rank = (latencies->len * percent + 99) / 100;

	return (double)g_array_index(latencies, int64_t, MAX(rank, 1) - 1) / 1000;
}

static void print_result(const Options *options, const char *script, Result *result)
{
	double pictures = result->latencies_us->len;

	if (result->latencies_us->len == 0) {
		g_error("no picture of script \"%s\" arrived whole", script);
	}
	g_array_sort(result->latencies_us, compare_latencies);
	printf("{\"bench\":\"vnc\",\"script\":\"%s\",\"size\":\"%s\",\"fps\":%.1f,"
	       "\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"p99_ms\":%.2f,\"cpu_ms_per_frame\":%.2f,"
	       "\"source_cpu_ms_per_frame\":%.2f,\"bytes_per_frame\":%.0f}\n",
	       script, options->size, pictures / result->seconds,
	       percentile_ms(result->latencies_us, 50), percentile_ms(result->latencies_us, 95),
	       percentile_ms(result->latencies_us, 99), result->cpu_ms / pictures,
	       result->idle_cpu_ms_per_s * result->seconds / pictures,
	       (double)result->n_bytes / pictures);
	(void)fflush(stdout);
}

/* CPU of the source alone: nobody is watching. */
static double measure_idle(const Daemon *daemon)
{
	double before = daemon_cpu_ms(daemon);

	g_usleep(WARM_UP_S * G_USEC_PER_SEC);
	return (daemon_cpu_ms(daemon) - before) / WARM_UP_S;
}

static void run_script(const Options *options, const char *script)
{
	Daemon daemon;
	Result result = {.latencies_us = g_array_new(FALSE, FALSE, sizeof(int64_t))};
	VitTightViewer *viewer;

	daemon_start(&daemon, options, script);
	/* Connected once, so that it is known to run. */
	vit_tight_viewer_free(daemon_connect(&daemon));
	result.idle_cpu_ms_per_s = measure_idle(&daemon);
	viewer = daemon_connect(&daemon);
	measure(&daemon, viewer, options->seconds, &result);
	vit_tight_viewer_free(viewer);
	daemon_stop(&daemon);
	print_result(options, script, &result);
	g_array_unref(result.latencies_us);
}

int main(int argc, char **argv)
{
	static const char *const all_scripts[] = {"typing", "scroll", "motion", NULL};
	Options options = {.size = NULL, .seconds = 10};
	const GOptionEntry entries[] = {
		{"size", 0, 0, G_OPTION_ARG_STRING, &options.size, "Of the picture", "WxH"},
		{"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds, "For each script", "N"},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.scripts, NULL,
		 "[SCRIPT…]"},
		{NULL}};
	GOptionContext *context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	g_option_context_free(context);
	if (!options.size) {
		options.size = g_strdup("1920x1080");
	}
	for (const char *const *script = options.scripts ? (const char *const *)options.scripts
							 : all_scripts;
	     *script; script++) {
		run_script(&options, *script);
	}
	g_strfreev(options.scripts);
	g_free(options.size);
	return EXIT_SUCCESS;
}

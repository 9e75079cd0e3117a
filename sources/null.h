/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/source.h"

/*
 * The null implementations of the three seams: a VM that shows nothing and drops its input. The
 * template of a real one, and a double in tests.
 */

/* Thread: loop. */
VitSource *vit_null_source_new(void);
VitInputSink *vit_null_sink_new(void);
/* Announces one head from within its start. */
VitMachine *vit_null_machine_new(void);

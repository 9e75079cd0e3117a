/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

/*
 * Installs the log writer: one line a message on stderr, or the journal's fields when stderr is the
 * journal. Messages below @level ("debug", "info", "message", "warning") are dropped.
 * Called once, from main(), before any thread exists.
 */
void vit_log_init(const char *level);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * What each fuzz target defines, with libFuzzer's name for it: gives the @n_bytes at @bytes to one
 * parser. Returns 0. It frees all it made and leaves no fd open, whatever the bytes.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Mesa 25.0 drives vgem's card in the test machine, and passes dmabufs in both directions.

QEMU exports what a guest renders only with a Mesa as new as this one.
"""
import ctypes
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from tap import run_tests  # noqa: E402

EGL_EXTENSIONS, EGL_NONE, EGL_OPENGL_ES_API, EGL_CONTEXT_MAJOR_VERSION = 0x3055, 0x3038, 0x30A0, 0x3098
EGL_PLATFORM_GBM, GL_VERSION = 0x31D7, 0x1F02

NEEDED = {
    "EGL_EXT_image_dma_buf_import",
    "EGL_EXT_image_dma_buf_import_modifiers",
    "EGL_MESA_image_dma_buf_export",
}


def load(name):
    """Functions of a C library, which here all return a pointer, a string or a number."""
    library = ctypes.CDLL(name)

    def call(function, *arguments, returns=ctypes.c_void_p):
        address = library[function]
        address.restype = returns
        return address(*(ctypes.c_void_p(each) if isinstance(each, int) else each for each in arguments))

    return call


def drives_vgem():
    gbm, egl, gles = load("libgbm.so.1"), load("libEGL.so.1"), load("libGLESv2.so.2")
    device = gbm("gbm_create_device", os.open("/dev/dri/card0", os.O_RDWR))
    display = egl("eglGetPlatformDisplay", EGL_PLATFORM_GBM, device, None)
    assert egl("eglInitialize", display, None, None, returns=ctypes.c_uint), "eglInitialize"
    found = egl("eglQueryString", display, EGL_EXTENSIONS, returns=ctypes.c_char_p).decode().split()
    assert NEEDED <= set(found), NEEDED - set(found)
    egl("eglBindAPI", EGL_OPENGL_ES_API)
    attributes = (ctypes.c_int * 3)(EGL_CONTEXT_MAJOR_VERSION, 2, EGL_NONE)
    context = egl("eglCreateContext", display, None, None, attributes)
    made = egl("eglMakeCurrent", display, None, None, context, returns=ctypes.c_uint)
    assert made, "eglMakeCurrent"
    version = gles("glGetString", GL_VERSION, returns=ctypes.c_char_p).decode()
    assert "Mesa 25.0" in version, version


sys.exit(run_tests([("Mesa 25.0 passes dmabufs", drives_vgem)]))

/* What the C files of h264._h264 share: the stable ABI, the buffer protocol, exceptions,
 * the types' makers. */
#ifndef AVO_BINDINGS_PYTYPES_H
#define AVO_BINDINGS_PYTYPES_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x03090000
#endif
#include <Python.h>

/* ---- buffers ---- */

/* The buffer protocol is part of the limited API from 3.11 on only, but its struct has been the
 * same since 3.3 and every CPython exports its functions. Declaring them here makes one binary
 * serve 3.9 and 3.10 too. */
#if Py_LIMITED_API < 0x030b0000
typedef struct AvoBuffer {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
} AvoBuffer;
extern int PyObject_GetBuffer(PyObject *object, AvoBuffer *view, int flags);
extern void PyBuffer_Release(AvoBuffer *view);
#define PyBUF_SIMPLE   0
#define PyBUF_WRITABLE 0x0001
#define PyBUF_STRIDES  0x0018
#else
typedef Py_buffer AvoBuffer;
#endif

/* Sets the exception that belongs to a negative status; message may be "". Returns NULL. */
PyObject *avo_py_raise(int status, const char *message);
/* Takes a lock, letting others run while it is not free. */
void avo_py_lock(PyThread_type_lock lock);
/* "IDR", "I", "P", "B". */
const char *avo_py_type_name(int frame_type);
/* Appends to a list and gives up the reference; NULL item or failure: clears the list.
 * Returns the list. */
PyObject *avo_py_append(PyObject *list, PyObject *item);

/* Each makes one type for the module, or NULL with an exception. */
PyObject *avo_py_encoder_type(void);
PyObject *avo_py_decoder_type(void);
PyObject *avo_py_mp4_writer_type(void);
PyObject *avo_py_reader_type(void);
PyObject *avo_py_rtsp_server_type(void);

#endif

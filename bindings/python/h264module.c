/* h264._h264: the C side of package h264 for CPython 3.9 and later, against the stable ABI.
 *
 * Types Encoder (pyencoder.c), Decoder (pydecoder.c), Mp4Writer and Reader (pymux.c), RtspServer
 * (pyrtsp.c), which take and give raw buffers, and the library's tables. All that is easier said in
 * Python (what kind of image an object is, keywords, documentation) is in the package's Python
 * files. */
#include "pytypes.h"

#include "backend.h"
#include "image_format.h"
#include "to_rgb.h"

/* ---- shared with the types ---- */

PyObject *avo_py_raise(int status, const char *message)
{
    const char *text = message[0] ? message : avocet_status_text(status);
    switch (status) {
    case AVOCET_ERR_ARGUMENT:
    case AVOCET_ERR_CONFLICT:
    case AVOCET_ERR_UNSUPPORTED:
    case AVOCET_ERR_DATA:
        PyErr_SetString(PyExc_ValueError, text);
        break;
    case AVOCET_ERR_OPTION:
        PyErr_SetString(PyExc_TypeError, text);
        break;
    case AVOCET_ERR_MEMORY:
        PyErr_SetString(PyExc_MemoryError, text);
        break;
    case AVOCET_ERR_STATE:
        PyErr_SetString(PyExc_OSError, text);
        break;
    default:
        PyErr_Format(PyExc_OSError, "h264 error: %s", text);
    }
    return NULL;
}

void avo_py_lock(PyThread_type_lock lock)
{
    if (PyThread_acquire_lock(lock, NOWAIT_LOCK))
        return;
    Py_BEGIN_ALLOW_THREADS PyThread_acquire_lock(lock, WAIT_LOCK);
    Py_END_ALLOW_THREADS
}

const char *avo_py_type_name(int frame_type)
{
    static const char *const names[] = {"", "IDR", "I", "P", "B", "B"};
    return frame_type >= 0 && frame_type <= AVOCET_TYPE_B ? names[frame_type] : "";
}

PyObject *avo_py_append(PyObject *list, PyObject *item)
{
    if (!item || PyList_Append(list, item) < 0)
        Py_CLEAR(list);
    Py_XDECREF(item);
    return list;
}

/* ---- module ---- */

/* The option table: (name, group, form, choices or None, minimum, maximum, default, help). */
static PyObject *module_options(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < avocet_encoder_option_count(); i++) {
        const AvocetOption *o = avocet_encoder_option(i);
        list = avo_py_append(list, Py_BuildValue("ssszddss", o->name, o->group, o->form, o->choices,
                                                 o->minimum, o->maximum, o->default_text, o->help));
    }
    return list;
}

static PyObject *list_names(const char *(*name_at)(int))
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && name_at(i); i++)
        list = avo_py_append(list, PyUnicode_FromString(name_at(i)));
    return list;
}

static PyObject *module_presets(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return list_names(avocet_encoder_preset_name);
}

static PyObject *module_tunes(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return list_names(avocet_encoder_tune_name);
}

static const char *format_name_at(int index)
{
    return avocet_format_name((AvocetFormat)index);
}

static PyObject *module_formats(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return list_names(format_name_at);
}

static const char *backend_name_at(int index)
{
    return avo_backends[index] ? avo_backends[index]->name : NULL;
}

static PyObject *module_backends(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return list_names(backend_name_at);
}

/* Number of a format's name, -1: none. */
static PyObject *module_find_format(PyObject *module, PyObject *args)
{
    const char *name;
    (void)module;
    return PyArg_ParseTuple(args, "s", &name) ? PyLong_FromLong(avocet_format_find(name)) : NULL;
}

static PyObject *module_format_of_size(PyObject *module, PyObject *args)
{
    Py_ssize_t bytes;
    int width, height;
    (void)module;
    if (!PyArg_ParseTuple(args, "nii", &bytes, &width, &height))
        return NULL;
    return PyLong_FromLong(avo_image_format_of_size((size_t)bytes, width, height));
}

static PyObject *module_format_of_pixformat(PyObject *module, PyObject *args)
{
    long value;
    (void)module;
    return PyArg_ParseTuple(args, "l", &value)
               ? PyLong_FromLong(avo_image_format_of_pixformat(value))
               : NULL;
}

/* (samples, format, width, height, matrix, full_range) of a decoded picture as bytes R, G, B. */
static PyObject *module_to_rgb(PyObject *module, PyObject *args)
{
    AvoBuffer view;
    PyObject *samples, *rgb = NULL;
    AvocetPicture picture;
    int format, width, height, matrix, full_range;
    (void)module;
    if (!PyArg_ParseTuple(args, "Oiiiip", &samples, &format, &width, &height, &matrix,
                          &full_range) ||
        PyObject_GetBuffer(samples, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    avocet_picture_init(&picture, (AvocetFormat)format, width, height, view.buf);
    if ((format == AVOCET_FORMAT_I420 || format == AVOCET_FORMAT_GRAY8) && view.len > 0 &&
        avocet_format_size((AvocetFormat)format, width, height) == (size_t)view.len) {
        rgb = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)width * height * 3);
        if (rgb)
            avo_to_rgb((uint8_t *)PyBytes_AsString(rgb), &picture, matrix, full_range);
    } else {
        PyErr_SetString(PyExc_ValueError, "no decoded picture");
    }
    PyBuffer_Release(&view);
    return rgb;
}

static PyObject *module_version(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyUnicode_FromString(avocet_version());
}

static PyMethodDef module_methods[] = {
    {"options", module_options, METH_NOARGS, NULL},
    {"presets", module_presets, METH_NOARGS, NULL},
    {"tunes", module_tunes, METH_NOARGS, NULL},
    {"formats", module_formats, METH_NOARGS, NULL},
    {"backends", module_backends, METH_NOARGS, NULL},
    {"find_format", module_find_format, METH_VARARGS, NULL},
    {"format_of_size", module_format_of_size, METH_VARARGS, NULL},
    {"format_of_pixformat", module_format_of_pixformat, METH_VARARGS, NULL},
    {"to_rgb", module_to_rgb, METH_VARARGS, NULL},
    {"version", module_version, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int add_type(PyObject *module, const char *name, PyObject *type)
{
    if (type && PyModule_AddObject(module, name, type) == 0)
        return 0;
    Py_XDECREF(type);
    return -1;
}

static int module_exec(PyObject *module)
{
    if (add_type(module, "Encoder", avo_py_encoder_type()) < 0 ||
        add_type(module, "Decoder", avo_py_decoder_type()) < 0 ||
        add_type(module, "Mp4Writer", avo_py_mp4_writer_type()) < 0 ||
        add_type(module, "Reader", avo_py_reader_type()) < 0 ||
        add_type(module, "RtspServer", avo_py_rtsp_server_type()) < 0)
        return -1;
    return PyModule_AddIntConstant(module, "JPEG", AVO_IMAGE_JPEG);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "h264._h264",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__h264(void);

PyMODINIT_FUNC PyInit__h264(void)
{
    return PyModuleDef_Init(&module_def);
}

/* Type h264._h264.Encoder: an AvoLive behind a lock, taking raw buffers. While pictures are coded
 * the interpreter lock is released; calls on one encoder from several threads wait for each other.
 */
#include "pytypes.h"

#include <stdlib.h>
#include <string.h>

#include "live.h"

/* ---- images ---- */

static int is_contiguous(const AvoBuffer *view, int from_dimension)
{
    Py_ssize_t step = view->itemsize;
    for (int i = view->ndim - 1; i >= from_dimension; i--) {
        if (view->shape[i] > 1 && view->strides[i] != step)
            return 0;
        step *= view->shape[i];
    }
    return 1;
}

static Py_ssize_t row_bytes(const AvoBuffer *view)
{
    Py_ssize_t bytes = view->itemsize;
    for (int i = 1; i < view->ndim; i++)
        bytes *= view->shape[i];
    return bytes;
}

/* Points picture into the buffer: tightly packed, or rows of one plane at any distance. 0 with an
 * exception if the buffer does not have what format and size need. */
static int point_into(AvocetPicture *picture, const AvoBuffer *view, int format, int width,
                      int height)
{
    avocet_picture_init(picture, (AvocetFormat)format, width, height, view->buf);
    size_t need = avocet_format_size((AvocetFormat)format, width, height);
    if (!need) {
        PyErr_Format(PyExc_ValueError, "no image has format %d and size %dx%d", format, width,
                     height);
        return 0;
    }
    if (is_contiguous(view, 0)) {
        if ((size_t)view->len == need)
            return 1;
        PyErr_Format(PyExc_ValueError, "image has %zd bytes, %dx%d in %s has %zu", view->len, width,
                     height, avocet_format_name((AvocetFormat)format), need);
        return 0;
    }
    if (!picture->plane[1] && is_contiguous(view, 1) && view->shape[0] == height &&
        row_bytes(view) == picture->stride[0]) {
        picture->stride[0] = view->strides[0];
        return 1;
    }
    PyErr_Format(PyExc_ValueError, "the samples of the image do not lie next to each other");
    return 0;
}

/* ---- type Encoder ---- */

typedef struct Encoder {
    PyObject ob_base; /* PyObject_HEAD */
    PyThread_type_lock lock;
    AvoLive live;
} Encoder;

static void *take_memory(void *opaque, size_t size, size_t align)
{
    (void)opaque;
    (void)align; /* malloc's is enough for pointers, which is all that is asked for */
    return malloc(size);
}

static void give_memory(void *opaque, void *pointer)
{
    (void)opaque;
    free(pointer);
}

static const AvocetAllocator allocator = {take_memory, give_memory, NULL};

static void lock(Encoder *self)
{
    avo_py_lock(self->lock);
}

static void unlock(Encoder *self)
{
    PyThread_release_lock(self->lock);
}

/* Unlocks and returns None, or the exception. */
static PyObject *done(Encoder *self, int status)
{
    char message[AVO_LIVE_MESSAGE];
    memcpy(message, self->live.message, sizeof message);
    unlock(self);
    if (status < 0)
        return PyErr_Occurred() ? NULL : avo_py_raise(status, message);
    Py_RETURN_NONE;
}

/* options: a list of pairs of str. */
static int set_options(AvocetEncoderConfig *config, PyObject *options, char *message,
                       size_t message_size)
{
    Py_ssize_t n = PyList_Size(options);
    for (Py_ssize_t i = 0; i < n; i++) {
        const char *name, *value;
        if (!PyArg_ParseTuple(PyList_GetItem(options, i), "ss", &name, &value))
            return AVOCET_ERR_ARGUMENT;
        int status = avocet_encoder_config_set(config, name, value, message, message_size);
        if (status < 0)
            return status;
    }
    return n < 0 ? AVOCET_ERR_ARGUMENT : AVOCET_OK;
}

static int open_encoder(Encoder *self, const AvoLiveArgs *args, PyObject *options,
                        const char *backend, char *message, size_t message_size)
{
    AvocetEncoderConfig config;
    AvoLiveMemory memory = {&allocator, NULL, 0};
    int status = avo_live_configure(&config, args, message, message_size);
    if (status == AVOCET_OK)
        status = set_options(&config, options, message, message_size);
    if (status == AVOCET_OK)
        status = avo_live_open(&self->live, &config, backend, &memory, message, message_size);
    return status;
}

static PyObject *encoder_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    AvoLiveArgs a = {0};
    const char *backend;
    PyObject *options;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "iisiLiizzzO!", &a.width, &a.height, &a.fps, &a.gop, &a.bitrate,
                          &a.qp_min, &a.qp_max, &a.preset, &a.tune, &backend, &PyList_Type,
                          &options))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Encoder *self = (Encoder *)alloc(type, 0);
    if (!self)
        return NULL;
    char message[AVO_LIVE_MESSAGE] = "";
    self->lock = PyThread_allocate_lock();
    int status = self->lock ? open_encoder(self, &a, options, backend, message, sizeof message)
                            : AVOCET_ERR_MEMORY;
    if (status == AVOCET_OK)
        return (PyObject *)self;
    if (!PyErr_Occurred())
        avo_py_raise(status, message);
    Py_DECREF(self);
    return NULL;
}

static void encoder_dealloc(PyObject *object)
{
    Encoder *self = (Encoder *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    avo_live_close(&self->live);
    if (self->lock)
        PyThread_free_lock(self->lock);
    release(object);
    Py_DECREF(type);
}

static PyObject *encoder_close(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    (void)unused;
    lock(self);
    avo_live_close(&self->live);
    return done(self, AVOCET_OK);
}

static PyObject *encoder_closed(PyObject *object, void *closure)
{
    (void)closure;
    return PyBool_FromLong(!((Encoder *)object)->live.backend);
}

/* ---- encoding ---- */

/* What encode, encode_into have in common. */
typedef struct ImageArgs {
    PyObject *image;
    int format, width, height, keyframe;
    PyObject *pts;
    AvoBuffer view;
    AvocetPicture picture;
} ImageArgs;

/* On success the view must be released. */
static int open_image(ImageArgs *a)
{
    if (PyObject_GetBuffer(a->image, &a->view, PyBUF_STRIDES) < 0)
        return 0;
    if (!point_into(&a->picture, &a->view, a->format, a->width, a->height))
        goto fail;
    if (a->keyframe)
        a->picture.type = AVOCET_TYPE_IDR;
    if (a->pts != Py_None) {
        a->picture.pts = PyLong_AsLongLong(a->pts);
        if (a->picture.pts == -1 && PyErr_Occurred())
            goto fail;
    }
    return 1;
fail:
    PyBuffer_Release(&a->view);
    return 0;
}

static PyObject *describe_packet(const AvocetPacket *p)
{
    return Py_BuildValue("y#LLsNiN", (const char *)p->data, (Py_ssize_t)p->size, (long long)p->pts,
                         (long long)p->dts, avo_py_type_name(p->type), PyBool_FromLong(p->keyframe),
                         p->qp, PyBool_FromLong(p->is_reference));
}

/* Collects packets in a list. It is called while the interpreter lock is released. */
typedef struct Collector {
    PyObject *list;
    PyThreadState *released;
} Collector;

static int collect(void *opaque, const AvocetPacket *packet)
{
    Collector *c = opaque;
    PyEval_RestoreThread(c->released);
    PyObject *tuple = describe_packet(packet);
    int failed = !tuple || PyList_Append(c->list, tuple) < 0;
    Py_XDECREF(tuple);
    c->released = PyEval_SaveThread();
    return failed ? AVOCET_ERR_MEMORY : AVOCET_OK;
}

/* The list, or the exception; unlocks. */
static PyObject *collected(Encoder *self, Collector *c, int status)
{
    PyObject *none = done(self, status);
    if (!none) {
        Py_DECREF(c->list);
        return NULL;
    }
    Py_DECREF(none);
    return c->list;
}

static PyObject *encoder_encode(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    ImageArgs a = {0};
    if (!PyArg_ParseTuple(args, "OiiipO", &a.image, &a.format, &a.width, &a.height, &a.keyframe,
                          &a.pts) ||
        !open_image(&a))
        return NULL;
    Collector c = {PyList_New(0), NULL};
    if (!c.list) {
        PyBuffer_Release(&a.view);
        return NULL;
    }
    lock(self);
    c.released = PyEval_SaveThread();
    int status = avo_live_encode(&self->live, &a.picture, a.pts != Py_None, collect, &c);
    PyEval_RestoreThread(c.released);
    PyBuffer_Release(&a.view);
    return collected(self, &c, status);
}

static PyObject *encoder_encode_into(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    ImageArgs a = {0};
    PyObject *target;
    AvoBuffer out;
    if (!PyArg_ParseTuple(args, "OiiipOO", &a.image, &a.format, &a.width, &a.height, &a.keyframe,
                          &a.pts, &target) ||
        PyObject_GetBuffer(target, &out, PyBUF_WRITABLE) < 0)
        return NULL;
    if (!open_image(&a)) {
        PyBuffer_Release(&out);
        return NULL;
    }
    size_t written = 0;
    int status;
    lock(self);
    Py_BEGIN_ALLOW_THREADS status = avo_live_encode_into(&self->live, &a.picture, a.pts != Py_None,
                                                         out.buf, (size_t)out.len, &written);
    Py_END_ALLOW_THREADS PyBuffer_Release(&a.view);
    PyBuffer_Release(&out);
    PyObject *none = done(self, status);
    if (!none)
        return NULL;
    Py_DECREF(none);
    return PyLong_FromSize_t(written);
}

static PyObject *encoder_flush(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    Collector c = {PyList_New(0), NULL};
    (void)unused;
    if (!c.list)
        return NULL;
    lock(self);
    c.released = PyEval_SaveThread();
    int status = avo_live_flush(&self->live, collect, &c);
    PyEval_RestoreThread(c.released);
    return collected(self, &c, status);
}

/* ---- control ---- */

static PyObject *encoder_force_keyframe(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    (void)unused;
    lock(self);
    self->live.force_keyframe = true;
    return done(self, AVOCET_OK);
}

static PyObject *encoder_keyframe(PyObject *object, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(((Encoder *)object)->live.was_keyframe);
}

static PyObject *encoder_set_bitrate(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    long long bitrate;
    if (!PyArg_ParseTuple(args, "L", &bitrate))
        return NULL;
    lock(self);
    return done(self, avo_live_set_bitrate(&self->live, bitrate));
}

static PyObject *encoder_set_fps(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    const char *fps;
    if (!PyArg_ParseTuple(args, "s", &fps))
        return NULL;
    lock(self);
    return done(self, avo_live_set_fps(&self->live, fps));
}

static PyObject *encoder_set_qp(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    int qp_min, qp_max;
    if (!PyArg_ParseTuple(args, "ii", &qp_min, &qp_max))
        return NULL;
    lock(self);
    return done(self, avo_live_set_qp(&self->live, qp_min, qp_max));
}

/* ---- questions ---- */

static PyObject *encoder_headers(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    const uint8_t *data = NULL;
    size_t size = 0;
    (void)unused;
    lock(self);
    int status = avo_live_headers(&self->live, &data, &size);
    PyObject *bytes =
        status < 0 ? NULL : PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)size);
    PyObject *none = done(self, status);
    Py_XDECREF(none);
    return bytes;
}

static PyObject *encoder_avcc(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    uint8_t record[AVO_LIVE_AVCC_MAX];
    (void)unused;
    lock(self);
    size_t size = avo_live_avcc(&self->live, record, sizeof record);
    unlock(self);
    return PyBytes_FromStringAndSize((const char *)record, (Py_ssize_t)size);
}

/* Settings in effect, as text by option name. */
static PyObject *encoder_setting(PyObject *object, PyObject *args)
{
    Encoder *self = (Encoder *)object;
    const char *name;
    char text[512] = "";
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    lock(self);
    int status = avocet_encoder_config_get(avo_live_config(&self->live), name, text, sizeof text);
    unlock(self);
    return status < 0 ? avo_py_raise(status, "") : PyUnicode_FromString(text);
}

/* What can change while it runs: (bitrate, fps numerator, fps denominator, qp_min, qp_max). */
static PyObject *encoder_rates(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    (void)unused;
    lock(self);
    const AvocetEncoderConfig *c = avo_live_config(&self->live);
    PyObject *rates =
        Py_BuildValue("Liiii", (long long)c->bitrate, c->fps.num, c->fps.den, c->qp_min, c->qp_max);
    unlock(self);
    return rates;
}

static PyObject *encoder_adjustments(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    const AvoLive *live = &self->live;
    PyObject *list = PyList_New(0);
    const char *text;
    (void)unused;
    if (!list)
        return NULL;
    lock(self);
    for (int i = 0; live->backend && live->backend->adjustment &&
                    (text = live->backend->adjustment(live->handle, i));
         i++) {
        list = avo_py_append(list, PyUnicode_FromString(text));
        if (!list)
            break;
    }
    unlock(self);
    return list;
}

static PyObject *encoder_stats(PyObject *object, PyObject *unused)
{
    Encoder *self = (Encoder *)object;
    AvoLiveStat stat;
    PyObject *dict = PyDict_New();
    (void)unused;
    lock(self);
    for (int i = 0; dict && avo_live_stat(&self->live, i, &stat); i++) {
        PyObject *value =
            stat.text ? PyUnicode_FromString(stat.text) : PyLong_FromLongLong(stat.number);
        if (!value || PyDict_SetItemString(dict, stat.name, value) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    unlock(self);
    return dict;
}

static PyObject *encoder_delay(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLong(((Encoder *)object)->live.delay);
}

static PyMethodDef encoder_methods[] = {
    {"encode", encoder_encode, METH_VARARGS, NULL},
    {"encode_into", encoder_encode_into, METH_VARARGS, NULL},
    {"flush", encoder_flush, METH_NOARGS, NULL},
    {"force_keyframe", encoder_force_keyframe, METH_NOARGS, NULL},
    {"keyframe", encoder_keyframe, METH_NOARGS, NULL},
    {"close", encoder_close, METH_NOARGS, NULL},
    {"set_bitrate", encoder_set_bitrate, METH_VARARGS, NULL},
    {"set_fps", encoder_set_fps, METH_VARARGS, NULL},
    {"set_qp", encoder_set_qp, METH_VARARGS, NULL},
    {"headers", encoder_headers, METH_NOARGS, NULL},
    {"avcc", encoder_avcc, METH_NOARGS, NULL},
    {"setting", encoder_setting, METH_VARARGS, NULL},
    {"rates", encoder_rates, METH_NOARGS, NULL},
    {"adjustments", encoder_adjustments, METH_NOARGS, NULL},
    {"stats", encoder_stats, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef encoder_properties[] = {
    {"closed", encoder_closed, NULL, NULL, NULL},
    {"delay", encoder_delay, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot encoder_slots[] = {
    {Py_tp_new, encoder_new},
    {Py_tp_dealloc, encoder_dealloc},
    {Py_tp_methods, encoder_methods},
    {Py_tp_getset, encoder_properties},
    {0, NULL},
};

static PyType_Spec encoder_spec = {
    .name = "h264._h264.Encoder",
    .basicsize = sizeof(Encoder),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = encoder_slots,
};

PyObject *avo_py_encoder_type(void)
{
    return PyType_FromSpec(&encoder_spec);
}

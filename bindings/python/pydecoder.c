/* Type h264._h264.Decoder: an AvocetDecoder behind a lock. Pictures are copied out, tightly packed,
 * as they come. */
#include "pytypes.h"

#include <string.h>

#include <avocet/avocet.h>
#include "say.h"

#define NO_PTS INT64_MIN

typedef struct Decoder {
    PyObject ob_base; /* PyObject_HEAD */
    PyThread_type_lock lock;
    AvocetDecoder *decoder; /* NULL: closed */
    int64_t damaged;        /* NAL units that could not be used */
    char message[200];      /* about the last of them */
} Decoder;

static PyObject *decoder_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    AvocetDecoderConfig config;
    char message[200] = "";
    (void)keywords;
    avocet_decoder_config_init(&config);
    if (!PyArg_ParseTuple(args, "iiip", &config.max_width, &config.max_height,
                          &config.nal_length_size, &config.whole_units))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Decoder *self = (Decoder *)alloc(type, 0);
    if (!self)
        return NULL;
    self->lock = PyThread_allocate_lock();
    int status = self->lock
                     ? avocet_decoder_open(&self->decoder, &config, NULL, message, sizeof message)
                     : AVOCET_ERR_MEMORY;
    if (status == AVOCET_OK)
        return (PyObject *)self;
    avo_py_raise(status, message);
    Py_DECREF(self);
    return NULL;
}

static void decoder_dealloc(PyObject *object)
{
    Decoder *self = (Decoder *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    avocet_decoder_close(&self->decoder);
    if (self->lock)
        PyThread_free_lock(self->lock);
    release(object);
    Py_DECREF(type);
}

static PyObject *decoder_close(PyObject *object, PyObject *unused)
{
    Decoder *self = (Decoder *)object;
    (void)unused;
    avo_py_lock(self->lock);
    avocet_decoder_close(&self->decoder);
    PyThread_release_lock(self->lock);
    Py_RETURN_NONE;
}

/* ---- pictures out ---- */

static uint8_t *copy_plane(uint8_t *to, const AvocetPicture *p, int plane, int width, int height)
{
    for (int y = 0; y < height; y++, to += width)
        memcpy(to, p->plane[plane] + y * p->stride[plane], (size_t)width);
    return to;
}

static PyObject *copy_samples(const AvocetPicture *p)
{
    PyObject *bytes = PyBytes_FromStringAndSize(
        NULL, (Py_ssize_t)avocet_format_size(p->format, p->width, p->height));
    if (!bytes)
        return NULL;
    uint8_t *to = copy_plane((uint8_t *)PyBytes_AsString(bytes), p, 0, p->width, p->height);
    for (int c = 1; c < 3 && p->format == AVOCET_FORMAT_I420; c++)
        to = copy_plane(to, p, c, (p->width + 1) / 2, (p->height + 1) / 2);
    return bytes;
}

static PyObject *pts_object(int64_t pts)
{
    if (pts != NO_PTS)
        return PyLong_FromLongLong(pts);
    Py_INCREF(Py_None);
    return Py_None;
}

/* (samples, width, height, format, pts, type, keyframe, poc, damaged macroblocks, matrix,
 * full_range) */
static PyObject *describe_picture(const AvocetDecoder *decoder, const AvocetDecodedPicture *d)
{
    const AvocetPicture *p = &d->picture;
    AvocetStreamInfo info;
    memset(&info, 0, sizeof info);
    avocet_decoder_info(decoder, &info);
    return Py_BuildValue("NiiiNsNiiiN", copy_samples(p), p->width, p->height, (int)p->format,
                         pts_object(p->pts), avo_py_type_name(p->type),
                         PyBool_FromLong(d->keyframe), d->poc, d->damaged_mbs, info.colour_matrix,
                         PyBool_FromLong(info.full_range));
}

/* All pictures that are ready. Even if the list cannot grow any more, everything is taken out of
 * the decoder: it must not hold on to the caller's bytes. */
static PyObject *take_pictures(Decoder *self)
{
    PyObject *list = PyList_New(0);
    AvocetDecodedPicture picture;
    for (;;) {
        int status;
        Py_BEGIN_ALLOW_THREADS status = avocet_decoder_receive(self->decoder, &picture);
        Py_END_ALLOW_THREADS if (status == AVOCET_NEED_INPUT || status == AVOCET_END) return list;
        if (status == AVOCET_OK && list)
            list = avo_py_append(list, describe_picture(self->decoder, &picture));
        if (status < 0) {
            self->damaged++;
            avo_say(self->message, sizeof self->message, "%s", avocet_decoder_error(self->decoder));
        }
        if (status == AVOCET_ERR_MEMORY || status == AVOCET_ERR_INTERNAL) {
            Py_XDECREF(list);
            return avo_py_raise(status, self->message);
        }
    }
}

static int check_open(const Decoder *self)
{
    if (!self->decoder)
        PyErr_SetString(PyExc_OSError, "Decoder closed");
    return self->decoder != NULL;
}

static PyObject *send_and_take(Decoder *self, const AvoBuffer *view, int64_t pts)
{
    if (!check_open(self))
        return NULL;
    int status = avocet_decoder_send(self->decoder, view->buf, (size_t)view->len, pts);
    return status < 0 ? avo_py_raise(status, avocet_decoder_error(self->decoder))
                      : take_pictures(self);
}

static PyObject *decoder_decode(PyObject *object, PyObject *args)
{
    Decoder *self = (Decoder *)object;
    PyObject *data, *pts;
    AvoBuffer view;
    if (!PyArg_ParseTuple(args, "OO", &data, &pts))
        return NULL;
    int64_t time = pts == Py_None ? NO_PTS : PyLong_AsLongLong(pts);
    if (PyErr_Occurred() || PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    avo_py_lock(self->lock);
    PyObject *list = send_and_take(self, &view, time);
    PyThread_release_lock(self->lock);
    PyBuffer_Release(&view);
    return list;
}

static PyObject *decoder_flush(PyObject *object, PyObject *unused)
{
    Decoder *self = (Decoder *)object;
    PyObject *list = NULL;
    (void)unused;
    avo_py_lock(self->lock);
    if (check_open(self)) {
        int status = avocet_decoder_flush(self->decoder);
        list = status < 0 ? avo_py_raise(status, avocet_decoder_error(self->decoder))
                          : take_pictures(self);
    }
    PyThread_release_lock(self->lock);
    return list;
}

/* ---- questions ---- */

static int put(PyObject *dict, const char *name, PyObject *value)
{
    int failed = !value || PyDict_SetItemString(dict, name, value) < 0;
    Py_XDECREF(value);
    return failed;
}

static PyObject *describe_stream(const AvocetStreamInfo *i)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {"width", i->width},
        {"height", i->height},
        {"profile_idc", i->profile_idc},
        {"constraint_flags", i->constraint_flags},
        {"level_idc", i->level_idc},
        {"chroma_format_idc", i->chroma_format_idc},
        {"bit_depth", i->bit_depth},
        {"cabac", i->cabac},
        {"transform_8x8", i->transform_8x8},
        {"max_ref_frames", i->max_ref_frames},
        {"reorder_frames", i->reorder_frames},
        {"sar_width", i->sar_width},
        {"sar_height", i->sar_height},
        {"fps_num", i->fps.num},
        {"fps_den", i->fps.den},
        {"full_range", i->full_range},
        {"colour_primaries", i->colour_primaries},
        {"transfer", i->transfer},
        {"colour_matrix", i->colour_matrix},
    };
    PyObject *dict = PyDict_New();
    for (size_t n = 0; dict && n < sizeof numbers / sizeof *numbers; n++)
        if (put(dict, numbers[n].name, PyLong_FromLong(numbers[n].value)))
            Py_CLEAR(dict);
    return dict;
}

/* What the stream says of itself, None before the first picture. */
static PyObject *decoder_info(PyObject *object, PyObject *unused)
{
    Decoder *self = (Decoder *)object;
    AvocetStreamInfo info;
    PyObject *dict = NULL;
    (void)unused;
    avo_py_lock(self->lock);
    if (check_open(self) && avocet_decoder_info(self->decoder, &info) == AVOCET_OK) {
        dict = describe_stream(&info);
    } else if (self->decoder) {
        dict = Py_None;
        Py_INCREF(dict);
    }
    PyThread_release_lock(self->lock);
    return dict;
}

/* (NAL units that could not be used, sentence about the last of them) */
static PyObject *decoder_damage(PyObject *object, PyObject *unused)
{
    Decoder *self = (Decoder *)object;
    (void)unused;
    return Py_BuildValue("Ls", (long long)self->damaged, self->message);
}

static PyMethodDef decoder_methods[] = {
    {"decode", decoder_decode, METH_VARARGS, NULL}, {"flush", decoder_flush, METH_NOARGS, NULL},
    {"info", decoder_info, METH_NOARGS, NULL},      {"damage", decoder_damage, METH_NOARGS, NULL},
    {"close", decoder_close, METH_NOARGS, NULL},    {NULL, NULL, 0, NULL},
};

static PyType_Slot decoder_slots[] = {
    {Py_tp_new, decoder_new},
    {Py_tp_dealloc, decoder_dealloc},
    {Py_tp_methods, decoder_methods},
    {0, NULL},
};

static PyType_Spec decoder_spec = {
    .name = "h264._h264.Decoder",
    .basicsize = sizeof(Decoder),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = decoder_slots,
};

PyObject *avo_py_decoder_type(void)
{
    return PyType_FromSpec(&decoder_spec);
}

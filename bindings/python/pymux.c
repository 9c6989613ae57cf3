/* Types h264._h264.Mp4Writer and h264._h264.Reader. Bytes go and come through a Python object with
 * the methods write(data), write_at(offset, data), read_at(offset, size), truncate(size) and
 * sync(); whatever they raise comes out of the call. */
#include "pytypes.h"

#include <string.h>

#include <avocet/mux.h>

/* ---- input and output by Python ---- */

/* Drops the result of a method; -1 if it raised. */
static int finish_call(PyObject *result)
{
    Py_XDECREF(result);
    return result ? 0 : -1;
}

/* After an exception nothing more is called: it must reach the caller as it is. */
static int is_failing(void)
{
    return PyErr_Occurred() != NULL;
}

static int io_write(void *io, const uint8_t *data, size_t size)
{
    return is_failing() ? -1
                        : finish_call(PyObject_CallMethod(io, "write", "y#", (const char *)data,
                                                          (Py_ssize_t)size));
}

static int io_write_at(void *io, uint64_t offset, const uint8_t *data, size_t size)
{
    if (is_failing())
        return -1;
    return finish_call(PyObject_CallMethod(io, "write_at", "Ky#", (unsigned long long)offset,
                                           (const char *)data, (Py_ssize_t)size));
}

static int io_truncate(void *io, uint64_t size)
{
    return is_failing()
               ? -1
               : finish_call(PyObject_CallMethod(io, "truncate", "K", (unsigned long long)size));
}

static int io_sync(void *io)
{
    return is_failing() ? -1 : finish_call(PyObject_CallMethod(io, "sync", NULL));
}

/* Bytes read, or -1 with an exception. */
static int64_t source_read_at(void *io, uint64_t offset, uint8_t *data, size_t size)
{
    if (is_failing())
        return -1;
    PyObject *bytes =
        PyObject_CallMethod(io, "read_at", "Kn", (unsigned long long)offset, (Py_ssize_t)size);
    char *found;
    Py_ssize_t n = -1;
    if (bytes && PyBytes_AsStringAndSize(bytes, &found, &n) == 0) {
        n = n < (Py_ssize_t)size ? n : (Py_ssize_t)size;
        memcpy(data, found, (size_t)n);
    }
    Py_XDECREF(bytes);
    return n;
}

static int io_read_at(void *io, uint64_t offset, uint8_t *data, size_t size)
{
    int64_t n = source_read_at(io, offset, data, size);
    return n == (int64_t)size ? 0 : -1;
}

/* The exception of a callback if there is one, else that of the status. */
static PyObject *raise_io(int status, const char *message)
{
    return PyErr_Occurred() ? NULL : avo_py_raise(status, message);
}

/* ---- Mp4Writer ---- */

typedef struct Mp4Writer {
    PyObject ob_base;        /* PyObject_HEAD */
    AvocetMp4Writer *writer; /* NULL: closed */
    PyObject *io;
    int busy; /* a call is under way: io may let other threads run, or call back */
} Mp4Writer;

static int open_writer(Mp4Writer *self, const AvocetMp4Config *config, const char *headers,
                       Py_ssize_t headers_size, char *message, size_t message_size)
{
    AvocetSink sink = {io_write, io_write_at, io_read_at, io_truncate, io_sync, self->io};
    return avocet_mp4_open(&self->writer, config, &sink, (const uint8_t *)headers,
                           (size_t)headers_size, NULL, message, message_size);
}

static PyObject *writer_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    AvocetMp4Config config;
    PyObject *io;
    const char *headers;
    Py_ssize_t headers_size;
    int layout;
    char message[200] = "";
    (void)keywords;
    avocet_mp4_config_init(&config);
    if (!PyArg_ParseTuple(args, "Oiiiiipz#", &io, &layout, &config.time_base.num,
                          &config.time_base.den, &config.nal_length_size, &config.fragment_ms,
                          &config.fragment_at_keyframes, &headers, &headers_size))
        return NULL;
    config.layout = (AvocetMp4Layout)layout;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Mp4Writer *self = (Mp4Writer *)alloc(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(io);
    self->io = io;
    int status = open_writer(self, &config, headers, headers_size, message, sizeof message);
    if (status == AVOCET_OK)
        return (PyObject *)self;
    raise_io(status, message);
    Py_DECREF(self);
    return NULL;
}

static void writer_dealloc(PyObject *object)
{
    Mp4Writer *self = (Mp4Writer *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    avocet_mp4_close(&self->writer);
    Py_XDECREF(self->io);
    release(object);
    Py_DECREF(type);
}

/* 0 with an exception if the writer cannot be used now. */
static int enter_writer(Mp4Writer *self)
{
    if (self->busy)
        PyErr_SetString(PyExc_RuntimeError, "Mp4Writer is in use");
    else if (!self->writer)
        PyErr_SetString(PyExc_OSError, "Mp4Writer closed");
    else
        self->busy = 1;
    return !PyErr_Occurred();
}

static PyObject *leave_writer(Mp4Writer *self, int status)
{
    self->busy = 0;
    if (status < 0)
        return raise_io(status, avocet_mp4_error(self->writer));
    Py_RETURN_NONE;
}

static PyObject *writer_write(PyObject *object, PyObject *args)
{
    Mp4Writer *self = (Mp4Writer *)object;
    AvocetPacket packet = {0};
    const char *data;
    Py_ssize_t size;
    long long pts, dts;
    if (!PyArg_ParseTuple(args, "y#LLpp", &data, &size, &pts, &dts, &packet.keyframe,
                          &packet.is_reference) ||
        !enter_writer(self))
        return NULL;
    packet.data = (const uint8_t *)data;
    packet.size = (size_t)size;
    packet.pts = pts;
    packet.dts = dts;
    packet.type = packet.keyframe ? AVOCET_TYPE_IDR : AVOCET_TYPE_P;
    return leave_writer(self, avocet_mp4_write(self->writer, &packet));
}

static PyObject *writer_finish(PyObject *object, PyObject *unused)
{
    Mp4Writer *self = (Mp4Writer *)object;
    (void)unused;
    return enter_writer(self) ? leave_writer(self, avocet_mp4_finish(self->writer)) : NULL;
}

static PyObject *writer_close(PyObject *object, PyObject *unused)
{
    Mp4Writer *self = (Mp4Writer *)object;
    (void)unused;
    if (self->writer && !enter_writer(self))
        return NULL;
    avocet_mp4_close(&self->writer);
    return leave_writer(self, AVOCET_OK);
}

static PyMethodDef writer_methods[] = {
    {"write", writer_write, METH_VARARGS, NULL},
    {"finish", writer_finish, METH_NOARGS, NULL},
    {"close", writer_close, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot writer_slots[] = {
    {Py_tp_new, writer_new},
    {Py_tp_dealloc, writer_dealloc},
    {Py_tp_methods, writer_methods},
    {0, NULL},
};

static PyType_Spec writer_spec = {
    .name = "h264._h264.Mp4Writer",
    .basicsize = sizeof(Mp4Writer),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = writer_slots,
};

PyObject *avo_py_mp4_writer_type(void)
{
    return PyType_FromSpec(&writer_spec);
}

/* ---- Reader ---- */

typedef struct Reader {
    PyObject ob_base;     /* PyObject_HEAD */
    AvocetReader *reader; /* NULL: closed */
    PyObject *io;
    int busy; /* as in Mp4Writer */
} Reader;

static PyObject *reader_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    AvocetReaderConfig config;
    PyObject *io;
    unsigned long long size;
    char message[200] = "";
    (void)keywords;
    avocet_reader_config_init(&config);
    if (!PyArg_ParseTuple(args, "OKiii", &io, &size, &config.fps.num, &config.fps.den,
                          &config.nal_length_size))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Reader *self = (Reader *)alloc(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(io);
    self->io = io;
    AvocetSource source = {source_read_at, size, io};
    int status = avocet_reader_open(&self->reader, &config, &source, NULL, message, sizeof message);
    if (status == AVOCET_OK)
        return (PyObject *)self;
    raise_io(status, message);
    Py_DECREF(self);
    return NULL;
}

static void reader_dealloc(PyObject *object)
{
    Reader *self = (Reader *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    avocet_reader_close(&self->reader);
    Py_XDECREF(self->io);
    release(object);
    Py_DECREF(type);
}

static int check_reader(const Reader *self)
{
    if (self->busy)
        PyErr_SetString(PyExc_RuntimeError, "Reader is in use");
    else if (!self->reader)
        PyErr_SetString(PyExc_OSError, "Reader closed");
    return !PyErr_Occurred();
}

static PyObject *reader_close(PyObject *object, PyObject *unused)
{
    Reader *self = (Reader *)object;
    (void)unused;
    if (self->reader && !check_reader(self))
        return NULL;
    avocet_reader_close(&self->reader);
    Py_RETURN_NONE;
}

/* A dict of everything, under the names of the C structs. */
static PyObject *reader_info(PyObject *object, PyObject *unused)
{
    Reader *self = (Reader *)object;
    (void)unused;
    if (!check_reader(self))
        return NULL;
    const AvocetReaderInfo *i = avocet_reader_info(self->reader);
    const AvocetVideoInfo *v = &i->video;
    char codec[12];
    avocet_video_codec_text(v, codec);
    return Py_BuildValue(
        "{si,si,si,si,si,si,si,si,si,si,si,si,si,si,si,ss,sN,sN,si,si,sL,sL,sL,sy#,sN,sK}",
        "profile_idc", v->profile_idc, "constraint_flags", v->constraint_flags, "level_idc",
        v->level_idc, "width", v->width, "height", v->height, "chroma_format_idc",
        v->chroma_format_idc, "bit_depth", v->bit_depth_luma, "sar_width", v->sar_width,
        "sar_height", v->sar_height, "full_range", v->full_range, "colour_primaries",
        v->colour_primaries, "transfer", v->transfer, "colour_matrix", v->colour_matrix, "fps_num",
        v->fps.num, "fps_den", v->fps.den, "codec", codec, "is_mp4", PyBool_FromLong(i->is_mp4),
        "is_fragmented", PyBool_FromLong(i->is_fragmented), "time_base_num", i->time_base.num,
        "time_base_den", i->time_base.den, "duration", (long long)i->duration, "frame_duration",
        (long long)i->frame_duration, "packets", (long long)i->packets, "headers",
        (const char *)i->headers, (Py_ssize_t)i->headers_size, "repaired",
        PyBool_FromLong(i->repaired), "lost_bytes", (unsigned long long)i->lost_bytes);
}

/* (size, pts, dts, keyframe, is_reference, data or None) of a packet by number,
 * None past the end. */
static PyObject *reader_packet(PyObject *object, PyObject *args)
{
    Reader *self = (Reader *)object;
    AvocetPacket p;
    long long number;
    int with_data;
    if (!PyArg_ParseTuple(args, "Lp", &number, &with_data) || !check_reader(self))
        return NULL;
    self->busy = 1;
    int status = with_data ? avocet_reader_read(self->reader, number, &p)
                           : avocet_reader_packet(self->reader, number, &p);
    self->busy = 0;
    if (status < 0)
        return raise_io(status, avocet_reader_error(self->reader));
    if (status == AVOCET_END)
        Py_RETURN_NONE;
    return Py_BuildValue("nLLNNy#", (Py_ssize_t)p.size, (long long)p.pts, (long long)p.dts,
                         PyBool_FromLong(p.keyframe), PyBool_FromLong(p.is_reference),
                         with_data ? (const char *)p.data : NULL,
                         (Py_ssize_t)(with_data ? p.size : 0));
}

static PyMethodDef reader_methods[] = {
    {"info", reader_info, METH_NOARGS, NULL},
    {"packet", reader_packet, METH_VARARGS, NULL},
    {"close", reader_close, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "h264._h264.Reader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = reader_slots,
};

PyObject *avo_py_reader_type(void)
{
    return PyType_FromSpec(&reader_spec);
}

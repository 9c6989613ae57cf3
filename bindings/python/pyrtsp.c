/* Type h264._h264.RtspServer: the library's RTSP server with one stream of access units with start
 * codes. Passwords are hashed by a Python callable (hashlib), so that the extension depends on no
 * other library. */
#include "pytypes.h"

#include <string.h>

#include <avocet/stream.h>
#include "access_unit.h"

enum { MAX_USERS = 32 };

typedef struct RtspServer {
    PyObject ob_base;         /* PyObject_HEAD */
    AvocetRtspServer *server; /* NULL: closed */
    int stream;
    PyObject *hash;          /* hash(kind, data) -> bytes; NULL: none */
    PyThread_type_lock lock; /* closing waits for calls under way */
} RtspServer;

/* From the server's thread, which holds no lock then. */
static int hash_in_python(void *opaque, AvocetHashKind kind, const uint8_t *data, size_t size,
                          uint8_t *hash)
{
    RtspServer *self = opaque;
    char *bytes;
    Py_ssize_t n = kind == AVOCET_HASH_MD5 ? 16 : 32, got = 0;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *result =
        PyObject_CallFunction(self->hash, "sy#", kind == AVOCET_HASH_MD5 ? "md5" : "sha256",
                              (const char *)data, (Py_ssize_t)size);
    int good = result && PyBytes_AsStringAndSize(result, &bytes, &got) == 0 && got == n;
    if (good)
        memcpy(hash, bytes, (size_t)n);
    Py_XDECREF(result);
    PyErr_Clear();
    PyGILState_Release(state);
    return good ? 0 : -1;
}

/* (name, password) pairs; the texts stay those of the tuple. */
static int read_users(PyObject *list, AvocetUser *users, int *count)
{
    Py_ssize_t n = PyTuple_Size(list);
    if (n < 0 || n > MAX_USERS) {
        PyErr_Format(PyExc_ValueError, "at most %d users", MAX_USERS);
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        if (!PyArg_ParseTuple(PyTuple_GetItem(list, i), "ss", &users[i].name, &users[i].password))
            return -1;
    *count = (int)n;
    return 0;
}

static int open_server(RtspServer *self, const AvocetRtspServerConfig *config,
                       const AvocetStreamConfig *video, char *message, size_t message_size)
{
    int status = avocet_rtsp_server_open(&self->server, config, NULL, message, message_size);
    if (status < 0)
        return status;
    self->stream = avocet_rtsp_server_add(self->server, video);
    if (self->stream >= 0)
        return AVOCET_OK;
    strncpy(message, avocet_rtsp_server_error(self->server), message_size - 1);
    return self->stream;
}

static PyObject *server_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    AvocetRtspServerConfig config;
    AvocetStreamConfig video;
    AvocetUser users[MAX_USERS];
    PyObject *user_list, *hash;
    Py_ssize_t max_frame_len, ring_bytes;
    char message[256] = "";
    (void)keywords;
    avocet_rtsp_server_config_init(&config);
    avocet_stream_config_init(&video);
    if (!PyArg_ParseTuple(args, "zisiinniO!O", &config.address, &config.port, &video.path,
                          &video.fps.num, &video.fps.den, &max_frame_len, &ring_bytes,
                          &config.max_clients, &PyTuple_Type, &user_list, &hash) ||
        read_users(user_list, users, &config.user_count) < 0)
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    RtspServer *self = (RtspServer *)alloc(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(hash);
    self->hash = hash;
    self->lock = PyThread_allocate_lock();
    config.users = users;
    config.hash = hash_in_python;
    config.hash_opaque = self;
    video.time_base = (AvocetRational){1, 90000};
    video.max_picture = (size_t)max_frame_len;
    video.ring_bytes = (size_t)ring_bytes;
    int status = self->lock ? open_server(self, &config, &video, message, sizeof message)
                            : AVOCET_ERR_MEMORY;
    if (status == AVOCET_OK)
        return (PyObject *)self;
    if (status == AVOCET_ERR_IO)
        PyErr_SetString(PyExc_OSError, message);
    else
        avo_py_raise(status, message);
    Py_DECREF(self);
    return NULL;
}

/* The server's thread may need Python to finish what it is at. */
static void close_server(RtspServer *self)
{
    AvocetRtspServer *server = self->server;
    self->server = NULL;
    if (!server)
        return;
    Py_BEGIN_ALLOW_THREADS avocet_rtsp_server_close(&server);
    Py_END_ALLOW_THREADS
}

static void server_dealloc(PyObject *object)
{
    RtspServer *self = (RtspServer *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    close_server(self);
    if (self->lock)
        PyThread_free_lock(self->lock);
    Py_XDECREF(self->hash);
    release(object);
    Py_DECREF(type);
}

static PyObject *raise_closed(void)
{
    PyErr_SetString(PyExc_OSError, "RTSPServer stopped");
    return NULL;
}

static PyObject *server_send(PyObject *object, PyObject *args)
{
    RtspServer *self = (RtspServer *)object;
    AvocetPacket packet = {0};
    const char *data;
    Py_ssize_t size;
    long long pts;
    int status = AVOCET_ERR_STATE;
    if (!PyArg_ParseTuple(args, "y#L", &data, &size, &pts))
        return NULL;
    packet.data = (const uint8_t *)data;
    packet.size = (size_t)size;
    packet.pts = packet.dts = pts;
    avo_py_lock(self->lock);
    if (self->server) {
        packet.keyframe = avo_is_keyframe(packet.data, packet.size);
        status = avocet_rtsp_server_send(self->server, self->stream, &packet);
    }
    PyThread_release_lock(self->lock);
    if (status == AVOCET_ERR_STATE)
        return raise_closed();
    if (status < 0)
        return avo_py_raise(status, "send takes the NAL units of one frame, with start codes");
    Py_RETURN_NONE;
}

static PyObject *server_wants_keyframe(PyObject *object, PyObject *unused)
{
    RtspServer *self = (RtspServer *)object;
    (void)unused;
    if (!self->server)
        return raise_closed();
    return PyBool_FromLong(avocet_rtsp_server_wants_keyframe(self->server, self->stream));
}

static PyObject *server_stats(PyObject *object, PyObject *unused)
{
    RtspServer *self = (RtspServer *)object;
    AvocetStreamStats s;
    (void)unused;
    if (!self->server)
        return raise_closed();
    avocet_rtsp_server_stats(self->server, self->stream, &s);
    return Py_BuildValue("{si,sL,sL,sL,sL,sL,sL}", "clients", s.clients, "frames",
                         (long long)s.pictures, "bytes", (long long)s.bytes, "too_large",
                         (long long)s.too_large, "clients_served", (long long)s.clients_served,
                         "frames_skipped", (long long)s.pictures_skipped, "clients_dropped",
                         (long long)s.clients_dropped);
}

static PyObject *server_port(PyObject *object, PyObject *unused)
{
    RtspServer *self = (RtspServer *)object;
    (void)unused;
    return self->server ? PyLong_FromLong(avocet_rtsp_server_port(self->server)) : raise_closed();
}

static PyObject *server_close(PyObject *object, PyObject *unused)
{
    RtspServer *self = (RtspServer *)object;
    (void)unused;
    avo_py_lock(self->lock);
    AvocetRtspServer *server = self->server;
    self->server = NULL;
    PyThread_release_lock(self->lock);
    if (server) {
        Py_BEGIN_ALLOW_THREADS avocet_rtsp_server_close(&server);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static PyMethodDef server_methods[] = {
    {"send", server_send, METH_VARARGS, NULL},
    {"wants_keyframe", server_wants_keyframe, METH_NOARGS, NULL},
    {"stats", server_stats, METH_NOARGS, NULL},
    {"port", server_port, METH_NOARGS, NULL},
    {"close", server_close, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot server_slots[] = {
    {Py_tp_new, server_new},
    {Py_tp_dealloc, server_dealloc},
    {Py_tp_methods, server_methods},
    {0, NULL},
};

static PyType_Spec server_spec = {
    .name = "h264._h264.RtspServer",
    .basicsize = sizeof(RtspServer),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = server_slots,
};

PyObject *avo_py_rtsp_server_type(void)
{
    return PyType_FromSpec(&server_spec);
}

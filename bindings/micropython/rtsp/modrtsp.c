/* Module rtsp for MicroPython: class RTSPServer as on CPython, over the library's RTSP server.
 *
 * send() copies a frame into a ring and returns. Where the port has threads one of the server's own
 * does the rest (AVOCET_RTSP_THREAD); it touches nothing of the interpreter's. Elsewhere each call
 * lets the server do what can be done at once. All memory is taken from the heap at construction:
 * three times max_frame_len, 13 KB a client, 10 KB besides. */
#include "py/mphal.h"
#include "py/obj.h"
#include "py/runtime.h"

#include <string.h>

#include <avocet/stream.h>

#include "access_unit.h"

#ifndef MP_NORETURN /* its name before 1.26 */
#define MP_NORETURN NORETURN
#endif
#ifndef AVOCET_RTSP_THREAD
#define AVOCET_RTSP_THREAD 0
#endif

enum {
    BLOCKS = 8, /* of the heap that a server with one stream takes, and one to spare */
    LEAST_RING = 65536,
    MOST_PIXELS = 16384,
    MAX_REQUEST = 1024,
    UNITS = 90000 /* of time, per second */
};

typedef struct Server {
    mp_obj_base_t base;
    AvocetRtspServer *server; /* NULL: stopped */
    int stream;
    mp_uint_t ticks; /* of the last look at the clock, which goes round */
    int64_t now_us, last_pts;
    struct {
        void *pointer;
        size_t size;
    } block[BLOCKS]; /* kept alive by this object */
} Server;

/* ---- memory ---- */

static void *take_memory(void *opaque, size_t size, size_t align)
{
    Server *self = opaque;
    (void)align; /* heap blocks are aligned for pointers */
    for (size_t i = 0; i < BLOCKS; i++)
        if (!self->block[i].pointer) {
            self->block[i].pointer = m_new_maybe(uint8_t, size);
            self->block[i].size = size;
            return self->block[i].pointer;
        }
    return NULL;
}

static void give_memory(void *opaque, void *pointer)
{
    Server *self = opaque;
    for (size_t i = 0; i < BLOCKS; i++)
        if (self->block[i].pointer == pointer) {
            m_del(uint8_t, pointer, self->block[i].size);
            self->block[i].pointer = NULL;
        }
}

/* ---- errors ---- */

static MP_NORETURN void raise_status(int status, const char *message)
{
    const mp_obj_type_t *type = &mp_type_OSError;
    if (status == AVOCET_ERR_ARGUMENT || status == AVOCET_ERR_DATA)
        type = &mp_type_ValueError;
    else if (status == AVOCET_ERR_MEMORY)
        type = &mp_type_MemoryError;
    mp_raise_msg_varg(type, MP_ERROR_TEXT("%s"), message);
}

static Server *get_open(mp_obj_t object)
{
    Server *self = MP_OBJ_TO_PTR(object);
    if (!self->server)
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("RTSPServer stopped"));
    return self;
}

/* ---- arguments ---- */

static mp_int_t in_range(mp_int_t value, mp_int_t least, mp_int_t most, const char *complaint)
{
    if (value < least || value > most)
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s, not %d"), complaint, (int)value);
    return value;
}

/* Seconds, or pictures a second, in parts of `units`. */
static int64_t in_units(mp_obj_t value, int units)
{
    if (mp_obj_is_int(value))
        return (int64_t)mp_obj_get_int(value) * units;
#if MICROPY_PY_BUILTINS_FLOAT
    mp_float_t number = mp_obj_get_float(value) * (mp_float_t)units;
    return (int64_t)(number + (number < 0 ? (mp_float_t)-0.5 : (mp_float_t)0.5));
#else
    mp_raise_TypeError(MP_ERROR_TEXT("an int is wanted"));
#endif
}

/* 30, 12.5 or (30000, 1001). */
static AvocetRational read_fps(mp_obj_t value)
{
    size_t n = 0;
    mp_obj_t *items;
    AvocetRational fps = {0, 1};
    if (mp_obj_is_type(value, &mp_type_tuple)) {
        mp_obj_get_array(value, &n, &items);
        if (n == 2)
            fps = (AvocetRational){(int)mp_obj_get_int(items[0]), (int)mp_obj_get_int(items[1])};
    } else if (mp_obj_is_int(value)) {
        fps.num = (int)mp_obj_get_int(value);
    } else {
        fps = (AvocetRational){(int)in_units(value, 1000), 1000};
    }
    if (fps.num <= 0 || fps.den <= 0)
        mp_raise_ValueError(MP_ERROR_TEXT("fps must be positive"));
    return fps;
}

/* ---- construction ---- */

enum {
    ARG_WIDTH,
    ARG_HEIGHT,
    ARG_FPS,
    ARG_LISTEN_PORT,
    ARG_MAX_FRAME_LEN,
    ARG_PATH,
    ARG_ADDRESS,
    ARG_MAX_CLIENTS,
    ARG_COUNT
};

static const mp_arg_t open_args[ARG_COUNT] = {
    [ARG_WIDTH] = {MP_QSTR_width, MP_ARG_INT | MP_ARG_REQUIRED, {.u_int = 0}},
    [ARG_HEIGHT] = {MP_QSTR_height, MP_ARG_INT | MP_ARG_REQUIRED, {.u_int = 0}},
    [ARG_FPS] = {MP_QSTR_fps, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_INT(15)}},
    [ARG_LISTEN_PORT] = {MP_QSTR_listen_port, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 8554}},
    [ARG_MAX_FRAME_LEN] = {MP_QSTR_max_frame_len, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 0}},
    [ARG_PATH] = {MP_QSTR_path, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_ADDRESS] = {MP_QSTR_address, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_MAX_CLIENTS] = {MP_QSTR_max_clients, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 4}},
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Texts stay the script's. */
static void configure(AvocetRtspServerConfig *config, AvocetStreamConfig *video,
                      const mp_arg_val_t *args)
{
    mp_int_t width = in_range(args[ARG_WIDTH].u_int, 1, MOST_PIXELS, "width is 1 to 16384");
    mp_int_t height = in_range(args[ARG_HEIGHT].u_int, 1, MOST_PIXELS, "height is 1 to 16384");
    mp_int_t most =
        in_range(args[ARG_MAX_FRAME_LEN].u_int, 0, 1 << 28, "max_frame_len is 0 or bytes");
    avocet_rtsp_server_config_init(config);
    avocet_stream_config_init(video);
    config->port =
        (int)in_range(args[ARG_LISTEN_PORT].u_int, 0, 65535, "listen_port is 0 to 65535");
    config->max_clients =
        (int)in_range(args[ARG_MAX_CLIENTS].u_int, 1, 1000, "max_clients is 1 to 1000");
    config->max_streams = 1;
    config->max_request = MAX_REQUEST;
    config->own_thread = AVOCET_RTSP_THREAD;
    if (args[ARG_ADDRESS].u_obj != mp_const_none)
        config->address = mp_obj_str_get_str(args[ARG_ADDRESS].u_obj);
    if (args[ARG_PATH].u_obj != mp_const_none)
        video->path = mp_obj_str_get_str(args[ARG_PATH].u_obj);
    video->time_base = (AvocetRational){1, UNITS};
    video->fps = read_fps(args[ARG_FPS].u_obj);
    video->max_picture = (size_t)(most ? most : width * height);
    video->ring_bytes = larger(3 * video->max_picture, LEAST_RING);
}

static void open_server(Server *self, const AvocetRtspServerConfig *config,
                        const AvocetStreamConfig *video)
{
    char message[160] = "";
    AvocetAllocator allocator = {take_memory, give_memory, self};
    int status =
        avocet_rtsp_server_open(&self->server, config, &allocator, message, sizeof message);
    if (status < 0)
        raise_status(status, message);
    self->stream = avocet_rtsp_server_add(self->server, video);
    if (self->stream >= 0)
        return;
    strncpy(message, avocet_rtsp_server_error(self->server), sizeof message - 1);
    avocet_rtsp_server_close(&self->server);
    raise_status(self->stream, message);
}

static mp_obj_t server_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                                const mp_obj_t *all_args)
{
    mp_arg_val_t args[ARG_COUNT];
    AvocetRtspServerConfig config;
    AvocetStreamConfig video;
    mp_map_t map;
    mp_map_init_fixed_table(&map, n_kw, all_args + n_args);
    mp_arg_parse_all(n_args, all_args, &map, ARG_COUNT, open_args, args);
    configure(&config, &video, args);
    Server *self = mp_obj_malloc_with_finaliser(Server, type);
    memset((char *)self + sizeof self->base, 0, sizeof *self - sizeof self->base);
    self->last_pts = -1;
    self->ticks = mp_hal_ticks_us();
    open_server(self, &config, &video);
    return MP_OBJ_FROM_PTR(self);
}

/* ---- use ---- */

/* Without a thread: what can be done at once. */
static void serve(const Server *self)
{
    if (!AVOCET_RTSP_THREAD)
        avocet_rtsp_server_run(self->server, 0);
}

static int64_t pts_now(Server *self)
{
    mp_uint_t ticks = mp_hal_ticks_us();
    self->now_us += (mp_uint_t)(ticks - self->ticks);
    self->ticks = ticks;
    int64_t pts = self->now_us * (UNITS / 1000) / 1000;
    return pts > self->last_pts ? pts : self->last_pts + 1;
}

static mp_obj_t server_send(size_t n_args, const mp_obj_t *all_args, mp_map_t *keywords)
{
    static const mp_arg_t allowed[] = {
        {MP_QSTR_nal, MP_ARG_OBJ | MP_ARG_REQUIRED, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_pts, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_buffer_info_t buffer;
    AvocetPacket packet = {0};
    Server *self = get_open(all_args[0]);
    mp_arg_parse_all(n_args - 1, all_args + 1, keywords, MP_ARRAY_SIZE(allowed), allowed, args);
    mp_get_buffer_raise(args[0].u_obj, &buffer, MP_BUFFER_READ);
    self->last_pts =
        args[1].u_obj == mp_const_none ? pts_now(self) : in_units(args[1].u_obj, UNITS);
    if (buffer.len) {
        packet.data = buffer.buf;
        packet.size = buffer.len;
        packet.pts = packet.dts = self->last_pts;
        packet.keyframe = avo_is_keyframe(packet.data, packet.size);
        int status = avocet_rtsp_server_send(self->server, self->stream, &packet);
        if (status < 0)
            raise_status(status, "send takes the NAL units of one frame, with start codes");
    }
    serve(self);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(server_send_obj, 2, server_send);

static mp_obj_t server_wants_keyframe(mp_obj_t self_in)
{
    Server *self = get_open(self_in);
    serve(self);
    return mp_obj_new_bool(avocet_rtsp_server_wants_keyframe(self->server, self->stream) > 0);
}
static MP_DEFINE_CONST_FUN_OBJ_1(server_wants_keyframe_obj, server_wants_keyframe);

static mp_obj_t server_stats(mp_obj_t self_in)
{
    Server *self = get_open(self_in);
    AvocetStreamStats s = {0};
    avocet_rtsp_server_stats(self->server, self->stream, &s);
    const struct {
        qstr name;
        int64_t value;
    } rows[] = {
        {MP_QSTR_clients, s.clients},
        {MP_QSTR_frames, s.pictures},
        {MP_QSTR_bytes, s.bytes},
        {MP_QSTR_too_large, s.too_large},
        {MP_QSTR_clients_served, s.clients_served},
        {MP_QSTR_frames_skipped, s.pictures_skipped},
        {MP_QSTR_clients_dropped, s.clients_dropped},
    };
    mp_obj_t dict = mp_obj_new_dict(MP_ARRAY_SIZE(rows));
    for (size_t i = 0; i < MP_ARRAY_SIZE(rows); i++)
        mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(rows[i].name),
                          mp_obj_new_int_from_ll(rows[i].value));
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(server_stats_obj, server_stats);

/* Sends what is queued, ends all sessions, closes the port. */
static mp_obj_t server_stop(mp_obj_t self_in)
{
    Server *self = MP_OBJ_TO_PTR(self_in);
    avocet_rtsp_server_close(&self->server);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(server_stop_obj, server_stop);

static mp_obj_t server_exit(size_t n_args, const mp_obj_t *args)
{
    (void)n_args;
    return server_stop(args[0]);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(server_exit_obj, 4, 4, server_exit);

static void server_attr(mp_obj_t self_in, qstr name, mp_obj_t *dest)
{
    if (dest[0] != MP_OBJ_NULL)
        return; /* nothing can be set */
    if (name == MP_QSTR_port)
        dest[0] = MP_OBJ_NEW_SMALL_INT(avocet_rtsp_server_port(get_open(self_in)->server));
    else
        dest[1] = MP_OBJ_SENTINEL; /* go on with the methods */
}

/* ---- tables ---- */

static const mp_rom_map_elem_t server_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&server_send_obj)},
    {MP_ROM_QSTR(MP_QSTR_wants_keyframe), MP_ROM_PTR(&server_wants_keyframe_obj)},
    {MP_ROM_QSTR(MP_QSTR_stats), MP_ROM_PTR(&server_stats_obj)},
    {MP_ROM_QSTR(MP_QSTR_stop), MP_ROM_PTR(&server_stop_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&server_stop_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&server_exit_obj)},
};
static MP_DEFINE_CONST_DICT(server_locals, server_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(server_type, MP_QSTR_RTSPServer, MP_TYPE_FLAG_NONE, make_new,
                                server_make_new, attr, server_attr, locals_dict, &server_locals);

static const mp_rom_map_elem_t module_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_rtsp)},
    {MP_ROM_QSTR(MP_QSTR_RTSPServer), MP_ROM_PTR(&server_type)},
};
static MP_DEFINE_CONST_DICT(module_globals, module_globals_table);

const mp_obj_module_t mp_module_rtsp = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&module_globals,
};

MP_REGISTER_MODULE(MP_QSTR_rtsp, mp_module_rtsp);

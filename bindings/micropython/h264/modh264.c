/* Module h264 for MicroPython: class H264Encoder as on CPython, over the same live.c.
 *
 * The encoder lives in one block of the MicroPython heap, or in a buffer that the script gives
 * (memory=...). No threads, no stdio. Since nothing is held back here, each image gives its access
 * unit at once: settings with B pictures or lookahead are refused. */
#include "py/obj.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include <string.h>

#include "image_format.h"
#include "live.h"
#include "say.h"

#ifndef MP_NORETURN /* its name before 1.26 */
#define MP_NORETURN NORETURN
#endif

typedef struct Encoder {
    mp_obj_base_t base;
    AvoLive live;
    size_t block_size; /* of live.block, which this object keeps alive */
    mp_obj_t memory;   /* the script's buffer, or None */
    int wanted;        /* pixel format that the script has named, -1: none */
} Encoder;

/* ---- errors ---- */

static MP_NORETURN void raise_status(int status, const char *message)
{
    const char *text = message[0] ? message : avocet_status_text(status);
    const mp_obj_type_t *type = &mp_type_OSError;
    if (status == AVOCET_ERR_ARGUMENT || status == AVOCET_ERR_CONFLICT ||
        status == AVOCET_ERR_UNSUPPORTED)
        type = &mp_type_ValueError;
    else if (status == AVOCET_ERR_OPTION)
        type = &mp_type_TypeError;
    else if (status == AVOCET_ERR_MEMORY)
        type = &mp_type_MemoryError;
    if (type == &mp_type_OSError && status != AVOCET_ERR_STATE)
        mp_raise_msg_varg(type, MP_ERROR_TEXT("h264 error: %s"), text);
    mp_raise_msg_varg(type, MP_ERROR_TEXT("%s"), text);
}

static void check(const Encoder *self, int status)
{
    if (status < 0)
        raise_status(status, self->live.message);
}

/* ---- memory ---- */

static void *take_memory(void *opaque, size_t size, size_t align)
{
    Encoder *self = opaque;
    (void)align; /* heap blocks are aligned for pointers */
    self->block_size = size;
    return m_new_maybe(uint8_t, size);
}

static void give_memory(void *opaque, void *pointer)
{
    Encoder *self = opaque;
    m_del(uint8_t, pointer, self->block_size);
}

/* ---- options ---- */

/* A value as text: str, bool, int, float; tuples joined by separator. The text lives in vstr. */
static void value_text(vstr_t *vstr, mp_obj_t value, const char *separator)
{
    size_t n = 1;
    mp_obj_t *items = &value;
    if (mp_obj_is_type(value, &mp_type_tuple) || mp_obj_is_type(value, &mp_type_list))
        mp_obj_get_array(value, &n, &items);
    mp_print_t print;
    vstr_init_print(vstr, 16, &print);
    for (size_t i = 0; i < n; i++) {
        if (i)
            mp_print_str(&print, separator);
        if (mp_obj_is_bool(items[i]))
            mp_print_str(&print, items[i] == mp_const_true ? "1" : "0");
        else
            mp_obj_print_helper(&print, items[i], PRINT_STR);
    }
}

static const AvocetOption *find_option(const char *name)
{
    for (int i = 0; i < avocet_encoder_option_count(); i++)
        if (strcmp(avocet_encoder_option(i)->name, name) == 0)
            return avocet_encoder_option(i);
    return NULL;
}

static bool is_form(const AvocetOption *option, const char *form)
{
    return option && strcmp(option->form, form) == 0;
}

/* What joins the parts: 30000/1001, "i4x4,p8x8", 4:3. */
static const char *separator_of(const AvocetOption *option, mp_obj_t value)
{
    if (is_form(option, "<N/D>"))
        return "/";
    return mp_obj_is_type(value, &mp_type_list) ? "," : ":";
}

/* aq_mode: aq-mode. */
static void option_name(char name[32], const char *keyword)
{
    avo_say(name, 32, "%s", keyword);
    for (char *p = name; *p; p++)
        if (*p == '_')
            *p = '-';
}

/* Any further keyword: aq_mode=2 sets option aq-mode. Numbers of bits are bits. */
static void set_option(AvocetEncoderConfig *config, qstr keyword, mp_obj_t value)
{
    char name[32], bits[32], message[AVO_LIVE_MESSAGE] = "";
    option_name(name, qstr_str(keyword));
    const AvocetOption *option = find_option(name);
    vstr_t vstr;
    value_text(&vstr, value, separator_of(option, value));
    const char *text = vstr_null_terminated_str(&vstr);
    if (mp_obj_is_int(value) && (is_form(option, "<bits/s>") || is_form(option, "<bits>"))) {
        avo_live_bits_text(bits, mp_obj_get_int(value));
        text = bits;
    }
    int status = avocet_encoder_config_set(config, name, text, message, sizeof message);
    vstr_clear(&vstr);
    if (status < 0)
        raise_status(status, message);
}

/* ---- construction ---- */

enum {
    ARG_WIDTH,
    ARG_HEIGHT,
    ARG_FPS,
    ARG_GOP,
    ARG_BITRATE,
    ARG_QP_MIN,
    ARG_QP_MAX,
    ARG_PRESET,
    ARG_TUNE,
    ARG_BACKEND,
    ARG_FORMAT,
    ARG_MEMORY,
    ARG_COUNT
};

static const mp_arg_t open_args[ARG_COUNT] = {
    [ARG_WIDTH] = {MP_QSTR_width, MP_ARG_INT | MP_ARG_REQUIRED, {.u_int = 0}},
    [ARG_HEIGHT] = {MP_QSTR_height, MP_ARG_INT | MP_ARG_REQUIRED, {.u_int = 0}},
    [ARG_FPS] = {MP_QSTR_fps, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_INT(15)}},
    [ARG_GOP] = {MP_QSTR_gop, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 0}},
    [ARG_BITRATE] = {MP_QSTR_bitrate, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 0}},
    [ARG_QP_MIN] = {MP_QSTR_qp_min, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 25}},
    [ARG_QP_MAX] = {MP_QSTR_qp_max, MP_ARG_INT | MP_ARG_KW_ONLY, {.u_int = 45}},
    [ARG_PRESET] = {MP_QSTR_preset, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_TUNE] = {MP_QSTR_tune, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_BACKEND] = {MP_QSTR_backend, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_FORMAT] = {MP_QSTR_format, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    [ARG_MEMORY] = {MP_QSTR_memory, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
};

static bool is_open_arg(qstr name)
{
    for (size_t i = 0; i < ARG_COUNT; i++)
        if (open_args[i].qst == name)
            return true;
    return false;
}

static const char *text_or_null(mp_obj_t value)
{
    return value == mp_const_none ? NULL : mp_obj_str_get_str(value);
}

/* Splits the keywords into those of the signature, put first, and options behind them. Returns the
 * first ones' number. */
static size_t sort_keywords(mp_map_elem_t *sorted, size_t n, const mp_obj_t *pairs)
{
    size_t known = 0, rest = n;
    for (size_t i = 0; i < n; i++) {
        bool mine = is_open_arg(mp_obj_str_get_qstr(pairs[2 * i]));
        sorted[mine ? known++ : --rest] = (mp_map_elem_t){pairs[2 * i], pairs[2 * i + 1]};
    }
    return known;
}

static void configure(AvocetEncoderConfig *config, const mp_arg_val_t *args)
{
    char message[AVO_LIVE_MESSAGE] = "";
    vstr_t fps;
    value_text(&fps, args[ARG_FPS].u_obj, "/");
    AvoLiveArgs live_args = {
        .width = (int)args[ARG_WIDTH].u_int,
        .height = (int)args[ARG_HEIGHT].u_int,
        .fps = vstr_null_terminated_str(&fps),
        .gop = (int)args[ARG_GOP].u_int,
        .bitrate = args[ARG_BITRATE].u_int,
        .qp_min = (int)args[ARG_QP_MIN].u_int,
        .qp_max = (int)args[ARG_QP_MAX].u_int,
        .preset = text_or_null(args[ARG_PRESET].u_obj),
        .tune = text_or_null(args[ARG_TUNE].u_obj),
    };
    int status = avo_live_configure(config, &live_args, message, sizeof message);
    vstr_clear(&fps);
    if (status < 0)
        raise_status(status, message);
    config->threads = 1;
}

static void open_encoder(Encoder *self, const AvocetEncoderConfig *config, const mp_arg_val_t *args)
{
    char message[AVO_LIVE_MESSAGE] = "";
    AvocetAllocator allocator = {take_memory, give_memory, self};
    AvoLiveMemory memory = {&allocator, NULL, 0};
    self->memory = args[ARG_MEMORY].u_obj;
    if (self->memory != mp_const_none) {
        mp_buffer_info_t buffer;
        mp_get_buffer_raise(self->memory, &buffer, MP_BUFFER_WRITE);
        memory.buffer = buffer.buf;
        memory.buffer_size = buffer.len;
    }
    if (avocet_encoder_delay(config) > 0)
        mp_raise_ValueError(MP_ERROR_TEXT("no B pictures and lookahead here"));
    int status = avo_live_open(&self->live, config, text_or_null(args[ARG_BACKEND].u_obj), &memory,
                               message, sizeof message);
    if (status < 0)
        raise_status(status, message);
}

static mp_obj_t encoder_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                                 const mp_obj_t *all_args)
{
    mp_arg_val_t args[ARG_COUNT];
    mp_map_elem_t *keywords = m_new(mp_map_elem_t, n_kw + 1);
    size_t known = sort_keywords(keywords, n_kw, all_args + n_args);
    mp_map_t map;
    mp_map_init_fixed_table(&map, known, (const mp_obj_t *)keywords);
    mp_arg_parse_all(n_args, all_args, &map, ARG_COUNT, open_args, args);

    Encoder *self = mp_obj_malloc_with_finaliser(Encoder, type);
    memset(&self->live, 0, sizeof self->live); /* closed, should opening raise */
    self->wanted = -1;
    AvocetEncoderConfig *config = &self->live.config;
    configure(config, args);
    for (size_t i = n_kw; i-- > known;)
        if (keywords[i].value != mp_const_none)
            set_option(config, mp_obj_str_get_qstr(keywords[i].key), keywords[i].value);
    if (args[ARG_FORMAT].u_obj != mp_const_none) {
        self->wanted = avocet_format_find(mp_obj_str_get_str(args[ARG_FORMAT].u_obj));
        if (self->wanted < 0)
            mp_raise_ValueError(MP_ERROR_TEXT("unknown pixel format"));
        config->format = (AvocetFormat)self->wanted;
    }
    m_del(mp_map_elem_t, keywords, n_kw + 1);
    AvocetEncoderConfig asked = *config;
    open_encoder(self, &asked, args);
    return MP_OBJ_FROM_PTR(self);
}

/* ---- images ---- */

static bool has_method(mp_obj_t object, qstr name, mp_obj_t method[2])
{
    mp_load_method_maybe(object, name, method);
    return method[0] != MP_OBJ_NULL;
}

static mp_obj_t call_method(mp_obj_t object, qstr name)
{
    mp_obj_t method[2];
    mp_load_method(object, name, method);
    return mp_call_method_n_kw(0, 0, method);
}

static MP_NORETURN void raise_format(void)
{
    mp_raise_ValueError(MP_ERROR_TEXT("pixel format is none of GRAYSCALE, RGB565, YUV422"));
}

static int named_format(const char *name)
{
    static const struct {
        const char *name;
        AvocetFormat format;
    } camera_names[] = {{"GRAYSCALE", AVOCET_FORMAT_GRAY8}, {"YUV422", AVOCET_FORMAT_YUYV}};
    for (size_t i = 0; i < MP_ARRAY_SIZE(camera_names); i++)
        if (strcmp(name, camera_names[i].name) == 0)
            return camera_names[i].format;
    return avocet_format_find(name);
}

static int camera_format(const Encoder *self, mp_obj_t image)
{
    if (self->wanted >= 0)
        return self->wanted;
    mp_obj_t value = call_method(image, MP_QSTR_format);
    int format = mp_obj_is_str(value) ? named_format(mp_obj_str_get_str(value))
                                      : avo_image_format_of_pixformat((long)mp_obj_get_int(value));
    if (format < 0 || format == AVO_IMAGE_JPEG)
        raise_format();
    return format;
}

static void get_buffer(mp_obj_t image, mp_buffer_info_t *buffer)
{
    mp_obj_t method[2];
    if (mp_get_buffer(image, buffer, MP_BUFFER_READ))
        return;
    if (!has_method(image, MP_QSTR_bytearray, method))
        mp_raise_TypeError(MP_ERROR_TEXT("a buffer or a camera image is wanted"));
    mp_get_buffer_raise(mp_call_method_n_kw(0, 0, method), buffer, MP_BUFFER_READ);
}

static MP_NORETURN void raise_size(size_t bytes, int width, int height)
{
    char text[80];
    avo_say(text, sizeof text, "%l bytes are no image of %dx%d in this format", (int64_t)bytes,
            width, height);
    mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s"), text);
}

/* image: something with width(), height(), format() and a buffer or bytearray(); or a buffer of the
 * encoder's size. */
static void point_into(const Encoder *self, AvocetPicture *picture, mp_obj_t image)
{
    mp_obj_t method[2];
    mp_buffer_info_t buffer;
    int width = self->live.config.width, height = self->live.config.height, format = self->wanted;
    bool is_camera = has_method(image, MP_QSTR_width, method);
    if (is_camera) {
        width = (int)mp_obj_get_int(mp_call_method_n_kw(0, 0, method));
        height = (int)mp_obj_get_int(call_method(image, MP_QSTR_height));
        format = camera_format(self, image);
    }
    get_buffer(image, &buffer);
    if (!is_camera && format < 0)
        format = avo_image_format_of_size(buffer.len, width, height);
    if (format < 0 || avocet_format_size((AvocetFormat)format, width, height) != buffer.len)
        raise_size(buffer.len, width, height);
    avocet_picture_init(picture, (AvocetFormat)format, width, height, buffer.buf);
}

/* ---- encoding ---- */

/* Fills picture from the arguments of encode (without buffer) or encode_into;
 * true if there is a pts. */
static bool parse_image(const Encoder *self, AvocetPicture *picture, const mp_arg_val_t *args,
                        size_t first_keyword)
{
    mp_obj_t pts = args[first_keyword + 1].u_obj;
    point_into(self, picture, args[0].u_obj);
    if (args[first_keyword].u_bool)
        picture->type = AVOCET_TYPE_IDR;
    if (pts != mp_const_none)
        picture->pts = mp_obj_get_int(pts);
    return pts != mp_const_none;
}

static Encoder *get_open(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    if (!self->live.backend)
        raise_status(AVOCET_ERR_STATE, "Encoder closed");
    return self;
}

static int sink(void *opaque, const AvocetPacket *packet)
{
    (void)opaque;
    (void)packet;
    return AVOCET_OK;
}

static mp_obj_t encoder_encode(size_t n_args, const mp_obj_t *all_args, mp_map_t *keywords)
{
    static const mp_arg_t allowed[] = {
        {MP_QSTR_image, MP_ARG_OBJ | MP_ARG_REQUIRED, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_keyframe, MP_ARG_BOOL | MP_ARG_KW_ONLY, {.u_bool = false}},
        {MP_QSTR_pts, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    Encoder *self = get_open(all_args[0]);
    AvocetPicture picture;
    mp_arg_parse_all(n_args - 1, all_args + 1, keywords, MP_ARRAY_SIZE(allowed), allowed, args);
    bool has_pts = parse_image(self, &picture, args, 1);
    check(self, avo_live_encode(&self->live, &picture, has_pts, sink, NULL));
    /* Should the heap be too small for the bytes, the access unit is lost, and the next one must be
     * a keyframe. */
    self->live.pending = true;
    mp_obj_t bytes = mp_obj_new_bytes(self->live.last.data, self->live.last.size);
    self->live.pending = false;
    return bytes;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(encoder_encode_obj, 2, encoder_encode);

static mp_obj_t encoder_encode_into(size_t n_args, const mp_obj_t *all_args, mp_map_t *keywords)
{
    static const mp_arg_t allowed[] = {
        {MP_QSTR_image, MP_ARG_OBJ | MP_ARG_REQUIRED, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_buffer, MP_ARG_OBJ | MP_ARG_REQUIRED, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_keyframe, MP_ARG_BOOL | MP_ARG_KW_ONLY, {.u_bool = false}},
        {MP_QSTR_pts, MP_ARG_OBJ | MP_ARG_KW_ONLY, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    Encoder *self = get_open(all_args[0]);
    AvocetPicture picture;
    mp_buffer_info_t buffer;
    size_t written = 0;
    mp_arg_parse_all(n_args - 1, all_args + 1, keywords, MP_ARRAY_SIZE(allowed), allowed, args);
    mp_get_buffer_raise(args[1].u_obj, &buffer, MP_BUFFER_WRITE);
    bool has_pts = parse_image(self, &picture, args, 2);
    check(self,
          avo_live_encode_into(&self->live, &picture, has_pts, buffer.buf, buffer.len, &written));
    return mp_obj_new_int_from_uint(written);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(encoder_encode_into_obj, 3, encoder_encode_into);

/* ---- control and questions ---- */

static mp_obj_t encoder_keyframe(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    return mp_obj_new_bool(self->live.was_keyframe);
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_keyframe_obj, encoder_keyframe);

static mp_obj_t encoder_force_keyframe(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    self->live.force_keyframe = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_force_keyframe_obj, encoder_force_keyframe);

static mp_obj_t encoder_close(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    /* The allocator of live knows this object by its address at open, which is the same. */
    avo_live_close(&self->live);
    self->memory = mp_const_none;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_close_obj, encoder_close);

static mp_obj_t encoder_exit(size_t n_args, const mp_obj_t *args)
{
    (void)n_args;
    return encoder_close(args[0]);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(encoder_exit_obj, 4, 4, encoder_exit);

static mp_obj_t encoder_headers(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    const uint8_t *data;
    size_t size;
    check(self, avo_live_headers(&self->live, &data, &size));
    return mp_obj_new_bytes(data, size);
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_headers_obj, encoder_headers);

static mp_obj_t encoder_avcc(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    uint8_t record[AVO_LIVE_AVCC_MAX];
    size_t size = avo_live_avcc(&self->live, record, sizeof record);
    return mp_obj_new_bytes(record, size);
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_avcc_obj, encoder_avcc);

static mp_obj_t encoder_option(mp_obj_t self_in, mp_obj_t keyword)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    char name[32], text[128] = "";
    option_name(name, mp_obj_str_get_str(keyword));
    int status = avocet_encoder_config_get(avo_live_config(&self->live), name, text, sizeof text);
    if (status < 0)
        raise_status(status, "");
    return mp_obj_new_str(text, strlen(text));
}
static MP_DEFINE_CONST_FUN_OBJ_2(encoder_option_obj, encoder_option);

static mp_obj_t encoder_stats(mp_obj_t self_in)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t dict = mp_obj_new_dict(12);
    AvoLiveStat stat;
    for (int i = 0; avo_live_stat(&self->live, i, &stat); i++)
        mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(qstr_from_str(stat.name)),
                          stat.text ? mp_obj_new_str(stat.text, strlen(stat.text))
                                    : mp_obj_new_int_from_ll(stat.number));
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(encoder_stats_obj, encoder_stats);

/* ---- properties ---- */

static mp_obj_t get_property(Encoder *self, qstr name)
{
    const AvocetEncoderConfig *c = avo_live_config(&self->live);
    switch (name) {
    case MP_QSTR_width:
        return MP_OBJ_NEW_SMALL_INT(c->width);
    case MP_QSTR_height:
        return MP_OBJ_NEW_SMALL_INT(c->height);
    case MP_QSTR_bitrate:
        return mp_obj_new_int_from_ll(c->bitrate);
    case MP_QSTR_fps:
        return MP_OBJ_NEW_SMALL_INT((c->fps.num + c->fps.den / 2) / c->fps.den);
    case MP_QSTR_qp_min:
        return MP_OBJ_NEW_SMALL_INT(c->qp_min);
    case MP_QSTR_qp_max:
        return MP_OBJ_NEW_SMALL_INT(c->qp_max);
    default:
        return MP_OBJ_NULL;
    }
}

static int set_fps(Encoder *self, mp_obj_t value)
{
    vstr_t vstr;
    value_text(&vstr, value, "/");
    int status = avo_live_set_fps(&self->live, vstr_null_terminated_str(&vstr));
    vstr_clear(&vstr);
    return status;
}

/* False if there is no such property to set. */
static bool set_property(Encoder *self, qstr name, mp_obj_t value)
{
    const AvocetEncoderConfig *c = avo_live_config(&self->live);
    switch (name) {
    case MP_QSTR_bitrate:
        check(self, avo_live_set_bitrate(&self->live, mp_obj_get_int(value)));
        return true;
    case MP_QSTR_fps:
        check(self, set_fps(self, value));
        return true;
    case MP_QSTR_qp_min:
        check(self, avo_live_set_qp(&self->live, (int)mp_obj_get_int(value), c->qp_max));
        return true;
    case MP_QSTR_qp_max:
        check(self, avo_live_set_qp(&self->live, c->qp_min, (int)mp_obj_get_int(value)));
        return true;
    default:
        return false;
    }
}

static void encoder_attr(mp_obj_t self_in, qstr name, mp_obj_t *dest)
{
    Encoder *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] == MP_OBJ_NULL) {
        dest[0] = get_property(self, name);
        if (dest[0] == MP_OBJ_NULL)
            dest[1] = MP_OBJ_SENTINEL; /* go on with the methods */
    } else if (dest[1] != MP_OBJ_NULL && set_property(self, name, dest[1])) {
        dest[0] = MP_OBJ_NULL; /* done */
    }
}

/* ---- tables ---- */

static const mp_rom_map_elem_t encoder_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_encode), MP_ROM_PTR(&encoder_encode_obj)},
    {MP_ROM_QSTR(MP_QSTR_encode_into), MP_ROM_PTR(&encoder_encode_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_keyframe), MP_ROM_PTR(&encoder_keyframe_obj)},
    {MP_ROM_QSTR(MP_QSTR_force_keyframe), MP_ROM_PTR(&encoder_force_keyframe_obj)},
    {MP_ROM_QSTR(MP_QSTR_headers), MP_ROM_PTR(&encoder_headers_obj)},
    {MP_ROM_QSTR(MP_QSTR_avcc), MP_ROM_PTR(&encoder_avcc_obj)},
    {MP_ROM_QSTR(MP_QSTR_option), MP_ROM_PTR(&encoder_option_obj)},
    {MP_ROM_QSTR(MP_QSTR_stats), MP_ROM_PTR(&encoder_stats_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&encoder_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&encoder_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&encoder_exit_obj)},
};
static MP_DEFINE_CONST_DICT(encoder_locals, encoder_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(encoder_type, MP_QSTR_H264Encoder, MP_TYPE_FLAG_NONE, make_new,
                                encoder_make_new, attr, encoder_attr, locals_dict, &encoder_locals);

static mp_obj_t module_version(void)
{
    const char *version = avocet_version();
    return mp_obj_new_str(version, strlen(version));
}
static MP_DEFINE_CONST_FUN_OBJ_0(module_version_obj, module_version);

static const mp_rom_map_elem_t module_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_h264)},
    {MP_ROM_QSTR(MP_QSTR_H264Encoder), MP_ROM_PTR(&encoder_type)},
    {MP_ROM_QSTR(MP_QSTR_version), MP_ROM_PTR(&module_version_obj)},
};
static MP_DEFINE_CONST_DICT(module_globals, module_globals_table);

const mp_obj_module_t mp_module_h264 = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&module_globals,
};

MP_REGISTER_MODULE(MP_QSTR_h264, mp_module_h264);

/* See py/obj.h: the objects behind MicroPython's interface, and a program that uses modules h264
 * and rtsp through it. It prints what fails and "N passed, N failed". Objects are never given back,
 * except the encoders' and servers' memory, which is counted.
 *
 *     stand_in             the tests
 *     stand_in serve FILE  writes a stream to FILE, then serves it and prints the port; ends when
 *                          standard input does */
#define _POSIX_C_SOURCE 200809L
#include "py/mphal.h"
#include "py/obj.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- objects ---- */

typedef struct StandInObject {
    mp_obj_base_t base;
    long long number;
    char *data;
    size_t size;
    mp_obj_t *items;
    mp_obj_t method_values[3]; /* of images: width, height, format */
} StandInObject;

const mp_obj_type_t mp_type_int = {.name = "int"}, mp_type_str = {.name = "str"},
                    mp_type_bytes = {.name = "bytes"}, mp_type_tuple = {.name = "tuple"},
                    mp_type_list = {.name = "list"}, mp_type_dict = {.name = "dict"},
                    mp_type_module = {.name = "module"}, mp_type_type = {.name = "type"},
                    mp_type_ValueError = {.name = "ValueError"},
                    mp_type_TypeError = {.name = "TypeError"},
                    mp_type_MemoryError = {.name = "MemoryError"},
                    mp_type_OSError = {.name = "OSError"};
static const mp_obj_type_t type_none = {.name = "None"}, type_bool = {.name = "bool"},
                           type_image = {.name = "image"};
struct StandInObject stand_in_none = {{&type_none}, 0, NULL, 0, NULL, {NULL}};
struct StandInObject stand_in_true = {{&type_bool}, 1, NULL, 0, NULL, {NULL}};
struct StandInObject stand_in_false = {{&type_bool}, 0, NULL, 0, NULL, {NULL}};
struct StandInObject stand_in_int_15 = {{&mp_type_int}, 15, NULL, 0, NULL, {NULL}};

static size_t heap_limit = 64 << 20, blocks;

void *stand_in_alloc(size_t size, bool may_fail)
{
    void *p = size > heap_limit ? NULL : calloc(1, size);
    if (!p && !may_fail)
        mp_raise_msg_varg(&mp_type_MemoryError, "memory allocation failed");
    blocks += p != NULL;
    return p;
}

void stand_in_free(void *pointer)
{
    blocks -= pointer != NULL;
    free(pointer);
}

void *stand_in_new_object(size_t size, const mp_obj_type_t *type)
{
    mp_obj_base_t *object = calloc(1, size);
    object->type = type;
    return object;
}

static StandInObject *new_object(const mp_obj_type_t *type)
{
    return stand_in_new_object(sizeof(StandInObject), type);
}

mp_obj_t stand_in_int(long long value)
{
    StandInObject *o = new_object(&mp_type_int);
    o->number = value;
    return o;
}

static mp_obj_t new_data(const mp_obj_type_t *type, const void *data, size_t size)
{
    StandInObject *o = new_object(type);
    o->data = calloc(1, size + 1);
    memcpy(o->data, data, size);
    o->size = size;
    return o;
}

mp_obj_t mp_obj_new_bool(bool value)
{
    return value ? (mp_obj_t)&stand_in_true : (mp_obj_t)&stand_in_false;
}

mp_obj_t mp_obj_new_int_from_uint(size_t value)
{
    return stand_in_int((long long)value);
}

mp_obj_t mp_obj_new_int_from_ll(long long value)
{
    return stand_in_int(value);
}

mp_obj_t mp_obj_new_bytes(const uint8_t *data, size_t size)
{
    if (size > heap_limit)
        mp_raise_msg_varg(&mp_type_MemoryError, "memory allocation failed");
    return new_data(&mp_type_bytes, data, size);
}

mp_obj_t mp_obj_new_str(const char *data, size_t size)
{
    return new_data(&mp_type_str, data, size);
}

static mp_obj_t text(const char *s)
{
    return mp_obj_new_str(s, strlen(s));
}

/* size: entries so far; keys and values take turns. */
mp_obj_t mp_obj_new_dict(size_t size)
{
    StandInObject *o = new_object(&mp_type_dict);
    o->items = calloc(2 * size, sizeof *o->items);
    return o;
}

mp_obj_t mp_obj_dict_store(mp_obj_t dict, mp_obj_t key, mp_obj_t value)
{
    StandInObject *o = dict;
    o->items[2 * o->size] = key;
    o->items[2 * o->size++ + 1] = value;
    return dict;
}

bool mp_obj_is_type(mp_const_obj_t object, const mp_obj_type_t *type)
{
    return ((const mp_obj_base_t *)object)->type == type;
}

bool mp_obj_is_bool(mp_const_obj_t object)
{
    return mp_obj_is_type(object, &type_bool);
}

mp_int_t mp_obj_get_int(mp_const_obj_t object)
{
    if (!mp_obj_is_type(object, &mp_type_int) && !mp_obj_is_bool(object))
        mp_raise_TypeError("can't convert to int");
    return (mp_int_t)((const StandInObject *)object)->number;
}

mp_float_t mp_obj_get_float(mp_const_obj_t object)
{
    return (mp_float_t)mp_obj_get_int(object);
}

const char *mp_obj_str_get_str(mp_obj_t object)
{
    if (!mp_obj_is_str(object))
        mp_raise_TypeError("str expected");
    return ((StandInObject *)object)->data;
}

void mp_obj_get_array(mp_obj_t object, size_t *n, mp_obj_t **items)
{
    *n = ((StandInObject *)object)->size;
    *items = ((StandInObject *)object)->items;
}

/* ---- names ---- */

static const char *names[256] = {"",
#define X(name) #name,
                                 STAND_IN_NAMES(X)
#undef X
};
static size_t name_count = STAND_IN_NAME_COUNT;

const char *qstr_str(qstr name)
{
    return names[name];
}

qstr qstr_from_str(const char *s)
{
    for (size_t i = 1; i < name_count; i++)
        if (strcmp(names[i], s) == 0)
            return i;
    names[name_count] = s;
    return name_count++;
}

qstr mp_obj_str_get_qstr(mp_obj_t object)
{
    return qstr_from_str(mp_obj_str_get_str(object));
}

mp_obj_t MP_OBJ_NEW_QSTR(qstr name)
{
    return text(names[name]);
}

/* ---- text ---- */

void vstr_init_print(vstr_t *vstr, size_t size, mp_print_t *print)
{
    (void)size;
    vstr->used = 0;
    *print = vstr;
}

char *vstr_null_terminated_str(vstr_t *vstr)
{
    vstr->text[vstr->used] = '\0';
    return vstr->text;
}

void vstr_clear(vstr_t *vstr)
{
    vstr->used = 0;
}

void mp_print_str(const mp_print_t *print, const char *s)
{
    vstr_t *vstr = *print;
    size_t n = strlen(s), room = sizeof vstr->text - 1 - vstr->used;
    n = n < room ? n : room;
    memcpy(vstr->text + vstr->used, s, n);
    vstr->used += n;
}

void mp_obj_print_helper(const mp_print_t *print, mp_obj_t object, mp_print_kind_t kind)
{
    char number[32];
    (void)kind;
    if (mp_obj_is_str(object)) {
        mp_print_str(print, mp_obj_str_get_str(object));
        return;
    }
    snprintf(number, sizeof number, "%lld", ((StandInObject *)object)->number);
    mp_print_str(print, number);
}

/* ---- buffers, methods ---- */

bool mp_get_buffer(mp_obj_t object, mp_buffer_info_t *buffer, unsigned flags)
{
    StandInObject *o = object;
    (void)flags;
    if (!mp_obj_is_type(object, &mp_type_bytes))
        return false;
    buffer->buf = o->data;
    buffer->len = o->size;
    return true;
}

void mp_get_buffer_raise(mp_obj_t object, mp_buffer_info_t *buffer, unsigned flags)
{
    if (!mp_get_buffer(object, buffer, flags))
        mp_raise_TypeError("object with buffer protocol required");
}

/* Images have methods; a "bound method" is its result here. */
void mp_load_method_maybe(mp_obj_t object, qstr name, mp_obj_t *method)
{
    StandInObject *o = object;
    method[0] = method[1] = MP_OBJ_NULL;
    if (!mp_obj_is_type(object, &type_image))
        return;
    if (name == MP_QSTR_bytearray)
        method[0] = new_data(&mp_type_bytes, o->data, o->size);
    else if (name == MP_QSTR_width || name == MP_QSTR_height || name == MP_QSTR_format)
        method[0] = o->method_values[name == MP_QSTR_width ? 0 : name == MP_QSTR_height ? 1 : 2];
}

void mp_load_method(mp_obj_t object, qstr name, mp_obj_t *method)
{
    mp_load_method_maybe(object, name, method);
    if (!method[0])
        mp_raise_TypeError("no such method");
}

mp_obj_t mp_call_method_n_kw(size_t n_args, size_t n_kw, const mp_obj_t *method)
{
    (void)n_args;
    (void)n_kw;
    return method[0];
}

static mp_obj_t identity(mp_obj_t object)
{
    return object;
}
MP_DEFINE_CONST_FUN_OBJ_1(mp_identity_obj, identity);

/* ---- errors ---- */

static jmp_buf *handler;
static const mp_obj_type_t *raised;
static char raised_text[256];

void mp_raise_msg_varg(const mp_obj_type_t *type, mp_rom_error_text_t form, ...)
{
    va_list args;
    va_start(args, form);
    vsnprintf(raised_text, sizeof raised_text, form, args);
    va_end(args);
    raised = type;
    longjmp(*handler, 1);
}

void mp_raise_ValueError(mp_rom_error_text_t s)
{
    mp_raise_msg_varg(&mp_type_ValueError, "%s", s);
}

void mp_raise_TypeError(mp_rom_error_text_t s)
{
    mp_raise_msg_varg(&mp_type_TypeError, "%s", s);
}

/* ---- the clock ---- */

mp_uint_t mp_hal_ticks_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (mp_uint_t)t.tv_sec * 1000000 + (mp_uint_t)t.tv_nsec / 1000;
}

/* ---- arguments ---- */

void mp_map_init_fixed_table(mp_map_t *map, size_t n, const mp_obj_t *table)
{
    map->used = n;
    map->table = (const mp_map_elem_t *)table;
}

static mp_obj_t given_value(size_t i, const mp_arg_t *arg, size_t n_pos, const mp_obj_t *pos,
                            const mp_map_t *keywords, size_t *found)
{
    if (i < n_pos)
        return pos[i];
    for (size_t k = 0; k < keywords->used; k++)
        if (mp_obj_str_get_qstr(keywords->table[k].key) == arg->qst) {
            ++*found;
            return keywords->table[k].value;
        }
    return MP_OBJ_NULL;
}

void mp_arg_parse_all(size_t n_pos, const mp_obj_t *pos, mp_map_t *keywords, size_t n_allowed,
                      const mp_arg_t *allowed, mp_arg_val_t *values)
{
    size_t found = 0;
    for (size_t i = 0; i < n_allowed; i++) {
        mp_obj_t value = given_value(i, &allowed[i], n_pos, pos, keywords, &found);
        if (i < n_pos && (allowed[i].flags & MP_ARG_KW_ONLY))
            mp_raise_TypeError("extra positional arguments given");
        if (!value && (allowed[i].flags & MP_ARG_REQUIRED))
            mp_raise_TypeError("argument required");
        values[i] = allowed[i].defval;
        if (value && (allowed[i].flags & MP_ARG_KIND_MASK) == MP_ARG_BOOL)
            values[i].u_bool = ((StandInObject *)value)->number != 0;
        else if (value && (allowed[i].flags & MP_ARG_KIND_MASK) == MP_ARG_INT)
            values[i].u_int = mp_obj_get_int(value);
        else if (value)
            values[i].u_obj = value;
    }
    if (found < keywords->used)
        mp_raise_TypeError("extra keyword arguments given");
}

/* ---- a small interpreter's worth of calls ---- */

extern const mp_obj_module_t mp_module_h264, mp_module_rtsp;

static const void *look_up(const mp_obj_dict_t *dict, const char *name)
{
    for (size_t i = 0; i < dict->used; i++)
        if (strcmp(names[(uintptr_t)dict->table[i].key], name) == 0)
            return dict->table[i].value;
    return NULL;
}

typedef struct Call {
    mp_obj_t args[24];
    size_t n, n_kw;
} Call;

static Call call_of(mp_obj_t first, mp_obj_t second)
{
    return (Call){{first, second}, 1 + (second != NULL), 0};
}

static Call *with(Call *call, const char *name, mp_obj_t value)
{
    call->args[call->n + 2 * call->n_kw] = text(name);
    call->args[call->n + 2 * call->n_kw++ + 1] = value;
    return call;
}

static mp_obj_t call_function(const mp_obj_fun_t *f, const Call *call)
{
    mp_map_t map;
    mp_map_init_fixed_table(&map, call->n_kw, call->args + call->n);
    if (f->kw)
        return f->kw(call->n, call->args, &map);
    if (f->var)
        return f->var(call->n, call->args);
    return f->fun0   ? f->fun0()
           : f->fun2 ? f->fun2(call->args[0], call->args[1])
                     : f->fun1(call->args[0]);
}

static const mp_obj_type_t *class_made; /* what is constructed */

static const mp_obj_type_t *type_of(mp_const_obj_t object)
{
    return ((const mp_obj_base_t *)object)->type;
}

/* The method's result, or NULL with `raised` set. name NULL: construct. */
static mp_obj_t try_call(const char *name, const Call *call)
{
    jmp_buf here, *outer = handler;
    mp_obj_t volatile result = NULL;
    raised = NULL;
    handler = &here;
    if (setjmp(here) == 0)
        result = name ? call_function(look_up(type_of(call->args[0])->locals_dict, name), call)
                      : class_made->make_new(class_made, call->n, call->n_kw, call->args);
    handler = outer;
    return result;
}

static mp_obj_t method(mp_obj_t object, const char *name, mp_obj_t argument)
{
    Call call = call_of(object, argument);
    return try_call(name, &call);
}

static long long attribute(mp_obj_t object, qstr name)
{
    mp_obj_t dest[2] = {MP_OBJ_NULL, MP_OBJ_NULL};
    type_of(object)->attr(object, name, dest);
    return ((StandInObject *)dest[0])->number;
}

static bool set_attribute(mp_obj_t object, qstr name, long long value)
{
    jmp_buf here;
    mp_obj_t dest[2] = {MP_OBJ_SENTINEL, stand_in_int(value)};
    raised = NULL;
    handler = &here;
    if (setjmp(here) == 0)
        type_of(object)->attr(object, name, dest);
    handler = NULL;
    return !raised && dest[0] == MP_OBJ_NULL;
}

/* ---- the test ---- */

static int passed, failed;

static void check(const char *what, bool good)
{
    good ? passed++ : failed++;
    if (!good)
        printf("FAILED: %s (last exception: %s %s)\n", what, raised ? raised->name : "none",
               raised_text);
}

static bool has_raised(const mp_obj_type_t *type, const char *part)
{
    return raised == type && strstr(raised_text, part);
}

static mp_obj_t new_bytes(size_t size)
{
    StandInObject *o = new_object(&mp_type_bytes);
    o->data = calloc(1, size + 1);
    o->size = size;
    for (size_t i = 0; i < size; i++)
        o->data[i] = (char)(i * 7 + i / 64);
    return o;
}

static mp_obj_t new_image(int width, int height, mp_obj_t format, size_t size)
{
    StandInObject *o = new_object(&type_image), *data = new_bytes(size);
    o->data = data->data;
    o->size = size;
    o->method_values[0] = stand_in_int(width);
    o->method_values[1] = stand_in_int(height);
    o->method_values[2] = format;
    return o;
}

static size_t size_of(mp_obj_t object)
{
    return object ? ((StandInObject *)object)->size : 0;
}

static mp_obj_t new_encoder(Call *call)
{
    Call plain = call_of(stand_in_int(64), stand_in_int(48));
    if (call)
        memmove(call->args, plain.args, 2 * sizeof *call->args);
    class_made = look_up(mp_module_h264.globals, "H264Encoder");
    return try_call(NULL, call ? call : &plain);
}

static void test_stream(void)
{
    mp_obj_t picture = new_bytes(64 * 48 * 3 / 2), encoder = new_encoder(NULL);
    check("constructed", encoder);
    check("no keyframe yet", method(encoder, "keyframe", NULL) == (mp_obj_t)&stand_in_false);
    mp_obj_t first = method(encoder, "encode", picture);
    check("first access unit", size_of(first) > 40);
    check("is a keyframe", method(encoder, "keyframe", NULL) == mp_const_true);
    mp_obj_t headers = method(encoder, "headers", NULL);
    check("starts with the headers",
          size_of(headers) > 16 && size_of(first) > size_of(headers) &&
              memcmp(((StandInObject *)first)->data, ((StandInObject *)headers)->data,
                     size_of(headers)) == 0);
    check("avcc", size_of(method(encoder, "avcc", NULL)) > 16);
    check("second access unit", size_of(method(encoder, "encode", picture)) > 0);
    check("is none", method(encoder, "keyframe", NULL) == (mp_obj_t)&stand_in_false);
    method(encoder, "force_keyframe", NULL);
    method(encoder, "encode", picture);
    check("forced keyframe", method(encoder, "keyframe", NULL) == mp_const_true);
    Call call = call_of(encoder, picture);
    check("encode with keywords",
          try_call("encode", with(with(&call, "keyframe", mp_const_true), "pts", stand_in_int(9))));
    check("keyframe by keyword", method(encoder, "keyframe", NULL) == mp_const_true);
    check("pts must increase",
          !try_call("encode", &call) && has_raised(&mp_type_ValueError, "pts"));
    check("stats", size_of(method(encoder, "stats", NULL)) > 8);
    check("option", size_of(method(encoder, "option", text("aq_mode"))) == 1);
    check("closed", method(encoder, "close", NULL) && method(encoder, "close", NULL));
    check("encode after close",
          !method(encoder, "encode", picture) && has_raised(&mp_type_OSError, "Encoder closed"));
}

static void test_encode_into(void)
{
    mp_obj_t picture = new_bytes(64 * 48), encoder = new_encoder(NULL);
    Call call = {{encoder, picture, new_bytes(10)}, 3, 0};
    check("small buffer",
          !try_call("encode_into", &call) && has_raised(&mp_type_ValueError, "buffer only 10"));
    call.args[2] = new_bytes(100000);
    StandInObject *written = try_call("encode_into", &call);
    check("large buffer", written && written->number > 40);
    method(encoder, "close", NULL);
}

static void test_images(void)
{
    enum { GRAYSCALE = 0x08020001, RGB565 = 0x0C030002, YUV422 = 0x14050002, JPEG = 0x06060000 };
    static const int formats[][2] = {{GRAYSCALE, 1}, {RGB565, 2}, {YUV422, 2}};
    mp_obj_t encoder = new_encoder(NULL);
    for (size_t i = 0; i < 3; i++)
        check("camera image", method(encoder, "encode",
                                     new_image(64, 48, stand_in_int(formats[i][0]),
                                               (size_t)(64 * 48 * formats[i][1]))));
    check("format by name",
          method(encoder, "encode", new_image(64, 48, text("RGB565"), 64 * 48 * 2)));
    check("jpeg", !method(encoder, "encode", new_image(64, 48, stand_in_int(JPEG), 100)) &&
                      has_raised(&mp_type_ValueError, "pixel format"));
    check("other size",
          !method(encoder, "encode", new_image(32, 16, stand_in_int(GRAYSCALE), 512)) &&
              has_raised(&mp_type_ValueError, "32x16, encoder is 64x48"));
    check("too few bytes",
          !method(encoder, "encode", new_image(64, 48, stand_in_int(RGB565), 64 * 48)) &&
              has_raised(&mp_type_ValueError, "3072 bytes"));
    check("strange bytes", !method(encoder, "encode", new_bytes(1000)) &&
                               has_raised(&mp_type_ValueError, "1000 bytes"));
    check("no image",
          !method(encoder, "encode", stand_in_int(5)) && has_raised(&mp_type_TypeError, "image"));
    method(encoder, "close", NULL);
}

static void test_settings(void)
{
    Call call = call_of(NULL, mp_const_none);
    StandInObject *ratio = new_object(&mp_type_tuple);
    mp_obj_t parts[2] = {stand_in_int(30000), stand_in_int(1001)};
    ratio->items = parts;
    ratio->size = 2;
    call.n = 2;
    with(with(with(&call, "aq_mode", stand_in_int(2)), "fps", ratio), "vbv_bufsize",
         stand_in_int(123000));
    with(with(with(&call, "vbv_maxrate", stand_in_int(200000)), "bitrate", stand_in_int(100000)),
         "psnr", mp_const_true);
    mp_obj_t encoder = new_encoder(&call);
    check("with options", encoder);
    StandInObject *value = method(encoder, "option", text("fps"));
    check("fps as a pair", value && strcmp(value->data, "30000/1001") == 0);
    value = method(encoder, "option", text("aq-mode"));
    check("aq_mode", value && strcmp(value->data, "2") == 0);
    value = method(encoder, "option", text("vbv_bufsize"));
    check("bits are bits", value && strncmp(value->data, "123", 3) == 0);
    check("bitrate", attribute(encoder, MP_QSTR_bitrate) == 100000 &&
                         set_attribute(encoder, MP_QSTR_bitrate, 150000) &&
                         attribute(encoder, MP_QSTR_bitrate) == 150000);
    check("fps", set_attribute(encoder, MP_QSTR_fps, 20) && attribute(encoder, MP_QSTR_fps) == 20);
    check("qp_max",
          set_attribute(encoder, MP_QSTR_qp_max, 30) && attribute(encoder, MP_QSTR_qp_max) == 30);
    check("qp_min",
          set_attribute(encoder, MP_QSTR_qp_min, 28) && attribute(encoder, MP_QSTR_qp_min) == 28);
    check("qp_min too high",
          !set_attribute(encoder, MP_QSTR_qp_min, 31) && has_raised(&mp_type_ValueError, "qp_min"));
    check("size",
          attribute(encoder, MP_QSTR_width) == 64 && attribute(encoder, MP_QSTR_height) == 48);
    check("width stays", !set_attribute(encoder, MP_QSTR_width, 5));
    method(encoder, "close", NULL);
}

static void refuse(const char *name, mp_obj_t value, const mp_obj_type_t *type)
{
    Call call = call_of(NULL, mp_const_none);
    call.n = 2;
    check(name, !new_encoder(with(&call, name, value)) && raised == type);
}

static void test_refusals(void)
{
    refuse("no_such_option", stand_in_int(1), &mp_type_TypeError);
    refuse("qp_min", stand_in_int(46), &mp_type_ValueError);
    refuse("rc_lookahead", stand_in_int(5), &mp_type_ValueError);
    refuse("preset", text("warp"), &mp_type_ValueError);
    refuse("format", text("rgb48"), &mp_type_ValueError);
    refuse("backend", text("toaster"), &mp_type_ValueError);
    refuse("memory", new_bytes(100), &mp_type_MemoryError);
    class_made = look_up(mp_module_h264.globals, "H264Encoder");
    Call small = call_of(stand_in_int(8), stand_in_int(8));
    check("too small", !try_call(NULL, &small) && raised == &mp_type_ValueError);
}

static void test_memory(void)
{
    Call call = call_of(NULL, mp_const_none);
    call.n = 2;
    mp_obj_t encoder = new_encoder(with(&call, "memory", new_bytes(8 << 20)));
    size_t before = blocks;
    check("in given memory", encoder && method(encoder, "encode", new_bytes(64 * 48)));
    check("takes nothing from the heap", blocks == before);
    method(encoder, "close", NULL);

    heap_limit = 1000;
    check("heap too small", !new_encoder(NULL) && raised == &mp_type_MemoryError);
    heap_limit = 64 << 20;
    encoder = new_encoder(NULL);
    method(encoder, "encode", new_bytes(64 * 48));
    heap_limit = 2;
    check("no room for the bytes",
          !method(encoder, "encode", new_bytes(64 * 48)) && raised == &mp_type_MemoryError);
    heap_limit = 64 << 20;
    check("goes on", method(encoder, "encode", new_bytes(64 * 48)));
    check("with a keyframe", method(encoder, "keyframe", NULL) == mp_const_true);
    method(encoder, "close", NULL);
}

/* ---- module rtsp ---- */

/* A server at a free port. name NULL: no further keyword. */
static mp_obj_t new_server(const char *name, mp_obj_t value)
{
    Call call = call_of(stand_in_int(64), stand_in_int(48));
    with(&call, "listen_port", stand_in_int(0));
    if (name)
        with(&call, name, value);
    class_made = look_up(mp_module_rtsp.globals, "RTSPServer");
    return try_call(NULL, &call);
}

static long long stat_of(mp_obj_t server, const char *name)
{
    StandInObject *dict = method(server, "stats", NULL);
    for (size_t i = 0; dict && i < dict->size; i++)
        if (strcmp(((StandInObject *)dict->items[2 * i])->data, name) == 0)
            return ((StandInObject *)dict->items[2 * i + 1])->number;
    return -1;
}

static void refuse_server(const char *name, mp_obj_t value, const mp_obj_type_t *type)
{
    check(name, !new_server(name, value) && raised == type);
}

static void test_server(void)
{
    mp_obj_t encoder = new_encoder(NULL), server = new_server(NULL, NULL);
    mp_obj_t frame = method(encoder, "encode", new_bytes(64 * 48));
    check("server", server && attribute(server, MP_QSTR_port) > 0);
    check("send", method(server, "send", frame) && stat_of(server, "frames") == 1 &&
                      stat_of(server, "bytes") == (long long)size_of(frame));
    check("nobody waits for a keyframe",
          method(server, "wants_keyframe", NULL) == (mp_obj_t)&stand_in_false);
    check("too large",
          method(server, "send", new_bytes(5000)) && stat_of(server, "too_large") == 1);
    check("nothing", method(server, "send", new_bytes(0)) && stat_of(server, "frames") == 2);
    Call call = call_of(server, frame);
    check("pts", try_call("send", with(&call, "pts", stand_in_int(5))));
    check("no frame", !method(server, "send", stand_in_int(5)) && raised == &mp_type_TypeError);
    check("no NAL units", !method(server, "send", new_bytes(20)) && raised == &mp_type_ValueError);
    check("port stays", !set_attribute(server, MP_QSTR_port, 5));
    mp_obj_t taken = stand_in_int(attribute(server, MP_QSTR_port));
    check("same port", !new_server("listen_port", taken));
    check("stopped", method(server, "stop", NULL) && method(server, "stop", NULL));
    check("send after stop",
          !method(server, "send", frame) && has_raised(&mp_type_OSError, "stopped"));
    method(encoder, "close", NULL);
}

static void test_server_refusals(void)
{
    refuse_server("fps", stand_in_int(0), &mp_type_ValueError);
    refuse_server("max_frame_len", stand_in_int(-1), &mp_type_ValueError);
    refuse_server("max_clients", stand_in_int(0), &mp_type_ValueError);
    refuse_server("path", text("a b"), &mp_type_ValueError);
    refuse_server("address", text("192.0.2.1"), &mp_type_OSError);
    refuse_server("no_such_keyword", stand_in_int(1), &mp_type_TypeError);
    heap_limit = 60000;
    refuse_server("max_clients", stand_in_int(4), &mp_type_MemoryError);
    heap_limit = 64 << 20;
}

static void write_stream(FILE *out, mp_obj_t *frames, int count)
{
    mp_obj_t encoder = new_encoder(NULL);
    for (int i = 0; i < count; i++) {
        StandInObject *picture = new_bytes(64 * 48 * 3 / 2);
        for (int k = 0; k < 64 * 8; k++)
            picture->data[(i % 40) * 64 + k] = (char)(200 - i);
        StandInObject *frame = frames[i] = method(encoder, "encode", picture);
        fwrite(frame->data, 1, frame->size, out);
    }
    method(encoder, "close", NULL);
}

/* The frames, 100 a second, once there is a client; what no frame needs is asked meanwhile. */
static int serve(const char *path)
{
    enum { FRAMES = 45 };
    mp_obj_t frames[FRAMES], server = new_server(NULL, NULL);
    struct pollfd input = {.fd = 0, .events = POLLIN};
    FILE *out = fopen(path, "wb");
    if (!out || !server)
        return 1;
    write_stream(out, frames, FRAMES);
    fclose(out);
    printf("%lld\n", attribute(server, MP_QSTR_port));
    fflush(stdout);
    for (int i = 0; poll(&input, 1, 10) == 0;) {
        method(server, "wants_keyframe", NULL);
        if (stat_of(server, "clients") > 0 && i < FRAMES)
            method(server, "send", frames[i++]);
        if (i == FRAMES)
            break;
    }
    method(server, "stop", NULL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    size_t before = blocks;
    test_stream();
    test_encode_into();
    test_images();
    test_settings();
    test_refusals();
    test_memory();
    test_server();
    test_server_refusals();
    /* Keyword tables of refused constructions are the collector's business; they are small. */
    check("encoders and servers gave their memory back", blocks - before <= 8);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

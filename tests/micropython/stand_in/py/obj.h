/* As much of MicroPython's C interface as the modules of bindings/micropython use, so that they
 * can be compiled and run where MicroPython's sources are not at hand. Names and meanings
 * are MicroPython's; the objects behind them are the stand-in's own (stand_in.c) and do only what
 * the test needs. */
#ifndef STAND_IN_PY_OBJ_H
#define STAND_IN_PY_OBJ_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_NORETURN _Noreturn

#define MICROPY_PY_BUILTINS_FLOAT 1

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef double mp_float_t;
typedef size_t qstr;
typedef void *mp_obj_t;
typedef const void *mp_const_obj_t;
typedef const void *mp_rom_obj_t;
typedef const char *mp_rom_error_text_t;

typedef struct mp_obj_type_t mp_obj_type_t;
typedef struct mp_obj_base_t {
    const mp_obj_type_t *type;
} mp_obj_base_t;

/* ---- names ---- */

#define STAND_IN_NAMES(X)                                                                          \
    X(H264Encoder)                                                                                 \
    X(__del__)                                                                                     \
    X(__enter__)                                                                                   \
    X(__exit__) X(__name__) X(avcc) X(backend) X(bitrate) X(buffer) X(bytearray) X(close)          \
        X(encode) X(encode_into) X(force_keyframe) X(format) X(fps) X(gop) X(h264) X(headers)      \
            X(height) X(image) X(keyframe) X(memory) X(option) X(preset) X(pts) X(qp_max)          \
                X(qp_min) X(stats) X(tune) X(version) X(width) X(RTSPServer) X(address) X(bytes)   \
                    X(clients) X(clients_dropped) X(clients_served) X(frames) X(frames_skipped)    \
                        X(listen_port) X(max_clients) X(max_frame_len) X(nal) X(path) X(port)      \
                            X(rtsp) X(send) X(stop) X(too_large) X(wants_keyframe)
enum {
    MP_QSTRnull,
#define X(name) MP_QSTR_##name,
    STAND_IN_NAMES(X)
#undef X
        STAND_IN_NAME_COUNT
};
const char *qstr_str(qstr name);
qstr qstr_from_str(const char *text);

/* ---- objects ---- */

extern const mp_obj_type_t mp_type_int, mp_type_str, mp_type_bytes, mp_type_tuple, mp_type_list,
    mp_type_dict, mp_type_module, mp_type_type, mp_type_ValueError, mp_type_TypeError,
    mp_type_MemoryError, mp_type_OSError;
extern struct StandInObject stand_in_none, stand_in_true, stand_in_false;

#define MP_OBJ_NULL              ((mp_obj_t)0)
#define MP_OBJ_SENTINEL          ((mp_obj_t)1)
#define MP_OBJ_FROM_PTR(pointer) ((mp_obj_t)(pointer))
#define MP_OBJ_TO_PTR(object)    ((void *)(object))
#define mp_const_none            ((mp_obj_t)&stand_in_none)
#define mp_const_true            ((mp_obj_t)&stand_in_true)

mp_obj_t stand_in_int(long long value);
mp_obj_t stand_in_method(mp_obj_t object, qstr name);
#define MP_OBJ_NEW_SMALL_INT(value) stand_in_int(value)
mp_obj_t MP_OBJ_NEW_QSTR(qstr name);
mp_obj_t mp_obj_new_bool(bool value);
mp_obj_t mp_obj_new_int_from_uint(size_t value);
mp_obj_t mp_obj_new_int_from_ll(long long value);
mp_obj_t mp_obj_new_bytes(const uint8_t *data, size_t size);
mp_obj_t mp_obj_new_str(const char *data, size_t size);
mp_obj_t mp_obj_new_dict(size_t size);
mp_obj_t mp_obj_dict_store(mp_obj_t dict, mp_obj_t key, mp_obj_t value);
bool mp_obj_is_type(mp_const_obj_t object, const mp_obj_type_t *type);
bool mp_obj_is_bool(mp_const_obj_t object);
#define mp_obj_is_int(object) mp_obj_is_type(object, &mp_type_int)
#define mp_obj_is_str(object) mp_obj_is_type(object, &mp_type_str)
mp_int_t mp_obj_get_int(mp_const_obj_t object);
mp_float_t mp_obj_get_float(mp_const_obj_t object);
const char *mp_obj_str_get_str(mp_obj_t object);
qstr mp_obj_str_get_qstr(mp_obj_t object);
void mp_obj_get_array(mp_obj_t object, size_t *n, mp_obj_t **items);

void *stand_in_new_object(size_t size, const mp_obj_type_t *type);
#define mp_obj_malloc_with_finaliser(struct_type, type)                                            \
    ((struct_type *)stand_in_new_object(sizeof(struct_type), type))

/* ---- text ---- */

typedef struct vstr_t {
    char text[256];
    size_t used;
} vstr_t;
typedef vstr_t *mp_print_t;
typedef enum { PRINT_STR, PRINT_REPR } mp_print_kind_t;
void vstr_init_print(vstr_t *vstr, size_t size, mp_print_t *print);
char *vstr_null_terminated_str(vstr_t *vstr);
void vstr_clear(vstr_t *vstr);
void mp_print_str(const mp_print_t *print, const char *text);
void mp_obj_print_helper(const mp_print_t *print, mp_obj_t object, mp_print_kind_t kind);

/* ---- buffers and methods ---- */

typedef struct mp_buffer_info_t {
    void *buf;
    size_t len;
    int typecode;
} mp_buffer_info_t;
#define MP_BUFFER_READ  1
#define MP_BUFFER_WRITE 2
bool mp_get_buffer(mp_obj_t object, mp_buffer_info_t *buffer, unsigned flags);
void mp_get_buffer_raise(mp_obj_t object, mp_buffer_info_t *buffer, unsigned flags);
void mp_load_method(mp_obj_t object, qstr name, mp_obj_t *method);
void mp_load_method_maybe(mp_obj_t object, qstr name, mp_obj_t *method);
mp_obj_t mp_call_method_n_kw(size_t n_args, size_t n_kw, const mp_obj_t *method);

/* ---- errors ---- */

#define MP_ERROR_TEXT(text) text
MP_NORETURN void mp_raise_msg_varg(const mp_obj_type_t *type, mp_rom_error_text_t form, ...);
MP_NORETURN void mp_raise_ValueError(mp_rom_error_text_t text);
MP_NORETURN void mp_raise_TypeError(mp_rom_error_text_t text);

/* ---- memory ---- */

void *stand_in_alloc(size_t size, bool may_fail);
void stand_in_free(void *pointer);
#define m_new(type, n)          ((type *)stand_in_alloc(sizeof(type) * (n), false))
#define m_new_maybe(type, n)    ((type *)stand_in_alloc(sizeof(type) * (n), true))
#define m_del(type, pointer, n) ((void)(n), stand_in_free(pointer))
#define MP_ARRAY_SIZE(array)    (sizeof(array) / sizeof((array)[0]))

/* ---- arguments ---- */

typedef struct mp_map_elem_t {
    mp_obj_t key, value;
} mp_map_elem_t;
typedef struct mp_map_t {
    size_t used;
    const mp_map_elem_t *table;
} mp_map_t;
void mp_map_init_fixed_table(mp_map_t *map, size_t n, const mp_obj_t *table);

enum {
    MP_ARG_BOOL = 1,
    MP_ARG_INT = 2,
    MP_ARG_OBJ = 3,
    MP_ARG_KIND_MASK = 0xff,
    MP_ARG_REQUIRED = 0x100,
    MP_ARG_KW_ONLY = 0x200
};
typedef union mp_arg_val_t {
    bool u_bool;
    mp_int_t u_int;
    mp_obj_t u_obj;
    mp_rom_obj_t u_rom_obj;
} mp_arg_val_t;
typedef struct mp_arg_t {
    qstr qst;
    unsigned flags;
    mp_arg_val_t defval;
} mp_arg_t;
void mp_arg_parse_all(size_t n_pos, const mp_obj_t *pos, mp_map_t *keywords, size_t n_allowed,
                      const mp_arg_t *allowed, mp_arg_val_t *values);

/* ---- functions, types, modules ---- */

typedef struct mp_obj_fun_t {
    mp_obj_base_t base;
    size_t least;
    mp_obj_t (*fun0)(void);
    mp_obj_t (*fun1)(mp_obj_t);
    mp_obj_t (*fun2)(mp_obj_t, mp_obj_t);
    mp_obj_t (*var)(size_t, const mp_obj_t *);
    mp_obj_t (*kw)(size_t, const mp_obj_t *, mp_map_t *);
} mp_obj_fun_t;
#define MP_DEFINE_CONST_FUN_OBJ_0(name, f)     const mp_obj_fun_t name = {.fun0 = f}
#define MP_DEFINE_CONST_FUN_OBJ_1(name, f)     const mp_obj_fun_t name = {.fun1 = f}
#define MP_DEFINE_CONST_FUN_OBJ_2(name, f)     const mp_obj_fun_t name = {.fun2 = f}
#define MP_DEFINE_CONST_FUN_OBJ_KW(name, n, f) const mp_obj_fun_t name = {.least = n, .kw = f}
#define MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(name, n, most, f)                                      \
    const mp_obj_fun_t name = {.least = n, .var = f}
extern const mp_obj_fun_t mp_identity_obj;

typedef struct mp_rom_map_elem_t {
    mp_rom_obj_t key, value;
} mp_rom_map_elem_t;
#define MP_ROM_QSTR(name)   ((mp_rom_obj_t)(uintptr_t)(name))
#define MP_ROM_PTR(pointer) ((mp_rom_obj_t)(pointer))
#define MP_ROM_INT(value)   ((mp_rom_obj_t)&stand_in_int_##value)
#define MP_ROM_NONE         ((mp_rom_obj_t)&stand_in_none)
extern struct StandInObject stand_in_int_15;

typedef struct mp_obj_dict_t {
    mp_obj_base_t base;
    size_t used;
    const mp_rom_map_elem_t *table;
} mp_obj_dict_t;
#define MP_DEFINE_CONST_DICT(name, entries)                                                        \
    const mp_obj_dict_t name = {{&mp_type_dict}, MP_ARRAY_SIZE(entries), entries}

struct mp_obj_type_t {
    const char *name;
    mp_obj_t (*make_new)(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                         const mp_obj_t *args);
    void (*attr)(mp_obj_t self, qstr name, mp_obj_t *dest);
    const mp_obj_dict_t *locals_dict;
};
#define MP_TYPE_FLAG_NONE 0
#define MP_DEFINE_CONST_OBJ_TYPE(variable, qstr_name, type_flags, slot1, value1, slot2, value2,    \
                                 slot3, value3)                                                    \
    const mp_obj_type_t variable = {                                                               \
        .name = #variable, .slot1 = value1, .slot2 = value2, .slot3 = value3}

typedef struct mp_obj_module_t {
    mp_obj_base_t base;
    mp_obj_dict_t *globals;
} mp_obj_module_t;
#define MP_REGISTER_MODULE(name, module) extern const mp_obj_module_t module

#endif

/* See status.h. */
#include "base/status.h"
#include <stdarg.h>
#include "base/divide.h"
#include "base/small_code.h"

typedef struct Out {
    char *text;
    size_t size, used;
} Out;

static void put_char(Out *o, char c)
{
    if (o->used + 1 < o->size)
        o->text[o->used++] = c;
}

static void put_text(Out *o, const char *s)
{
    for (; s && *s; s++)
        put_char(o, *s);
}

static void put_number(Out *o, int64_t v)
{
    char digits[20];
    int n = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        uint64_t tens = avo_divide_unsigned(u, 10);
        digits[n++] = (char)('0' + (int)(u - 10 * tens));
        u = tens;
    } while (u);
    if (v < 0)
        put_char(o, '-');
    while (n)
        put_char(o, digits[--n]);
}

static size_t format_list(char *text, size_t size, const char *format, va_list args)
{
    Out o = {text, size, 0};
    for (; *format; format++) {
        if (*format != '%') {
            put_char(&o, *format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(&o, va_arg(args, const char *));
            break;
        case 'd':
            put_number(&o, va_arg(args, int));
            break;
        case 'l':
            put_number(&o, va_arg(args, int64_t));
            break;
        default:
            put_char(&o, *format);
        }
    }
    if (size)
        text[o.used] = 0;
    return o.used;
}

size_t avo_format(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = format_list(text, size, format, args);
    va_end(args);
    return n;
}

int avo_fail(AvoMessage *msg, int code, const char *format, ...)
{
    if (msg) {
        va_list args;
        va_start(args, format);
        format_list(msg->text, sizeof msg->text, format, args);
        va_end(args);
    }
    return code;
}

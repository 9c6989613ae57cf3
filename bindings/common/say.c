/* See say.h. */
#include "say.h"

#include <stdarg.h>
#include <stdint.h>

typedef struct Out {
    char *at;
    size_t left; /* the closing zero not counted */
} Out;

static void put(Out *out, char c)
{
    if (out->left) {
        *out->at++ = c;
        out->left--;
    }
}

static void put_text(Out *out, const char *s)
{
    while (*s)
        put(out, *s++);
}

static void put_number(Out *out, int64_t value)
{
    char digits[20];
    int n = 0;
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0)
        put(out, '-');
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        put(out, digits[--n]);
}

void avo_say(char *text, size_t size, const char *form, ...)
{
    if (!text || !size)
        return;
    Out out = {text, size - 1};
    va_list args;
    va_start(args, form);
    for (; *form; form++) {
        if (*form != '%') {
            put(&out, *form);
            continue;
        }
        switch (*++form) {
        case 's':
            put_text(&out, va_arg(args, const char *));
            break;
        case 'd':
            put_number(&out, va_arg(args, int));
            break;
        case 'l':
            put_number(&out, va_arg(args, int64_t));
            break;
        default:
            put(&out, *form);
        }
    }
    va_end(args);
    *out.at = '\0';
}

/* Text that is put together in a buffer of fixed size;
 * what does not fit is left out and remembered. */
#ifndef AVO_STREAM_TEXT_OUT_H
#define AVO_STREAM_TEXT_OUT_H

#include "base/text.h"

/* Characters in somebody else's memory; not terminated. */
typedef struct AvoSpan {
    const char *text;
    size_t size;
} AvoSpan;

typedef struct AvoTextOut {
    char *text; /* always terminated */
    size_t size, used;
    bool overflow;
} AvoTextOut;

AVO_INLINE AvoTextOut avo_text_out(char *text, size_t size)
{
    text[0] = 0;
    return (AvoTextOut){text, size, 0, false};
}

AVO_INLINE void avo_put_bytes(AvoTextOut *out, const void *text, size_t n)
{
    if (!n)
        return;
    if (out->overflow || n >= out->size - out->used) {
        out->overflow = true;
        return;
    }
    memcpy(out->text + out->used, text, n);
    out->used += n;
    out->text[out->used] = 0;
}

AVO_INLINE void avo_put_text(AvoTextOut *out, const char *text)
{
    avo_put_bytes(out, text, avo_text_length(text));
}

AVO_INLINE void avo_put_span(AvoTextOut *out, AvoSpan span)
{
    avo_put_bytes(out, span.text, span.size);
}

AVO_INLINE void avo_put_int(AvoTextOut *out, int64_t value)
{
    char digits[24];
    avo_put_bytes(out, digits, avo_text_write_fixed(digits, sizeof digits, value, 0));
}

/* Hexadecimal digits of bytes, small letters. */
AVO_INLINE void avo_put_hex(AvoTextOut *out, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char digits[2] = {"0123456789abcdef"[data[i] >> 4], "0123456789abcdef"[data[i] & 15]};
        avo_put_bytes(out, digits, 2);
    }
}

/* RFC 4648. */
AVO_INLINE void avo_put_base64(AvoTextOut *out, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                     (left > 2 ? data[i + 2] : 0);
        char four[4] = {digits[v >> 18 & 63], digits[v >> 12 & 63], digits[v >> 6 & 63],
                        digits[v & 63]};
        if (left < 3)
            four[3] = '=';
        if (left < 2)
            four[2] = '=';
        avo_put_bytes(out, four, 4);
    }
}

AVO_INLINE AvoSpan avo_span(const char *text)
{
    return (AvoSpan){text, avo_text_length(text)};
}

/* Exactly the same characters. */
AVO_INLINE bool avo_span_is(AvoSpan span, const char *text)
{
    return avo_text_length(text) == span.size &&
           (!span.size || memcmp(span.text, text, span.size) == 0);
}

/* The same but for the case of letters. */
AVO_INLINE bool avo_span_is_word(AvoSpan span, const char *text)
{
    return avo_text_is_word(span.text, span.size, text);
}

AVO_INLINE AvoSpan avo_span_trim(AvoSpan s)
{
    while (s.size && (s.text[0] == ' ' || s.text[0] == '\t'))
        s.text++, s.size--;
    while (s.size && (s.text[s.size - 1] == ' ' || s.text[s.size - 1] == '\t'))
        s.size--;
    return s;
}

/* What stands before the first `c`, trimmed; *rest becomes what follows it.
 * Without `c`: everything. */
AVO_INLINE AvoSpan avo_span_take(AvoSpan *rest, char c)
{
    size_t n = 0;
    while (n < rest->size && rest->text[n] != c)
        n++;
    AvoSpan head = {rest->text, n};
    size_t skip = n < rest->size ? n + 1 : n;
    rest->text += skip;
    rest->size -= skip;
    return avo_span_trim(head);
}

/* A decimal number from 0 to most, or -1. */
AVO_INLINE int64_t avo_span_number(AvoSpan s, int64_t most)
{
    int64_t v = 0;
    if (!s.size || s.size > 18)
        return -1;
    for (size_t i = 0; i < s.size; i++) {
        if (s.text[i] < '0' || s.text[i] > '9')
            return -1;
        v = v * 10 + (s.text[i] - '0');
    }
    return v <= most ? v : -1;
}

#endif

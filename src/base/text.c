/* See text.h. */
#include "base/text.h"
#include "base/status.h"
#include "base/small_code.h"

static char fold(char c)
{
    if (c == '_')
        return '-';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t avo_text_length(const char *text)
{
    /* No text here is as long as that; an endless loop would become a call of strlen. */
    size_t n = 0, longest = (size_t)1 << 20;
    while (n < longest && text[n])
        n++;
    return n;
}

bool avo_text_is_word(const char *word, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!name[i] || fold(word[i]) != fold(name[i]))
            return false;
    return !name[n];
}

void avo_text_copy(char *to, size_t size, const char *from)
{
    if (!to || !size)
        return;
    size_t n = avo_text_length(from);
    n = n < size ? n : size - 1;
    memcpy(to, from, n);
    to[n] = 0;
}

const char *avo_text_read_fixed(const char *text, int decimals, int64_t *value)
{
    const int64_t limit = INT64_MAX / 20; /* room for one more digit and the rounding */
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (!is_digit(*text) && !(*text == '.' && is_digit(text[1])))
        return NULL;
    int64_t v = 0;
    for (; is_digit(*text); text++) {
        if (v > limit)
            return NULL;
        v = v * 10 + (*text - '0');
    }
    bool round_up = false, fraction = decimals > 0 && *text == '.';
    if (fraction)
        text++;
    for (int i = 0; i < decimals; i++) {
        int digit = fraction && is_digit(*text) ? *text++ - '0' : 0;
        if (v > limit)
            return NULL;
        v = v * 10 + digit;
    }
    if (fraction && is_digit(*text))
        round_up = *text >= '5';
    while (fraction && is_digit(*text))
        text++;
    v += round_up;
    *value = negative ? -v : v;
    return text;
}

size_t avo_text_write_fixed(char *text, size_t size, int64_t value, int decimals)
{
    char digits[24];
    int n = 0;
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    while (decimals > 0 && v % 10 == 0) {
        v /= 10;
        decimals--;
    }
    for (int i = 0; i < decimals; i++, v /= 10)
        digits[n++] = (char)('0' + v % 10);
    if (decimals > 0)
        digits[n++] = '.';
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    if (value < 0)
        digits[n++] = '-';
    size_t used = 0;
    while (n > 0 && used + 1 < size)
        text[used++] = digits[--n];
    if (size)
        text[used] = 0;
    return used;
}

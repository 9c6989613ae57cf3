/* The few string functions that the library needs: it links nothing of libc beyond mem*.
 * Words (option names, choices) compare without regard to case, and '_' equals '-'. */
#ifndef AVO_BASE_TEXT_H
#define AVO_BASE_TEXT_H

#include "base/util.h"

size_t avo_text_length(const char *text);
/* Is the word of n characters the same as name? */
bool avo_text_is_word(const char *word, size_t n, const char *name);
/* Copies what fits, always terminates (size 0: does nothing). */
void avo_text_copy(char *to, size_t size, const char *from);

/* Reads a decimal number "[+-]digits[.digits]" as fixed point with `decimals` digits behind the
 * point, further digits rounded half up; with 0 decimals a point is not part of the number. Returns
 * what follows the number; NULL if there is none or it does not fit. */
const char *avo_text_read_fixed(const char *text, int decimals, int64_t *value);
/* Writes value / 10^decimals without trailing zeros ("23", "1.4", "0.05"); returns the length. */
size_t avo_text_write_fixed(char *text, size_t size, int64_t value, int decimals);

#endif

/* Internal side of error reporting: the per-handle message and the early-return macros.
 *
 * A function that fails returns a negative AVOCET_ERR_* code (avocet/types.h) after it has written,
 * if it knows more than the code says, one sentence naming what and where into the handle's
 * message. There is no printf in the library: avo_format() is a tiny formatter (%s %d %l
 * (int64_t) %%). */
#ifndef AVO_BASE_STATUS_H
#define AVO_BASE_STATUS_H

#include <avocet/types.h>
#include "base/util.h"

typedef struct AvoMessage {
    char text[256]; /* always terminated; "" when nothing is known beyond the code */
} AvoMessage;

/* Formats into text of `size` bytes; always terminates; returns the length written. */
size_t avo_format(char *text, size_t size, const char *format, ...);
/* Writes the message and returns code,
 * so that `return avo_fail(msg, CODE, "...", ...)` reads well. */
int avo_fail(AvoMessage *msg, int code, const char *format, ...);

#define AVO_RETURN_IF_ERROR(expression)                                                            \
    do {                                                                                           \
        int status_ = (expression);                                                                \
        if (status_ < 0)                                                                           \
            return status_;                                                                        \
    } while (0)

#endif

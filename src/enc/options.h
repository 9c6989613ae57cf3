/* The option table: every setting of AvocetEncoderConfig with its name, place, range, default and
 * help. The command line, avocet_encoder_config_set/get, running changes, the settings text in the
 * stream and validation all walk this one table; adding an option is adding a row in options.c. How
 * values are read and written per kind of row is in option_value.c. */
#ifndef AVO_ENC_OPTIONS_H
#define AVO_ENC_OPTIONS_H

#include <avocet/encoder.h>
#include "base/status.h"

typedef enum AvoOptionKind {
    AVO_OPTION_INT,
    AVO_OPTION_FLAG,
    AVO_OPTION_CENTI,  /* int, 1/100 of the unit that users write */
    AVO_OPTION_CHOICE, /* int or enum; value of the n-th choice: codes[n], or n without codes */
    AVO_OPTION_BITS,   /* int64_t bits (per second); plain numbers in text are thousands */
    AVO_OPTION_RATIO,  /* AvocetRational: N, N/D or a decimal */
    AVO_OPTION_SIZE,   /* width, height */
    AVO_OPTION_FORMAT,
    AVO_OPTION_LEVEL,
    AVO_OPTION_KEYINT,  /* int or "infinite" */
    AVO_OPTION_DEBLOCK, /* deblock, deblock_alpha, deblock_beta */
    AVO_OPTION_PARTITIONS,
    AVO_OPTION_MATRIX, /* custom scaling lists [lo, lo + hi) */
    AVO_OPTION_PSY_RD,
    AVO_OPTION_PSY,
    AVO_OPTION_SAR,
    AVO_OPTION_COLOR, /* shorthand for primaries, transfer, matrix */
    AVO_OPTION_CPU
} AvoOptionKind;

/* AvoOptionRow.flags */
enum {
    AVO_OPTION_LIVE = 1,      /* may change while the encoder runs */
    AVO_OPTION_NO_ZERO = 2,   /* "no-NAME" stands for the lowest value ("no-scenecut") */
    AVO_OPTION_SETS_RATE = 4, /* setting it selects the rate mode `rate_mode` */
    AVO_OPTION_DERIVED = 8,   /* shorthand for other rows: no storage of its own */
    AVO_OPTION_ALONE = 16     /* NAME without a value stands for 1 */
};

#define AVO_KEYINT_INFINITE (1 << 30)

typedef struct AvoOptionRow {
    AvocetOption pub;  /* first, so that the public function can hand it out */
    const char *alias; /* second name, NULL: none */
    AvoOptionKind kind;
    unsigned flags;
    size_t offset;       /* of the member in AvocetEncoderConfig */
    int64_t lo, hi;      /* range in the member's unit, both 0: none */
    const int8_t *codes; /* CHOICE: values of the names, NULL: 0, 1, 2, ... */
    AvocetRateMode rate_mode;
} AvoOptionRow;

int avo_option_count(void);
const AvoOptionRow *avo_option_row(int index);
/* The row of that name or alias, or NULL. *negated becomes true for "no-NAME"
 * of a row that can be negated. */
const AvoOptionRow *avo_option_find(const char *name, bool *negated);

/* Sets one option from text (value NULL: as if only the name was given,
 * which is enough for flags). */
int avo_option_set(AvocetEncoderConfig *config, const char *name, const char *value,
                   AvoMessage *msg);
/* Is every number of this row inside its range? Else writes the reason. */
int avo_option_check(const AvocetEncoderConfig *config, const AvoOptionRow *row, AvoMessage *msg);

/* option_value.c: one row's value from and to text.
 * text is never NULL; write returns the length. */
int avo_option_read(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                    AvoMessage *msg);
size_t avo_option_write(const AvocetEncoderConfig *config, const AvoOptionRow *row, char *text,
                        size_t size);

/* "name=value name=value ..." of the settings of stream, decisions and rate that differ from the
 * defaults: what the version SEI carries. Short, because small streams pay for it. Returns the
 * length. */
size_t avo_options_describe(const AvocetEncoderConfig *config, char *text, size_t size);

#endif

/* One row (CSV) or object (JSON) per macroblock: what the stream says of it. */
#ifndef TOOLS_MB_TABLE_H
#define TOOLS_MB_TABLE_H

#include <stdio.h>
#include "overlay.h"

typedef struct MbTable {
    FILE *file; /* NULL: not wanted */
    const char *name;
    int is_json;
    int64_t pictures;
} MbTable;

/* "-": standard output. name NULL: nothing is written. 0 or -1. */
int mb_table_open(MbTable *table, const char *name, int is_json, Fault *fault);
int mb_table_add(MbTable *table, const AvocetDecodedPicture *picture,
                 const AvocetInspection *inside, Fault *fault);
int mb_table_close(MbTable *table, Fault *fault);

#endif

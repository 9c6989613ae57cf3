/* The reader's handle, shared by its parts: reader.c (common), mp4_read.c, mp4_repair.c (files
 * without an index), annexb_read.c. Everything read is untrusted. */
#ifndef AVO_MUX_READER_H
#define AVO_MUX_READER_H

#include "base/bytes.h"
#include "base/status.h"
#include "mux/mp4_writer.h"

typedef struct AvoReaderSample {
    uint64_t offset;
    int64_t dts, pts;
    uint32_t size;
    bool keyframe;
} AvoReaderSample;

struct AvocetReader {
    AvocetReaderConfig config;
    AvocetSource source;
    AvocetAllocator allocator;
    AvoMessage message;
    AvocetReaderInfo info;
    size_t memory; /* bytes taken now */
    AvoReaderSample *sample;
    int64_t capacity; /* of sample; their number is info.packets */
    uint8_t *headers;
    size_t headers_capacity;
    int file_length_size; /* 0: Annex B */
    bool own_sets;        /* the samples bring parameter sets: none are added from here on */
    bool moving;          /* the move note below is in force */
    AvoMoveNote note;
    uint8_t *raw, *out; /* a packet as in the file, and as delivered */
    size_t raw_capacity, out_capacity;
};

/* ---- reader.c ---- */

/* Memory within the limit; NULL: none (the message says so). */
void *avo_reader_take(AvocetReader *r, size_t bytes);
void avo_reader_give(AvocetReader *r, void *p, size_t bytes);
/* Makes *p at least `need` bytes large, keeping the first `keep`. */
int avo_reader_grow(AvocetReader *r, uint8_t **p, size_t *capacity, size_t need, size_t keep);
int avo_reader_add(AvocetReader *r, const AvoReaderSample *sample);
/* Reads exactly size bytes; false at the end of the file or on a failure. */
bool avo_reader_fetch(AvocetReader *r, uint64_t offset, uint8_t *data, size_t size);

/* ---- the kinds of file: fill samples, headers, info ---- */

int avo_reader_open_mp4(AvocetReader *r);
int avo_reader_open_annexb(AvocetReader *r);

/* mp4_repair.c: samples from the journal between start and end of the media data. */
int avo_reader_follow_journal(AvocetReader *r, uint64_t start, uint64_t end);
/* Is the end of the file a move note? */
bool avo_reader_find_note(AvocetReader *r, AvoMoveNote *note);

#endif

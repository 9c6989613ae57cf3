/* What the decoder's tests share: a stream of the encoder with its reconstruction, and what a
 * decoder makes of bytes. */
#ifndef TESTS_DECODE_API_H
#define TESTS_DECODE_API_H

#include <avocet/decoder.h>
#include "api.h"

enum { W = 100, H = 70, N = 20 };

/* ---- pictures in memory ---- */

/* Sum of a picture's samples that notices their places. */
static inline uint64_t picture_hash(const AvocetPicture *p)
{
    uint64_t hash = 1469598103934665603u;
    for (int c = 0; c < 3 && p->plane[c]; c++) {
        int w = c ? (p->width + 1) / 2 : p->width, h = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                hash = (hash ^ p->plane[c][y * p->stride[c] + x]) * 1099511628211u;
    }
    return hash;
}

/* What a decoder gave, in output order. */
typedef struct Pictures {
    int count, errors, last_error, damaged, damaged_pictures, missing_refs, lost_frames;
    uint64_t hash[256];
    int64_t pts[256];
    AvocetFrameType type[256];
    char text[256];
} Pictures;

static inline void add_picture(Pictures *all, const AvocetDecodedPicture *out)
{
    if (all->count < 256) {
        all->hash[all->count] = picture_hash(&out->picture);
        all->pts[all->count] = out->picture.pts;
        all->type[all->count] = out->picture.type;
    }
    all->count++;
    all->damaged += out->damaged_mbs;
    all->damaged_pictures += out->damaged_mbs > 0;
    all->missing_refs += out->missing_refs;
    all->lost_frames += out->lost_frames;
}

/* Receives until the decoder wants something; that status. */
static inline int drain(AvocetDecoder *dec, Pictures *all)
{
    AvocetDecodedPicture out;
    for (;;) {
        int status = avocet_decoder_receive(dec, &out);
        if (status == AVOCET_OK) {
            add_picture(all, &out);
        } else if (status < 0) {
            all->errors++;
            all->last_error = status;
            snprintf(all->text, sizeof all->text, "%s", avocet_decoder_error(dec));
        } else {
            return status;
        }
    }
}

/* A whole stream in pieces of `chunk` bytes. */
static inline Pictures decode(const AvocetDecoderConfig *config, const uint8_t *data, size_t size,
                              size_t chunk)
{
    Pictures all;
    AvocetDecoder *dec;
    memset(&all, 0, sizeof all);
    CHECK(avocet_decoder_open(&dec, config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (size_t at = 0; dec && at < size; at += chunk) {
        size_t n = size - at < chunk ? size - at : chunk;
        /* A copy of its own, so that a sanitizer sees reads beyond it or after it is taken back. */
        uint8_t *piece = malloc(n);
        memcpy(piece, data + at, n);
        CHECK(avocet_decoder_send(dec, piece, n, (int64_t)at) == AVOCET_OK, "send");
        CHECK(drain(dec, &all) == AVOCET_NEED_INPUT, "drain");
        free(piece);
    }
    avocet_decoder_flush(dec);
    CHECK(drain(dec, &all) == AVOCET_END, "end");
    avocet_decoder_close(&dec);
    return all;
}

static inline int same_pictures(const Pictures *a, const Pictures *b)
{
    return a->count == b->count && a->count > 0 &&
           memcmp(a->hash, b->hash, (size_t)a->count * sizeof a->hash[0]) == 0;
}

/* ---- the encoder's stream and reconstruction ---- */

typedef struct Coded {
    ApiStream stream;
    size_t packet_size[256];
    uint64_t recon[256]; /* by pts */
} Coded;

static inline int encode_receive(AvocetEncoder *enc, Coded *c)
{
    AvocetPacket packet;
    AvocetPicture recon;
    int status;
    while ((status = avocet_encoder_receive(enc, &packet)) == AVOCET_OK) {
        c->packet_size[c->stream.packets] = packet.size;
        api_take(&c->stream, &packet);
        status = avocet_encoder_recon(enc, &recon);
        CHECK(status == AVOCET_OK, "recon");
        if (status == AVOCET_OK)
            c->recon[packet.pts] = picture_hash(&recon);
    }
    return status;
}

static inline Coded encode(const AvocetEncoderConfig *config)
{
    Coded c;
    AvocetEncoder *enc;
    memset(&c, 0, sizeof c);
    CHECK(avocet_encoder_open(&enc, config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; enc && n < N; n++) {
        CHECK(api_send(enc, n) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        encode_receive(enc, &c);
    }
    if (enc) {
        avocet_encoder_flush(enc);
        CHECK(encode_receive(enc, &c) == AVOCET_END, "%s", avocet_encoder_error(enc));
    }
    avocet_encoder_close(&enc);
    return c;
}

#endif

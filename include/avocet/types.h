/* Avocet: types that every part of the public interface shares: status codes, pictures, packets,
 * memory.
 *
 * The library keeps no global state, prints nothing and never exits. Each handle may be used by one
 * thread at a time, unless its functions say more; different handles are independent. Functions
 * without a handle may be called from any thread. Missing pointers and handles are
 * AVOCET_ERR_ARGUMENT where nothing else is said. */
#ifndef AVOCET_TYPES_H
#define AVOCET_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(AVOCET_SHARED)
#define AVOCET_API __declspec(dllexport)
#elif defined(__GNUC__) || defined(__clang__)
#define AVOCET_API __attribute__((visibility("default")))
#else
#define AVOCET_API
#endif

/* ---- status ---- */

/* Every function that can fail returns one of these; errors are negative. */
typedef enum AvocetStatus {
    AVOCET_OK = 0,
    AVOCET_NEED_INPUT = 1,      /* receive: nothing is ready, send more or flush */
    AVOCET_END = 2,             /* receive: flushed and drained; read: behind the last packet */
    AVOCET_ERR_ARGUMENT = -1,   /* a value out of range, a missing pointer, a wrong size */
    AVOCET_ERR_OPTION = -2,     /* no option of this name */
    AVOCET_ERR_CONFLICT = -3,   /* options that contradict each other, or the profile or level */
    AVOCET_ERR_MEMORY = -4,     /* allocation failed, or the memory given is too small */
    AVOCET_ERR_BUSY = -5,       /* send: receive first, then send the same again */
    AVOCET_ERR_STATE = -6,      /* call out of order (send after flush) */
    AVOCET_ERR_DATA = -7,       /* damaged stream */
    AVOCET_ERR_UNSUPPORTED = -8,/* valid, but not done by this library */
    AVOCET_ERR_IO = -9,         /* a read or write callback, or the network, failed */
    AVOCET_ERR_INTERNAL = -10   /* a bug in the library: please report */
} AvocetStatus;

/* Text for a status code, never NULL, also for numbers that are none. It lives as long as the
 * program. */
AVOCET_API const char *avocet_status_text(int status);

/* "MAJOR.MINOR.PATCH" of the library linked. */
AVOCET_API const char *avocet_version(void);

/* ---- pictures ---- */

typedef enum AvocetFormat {
    AVOCET_FORMAT_I420,     /* planes Y, Cb, Cr; 4:2:0 */
    AVOCET_FORMAT_NV12,     /* planes Y, interleaved CbCr */
    AVOCET_FORMAT_NV21,     /* planes Y, interleaved CrCb */
    AVOCET_FORMAT_YUYV,     /* packed 4:2:2, Y0 Cb Y1 Cr */
    AVOCET_FORMAT_UYVY,     /* packed 4:2:2, Cb Y0 Cr Y1 */
    AVOCET_FORMAT_GRAY8,    /* plane Y only */
    AVOCET_FORMAT_RGB24,    /* bytes R, G, B */
    AVOCET_FORMAT_BGR24,
    AVOCET_FORMAT_RGBA,     /* bytes R, G, B, A; alpha ignored */
    AVOCET_FORMAT_BGRA,
    AVOCET_FORMAT_RGB565LE, /* 16 bit rrrrrggggggbbbbb, low byte first */
    AVOCET_FORMAT_RGB565BE,
    AVOCET_FORMAT_COUNT
} AvocetFormat;

/* "i420", "nv12", ...; NULL for an unknown format. It lives as long as the program. */
AVOCET_API const char *avocet_format_name(AvocetFormat format);
/* Format of that name (case does not matter; "yuv420p", "gray", "rgb565" are understood too), or
 * -1. */
AVOCET_API int avocet_format_find(const char *name);
/* Bytes of one tightly packed picture (planes one after another, odd chroma sizes rounded up); 0:
 * no such format. */
AVOCET_API size_t avocet_format_size(AvocetFormat format, int width, int height);

typedef enum AvocetFrameType {
    AVOCET_TYPE_AUTO, /* as input: let the encoder decide */
    AVOCET_TYPE_IDR,  /* keyframe */
    AVOCET_TYPE_I,
    AVOCET_TYPE_P,
    AVOCET_TYPE_BREF, /* B picture that others refer to */
    AVOCET_TYPE_B
} AvocetFrameType;

/* An uncompressed picture. Given to an encoder, the samples are the caller's and copied before the
 * call returns: set everything to zero first (or use avocet_picture_init), then fill in. Received,
 * they belong to the handle it came from. */
typedef struct AvocetPicture {
    AvocetFormat format;
    int width, height;          /* samples; must equal the configured size */
    const uint8_t *plane[3];
    ptrdiff_t stride[3];        /* bytes from row to row; negative: bottom-up */
    int64_t pts;                /* presentation time in time base units */
    AvocetFrameType type;       /* wish: AUTO, IDR or I; P and B are decided by the encoder */
    const int8_t *qp_offset;    /* region of interest: one QP offset per macroblock (16x16) in
                                 * raster order, (width+15)/16 per row; NULL: none. Read during
                                 * the call. */
    void *opaque;               /* returned with the packet of this picture */
} AvocetPicture;

/* Zeroes picture and points its planes into one tightly packed buffer (see avocet_format_size). */
AVOCET_API void avocet_picture_init(AvocetPicture *picture, AvocetFormat format, int width,
                                    int height, const uint8_t *buffer);

/* ---- packets ---- */

/* One access unit (one coded picture with its headers). */
typedef struct AvocetPacket {
    const uint8_t *data;        /* owned by the handle it came from, valid until its next receive
                                 * (of readers: read) or close */
    size_t size;
    int64_t pts, dts;           /* time base units; dts <= pts, strictly increasing */
    AvocetFrameType type;
    int keyframe;               /* 1: decoding can start here (IDR) */
    int is_reference;           /* 0: may be dropped without harm to other pictures */
    int qp;                     /* average QPY */
    void *opaque;               /* from the picture */
    uint64_t sse[3];            /* option psnr: sum of squared errors per plane, else 0 */
    double ssim;                /* option ssim: mean luma SSIM, else 0 */
} AvocetPacket;

/* ---- memory and threads ---- */

/* alloc returns memory aligned to `align` (a power of two, at most 64) or NULL; free takes what
 * alloc gave. Both are called from the thread that calls the library. Encoders call them while they
 * are opened and closed only; what else calls them later says when. opaque must stay valid until
 * the handle is closed. */
typedef struct AvocetAllocator {
    void *(*alloc)(void *opaque, size_t size, size_t align);
    void (*free)(void *opaque, void *pointer);
    void *opaque;
} AvocetAllocator;

typedef struct AvocetRational {
    int num, den;
} AvocetRational;

#ifdef __cplusplus
}
#endif

#endif

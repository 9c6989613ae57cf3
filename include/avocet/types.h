/* Avocet: types that all parts of the public interface share: status codes, pictures, packets,
 * memory.
 *
 * The library keeps no global state, prints nothing and never exits.
 *
 * Threads: one thread at a time may use a handle, unless a function says that it allows more.
 * Different handles are independent. Functions without a handle may be called from any thread.
 *
 * A NULL pointer or handle gives AVOCET_ERR_ARGUMENT, unless a function says otherwise. */
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
    AVOCET_END = 2,             /* receive: flushed and all given out; read: past the last packet */
    AVOCET_ERR_ARGUMENT = -1,   /* a value out of range, a missing pointer, a wrong size */
    AVOCET_ERR_OPTION = -2,     /* no option of this name */
    AVOCET_ERR_CONFLICT = -3,   /* options that contradict each other, or the profile or level */
    AVOCET_ERR_MEMORY = -4,     /* allocation failed, or the memory given is too small */
    AVOCET_ERR_BUSY = -5,       /* send: receive first, then send the same again */
    AVOCET_ERR_STATE = -6,      /* call out of order (send after flush) */
    AVOCET_ERR_DATA = -7,       /* damaged stream */
    AVOCET_ERR_UNSUPPORTED = -8,/* valid, but not supported by this library */
    AVOCET_ERR_IO = -9,         /* a read or write callback, or the network, failed */
    AVOCET_ERR_INTERNAL = -10   /* a bug in the library: please report */
} AvocetStatus;

/* Text for a status code. Never NULL, even for numbers that are no status code. It stays valid as
 * long as the program runs. */
AVOCET_API const char *avocet_status_text(int status);

/* Version of the linked library, "MAJOR.MINOR.PATCH". */
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

/* "i420", "nv12", ...; NULL for an unknown format. It stays valid as long as the program runs. */
AVOCET_API const char *avocet_format_name(AvocetFormat format);
/* The format of this name, or -1. Case does not matter; "yuv420p", "gray" and "rgb565" are
 * understood, too. */
AVOCET_API int avocet_format_find(const char *name);
/* Bytes of one tightly packed picture: planes one after another, half sizes of chroma rounded up.
 * 0: no such format. */
AVOCET_API size_t avocet_format_size(AvocetFormat format, int width, int height);

typedef enum AvocetFrameType {
    AVOCET_TYPE_AUTO, /* input only: the encoder decides */
    AVOCET_TYPE_IDR,  /* keyframe */
    AVOCET_TYPE_I,
    AVOCET_TYPE_P,
    AVOCET_TYPE_BREF, /* B picture that others refer to */
    AVOCET_TYPE_B
} AvocetFrameType;

/* An uncompressed picture.
 *
 * Sent to an encoder: the samples belong to the caller and are copied before the call returns. Set
 * the struct to zero first (or use avocet_picture_init), then fill it in.
 * Received: the samples belong to the handle that the picture came from. */
typedef struct AvocetPicture {
    AvocetFormat format;
    int width, height;          /* samples; must equal the configured size */
    const uint8_t *plane[3];
    ptrdiff_t stride[3];        /* bytes from one row to the next; negative: bottom-up */
    int64_t pts;                /* presentation time in time base units */
    AvocetFrameType type;       /* to an encoder, a request: AUTO, IDR or I (P and B are its own
                                 * choice). From a handle: the type that it has */
    const int8_t *qp_offset;    /* region of interest: one QP offset per macroblock (16x16) in
                                 * raster order, (width+15)/16 per row; NULL: none. Read during
                                 * the call. */
    void *opaque;               /* returned with the packet of this picture */
} AvocetPicture;

/* Zeroes picture, sets format and size, and points its planes into one tightly packed buffer (see
 * avocet_format_size), which stays the caller's. */
AVOCET_API void avocet_picture_init(AvocetPicture *picture, AvocetFormat format, int width,
                                    int height, const uint8_t *buffer);

/* ---- packets ---- */

/* One access unit (one coded picture with its headers). */
typedef struct AvocetPacket {
    const uint8_t *data;        /* owned by the handle it came from, valid until its next receive
                                 * (of readers: read) or close */
    size_t size;
    int64_t pts, dts;           /* presentation and decoding time, in time base units;
                                 * dts <= pts, and dts increases from packet to packet */
    AvocetFrameType type;
    int keyframe;               /* 1: decoding can start here (IDR) */
    int is_reference;           /* 0: may be dropped without harm to other pictures */
    int qp;                     /* mean luma quantiser (QPY) of its macroblocks */
    void *opaque;               /* of the picture that was sent */
    uint64_t sse[3];            /* with option psnr: sum of squared errors of Y, Cb, Cr; else 0 */
    double ssim;                /* with option ssim: mean SSIM of luma, at most 1; else 0 */
} AvocetPacket;

/* ---- memory and threads ---- */

/* The caller's own memory functions. alloc returns `size` bytes aligned to `align` (a power of two,
 * at most 64), or NULL; free gets what alloc returned. Both are called from the thread that calls
 * the library. Encoders call them only while they are opened and closed; for other handles see
 * their open functions. opaque is passed through and must stay valid until the handle is closed. */
typedef struct AvocetAllocator {
    void *(*alloc)(void *opaque, size_t size, size_t align);
    void (*free)(void *opaque, void *pointer);
    void *opaque;
} AvocetAllocator;

/* num / den. */
typedef struct AvocetRational {
    int num, den;
} AvocetRational;

#ifdef __cplusplus
}
#endif

#endif

/* What encodes behind the h264 module: this library (always), or a hardware encoder where one is
 * present.
 *
 * A backend is a table of functions; live.c checks arguments, counts and reports the same way for
 * all of them. Every function returns an AvocetStatus. A backend that cannot do what the settings
 * ask for (a size, a profile) answers AVOCET_ERR_UNSUPPORTED to open, and "auto" goes on to the
 * next one; the last is always the software. */
#ifndef AVO_BINDINGS_BACKEND_H
#define AVO_BINDINGS_BACKEND_H

#include <avocet/avocet.h>

typedef struct AvoBackend {
    const char *name;
    /* Bytes of memory that open wants; 0: it takes care of itself. */
    int (*memory)(const AvocetEncoderConfig *config, size_t *bytes, char *message,
                  size_t message_size);
    /* memory: as many bytes as asked for, any alignment, the backend's until close. */
    int (*open)(void **handle, const AvocetEncoderConfig *config, void *memory, size_t memory_size,
                char *message, size_t message_size);
    void (*close)(void *handle);
    /* Takes one picture; its type IDR asks for a keyframe. */
    int (*send)(void *handle, const AvocetPicture *picture);
    /* AVOCET_OK with a packet, AVOCET_NEED_INPUT or AVOCET_END without. The bytes live until the
     * next call. */
    int (*receive)(void *handle, AvocetPacket *packet);
    int (*flush)(void *handle);
    /* Changes bitrate, vbv-maxrate, vbv-bufsize, fps, qpmin or qpmax from the next picture on. */
    int (*set)(void *handle, const char *name, const char *value);
    /* SPS and PPS; NULL: they are taken from the first keyframe. */
    int (*headers)(void *handle, const uint8_t **data, size_t *size);
    /* Settings in effect; NULL: as asked for. */
    const AvocetEncoderConfig *(*config)(void *handle);
    const char *(*adjustment)(void *handle, int index); /* NULL: none */
    /* Sentence about the last error. */
    const char *(*error)(void *handle);
} AvoBackend;

extern const AvoBackend avo_backend_software;

/* The backends of this build in the order in which "auto" tries them, ended by NULL. */
extern const AvoBackend *const avo_backends[];

#endif

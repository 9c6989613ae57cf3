/* RTSP messages in byte buffers (RFC 2326): parsing, and the parameters that several headers share.
 * Nothing is copied: a parsed message points into the bytes it was read from. */
#ifndef AVO_STREAM_RTSP_MESSAGE_H
#define AVO_STREAM_RTSP_MESSAGE_H

#include <avocet/types.h>
#include "stream/text_out.h"

enum { AVO_RTSP_MAX_HEADERS = 32 };

typedef struct AvoRtspMessage {
    AvoSpan method, url, version; /* of a request */
    int status;                   /* of a response; 0: this is a request */
    int header_count;
    struct {
        AvoSpan name, value;
    } header[AVO_RTSP_MAX_HEADERS]; /* values are trimmed */
    size_t size;                    /* bytes of it all, with the body */
} AvoRtspMessage;

/* Reads the message at the start of data. 1: it is whole; 0: more bytes are needed;
 * AVOCET_ERR_DATA: this is none, and where the next one starts cannot be known. Empty lines in
 * front belong to the message. */
int avo_rtsp_parse(const uint8_t *data, size_t size, AvoRtspMessage *message);

/* The first header of that name (whatever its case), or an empty span. *from, if not NULL: where to
 * start, and then where to go on. */
AvoSpan avo_rtsp_header(const AvoRtspMessage *message, const char *name, int *from);
/* The number in a header, -1 if it has none. */
int64_t avo_rtsp_header_number(const AvoRtspMessage *message, const char *name, int64_t most);

/* The next `name=value` of a list with that separator; value without quotation marks; false at the
 * end of the list. */
bool avo_rtsp_next_parameter(AvoSpan *list, char separator, AvoSpan *name, AvoSpan *value);

/* rtsp://[user[:password]@]host[:port][/path]; parts that are not there are empty. Path without
 * slashes at its ends, without query. */
typedef struct AvoRtspUrl {
    AvoSpan user, password, host, path;
    int port;
} AvoRtspUrl;
/* False: not such a URL. */
bool avo_rtsp_url(AvoSpan text, AvoRtspUrl *url);

#endif

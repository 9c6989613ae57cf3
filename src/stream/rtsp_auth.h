/* Digest authentication (RFC 7616, and RFC 2617 for clients that know MD5 only), both sides. */
#ifndef AVO_STREAM_RTSP_AUTH_H
#define AVO_STREAM_RTSP_AUTH_H

#include <avocet/stream.h>
#include "stream/rtsp_message.h"

typedef struct AvoHasher {
    AvocetHashFn fn;
    void *opaque;
} AvoHasher;

enum { AVO_NONCE_TEXT = 33 };

/* ---- server ---- */

typedef struct AvoAuthRules {
    const AvocetUser *users;
    int count; /* 0: no authentication */
    const char *realm;
    bool md5;
    AvoHasher hasher;
} AvoAuthRules;

typedef enum AvoAuthResult { AVO_AUTH_NO, AVO_AUTH_STALE, AVO_AUTH_YES } AvoAuthResult;

/* Does the request's Authorization answer the challenge `nonce`? STALE: it knows a password, but
 * answers another challenge. Each request with a counter (nc) must count higher than *last_count,
 * which then rises. */
AvoAuthResult avo_auth_check(const AvoAuthRules *rules, const AvoRtspMessage *request,
                             const char *nonce, uint32_t *last_count);
/* The WWW-Authenticate lines. */
void avo_auth_put_challenge(AvoTextOut *out, const AvoAuthRules *rules, const char *nonce,
                            bool stale);

/* ---- client ---- */

/* What a server asked for; texts are copied out of its response. */
typedef struct AvoAuthChallenge {
    bool known, digest, sha256, qop;
    char realm[128], nonce[256], opaque[128];
    uint32_t count;
} AvoAuthChallenge;

/* Takes the best challenge of a 401 response that can be answered (SHA-256, MD5, Basic). False:
 * there is none. */
bool avo_auth_read_challenge(AvoAuthChallenge *challenge, const AvoRtspMessage *response);
/* The Authorization line. cnonce: 16 random hexadecimal digits. False: the hash failed. */
bool avo_auth_put_answer(AvoTextOut *out, AvoAuthChallenge *challenge, AvoHasher hasher,
                         const char *user, const char *password, const char *method,
                         const char *url, const char *cnonce);

#endif

/* See decode_session.h. */
#include "decode_session.h"
#include <inttypes.h>
#include <string.h>

enum { MOST_TOLD = 10 };

int decode_session_open(DecodeSession *s, const char *name, Fault *fault)
{
    char message[256];
    AvocetDecoderConfig config;
    if (stream_input_open(&s->input, name, fault) < 0)
        return -1;
    avocet_decoder_config_init(&config);
    config.inspect = s->inspect;
    config.threads = s->threads;
    config.sei = s->sei;
    config.sei_opaque = s->user;
    if (avocet_decoder_open(&s->decoder, &config, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s", message);
    if (s->seek.pictures == 0 && !s->seek.is_time)
        return 0;
    return stream_input_seek(&s->input, &s->seek, &s->first, fault);
}

/* The same sentence is told once, however often it is met. */
static void tell_error(DecodeSession *s, int status)
{
    const char *text = avocet_decoder_error(s->decoder);
    int is_new;
    if (!text[0])
        text = avocet_status_text(status);
    is_new = strcmp(text, s->last_error.text) != 0;
    fault_set(&s->last_error, "%s", text);
    s->errors++;
    s->unsupported += status == AVOCET_ERR_UNSUPPORTED;
    if (!is_new || s->errors_told > MOST_TOLD)
        return;
    if (s->errors_told++ < MOST_TOLD)
        fprintf(stderr, "avocet: %s: byte %" PRIu64 ": %s\n", s->input.name,
                avocet_decoder_error_offset(s->decoder), text);
    else
        fprintf(stderr, "avocet: %s: there is more; no further faults are listed\n", s->input.name);
}

static int is_enough(const DecodeSession *s)
{
    return (s->most >= 0 && s->pictures >= s->most) || (s->interrupted && *s->interrupted);
}

/* Everything that is ready. 1: enough pictures were taken; -1: fault. */
static int receive_all(DecodeSession *s, Fault *fault)
{
    AvocetDecodedPicture out;
    for (;;) {
        if (is_enough(s))
            return 1;
        int status = avocet_decoder_receive(s->decoder, &out);
        if (status == AVOCET_NEED_INPUT || status == AVOCET_END)
            return 0;
        if (status < 0) {
            tell_error(s, status);
            if (status == AVOCET_ERR_MEMORY)
                return fault_set(fault, "%s", s->last_error.text);
            continue;
        }
        /* Behind a jump pictures bear their number; else they are counted. */
        int64_t number = s->input.order.count ? out.picture.pts : s->decoded;
        s->decoded++;
        if (number < s->first)
            continue;
        s->pictures++;
        s->damaged += out.damaged_mbs > 0;
        s->made_up += out.damaged_mbs;
        s->lost_frames += out.lost_frames;
        s->rootless += out.missing_refs;
        if (s->take(s, &out, fault) < 0)
            return -1;
    }
}

int decode_session_run(DecodeSession *s, Fault *fault)
{
    const uint8_t *data;
    size_t size;
    int64_t pts;
    int status, done = 0;
    while (!done && (status = stream_input_read(&s->input, &data, &size, &pts, fault)) != 0) {
        if (status < 0)
            return -1;
        avocet_decoder_send(s->decoder, data, size, pts);
        done = receive_all(s, fault);
    }
    if (!done) {
        avocet_decoder_flush(s->decoder);
        done = receive_all(s, fault);
    }
    if (done < 0)
        return -1;
    if (s->pictures == 0 && s->first > 0 && s->most != 0 && !is_enough(s))
        return fault_set(fault, "%s: --seek goes beyond its end", s->input.name);
    if (s->pictures == 0 && s->most != 0 && !is_enough(s))
        return s->errors ? fault_set(fault, "%s: no picture could be decoded: %s", s->input.name,
                                     s->last_error.text)
                         : fault_set(fault, "%s: no H.264 pictures in it", s->input.name);
    return 0;
}

int decode_session_verdict(const DecodeSession *s, Fault *fault)
{
    int is_damaged = s->damaged || s->lost_frames || s->rootless;
    if (!s->errors && !is_damaged)
        return 0;
    return fault_set(fault,
                     s->errors == s->unsupported && !is_damaged ? "%s is not supported as a whole"
                                                                : "%s is damaged",
                     s->input.name);
}

void decode_session_close(DecodeSession *s)
{
    avocet_decoder_close(&s->decoder);
    stream_input_close(&s->input);
}

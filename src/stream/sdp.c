/* Session description of one H.264 stream (RFC 4566, RFC 6184 section 8). See <avocet/stream.h>. */
#include <avocet/mux.h>
#include <avocet/stream.h>
#include "stream/text_out.h"

enum { NAL_SPS = 7, NAL_PPS = 8 };

/* All units of one type; returns how many. */
static int put_units(AvoTextOut *out, int type, int already, const uint8_t *headers, size_t size,
                     int length_size)
{
    AvocetNal nal;
    size_t at = 0;
    while (avocet_nal_next(headers, size, length_size, &at, &nal) == 1) {
        if (nal.type != type)
            continue;
        if (already++)
            avo_put_text(out, ",");
        avo_put_base64(out, nal.data, nal.size);
    }
    return already;
}

/* profile-level-id: the three bytes that follow the header of the SPS (8.1). */
static const uint8_t *profile_of(const uint8_t *headers, size_t size, int length_size)
{
    AvocetNal nal;
    size_t at = 0;
    while (avocet_nal_next(headers, size, length_size, &at, &nal) == 1)
        if (nal.type == NAL_SPS && nal.size >= 4)
            return nal.data + 1;
    return NULL;
}

int avocet_sdp_write(const char *name, uint32_t session_id, const char *control, AvocetRational fps,
                     const uint8_t *headers, size_t headers_size, int nal_length_size, char *out,
                     size_t out_size)
{
    if (!out || !out_size || (!headers && headers_size))
        return AVOCET_ERR_ARGUMENT;
    AvoTextOut t = avo_text_out(out, out_size);
    avo_put_text(&t, "v=0\r\no=- ");
    avo_put_int(&t, session_id);
    avo_put_text(&t, " 1 IN IP4 0.0.0.0\r\ns=");
    avo_put_text(&t, name && name[0] ? name : "-");
    avo_put_text(&t, "\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP "
                     "96\r\na=rtpmap:96 H264/90000\r\n"
                     "a=fmtp:96 packetization-mode=1");
    const uint8_t *profile = profile_of(headers, headers_size, nal_length_size);
    if (profile) {
        avo_put_text(&t, ";profile-level-id=");
        avo_put_hex(&t, profile, 3);
        avo_put_text(&t, ";sprop-parameter-sets=");
        int count = put_units(&t, NAL_SPS, 0, headers, headers_size, nal_length_size);
        put_units(&t, NAL_PPS, count, headers, headers_size, nal_length_size);
    }
    if (fps.num > 0 && fps.den > 0) {
        char rate[24];
        avo_text_write_fixed(rate, sizeof rate, ((int64_t)fps.num * 1000 + fps.den / 2) / fps.den,
                             3);
        avo_put_text(&t, "\r\na=framerate:");
        avo_put_text(&t, rate);
    }
    avo_put_text(&t, "\r\na=control:");
    avo_put_text(&t, control);
    avo_put_text(&t, "\r\n");
    return t.overflow ? AVOCET_ERR_MEMORY : (int)t.used;
}

/* Bit rates and the decoder's buffer where pictures do not come evenly: gaps, bursts and pauses in
 * the timestamps, keyframes on request, other rates and buffers in the middle. A leaky bucket
 * follows the packets from one decoding time to the next; it must never run dry, and sums must be
 * met.
 */
#include <math.h>
#include <stdbool.h>
#include "api.h"

enum { W = 176, H = 144, LONG = 250, TICKS = 1000, FPS = 25, EVEN = TICKS / FPS };

typedef enum Timing {
    REGULAR,
    JITTER,
    DROPS,
    RANDOM,
    BURSTS,
    FASTER,
    SLOWER,
    MUCH_FASTER,
    PAUSES,
    LONG_PAUSES,
    TIMINGS
} Timing;

/* How many pictures, 10 s or more of them, and by how much their sum may be off. Where what is due
 * changes all at once near the end, little time is left to answer. */
static const struct {
    const char *name;
    int pictures;
    double most_off;
} timings[TIMINGS] = {
    [REGULAR] = {"regular", 250, 0.015},
    [JITTER] = {"jitter", 250, 0.015},
    [DROPS] = {"drops", 250, 0.015},
    [RANDOM] = {"1 to 4 ticks of 1/60 s", 270, 0.015},
    [BURSTS] = {"bursts", 302, 0.015},
    [FASTER] = {"24, then 60 pictures/s", 400, 0.015},
    [SLOWER] = {"60, then 24 pictures/s", 400, 0.015},
    [MUCH_FASTER] = {"12, then 50 pictures/s", 300, 0.04},
    [PAUSES] = {"pauses of half a second", 330, 0.015},
    [LONG_PAUSES] = {"pauses of a second", 330, 0.025},
};

static int gap(Timing timing, int n, Random *r)
{
    switch (timing) {
    case JITTER:
        return random_in(r, EVEN / 2, EVEN * 3 / 2);
    case DROPS:
        return EVEN * (random_chance(r, 20) ? random_in(r, 2, 5) : 1);
    case RANDOM:
        return random_in(r, 1, 4) * TICKS / 60;
    case BURSTS:
        return n % 12 == 11 ? EVEN * 10 : 7;
    case FASTER:
        return n < timings[timing].pictures / 2 ? TICKS / 24 : TICKS / 60;
    case SLOWER:
        return n < timings[timing].pictures / 2 ? TICKS / 60 : TICKS / 24;
    case MUCH_FASTER:
        return n < timings[timing].pictures / 2 ? EVEN * 2 : EVEN / 2;
    case PAUSES:
        return n % 60 == 29 ? EVEN * 14 : EVEN;
    case LONG_PAUSES:
        return n % 80 == 20 ? EVEN * 25 : EVEN;
    default:
        return EVEN;
    }
}

/* A picture that is never the same: the scene of the other tests under noise. */
static int send(AvocetEncoder *enc, int n, int64_t pts)
{
    static uint8_t samples[W * H * 3 / 2];
    Random r = {(uint64_t)n + 1};
    AvocetPicture picture;
    api_draw(samples, AVOCET_FORMAT_I420, W, H, n + n / 97 * 40);
    for (size_t i = 0; i < W * H; i++)
        samples[i] = (uint8_t)(samples[i] + random_below(&r, 9));
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, W, H, samples);
    picture.pts = pts;
    return avocet_encoder_send(enc, &picture);
}

/* What the buffer is told, and what came. */
typedef struct Bucket {
    double rate, size, fill, lowest; /* bits; lowest fill right after a picture, / size */
    double bits, start, end;         /* all bits; pts of the first and the last picture */
    int64_t dts;
    int packets, keyframes;
} Bucket;

static void take_packet(Bucket *b, const AvocetPacket *p)
{
    if (b->packets++)
        b->fill = fmin(b->size, b->fill + b->rate * (double)(p->dts - b->dts) / TICKS);
    b->dts = p->dts;
    b->fill -= 8.0 * (double)p->size;
    b->bits += 8.0 * (double)p->size;
    b->keyframes += p->keyframe;
    if (b->size > 0)
        b->lowest = fmin(b->lowest, b->fill / b->size);
}

static void receive(AvocetEncoder *enc, Bucket *b)
{
    AvocetPacket packet;
    int status;
    while ((status = avocet_encoder_receive(enc, &packet)) == AVOCET_OK)
        take_packet(b, &packet);
    CHECK(status == AVOCET_NEED_INPUT || status == AVOCET_END, "%s", avocet_encoder_error(enc));
}

static AvocetEncoder *open_at(const char *preset, const char *tune, int kbps, double seconds,
                              Bucket *b)
{
    AvocetEncoderConfig c;
    AvocetEncoder *enc;
    char message[256] = "";
    avocet_encoder_config_init(&c, preset, tune);
    c.width = W;
    c.height = H;
    c.fps = (AvocetRational){FPS, 1};
    c.time_base = (AvocetRational){1, TICKS};
    c.threads = 1;
    c.rate_mode = AVOCET_RATE_BITRATE;
    c.bitrate = kbps * 1000;
    c.vbv_maxrate = seconds > 0 ? kbps * 1000 : 0;
    c.vbv_bufsize = (int)(kbps * 1000 * seconds);
    CHECK(avocet_encoder_open(&enc, &c, NULL, message, sizeof message) == AVOCET_OK, "%s", message);
    memset(b, 0, sizeof *b);
    b->rate = c.vbv_maxrate;
    b->size = c.vbv_bufsize;
    b->fill = b->size * c.vbv_init / 100;
    b->lowest = 1;
    return enc;
}

static const char *const kinds[][2] = {
    {"veryfast", NULL}, {"veryfast", "zerolatency"}, {"superfast", NULL}, {"ultrafast", NULL}};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void run_timing(const char *const *kind, Timing timing, int kbps, double seconds)
{
    Bucket b;
    AvocetEncoder *enc = open_at(kind[0], kind[1], kbps, seconds, &b);
    Random r = {7};
    int64_t pts = 0, last = 0;
    for (int n = 0; n < timings[timing].pictures; n++) {
        CHECK(send(enc, n, pts) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        receive(enc, &b);
        if (n < timings[timing].pictures - 1)
            last = gap(timing, n, &r);
        pts += last; /* the last one is shown for as long as the one before, as far as is known */
    }
    avocet_encoder_flush(enc);
    receive(enc, &b);
    double off = b.bits * TICKS / ((double)pts * kbps * 1000) - 1;
    CHECK(b.lowest >= 0, "%s %s, %s, %d kbit/s, %.2f s: the buffer falls to %.3f", kind[0],
          kind[1] ? kind[1] : "", timings[timing].name, kbps, seconds, b.lowest);
    CHECK(seconds > 0 || fabs(off) < timings[timing].most_off, "%s %s, %s, %d kbit/s: %+.2f %%",
          kind[0], kind[1] ? kind[1] : "", timings[timing].name, kbps, 100 * off);
    avocet_encoder_close(&enc);
}

/* Sanitizers take ten times as long. */
static int kinds_tested(void)
{
    const char *extent = getenv("AVOCET_EXTENT");
    return extent && !strcmp(extent, "quick") ? 2 : KINDS;
}

static void test_timing(void)
{
    for (int kind = 0; kind < kinds_tested(); kind++)
        for (int timing = 0; timing < TIMINGS; timing++) {
            if (timing != DROPS && kinds_tested() < KINDS)
                continue;
            run_timing(kinds[kind], (Timing)timing, 400, 0);
            run_timing(kinds[kind], (Timing)timing, 150, 1);
            run_timing(kinds[kind], (Timing)timing, 600, 0.3);
        }
}

static void set(AvocetEncoder *enc, const char *name, int value)
{
    char text[32];
    snprintf(text, sizeof text, "%dk", value);
    CHECK(avocet_encoder_set(enc, name, text) == AVOCET_OK, "%s", avocet_encoder_error(enc));
}

/* All three at once, in an order in which none contradicts the others. */
static void change(AvocetEncoder *enc, Bucket *b, int kbps, double seconds)
{
    bool less = kbps * 1000 < b->rate;
    if (less)
        set(enc, "bitrate", kbps);
    set(enc, "vbv-maxrate", kbps);
    set(enc, "vbv-bufsize", (int)(kbps * seconds));
    if (!less)
        set(enc, "bitrate", kbps);
    b->rate = kbps * 1000;
    b->size = kbps * 1000 * seconds;
    b->fill = fmin(b->fill, b->size);
}

/* Another rate and another buffer while the encoder runs: what is in the decoder's buffer stays in
 * it. Keyframes are asked for besides, as a viewer who joins would. */
static void run_changes(const char *const *kind, const int *kbps, const double *seconds)
{
    Bucket b;
    AvocetEncoder *enc = open_at(kind[0], kind[1], kbps[0], seconds[0], &b);
    for (int n = 0; n < 150; n++) {
        if (n && n % 50 == 0)
            change(enc, &b, kbps[n / 50], seconds[n / 50]);
        if (n % 37 == 36)
            avocet_encoder_force_keyframe(enc);
        CHECK(send(enc, n, n * EVEN) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        receive(enc, &b);
    }
    avocet_encoder_flush(enc);
    receive(enc, &b);
    CHECK(b.lowest >= 0, "%s %s, %d, %d, %d kbit/s: the buffer falls to %.3f", kind[0],
          kind[1] ? kind[1] : "", kbps[0], kbps[1], kbps[2], b.lowest);
    CHECK(b.keyframes >= 5, "%d keyframes", b.keyframes);
    avocet_encoder_close(&enc);
}

static void test_changes(void)
{
    static const int kbps[][3] = {{600, 150, 400}, {150, 800, 150}, {300, 300, 300}};
    static const double seconds[][3] = {{1, 1, 1}, {0.3, 0.3, 0.3}, {0.2, 1, 0.2}};
    for (int kind = 0; kind < kinds_tested(); kind++)
        for (int i = 0; i < 3; i++)
            run_changes(kinds[kind], kbps[i], seconds[i]);
}

/* Keyframes on request, one and a half seconds apart on the mean: the sum is met. */
static void test_forced(void)
{
    for (int kind = 0; kind < kinds_tested(); kind++) {
        Bucket b;
        AvocetEncoder *enc = open_at(kinds[kind][0], kinds[kind][1], 400, 0, &b);
        Random r = {11};
        for (int n = 0; n < LONG; n++) {
            if (random_chance(&r, 3))
                avocet_encoder_force_keyframe(enc);
            CHECK(send(enc, n, n * EVEN) == AVOCET_OK, "%s", avocet_encoder_error(enc));
            receive(enc, &b);
        }
        avocet_encoder_flush(enc);
        receive(enc, &b);
        double off = b.bits * FPS / (LONG * 400000.0) - 1;
        CHECK(fabs(off) < 0.015 && b.keyframes > 4, "%s %s: %+.2f %%, %d keyframes", kinds[kind][0],
              kinds[kind][1] ? kinds[kind][1] : "", 100 * off, b.keyframes);
        avocet_encoder_close(&enc);
    }
}

/* For the checker of tests/rate, which reads nothing but the stream: pictures at uneven times, and
 * keyframes, hence buffering periods, when they are asked for. */
static void write_stream(const char *folder, int kind, const char *model)
{
    char path[1024];
    Bucket b;
    Random r = {13};
    AvocetEncoderConfig c;
    AvocetEncoder *enc = open_at(kinds[kind][0], kinds[kind][1], 300, 1, &b);
    c = *avocet_encoder_config(enc);
    avocet_encoder_close(&enc);
    CHECK(avocet_encoder_config_set(&c, "nal-hrd", model, NULL, 0) == AVOCET_OK, "%s", model);
    CHECK(avocet_encoder_open(&enc, &c, NULL, NULL, 0) == AVOCET_OK, "%s", model);
    snprintf(path, sizeof path, "%s/%s.%d.264", folder, model, kind);
    FILE *file = fopen(path, "wb");
    int64_t pts = 0;
    for (int n = 0; n <= 120; n++) {
        AvocetPacket packet;
        if (random_chance(&r, 5))
            avocet_encoder_force_keyframe(enc);
        if (n == 120)
            avocet_encoder_flush(enc);
        else
            CHECK(send(enc, n, pts) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
            CHECK(file && fwrite(packet.data, packet.size, 1, file) == 1, "%s", path);
        pts += gap(DROPS, n, &r);
    }
    if (file)
        fclose(file);
    avocet_encoder_close(&enc);
}

int main(int argc, char **argv)
{
    for (int kind = 0; argc > 1 && kind < KINDS; kind++) {
        write_stream(argv[1], kind, "cbr");
        write_stream(argv[1], kind, "vbr");
    }
    if (argc > 1)
        return check_finish();
    test_timing();
    test_changes();
    test_forced();
    return check_finish();
}

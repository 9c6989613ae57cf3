/* The camera reader over a camera of our own making:
 * formats, rates, padding, damaged pictures, failures. */
#define _GNU_SOURCE
#include "input/v4l2.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "unit/check.h"

#if defined(__linux__)
#include <time.h>
#include <sys/time.h>
#include <linux/videodev2.h>
#ifdef AVOCET_HAVE_JPEG
#include <stdio.h>
#include <jpeglib.h>
#endif
#include "input/mjpeg.h"

enum { BYTES = 1 << 20, MAX_BUFFERS = 4 };

/* What the camera is, and what happens to it. */
static struct Fake {
    struct {
        uint32_t fourcc;
        int fps; /* most that it gives in this format */
    } can[4];
    int width, height, padding;
    uint32_t fourcc;
    int fps;
    int pictures, damaged, cut, stops_after, stuck, busy;
    uint8_t *memory[MAX_BUFFERS];
    int queued[MAX_BUFFERS], streaming, mapped, is_open;
    size_t size;
    uint8_t jpeg[BYTES];
    size_t jpeg_size;
} fake;

static int refuse(int error)
{
    errno = error;
    return -1;
}

static int fake_open(const char *name)
{
    if (strcmp(name, "/dev/video7"))
        return refuse(ENOENT);
    fake.is_open++;
    return 5;
}

static void fake_close(int fd)
{
    CHECK(fd == 5, "closes %d", fd);
    fake.is_open--;
}

static int most_fps(uint32_t fourcc)
{
    for (int i = 0; i < 4; i++)
        if (fake.can[i].fourcc == fourcc)
            return fake.can[i].fps;
    return 0;
}

static size_t row_of(uint32_t fourcc)
{
    size_t bytes = fourcc == V4L2_PIX_FMT_YUYV ? 2 : 1;
    return fourcc == V4L2_PIX_FMT_MJPEG ? 0 : bytes * (size_t)fake.width + (size_t)fake.padding;
}

static int set_format(struct v4l2_pix_format *pix)
{
    if (!most_fps(pix->pixelformat))
        pix->pixelformat = fake.can[0].fourcc;
    pix->width = (uint32_t)fake.width; /* a camera with one size */
    pix->height = (uint32_t)fake.height;
    pix->bytesperline = (uint32_t)row_of(pix->pixelformat);
    fake.fourcc = pix->pixelformat;
    size_t rows = (size_t)fake.height +
                  (fake.fourcc == V4L2_PIX_FMT_NV12 || fake.fourcc == V4L2_PIX_FMT_YUV420
                       ? ((size_t)fake.height + 1) / 2
                       : 0);
    fake.size = fake.fourcc == V4L2_PIX_FMT_MJPEG ? BYTES : row_of(fake.fourcc) * rows;
    return 0;
}

static int set_rate(struct v4l2_fract *t)
{
    int asked = t->numerator ? (int)(t->denominator / t->numerator) : 0,
        most = most_fps(fake.fourcc);
    fake.fps = asked && asked < most ? asked : most;
    *t = (struct v4l2_fract){1, (uint32_t)fake.fps};
    return 0;
}

/* Picture n: bytes that tell it apart, in rows with padding of 0xee. */
static void paint(uint8_t *p, int n)
{
    size_t row = row_of(fake.fourcc);
    if (fake.fourcc == V4L2_PIX_FMT_MJPEG) {
        memcpy(p, fake.jpeg, fake.jpeg_size);
        return;
    }
    for (size_t at = 0; at < fake.size; at++)
        p[at] = at % row >= row - (size_t)fake.padding
                    ? 0xee
                    : (uint8_t)(n * 7 + (int)(at / row) * 3 + (int)(at % row));
}

static int give_buffer(struct v4l2_buffer *b)
{
    int index = 0;
    if (fake.stops_after && fake.pictures >= fake.stops_after)
        return refuse(ENODEV);
    while (index < MAX_BUFFERS && !fake.queued[index])
        index++;
    if (fake.stuck || index == MAX_BUFFERS)
        return refuse(EAGAIN);
    int n = fake.pictures++;
    paint(fake.memory[index], n);
    fake.queued[index] = 0;
    b->index = (uint32_t)index;
    b->bytesused = (uint32_t)(fake.fourcc == V4L2_PIX_FMT_MJPEG ? fake.jpeg_size : fake.size);
    b->timestamp.tv_sec = 1000 + n / fake.fps;
    b->timestamp.tv_usec = n % fake.fps * 1000000 / fake.fps;
    b->flags = fake.damaged && n % fake.damaged == 1 ? V4L2_BUF_FLAG_ERROR : 0;
    if (fake.cut && n % fake.cut == 1)
        b->bytesused /= 2;
    return 0;
}

static int fake_control(int fd, unsigned long request, void *argument)
{
    struct v4l2_buffer *b = argument;
    CHECK(fd == 5, "ioctl of %d", fd);
    switch (request) {
    case VIDIOC_QUERYCAP:
        ((struct v4l2_capability *)argument)->capabilities =
            V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    case VIDIOC_G_FMT:
        ((struct v4l2_format *)argument)->fmt.pix.pixelformat = fake.can[0].fourcc;
        return 0;
    case VIDIOC_S_FMT:
        return set_format(&((struct v4l2_format *)argument)->fmt.pix);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return set_rate(&((struct v4l2_streamparm *)argument)->parm.capture.timeperframe);
    case VIDIOC_REQBUFS:
        return fake.busy ? refuse(EBUSY) : 0;
    case VIDIOC_QUERYBUF:
        b->length = (uint32_t)fake.size;
        b->m.offset = b->index * 4096;
        return 0;
    case VIDIOC_QBUF:
        CHECK(b->index < MAX_BUFFERS && !fake.queued[b->index], "buffer %d is given twice",
              (int)b->index);
        fake.queued[b->index] = 1;
        return 0;
    case VIDIOC_DQBUF:
        return give_buffer(b);
    case VIDIOC_STREAMON:
        fake.streaming = 1;
        return 0;
    case VIDIOC_STREAMOFF:
        fake.streaming = 0;
        memset(fake.queued, 0, sizeof fake.queued);
        return 0;
    default:
        return refuse(ENOTTY);
    }
}

static void *fake_map(int fd, size_t size, long offset)
{
    (void)fd;
    fake.mapped++;
    fake.memory[offset / 4096] = malloc(size);
    return fake.memory[offset / 4096];
}

static void fake_unmap(void *memory, size_t size)
{
    (void)size;
    fake.mapped--;
    free(memory);
}

static int fake_wait(int fd, int timeout_ms)
{
    (void)fd;
    (void)timeout_ms;
    return 0;
}

static const V4l2System fake_system = {fake_open,  fake_control, fake_map,
                                       fake_unmap, fake_wait,    fake_close};

static Input *open_fake(const InputRequest *request, Fault *fault)
{
    InputRequest r = *request;
    r.name = r.name ? r.name : "/dev/video7";
    fault->text[0] = 0;
    return input_v4l2_open_on(&r, &fake_system, fault);
}

static void set_up(int width, int height, int padding)
{
    memset(&fake, 0, sizeof fake);
    fake.width = width;
    fake.height = height;
    fake.padding = padding;
}

static void close_fake(Input *input)
{
    if (input)
        input->close(input);
    CHECK(!fake.is_open && !fake.mapped && !fake.streaming, "something is left open");
}

static const InputRequest nothing_asked = {.format = -1};

/* ---- tests ---- */

static void test_picture(uint32_t fourcc, AvocetFormat format, int padding)
{
    Fault fault;
    AvocetPicture p;
    set_up(64, 48, padding);
    fake.can[0].fourcc = fourcc;
    fake.can[0].fps = 30;
    Input *input = open_fake(&nothing_asked, &fault);
    CHECK(input != NULL, "%s", fault.text);
    for (int n = 0; input && n < 20; n++) {
        CHECK(input->read(input, &p, &fault) == 1, "%s", fault.text);
        CHECK(p.format == format && p.width == 64 && p.height == 48, "format");
        CHECK(p.pts == (int64_t)n * 1000000 / 30 * 9 / 100, "picture %d has pts %d", n, (int)p.pts);
        for (int plane = 0; plane < 3 && p.plane[plane]; plane++) {
            int rows = plane ? 24 : 48, bytes = format == AVOCET_FORMAT_YUYV            ? 128
                                                : plane && format == AVOCET_FORMAT_I420 ? 32
                                                                                        : 64;
            int seen_padding = 0;
            for (int y = 0; y < rows; y++)
                for (int x = 0; x < bytes; x++) {
                    size_t at = (size_t)(p.plane[plane] + y * p.stride[plane] + x - p.plane[0]),
                           row = row_of(fourcc);
                    seen_padding += format != AVOCET_FORMAT_I420 &&
                                    (p.plane[0][at] !=
                                     (uint8_t)(n * 7 + (int)(at / row) * 3 + (int)(at % row)));
                }
            CHECK(!seen_padding, "plane %d of picture %d", plane, n);
        }
    }
    CHECK(input && input->info.fps.num == 30 && input->info.is_live, "facts");
    close_fake(input);
}

static void test_choice(void)
{
    Fault fault;
    InputRequest request = {.format = -1, .fps = {30, 1}, .width = 64, .height = 48};
    set_up(64, 48, 0);
    fake.can[0].fourcc = V4L2_PIX_FMT_YUYV;
    fake.can[0].fps = 5;
    Input *input = open_fake(&request, &fault);
    CHECK(input && input->info.fps.num == 5, "the only format is taken, slow as it is");
    close_fake(input);
    fake.can[1].fourcc = V4L2_PIX_FMT_NV12;
    fake.can[1].fps = 30;
    input = open_fake(&request, &fault);
    CHECK(input && input->info.format == AVOCET_FORMAT_NV12, "the faster one");
    close_fake(input);
    request.format = AVOCET_FORMAT_YUYV;
    input = open_fake(&request, &fault);
    CHECK(input && input->info.format == AVOCET_FORMAT_YUYV, "the one asked for");
    close_fake(input);
    request.width = 1280;
    request.height = 720;
    CHECK(!open_fake(&request, &fault) && strstr(fault.text, "1280x720 yuyv"), "%s", fault.text);
    close_fake(NULL);
}

static void test_damage(void)
{
    Fault fault;
    AvocetPicture p;
    set_up(64, 48, 0);
    fake.can[0].fourcc = V4L2_PIX_FMT_YUYV;
    fake.can[0].fps = 25;
    fake.damaged = 3;
    fake.cut = 4;
    fake.stops_after = 60;
    Input *input = open_fake(&nothing_asked, &fault);
    int whole = 0, status = 1;
    int64_t last = -1;
    while (input && (status = input->read(input, &p, &fault)) == 1) {
        CHECK(p.pts > last, "times go on");
        last = p.pts;
        whole++;
    }
    CHECK(whole == 60 - 20 - 15 + 5, "%d whole pictures", whole);
    CHECK(status == -1 && strstr(fault.text, "the camera stopped"), "%s", fault.text);
    close_fake(input);
}

static void test_failures(void)
{
    Fault fault;
    AvocetPicture p;
    set_up(64, 48, 0);
    fake.can[0].fourcc = V4L2_PIX_FMT_YUYV;
    fake.can[0].fps = 25;
    fake.busy = 1;
    CHECK(!open_fake(&nothing_asked, &fault) && strstr(fault.text, "somebody else"), "%s",
          fault.text);
    fake.busy = 0;
    fake.stuck = 1;
    Input *input = open_fake(&nothing_asked, &fault);
    CHECK(input && input->read(input, &p, &fault) == -1 &&
              strstr(fault.text, "no picture for 5 seconds"),
          "%s", fault.text);
    close_fake(input);
    fake.can[0].fourcc = v4l2_fourcc('H', '2', '6', '4');
    CHECK(!open_fake(&nothing_asked, &fault) && strstr(fault.text, "no format that is known"), "%s",
          fault.text);
    const InputRequest missing = {.name = "/dev/video99", .format = -1};
    CHECK(!open_fake(&missing, &fault) && strstr(fault.text, "cannot open /dev/video99"), "%s",
          fault.text);
    close_fake(NULL);
}

#ifdef AVOCET_HAVE_JPEG
/* A grey-blue picture. */
static void make_jpeg(void)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL, row[64 * 3];
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = 64;
    jpeg.image_height = 48;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (int x = 0; x < 64; x++) {
        row[3 * x] = row[3 * x + 1] = 100;
        row[3 * x + 2] = 200;
    }
    for (int y = 0; y < 48; y++) {
        JSAMPROW line = row;
        jpeg_write_scanlines(&jpeg, &line, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    memcpy(fake.jpeg, out, size);
    fake.jpeg_size = size;
    free(out);
}

static void test_mjpeg(void)
{
    Fault fault;
    AvocetPicture p;
    if (!mjpeg_available()) {
        printf("SKIPPED Motion JPEG: built without libavcodec\n");
        return;
    }
    set_up(64, 48, 0);
    fake.can[0].fourcc = V4L2_PIX_FMT_YUYV;
    fake.can[0].fps = 5;
    fake.can[1].fourcc = V4L2_PIX_FMT_MJPEG;
    fake.can[1].fps = 30;
    fake.cut = 5;
    fake.stops_after = 20;
    make_jpeg();
    Input *input = open_fake(&nothing_asked, &fault);
    CHECK(input && input->info.format == AVOCET_FORMAT_I420 && input->info.full_range == 1, "%s",
          fault.text);
    int whole = 0;
    while (input && input->read(input, &p, &fault) == 1) {
        int y = p.plane[0][10 * p.stride[0] + 10], cb = p.plane[1][5 * p.stride[1] + 5],
            cr = p.plane[2][5 * p.stride[2] + 5];
        whole += abs(y - 111) <= 2 && abs(cb - 178) <= 2 && abs(cr - 120) <= 2;
    }
    CHECK(whole >= 16, "%d pictures of 16 whole ones", whole);
    close_fake(input);
}
#endif

int main(void)
{
    test_picture(V4L2_PIX_FMT_NV12, AVOCET_FORMAT_NV12, 0);
    test_picture(V4L2_PIX_FMT_NV12, AVOCET_FORMAT_NV12, 32);
    test_picture(V4L2_PIX_FMT_YUYV, AVOCET_FORMAT_YUYV, 0);
    test_picture(V4L2_PIX_FMT_YUYV, AVOCET_FORMAT_YUYV, 64);
    test_picture(V4L2_PIX_FMT_YUV420, AVOCET_FORMAT_I420, 0);
    test_picture(V4L2_PIX_FMT_GREY, AVOCET_FORMAT_GRAY8, 16);
    test_choice();
    test_damage();
    test_failures();
#ifdef AVOCET_HAVE_JPEG
    test_mjpeg();
#endif
    return check_finish();
}

#else

int main(void)
{
    printf("SKIPPED cameras are read on Linux only\n");
    return check_finish();
}

#endif

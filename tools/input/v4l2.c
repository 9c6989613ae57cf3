/* Cameras, through Video4Linux2. Pictures stay in the driver's buffers until the next one is read;
 * their times are the driver's, in 1/90000 s from the first.
 *
 * Of the formats that both sides know, uncompressed ones come first; but where they are too slow
 * for the size (USB), the camera's Motion JPEG is taken. */
#define _GNU_SOURCE
#include "input/v4l2.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "input/mjpeg.h"

enum {
    BUFFERS = 4,
    VIDEO_MAJOR = 81,
    WAIT_MS = 5000, /* without a picture: the camera is stuck */
    USUAL_FPS = 20  /* what is fast enough when nobody asked for more */
};

typedef struct Mapping {
    void *memory;
    size_t size;
} Mapping;

typedef struct Camera {
    Input base;
    const V4l2System *system;
    const char *name;
    int fd, streaming, held; /* held: buffer whose picture is out, -1: none */
    uint32_t fourcc;
    size_t stride;
    Mapping mapping[BUFFERS];
    int buffers;
    Mjpeg *mjpeg;
    int64_t first_us, last_pts;
} Camera;

static const struct {
    uint32_t fourcc;
    AvocetFormat format;
} formats[] = {
    {V4L2_PIX_FMT_NV12, AVOCET_FORMAT_NV12},       {V4L2_PIX_FMT_YUV420, AVOCET_FORMAT_I420},
    {V4L2_PIX_FMT_YUYV, AVOCET_FORMAT_YUYV},       {V4L2_PIX_FMT_UYVY, AVOCET_FORMAT_UYVY},
    {V4L2_PIX_FMT_NV21, AVOCET_FORMAT_NV21},       {V4L2_PIX_FMT_MJPEG, AVOCET_FORMAT_I420},
    {V4L2_PIX_FMT_RGB24, AVOCET_FORMAT_RGB24},     {V4L2_PIX_FMT_BGR24, AVOCET_FORMAT_BGR24},
    {V4L2_PIX_FMT_RGB565, AVOCET_FORMAT_RGB565LE}, {V4L2_PIX_FMT_GREY, AVOCET_FORMAT_GRAY8},
};

/* ---- the real system ---- */

static int real_open(const char *name)
{
    return open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int real_control(int fd, unsigned long request, void *argument)
{
    int status;
    do
        status = ioctl(fd, request, argument);
    while (status < 0 && errno == EINTR);
    return status;
}

static void *real_map(int fd, size_t size, long offset)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    return memory == MAP_FAILED ? NULL : memory;
}

static void real_unmap(void *memory, size_t size)
{
    munmap(memory, size);
}

static int real_wait(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms);
}

static void real_close(int fd)
{
    close(fd);
}

static const V4l2System real_system = {real_open,  real_control, real_map,
                                       real_unmap, real_wait,    real_close};

/* ---- formats ---- */

static int control(Camera *c, unsigned long request, void *argument)
{
    return c->system->control(c->fd, request, argument);
}

static int fail_system(const Camera *c, const char *what, Fault *fault)
{
    return fault_set(fault, "%s: %s: %s", c->name, what, strerror(errno));
}

static int check_camera(Camera *c, Fault *fault)
{
    struct v4l2_capability capability;
    memset(&capability, 0, sizeof capability);
    if (control(c, VIDIOC_QUERYCAP, &capability) < 0)
        return fault_set(fault, "%s is no camera: %s", c->name, strerror(errno));
    uint32_t can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                                  : capability.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE) || !(can & V4L2_CAP_STREAMING))
        return fault_set(fault, "%s (%.32s) gives no pictures; another /dev/video* of it may",
                         c->name, (const char *)capability.card);
    return 0;
}

/* The rate that is in effect after asking for one (0/0: asks for none). */
static AvocetRational set_rate(Camera *c, AvocetRational wanted)
{
    struct v4l2_streamparm parm;
    memset(&parm, 0, sizeof parm);
    parm.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    struct v4l2_fract *t = &parm.parm.capture.timeperframe;
    if (wanted.num > 0 && wanted.den > 0) {
        t->numerator = (uint32_t)wanted.den;
        t->denominator = (uint32_t)wanted.num;
        control(c, VIDIOC_S_PARM, &parm);
    } else {
        control(c, VIDIOC_G_PARM, &parm);
    }
    if (!t->numerator || !t->denominator || t->numerator > INT32_MAX || t->denominator > INT32_MAX)
        return wanted.num > 0 ? wanted : (AvocetRational){30, 1};
    return (AvocetRational){(int)t->denominator, (int)t->numerator};
}

static int is_fast_enough(AvocetRational rate, AvocetRational wanted)
{
    double fps = (double)rate.num / rate.den;
    return fps >= (wanted.num > 0 && wanted.den > 0 ? 0.95 * wanted.num / wanted.den : USUAL_FPS);
}

/* Sets a format. 2: as wanted, 1: slower than wanted, 0: the camera does not do it. */
static int set_format(Camera *c, int index, const InputRequest *request)
{
    struct v4l2_format format;
    memset(&format, 0, sizeof format);
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (control(c, VIDIOC_G_FMT, &format) < 0)
        return 0;
    struct v4l2_pix_format *pix = &format.fmt.pix;
    if (request->width) {
        pix->width = (uint32_t)request->width;
        pix->height = (uint32_t)request->height;
    }
    pix->pixelformat = formats[index].fourcc;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = pix->sizeimage = 0;
    if (control(c, VIDIOC_S_FMT, &format) < 0 || pix->pixelformat != formats[index].fourcc ||
        pix->width > 8192 || pix->height > 8192 ||
        (request->width &&
         (pix->width != (uint32_t)request->width || pix->height != (uint32_t)request->height)))
        return 0;
    InputInfo *info = &c->base.info;
    info->format = formats[index].format;
    info->width = (int)pix->width;
    info->height = (int)pix->height;
    info->fps = set_rate(c, request->fps);
    info->full_range = pix->pixelformat == V4L2_PIX_FMT_MJPEG ? 1 : -1;
    c->fourcc = pix->pixelformat;
    c->stride = pix->bytesperline;
    return is_fast_enough(info->fps, request->fps) ? 2 : 1;
}

static int is_wanted(int index, const InputRequest *request)
{
    if (formats[index].fourcc == V4L2_PIX_FMT_MJPEG && (!mjpeg_available() || request->format >= 0))
        return 0;
    return request->format < 0 || (int)formats[index].format == request->format;
}

static int choose_format(Camera *c, const InputRequest *request, Fault *fault)
{
    int slow = -1;
    for (int i = 0; i < (int)(sizeof formats / sizeof formats[0]); i++) {
        int score = is_wanted(i, request) ? set_format(c, i, request) : 0;
        if (score == 2)
            return 0;
        if (score == 1 && slow < 0)
            slow = i;
    }
    if (slow >= 0 && set_format(c, slow, request))
        return 0;
    if (request->width)
        return fault_set(
            fault, "%s does not give %dx%d%s%s; leave out --size%s to take what it gives", c->name,
            request->width, request->height, request->format >= 0 ? " " : "",
            request->format >= 0 ? avocet_format_name((AvocetFormat)request->format) : "",
            request->format >= 0 ? " or --format" : "");
    return fault_set(fault, "%s gives no format that is known here%s", c->name,
                     mjpeg_available() ? "" : " (Motion JPEG needs a build with libavcodec)");
}

/* ---- buffers ---- */

static int queue(Camera *c, int index)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = (uint32_t)index;
    return control(c, VIDIOC_QBUF, &buffer);
}

static int map_buffer(Camera *c, int index)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = (uint32_t)index;
    if (control(c, VIDIOC_QUERYBUF, &buffer) < 0)
        return -1;
    c->mapping[index].memory = c->system->map(c->fd, buffer.length, (long)buffer.m.offset);
    c->mapping[index].size = buffer.length;
    return c->mapping[index].memory ? 0 : -1;
}

static int start(Camera *c, Fault *fault)
{
    struct v4l2_requestbuffers request;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    memset(&request, 0, sizeof request);
    request.count = BUFFERS;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    if (control(c, VIDIOC_REQBUFS, &request) < 0)
        return fail_system(c, errno == EBUSY ? "somebody else uses the camera" : "no buffers",
                           fault);
    int count = request.count < BUFFERS ? (int)request.count : BUFFERS;
    for (; c->buffers < count; c->buffers++)
        if (map_buffer(c, c->buffers) < 0 || queue(c, c->buffers) < 0)
            return fail_system(c, "no buffers", fault);
    if (count < 2)
        return fault_set(fault, "%s: the driver gives %d buffers, 2 are needed", c->name, count);
    if (control(c, VIDIOC_STREAMON, &type) < 0)
        return fail_system(c, "the camera does not start", fault);
    c->streaming = 1;
    return 0;
}

/* ---- pictures ---- */

/* Planes in the buffer; -1 if it holds less than a picture. */
static int lay_out(const Camera *c, const uint8_t *data, size_t used, AvocetPicture *p)
{
    size_t height = (size_t)p->height, luma, total;
    AvocetPicture packed;
    avocet_picture_init(&packed, p->format, p->width, p->height, data);
    size_t stride = c->stride > (size_t)packed.stride[0] ? c->stride : (size_t)packed.stride[0];
    size_t chroma_rows = (height + 1) / 2;
    luma = total = stride * height;
    p->plane[0] = data;
    p->stride[0] = (ptrdiff_t)stride;
    if (p->format == AVOCET_FORMAT_NV12 || p->format == AVOCET_FORMAT_NV21) {
        p->plane[1] = data + luma;
        p->stride[1] = (ptrdiff_t)stride;
        total += stride * chroma_rows;
    } else if (p->format == AVOCET_FORMAT_I420) {
        p->stride[1] = p->stride[2] = (ptrdiff_t)(stride / 2);
        p->plane[1] = data + luma;
        p->plane[2] = p->plane[1] + stride / 2 * chroma_rows;
        total += 2 * (stride / 2) * chroma_rows;
    }
    return used >= total ? 0 : -1;
}

static int64_t next_pts(Camera *c, const struct timeval *t)
{
    int64_t us = (int64_t)t->tv_sec * 1000000 + t->tv_usec;
    if (c->last_pts < 0)
        c->first_us = us;
    int64_t pts = (us - c->first_us) * 9 / 100;
    c->last_pts = pts > c->last_pts ? pts : c->last_pts + 1;
    return c->last_pts;
}

/* 1: a whole picture, 0: one to leave out, -1: fault. */
static int take_picture(Camera *c, const struct v4l2_buffer *buffer, AvocetPicture *picture,
                        Fault *fault)
{
    const Mapping *m = &c->mapping[buffer->index];
    size_t used = buffer->bytesused < m->size ? buffer->bytesused : m->size;
    if ((buffer->flags & V4L2_BUF_FLAG_ERROR) || !used)
        return 0;
    memset(picture, 0, sizeof *picture);
    picture->format = c->base.info.format;
    picture->width = c->base.info.width;
    picture->height = c->base.info.height;
    int status = c->mjpeg ? c->mjpeg->decode(c->mjpeg, m->memory, used, picture, fault)
                          : lay_out(c, m->memory, used, picture) == 0;
    if (status == 1)
        picture->pts = next_pts(c, &buffer->timestamp);
    return status;
}

/* Waits for a filled buffer. 1, 0: interrupted, -1: fault. */
static int take_buffer(Camera *c, struct v4l2_buffer *buffer, Fault *fault)
{
    for (;;) {
        memset(buffer, 0, sizeof *buffer);
        buffer->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        buffer->memory = V4L2_MEMORY_MMAP;
        if (control(c, VIDIOC_DQBUF, buffer) == 0)
            return buffer->index < (uint32_t)c->buffers
                       ? 1
                       : fault_set(fault, "%s: the driver gives an unknown buffer", c->name);
        if (errno != EAGAIN)
            return fail_system(c, "the camera stopped", fault);
        int ready = c->system->wait(c->fd, WAIT_MS);
        if (ready < 0 && errno == EINTR)
            return 0;
        if (ready == 0)
            return fault_set(fault, "%s: no picture for %d seconds", c->name, WAIT_MS / 1000);
        if (ready < 0)
            return fail_system(c, "waiting failed", fault);
    }
}

static int read_picture(Input *input, AvocetPicture *picture, Fault *fault)
{
    Camera *c = (Camera *)input;
    struct v4l2_buffer buffer;
    for (;;) {
        if (c->held >= 0 && queue(c, c->held) < 0)
            return fail_system(c, "the camera stopped", fault);
        c->held = -1;
        int status = take_buffer(c, &buffer, fault);
        if (status != 1)
            return status;
        c->held = (int)buffer.index;
        status = take_picture(c, &buffer, picture, fault);
        if (status != 0)
            return status;
    }
}

/* ---- opening and closing ---- */

static void close_camera(Input *input)
{
    Camera *c = (Camera *)input;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (c->streaming)
        control(c, VIDIOC_STREAMOFF, &type);
    for (int i = 0; i < BUFFERS; i++)
        if (c->mapping[i].memory)
            c->system->unmap(c->mapping[i].memory, c->mapping[i].size);
    if (c->fd >= 0)
        c->system->close(c->fd);
    if (c->mjpeg)
        c->mjpeg->close(c->mjpeg);
    free(c);
}

static int open_camera(Camera *c, const InputRequest *request, Fault *fault)
{
    c->fd = c->system->open(request->name);
    if (c->fd < 0)
        return fault_set(fault, "cannot open %s: %s", request->name, strerror(errno));
    if (check_camera(c, fault) < 0 || choose_format(c, request, fault) < 0)
        return -1;
    if (c->fourcc == V4L2_PIX_FMT_MJPEG) {
        c->mjpeg = mjpeg_open(c->base.info.width, c->base.info.height, fault);
        if (!c->mjpeg)
            return -1;
    }
    return start(c, fault);
}

Input *input_v4l2_open_on(const InputRequest *request, const V4l2System *system, Fault *fault)
{
    Camera *c = calloc(1, sizeof *c);
    if (!c) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    c->base.info = input_info_unknown("camera");
    c->base.info.time_base = (AvocetRational){1, 90000};
    c->base.info.is_live = 1;
    c->base.read = read_picture;
    c->base.close = close_camera;
    c->system = system ? system : &real_system;
    c->name = request->name;
    c->fd = c->held = -1;
    c->last_pts = -1;
    if (open_camera(c, request, fault) == 0)
        return &c->base;
    close_camera(&c->base);
    return NULL;
}

int input_v4l2_wanted(const char *name)
{
    struct stat s;
    if (strncmp(name, "/dev/video", 10) == 0)
        return 1;
    return stat(name, &s) == 0 && S_ISCHR(s.st_mode) && major(s.st_rdev) == VIDEO_MAJOR;
}

#else

#include <string.h>

int input_v4l2_wanted(const char *name)
{
    return strncmp(name, "/dev/video", 10) == 0;
}

Input *input_v4l2_open_on(const InputRequest *request, const V4l2System *system, Fault *fault)
{
    (void)system;
    fault_set(fault, "%s: cameras are read on Linux only", request->name);
    return NULL;
}

#endif

Input *input_v4l2_open(const InputRequest *request, Fault *fault)
{
    return input_v4l2_open_on(request, NULL, fault);
}

/* See net.h. POSIX, with IPv4 and IPv6; and what of it ESP-IDF has over lwIP (net_system.h). */
#include "stream/net_system.h"

#include "stream/net.h"
#include "base/text.h"
#include "base/thread.h"

#if AVO_HAVE_SOCKETS

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#if defined(ESP_PLATFORM)
#include <sys/poll.h>
#else
#include <poll.h>
#endif
#if defined(__APPLE__) || AVO_NET_LWIP
#include <sys/random.h>
#endif
#if AVO_NET_LWIP
#include <arpa/inet.h>
#endif
#if AVO_THREADS
#include <pthread.h>
#include <signal.h>
#endif

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif

typedef union Address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} Address;

/* ---- opening ---- */

static bool set_unblocking(int s)
{
    int flags = fcntl(s, F_GETFL, 0);
    return flags >= 0 && fcntl(s, F_SETFL, flags | O_NONBLOCK) == 0 &&
           (AVO_NET_LWIP || fcntl(s, F_SETFD, FD_CLOEXEC) == 0);
}

static int open_socket(int family, int type)
{
    int s = socket(family, type, 0);
    if (s >= 0 && !set_unblocking(s)) {
        close(s);
        return AVO_NO_SOCKET;
    }
    return s;
}

static void switch_on(int s, int level, int option)
{
    int one = 1;
    setsockopt(s, level, option, &one, sizeof one);
}

/* A connection: small delays, no signal when it breaks, a send buffer that keeps what is late from
 * piling up. */
static void tune_connection(int s)
{
    int bytes = 256 * 1024;
    switch_on(s, IPPROTO_TCP, TCP_NODELAY);
    switch_on(s, SOL_SOCKET, SO_KEEPALIVE);
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
#if defined(SO_NOSIGPIPE)
    switch_on(s, SOL_SOCKET, SO_NOSIGPIPE);
#endif
}

static void set_port(Address *a, int port)
{
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons((uint16_t)port);
    else
        a->v4.sin_port = htons((uint16_t)port);
}

static int port_of(const Address *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

static socklen_t length_of(const Address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

static int fail_system(AvoMessage *m, const char *what, const char *host, int port, const char *why)
{
    return avo_fail(m, AVOCET_ERR_IO, "cannot %s %s port %d: %s", what, host, port, why);
}

/* The few reasons that a user can do something about, in words that need no locale. */
static const char *why_text(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "the port is in use";
    case EACCES:
        return "not permitted (ports below 1024 are for root)";
    case EADDRNOTAVAIL:
        return "the machine does not have this address";
    case ECONNREFUSED:
        return "nobody listens there";
    case ETIMEDOUT:
        return "no answer in time";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "there is no way to it";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    default:
        return "the system refuses";
    }
}

static AvoSocket listen_at(const Address *address, bool both_families)
{
    AvoSocket s = open_socket(address->any.sa_family, SOCK_STREAM);
    if (s < 0)
        return AVO_NO_SOCKET;
    switch_on(s, SOL_SOCKET, SO_REUSEADDR);
    if (address->any.sa_family == AF_INET6) {
        int only = !both_families;
        setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    if (bind(s, &address->any, length_of(address)) != 0 || listen(s, 64) != 0) {
        int error = errno;
        close(s);
        errno = error;
        return AVO_NO_SOCKET;
    }
    return s;
}

static int port_bound(AvoSocket s)
{
    Address a;
    socklen_t n = sizeof a;
    return getsockname(s, &a.any, &n) == 0 ? port_of(&a) : 0;
}

/* One IPv6 socket takes IPv4 as well; where the machine has no IPv6, an IPv4 socket. */
static int listen_everywhere(int port, AvoSocket *socket_out, int *bound_port, AvoMessage *m)
{
    Address a;
    memset(&a, 0, sizeof a);
    a.v6.sin6_family = AF_INET6;
    a.v6.sin6_addr = in6addr_any;
    set_port(&a, port);
    AvoSocket s = listen_at(&a, true);
    if (s < 0 && errno != EADDRINUSE && errno != EACCES) {
        memset(&a, 0, sizeof a);
        a.v4.sin_family = AF_INET;
        set_port(&a, port);
        s = listen_at(&a, false);
    }
    if (s < 0)
        return fail_system(m, "listen at", "every address,", port, why_text(errno));
    *socket_out = s;
    *bound_port = port_bound(s);
    return 1;
}

static struct addrinfo *look_up(const char *host, int port, int flags, AvoMessage *m)
{
    char service[8];
    struct addrinfo hints, *list = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    avo_format(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &list) != 0) {
        avo_fail(m, AVOCET_ERR_IO, "there is no host %s", host);
        return NULL;
    }
    return list;
}

int avo_net_listen(const char *host, int port, AvoSocket *sockets, int most, int *bound_port,
                   AvoMessage *m)
{
    int count = 0, error = 0;
    if (!host)
        return listen_everywhere(port, sockets, bound_port, m);
    struct addrinfo *list = look_up(host, port, AI_PASSIVE, m);
    if (!list)
        return AVOCET_ERR_IO;
    for (struct addrinfo *i = list; i && count < most; i = i->ai_next) {
        Address a;
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6)
            continue;
        memcpy(&a, i->ai_addr, i->ai_addrlen);
        set_port(&a, count ? *bound_port : port);
        AvoSocket s = listen_at(&a, false);
        if (s < 0) {
            error = errno;
            continue;
        }
        *bound_port = port_bound(s);
        sockets[count++] = s;
    }
    freeaddrinfo(list);
    return count ? count : fail_system(m, "listen at", host, port, why_text(error));
}

static bool name_host(const Address *a, char *host, size_t size)
{
#if AVO_NET_LWIP
    const void *bytes = a->any.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr
                                                     : (const void *)&a->v4.sin_addr;
    return inet_ntop(a->any.sa_family, bytes, host, (socklen_t)size) != NULL;
#else
    return getnameinfo(&a->any, length_of(a), host, (socklen_t)size, NULL, 0, NI_NUMERICHOST) == 0;
#endif
}

static void describe_peer(const Address *a, char peer[AVO_NET_PEER_TEXT])
{
    char host[48];
    if (!name_host(a, host, sizeof host))
        avo_text_copy(host, sizeof host, "?");
    const char *name = memcmp(host, "::ffff:", 7) == 0 ? host + 7 : host;
    bool brackets = name == host && a->any.sa_family == AF_INET6;
    avo_format(peer, AVO_NET_PEER_TEXT, brackets ? "[%s]:%d" : "%s:%d", name, port_of(a));
}

AvoSocket avo_net_accept(AvoSocket listener, char peer[AVO_NET_PEER_TEXT])
{
    Address a;
    socklen_t n = sizeof a;
    AvoSocket s = accept(listener, &a.any, &n);
    if (s < 0)
        return AVO_NO_SOCKET;
    if (!set_unblocking(s)) {
        close(s);
        return AVO_NO_SOCKET;
    }
    tune_connection(s);
    describe_peer(&a, peer);
    return s;
}

/* 0 or an error number. */
static int finish_connecting(AvoSocket s, int timeout_ms)
{
    struct pollfd p = {.fd = s, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;
    if (errno != EINPROGRESS)
        return errno;
    if (poll(&p, 1, timeout_ms) <= 0)
        return ETIMEDOUT;
    return getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

int avo_net_connect(const char *host, int port, int timeout_ms, AvoSocket *connected, AvoMessage *m)
{
    int error = EHOSTUNREACH;
    *connected = AVO_NO_SOCKET;
    struct addrinfo *list = look_up(host, port, 0, m);
    if (!list)
        return AVOCET_ERR_IO;
    for (struct addrinfo *i = list; i && *connected < 0; i = i->ai_next) {
        AvoSocket s = open_socket(i->ai_family, SOCK_STREAM);
        if (s < 0)
            continue;
        tune_connection(s);
        error = connect(s, i->ai_addr, i->ai_addrlen) == 0 ? 0 : finish_connecting(s, timeout_ms);
        if (error == 0)
            *connected = s;
        else
            close(s);
    }
    freeaddrinfo(list);
    return *connected >= 0 ? AVOCET_OK : fail_system(m, "connect to", host, port, why_text(error));
}

bool avo_net_udp_connect(AvoSocket udp, AvoSocket connection, int port)
{
    Address peer;
    socklen_t n = sizeof peer;
    if (getpeername(connection, &peer.any, &n) != 0)
        return false;
    set_port(&peer, port);
    return connect(udp, &peer.any, length_of(&peer)) == 0;
}

static AvoSocket bind_udp(Address *local, int port)
{
    AvoSocket s = open_socket(local->any.sa_family, SOCK_DGRAM);
    int bytes = 512 * 1024;
    if (s < 0)
        return AVO_NO_SOCKET;
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    set_port(local, port);
    if (bind(s, &local->any, length_of(local)) == 0)
        return s;
    close(s);
    return AVO_NO_SOCKET;
}

bool avo_net_udp_pair(AvoSocket connection, const int peer_port[2], AvoSocket pair[2], int port[2])
{
    Address local;
    socklen_t n = sizeof local;
    if (getsockname(connection, &local.any, &n) != 0)
        return false;
    for (int tries = 0; tries < 64; tries++) {
        uint8_t r[2];
        if (!avo_net_random(r, sizeof r))
            return false;
        port[0] = 20000 + ((r[0] << 8 | r[1]) % 20000) * 2; /* even (RFC 3550, 11) */
        port[1] = port[0] + 1;
        pair[0] = bind_udp(&local, port[0]);
        pair[1] = pair[0] < 0 ? AVO_NO_SOCKET : bind_udp(&local, port[1]);
        if (pair[1] >= 0 &&
            (!peer_port[0] || (avo_net_udp_connect(pair[0], connection, peer_port[0]) &&
                               avo_net_udp_connect(pair[1], connection, peer_port[1]))))
            return true;
        avo_net_close(&pair[0]);
        avo_net_close(&pair[1]);
    }
    return false;
}

void avo_net_close(AvoSocket *s)
{
    if (*s >= 0)
        close(*s);
    *s = AVO_NO_SOCKET;
}

/* ---- bytes ---- */

static bool may_go_on(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS ||
           error == ENOMEM;
}

ptrdiff_t avo_net_read(AvoSocket s, uint8_t *data, size_t size)
{
    ssize_t n = recv(s, data, size, 0);
    return n > 0 ? n : n < 0 && may_go_on(errno) ? 0 : -1;
}

ptrdiff_t avo_net_write(AvoSocket s, const uint8_t *data, size_t size)
{
    ssize_t n = send(s, data, size, MSG_NOSIGNAL);
    return n >= 0 ? n : may_go_on(errno) ? 0 : -1;
}

void avo_net_end_writing(AvoSocket s)
{
    shutdown(s, SHUT_WR);
}

/* ---- waiting ---- */

struct AvoNetSet {
    int count;
    struct pollfd item[]; /* as many as avo_net_set_bytes was asked for */
};

size_t avo_net_set_bytes(int most)
{
    return sizeof(AvoNetSet) + (size_t)most * sizeof(struct pollfd);
}

void avo_net_set_clear(AvoNetSet *set)
{
    set->count = 0;
}

int avo_net_set_add(AvoNetSet *set, AvoSocket s, int wanted)
{
    int events = (wanted & AVO_NET_READ ? POLLIN : 0) | (wanted & AVO_NET_WRITE ? POLLOUT : 0);
    set->item[set->count] = (struct pollfd){.fd = s, .events = (short)events};
    return set->count++;
}

int avo_net_set_ready(const AvoNetSet *set, int place)
{
    int got = set->item[place].revents;
    if (got & (POLLERR | POLLHUP | POLLNVAL))
        return AVO_NET_READ | AVO_NET_WRITE;
    return (got & POLLIN ? AVO_NET_READ : 0) | (got & POLLOUT ? AVO_NET_WRITE : 0);
}

void avo_net_set_wait(AvoNetSet *set, int wait_ms)
{
    if (poll(set->item, (nfds_t)set->count, wait_ms) < 0)
        for (int i = 0; i < set->count; i++)
            set->item[i].revents = 0;
}

#if AVO_NET_LWIP
/* A UDP socket that sends to itself. */
static bool open_pair(AvoSocket wake[2])
{
    Address a;
    socklen_t n = sizeof a;
    memset(&a, 0, sizeof a);
    a.v4.sin_family = AF_INET;
    a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wake[0] = wake[1] = socket(AF_INET, SOCK_DGRAM, 0);
    return wake[0] >= 0 && bind(wake[0], &a.any, sizeof a.v4) == 0 &&
           getsockname(wake[0], &a.any, &n) == 0 && connect(wake[0], &a.any, sizeof a.v4) == 0;
}
#else
static bool open_pair(AvoSocket wake[2])
{
    return pipe(wake) == 0;
}
#endif

bool avo_net_wake_open(AvoSocket wake[2])
{
    wake[0] = wake[1] = AVO_NO_SOCKET;
    if (open_pair(wake) && set_unblocking(wake[0]) && set_unblocking(wake[1]))
        return true;
    avo_net_wake_close(wake);
    return false;
}

void avo_net_wake_close(AvoSocket wake[2])
{
    if (wake[1] != wake[0])
        avo_net_close(&wake[1]);
    avo_net_close(&wake[0]);
    wake[1] = AVO_NO_SOCKET;
}

void avo_net_wake_signal(const AvoSocket wake[2])
{
    ssize_t n = write(wake[1], "", 1); /* a full pipe wakes as well */
    (void)n;
}

void avo_net_wake_drain(const AvoSocket wake[2])
{
    char bytes[64];
    while (read(wake[0], bytes, sizeof bytes) > 0)
        ;
}

/* ---- time, chance ---- */

int64_t avo_net_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

uint64_t avo_net_wall_ntp(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return ((uint64_t)t.tv_sec + 2208988800u) << 32 | ((uint64_t)t.tv_nsec << 32) / 1000000000u;
}

bool avo_net_random(uint8_t *bytes, size_t size)
{
#if AVO_NET_LWIP
    return getrandom(bytes, size, 0) == (ssize_t)size;
#else
    return getentropy(bytes, size) == 0;
#endif
}

/* ---- thread and lock ---- */

#if AVO_THREADS

enum { STACK_BYTES = 8 * 1024 }; /* where threads have no room to waste: 3 KB are used */

struct AvoNetThread {
    pthread_mutex_t lock;
    pthread_t thread;
    bool has_lock, started;
    void (*run)(void *argument);
    void *argument;
};

bool avo_net_lock_init(AvoNetThread *t)
{
    t->has_lock = pthread_mutex_init(&t->lock, NULL) == 0;
    return t->has_lock;
}

void avo_net_lock(AvoNetThread *t)
{
    pthread_mutex_lock(&t->lock);
}

void avo_net_unlock(AvoNetThread *t)
{
    pthread_mutex_unlock(&t->lock);
}

static void *thread_main(void *argument)
{
    AvoNetThread *t = argument;
    t->run(t->argument);
    return NULL;
}

/* Signals are for the program's own threads. */
static bool create(AvoNetThread *t)
{
#if defined(ESP_PLATFORM)
    pthread_attr_t attributes;
    bool good = pthread_attr_init(&attributes) == 0 &&
                pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                pthread_create(&t->thread, &attributes, thread_main, t) == 0;
    pthread_attr_destroy(&attributes);
    return good;
#else
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < AVO_COUNT(faults); i++)
        sigdelset(&all, faults[i]);
    bool blocked = pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    bool good = pthread_create(&t->thread, NULL, thread_main, t) == 0;
    if (blocked)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
#endif
}

bool avo_net_thread_start(AvoNetThread *t, void (*run)(void *argument), void *argument)
{
    t->run = run;
    t->argument = argument;
    t->started = create(t);
    return t->started;
}

void avo_net_thread_join(AvoNetThread *t)
{
    if (t->started)
        pthread_join(t->thread, NULL);
    t->started = false;
}

void avo_net_lock_destroy(AvoNetThread *t)
{
    if (t->has_lock)
        pthread_mutex_destroy(&t->lock);
    t->has_lock = false;
}

size_t avo_net_thread_bytes(void)
{
    return sizeof(AvoNetThread);
}

#endif

#endif

/* See net.h. Where there are no sockets everything says so; where there are no threads the caller
 * runs the server (own_thread 0), and nobody else is there to lock out. */
#include "stream/net_system.h"

#include "stream/net.h"
#include "base/text.h"
#include "base/thread.h"

/* ---- no sockets ---- */

#if !AVO_HAVE_SOCKETS

struct AvoNetSet {
    int unused;
};

int avo_net_listen(const char *host, int port, AvoSocket *sockets, int most, int *bound_port,
                   AvoMessage *m)
{
    (void)host, (void)port, (void)sockets, (void)most, (void)bound_port;
    return avo_fail(m, AVOCET_ERR_UNSUPPORTED, "this build has no sockets");
}

AvoSocket avo_net_accept(AvoSocket listener, char peer[AVO_NET_PEER_TEXT])
{
    (void)listener, (void)peer;
    return AVO_NO_SOCKET;
}

int avo_net_connect(const char *host, int port, int timeout_ms, AvoSocket *connected, AvoMessage *m)
{
    (void)host, (void)port, (void)timeout_ms, (void)connected;
    return avo_fail(m, AVOCET_ERR_UNSUPPORTED, "this build has no sockets");
}

bool avo_net_udp_pair(AvoSocket connection, const int peer_port[2], AvoSocket pair[2], int port[2])
{
    (void)connection, (void)peer_port, (void)pair, (void)port;
    return false;
}

bool avo_net_udp_connect(AvoSocket udp, AvoSocket connection, int port)
{
    (void)udp, (void)connection, (void)port;
    return false;
}

void avo_net_close(AvoSocket *s)
{
    *s = AVO_NO_SOCKET;
}

ptrdiff_t avo_net_read(AvoSocket s, uint8_t *data, size_t size)
{
    (void)s, (void)data, (void)size;
    return -1;
}

ptrdiff_t avo_net_write(AvoSocket s, const uint8_t *data, size_t size)
{
    (void)s, (void)data, (void)size;
    return -1;
}

void avo_net_end_writing(AvoSocket s)
{
    (void)s;
}

size_t avo_net_set_bytes(int most)
{
    (void)most;
    return sizeof(AvoNetSet);
}

void avo_net_set_clear(AvoNetSet *set)
{
    (void)set;
}

int avo_net_set_add(AvoNetSet *set, AvoSocket s, int wanted)
{
    (void)set, (void)s, (void)wanted;
    return 0;
}

int avo_net_set_ready(const AvoNetSet *set, int place)
{
    (void)set, (void)place;
    return 0;
}

void avo_net_set_wait(AvoNetSet *set, int wait_ms)
{
    (void)set, (void)wait_ms;
}

bool avo_net_wake_open(AvoSocket wake[2])
{
    wake[0] = wake[1] = AVO_NO_SOCKET;
    return false;
}

void avo_net_wake_close(AvoSocket wake[2])
{
    wake[0] = wake[1] = AVO_NO_SOCKET;
}

void avo_net_wake_signal(const AvoSocket wake[2])
{
    (void)wake;
}

void avo_net_wake_drain(const AvoSocket wake[2])
{
    (void)wake;
}

int64_t avo_net_now_us(void)
{
    return 0;
}

uint64_t avo_net_wall_ntp(void)
{
    return 0;
}

bool avo_net_random(uint8_t *bytes, size_t size)
{
    (void)bytes, (void)size;
    return false;
}

#endif

/* ---- no threads ---- */

#if !AVO_HAVE_SOCKETS || !AVO_THREADS

struct AvoNetThread {
    int unused;
};

bool avo_net_lock_init(AvoNetThread *t)
{
    (void)t;
    return true;
}

void avo_net_lock(AvoNetThread *t)
{
    (void)t;
}

void avo_net_unlock(AvoNetThread *t)
{
    (void)t;
}

bool avo_net_thread_start(AvoNetThread *t, void (*run)(void *argument), void *argument)
{
    (void)t, (void)run, (void)argument;
    return false;
}

void avo_net_thread_join(AvoNetThread *t)
{
    (void)t;
}

void avo_net_lock_destroy(AvoNetThread *t)
{
    (void)t;
}

size_t avo_net_thread_bytes(void)
{
    return sizeof(AvoNetThread);
}

#endif

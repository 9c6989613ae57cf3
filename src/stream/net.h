/* What streaming needs of an operating system: sockets that never block, waiting for them, time,
 * chance, a thread and a lock. net_posix.c is the one file that knows the system; where there is
 * none, those of net_none.c fail. */
#ifndef AVO_STREAM_NET_H
#define AVO_STREAM_NET_H

#include <avocet/types.h>
#include "base/status.h"

typedef int AvoSocket;
enum { AVO_NO_SOCKET = -1, AVO_NET_PEER_TEXT = 64 };

/* ---- sockets ---- */

/* Listens at host (NULL: every address of the machine, IPv4 and IPv6) and port (0: any, the same
 * for all). Returns how many sockets that took, at most `most`, or an error. */
int avo_net_listen(const char *host, int port, AvoSocket *sockets, int most, int *bound_port,
                   AvoMessage *message);
/* A connection that waits, or AVO_NO_SOCKET; peer: its address and port as text. */
AvoSocket avo_net_accept(AvoSocket listener, char peer[AVO_NET_PEER_TEXT]);
/* Connects within the time. */
int avo_net_connect(const char *host, int port, int timeout_ms, AvoSocket *connected,
                    AvoMessage *message);
/* Two UDP sockets with an even port and the one above, at the same local address as the connection.
 * With ports of the peer (not 0) they are connected to these: nobody else's datagrams come in. */
bool avo_net_udp_pair(AvoSocket connection, const int peer_port[2], AvoSocket pair[2], int port[2]);
/* Connects a UDP socket to another port of the connection's peer. */
bool avo_net_udp_connect(AvoSocket udp, AvoSocket connection, int port);
void avo_net_close(AvoSocket *socket);

/* Bytes done; 0: not now; -1: the connection has ended. Datagrams go out whole or not at all. */
ptrdiff_t avo_net_read(AvoSocket socket, uint8_t *data, size_t size);
ptrdiff_t avo_net_write(AvoSocket socket, const uint8_t *data, size_t size);
/* Nothing more will be written; reading goes on. */
void avo_net_end_writing(AvoSocket socket);

/* ---- waiting ---- */

enum { AVO_NET_READ = 1, AVO_NET_WRITE = 2 };

typedef struct AvoNetSet AvoNetSet;
size_t avo_net_set_bytes(int most);
void avo_net_set_clear(AvoNetSet *set);
/* Returns its place in the set. wanted: AVO_NET_READ | AVO_NET_WRITE, 0: only its end. */
int avo_net_set_add(AvoNetSet *set, AvoSocket socket, int wanted);
/* What can be done at that place; an end counts as both. */
int avo_net_set_ready(const AvoNetSet *set, int place);
void avo_net_set_wait(AvoNetSet *set, int wait_ms);

/* A pair to wake a waiting thread: [0] is waited for. */
bool avo_net_wake_open(AvoSocket wake[2]);
void avo_net_wake_close(AvoSocket wake[2]);
void avo_net_wake_signal(const AvoSocket wake[2]);
void avo_net_wake_drain(const AvoSocket wake[2]);

/* ---- time, chance ---- */

int64_t avo_net_now_us(void);                     /* never goes back */
uint64_t avo_net_wall_ntp(void);                  /* seconds since 1900, 32.32 bits */
bool avo_net_random(uint8_t *bytes, size_t size); /* unpredictable */

/* ---- thread and lock ---- */

typedef struct AvoNetThread AvoNetThread;
size_t avo_net_thread_bytes(void);
bool avo_net_lock_init(AvoNetThread *t);
void avo_net_lock(AvoNetThread *t);
void avo_net_unlock(AvoNetThread *t);
bool avo_net_thread_start(AvoNetThread *t, void (*run)(void *argument), void *argument);
void avo_net_thread_join(AvoNetThread *t);
void avo_net_lock_destroy(AvoNetThread *t);

#endif

/* Closes sockets that processes forked by the application must not keep. This is done right after fork in a process
 * that had several threads, so only system calls are used. */

#include "wsgi_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_GUARDED = 1 << 16, MOST_PORTS = 256 };
static _Atomic uint64_t guarded[MOST_GUARDED / 64];
static atomic_bool tripped, installed;

/* Those of the server. */
static in_port_t ports[MOST_PORTS];
static int port_count;
static bool in_server;

/* The local port of an IP stream socket, in network order; 0: it is not such a socket. */
static in_port_t port_of(int descriptor) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_storage room;
    } address;
    socklen_t size = sizeof address;
    int type = 0;
    socklen_t type_size = sizeof type;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM ||
        getsockname(descriptor, &address.any, &size) != 0)
        return 0;
    return address.any.sa_family == AF_INET    ? address.four.sin_port
           : address.any.sa_family == AF_INET6 ? address.six.sin6_port
                                               : 0;
}

static bool is_server_port(in_port_t port) {
    for (int i = 0; i < port_count; i++)
        if (ports[i] == port)
            return true;
    return false;
}

static void note_port(int descriptor) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        return;
    in_port_t port = port_of(descriptor);
    if (port != 0 && port_count < MOST_PORTS && !is_server_port(port))
        ports[port_count++] = port;
}

/* Sockets that listen on a port of the server, and connections of its clients, have that local port. */
static void close_if_server(int descriptor) {
    in_port_t port = port_of(descriptor);
    if (port != 0 && is_server_port(port))
        close(descriptor);
}

static void each_descriptor(void (*visit)(int)) {
    _Alignas(struct dirent64) char room[4096];
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        for (int descriptor = 3; descriptor < MOST_GUARDED; descriptor++)
            visit(descriptor);
        return;
    }
    ssize_t got;
    while ((got = getdents64(folder, room, sizeof room)) > 0)
        for (ssize_t at = 0; at < got;) {
            struct dirent64 *entry = (struct dirent64 *)(void *)(room + at);
            at += entry->d_reclen;
            int descriptor = atoi(entry->d_name); /* 0 for . and .. */
            if (descriptor > 2 && descriptor != folder)
                visit(descriptor);
        }
    close(folder);
}

static void enter_forked(void) {
    atomic_store(&tripped, true);
    for (int word = 0; word < MOST_GUARDED / 64; word++) {
        uint64_t bits = atomic_exchange(&guarded[word], 0);
        for (; bits; bits &= bits - 1)
            close(word * 64 + __builtin_ctzll(bits));
    }
    if (in_server)
        each_descriptor(close_if_server);
}

void wsgi_fork_guard_install(void) {
    if (!atomic_exchange(&installed, true))
        pthread_atfork(NULL, NULL, enter_forked);
}

void wsgi_fork_guard_server(void) {
    port_count = 0;
    each_descriptor(note_port);
    in_server = true;
    wsgi_fork_guard_install();
}

void wsgi_fork_guard_set(int32_t descriptor, bool on) {
    if (descriptor < 0 || descriptor >= MOST_GUARDED)
        return;
    uint64_t bit = (uint64_t)1 << (descriptor % 64);
    if (on)
        atomic_fetch_or(&guarded[descriptor / 64], bit);
    else
        atomic_fetch_and(&guarded[descriptor / 64], ~bit);
}

bool wsgi_fork_guard_tripped(void) { return atomic_load_explicit(&tripped, memory_order_relaxed); }

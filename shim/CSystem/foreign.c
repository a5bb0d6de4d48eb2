/* Closing what a worker has sent, without waiting for that.
 *
 * The last close of a socket can take as long as its sender likes (SO_LINGER), that of a file as long as the program
 * that is its file system, and both can be in the queue of a connection that is closed. So a thread of its own does it.
 */

#include "wsgi_system.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    uint32_t *closing;
    size_t count;
    int32_t descriptors[];
} foreign_files;

static void *close_all(void *context) {
    foreign_files *files = context;
    for (size_t i = 0; i < files->count; i++)
        wsgi_close_received(files->descriptors[i]);
    __atomic_sub_fetch(files->closing, 1, __ATOMIC_RELEASE);
    free(files);
    return NULL;
}

void wsgi_close_foreign(const int32_t *descriptors, size_t count, uint32_t *closing) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (count == 0)
        return;
    /* Where there is no memory or thread they stay open, and count. */
    __atomic_add_fetch(closing, 1, __ATOMIC_ACQUIRE);
    foreign_files *files = malloc(sizeof *files + count * sizeof *descriptors);
    if (!files)
        return;
    *files = (foreign_files){.closing = closing, .count = count};
    memcpy(files->descriptors, descriptors, count * sizeof *descriptors);
    if (pthread_attr_init(&attributes) != 0) {
        free(files);
        return;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, &attributes, close_all, files) != 0)
        free(files);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

void wsgi_close_connection(int32_t socket, uint32_t *closing) {
    char byte;
    /* Nothing comes into the queue from now on; and another process may hold the socket through a fork. */
    shutdown(socket, SHUT_RDWR);
    if (recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        wsgi_close_foreign(&socket, 1, closing);
    else
        close(socket);
}

bool wsgi_is_clogged(const uint32_t *closing) {
    return __atomic_load_n(closing, __ATOMIC_RELAXED) >= WSGI_MOST_CLOSING;
}

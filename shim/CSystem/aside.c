/* Closing sockets at which anybody may have put descriptors, in a process that nobody waits for. The last one to close
 * a connection, or a listening socket with connections, closes what was sent on it, too; that takes an hour for a
 * socket with SO_LINGER, and any time for other files. A process that ends does not wait for lingering. */

#include "wsgi_system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 10, MOST_CONNECTIONS = 8192 };

static void close_between(int first, int last) {
    if (first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0)
        return;
    for (int other = first; other <= last && other < 65536; other++)
        close(other);
}

/* True in a new process that has these descriptors, which are sorted, and no others. False in the caller. */
static bool step_aside(const int32_t *kept, size_t count) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        /* Its child belongs to init, so that nobody has to reap it. */
        if (fork() != 0)
            _exit(0);
        int first = 0;
        for (size_t i = 0; i < count; i++) {
            close_between(first, kept[i] - 1);
            first = kept[i] + 1;
        }
        close_between(first, INT32_MAX);
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(SIGALRM, &action, NULL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        alarm(PATIENCE);
        return true;
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return false;
}

void wsgi_turn_away(int32_t listener) {
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    if (poll(&waiting, 1, 0) != 1 || !step_aside(&listener, 1))
        return;
    wsgi_set_nonblocking(listener, true);
    for (int count = 0; count < MOST_CONNECTIONS && accept4(listener, NULL, NULL, SOCK_CLOEXEC) >= 0; count++)
        ;
    _exit(0);
}

void wsgi_close_aside(const int32_t *descriptors, size_t count) {
    int ends[2];
    int32_t *kept = count > 0 ? malloc((count + 1) * sizeof *kept) : NULL;
    if (kept && pipe2(ends, O_CLOEXEC) == 0) {
        memcpy(kept, descriptors, count * sizeof *kept);
        kept[count] = fcntl(ends[0], F_DUPFD_CLOEXEC, descriptors[count - 1] + 1);
        if (kept[count] >= 0 && step_aside(kept, count + 1)) {
            /* It is to be the last: it ends when the caller has closed them. */
            char byte;
            ssize_t got = read(kept[count], &byte, 1);
            _exit(got == 0 ? 0 : 1);
        }
        for (size_t i = 0; i < count; i++)
            close(descriptors[i]);
        close(kept[count]);
        close(ends[0]);
        close(ends[1]);
    } else
        for (size_t i = 0; i < count; i++)
            close(descriptors[i]);
    free(kept);
}

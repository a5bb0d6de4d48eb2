/* Closes sockets that may have untrusted descriptors in their queues, in a detached process. The last close of a
 * connection, or of a listening socket with connections, also closes the descriptors that were sent on it. That can
 * take as long as the sender wants (SO_LINGER). A process that ends does not wait for lingering. */

#include "child.h"
#include "wsgi_system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 10, MOST_CONNECTIONS = 8192, MOST_REPEATED = 4 };

/* Returns 0 in a new process that has only these descriptors, which are sorted. Returns 1 in the caller, or -1 if no
 * process could be created. */
static int step_aside(const int32_t *kept, size_t count) {
    pid_t child = wsgi_fork_quietly();
    if (child == 0) {
        /* init, or the supervisor, which reaps strays, adopts its child. */
        pid_t inner = fork();
        if (inner != 0)
            _exit(inner > 0 ? 0 : 1);
        int first = 0;
        for (size_t i = 0; i < count; i++) {
            wsgi_close_between(first, kept[i] - 1);
            first = kept[i] + 1;
        }
        wsgi_close_between(first, INT32_MAX);
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(SIGALRM, &action, NULL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        alarm(PATIENCE);
        return 0;
    }
    if (child < 0)
        return -1;
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : -1;
}

/* A list of descriptors and the end of a pipe, which has the highest number, for step_aside. */
struct kept {
    int32_t *list;
    size_t count;
    int other; /* the pipe's other end */
};

static bool keep(struct kept *kept, const int32_t *descriptors, size_t count, bool writing) {
    int ends[2];
    kept->list = malloc((count + 1) * sizeof *kept->list);
    if (!kept->list || pipe2(ends, O_CLOEXEC) != 0) {
        free(kept->list);
        return false;
    }
    memcpy(kept->list, descriptors, count * sizeof *kept->list);
    kept->list[count] = fcntl(ends[writing ? 1 : 0], F_DUPFD_CLOEXEC, descriptors[count - 1] + 1);
    kept->count = count + 1;
    kept->other = ends[writing ? 0 : 1];
    close(ends[writing ? 1 : 0]);
    if (kept->list[count] >= 0)
        return true;
    close(kept->other);
    free(kept->list);
    return false;
}

/* Pipes that close when the processes of repeated calls end. */
static int repeated[MOST_REPEATED] = {-1, -1, -1, -1};

/* A free entry; NULL: there are enough processes. */
static int *socket_for_repeated(void) {
    int *found = NULL;
    for (int i = 0; i < MOST_REPEATED; i++) {
        struct pollfd end = {.fd = repeated[i]};
        if (repeated[i] >= 0 && poll(&end, 1, 0) == 1) {
            close(repeated[i]);
            repeated[i] = -1;
        }
        if (repeated[i] < 0)
            found = &repeated[i];
    }
    return found;
}

static _Noreturn void turn_away(const int32_t *listeners, size_t count) {
    for (size_t i = 0; i < count; i++) {
        wsgi_set_nonblocking(listeners[i], true);
        for (int taken = 0; taken < MOST_CONNECTIONS && accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC) >= 0; taken++)
            ;
    }
    _exit(0);
}

void wsgi_turn_away(const int32_t *listeners, size_t count, bool is_repeated) {
    bool is_wanted = false;
    for (size_t i = 0; i < count && !is_wanted; i++) {
        struct pollfd waiting = {.fd = listeners[i], .events = POLLIN};
        is_wanted = poll(&waiting, 1, 0) == 1;
    }
    int *repeated = is_repeated ? socket_for_repeated() : NULL;
    struct kept kept;
    if (!is_wanted || (is_repeated && !repeated) || !keep(&kept, listeners, count, true))
        return;
    int outcome = step_aside(kept.list, kept.count);
    if (outcome == 0)
        turn_away(listeners, count);
    close(kept.list[count]);
    free(kept.list);
    if (outcome > 0 && repeated)
        *repeated = kept.other;
    else
        close(kept.other);
}

/* Moves descriptors that are not sockets to the end. Returns the number of sockets. */
static size_t sockets_first(int32_t *descriptors, size_t count) {
    size_t sockets = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        int32_t here = descriptors[i];
        if (fstat(here, &status) != 0 || !S_ISSOCK(status.st_mode))
            continue;
        descriptors[i] = descriptors[sockets];
        descriptors[sockets++] = here;
    }
    return sockets;
}

size_t wsgi_close_aside(int32_t *descriptors, size_t count) {
    size_t sockets = sockets_first(descriptors, count);
    for (size_t i = sockets; i < count; i++)
        close(descriptors[i]);
    struct kept kept;
    if (sockets == 0)
        return 0;
    if (!keep(&kept, descriptors, sockets, false))
        return sockets;
    int outcome = step_aside(kept.list, kept.count);
    if (outcome == 0) {
        /* This process must be the last to close them, so it ends after the caller has closed them. */
        char byte;
        ssize_t got = read(kept.list[sockets], &byte, 1);
        _exit(got == 0 ? 0 : 1);
    }
    for (size_t i = 0; i < sockets && outcome > 0; i++)
        close(descriptors[i]);
    close(kept.list[sockets]);
    close(kept.other);
    free(kept.list);
    return outcome > 0 ? 0 : sockets;
}

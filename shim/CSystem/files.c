/* The querying process. The helper is in files_helper.c. */

#include "files.h"

#include "child.h"
#include "wsgi_system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, GRACE = 250, SLOW = 10, SLICE = 20 };

/* A user whose files were slow. */
typedef struct {
    uid_t user;
    int64_t used;       /* nanoseconds spent waiting for them */
    int64_t since;      /* when `used` was 0 */
    int64_t lost_until; /* no queries before; INT64_MAX: no queries at all */
    int stuck;          /* pidfd of a helper that was killed and has not ended; -1: none */
} slow_user;

static struct { int64_t user, total, pause; } limits = {2000, 4000, -1};

static int helper = -1; /* its pidfd */
static int helper_socket = -1;
static int64_t asked; /* time of the last query */
static int64_t total_used;
static slow_user *slow;
static size_t slow_count;

/* Helpers that were killed while they served no user's query, and have not ended yet. */
static int ending[16] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

void wsgi_files_limit(int64_t user, int64_t total, int64_t pause) {
    limits.user = user;
    limits.total = total;
    limits.pause = pause;
}

static int64_t now(void) { return (int64_t)wsgi_monotonic_nanoseconds(); }

/* Reaps a killed helper. Returns false if it has not ended, because the kernel waits for a file system. */
static bool has_ended(int pidfd, int milliseconds) {
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    int64_t end = now() + (int64_t)milliseconds * MILLISECOND;
    int found;
    while ((found = poll(&wanted, 1, milliseconds)) < 0 && errno == EINTR) {
        int64_t left = (end - now()) / MILLISECOND;
        milliseconds = left > 0 ? (int)left : 0;
    }
    if (found != 1)
        return false;
    siginfo_t info;
    waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG); /* httpd may have reaped it */
    close(pidfd);
    return true;
}

/* Kills the helper. Returns its pidfd if it has not ended within the time, or -1. */
static int stop_helper(int milliseconds) {
    if (helper < 0)
        return -1;
    int pidfd = helper;
    shutdown(helper_socket, SHUT_RDWR); /* it exits at end of input */
    close(helper_socket);
    helper = helper_socket = -1;
    wsgi_pidfd_kill(pidfd, SIGKILL);
    return has_ended(pidfd, milliseconds) ? -1 : pidfd;
}

/* Ends the helper, and reaps it later if it has not ended within the time. */
static void let_go(int milliseconds) {
    int pidfd = stop_helper(milliseconds);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        if (ending[i] >= 0 && has_ended(ending[i], 0))
            ending[i] = -1;
        if (ending[i] < 0) {
            ending[i] = pidfd;
            pidfd = -1;
        }
    }
    if (pidfd >= 0)
        close(pidfd);
}

static int32_t start_helper(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    struct timeval slice = {.tv_usec = SLICE * 1000};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice);
    pid_t child = wsgi_fork_quietly();
    if (child == 0) {
        prctl(PR_SET_NAME, "wsgi-files");
        wsgi_files_serve(ends[1]);
    }
    int code = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return -code;
    }
    helper = wsgi_pidfd_open(child);
    /* In a sandbox without pidfds, its socket shows when it has ended. It cannot be killed, and httpd reaps it. */
    if (helper == -ENOSYS || helper == -EPERM)
        helper = wsgi_duplicate(ends[0], 0);
    if (helper < 0) {
        code = -helper;
        helper = -1;
        close(ends[0]);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0); /* it has not accessed any file yet */
        return -code;
    }
    helper_socket = ends[0];
    return 0;
}

void wsgi_files_begin(void) {
    if (helper < 0)
        start_helper(); /* the first query tries again */
}

/* Sends or receives all bytes before `deadline`. */
static bool transfer(bool sends, struct iovec *parts, size_t count, int64_t deadline) {
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    for (;;) {
        while (message.msg_iovlen > 0 && message.msg_iov->iov_len == 0) {
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen == 0)
            return true;
        ssize_t moved = sends ? sendmsg(helper_socket, &message, MSG_NOSIGNAL) : recvmsg(helper_socket, &message, 0);
        if (moved == 0 || (moved < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        if (moved < 0 && now() >= deadline)
            return false;
        for (size_t left = moved > 0 ? (size_t)moved : 0; left > 0;) {
            struct iovec *part = message.msg_iov;
            size_t here = left < part->iov_len ? left : part->iov_len;
            part->iov_base = (char *)part->iov_base + here;
            part->iov_len -= here;
            left -= here;
            if (part->iov_len == 0) {
                message.msg_iov++;
                message.msg_iovlen--;
            }
        }
    }
}

static slow_user *find_slow(uid_t user) {
    for (size_t i = 0; i < slow_count; i++)
        if (slow[i].user == user)
            return &slow[i];
    return NULL;
}

static slow_user *add_slow(uid_t user) {
    slow_user *known = find_slow(user);
    if (known)
        return known;
    slow_user *grown = realloc(slow, (slow_count + 1) * sizeof *slow);
    if (!grown)
        return NULL;
    slow = grown;
    slow[slow_count] = (slow_user){.user = user, .since = now(), .stuck = -1};
    return &slow[slow_count++];
}

/* Maximum time for an answer about files of a user, in nanoseconds; 0: no queries about them. */
static int64_t patience(slow_user *known, bool needed) {
    int64_t left = limits.user * MILLISECOND;
    if (known) {
        if (known->stuck >= 0 && has_ended(known->stuck, 0))
            known->stuck = -1;
        if (known->stuck >= 0 || known->lost_until > now())
            return 0;
        if (known->lost_until != 0 || (limits.pause >= 0 && now() - known->since >= limits.pause * MILLISECOND)) {
            known->lost_until = known->used = 0;
            known->since = now();
        }
        left -= known->used;
    }
    if (limits.total >= 0 && total_used >= limits.total * MILLISECOND) {
        int64_t grace = (int64_t)GRACE * MILLISECOND;
        return needed ? (left < grace ? left : grace) : 0;
    }
    return left;
}

/* Records how long an answer took; `failed`: it did not arrive. If the time is renewed after a pause, all answers
 * count, otherwise only slow ones. */
static void note(uid_t user, int64_t taken, bool failed) {
    if (!failed && limits.pause < 0 && taken < SLOW * MILLISECOND)
        return;
    total_used += taken;
    slow_user *known = add_slow(user);
    if (!known) {
        if (failed)
            let_go(0);
        return;
    }
    known->used += taken;
    if (failed)
        known->stuck = stop_helper(0);
    if (failed || known->used >= limits.user * MILLISECOND)
        known->lost_until = limits.pause < 0 ? INT64_MAX : now() + limits.pause * MILLISECOND;
}

static bool exchange(int32_t question, int64_t argument, const wsgi_files_user *user, const char *paths, size_t length,
                     int64_t deadline, void *answer, size_t capacity, wsgi_files_reply *reply) {
    wsgi_files_request request = {
        .question = question,
        .is_self = user->is_self,
        .argument = argument,
        .user = user->user,
        .group = user->group,
        .group_count = user->is_self ? 0 : (uint32_t)user->group_count,
        .length = (uint32_t)length,
    };
    struct iovec sent[] = {{&request, sizeof request},
                           {(void *)(uintptr_t)user->groups, request.group_count * sizeof(gid_t)},
                           {(void *)(uintptr_t)paths, length}};
    struct iovec head = {reply, sizeof *reply};
    if (!transfer(true, sent, 3, deadline) || !transfer(false, &head, 1, deadline) || reply->length > capacity)
        return false;
    struct iovec body = {answer, reply->length};
    return transfer(false, &body, 1, deadline);
}

int64_t wsgi_files_ask(int32_t question, int64_t argument, const wsgi_files_user *user, bool needed, const char *paths,
                       size_t length, void *answer, size_t capacity) {
    if (length > WSGI_FILES_ROOM || user->group_count > WSGI_FILES_GROUPS)
        return -E2BIG;
    wsgi_files_reply reply = {0};
    uid_t whose = user->is_self ? (uid_t)-1 : user->user;
    int64_t allowed = patience(find_slow(whose), needed);
    if (allowed <= 0)
        return -ETIMEDOUT;
    asked = now();
    if (helper < 0 && start_helper() != 0)
        return -ETIMEDOUT;
    int64_t begin = now();
    bool done = exchange(question, argument, user, paths, length, begin + allowed, answer, capacity, &reply);
    /* The helper was ended by another process, which does not indicate a problem with these files. */
    if (!done && now() - begin < allowed / 2) {
        let_go(0);
        if (start_helper() != 0)
            return -ETIMEDOUT;
        done = exchange(question, argument, user, paths, length, begin + allowed, answer, capacity, &reply);
    }
    note(whose, now() - begin, !done);
    if (!done)
        return -ETIMEDOUT;
    return reply.code != 0 ? -(int64_t)reply.code : (int64_t)reply.length;
}

void wsgi_files_rest(int64_t milliseconds) {
    if (now() - asked >= milliseconds * MILLISECOND)
        let_go(0);
}

void wsgi_files_end(void) {
    let_go(1000); /* immediate unless the machine is busy; httpd would log an unknown child */
    size_t kept = 0;
    for (size_t i = 0; i < slow_count; i++) {
        if (slow[i].stuck < 0 || has_ended(slow[i].stuck, 0))
            continue;
        slow[kept] = (slow_user){.user = slow[i].user, .stuck = slow[i].stuck};
        kept++;
    }
    slow_count = kept;
    total_used = 0;
}

int32_t wsgi_give_socket(const char *path, uid_t user, gid_t group) {
    struct stat status;
    int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return -errno;
    int32_t code = 0;
    if (fstat(file, &status) != 0)
        code = -errno;
    else if (!S_ISSOCK(status.st_mode))
        code = -ENOTSOCK;
    else if ((status.st_uid != user || status.st_gid != group) && fchownat(file, "", user, group, AT_EMPTY_PATH) != 0)
        code = -errno;
    close(file);
    return code;
}

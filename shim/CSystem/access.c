#include "wsgi_access.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(WSGI_ACCESS_EXECUTE == X_OK && WSGI_ACCESS_WRITE == W_OK && WSGI_ACCESS_READ == R_OK, "as in unistd.h");

int32_t wsgi_refused_part(const char *path, int32_t mode) {
    char part[PATH_MAX];
    size_t length = strnlen(path, sizeof part);
    if (length == 0 || length >= sizeof part)
        return 0;
    for (size_t end = 1; end <= length; end++) {
        if (end < length && path[end] != '/')
            continue;
        memcpy(part, path, end);
        part[end] = 0;
        if (access(part, end < length ? X_OK : F_OK) != 0)
            return (int32_t)end;
    }
    return access(path, mode) != 0 ? (int32_t)length : 0;
}

/* What a process with a user's rights tells: an errno, and the refused part. */
typedef struct {
    int32_t code;
    int32_t refused;
} answer;

typedef struct {
    int32_t mode;
    char path[PATH_MAX];
} question;

/* A process that has a user's rights and waits for questions. */
typedef struct {
    pid_t process;
    int socket;
    uid_t user;
    gid_t group;
    size_t group_count;
    gid_t *groups;
    bool is_lost; /* it does not answer any more */
} agent;

/* As many users are asked about in turn where each site has its own. */
enum { MOST_AGENTS = 8 };

static agent agents[MOST_AGENTS];
static size_t agent_count;
static size_t next_agent;

static _Noreturn void serve(int socket, uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    int denied = setgid(group) != 0 || setgroups(group_count, groups) != 0 || setuid(user) != 0 ? errno : 0;
    static question asked;
    for (;;) {
        ssize_t got = recv(socket, &asked, sizeof asked, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= (ssize_t)sizeof asked.mode)
            _exit(0);
        asked.path[sizeof asked.path - 1] = 0;
        answer found = {-denied, 0};
        if (denied == 0 && access(asked.path, asked.mode) != 0) {
            found.code = errno;
            found.refused = wsgi_refused_part(asked.path, asked.mode);
        }
        if (send(socket, &found, sizeof found, MSG_NOSIGNAL) != sizeof found)
            _exit(1);
    }
}

static void end(agent *one) {
    close(one->socket);
    /* It holds the sockets of those before it, so it would not see them close: it is ended, not told to. */
    kill(one->process, SIGKILL);
    while (waitpid(one->process, NULL, 0) < 0 && errno == EINTR)
        ;
    free(one->groups);
}

void wsgi_access_end(void) {
    for (size_t place = 0; place < agent_count; place++)
        end(&agents[place]);
    agent_count = next_agent = 0;
}

static int32_t start(agent *one, uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    int ends[2];
    sigset_t all, before;
    size_t size = (group_count > 0 ? group_count : 1) * sizeof *groups;
    gid_t *copy = malloc(size);
    if (copy == NULL)
        return -ENOMEM;
    if (group_count > 0)
        memcpy(copy, groups, group_count * sizeof *groups);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(copy);
        return -errno;
    }
    /* Its user may stop it; nobody waits for it long. */
    struct timeval patience = {.tv_sec = 5};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* No handler of httpd's may run in the child. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        serve(ends[1], user, group, groups, group_count);
    }
    int code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        free(copy);
        return -code;
    }
    *one = (agent){child, ends[0], user, group, group_count, copy, false};
    return 0;
}

/* The process of a user; the one that was started first makes room for another. */
static int32_t find(agent **found, uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    for (size_t place = 0; place < agent_count; place++) {
        agent *one = &agents[place];
        if (one->user == user && one->group == group && one->group_count == group_count &&
            (group_count == 0 || memcmp(one->groups, groups, group_count * sizeof *groups) == 0)) {
            *found = one;
            return 0;
        }
    }
    agent made;
    int32_t code = start(&made, user, group, groups, group_count);
    if (code != 0)
        return code;
    size_t place = agent_count;
    if (agent_count < MOST_AGENTS)
        agent_count++;
    else {
        place = next_agent++ % MOST_AGENTS;
        end(&agents[place]);
    }
    agents[place] = made;
    *found = &agents[place];
    return 0;
}

int32_t wsgi_access_as(const char *path, int32_t mode, uid_t user, gid_t group, const gid_t *groups, size_t group_count,
                       int32_t *refused) {
    static question asked;
    agent *one = NULL;
    *refused = 0;
    size_t length = strnlen(path, sizeof asked.path);
    if (length >= sizeof asked.path)
        return -ENAMETOOLONG;
    int32_t code = find(&one, user, group, groups, group_count);
    if (code != 0)
        return code;
    if (one->is_lost)
        return -EIO;
    asked.mode = mode;
    memcpy(asked.path, path, length + 1);
    answer told = {-EIO, 0};
    ssize_t got = -1;
    if (send(one->socket, &asked, sizeof asked.mode + length + 1, MSG_NOSIGNAL) > 0)
        do
            got = recv(one->socket, &told, sizeof told, 0);
        while (got < 0 && errno == EINTR);
    if (got != sizeof told) {
        /* Its user has stopped it, and would stop the next one; and a late answer would be taken for that to another
         * question. */
        one->is_lost = true;
        return -EIO;
    }
    *refused = told.refused;
    return told.code;
}

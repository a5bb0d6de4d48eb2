#include "wsgi_access.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
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

/* What the process with the user's rights tells: an errno, and the refused part. */
typedef struct {
    int32_t code;
    int32_t refused;
} answer;

static _Noreturn void ask(int report, const char *path, int32_t mode, uid_t user, gid_t group, const gid_t *groups,
                          size_t group_count) {
    answer found = {0, 0};
    if (setgid(group) != 0 || setgroups(group_count, groups) != 0 || setuid(user) != 0)
        found.code = -errno;
    else if (access(path, mode) != 0) {
        found.code = errno;
        found.refused = wsgi_refused_part(path, mode);
    }
    ssize_t written = write(report, &found, sizeof found);
    _exit(written == sizeof found ? 0 : 1);
}

int32_t wsgi_access_as(const char *path, int32_t mode, uid_t user, gid_t group, const gid_t *groups, size_t group_count,
                       int32_t *refused) {
    int report[2];
    sigset_t all, before;
    *refused = 0;
    if (pipe(report) != 0)
        return -errno;
    /* No handler of httpd's may run in the child. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        ask(report[1], path, mode, user, group, groups, group_count);
    int code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    answer told = {child < 0 ? -code : -EIO, 0};
    if (child > 0) {
        ssize_t got;
        do
            got = read(report[0], &told, sizeof told);
        while (got < 0 && errno == EINTR);
        if (got != sizeof told)
            told = (answer){-EIO, 0};
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(report[0]);
    *refused = told.refused;
    return told.code;
}

#include "wsgi_spawn.h"

#include "wsgi_access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_SPARE = 64, MAX_DESCRIPTORS = 32 };

static _Noreturn void fail(int report, int step, int code, int refused) {
    wsgi_spawn_failure failure = {.step = step, .code = code, .refused = refused};
    ssize_t written = write(report, &failure, sizeof failure);
    _exit(written == sizeof failure ? 127 : 126);
}

static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts the wanted descriptors in their places, by way of high numbers so that none is overwritten before it was used.
 */
static int place_descriptors(const wsgi_spawn_request *request, int *report) {
    int moved[MAX_DESCRIPTORS];
    int count = (int)request->descriptor_count;
    if ((*report = fcntl(*report, F_DUPFD_CLOEXEC, FIRST_SPARE)) < 0)
        return -1;
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(request->descriptors[i], F_DUPFD_CLOEXEC, FIRST_SPARE)) < 0)
            return -1;
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0)
            return -1;
    if (syscall(SYS_close_range, (unsigned)count, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        for (int other = count; other < 65536; other++)
            fcntl(other, F_SETFD, FD_CLOEXEC);
    return 0;
}

static int set_open_files(uint64_t soft) {
    struct rlimit limit;
    if (soft == 0)
        return 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static _Noreturn void run_child(const wsgi_spawn_request *request, int report) {
    setsid();
    if (place_descriptors(request, &report) != 0)
        fail(report, WSGI_SPAWN_DESCRIPTORS, errno, 0);
    reset_signals();
    if (set_open_files(request->open_files) != 0)
        fail(report, WSGI_SPAWN_LIMITS, errno, 0);
    if (request->mask >= 0)
        umask((mode_t)request->mask);
    if (request->changes_user) {
        if (setgid(request->group) != 0)
            fail(report, WSGI_SPAWN_GROUP, errno, 0);
        if (setgroups(request->group_count, request->groups) != 0)
            fail(report, WSGI_SPAWN_SUPPLEMENTARY_GROUPS, errno, 0);
        if (setuid(request->user) != 0)
            fail(report, WSGI_SPAWN_USER, errno, 0);
    }
    if (request->directory && chdir(request->directory) != 0) {
        int code = errno;
        fail(report, WSGI_SPAWN_DIRECTORY, code, wsgi_refused_part(request->directory, WSGI_ACCESS_EXECUTE));
    }
    execve(request->executable, request->arguments, request->environment);
    int code = errno;
    fail(report, WSGI_SPAWN_EXECUTE, code, wsgi_refused_part(request->executable, WSGI_ACCESS_EXECUTE));
}

pid_t wsgi_spawn(const wsgi_spawn_request *request, wsgi_spawn_failure *failure) {
    int report[2];
    sigset_t all, before;
    *failure = (wsgi_spawn_failure){.step = WSGI_SPAWN_FORK};
    if (request->descriptor_count > MAX_DESCRIPTORS) {
        failure->code = EINVAL;
        return -1;
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        failure->code = errno;
        return -1;
    }
    /* No handler of ours may run in the child before the dispositions are reset. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        run_child(request, report[1]);
    int code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        failure->code = code;
        return -1;
    }
    wsgi_spawn_failure told;
    ssize_t got;
    do
        got = read(report[0], &told, sizeof told);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got != sizeof told)
        return child;
    *failure = told;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return -1;
}

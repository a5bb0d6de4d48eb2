#include "wsgi_spawn.h"

#include "child.h"
#include "wsgi_files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_SPARE = 64, MAX_DESCRIPTORS = 32 };

/* A report of the child: a failed step, after which it ends, or a wish that was not granted. */
struct news {
    int32_t step; /* 0: a wish */
    int32_t code;
    int32_t detail; /* `denied`, or which wish */
};

static _Noreturn void fail(int report, int step, int code, int denied) {
    struct news news = {.step = step, .code = code, .detail = denied};
    ssize_t written = write(report, &news, sizeof news);
    _exit(written == sizeof news ? 127 : 126);
}

static void deny(int report, int wish) {
    struct news news = {.code = errno, .detail = wish};
    ssize_t written = write(report, &news, sizeof news);
    (void)written; /* the pipe has space for all wishes */
}

static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves the wanted descriptors to their numbers, through high numbers so that none is overwritten before it is used. */
static int place_descriptors(const wsgi_spawn_request *request, int *report) {
    int moved[MAX_DESCRIPTORS];
    int count = (int)request->descriptor_count;
    /* A failure of this call is reported through the original descriptor. */
    int high = fcntl(*report, F_DUPFD_CLOEXEC, FIRST_SPARE);
    if (high < 0)
        return -1;
    *report = high;
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(request->descriptors[i], F_DUPFD_CLOEXEC, FIRST_SPARE)) < 0)
            return -1;
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0)
            return -1;
    /* Inherited descriptors are closed now, not by exec: the user may stop this process before exec, and the processes
     * at the other ends must not mistake it for its parent. */
    if (high != count && dup3(high, count, O_CLOEXEC) < 0)
        return -1;
    *report = count;
    wsgi_close_between(count + 1, INT_MAX);
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

static void set_limit(int report, int wish, int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    if (soft > 0 && setrlimit((__rlimit_resource_t)resource, &limit) != 0)
        deny(report, wish);
}

static void set_limits(const wsgi_spawn_limits *limits, int report) {
    set_limit(report, WSGI_SPAWN_CPU_TIME, RLIMIT_CPU, limits->cpu_time, limits->most_cpu_time);
    set_limit(report, WSGI_SPAWN_DATA, RLIMIT_DATA, limits->data, limits->data);
    set_limit(report, WSGI_SPAWN_ADDRESS_SPACE, RLIMIT_AS, limits->address_space, limits->address_space);
}

/* Lowers the priority for the time of the start: that of the thread, and that of the session if the kernel schedules by
 * sessions (autogroup). */
static void raise_nice_value(int amount) {
    char text[2] = {(char)('0' + amount / 10), (char)('0' + amount % 10)};
    int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t written = write(file, text, sizeof text);
        (void)written; /* only its speed depends on it */
        close(file);
    }
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (errno == 0)
        setpriority(PRIO_PROCESS, 0, now + amount);
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
    if (request->limits.priority != 0 && setpriority(PRIO_PROCESS, 0, request->limits.priority) != 0)
        deny(report, WSGI_SPAWN_PRIORITY);
    if (request->nice_increment > 0)
        raise_nice_value(request->nice_increment);
    set_limits(&request->limits, report);
    if (request->root && (chroot(request->root) != 0 || chdir("/") != 0)) {
        int code = errno;
        fail(report, WSGI_SPAWN_ROOT, code, wsgi_denied_part(request->root, WSGI_ACCESS_EXECUTE));
    }
    if (request->changes_user) {
        if (setgid(request->group) != 0)
            fail(report, WSGI_SPAWN_GROUP, errno, 0);
        if (setgroups(request->group_count, request->groups) != 0)
            fail(report, WSGI_SPAWN_SUPPLEMENTARY_GROUPS, errno, 0);
        if (setuid(request->user) != 0)
            fail(report, WSGI_SPAWN_USER, errno, 0);
    }
    if (request->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(report, WSGI_SPAWN_USER, errno, 0);
    if (request->directory && chdir(request->directory) != 0) {
        int code = errno;
        fail(report, WSGI_SPAWN_DIRECTORY, code, wsgi_denied_part(request->directory, WSGI_ACCESS_EXECUTE));
    }
    execve(request->executable, request->arguments, request->environment);
    int code = errno;
    fail(report, WSGI_SPAWN_EXECUTE, code, wsgi_denied_part(request->executable, WSGI_ACCESS_EXECUTE));
}

pid_t wsgi_spawn_begin(const wsgi_spawn_request *request, int32_t *reading, wsgi_spawn_failure *failure) {
    int report[2];
    *failure = (wsgi_spawn_failure){.step = WSGI_SPAWN_FORK};
    if (request->descriptor_count > MAX_DESCRIPTORS) {
        failure->code = EINVAL;
        return -1;
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        failure->code = errno;
        return -1;
    }
    pid_t child = wsgi_fork_quietly();
    if (child == 0)
        run_child(request, report[1]);
    int code = errno;
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        failure->code = code;
        return -1;
    }
    failure->step = 0;
    *reading = report[0];
    return child;
}

bool wsgi_spawn_listen(int32_t reading, bool wait, wsgi_spawn_failure *failure) {
    for (;;) {
        struct pollfd ready = {.fd = reading, .events = POLLIN};
        struct news told;
        if (!wait && poll(&ready, 1, 0) != 1)
            return true;
        ssize_t got = read(reading, &told, sizeof told);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != sizeof told)
            return false;
        if (told.step == 0) {
            if (told.detail >= 0 && told.detail < WSGI_SPAWN_WISHES)
                failure->denied[told.detail] = told.code;
            continue;
        }
        failure->step = told.step;
        failure->code = told.code;
        failure->denied_length = told.detail;
    }
}

pid_t wsgi_spawn(const wsgi_spawn_request *request, wsgi_spawn_failure *failure) {
    int32_t reading;
    pid_t child = wsgi_spawn_begin(request, &reading, failure);
    if (child < 0)
        return -1;
    wsgi_spawn_listen(reading, true, failure);
    close(reading);
    if (failure->step == 0)
        return child;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return -1;
}

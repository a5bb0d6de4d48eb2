#include "wsgi_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/prctl.h>
#include <unistd.h>

static int32_t result(long value) { return value < 0 ? -errno : (int32_t)value; }

int32_t wsgi_memory_file(const char *name) { return result(memfd_create(name, MFD_CLOEXEC)); }

int32_t wsgi_fixed_memory_file(const char *name, int64_t size) {
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return -errno;
    if (ftruncate(file, size) == 0 && fcntl(file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
        return file;
    int code = errno;
    close(file);
    return -code;
}

static int32_t set_flag(int32_t descriptor, int get, int set, int flag, bool on) {
    int flags = fcntl(descriptor, get);
    if (flags < 0)
        return -errno;
    return result(fcntl(descriptor, set, on ? flags | flag : flags & ~flag));
}

int32_t wsgi_set_nonblocking(int32_t descriptor, bool nonblocking) {
    return set_flag(descriptor, F_GETFL, F_SETFL, O_NONBLOCK, nonblocking);
}

int32_t wsgi_set_close_on_exec(int32_t descriptor, bool close_on_exec) {
    return set_flag(descriptor, F_GETFD, F_SETFD, FD_CLOEXEC, close_on_exec);
}

int32_t wsgi_duplicate(int32_t descriptor, int32_t lowest) {
    return result(fcntl(descriptor, F_DUPFD_CLOEXEC, lowest));
}

int64_t wsgi_file_modified(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return -errno;
    return (int64_t)status.st_mtim.tv_sec * 1000000 + status.st_mtim.tv_nsec / 1000;
}

uint64_t wsgi_raise_open_files(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    uint64_t before = limit.rlim_cur;
    uint64_t next = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (next > before) {
        limit.rlim_cur = next;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return before;
}

int32_t wsgi_packet_pipe(int32_t *reading, int32_t *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK) != 0)
        return -errno;
    /* Each packet takes a page. A smaller pipe works, too. */
    fcntl(ends[1], F_SETPIPE_SZ, 256 << 10);
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int32_t wsgi_socket_pair(bool packets, int32_t *one, int32_t *other) {
    int pair[2];
    if (socketpair(AF_UNIX, (packets ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, pair) != 0)
        return -errno;
    *one = pair[0];
    *other = pair[1];
    return 0;
}

void wsgi_unlink_socket(int32_t socket) {
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length) == 0 && address.sun_path[0] == '/')
        unlink(address.sun_path);
}

void wsgi_set_dumpable(bool dumpable) { prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0); }

void wsgi_adopt_orphans(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void wsgi_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

int32_t wsgi_accept(int32_t listener) {
    int32_t socket;
    do
        socket = result(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    while (socket == -EINTR || socket == -ECONNABORTED);
    return socket;
}

int64_t wsgi_peer(int32_t socket, int32_t *process) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return -errno;
    *process = peer.pid;
    return peer.uid;
}

int32_t wsgi_set_timeouts(int32_t socket, int64_t seconds) {
    struct timeval limit = {.tv_sec = seconds > 0 ? seconds : 0};
    if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        return -errno;
    return result(setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
}

void wsgi_set_buffer(int32_t socket, bool sending, int64_t size) {
    int value = size > INT_MAX ? INT_MAX : (int)size;
    setsockopt(socket, SOL_SOCKET, sending ? SO_SNDBUF : SO_RCVBUF, &value, sizeof value);
}

int64_t wsgi_send(int32_t socket, const void *bytes, size_t count, bool wait) {
    for (;;) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        if (sent >= 0)
            return sent;
        if (errno != EINTR)
            return -errno;
    }
}

int64_t wsgi_receive(int32_t socket, void *bytes, size_t capacity, bool wait, bool peek) {
    for (;;) {
        ssize_t got = recv(socket, bytes, capacity, (wait ? 0 : MSG_DONTWAIT) | (peek ? MSG_PEEK : 0));
        if (got >= 0)
            return got;
        if (errno != EINTR)
            return -errno;
    }
}

enum { MOST_DESCRIPTORS = 253 }; /* the kernel's SCM_MAX_FD */

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
};

int64_t wsgi_send_parts(int32_t socket, const struct iovec *parts, size_t count, const int32_t *descriptors,
                        size_t descriptor_count, bool wait) {
    union control control;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    if (descriptor_count > MOST_DESCRIPTORS)
        return -EINVAL;
    if (descriptor_count > 0) {
        size_t size = descriptor_count * sizeof(int);
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(size);
        memset(control.room, 0, CMSG_SPACE(size));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(&control.header), descriptors, size);
    }
    for (;;) {
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        if (sent >= 0)
            return sent;
        if (errno != EINTR)
            return -errno;
    }
}

/* Takes the received descriptors, up to the maximum of one message. */
static size_t take_descriptors(struct msghdr *message, int32_t arrived[MOST_DESCRIPTORS]) {
    size_t count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t more = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (more > MOST_DESCRIPTORS - count)
            more = MOST_DESCRIPTORS - count;
        memcpy(arrived + count, CMSG_DATA(header), more * sizeof(int));
        count += more;
    }
    return count;
}

static int64_t receive_parts(int32_t socket, const struct iovec *parts, size_t count, int32_t *descriptors,
                             size_t capacity, size_t *descriptor_count, bool wait, uint32_t *closing) {
    union control control;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    int32_t arrived[MOST_DESCRIPTORS];
    ssize_t got;
    do {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (got < 0 && errno == EINTR);
    if (descriptor_count)
        *descriptor_count = 0;
    if (got < 0)
        return -errno;
    size_t taken = take_descriptors(&message, arrived);
    if (taken <= (descriptors ? capacity : 0) && !(message.msg_flags & (MSG_CTRUNC | MSG_TRUNC))) {
        if (taken > 0)
            memcpy(descriptors, arrived, taken * sizeof *arrived);
        if (descriptor_count)
            *descriptor_count = taken;
        return got;
    }
    if (closing)
        wsgi_close_foreign(arrived, taken, closing);
    while (!closing && taken > 0)
        wsgi_close_received(arrived[--taken]);
    return -EMSGSIZE;
}

int64_t wsgi_receive_parts(int32_t socket, const struct iovec *parts, size_t count, int32_t *descriptors,
                           size_t descriptor_capacity, size_t *descriptor_count, bool wait) {
    return receive_parts(socket, parts, count, descriptors, descriptor_capacity, descriptor_count, wait, NULL);
}

int64_t wsgi_receive_answer(int32_t socket, const struct iovec *part, int32_t *file, size_t *files, uint32_t *closing,
                            bool wait) {
    return receive_parts(socket, part, 1, file, 1, files, wait, closing);
}

bool wsgi_has_unread_bytes(int32_t socket) {
    int count = 0;
    return ioctl(socket, TIOCOUTQ, &count) == 0 && count > 0;
}

int64_t wsgi_arrived_bytes(int32_t socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) == 0 ? count : 0;
}

int32_t wsgi_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

int32_t wsgi_epoll_control(int32_t epoll, int32_t change, int32_t descriptor, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.data = {.u64 = token}};
    if (interest & WSGI_READABLE)
        event.events |= EPOLLIN;
    if (interest & WSGI_WRITABLE)
        event.events |= EPOLLOUT;
    if (interest & WSGI_ONCE)
        event.events |= EPOLLONESHOT;
    int operation = change == WSGI_EPOLL_ADD      ? EPOLL_CTL_ADD
                    : change == WSGI_EPOLL_REMOVE ? EPOLL_CTL_DEL
                                                  : EPOLL_CTL_MOD;
    return result(epoll_ctl(epoll, operation, descriptor, &event));
}

int32_t wsgi_epoll_wait(int32_t epoll, int32_t milliseconds, uint64_t *token, uint32_t *ready) {
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, milliseconds);
    if (count <= 0)
        return result(count);
    *token = event.data.u64;
    *ready = (event.events & EPOLLIN ? WSGI_READABLE : 0) | (event.events & EPOLLOUT ? WSGI_WRITABLE : 0) |
             (event.events & (EPOLLHUP | EPOLLERR) ? WSGI_HANGUP : 0);
    return count;
}

int32_t wsgi_pidfd_open(pid_t process) { return result(syscall(SYS_pidfd_open, process, 0)); }

int32_t wsgi_pidfd_kill(int32_t pidfd, int32_t signal) {
    return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int32_t wsgi_open_for_appending(int32_t descriptor) {
    char path[64];
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        return -EINVAL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)descriptor);
    /* O_NONBLOCK: do not wait for a lease, or for the reader of a pipe. */
    int32_t file = result(open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file >= 0)
        wsgi_set_nonblocking(file, false);
    return file;
}

int64_t wsgi_write_to_pipe(int32_t pipe, const void *bytes, size_t count) {
    sigset_t broken, before, pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ssize_t written = write(pipe, bytes, count);
    int code = errno;
    /* A signal that was pending before has another origin. */
    if (written < 0 && code == EPIPE && !sigismember(&pending, SIGPIPE)) {
        struct timespec none = {0};
        while (sigtimedwait(&broken, NULL, &none) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return written < 0 ? -code : written;
}

int32_t wsgi_reap(pid_t process, int32_t *code, int32_t *signal) {
    int status;
    pid_t reaped;
    do
        reaped = waitpid(process, &status, WNOHANG);
    while (reaped < 0 && errno == EINTR);
    if (reaped <= 0)
        return result(reaped);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return 1;
}

static int pipe_end = -1;
static pid_t pipe_owner;

static void note_signal(int number) {
    int kept = errno;
    if (getpid() == pipe_owner) {
        wsgi_signal_pipe_write((uint8_t)number);
    } else {
        /* A process forked by the application, which did not install this handler. */
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(number, &action, NULL);
        raise(number);
    }
    errno = kept;
}

int32_t wsgi_signal_pipe(const int32_t *signals, size_t count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    pipe_end = ends[1];
    pipe_owner = getpid();
    wsgi_fork_guard_set(pipe_end, true);
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < count; i++)
        if (sigaction(signals[i], &action, NULL) != 0)
            return -errno;
    return ends[0];
}

void wsgi_signal_pipe_write(uint8_t byte) {
    ssize_t written = write(pipe_end, &byte, 1);
    (void)written; /* a full pipe will be read anyway, so the byte is not needed */
}

void wsgi_ignore_signal(int32_t number) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(number, &action, NULL);
}

const char *wsgi_signal_name(int32_t number) { return sigabbrev_np(number); }

struct thread_start {
    void (*run)(void *);
    void *context;
    char name[16];
};

static void *enter_thread(void *argument) {
    struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.context);
    return NULL;
}

int32_t wsgi_start_thread(size_t stack, const char *name, void (*run)(void *), void *context) {
    struct thread_start *start = malloc(sizeof *start);
    pthread_attr_t attributes;
    pthread_t thread;
    if (!start)
        return -ENOMEM;
    *start = (struct thread_start){.run = run, .context = context};
    snprintf(start->name, sizeof start->name, "%s", name);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    int error = stack > 0 ? pthread_attr_setstacksize(&attributes, stack < least ? least : stack) : 0;
    if (error == 0)
        error = pthread_create(&thread, &attributes, enter_thread, start);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        free(start);
    return -error;
}

int32_t wsgi_start_quiet_thread(const char *name, void (*run)(void *), void *context) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int32_t code = wsgi_start_thread(0, name, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* The location of this process's arguments: fields 48 and 49 of /proc/self/stat. */
static bool find_arguments(char **start, char **end) {
    char text[2048];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (length <= 0)
        return false;
    text[length] = 0;
    char *field = strrchr(text, ')'); /* the second field may contain anything */
    for (int number = 2; field && number < 48; number++)
        field = strchr(field + 1, ' ');
    unsigned long first = 0, last = 0;
    if (!field || sscanf(field, "%lu %lu", &first, &last) != 2 || first == 0 || last <= first)
        return false;
    *start = (char *)first;
    *end = (char *)last;
    return true;
}

bool wsgi_set_title(const char *title) {
    char *start, *end;
    if (!find_arguments(&start, &end) || end - start < 2)
        return false;
    size_t room = (size_t)(end - start), length = strnlen(title, room - 2);
    memcpy(start, title, length);
    memset(start + length, 0, room - length);
    /* If the last byte is not zero, the kernel treats the arguments as one title, up to its first zero. */
    end[-1] = 1;
    return true;
}

bool wsgi_set_locale(const char *name) { return setlocale(LC_ALL, name) != NULL; }

uint64_t wsgi_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t wsgi_wall_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

size_t wsgi_log_time(int64_t microseconds, char *text, size_t capacity) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = microseconds / 1000000;
    struct tm local;
    if (!localtime_r(&seconds, &local)) /* names by hand: strftime would use the application's locale */
        return 0;
    int length = snprintf(text, capacity, "%s %s %02d %02d:%02d:%02d.%06d %d", days[local.tm_wday],
                          months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                          (int)(microseconds % 1000000), local.tm_year + 1900);
    return length < 0 ? 0 : (size_t)length < capacity ? (size_t)length : capacity - 1;
}

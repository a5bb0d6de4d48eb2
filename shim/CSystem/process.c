/* The supervisor's functions for processes. */

#include "wsgi_system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int32_t wsgi_processors(void) {
    cpu_set_t allowed;
    /* The call fails if there are more processors than the set has room for. */
    int count =
        sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

bool wsgi_may_raise_priority(void) {
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (errno != 0 || now <= PRIO_MIN || setpriority(PRIO_PROCESS, 0, now - 1) != 0)
        return false;
    setpriority(PRIO_PROCESS, 0, now);
    return true;
}

void wsgi_raise_priority(pid_t process, int32_t amount) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/autogroup", (int)process);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t written = write(file, "0", 1);
        (void)written; /* there is none */
        close(file);
    }
    /* In Linux each thread has its own priority, and a new thread inherits that of its creator. */
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *threads = opendir(path);
    if (!threads)
        return;
    struct dirent *entry;
    while ((entry = readdir(threads))) {
        id_t thread = (id_t)atoi(entry->d_name);
        errno = 0;
        int now = thread > 0 ? getpriority(PRIO_PROCESS, thread) : 0;
        if (thread > 0 && errno == 0)
            setpriority(PRIO_PROCESS, thread, now - amount);
    }
    closedir(threads);
}

/* Maximum number of descriptors that are inspected. */
enum { MOST_FILES = 4000 };

/* Reads the beginning of /proc/PROCESS/NAME. Returns false if it does not exist. */
static bool read_text(pid_t process, const char *name, char *text, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    if (length <= 0)
        return false;
    text[length] = 0;
    return true;
}

bool wsgi_read_process(pid_t process, wsgi_process_facts *facts) {
    char text[1024], state;
    int threads;
    unsigned long long started;
    char *name =
        read_text(process, "stat", text, sizeof text) ? strrchr(text, ')') : NULL; /* it may contain anything */
    *facts = (wsgi_process_facts){.process = process, .user = UINT32_MAX};
    if (!name || sscanf(name + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu",
                        &state, &facts->parent, &facts->session, &threads, &started) != 5)
        return false;
    facts->started = started;
    /* The first thread of a running process may have ended. */
    facts->has_ended = (state == 'Z' && threads <= 1) || state == 'X';
    return true;
}

static void count_files(pid_t process, wsgi_process_usage *usage) {
    char path[64], target[16];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *files = opendir(path);
    if (!files)
        return;
    struct dirent *entry;
    while (usage->descriptors < MOST_FILES && (entry = readdir(files))) {
        if (entry->d_name[0] == '.')
            continue;
        usage->descriptors++;
        ssize_t length = readlinkat(dirfd(files), entry->d_name, target, sizeof target);
        if (length > 7 && memcmp(target, "socket:", 7) == 0)
            usage->sockets++;
    }
    closedir(files);
}

void wsgi_read_usage(pid_t process, bool files, wsgi_process_usage *usage) {
    char text[1024];
    unsigned long long user, system;
    long pages;
    *usage = (wsgi_process_usage){0};
    char *name = read_text(process, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (name &&
        sscanf(name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
               &user, &system, &pages) == 3) {
        uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
        usage->cpu = ticks > 0 ? (user + system) * 1000000 / ticks : 0;
        usage->memory = pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
    }
    if (files)
        count_files(process, usage);
}

static uint32_t user_of(pid_t process) {
    char text[4096];
    uint32_t user = UINT32_MAX;
    char *line =
        read_text(process, "status", text, sizeof text) ? strstr(text, "\nUid:") : NULL; /* a name has no newline */
    return line && sscanf(line + 5, "%u", &user) == 1 ? user : UINT32_MAX;
}

size_t wsgi_processes(wsgi_process_facts *found, size_t capacity) {
    DIR *processes = opendir("/proc");
    size_t count = 0;
    pid_t own = getpid();
    struct dirent *entry;
    while (processes && count < capacity && (entry = readdir(processes))) {
        pid_t process = atoi(entry->d_name); /* 0: not a number */
        if (process <= 0 || !wsgi_read_process(process, &found[count]))
            continue;
        if (found[count].parent == own)
            found[count].user = user_of(process);
        count++;
    }
    if (processes)
        closedir(processes);
    return count;
}

/* A kernel without CONFIG_PROC_CHILDREN. */
static size_t search_children(int32_t *found, size_t capacity) {
    DIR *processes = opendir("/proc");
    size_t count = 0;
    struct dirent *entry;
    wsgi_process_facts facts;
    while (processes && count < capacity && (entry = readdir(processes))) {
        pid_t process = atoi(entry->d_name);
        if (process > 0 && wsgi_read_process(process, &facts) && facts.parent == getpid())
            found[count++] = process;
    }
    if (processes)
        closedir(processes);
    return count;
}

size_t wsgi_children(int32_t *found, size_t capacity) {
    FILE *list = fopen("/proc/thread-self/children", "re");
    if (!list)
        return search_children(found, capacity);
    size_t count = 0;
    int process;
    while (count < capacity && fscanf(list, "%d", &process) == 1)
        found[count++] = process;
    fclose(list);
    return count;
}

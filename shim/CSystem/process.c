/* What the supervisor does to processes that it has started. */

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
    /* With more processors than the set has room for, the call fails. */
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
    /* In Linux each thread has a priority of its own, and a new one has that of its maker. */
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

/* The session of a process that runs; 0: there is none, or it has ended and waits to be reaped. */
static pid_t session_of(const char *process) {
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    char *name = strrchr(text, ')'); /* it may contain anything */
    char state;
    int parent, group, session;
    if (!name || sscanf(name + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4 || state == 'Z')
        return 0;
    return session;
}

size_t wsgi_session_members(pid_t leader, int32_t *found, size_t capacity) {
    DIR *processes = opendir("/proc");
    size_t count = 0;
    struct dirent *entry;
    while (processes && count < capacity && (entry = readdir(processes))) {
        int process = atoi(entry->d_name);
        if (process > 0 && process != leader && session_of(entry->d_name) == leader)
            found[count++] = process;
    }
    if (processes)
        closedir(processes);
    return count;
}

/* Starts a program in its own process. Between fork and exec only async-signal-safe calls are allowed, and Swift cannot
 * call fork at all, so all of this is C. The caller prepares everything that it needs. */

#ifndef WSGI_SPAWN_H
#define WSGI_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The steps of the new process, in order, to report the one that failed. */
enum wsgi_spawn_step {
    WSGI_SPAWN_FORK = 1,
    WSGI_SPAWN_DESCRIPTORS = 2,
    WSGI_SPAWN_LIMITS = 3,
    WSGI_SPAWN_GROUP = 4,
    WSGI_SPAWN_SUPPLEMENTARY_GROUPS = 5,
    WSGI_SPAWN_USER = 6,
    WSGI_SPAWN_DIRECTORY = 7,
    WSGI_SPAWN_EXECUTE = 8,
    WSGI_SPAWN_ROOT = 9
};

/* Optional settings of the new process. */
enum wsgi_spawn_wish {
    WSGI_SPAWN_PRIORITY = 0,
    WSGI_SPAWN_CPU_TIME = 1,
    WSGI_SPAWN_DATA = 2,
    WSGI_SPAWN_ADDRESS_SPACE = 3,
    WSGI_SPAWN_WISHES = 4
};

/* Size of the path in a report of a failure: all of it is written at once, and read at once. */
enum { WSGI_SPAWN_PATH = 2048 };

/* Limits of the new process; 0: inherited. */
typedef struct wsgi_spawn_limits {
    int32_t priority;       /* nice value */
    uint64_t cpu_time;      /* RLIMIT_CPU in seconds: soft limit */
    uint64_t most_cpu_time; /* hard limit */
    uint64_t data;          /* RLIMIT_DATA in bytes */
    uint64_t address_space; /* RLIMIT_AS in bytes */
} wsgi_spawn_limits;

/* The program to start, and its user. */
typedef struct wsgi_spawn_request {
    const char *_Nonnull executable;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    const int32_t *_Nonnull descriptors; /* they become 0, 1, 2, ...; all others are closed before the program runs */
    size_t descriptor_count;
    const char *_Nullable root;      /* chroot; NULL: unchanged. `directory` and `executable` are relative to it */
    const char *_Nullable directory; /* NULL: unchanged, or the root */
    int64_t mask;                    /* file creation mask; negative: unchanged */
    uint64_t open_files;             /* soft limit of descriptors; 0: unchanged */
    bool changes_user;
    uid_t user;
    gid_t group;
    const gid_t *_Nullable groups; /* supplementary */
    size_t group_count;
    bool no_new_privileges; /* PR_SET_NO_NEW_PRIVS */
    wsgi_spawn_limits limits;
    int32_t nice_increment; /* added to the resulting nice value; 0: none */
} wsgi_spawn_request;

/* Which step failed and why. */
typedef struct wsgi_spawn_failure {
    int32_t step; /* wsgi_spawn_step */
    int32_t code; /* errno */
    /* For paths: the file or directory that cannot be entered or found (wsgi_denied_path); empty: unknown. */
    char denied_path[WSGI_SPAWN_PATH];
    /* The errno for each wish (wsgi_spawn_wish) that was not granted, also if the program was started. */
    int32_t denied[WSGI_SPAWN_WISHES];
} wsgi_spawn_failure;

/* Begins to start the program in its own session, with default signal dispositions and an empty signal mask. Returns
 * the pid of the process that will run it, or -1 with `failure` set. wsgi_spawn_listen reads its reports from
 * `reading`. The caller closes that descriptor, and reaps the process in any case. The calling process must have one
 * thread, or no thread that may hold a lock that exec'd code needs (none does). */
pid_t wsgi_spawn_begin(const wsgi_spawn_request *_Nonnull request, int32_t *_Nonnull reading,
                       wsgi_spawn_failure *_Nonnull failure);

/* Reads the reports of the process. True: it has not reached exec yet, which its user can delay without limit. False:
 * the program runs, `failure` has a step, or the process has ended. With `wait`, waits until the result is false. */
bool wsgi_spawn_listen(int32_t reading, bool wait, wsgi_spawn_failure *_Nonnull failure);

/* Does both. Returns the pid once exec has succeeded, or -1 with `failure` set and no process left. */
pid_t wsgi_spawn(const wsgi_spawn_request *_Nonnull request, wsgi_spawn_failure *_Nonnull failure);

#endif

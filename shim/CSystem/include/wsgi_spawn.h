/* Starting a program in a process of its own. Between fork and exec only async-signal-safe calls are allowed and Swift
 * may not call fork at all, so the whole window is C. Everything it needs is prepared before by the caller. */

#ifndef WSGI_SPAWN_H
#define WSGI_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the new process did when something failed, in the order of doing. */
enum wsgi_spawn_step {
    WSGI_SPAWN_FORK = 1,
    WSGI_SPAWN_DESCRIPTORS = 2,
    WSGI_SPAWN_LIMITS = 3,
    WSGI_SPAWN_GROUP = 4,
    WSGI_SPAWN_SUPPLEMENTARY_GROUPS = 5,
    WSGI_SPAWN_USER = 6,
    WSGI_SPAWN_DIRECTORY = 7,
    WSGI_SPAWN_EXECUTE = 8
};

/* What to start, and as whom. */
typedef struct wsgi_spawn_request {
    const char *_Nonnull executable;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    const int32_t *_Nonnull descriptors; /* they become 0, 1, 2, ...; every other one is closed by exec */
    size_t descriptor_count;
    const char *_Nullable directory; /* NULL: unchanged */
    int64_t mask;                    /* file creation mask; negative: unchanged */
    uint64_t open_files;             /* soft limit of descriptors; 0: unchanged */
    bool changes_user;
    uid_t user;
    gid_t group;
    const gid_t *_Nullable groups; /* supplementary */
    size_t group_count;
} wsgi_spawn_request;

/* Which step failed and why. */
typedef struct wsgi_spawn_failure {
    int32_t step; /* wsgi_spawn_step */
    int32_t code; /* errno */
    /* For paths: length of the shortest leading part that cannot be entered or found; 0: unknown. */
    int32_t refused;
} wsgi_spawn_failure;

/* Starts the program in a session of its own, with default signal dispositions and an empty signal mask. Returns its
 * pid once exec has succeeded, or -1 with `failure` set and no process left. Blocks until exec. The calling process
 * must have one thread, or no thread that may hold a lock that exec'd code needs (none does). */
pid_t wsgi_spawn(const wsgi_spawn_request *_Nonnull request, wsgi_spawn_failure *_Nonnull failure);

#endif

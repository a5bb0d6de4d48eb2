/* The scoreboard: memory shared by the httpd parent and its children, the supervisor and the workers. It answers "which
 * worker has an idle thread" without a system call. Nothing in it is ever locked, so a process may die at any point.
 *
 * A *slot* is the place of one worker of a process group. Its word holds the generation of the worker that serves it in
 * the upper half (0: none) and the count of claimed request threads in the lower half. Only the supervisor changes the
 * generation (and by that zeroes the count); an httpd child claims a thread before it sends a request and releases it
 * afterwards. A release for an older generation is void, so the requests of a draining predecessor never count against
 * its successor.
 *
 * Every child has a row of claim cells, found by its place among `children`. What a killed child still claims is given
 * back by the next child that starts. */

#ifndef WSGI_SCOREBOARD_H
#define WSGI_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSGI_SCOREBOARD_MAGIC 0x57534749u /* "WSGI" */
#define WSGI_SCOREBOARD_VERSION 1u

enum { WSGI_MAX_GROUPS = 1024, WSGI_MAX_SLOTS = 4096, WSGI_MAX_CHILDREN = 2048 };

/* What a process group is able to do, as children need to know it. */
enum wsgi_group_state {
    WSGI_GROUP_STARTING = 0, /* requests wait for the first worker */
    WSGI_GROUP_SERVING = 1,
    WSGI_GROUP_FAILED = 2, /* no worker could be started; the next attempt is delayed: answer 503 */
    WSGI_GROUP_STOPPED = 3 /* removed, or httpd is stopping: answer 503 */
};

/* One process group: where requests wait while all its threads are busy. */
typedef struct wsgi_group_cell {
    _Atomic uint32_t state;   /* wsgi_group_state; written by the supervisor */
    _Atomic uint32_t signal;  /* futex word: raised whenever waiting may have come to an end */
    _Atomic uint32_t waiters; /* requests that wait; a hint, may be too high after a killed child */
    uint32_t reserved[13];
} wsgi_group_cell;

/* One worker slot. 64 bytes: neighbours never share a cache line. */
typedef struct wsgi_slot_cell {
    _Atomic uint64_t word;     /* generation << 32 | claimed threads */
    _Atomic uint32_t refusals; /* raised when a requested replacement could not be started */
    uint32_t threads;          /* request threads of the worker; written before its generation */
    _Atomic int32_t pid;       /* of the serving worker; 0: none */
    uint32_t reserved[11];
} wsgi_slot_cell;

/* Claims that one child holds in one slot: generation << 32 | count. */
typedef _Atomic uint64_t wsgi_claim_cell;

typedef struct wsgi_scoreboard {
    uint32_t magic, version;
    _Atomic uint64_t supervisor_heartbeat; /* monotonic seconds; the supervisor's event loop is alive */
    uint32_t reserved[12];
    _Atomic int32_t children[WSGI_MAX_CHILDREN]; /* pids of httpd children; 0: free */
    wsgi_group_cell groups[WSGI_MAX_GROUPS];
    wsgi_slot_cell slots[WSGI_MAX_SLOTS];
} wsgi_scoreboard;

/* The size of the whole mapping. The cells of claims follow the struct; pages never touched cost nothing. */
static inline size_t wsgi_scoreboard_size(void) {
    return sizeof(wsgi_scoreboard) + sizeof(wsgi_claim_cell) * (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS;
}

/* Prepares fresh, zeroed memory. */
void wsgi_scoreboard_prepare(wsgi_scoreboard *_Nonnull board);
/* Whether the memory is a scoreboard of this version. */
bool wsgi_scoreboard_is_valid(const wsgi_scoreboard *_Nonnull board);

/* Supervisor: makes `generation` (never 0) the serving worker of `slot`, with no claims, and wakes `group`. */
void wsgi_slot_publish(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot, uint32_t generation,
                       uint32_t threads, int32_t pid);
/* Supervisor: nobody serves `slot` any more; wakes `group`. */
void wsgi_slot_withdraw(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor: the replacement that was asked for could not be started; wakes `group`. */
void wsgi_slot_refuse(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor or parent: sets the group's state and wakes everyone who waits in it. */
void wsgi_group_set_state(wsgi_scoreboard *_Nonnull board, uint32_t group, enum wsgi_group_state state);
enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *_Nonnull board, uint32_t group);

/* Supervisor: its event loop is alive at this second of the monotonic clock. */
void wsgi_scoreboard_beat(wsgi_scoreboard *_Nonnull board, uint64_t second);

/* The serving generation of `slot` (0: none) and its claimed threads. */
uint32_t wsgi_slot_generation(wsgi_scoreboard *_Nonnull board, uint32_t slot);
uint32_t wsgi_slot_busy(wsgi_scoreboard *_Nonnull board, uint32_t slot);
uint32_t wsgi_slot_refusals(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* The pid of the serving worker; 0: none. */
int32_t wsgi_slot_pid(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* Child: claims a thread of `slot`; returns the generation, or 0 when all are busy or nobody serves. */
uint32_t wsgi_slot_claim(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t slot);
/* Child: gives the claim back and wakes one waiter of `group`, if there is one. */
void wsgi_slot_release(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group, uint32_t slot,
                       uint32_t generation);
/* Child, at its start: takes a free place, and releases what children that were killed still claim in the first `slots`
 * slots. Returns the place, or WSGI_MAX_CHILDREN when there is none: claims are then not recorded. */
uint32_t wsgi_child_register(wsgi_scoreboard *_Nonnull board, uint32_t slots);
/* Child, at its end. */
void wsgi_child_unregister(wsgi_scoreboard *_Nonnull board, uint32_t child);

/* Child: the group's futex word; read it before looking for an idle thread, then wait for it to change. */
uint32_t wsgi_group_signal(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Child: waits until the word differs from `seen`, at most `milliseconds`. False: the time is over. */
bool wsgi_group_wait(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t seen, uint32_t milliseconds);
uint32_t wsgi_group_waiters(wsgi_scoreboard *_Nonnull board, uint32_t group);
void wsgi_group_enter_queue(wsgi_scoreboard *_Nonnull board, uint32_t group);
void wsgi_group_leave_queue(wsgi_scoreboard *_Nonnull board, uint32_t group);

#endif

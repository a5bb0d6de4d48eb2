/* The scoreboard: memory shared by the httpd parent and its children, the supervisor and the workers. It shows
 * without a system call which worker has an idle thread. It has no locks, so a process may die at any point.
 *
 * A *slot* is the place of one worker of a process group. Its word holds the generation of the serving worker in the
 * upper half (0: none) and the number of claimed request threads in the lower half. Only the supervisor changes the
 * generation, which also resets the count. An httpd child claims a thread before it sends a request and releases it
 * afterwards. A release for an older generation has no effect, so the requests of a draining predecessor never count
 * against its successor.
 *
 * Every child has a row of claim cells, indexed by its place in `children`. A claim is recorded there before it is made
 * and removed after its release, so a child that is killed in between has one record too many, never one too few. The
 * claims of a killed child are released by the parent when httpd reports its end, or earlier by a waiting request.
 *
 * *Waiting.* The requests that wait for a thread of a group are in one queue: a ring of places, one for each ticket,
 * and a word with the first ticket and the next one. A request enters by writing its pid into the place of the next
 * ticket, and leaves by marking its place. Any process that accesses the queue moves it over places that have been
 * left. The rules:
 *
 * - A new request claims a thread at once only while the queue is empty. Otherwise only requests that have been called,
 *   and the first in the queue, claim.
 * - A process that releases a thread *calls* the first request that has not been called: it marks its place and wakes
 *   it. So as many requests are on their way as threads are idle, and no thread stays idle because one waiter takes
 *   long to be woken. A request that leaves the queue while a thread is idle calls the first, if that has not been
 *   called. The mark is removed before the waiter tries to claim a thread, and a request that leaves with a mark
 *   calls another one, so no call is lost.
 * - If a request was called and some hundreds have passed it, its process is removed from the queue: it is stopped, or
 *   the machine does not run it. Its requests enter the queue again.
 * - A waiting request also polls, twice a second. It removes processes that have ended from the queue and releases
 *   their claims. If it finds an idle thread and the same request first twice in a row, it removes that request's
 *   process from the queue: it is stopped, or cannot use that thread. A removed request enters the queue again at
 *   its end.
 *
 * Every step is one compare-and-swap that any other process can complete. A process killed between two of them costs at
 * most the time until the next poll of a waiting request.
 *
 * *Threads of httpd.* A request also occupies a thread of httpd without a claim and outside the queue: while it waits
 * for changed code, or while its worker, which has been replaced, still responds. The supervisor, when it replaces a
 * generation, adds its claims to the latter count, and a release for an older generation subtracts one. The threads are
 * counted for each group. Each child records its own, so that those of a killed child can be subtracted. So one group
 * never occupies all threads of httpd for long. A worker that has ended can send nothing, but another process may have
 * its connection: `running` shows which generations have not ended.
 *
 * *Damage.* Applications in httpd's children can write into this memory, and httpd's parent reads it. No value in it
 * causes an access outside of it, and every loop over it is bounded. An inconsistent queue is reset: its requests enter
 * it again, and the parent logs the event.
 *
 * *Prediction of waits.* While requests wait, released threads are counted, and so are requests whose clients
 * disconnect: both over about the last ten seconds, or since the queue was last empty. From these counts a new request
 * predicts its wait. Nothing is counted while the queue is empty. */

#ifndef WSGI_SCOREBOARD_H
#define WSGI_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSGI_SCOREBOARD_MAGIC 0x57534749u /* "WSGI" */
#define WSGI_SCOREBOARD_VERSION 5u

enum { WSGI_MAX_GROUPS = 1024, WSGI_MAX_SLOTS = 4096, WSGI_MAX_CHILDREN = 2048 };
/* Generations whose end can be seen: the last ones of each slot; a multiple of 32. */
enum { WSGI_RUNNING_GENERATIONS = 256 };
/* Places of one queue; a power of two. */
enum { WSGI_MAX_WAITING = 8192 };

/* The state of a process group, for children. */
enum wsgi_group_state {
    WSGI_GROUP_STARTING = 0, /* requests wait for the first worker */
    WSGI_GROUP_SERVING = 1,
    WSGI_GROUP_FAILED = 2, /* no worker could be started; the next attempt is delayed: respond with 503 */
    WSGI_GROUP_STOPPED = 3 /* removed, or httpd is stopping: respond with 503 */
};

/* Why a request occupies a thread of httpd although it has no claim and is not in the queue. */
enum wsgi_occupation {
    WSGI_AWAITS_SUCCESSOR = 0, /* it waits for changed code */
    WSGI_READS_FORMER = 1,     /* its worker has been replaced */
    WSGI_OCCUPATIONS = 2
};

/* One process group. 128 bytes. */
typedef struct wsgi_group_cell {
    _Atomic uint32_t state;    /* wsgi_group_state; written by the supervisor */
    _Atomic uint32_t signal;   /* futex word: incremented at each change of the group */
    _Atomic uint64_t queue;    /* the first ticket << 32 | the next one; equal: empty */
    _Atomic uint64_t served;   /* start in milliseconds << 32 | threads released while requests waited */
    _Atomic uint64_t left;     /* the same for requests whose clients disconnected while they waited */
    _Atomic uint32_t began;    /* time in milliseconds: the queue became non-empty */
    _Atomic uint32_t slow;     /* time since which the queue has been slow; 0: it is not */
    _Atomic uint32_t overload; /* time at which the group was last overloaded; 0: never */
    _Atomic uint32_t left_at;  /* time at which a client last disconnected */
    _Atomic uint32_t leaving;  /* number of tenths of a second in which clients disconnected */
    _Atomic uint32_t rejected; /* requests that were rejected and not reported yet */
    _Atomic uint32_t reported; /* time of the last report */
    _Atomic uint32_t crowded;  /* time at which a request last left because of the group's share of httpd; 0: never */
    _Atomic uint32_t occupied[WSGI_OCCUPATIONS]; /* threads of httpd, by the reason */
    uint32_t reserved[14];
} wsgi_group_cell;

/* The threads of one child, and of one group, by the reason. */
typedef struct wsgi_occupied_cell {
    _Atomic uint32_t threads[WSGI_OCCUPATIONS];
} wsgi_occupied_cell;

/* A place in a queue: ticket << 32 | state << 24 | pid. The lower half is a futex word. */
typedef _Atomic uint64_t wsgi_place_cell;

/* One worker slot. 64 bytes: neighbours never share a cache line. */
typedef struct wsgi_slot_cell {
    _Atomic uint64_t word;                /* generation << 32 | claimed threads */
    _Atomic uint32_t failed_replacements; /* incremented if a requested replacement could not be started */
    uint32_t threads;                     /* request threads of the worker; written before its generation */
    _Atomic int32_t pid;                  /* the serving worker; 0: none */
    _Atomic uint32_t running[WSGI_RUNNING_GENERATIONS / 32]; /* a bit for each generation modulo their number */
    _Atomic uint32_t lost; /* claims that are never released, because the thread is busy for ever */
    uint32_t group;        /* of the worker; written before its generation */
    uint32_t reserved[1];
} wsgi_slot_cell;

/* Claims that one child holds in one slot: generation << 32 | count. */
typedef _Atomic uint64_t wsgi_claim_cell;

typedef struct wsgi_scoreboard {
    uint32_t magic, version;
    _Atomic uint64_t looked; /* monotonic milliseconds: the last check for ended children */
    _Atomic uint32_t resets; /* damaged queues that were reset and not reported yet */
    uint32_t reserved[11];
    _Atomic int32_t
        children[WSGI_MAX_CHILDREN]; /* pids of httpd children; 0: free; -p: process p releases its claims */
    wsgi_group_cell groups[WSGI_MAX_GROUPS];
    wsgi_slot_cell slots[WSGI_MAX_SLOTS];
} wsgi_scoreboard;

/* The size of the mapping. Claim, place and occupied cells follow the struct. Pages that are never used take no memory.
 */
static inline size_t wsgi_scoreboard_size(void) {
    return sizeof(wsgi_scoreboard) + sizeof(wsgi_claim_cell) * (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS +
           sizeof(wsgi_place_cell) * (size_t)WSGI_MAX_GROUPS * (size_t)WSGI_MAX_WAITING +
           sizeof(wsgi_occupied_cell) * (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_GROUPS;
}

/* Prepares fresh, zeroed memory. */
void wsgi_scoreboard_prepare(wsgi_scoreboard *_Nonnull board);
/* Whether the memory is a scoreboard of this version. */
bool wsgi_scoreboard_is_valid(const wsgi_scoreboard *_Nonnull board);

/* Supervisor: makes `generation` (never 0) the serving worker of `slot`, with no claims, and wakes `group`: all threads
 * that wait for a change, and the first requests in the queue. */
void wsgi_slot_publish(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot, uint32_t generation,
                       uint32_t threads, int32_t pid);
/* Supervisor: no worker serves `slot` any more; wakes `group`. */
void wsgi_slot_withdraw(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Parent, without a supervisor: prevents further claims of threads of `slot`. Its generation remains. */
void wsgi_slot_close(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor: the requested replacement could not be started; wakes `group`. */
void wsgi_slot_replacement_failed(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor: the process of `generation` was started, or has ended. Of generations with the same bit, one that runs
 * must prevail. */
void wsgi_slot_set_running(wsgi_scoreboard *_Nonnull board, uint32_t slot, uint32_t generation, bool is_running);
/* Whether the process of `generation` may still run. */
bool wsgi_slot_is_running(wsgi_scoreboard *_Nonnull board, uint32_t slot, uint32_t generation);
/* Supervisor or parent: sets the state of the group and wakes all threads that wait for it. */
void wsgi_group_set_state(wsgi_scoreboard *_Nonnull board, uint32_t group, enum wsgi_group_state state);
enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *_Nonnull board, uint32_t group);

/* Parent: number of damaged queues that were reset since the last call. */
uint32_t wsgi_scoreboard_take_resets(wsgi_scoreboard *_Nonnull board);

/* The serving generation of `slot`; 0: none. */
uint32_t wsgi_slot_generation(wsgi_scoreboard *_Nonnull board, uint32_t slot);
/* Number of claimed threads of `slot` if at least one is idle, otherwise UINT32_MAX. */
uint32_t wsgi_slot_load(wsgi_scoreboard *_Nonnull board, uint32_t slot);
/* Number of claimed threads of `slot`. */
uint32_t wsgi_slot_claimed(wsgi_scoreboard *_Nonnull board, uint32_t slot);
/* Number of request threads of the worker of `slot`; 0: no worker. */
uint32_t wsgi_slot_threads(wsgi_scoreboard *_Nonnull board, uint32_t slot);
uint32_t wsgi_slot_failed_replacements(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* The pid of the serving worker; 0: none. */
int32_t wsgi_slot_pid(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* Child: claims a thread of `slot`. Returns the generation, or 0 if all are busy or there is no worker. */
uint32_t wsgi_slot_claim(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t slot);
/* Child: releases the claim, and calls the first request in the queue of `group` that has not been called. `is_served`:
 * the worker has served a request, and has not returned it. Only that counts for the prediction of waits. */
void wsgi_slot_release(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group, uint32_t slot,
                       uint32_t generation, bool is_served);

/* Child: the worker's thread is busy for ever, and the claim is never released. */
void wsgi_slot_lose_thread(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot, uint32_t generation);

/* Child, at its start: takes a free place. Returns it, or WSGI_MAX_CHILDREN if there is none. Then claims are not
 * recorded. */
uint32_t wsgi_child_register(wsgi_scoreboard *_Nonnull board);
/* Child, at its end: releases its place and its claims. */
void wsgi_child_unregister(wsgi_scoreboard *_Nonnull board, uint32_t child);
/* Parent: this child has ended or was killed. Releases its claims and removes it from all queues. */
void wsgi_child_ended(wsgi_scoreboard *_Nonnull board, int32_t pid);
/* Does the same for all children that have ended, at most four times a second over all callers. Returns whether it
 * checked. */
bool wsgi_children_look(wsgi_scoreboard *_Nonnull board);

/* Child: the group's futex word. Read it before the state that the supervisor may change, then wait for a change. */
uint32_t wsgi_group_signal(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Child: waits until the word differs from `seen`, at most `milliseconds`. Returns false if the time has expired. */
bool wsgi_group_await_signal(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t seen, uint32_t milliseconds);

/* Child: a request of `group` occupies one of its threads, or no longer does. The end also calls a waiting request. */
void wsgi_occupied_begin(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group, enum wsgi_occupation reason);
void wsgi_occupied_end(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group, enum wsgi_occupation reason);
/* Number of threads of all children that requests of `group` occupy. */
uint32_t wsgi_occupied_by(wsgi_scoreboard *_Nonnull board, uint32_t group, enum wsgi_occupation reason);
/* The same of one child. */
uint32_t wsgi_occupied_of_child(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group,
                                enum wsgi_occupation reason);
/* Records that a request leaves, or does not wait, because of the group's share of httpd. */
void wsgi_group_set_crowded(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Whether that was recorded within the last ten seconds. */
bool wsgi_group_is_crowded(wsgi_scoreboard *_Nonnull board, uint32_t group);

/* Whether requests wait for a thread of `group`. */
bool wsgi_queue_exists(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* The length and speed of a queue. */
typedef struct wsgi_queue_facts {
    uint32_t length;         /* waiting requests, and some that have left */
    uint32_t age;            /* milliseconds since the queue was empty */
    uint32_t served, period; /* threads released within the last `period` milliseconds */
    uint32_t left;           /* requests whose clients disconnected within that time */
    uint32_t leaving;        /* number of tenths of a second in which they did */
    uint32_t slow_for;       /* milliseconds for which it has been slow; 0: it is not */
    bool is_overload;
} wsgi_queue_facts;
/* Reads them. Halves the counts every ten seconds, so that they follow the present load. */
void wsgi_queue_get_facts(wsgi_scoreboard *_Nonnull board, uint32_t group, wsgi_queue_facts *_Nonnull facts);
/* Records whether the queue is slow now, and whether that is overload. Overload lasts until the queue is empty, or
 * until it has not been recorded for ten seconds. */
void wsgi_queue_judge(wsgi_scoreboard *_Nonnull board, uint32_t group, bool is_slow, bool is_overload);
/* Counts a waiting request whose client has disconnected. */
void wsgi_queue_count_left(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Counts a rejected request. Returns the number that the caller must report: 0 if there was a report within the last
 * second, otherwise all since that report. */
uint32_t wsgi_queue_count_rejected(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Number of requests before `ticket`, including some that have left. */
uint32_t wsgi_queue_ahead(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* Number of waiting requests. Inspects every place. */
uint32_t wsgi_queue_length(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* The same, including some that have left. A single load. */
uint32_t wsgi_queue_span(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Enters the queue at its end. Returns false if `limit` requests (at most WSGI_MAX_WAITING) already wait. */
bool wsgi_queue_enter(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t limit, uint32_t *_Nonnull ticket);
/* Leaves the queue; no effect if the ticket was removed. Returns true if it was called meanwhile, and another request
 * must be called instead. */
bool wsgi_queue_leave(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* Calls the first request that has not been called, if any, so that it claims a thread. Once for each thread. */
void wsgi_queue_call(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Calls the first request if it has not been called. */
void wsgi_queue_call_first(wsgi_scoreboard *_Nonnull board, uint32_t group);

enum wsgi_queue_turn {
    WSGI_TURN_NOW, /* the caller may claim a thread: it is the first, or was called */
    WSGI_TURN_LATER,
    WSGI_TURN_NEVER /* the caller was removed from the queue */
};
/* The turn of `ticket`; removes the mark of a call. Call it, then try to claim a thread, then wait. */
enum wsgi_queue_turn wsgi_queue_look(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* Waits until `ticket` is called or removed, at most `milliseconds`. Returns false if the time has expired. */
bool wsgi_queue_wait(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket, uint32_t milliseconds);
/* The first ticket. Returns false if the queue is empty. */
bool wsgi_queue_first(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t *_Nonnull ticket);
/* Removes the process of this ticket from the queue if it is still the first, and calls other requests instead. */
void wsgi_queue_put_out(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);

#endif

/* The scoreboard: memory shared by the httpd parent and its children, the supervisor and the workers. It answers "which
 * worker has an idle thread" without a system call. Nothing in it is ever locked, so a process may die at any point.
 *
 * A *slot* is the place of one worker of a process group. Its word holds the generation of the worker that serves it in
 * the upper half (0: none) and the count of claimed request threads in the lower half. Only the supervisor changes the
 * generation (and by that zeroes the count); an httpd child claims a thread before it sends a request and releases it
 * afterwards. A release for an older generation is void, so the requests of a draining predecessor never count against
 * its successor.
 *
 * Every child has a row of claim cells, found by its place among `children`. A claim is noted there before it is made
 * and struck out after it is given back, so a child that is killed in between has one too many, never one too few. What
 * a killed child claims is given back by the parent when httpd hears of its end, and before that by whoever waits.
 *
 * *Waiting.* The requests that wait for a thread of a group stand in one queue: a ring of places, one for each ticket,
 * and a word with the first ticket and the next one. A request enters by putting its pid into the place of the next
 * ticket, and leaves by marking its place; whoever comes past moves the queue over places that have been left. The
 * rules:
 *
 * - A new request claims a thread at once only while nobody waits. Otherwise only those who have been called, and the
 *   first in the queue, claim.
 * - Whoever gives a thread back *calls* the first who has not been called: marks its place and wakes it. So as many are
 *   on their way as threads are idle, and no thread stays idle because one waiter takes long to be woken. Whoever
 * leaves the queue while a thread is idle calls the first, if it was not. The mark is removed before the waiter looks
 * for a thread, and whoever leaves with a mark calls another one, so no call is lost.
 * - A process whose request was called and has been passed by some hundreds is put out of the queue: it is stopped, or
 *   the machine does not run it. Its requests enter the queue again.
 * - A waiter also looks up by itself, twice a second. Then it removes processes that have ended from the queue and from
 *   the count of claims; and if it finds a thread idle and the same one first twice in a row, it puts that one's
 * process out of the queue: it is stopped, or cannot use that thread. One that has been put out stands at the end
 * again.
 *
 * Every step is one compare-and-swap, which anybody else can follow up: a process killed between two of them costs at
 * most the time until the next waiter looks up.
 *
 * *Damage.* Applications in httpd's children can write into this memory, and httpd's parent reads it. Nothing that is
 * read leads outside of it, and no loop over it is without a bound. A queue that contradicts itself begins anew: its
 * requests enter it again, and the parent logs it.
 *
 * *How long it will take.* While somebody waits, threads that are given back are counted, and so are the requests whose
 * clients leave: both since about the last ten seconds, and since the queue was empty. From these whoever enters the
 * queue can tell how long it would wait. Without a queue nothing is counted. */

#ifndef WSGI_SCOREBOARD_H
#define WSGI_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSGI_SCOREBOARD_MAGIC 0x57534749u /* "WSGI" */
#define WSGI_SCOREBOARD_VERSION 4u

enum { WSGI_MAX_GROUPS = 1024, WSGI_MAX_SLOTS = 4096, WSGI_MAX_CHILDREN = 2048 };
/* Places of one queue; a power of two. */
enum { WSGI_MAX_WAITING = 8192 };

/* What a process group is able to do, as children need to know it. */
enum wsgi_group_state {
    WSGI_GROUP_STARTING = 0, /* requests wait for the first worker */
    WSGI_GROUP_SERVING = 1,
    WSGI_GROUP_FAILED = 2, /* no worker could be started; the next attempt is delayed: answer 503 */
    WSGI_GROUP_STOPPED = 3 /* removed, or httpd is stopping: answer 503 */
};

/* One process group. */
typedef struct wsgi_group_cell {
    _Atomic uint32_t state;    /* wsgi_group_state; written by the supervisor */
    _Atomic uint32_t signal;   /* futex word: raised whenever the supervisor changes something in the group */
    _Atomic uint64_t queue;    /* the first ticket << 32 | the next one; the same: nobody waits */
    _Atomic uint64_t served;   /* millisecond since which << 32 | threads given back while somebody waited */
    _Atomic uint64_t left;     /* the same for requests whose clients left while they waited */
    _Atomic uint32_t began;    /* the millisecond in which the queue came to be */
    _Atomic uint32_t slow;     /* the millisecond since which the queue has been slow; 0: it is not */
    _Atomic uint32_t overload; /* the millisecond in which the group was last seen overloaded; 0: it was not */
    _Atomic uint32_t left_at;  /* the millisecond in which a client left last */
    _Atomic uint32_t leaving;  /* tenths of a second in which clients left */
    _Atomic uint32_t refused;  /* requests that were refused and not yet reported */
    _Atomic uint32_t reported; /* the millisecond in which that was done last */
    uint32_t reserved[1];
} wsgi_group_cell;

/* A place in a queue: ticket << 32 | state << 24 | pid. The lower half is a futex word. */
typedef _Atomic uint64_t wsgi_place_cell;

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
    _Atomic uint64_t looked; /* monotonic milliseconds; when somebody last looked for dead children */
    _Atomic uint32_t resets; /* damaged queues that were begun anew and not yet reported */
    uint32_t reserved[11];
    _Atomic int32_t children[WSGI_MAX_CHILDREN]; /* pids of httpd children; 0: free; -p: p gives its claims back */
    wsgi_group_cell groups[WSGI_MAX_GROUPS];
    wsgi_slot_cell slots[WSGI_MAX_SLOTS];
} wsgi_scoreboard;

/* The size of the whole mapping. Cells of claims and places follow the struct; pages never touched cost nothing. */
static inline size_t wsgi_scoreboard_size(void) {
    return sizeof(wsgi_scoreboard) + sizeof(wsgi_claim_cell) * (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS +
           sizeof(wsgi_place_cell) * (size_t)WSGI_MAX_GROUPS * (size_t)WSGI_MAX_WAITING;
}

/* Prepares fresh, zeroed memory. */
void wsgi_scoreboard_prepare(wsgi_scoreboard *_Nonnull board);
/* Whether the memory is a scoreboard of this version. */
bool wsgi_scoreboard_is_valid(const wsgi_scoreboard *_Nonnull board);

/* Supervisor: makes `generation` (never 0) the serving worker of `slot`, with no claims, and wakes `group`: all who
 * wait for a change, and the first in the queue. */
void wsgi_slot_publish(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot, uint32_t generation,
                       uint32_t threads, int32_t pid);
/* Supervisor: nobody serves `slot` any more; wakes `group`. */
void wsgi_slot_withdraw(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Parent, when there is no supervisor: nobody can claim a thread of `slot` any more, but its generation stays known. */
void wsgi_slot_close(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor: the replacement that was asked for could not be started; wakes `group`. */
void wsgi_slot_refuse(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t slot);
/* Supervisor or parent: sets the group's state and wakes everyone who waits in it. */
void wsgi_group_set_state(wsgi_scoreboard *_Nonnull board, uint32_t group, enum wsgi_group_state state);
enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *_Nonnull board, uint32_t group);

/* Parent: how many damaged queues were begun anew since it asked last. */
uint32_t wsgi_scoreboard_take_resets(wsgi_scoreboard *_Nonnull board);

/* The serving generation of `slot`; 0: none. */
uint32_t wsgi_slot_generation(wsgi_scoreboard *_Nonnull board, uint32_t slot);
/* The claimed threads of `slot` when at least one is idle, otherwise UINT32_MAX. */
uint32_t wsgi_slot_load(wsgi_scoreboard *_Nonnull board, uint32_t slot);
/* The request threads of the worker of `slot`; 0: nobody serves it. */
uint32_t wsgi_slot_threads(wsgi_scoreboard *_Nonnull board, uint32_t slot);
uint32_t wsgi_slot_refusals(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* The pid of the serving worker; 0: none. */
int32_t wsgi_slot_pid(wsgi_scoreboard *_Nonnull board, uint32_t slot);

/* Child: claims a thread of `slot`; returns the generation, or 0 when all are busy or nobody serves. */
uint32_t wsgi_slot_claim(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t slot);
/* Child: gives the claim back and calls the first in the queue of `group` that was not called. */
void wsgi_slot_release(wsgi_scoreboard *_Nonnull board, uint32_t child, uint32_t group, uint32_t slot,
                       uint32_t generation);

/* Child, at its start: takes a free place. Returns it, or WSGI_MAX_CHILDREN when there is none: claims are then not
 * recorded. */
uint32_t wsgi_child_register(wsgi_scoreboard *_Nonnull board);
/* Child, at its end. */
void wsgi_child_unregister(wsgi_scoreboard *_Nonnull board, uint32_t child);
/* Parent: this child has ended, in whatever way. Its claims are given back and it no longer waits. */
void wsgi_child_ended(wsgi_scoreboard *_Nonnull board, int32_t pid);
/* Does the same for all children that have ended. It looks at most four times a second, whoever calls. True: it has
 * looked. */
bool wsgi_children_look(wsgi_scoreboard *_Nonnull board);

/* Child: the group's futex word; read it before looking for what the supervisor may change, then wait for a change. */
uint32_t wsgi_group_signal(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Child: waits until the word differs from `seen`, at most `milliseconds`. False: the time is over. */
bool wsgi_group_await_signal(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t seen, uint32_t milliseconds);

/* Whether requests wait for a thread of `group`. */
bool wsgi_queue_exists(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* What is known of a queue: how long it is, and how fast it moves. */
typedef struct wsgi_queue_facts {
    uint32_t length;         /* requests that wait, and some that have left */
    uint32_t age;            /* milliseconds since nobody waited */
    uint32_t served, period; /* threads given back within the last so many milliseconds */
    uint32_t left;           /* requests whose clients left within that time */
    uint32_t leaving;        /* tenths of a second in which they did */
    uint32_t slow_for;       /* milliseconds for which it has been slow; 0: it is not */
    bool is_overload;
} wsgi_queue_facts;
/* Reads them. Once in ten seconds it halves the counts, so that they follow what happens now. */
void wsgi_queue_get_facts(wsgi_scoreboard *_Nonnull board, uint32_t group, wsgi_queue_facts *_Nonnull facts);
/* Notes whether the queue is slow at present, and whether that is overload. Overload lasts until nobody waits, or until
 * it has not been noted for ten seconds. */
void wsgi_queue_judge(wsgi_scoreboard *_Nonnull board, uint32_t group, bool is_slow, bool is_overload);
/* The client of a request that waits has left. */
void wsgi_queue_count_left(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* A request is refused. Returns how many are to be reported by the caller: 0, because somebody has reported within the
 * last second, or all since then. */
uint32_t wsgi_queue_count_refused(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* How many stand before `ticket`, including some that have left. */
uint32_t wsgi_queue_ahead(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* How many wait. It looks at every place. */
uint32_t wsgi_queue_length(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* The same, and some that have left: one load. */
uint32_t wsgi_queue_span(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Stands at the end of the queue, unless `limit` requests wait already (at most WSGI_MAX_WAITING): then false. */
bool wsgi_queue_enter(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t limit, uint32_t *_Nonnull ticket);
/* Leaves the queue; nothing happens to one that has been put out. True: it was called meanwhile, and another one must
 * be called instead. */
bool wsgi_queue_leave(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* Calls the first who has not been called, if there is one: it looks for an idle thread. Once for each thread. */
void wsgi_queue_call(wsgi_scoreboard *_Nonnull board, uint32_t group);
/* Calls the first, if it was not. */
void wsgi_queue_call_first(wsgi_scoreboard *_Nonnull board, uint32_t group);

enum wsgi_queue_turn {
    WSGI_TURN_NOW, /* an idle thread is the caller's: it is the first, or was called */
    WSGI_TURN_LATER,
    WSGI_TURN_NEVER /* the caller has been put out of the queue */
};
/* Where `ticket` stands; takes notice of a call. Ask it, then look for a thread, then wait. */
enum wsgi_queue_turn wsgi_queue_look(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);
/* Waits until `ticket` is called or put out, at most `milliseconds`. False: the time is over. */
bool wsgi_queue_wait(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket, uint32_t milliseconds);
/* The first ticket, if somebody waits. */
bool wsgi_queue_first(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t *_Nonnull ticket);
/* Puts the process of this ticket out of the queue, if it is still the first, and calls the one that is first then. */
void wsgi_queue_put_out(wsgi_scoreboard *_Nonnull board, uint32_t group, uint32_t ticket);

#endif

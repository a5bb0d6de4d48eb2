#include "scoreboard_parts.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum place_state { NEVER_USED = 0, WAITING = 1, CALLED = 2, LEFT = 3 };

#define FIRST(queue) ((uint32_t)((queue) >> 32))
#define NEXT(queue) ((uint32_t)(queue))
#define QUEUE(first, next) (((uint64_t)(first) << 32) | (next))
#define TICKET(place) ((uint32_t)((place) >> 32))
#define STATE(place) ((enum place_state)(((place) >> 24) & 0xff))
#define PID(place) ((int32_t)((place)&0xffffff)) /* Linux has no pid above 2^22 */
/* A count: its start in milliseconds << 32 | the count. */
#define SINCE(counted) ((uint32_t)((counted) >> 32))
#define COUNTED(since, count) (((uint64_t)(since) << 32) | (count))
/* The period of the counts, in milliseconds. */
#define COUNTING_TIME 10000u
/* The time that overload lasts without being recorded again, in milliseconds. */
#define OVERLOAD_TIME 10000u
#define PLACE(ticket, state, pid) (((uint64_t)(ticket) << 32) | ((uint64_t)(state) << 24) | (uint64_t)(pid))

/* Maximum moves of a queue at a time: more than honest processes can leave undone. */
enum { MOST_MOVES = 4 * WSGI_MAX_WAITING };
/* Maximum attempts to call the first request, which may leave meanwhile. */
enum { MOST_CALLS = 1000 };
/* Number of requests that may pass one that was called and does not claim. Then its process is removed from the queue,
 * because its place blocks the ring. Number of processes that are removed at a time. */
enum { MOST_PASSED = 256, MOST_STOPPED = 4 };

static wsgi_place_cell *place_of(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    wsgi_claim_cell *places =
        (wsgi_claim_cell *)(void *)(board + 1) + (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS;
    return (wsgi_place_cell *)places + (size_t)group * WSGI_MAX_WAITING + ticket % WSGI_MAX_WAITING;
}

static void *futex_word(wsgi_place_cell *place) {
    const uint16_t probe = 1;
    return (char *)place + (*(const char *)&probe ? 0 : 4);
}

/* Whether the place belongs to `ticket` and has not been left. */
static bool is_waiting(uint64_t place, uint32_t ticket) {
    return TICKET(place) == ticket && (STATE(place) == WAITING || STATE(place) == CALLED);
}

/* Changes the state of a waiting ticket. Returns the former state, or LEFT if it no longer waits. */
static enum place_state change(wsgi_place_cell *place, uint32_t ticket, enum place_state state) {
    uint64_t old = atomic_load(place);
    for (int attempt = 0; attempt < MOST_ATTEMPTS && is_waiting(old, ticket); attempt++)
        if (atomic_compare_exchange_weak(place, &old, PLACE(ticket, state, PID(old))))
            return STATE(old);
    return LEFT;
}

/* Resets a damaged queue if it is still as seen. Its requests find themselves removed, and enter again. */
static uint64_t reset(wsgi_scoreboard *board, uint32_t group, uint64_t seen) {
    uint32_t next = NEXT(seen) + WSGI_MAX_WAITING; /* not a ticket that a request may still have */
    if (atomic_compare_exchange_strong(&board->groups[group].queue, &seen, QUEUE(next, next))) {
        atomic_fetch_add(&board->resets, 1);
        for (uint32_t place = 0; place < WSGI_MAX_WAITING; place++)
            atomic_store(place_of(board, group, place), 0);
    }
    return QUEUE(next, next);
}

/* Moves the queue over places that have been left. The first ticket of the result, if any, waits, and the result is
 * never longer than WSGI_MAX_WAITING. */
static uint64_t settle(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    uint64_t queue = atomic_load(&cell->queue);
    for (int round = 0; FIRST(queue) != NEXT(queue); round++) {
        if (NEXT(queue) - FIRST(queue) > WSGI_MAX_WAITING)
            return reset(board, group, queue);
        uint64_t first = atomic_load(place_of(board, group, FIRST(queue)));
        if (is_waiting(first, FIRST(queue)))
            break;
        if (round >= MOST_MOVES)
            return QUEUE(NEXT(queue), NEXT(queue)); /* Another process undoes every move. */
        if (TICKET(first) != FIRST(queue)) {
            uint64_t now = atomic_load(&cell->queue);
            if (now == queue) /* A request takes its place before it extends the queue. */
                return reset(board, group, queue);
            queue = now; /* The queue was moved, and the place belongs to another request. */
        } else if (atomic_compare_exchange_weak(&cell->queue, &queue, QUEUE(FIRST(queue) + 1, NEXT(queue))))
            queue = QUEUE(FIRST(queue) + 1, NEXT(queue));
    }
    return queue;
}

static void wake_place(wsgi_place_cell *place) {
    syscall(SYS_futex, futex_word(place), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool wsgi_queue_exists(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = atomic_load(&board->groups[group].queue);
    return FIRST(queue) != NEXT(queue);
}

uint32_t wsgi_queue_length(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = settle(board, group);
    uint32_t length = 0;
    for (uint32_t ticket = FIRST(queue); ticket != NEXT(queue); ticket++)
        length += is_waiting(atomic_load_explicit(place_of(board, group, ticket), memory_order_relaxed), ticket);
    return length;
}

uint32_t wsgi_queue_span(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = atomic_load_explicit(&board->groups[group].queue, memory_order_relaxed);
    return NEXT(queue) - FIRST(queue);
}

/* Milliseconds of the monotonic clock. They wrap, so only differences are meaningful. */
static uint32_t milliseconds(void) { return (uint32_t)(wsgi_clock() / 1000000); }

/* Resets the counts for the first waiting request. */
static void begin_queue(wsgi_group_cell *cell) {
    uint32_t now = milliseconds();
    atomic_store_explicit(&cell->served, COUNTED(now, 0), memory_order_relaxed);
    atomic_store_explicit(&cell->left, COUNTED(now, 0), memory_order_relaxed);
    atomic_store_explicit(&cell->began, now, memory_order_relaxed);
    atomic_store_explicit(&cell->slow, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->overload, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->leaving, 0, memory_order_relaxed);
}

/* Halves a count and its period if the period is over. */
static uint64_t fade(_Atomic uint64_t *counted, uint32_t now) {
    uint64_t old = atomic_load_explicit(counted, memory_order_relaxed);
    uint32_t period = now - SINCE(old);
    if (period < COUNTING_TIME)
        return old;
    uint64_t half = COUNTED(now - period / 2, COUNT(old) / 2);
    return atomic_compare_exchange_strong(counted, &old, half) ? half : old;
}

/* The clock may return 0, which is reserved for "never". */
static uint32_t moment(uint32_t milliseconds) { return milliseconds == 0 ? 1 : milliseconds; }

void wsgi_queue_get_facts(wsgi_scoreboard *board, uint32_t group, wsgi_queue_facts *facts) {
    wsgi_group_cell *cell = &board->groups[group];
    uint32_t now = milliseconds();
    uint64_t queue = atomic_load(&cell->queue), served = fade(&cell->served, now);
    uint64_t before = atomic_load_explicit(&cell->left, memory_order_relaxed), left = fade(&cell->left, now);
    if (SINCE(left) != SINCE(before))
        atomic_store_explicit(&cell->leaving, atomic_load(&cell->leaving) / 2, memory_order_relaxed);
    uint32_t slow = atomic_load_explicit(&cell->slow, memory_order_relaxed);
    uint32_t overload = atomic_load_explicit(&cell->overload, memory_order_relaxed);
    facts->length = NEXT(queue) - FIRST(queue);
    facts->age = now - atomic_load_explicit(&cell->began, memory_order_relaxed);
    facts->served = COUNT(served);
    facts->period = now - SINCE(served);
    facts->left = COUNT(left);
    facts->slow_for = slow == 0 ? 0 : now - slow;
    facts->leaving = atomic_load_explicit(&cell->leaving, memory_order_relaxed);
    facts->is_overload = overload != 0 && now - overload < OVERLOAD_TIME;
}

void wsgi_queue_judge(wsgi_scoreboard *board, uint32_t group, bool is_slow, bool is_overload) {
    wsgi_group_cell *cell = &board->groups[group];
    uint32_t now = moment(milliseconds()), none = 0;
    if (!is_slow)
        atomic_store_explicit(&cell->slow, 0, memory_order_relaxed);
    else
        atomic_compare_exchange_strong(&cell->slow, &none, now);
    if (is_overload)
        atomic_store_explicit(&cell->overload, now, memory_order_relaxed);
}

void wsgi_queue_count_left(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    uint32_t now = moment(milliseconds()), before = atomic_load_explicit(&cell->left_at, memory_order_relaxed);
    atomic_fetch_add_explicit(&cell->left, 1, memory_order_relaxed);
    if (now / 100 != before / 100 && atomic_compare_exchange_strong(&cell->left_at, &before, now))
        atomic_fetch_add_explicit(&cell->leaving, 1, memory_order_relaxed);
}

uint32_t wsgi_queue_count_rejected(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    atomic_fetch_add(&cell->rejected, 1);
    uint32_t now = milliseconds(), before = atomic_load(&cell->reported);
    if ((before != 0 && now - before < 1000) || !atomic_compare_exchange_strong(&cell->reported, &before, moment(now)))
        return 0;
    return atomic_exchange(&cell->rejected, 0);
}

uint32_t wsgi_queue_ahead(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    uint32_t first = FIRST(settle(board, group));
    return (int32_t)(ticket - first) > 0 ? ticket - first : 0;
}

bool wsgi_queue_enter(wsgi_scoreboard *board, uint32_t group, uint32_t limit, uint32_t *ticket) {
    wsgi_group_cell *cell = &board->groups[group];
    int32_t pid = (int32_t)getpid();
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        uint64_t queue = settle(board, group);
        uint32_t next = NEXT(queue), length = next - FIRST(queue);
        if (length >= WSGI_MAX_WAITING || (length >= limit && wsgi_queue_length(board, group) >= limit))
            return false;
        wsgi_place_cell *place = place_of(board, group, next);
        uint64_t old = atomic_load(place);
        if (STATE(old) != NEVER_USED && TICKET(old) == next) {
            /* Another request has entered and not extended the queue yet. */
            atomic_compare_exchange_strong(&cell->queue, &queue, QUEUE(FIRST(queue), next + 1));
            continue;
        }
        bool is_free = STATE(old) == NEVER_USED || (STATE(old) == LEFT && TICKET(old) == next - WSGI_MAX_WAITING);
        if (!is_free) {
            if (atomic_load(&cell->queue) == queue) /* Not possible in a consistent queue. */
                reset(board, group, queue);
            continue;
        }
        if (!atomic_compare_exchange_strong(place, &old, PLACE(next, WAITING, pid)))
            continue;
        if (length == 0)
            begin_queue(cell);
        queue = atomic_load(&cell->queue);
        for (int move = 0; move < MOST_ATTEMPTS && NEXT(queue) == next; move++)
            if (atomic_compare_exchange_weak(&cell->queue, &queue, QUEUE(FIRST(queue), next + 1)))
                break;
        atomic_thread_fence(memory_order_seq_cst); /* Only now look for a thread. */
        *ticket = next;
        return true;
    }
    return false;
}

bool wsgi_queue_leave(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    enum place_state former = change(place_of(board, group, ticket), ticket, LEFT);
    if (former != LEFT)
        settle(board, group);
    atomic_thread_fence(memory_order_seq_cst); /* Only now check whether another request must be called. */
    return former == CALLED;
}

/* Marks all tickets of a process as left. Returns how many of them had been called. */
static uint32_t remove_tickets(wsgi_scoreboard *board, uint32_t group, int32_t pid) {
    uint64_t queue = settle(board, group);
    uint32_t called = 0;
    for (uint32_t ticket = FIRST(queue); ticket != NEXT(queue); ticket++) {
        wsgi_place_cell *place = place_of(board, group, ticket);
        uint64_t old = atomic_load(place);
        if (!is_waiting(old, ticket) || PID(old) != pid)
            continue;
        enum place_state former = change(place, ticket, LEFT);
        if (former != LEFT)
            wake_place(place);
        called += former == CALLED;
    }
    return called;
}

/* Calls the first request that has not been called. If the first in the queue was called, and MOST_PASSED others were
 * called or served since then, returns its process instead; otherwise 0. */
static int32_t call_next(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = settle(board, group);
    uint32_t length = NEXT(queue) - FIRST(queue);
    for (uint32_t ahead = 0; ahead < length; ahead++) {
        if (ahead == MOST_PASSED)
            return PID(atomic_load(place_of(board, group, FIRST(queue))));
        uint32_t ticket = FIRST(queue) + ahead;
        wsgi_place_cell *place = place_of(board, group, ticket);
        uint64_t old = atomic_load(place);
        if (TICKET(old) == ticket && STATE(old) == WAITING &&
            atomic_compare_exchange_strong(place, &old, PLACE(ticket, CALLED, PID(old)))) {
            wake_place(place);
            return 0;
        }
    }
    return 0;
}

void wsgi_queue_call(wsgi_scoreboard *board, uint32_t group) {
    int32_t stopped;
    for (int attempt = 0; attempt < MOST_STOPPED && (stopped = call_next(board, group)) != 0; attempt++)
        remove_tickets(board, group, stopped);
}

void wsgi_queue_call_first(wsgi_scoreboard *board, uint32_t group) {
    for (int attempt = 0; attempt < MOST_CALLS; attempt++) {
        uint64_t queue = settle(board, group);
        if (FIRST(queue) == NEXT(queue))
            return;
        wsgi_place_cell *place = place_of(board, group, FIRST(queue));
        uint64_t old = atomic_load(place);
        if (!is_waiting(old, FIRST(queue)))
            continue;
        if (STATE(old) == CALLED) /* It has not reacted to the call yet. */
            return;
        if (atomic_compare_exchange_strong(place, &old, PLACE(FIRST(queue), CALLED, PID(old)))) {
            wake_place(place);
            return;
        }
    }
}

void wsgi_queue_call_all(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = settle(board, group);
    for (uint32_t ticket = FIRST(queue); ticket != NEXT(queue); ticket++)
        if (change(place_of(board, group, ticket), ticket, CALLED) == WAITING)
            wake_place(place_of(board, group, ticket));
}

enum wsgi_queue_turn wsgi_queue_look(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    wsgi_place_cell *place = place_of(board, group, ticket);
    enum place_state former = change(place, ticket, WAITING);
    if (former == LEFT)
        return WSGI_TURN_NEVER;
    uint64_t queue = settle(board, group);
    atomic_thread_fence(memory_order_seq_cst); /* Only now look for a thread. */
    if (ticket - FIRST(queue) >= NEXT(queue) - FIRST(queue)) {
        /* The queue was reset between two steps of entering it. */
        change(place, ticket, LEFT);
        return WSGI_TURN_NEVER;
    }
    return former == CALLED || FIRST(queue) == ticket ? WSGI_TURN_NOW : WSGI_TURN_LATER;
}

bool wsgi_queue_wait(wsgi_scoreboard *board, uint32_t group, uint32_t ticket, uint32_t milliseconds) {
    wsgi_place_cell *place = place_of(board, group, ticket);
    uint64_t old = atomic_load(place);
    if (!is_waiting(old, ticket) || STATE(old) == CALLED)
        return true;
    wsgi_await_word(futex_word(place), (uint32_t)old, milliseconds);
    uint64_t new = atomic_load(place);
    return new != old;
}

bool wsgi_queue_first(wsgi_scoreboard *board, uint32_t group, uint32_t *ticket) {
    uint64_t queue = settle(board, group);
    *ticket = FIRST(queue);
    return FIRST(queue) != NEXT(queue);
}

void wsgi_queue_remove_process(wsgi_scoreboard *board, uint32_t group, int32_t pid) {
    /* Other requests are called for the threads that it was called for. */
    for (uint32_t calls = remove_tickets(board, group, pid) + 1; calls > 0; calls--)
        wsgi_queue_call(board, group);
}

void wsgi_queue_put_out(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    uint64_t queue = settle(board, group), place = atomic_load(place_of(board, group, ticket));
    if (FIRST(queue) != NEXT(queue) && FIRST(queue) == ticket && is_waiting(place, ticket))
        wsgi_queue_remove_process(board, group, PID(place));
}

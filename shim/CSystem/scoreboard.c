#include "wsgi_scoreboard.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define GENERATION(word) ((uint32_t)((word) >> 32))
#define COUNT(word) ((uint32_t)(word))
#define WORD(generation, count) (((uint64_t)(generation) << 32) | (count))

static wsgi_claim_cell *claim_cell(wsgi_scoreboard *board, uint32_t child, uint32_t slot) {
    if (child >= WSGI_MAX_CHILDREN || slot >= WSGI_MAX_SLOTS)
        return NULL;
    return (wsgi_claim_cell *)(void *)(board + 1) + (size_t)child * WSGI_MAX_SLOTS + slot;
}

/* Something has changed in the group. */
static void wake(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    atomic_fetch_add(&cell->signal, 1);
    syscall(SYS_futex, &cell->signal, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    wsgi_queue_call(board, group);
}

static void call_all(wsgi_scoreboard *board, uint32_t group);

void wsgi_scoreboard_prepare(wsgi_scoreboard *board) {
    board->magic = WSGI_SCOREBOARD_MAGIC;
    board->version = WSGI_SCOREBOARD_VERSION;
}

bool wsgi_scoreboard_is_valid(const wsgi_scoreboard *board) {
    return board->magic == WSGI_SCOREBOARD_MAGIC && board->version == WSGI_SCOREBOARD_VERSION;
}

void wsgi_slot_publish(wsgi_scoreboard *board, uint32_t group, uint32_t slot, uint32_t generation, uint32_t threads,
                       int32_t pid) {
    wsgi_slot_cell *cell = &board->slots[slot];
    cell->threads = threads;
    atomic_store(&cell->pid, pid);
    atomic_store(&cell->word, WORD(generation, 0));
    wake(board, group);
}

void wsgi_slot_withdraw(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    atomic_store(&board->slots[slot].pid, 0);
    atomic_store(&board->slots[slot].word, 0);
    wake(board, group);
}

void wsgi_slot_close(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    uint64_t word = atomic_load(&board->slots[slot].word);
    atomic_store(&board->slots[slot].pid, 0);
    while (!atomic_compare_exchange_weak(&board->slots[slot].word, &word, WORD(GENERATION(word), UINT32_MAX)))
        ;
    wake(board, group);
}

void wsgi_slot_refuse(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    atomic_fetch_add(&board->slots[slot].refusals, 1);
    wake(board, group);
}

void wsgi_group_set_state(wsgi_scoreboard *board, uint32_t group, enum wsgi_group_state state) {
    atomic_store(&board->groups[group].state, (uint32_t)state);
    wake(board, group);
    if (state == WSGI_GROUP_FAILED || state == WSGI_GROUP_STOPPED)
        call_all(board, group);
}

enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *board, uint32_t group) {
    return (enum wsgi_group_state)atomic_load_explicit(&board->groups[group].state, memory_order_acquire);
}

void wsgi_scoreboard_beat(wsgi_scoreboard *board, uint64_t second) {
    atomic_store(&board->supervisor_heartbeat, second);
}

bool wsgi_scoreboard_set_lacking(wsgi_scoreboard *board, bool lacks) {
    return atomic_exchange(&board->lacks_configuration, lacks) != 0;
}

uint32_t wsgi_slot_generation(wsgi_scoreboard *board, uint32_t slot) {
    return GENERATION(atomic_load_explicit(&board->slots[slot].word, memory_order_acquire));
}

uint32_t wsgi_slot_load(wsgi_scoreboard *board, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    return GENERATION(word) != 0 && COUNT(word) < cell->threads ? COUNT(word) : UINT32_MAX;
}

uint32_t wsgi_slot_threads(wsgi_scoreboard *board, uint32_t slot) {
    return wsgi_slot_generation(board, slot) == 0 ? 0 : board->slots[slot].threads;
}

uint32_t wsgi_slot_refusals(wsgi_scoreboard *board, uint32_t slot) {
    return atomic_load_explicit(&board->slots[slot].refusals, memory_order_acquire);
}

int32_t wsgi_slot_pid(wsgi_scoreboard *board, uint32_t slot) { return atomic_load(&board->slots[slot].pid); }

/* The child's own cell: threads of one child race here, other processes do not. */
static void note_claim(wsgi_claim_cell *cell, uint32_t generation) {
    uint64_t old = atomic_load_explicit(cell, memory_order_relaxed), new;
    do
        new = GENERATION(old) == generation ? old + 1 : WORD(generation, 1);
    while (!atomic_compare_exchange_weak(cell, &old, new));
}

static void note_release(wsgi_claim_cell *cell, uint32_t generation) {
    uint64_t old = atomic_load_explicit(cell, memory_order_relaxed);
    while (GENERATION(old) == generation && COUNT(old) > 0)
        if (atomic_compare_exchange_weak(cell, &old, old - 1))
            return;
}

static void give_back(wsgi_slot_cell *cell, uint32_t generation, uint32_t count) {
    uint64_t old = atomic_load_explicit(&cell->word, memory_order_relaxed), new;
    do {
        if (GENERATION(old) != generation)
            return;
        new = COUNT(old) > count ? old - count : WORD(generation, 0);
    } while (!atomic_compare_exchange_weak(&cell->word, &old, new));
}

uint32_t wsgi_slot_claim(wsgi_scoreboard *board, uint32_t child, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    uint32_t noted = 0; /* the generation of which one more claim is in the child's own cell */
    uint64_t old = atomic_load_explicit(&cell->word, memory_order_acquire);
    for (;;) {
        bool possible = GENERATION(old) != 0 && COUNT(old) < cell->threads;
        if (own && noted && (!possible || noted != GENERATION(old)))
            note_release(own, noted);
        if (!possible)
            return 0;
        if (own && noted != GENERATION(old))
            note_claim(own, GENERATION(old));
        noted = GENERATION(old);
        if (atomic_compare_exchange_weak(&cell->word, &old, old + 1))
            return noted;
    }
}

void wsgi_slot_release(wsgi_scoreboard *board, uint32_t child, uint32_t group, uint32_t slot, uint32_t generation) {
    give_back(&board->slots[slot], generation, 1);
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    if (own)
        note_release(own, generation);
    if (wsgi_queue_exists(board, group)) {
        atomic_fetch_add_explicit(&board->groups[group].served, 1, memory_order_relaxed);
        wsgi_queue_call(board, group);
    }
}

uint32_t wsgi_group_signal(wsgi_scoreboard *board, uint32_t group) { return atomic_load(&board->groups[group].signal); }

static void await(const void *word, uint32_t seen, uint32_t milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000L};
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &limit, NULL, 0);
}

bool wsgi_group_await_signal(wsgi_scoreboard *board, uint32_t group, uint32_t seen, uint32_t milliseconds) {
    await(&board->groups[group].signal, seen, milliseconds);
    return atomic_load(&board->groups[group].signal) != seen;
}

/* --- The queue. */

enum place_state { NEVER_USED = 0, WAITING = 1, CALLED = 2, LEFT = 3 };

#define FIRST(queue) ((uint32_t)((queue) >> 32))
#define NEXT(queue) ((uint32_t)(queue))
#define QUEUE(first, next) (((uint64_t)(first) << 32) | (next))
#define TICKET(place) ((uint32_t)((place) >> 32))
#define STATE(place) ((enum place_state)(((place) >> 24) & 0xff))
#define PID(place) ((int32_t)((place)&0xffffff)) /* Linux has no pid above 2^22 */
/* Counts: the millisecond since which << 32 | the count. */
#define SINCE(counted) ((uint32_t)((counted) >> 32))
#define COUNTED(since, count) (((uint64_t)(since) << 32) | (count))
/* How long is counted, in milliseconds. */
#define COUNTING_TIME 10000u
/* How long overload lasts without anything that speaks for it, in milliseconds. */
#define OVERLOAD_TIME 10000u
#define PLACE(ticket, state, pid) (((uint64_t)(ticket) << 32) | ((uint64_t)(state) << 24) | (uint64_t)(pid))

static wsgi_place_cell *place_of(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    wsgi_claim_cell *places =
        (wsgi_claim_cell *)(void *)(board + 1) + (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS;
    return (wsgi_place_cell *)places + (size_t)group * WSGI_MAX_WAITING + ticket % WSGI_MAX_WAITING;
}

static void *futex_word(wsgi_place_cell *place) {
    const uint16_t probe = 1;
    return (char *)place + (*(const char *)&probe ? 0 : 4);
}

/* Whether the place is that of `ticket`, who has not left it. */
static bool is_waiting(uint64_t place, uint32_t ticket) {
    return TICKET(place) == ticket && (STATE(place) == WAITING || STATE(place) == CALLED);
}

/* Changes the state of a ticket that waits; false: it does not wait any more. */
static bool change(wsgi_place_cell *place, uint32_t ticket, enum place_state state) {
    uint64_t old = atomic_load(place);
    while (is_waiting(old, ticket))
        if (atomic_compare_exchange_weak(place, &old, PLACE(ticket, state, PID(old))))
            return true;
    return false;
}

/* Moves the queue over places that have been left; the first of the result, if there is one, waits. */
static uint64_t settle(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    uint64_t queue = atomic_load(&cell->queue);
    while (FIRST(queue) != NEXT(queue)) {
        uint64_t first = atomic_load(place_of(board, group, FIRST(queue)));
        if (is_waiting(first, FIRST(queue)))
            break;
        if (TICKET(first) != FIRST(queue))
            queue = atomic_load(&cell->queue); /* It has been moved, and the place is somebody else's. */
        else if (atomic_compare_exchange_weak(&cell->queue, &queue, QUEUE(FIRST(queue) + 1, NEXT(queue))))
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

/* Milliseconds of the monotonic clock; only differences mean anything. */
static uint32_t milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint32_t)((uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000);
}

/* Somebody is the first to wait: nothing is known yet. */
static void begin_queue(wsgi_group_cell *cell) {
    uint32_t now = milliseconds();
    atomic_store_explicit(&cell->served, COUNTED(now, 0), memory_order_relaxed);
    atomic_store_explicit(&cell->left, COUNTED(now, 0), memory_order_relaxed);
    atomic_store_explicit(&cell->began, now, memory_order_relaxed);
    atomic_store_explicit(&cell->slow, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->overload, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->leaving, 0, memory_order_relaxed);
}

/* Halves a count, and the time it is for, when that is over. */
static uint64_t fade(_Atomic uint64_t *counted, uint32_t now) {
    uint64_t old = atomic_load_explicit(counted, memory_order_relaxed);
    uint32_t period = now - SINCE(old);
    if (period < COUNTING_TIME)
        return old;
    uint64_t half = COUNTED(now - period / 2, COUNT(old) / 2);
    return atomic_compare_exchange_strong(counted, &old, half) ? half : old;
}

/* The clock may read 0, which means never. */
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

uint32_t wsgi_queue_count_refused(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    atomic_fetch_add(&cell->refused, 1);
    uint32_t now = milliseconds(), before = atomic_load(&cell->reported);
    if ((before != 0 && now - before < 1000) || !atomic_compare_exchange_strong(&cell->reported, &before, moment(now)))
        return 0;
    return atomic_exchange(&cell->refused, 0);
}

uint32_t wsgi_queue_ahead(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    uint32_t first = FIRST(settle(board, group));
    return (int32_t)(ticket - first) > 0 ? ticket - first : 0;
}

bool wsgi_queue_enter(wsgi_scoreboard *board, uint32_t group, uint32_t limit, uint32_t *ticket) {
    wsgi_group_cell *cell = &board->groups[group];
    int32_t pid = (int32_t)getpid();
    for (;;) {
        uint64_t queue = settle(board, group);
        uint32_t next = NEXT(queue), length = next - FIRST(queue);
        if (length >= WSGI_MAX_WAITING || (length >= limit && wsgi_queue_length(board, group) >= limit))
            return false;
        wsgi_place_cell *place = place_of(board, group, next);
        uint64_t old = atomic_load(place);
        if (STATE(old) != NEVER_USED && TICKET(old) == next) {
            /* Somebody has entered, and the queue is yet to be moved behind it. */
            atomic_compare_exchange_strong(&cell->queue, &queue, QUEUE(FIRST(queue), next + 1));
            continue;
        }
        bool is_free = STATE(old) == NEVER_USED || (STATE(old) == LEFT && TICKET(old) == next - WSGI_MAX_WAITING);
        if (!is_free || !atomic_compare_exchange_strong(place, &old, PLACE(next, WAITING, pid)))
            continue;
        if (length == 0)
            begin_queue(cell);
        queue = atomic_load(&cell->queue);
        while (NEXT(queue) == next)
            if (atomic_compare_exchange_weak(&cell->queue, &queue, QUEUE(FIRST(queue), next + 1)))
                break;
        atomic_thread_fence(memory_order_seq_cst); /* Only now look for a thread. */
        *ticket = next;
        return true;
    }
}

void wsgi_queue_leave(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    if (change(place_of(board, group, ticket), ticket, LEFT))
        settle(board, group);
    atomic_thread_fence(memory_order_seq_cst); /* Only now look whether the next one has to be called. */
}

void wsgi_queue_call(wsgi_scoreboard *board, uint32_t group) {
    for (;;) {
        uint64_t queue = settle(board, group);
        if (FIRST(queue) == NEXT(queue))
            return;
        wsgi_place_cell *place = place_of(board, group, FIRST(queue));
        uint64_t old = atomic_load(place);
        if (!is_waiting(old, FIRST(queue)))
            continue;
        if (STATE(old) == CALLED) /* It has yet to look. */
            return;
        if (atomic_compare_exchange_strong(place, &old, PLACE(FIRST(queue), CALLED, PID(old)))) {
            wake_place(place);
            return;
        }
    }
}

static void call_all(wsgi_scoreboard *board, uint32_t group) {
    uint64_t queue = settle(board, group);
    for (uint32_t ticket = FIRST(queue); ticket != NEXT(queue); ticket++)
        if (change(place_of(board, group, ticket), ticket, CALLED))
            wake_place(place_of(board, group, ticket));
}

enum wsgi_queue_turn wsgi_queue_look(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    if (!change(place_of(board, group, ticket), ticket, WAITING))
        return WSGI_TURN_NEVER;
    uint64_t queue = settle(board, group);
    atomic_thread_fence(memory_order_seq_cst); /* Only now look for a thread. */
    return FIRST(queue) == ticket ? WSGI_TURN_FIRST : WSGI_TURN_LATER;
}

bool wsgi_queue_wait(wsgi_scoreboard *board, uint32_t group, uint32_t ticket, uint32_t milliseconds) {
    wsgi_place_cell *place = place_of(board, group, ticket);
    uint64_t old = atomic_load(place);
    if (!is_waiting(old, ticket) || STATE(old) == CALLED)
        return true;
    await(futex_word(place), (uint32_t)old, milliseconds);
    uint64_t new = atomic_load(place);
    return new != old;
}

bool wsgi_queue_first(wsgi_scoreboard *board, uint32_t group, uint32_t *ticket) {
    uint64_t queue = settle(board, group);
    *ticket = FIRST(queue);
    return FIRST(queue) != NEXT(queue);
}

/* Marks all places of a process as left. */
static void remove_process(wsgi_scoreboard *board, uint32_t group, int32_t pid) {
    uint64_t queue = settle(board, group);
    for (uint32_t ticket = FIRST(queue); ticket != NEXT(queue); ticket++) {
        wsgi_place_cell *place = place_of(board, group, ticket);
        uint64_t old = atomic_load(place);
        if (is_waiting(old, ticket) && PID(old) == pid && change(place, ticket, LEFT))
            wake_place(place);
    }
    wsgi_queue_call(board, group);
}

void wsgi_queue_put_out(wsgi_scoreboard *board, uint32_t group, uint32_t ticket) {
    uint64_t queue = settle(board, group), place = atomic_load(place_of(board, group, ticket));
    if (FIRST(queue) != NEXT(queue) && FIRST(queue) == ticket && is_waiting(place, ticket))
        remove_process(board, group, PID(place));
}

/* --- Children. */

/* A process that nobody has waited for yet has ended, too; a pidfd says so. */
static bool has_ended(int32_t pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0)
        return errno == ESRCH || (kill(pid, 0) != 0 && errno == ESRCH);
    struct pollfd poller = {.fd = descriptor, .events = POLLIN};
    bool ended = poll(&poller, 1, 0) > 0;
    close(descriptor);
    return ended;
}

/* Gives back what the child of a place claims, and frees the place; `found` is what stood there. */
static bool reclaim(wsgi_scoreboard *board, uint32_t child, int32_t found) {
    int32_t mark = -(int32_t)getpid();
    if (!atomic_compare_exchange_strong(&board->children[child], &found, mark))
        return false;
    for (uint32_t slot = 0; slot < WSGI_MAX_SLOTS; slot++) {
        wsgi_claim_cell *cell = claim_cell(board, child, slot);
        uint64_t left = atomic_load_explicit(cell, memory_order_relaxed);
        if (left == 0)
            continue;
        if (COUNT(left) > 0)
            give_back(&board->slots[slot], GENERATION(left), COUNT(left));
        atomic_store(cell, 0);
    }
    atomic_compare_exchange_strong(&board->children[child], &mark, 0);
    return true;
}

/* Threads of a process that has ended may be idle now. */
static void remove_everywhere(wsgi_scoreboard *board, int32_t pid) {
    for (uint32_t group = 0; group < WSGI_MAX_GROUPS; group++)
        if (wsgi_queue_exists(board, group))
            remove_process(board, group, pid);
}

static void look_for_ended(wsgi_scoreboard *board) {
    int32_t own = (int32_t)getpid();
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t found = atomic_load_explicit(&board->children[child], memory_order_relaxed);
        int32_t pid = found < 0 ? -found : found;
        if (pid != 0 && pid != own && has_ended(pid) && reclaim(board, child, found))
            remove_everywhere(board, pid);
    }
}

bool wsgi_children_look(wsgi_scoreboard *board) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
    uint64_t before = atomic_load(&board->looked);
    if (now - before < 250 || !atomic_compare_exchange_strong(&board->looked, &before, now))
        return false;
    look_for_ended(board);
    return true;
}

uint32_t wsgi_child_register(wsgi_scoreboard *board) {
    int32_t own = (int32_t)getpid();
    look_for_ended(board);
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t pid = 0;
        if (atomic_compare_exchange_strong(&board->children[child], &pid, own))
            return child;
    }
    return WSGI_MAX_CHILDREN;
}

void wsgi_child_unregister(wsgi_scoreboard *board, uint32_t child) {
    if (child < WSGI_MAX_CHILDREN)
        atomic_store(&board->children[child], 0);
}

void wsgi_child_ended(wsgi_scoreboard *board, int32_t pid) {
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t found = atomic_load_explicit(&board->children[child], memory_order_relaxed);
        if (found == pid || found == -pid)
            reclaim(board, child, found);
    }
    remove_everywhere(board, pid);
}

#include "scoreboard_parts.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GENERATION(word) ((uint32_t)((word) >> 32))
#define WORD(generation, count) (((uint64_t)(generation) << 32) | (count))

static wsgi_claim_cell *claim_cell(wsgi_scoreboard *board, uint32_t child, uint32_t slot) {
    if (child >= WSGI_MAX_CHILDREN || slot >= WSGI_MAX_SLOTS)
        return NULL;
    return (wsgi_claim_cell *)(void *)(board + 1) + (size_t)child * WSGI_MAX_SLOTS + slot;
}

/* Maximum number of requests that are called at once for the threads of a new worker. They call others. */
enum { MOST_NEW_CALLS = 64 };

/* How long a crowded group stays so without another sign, in milliseconds. */
#define CROWDED_TIME 10000u

/* Wakes the threads that wait for a change of the group, and the queue. */
static void wake(wsgi_scoreboard *board, uint32_t group) {
    wsgi_group_cell *cell = &board->groups[group];
    atomic_fetch_add(&cell->signal, 1);
    syscall(SYS_futex, &cell->signal, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    wsgi_queue_call(board, group);
}

static wsgi_occupied_cell *occupied_cell(wsgi_scoreboard *board, uint32_t child, uint32_t group) {
    size_t claims = (size_t)WSGI_MAX_CHILDREN * (size_t)WSGI_MAX_SLOTS;
    size_t places = (size_t)WSGI_MAX_GROUPS * (size_t)WSGI_MAX_WAITING;
    if (child >= WSGI_MAX_CHILDREN)
        return NULL;
    wsgi_place_cell *first_place = (wsgi_place_cell *)((wsgi_claim_cell *)(void *)(board + 1) + claims);
    return (wsgi_occupied_cell *)(void *)(first_place + places) + (size_t)child * WSGI_MAX_GROUPS + group;
}

/* The group of the slot's worker. Not trusted, as no value here is. */
static uint32_t group_of(const wsgi_slot_cell *cell) { return cell->group % WSGI_MAX_GROUPS; }

static void subtract(_Atomic uint32_t *counted, uint32_t count) {
    uint32_t old = atomic_load(counted);
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++)
        if (atomic_compare_exchange_weak(counted, &old, old > count ? old - count : 0))
            return;
}

void wsgi_scoreboard_prepare(wsgi_scoreboard *board) {
    board->magic = WSGI_SCOREBOARD_MAGIC;
    board->version = WSGI_SCOREBOARD_VERSION;
}

bool wsgi_scoreboard_is_valid(const wsgi_scoreboard *board) {
    return board->magic == WSGI_SCOREBOARD_MAGIC && board->version == WSGI_SCOREBOARD_VERSION;
}

/* Replaces the generation of a slot. The requests of the former worker still occupy threads of httpd. Claims of lost
 * threads do not, and a closed slot has no count. */
static void replace(wsgi_scoreboard *board, uint32_t group, wsgi_slot_cell *cell, uint32_t threads, uint64_t word) {
    uint64_t old = atomic_exchange(&cell->word, word);
    uint32_t lost = atomic_exchange(&cell->lost, 0), left = COUNT(old);
    if (left > lost && left <= threads)
        atomic_fetch_add(&board->groups[group].occupied[WSGI_READS_FORMER], left - lost);
    wake(board, group);
}

void wsgi_slot_publish(wsgi_scoreboard *board, uint32_t group, uint32_t slot, uint32_t generation, uint32_t threads,
                       int32_t pid) {
    wsgi_slot_cell *cell = &board->slots[slot];
    uint32_t former = cell->threads;
    cell->threads = threads;
    cell->group = group;
    atomic_store(&cell->pid, pid);
    replace(board, group, cell, former, WORD(generation, 0));
    for (uint32_t thread = 1; thread < threads && thread < MOST_NEW_CALLS; thread++)
        wsgi_queue_call(board, group);
}

void wsgi_slot_withdraw(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    atomic_store(&cell->pid, 0);
    replace(board, group, cell, cell->threads, 0);
}

void wsgi_slot_close(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    uint64_t word = atomic_load(&board->slots[slot].word);
    atomic_store(&board->slots[slot].pid, 0);
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++)
        if (atomic_compare_exchange_weak(&board->slots[slot].word, &word, WORD(GENERATION(word), UINT32_MAX)))
            break;
    wake(board, group);
}

void wsgi_slot_replacement_failed(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    atomic_fetch_add(&board->slots[slot].failed_replacements, 1);
    wake(board, group);
}

void wsgi_group_set_state(wsgi_scoreboard *board, uint32_t group, enum wsgi_group_state state) {
    atomic_store(&board->groups[group].state, (uint32_t)state);
    wake(board, group);
    if (state == WSGI_GROUP_FAILED || state == WSGI_GROUP_STOPPED)
        wsgi_queue_call_all(board, group);
}

enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *board, uint32_t group) {
    return (enum wsgi_group_state)atomic_load_explicit(&board->groups[group].state, memory_order_acquire);
}

uint32_t wsgi_scoreboard_take_resets(wsgi_scoreboard *board) { return atomic_exchange(&board->resets, 0); }

uint32_t wsgi_slot_generation(wsgi_scoreboard *board, uint32_t slot) {
    return GENERATION(atomic_load_explicit(&board->slots[slot].word, memory_order_acquire));
}

uint32_t wsgi_slot_load(wsgi_scoreboard *board, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    return GENERATION(word) != 0 && COUNT(word) < cell->threads ? COUNT(word) : UINT32_MAX;
}

uint32_t wsgi_slot_claimed(wsgi_scoreboard *board, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    uint32_t count = COUNT(atomic_load_explicit(&cell->word, memory_order_relaxed));
    return count < cell->threads ? count : cell->threads;
}

uint32_t wsgi_slot_threads(wsgi_scoreboard *board, uint32_t slot) {
    return wsgi_slot_generation(board, slot) == 0 ? 0 : board->slots[slot].threads;
}

uint32_t wsgi_slot_failed_replacements(wsgi_scoreboard *board, uint32_t slot) {
    return atomic_load_explicit(&board->slots[slot].failed_replacements, memory_order_acquire);
}

int32_t wsgi_slot_pid(wsgi_scoreboard *board, uint32_t slot) { return atomic_load(&board->slots[slot].pid); }

/* The child's own cell: only threads of this child change it at the same time. A claim of an older generation than the
 * recorded one cannot succeed, and is not recorded: the record of the newer one would be lost. */
static void note_claim(wsgi_claim_cell *cell, wsgi_occupied_cell *former, uint32_t generation) {
    uint64_t old = atomic_load_explicit(cell, memory_order_relaxed), new;
    int attempts = MOST_ATTEMPTS;
    do {
        if (COUNT(old) > 0 && (int32_t)(GENERATION(old) - generation) > 0)
            return;
        new = GENERATION(old) == generation ? old + 1 : WORD(generation, 1);
    } while (!atomic_compare_exchange_weak(cell, &old, new) && --attempts > 0);
    /* The claims of an older generation are recorded with the child's requests of former workers. */
    if (former && GENERATION(old) != generation && COUNT(old) > 0)
        atomic_fetch_add(&former->threads[WSGI_READS_FORMER], COUNT(old));
}

/* Returns false if the claim is no longer recorded here. */
static bool note_release(wsgi_claim_cell *cell, uint32_t generation) {
    uint64_t old = atomic_load_explicit(cell, memory_order_relaxed);
    int attempts = MOST_ATTEMPTS;
    while (GENERATION(old) == generation && COUNT(old) > 0 && attempts-- > 0)
        if (atomic_compare_exchange_weak(cell, &old, old - 1))
            return true;
    return false;
}

/* Returns false if another worker serves the slot now. */
static bool give_back(wsgi_slot_cell *cell, uint32_t generation, uint32_t count) {
    uint64_t old = atomic_load_explicit(&cell->word, memory_order_relaxed), new;
    int attempts = MOST_ATTEMPTS;
    do {
        if (GENERATION(old) != generation)
            return false;
        new = COUNT(old) > count ? old - count : WORD(generation, 0);
    } while (!atomic_compare_exchange_weak(&cell->word, &old, new) && --attempts > 0);
    return true;
}

void wsgi_slot_lose_thread(wsgi_scoreboard *board, uint32_t group, uint32_t slot, uint32_t generation) {
    wsgi_slot_cell *cell = &board->slots[slot];
    if (GENERATION(atomic_load(&cell->word)) == generation)
        atomic_fetch_add(&cell->lost, 1);
    else
        subtract(&board->groups[group].occupied[WSGI_READS_FORMER], 1);
}

uint32_t wsgi_slot_claim(wsgi_scoreboard *board, uint32_t child, uint32_t slot) {
    wsgi_slot_cell *cell = &board->slots[slot];
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    uint32_t noted = 0; /* the generation whose claim is recorded in the child's own cell */
    uint64_t old = atomic_load_explicit(&cell->word, memory_order_acquire);
    for (int attempt = 0;; attempt++) {
        bool possible = GENERATION(old) != 0 && COUNT(old) < cell->threads && attempt < MOST_ATTEMPTS;
        if (own && noted && (!possible || noted != GENERATION(old)))
            note_release(own, noted);
        if (!possible)
            return 0;
        if (own && noted != GENERATION(old))
            note_claim(own, occupied_cell(board, child, group_of(cell)), GENERATION(old));
        noted = GENERATION(old);
        if (atomic_compare_exchange_weak(&cell->word, &old, old + 1))
            return noted;
    }
}

void wsgi_slot_release(wsgi_scoreboard *board, uint32_t child, uint32_t group, uint32_t slot, uint32_t generation,
                       bool is_served) {
    bool is_idle = give_back(&board->slots[slot], generation, 1);
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    bool is_recorded = own && note_release(own, generation);
    if (!is_idle) {
        subtract(&board->groups[group].occupied[WSGI_READS_FORMER], 1);
        wsgi_occupied_cell *former = occupied_cell(board, child, group);
        if (!is_recorded && former)
            subtract(&former->threads[WSGI_READS_FORMER], 1);
    }
    if (wsgi_queue_exists(board, group)) {
        if (is_idle && is_served)
            atomic_fetch_add_explicit(&board->groups[group].served, 1, memory_order_relaxed);
        wsgi_queue_call(board, group);
    }
}

void wsgi_slot_set_running(wsgi_scoreboard *board, uint32_t slot, uint32_t generation, bool is_running) {
    uint32_t index = generation % WSGI_RUNNING_GENERATIONS, bit = 1u << index % 32;
    _Atomic uint32_t *word = &board->slots[slot].running[index / 32];
    if (is_running)
        atomic_fetch_or(word, bit);
    else
        atomic_fetch_and(word, ~bit);
}

bool wsgi_slot_is_running(wsgi_scoreboard *board, uint32_t slot, uint32_t generation) {
    uint32_t index = generation % WSGI_RUNNING_GENERATIONS;
    return atomic_load(&board->slots[slot].running[index / 32]) >> index % 32 & 1;
}

/* --- Threads of httpd. */

/* A child that is killed between the two steps of either function has one thread too many in its own cell. Subtracting
 * it stops at 0. */
void wsgi_occupied_begin(wsgi_scoreboard *board, uint32_t child, uint32_t group, enum wsgi_occupation reason) {
    wsgi_occupied_cell *own = occupied_cell(board, child, group);
    if (own)
        atomic_fetch_add(&own->threads[reason], 1);
    atomic_fetch_add(&board->groups[group].occupied[reason], 1);
}

void wsgi_occupied_end(wsgi_scoreboard *board, uint32_t child, uint32_t group, enum wsgi_occupation reason) {
    subtract(&board->groups[group].occupied[reason], 1);
    wsgi_occupied_cell *own = occupied_cell(board, child, group);
    if (own)
        subtract(&own->threads[reason], 1);
    if (wsgi_queue_exists(board, group))
        wsgi_queue_call(board, group);
}

uint32_t wsgi_occupied_by(wsgi_scoreboard *board, uint32_t group, enum wsgi_occupation reason) {
    return atomic_load_explicit(&board->groups[group].occupied[reason], memory_order_relaxed);
}

uint32_t wsgi_occupied_of_child(wsgi_scoreboard *board, uint32_t child, uint32_t group, enum wsgi_occupation reason) {
    wsgi_occupied_cell *own = occupied_cell(board, child, group);
    return own ? atomic_load_explicit(&own->threads[reason], memory_order_relaxed) : 0;
}

/* Milliseconds of the monotonic clock; they wrap. 0 is reserved for "never". */
static uint32_t moment(void) {
    uint32_t now = (uint32_t)(wsgi_clock() / 1000000);
    return now == 0 ? 1 : now;
}

void wsgi_group_set_crowded(wsgi_scoreboard *board, uint32_t group) {
    atomic_store_explicit(&board->groups[group].crowded, moment(), memory_order_relaxed);
}

bool wsgi_group_is_crowded(wsgi_scoreboard *board, uint32_t group) {
    uint32_t since = atomic_load_explicit(&board->groups[group].crowded, memory_order_relaxed);
    return since != 0 && moment() - since < CROWDED_TIME;
}

uint32_t wsgi_group_signal(wsgi_scoreboard *board, uint32_t group) { return atomic_load(&board->groups[group].signal); }

void wsgi_await_word(const void *word, uint32_t seen, uint32_t milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000L};
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &limit, NULL, 0);
}

bool wsgi_group_await_signal(wsgi_scoreboard *board, uint32_t group, uint32_t seen, uint32_t milliseconds) {
    wsgi_await_word(&board->groups[group].signal, seen, milliseconds);
    return atomic_load(&board->groups[group].signal) != seen;
}

/* --- Children. */

/* A process that has not been reaped has ended, too; a pidfd reports that. */
static bool has_ended(int32_t pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0)
        return errno == ESRCH || (kill(pid, 0) != 0 && errno == ESRCH);
    struct pollfd poller = {.fd = descriptor, .events = POLLIN};
    bool ended = poll(&poller, 1, 0) > 0;
    close(descriptor);
    return ended;
}

/* Releases the claims of the child at a place, and frees the place; `found` is its former contents. */
static bool reclaim(wsgi_scoreboard *board, uint32_t child, int32_t found) {
    int32_t mark = -(int32_t)getpid();
    if (!atomic_compare_exchange_strong(&board->children[child], &found, mark))
        return false;
    for (uint32_t slot = 0; slot < WSGI_MAX_SLOTS; slot++) {
        wsgi_claim_cell *cell = claim_cell(board, child, slot);
        uint64_t left = atomic_load_explicit(cell, memory_order_relaxed);
        if (left == 0)
            continue;
        if (COUNT(left) > 0 && !give_back(&board->slots[slot], GENERATION(left), COUNT(left)))
            subtract(&board->groups[group_of(&board->slots[slot])].occupied[WSGI_READS_FORMER], COUNT(left));
        atomic_store(cell, 0);
    }
    for (uint32_t group = 0; group < WSGI_MAX_GROUPS; group++)
        for (int reason = 0; reason < WSGI_OCCUPATIONS; reason++) {
            _Atomic uint32_t *own = &occupied_cell(board, child, group)->threads[reason];
            if (atomic_load_explicit(own, memory_order_relaxed) != 0)
                subtract(&board->groups[group].occupied[reason], atomic_exchange(own, 0));
        }
    atomic_compare_exchange_strong(&board->children[child], &mark, 0);
    return true;
}

/* Removes an ended process from all queues, and calls other requests: threads may be idle now. */
static void remove_everywhere(wsgi_scoreboard *board, int32_t pid) {
    for (uint32_t group = 0; group < WSGI_MAX_GROUPS; group++)
        if (wsgi_queue_exists(board, group))
            wsgi_queue_remove_process(board, group, pid);
}

static void look_for_ended(wsgi_scoreboard *board) {
    int32_t own = (int32_t)getpid();
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t found = atomic_load_explicit(&board->children[child], memory_order_relaxed);
        int32_t pid = found < 0 && found > INT32_MIN ? -found : found;
        if (pid > 0 && pid != own && has_ended(pid) && reclaim(board, child, found))
            remove_everywhere(board, pid);
    }
}

bool wsgi_children_look(wsgi_scoreboard *board) {
    uint64_t now = wsgi_clock() / 1000000;
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
    int32_t own = (int32_t)getpid();
    /* Threads that are busy with abandoned requests are still claimed. */
    if (child < WSGI_MAX_CHILDREN && reclaim(board, child, own))
        remove_everywhere(board, own);
}

void wsgi_child_ended(wsgi_scoreboard *board, int32_t pid) {
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t found = atomic_load_explicit(&board->children[child], memory_order_relaxed);
        if (found == pid || found == -pid)
            reclaim(board, child, found);
    }
    remove_everywhere(board, pid);
}

#include "wsgi_scoreboard.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
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

static void wake(wsgi_scoreboard *board, uint32_t group, int count) {
    wsgi_group_cell *cell = &board->groups[group];
    atomic_fetch_add(&cell->signal, 1);
    syscall(SYS_futex, &cell->signal, FUTEX_WAKE, count, NULL, NULL, 0);
}

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
    wake(board, group, INT_MAX);
}

void wsgi_slot_withdraw(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    atomic_store(&board->slots[slot].pid, 0);
    atomic_store(&board->slots[slot].word, 0);
    wake(board, group, INT_MAX);
}

void wsgi_slot_refuse(wsgi_scoreboard *board, uint32_t group, uint32_t slot) {
    atomic_fetch_add(&board->slots[slot].refusals, 1);
    wake(board, group, INT_MAX);
}

void wsgi_group_set_state(wsgi_scoreboard *board, uint32_t group, enum wsgi_group_state state) {
    atomic_store(&board->groups[group].state, (uint32_t)state);
    wake(board, group, INT_MAX);
}

enum wsgi_group_state wsgi_group_get_state(wsgi_scoreboard *board, uint32_t group) {
    return (enum wsgi_group_state)atomic_load_explicit(&board->groups[group].state, memory_order_acquire);
}

void wsgi_scoreboard_beat(wsgi_scoreboard *board, uint64_t second) {
    atomic_store(&board->supervisor_heartbeat, second);
}

uint32_t wsgi_slot_generation(wsgi_scoreboard *board, uint32_t slot) {
    return GENERATION(atomic_load_explicit(&board->slots[slot].word, memory_order_acquire));
}

uint32_t wsgi_slot_busy(wsgi_scoreboard *board, uint32_t slot) {
    return COUNT(atomic_load_explicit(&board->slots[slot].word, memory_order_relaxed));
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
    uint64_t old = atomic_load_explicit(&cell->word, memory_order_acquire);
    do {
        if (GENERATION(old) == 0 || COUNT(old) >= cell->threads)
            return 0;
    } while (!atomic_compare_exchange_weak(&cell->word, &old, old + 1));
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    if (own)
        note_claim(own, GENERATION(old));
    return GENERATION(old);
}

void wsgi_slot_release(wsgi_scoreboard *board, uint32_t child, uint32_t group, uint32_t slot, uint32_t generation) {
    wsgi_claim_cell *own = claim_cell(board, child, slot);
    if (own)
        note_release(own, generation);
    give_back(&board->slots[slot], generation, 1);
    if (atomic_load(&board->groups[group].waiters) > 0)
        wake(board, group, 1);
}

static void reclaim(wsgi_scoreboard *board, uint32_t child, uint32_t slots) {
    for (uint32_t slot = 0; slot < slots && slot < WSGI_MAX_SLOTS; slot++) {
        uint64_t left = atomic_exchange(claim_cell(board, child, slot), 0);
        if (COUNT(left) > 0)
            give_back(&board->slots[slot], GENERATION(left), COUNT(left));
    }
}

uint32_t wsgi_child_register(wsgi_scoreboard *board, uint32_t slots) {
    int32_t own = (int32_t)getpid();
    uint32_t place = WSGI_MAX_CHILDREN;
    for (uint32_t child = 0; child < WSGI_MAX_CHILDREN; child++) {
        int32_t pid = atomic_load(&board->children[child]);
        bool dead = pid > 0 && pid != own && kill(pid, 0) != 0 && errno == ESRCH;
        if (dead && atomic_compare_exchange_strong(&board->children[child], &pid, 0)) {
            reclaim(board, child, slots);
            pid = 0;
        }
        if (pid == 0 && place == WSGI_MAX_CHILDREN &&
            atomic_compare_exchange_strong(&board->children[child], &pid, own))
            place = child;
    }
    return place;
}

void wsgi_child_unregister(wsgi_scoreboard *board, uint32_t child) {
    if (child < WSGI_MAX_CHILDREN)
        atomic_store(&board->children[child], 0);
}

uint32_t wsgi_group_signal(wsgi_scoreboard *board, uint32_t group) { return atomic_load(&board->groups[group].signal); }

bool wsgi_group_wait(wsgi_scoreboard *board, uint32_t group, uint32_t seen, uint32_t milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000L};
    syscall(SYS_futex, &board->groups[group].signal, FUTEX_WAIT, seen, &limit, NULL, 0);
    return atomic_load(&board->groups[group].signal) != seen;
}

uint32_t wsgi_group_waiters(wsgi_scoreboard *board, uint32_t group) {
    return atomic_load(&board->groups[group].waiters);
}

void wsgi_group_enter_queue(wsgi_scoreboard *board, uint32_t group) {
    atomic_fetch_add(&board->groups[group].waiters, 1);
}

void wsgi_group_leave_queue(wsgi_scoreboard *board, uint32_t group) {
    uint32_t old = atomic_load(&board->groups[group].waiters);
    while (old > 0 && !atomic_compare_exchange_weak(&board->groups[group].waiters, &old, old - 1))
        ;
}

/* The supervisor publishes new generations while a child's threads claim and release threads of the slot. Whenever the
 * child is killed, its record has each of its claims of the present generation: none is lost, and no thread stays claimed
 * that nobody holds. */

#include "wsgi_scoreboard.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GROUP = 0, SLOT = 0, THREADS = 8, PUBLISHED = 20 };

static wsgi_scoreboard *board;
static uint32_t child;
static _Atomic bool is_paused, is_over;
static _Atomic int waiting;

static void *serve(void *unused) {
    (void)unused;
    while (!is_over) {
        uint32_t generation = wsgi_slot_claim(board, child, SLOT);
        if (generation == 0 && !is_paused) {
            sched_yield();
            continue;
        }
        if (is_paused) {
            waiting++;
            while (is_paused)
                sched_yield();
            waiting--;
        }
        if (generation != 0)
            wsgi_slot_release(board, child, GROUP, SLOT, generation, true);
    }
    return NULL;
}

/* The claims of the present generation, in the slot and in the child's record. */
static uint32_t claimed(void) { return (uint32_t)board->slots[SLOT].word; }

static uint32_t recorded(void) {
    wsgi_claim_cell *cells = (wsgi_claim_cell *)(void *)(board + 1);
    uint64_t own = cells[(size_t)child * WSGI_MAX_SLOTS + SLOT];
    return own >> 32 == board->slots[SLOT].word >> 32 ? (uint32_t)own : 0;
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 200;
    board = mmap(NULL, wsgi_scoreboard_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (board == MAP_FAILED)
        return 1;
    wsgi_scoreboard_prepare(board);
    child = wsgi_child_register(board);
    uint32_t generation = 1;
    wsgi_slot_publish(board, GROUP, SLOT, generation, THREADS, getpid());
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; index++)
        pthread_create(&threads[index], NULL, serve, NULL);
    int lost = 0;
    for (int round = 0; round < rounds; round++) {
        for (int published = 0; published < PUBLISHED; published++) {
            wsgi_slot_publish(board, GROUP, SLOT, ++generation, THREADS, getpid());
            for (volatile int pause = 0; pause < rand() % 2000; pause++)
                ;
        }
        is_paused = true;
        while (waiting < THREADS)
            sched_yield();
        lost += recorded() < claimed();
        is_paused = false;
        while (waiting > 0)
            sched_yield();
    }
    is_over = true;
    for (int index = 0; index < THREADS; index++)
        pthread_join(threads[index], NULL);
    if (lost > 0 || claimed() != 0)
        fprintf(stderr, "generations: in %d of %d rounds the record lacks a claim; %u are left at the end\n", lost, rounds,
                claimed());
    return lost > 0 || claimed() != 0;
}

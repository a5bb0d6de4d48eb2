/* As many requests are called as threads are given back, in the order in which they came, and each of them may claim:
 * no thread stays idle because one of them takes long to be woken. */

#include "wsgi_scoreboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GROUP = 3, SLOT = 5, THREADS = 3, WAITING = 6 };

static void require(bool is_true, const char *what) {
    if (!is_true) {
        fprintf(stderr, "calls: %s\n", what);
        exit(1);
    }
}

int main(void) {
    wsgi_scoreboard *board = mmap(NULL, wsgi_scoreboard_size(), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(board != MAP_FAILED, "no memory");
    wsgi_scoreboard_prepare(board);
    uint32_t child = wsgi_child_register(board);
    wsgi_slot_publish(board, GROUP, SLOT, 1, THREADS, getpid());
    for (int thread = 0; thread < THREADS; thread++)
        require(wsgi_slot_claim(board, child, SLOT) == 1, "a thread is idle and cannot be claimed");
    require(wsgi_slot_claim(board, child, SLOT) == 0, "more threads were claimed than there are");

    uint32_t tickets[WAITING];
    for (int index = 0; index < WAITING; index++)
        require(wsgi_queue_enter(board, GROUP, WAITING, &tickets[index]), "no place in the queue");

    /* Two threads are given back: the first two are called, the others are not. */
    for (int thread = 0; thread < 2; thread++)
        wsgi_slot_release(board, child, GROUP, SLOT, 1, true);
    require(!wsgi_queue_wait(board, GROUP, tickets[2], 1), "a third one was called");
    /* The second one comes first. */
    require(wsgi_queue_wait(board, GROUP, tickets[1], 1), "the second was not called");
    require(wsgi_queue_look(board, GROUP, tickets[1]) == WSGI_TURN_NOW, "who was called may not claim");
    require(wsgi_slot_claim(board, child, SLOT) == 1, "who was called finds no thread");
    wsgi_queue_leave(board, GROUP, tickets[1]);
    require(wsgi_queue_look(board, GROUP, tickets[2]) == WSGI_TURN_LATER, "who was not called may claim");

    /* The first one looks and does not claim: the next thread is for it, not for those behind it. */
    require(wsgi_queue_look(board, GROUP, tickets[0]) == WSGI_TURN_NOW, "the first may not claim");
    wsgi_slot_release(board, child, GROUP, SLOT, 1, true);
    require(wsgi_queue_wait(board, GROUP, tickets[0], 1), "the first was not called again");
    require(!wsgi_queue_wait(board, GROUP, tickets[2], 1), "one behind it was called instead");

    /* A worker with three threads comes: so many are called. */
    wsgi_slot_publish(board, GROUP, SLOT, 2, THREADS, getpid());
    for (int index = 2; index < 5; index++)
        require(wsgi_queue_look(board, GROUP, tickets[index]) == WSGI_TURN_NOW, "a thread of a new worker calls nobody");
    require(wsgi_queue_look(board, GROUP, tickets[5]) == WSGI_TURN_LATER, "more were called than there are threads");
    /* One that is called again while it claims passes the call on when it leaves. */
    require(wsgi_slot_claim(board, child, SLOT) == 2, "a thread is idle and cannot be claimed");
    wsgi_slot_release(board, child, GROUP, SLOT, 2, true); /* Calls the first who was not called: that is ticket 0 or 2. */
    bool is_passed_on = false;
    for (int index = 0; index < WAITING; index++)
        if (index != 1 && wsgi_queue_leave(board, GROUP, tickets[index]))
            is_passed_on = true;
    require(is_passed_on, "a call was lost with the one who left");

    /* A child that ends gives back what it claims. */
    require(wsgi_slot_claim(board, child, SLOT) == 2 && wsgi_slot_load(board, SLOT) == 1, "no claim to be given back");
    wsgi_child_unregister(board, child);
    require(wsgi_slot_load(board, SLOT) == 0, "a claim stays when its child has ended");
    puts("calls                  one for each thread");
    return 0;
}

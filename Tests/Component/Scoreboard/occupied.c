/* Threads of httpd that requests occupy without a claim: they are counted, subtracted for a killed child, and their end
 * calls a waiting request. Generations that run are known until they have ended. */

#include "wsgi_scoreboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROUP = 3, SLOT = 5 };

static void require(bool is_true, const char *what) {
    if (!is_true) {
        fprintf(stderr, "occupied: %s\n", what);
        exit(1);
    }
}

int main(void) {
    wsgi_scoreboard *board = mmap(NULL, wsgi_scoreboard_size(), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(board != MAP_FAILED, "no memory");
    wsgi_scoreboard_prepare(board);
    uint32_t own = wsgi_child_register(board);
    wsgi_occupied_begin(board, own, GROUP, WSGI_AWAITS_SUCCESSOR);
    wsgi_occupied_begin(board, own, GROUP, WSGI_READS_FORMER);
    pid_t pid = fork();
    if (pid == 0) {
        uint32_t child = wsgi_child_register(board);
        for (int index = 0; index < 3; index++)
            wsgi_occupied_begin(board, child, GROUP, WSGI_READS_FORMER);
        _exit(wsgi_occupied_of_child(board, child, GROUP, WSGI_READS_FORMER) == 3 ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    require(status == 0, "a child does not know its own threads");
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 4, "not all threads are counted");
    wsgi_child_ended(board, pid);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 1, "the threads of an ended child are still counted");
    require(wsgi_occupied_by(board, GROUP, WSGI_AWAITS_SUCCESSOR) == 1, "those of another reason were subtracted");

    uint32_t ticket;
    require(wsgi_queue_enter(board, GROUP, 10, &ticket), "no place in the queue");
    require(!wsgi_queue_wait(board, GROUP, ticket, 1), "called too early");
    wsgi_occupied_end(board, own, GROUP, WSGI_READS_FORMER);
    require(wsgi_queue_wait(board, GROUP, ticket, 1), "nobody is called when a thread is free again");
    wsgi_occupied_end(board, own, GROUP, WSGI_READS_FORMER);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 0, "the count goes below zero");

    /* The claims of a generation that is replaced occupy threads until they are released. */
    wsgi_slot_publish(board, GROUP, SLOT, 1, 4, getpid());
    for (int claim = 0; claim < 3; claim++)
        require(wsgi_slot_claim(board, own, SLOT) == 1, "a thread is idle and cannot be claimed");
    wsgi_slot_lose_thread(board, GROUP, SLOT, 1);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 0, "a worker that serves is counted as replaced");
    wsgi_slot_publish(board, GROUP, SLOT, 2, 4, getpid());
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 2, "claims of a replaced worker are not counted");
    require(wsgi_slot_claim(board, own, SLOT) == 2, "a thread of the new worker cannot be claimed");
    wsgi_slot_withdraw(board, GROUP, SLOT);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 3, "claims of a worker that has ended are not counted");
    wsgi_slot_release(board, own, GROUP, SLOT, 1, true);
    wsgi_slot_release(board, own, GROUP, SLOT, 2, true);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 1, "a release for an old generation is not subtracted");
    wsgi_slot_release(board, own, GROUP, SLOT, 1, true);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 0, "the count does not go back to zero");
    pid = fork();
    if (pid == 0) {
        /* Claims of two generations, one of them no longer in the child's record of the slot. */
        uint32_t child = wsgi_child_register(board);
        wsgi_slot_publish(board, GROUP, SLOT, 3, 4, getpid());
        wsgi_slot_claim(board, child, SLOT);
        wsgi_slot_publish(board, GROUP, SLOT, 4, 4, getpid());
        wsgi_slot_claim(board, child, SLOT);
        wsgi_slot_claim(board, child, SLOT);
        wsgi_slot_publish(board, GROUP, SLOT, 5, 4, getpid());
        _exit(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 3 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    require(status == 0, "claims of two generations are not counted");
    wsgi_child_ended(board, pid);
    require(wsgi_occupied_by(board, GROUP, WSGI_READS_FORMER) == 0, "the claims of an ended child are still counted");

    require(!wsgi_group_is_crowded(board, GROUP), "crowded from the beginning");
    wsgi_group_set_crowded(board, GROUP);
    require(wsgi_group_is_crowded(board, GROUP), "not crowded");

    wsgi_slot_set_running(board, SLOT, 7, true);
    wsgi_slot_set_running(board, SLOT, 7 + WSGI_RUNNING_GENERATIONS - 1, true);
    require(wsgi_slot_is_running(board, SLOT, 7), "a generation that runs is said to have ended");
    wsgi_slot_set_running(board, SLOT, 7, false);
    require(!wsgi_slot_is_running(board, SLOT, 7), "a generation that has ended is said to run");
    require(wsgi_slot_is_running(board, SLOT, 7 + WSGI_RUNNING_GENERATIONS - 1), "another one has changed");
    return 0;
}

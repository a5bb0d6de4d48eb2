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

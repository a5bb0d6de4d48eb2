/* Shared by the two parts of the scoreboard: scoreboard.c has slots, claims and children, queue.c the waiting requests.
 * Neither trusts the memory: an application that runs in an httpd child can write anything into it, and httpd's parent
 * process, which is root, reads it. So indexes are checked, and the number of iterations of each loop is bounded. */

#ifndef WSGI_SCOREBOARD_PARTS_H
#define WSGI_SCOREBOARD_PARTS_H

#include "clock.h"
#include "wsgi_scoreboard.h"

/* The count is the lower half of a word. */
#define COUNT(word) ((uint32_t)(word))

/* Maximum attempts of a compare-and-swap. Honest processes fail a few times in a row; a process that changes a word
 * continuously must not keep the others busy. */
enum { MOST_ATTEMPTS = 10000 };

/* Waits while the futex word is `seen`, at most `milliseconds`. */
void wsgi_await_word(const void *word, uint32_t seen, uint32_t milliseconds);

/* Calls all waiting requests, because no worker will serve them for a while. */
void wsgi_queue_call_all(wsgi_scoreboard *board, uint32_t group);

/* Marks all places of a process as left, and calls other requests instead. */
void wsgi_queue_remove_process(wsgi_scoreboard *board, uint32_t group, int32_t pid);

#endif

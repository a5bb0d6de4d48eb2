/* What the two halves of the scoreboard have in common: scoreboard.c has slots, claims and children, queue.c the
 * requests that wait. Neither believes what it reads: code that an application runs in an httpd child can write
 * anything into this memory, and httpd's parent process, which is root, reads it. So indexes are checked, and no loop
 * goes on for longer than honest processes could make it. */

#ifndef WSGI_SCOREBOARD_PARTS_H
#define WSGI_SCOREBOARD_PARTS_H

#include "clock.h"
#include "wsgi_scoreboard.h"

/* Of words with two halves the lower one counts. */
#define COUNT(word) ((uint32_t)(word))

/* How often a compare-and-swap is tried. Honest processes fail a few times in a row; whoever changes a word all the
 * time must not keep the others busy. */
enum { MOST_ATTEMPTS = 10000 };

/* Waits while the futex word is `seen`, at most so long. */
void wsgi_await_word(const void *word, uint32_t seen, uint32_t milliseconds);

/* Calls all who wait: nobody will serve them for a while. */
void wsgi_queue_call_all(wsgi_scoreboard *board, uint32_t group);

/* Marks all places of a process as left, and calls the one that is first then. */
void wsgi_queue_remove_process(wsgi_scoreboard *board, uint32_t group, int32_t pid);

#endif

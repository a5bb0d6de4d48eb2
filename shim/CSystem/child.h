/* What the processes that are forked here have in common. */

#ifndef WSGI_CHILD_H
#define WSGI_CHILD_H

#include <sys/types.h>

/* fork(2); in the child all signals are blocked, so that no handler of this process runs there. */
pid_t wsgi_fork_quietly(void);

/* Closes all descriptors from `first` to `last`. */
void wsgi_close_between(int first, int last);

#endif

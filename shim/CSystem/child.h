/* Functions shared by all forked processes. */

#ifndef WSGI_CHILD_H
#define WSGI_CHILD_H

#include <sys/types.h>

/* fork(2). All signals are blocked in the child, so that no handler of this process runs there. */
pid_t wsgi_fork_quietly(void);

/* Closes all descriptors from `first` to `last`. */
void wsgi_close_between(int first, int last);

#endif

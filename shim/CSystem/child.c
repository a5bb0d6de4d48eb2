#include "child.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Limit for systems that cannot close a range. Higher descriptors are not closed there. */
enum { MOST_DESCRIPTORS = 65536 };

pid_t wsgi_fork_quietly(void) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        return 0;
    int code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return child;
}

void wsgi_close_between(int first, int last) {
    if (first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0)
        return;
    for (int other = first; other <= last && other < MOST_DESCRIPTORS; other++)
        close(other);
}

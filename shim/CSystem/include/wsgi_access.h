/* What a user may do with a file. The kernel is asked in a process that has the user's rights, because mode bits alone
 * do not tell: access lists, capabilities and security modules have a say. */

#ifndef WSGI_ACCESS_H
#define WSGI_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of a question; 0 asks whether the path exists. */
enum wsgi_access_mode { WSGI_ACCESS_EXECUTE = 1, WSGI_ACCESS_WRITE = 2, WSGI_ACCESS_READ = 4 };

/* The length of the shortest leading part of `path` that refuses this process: a directory that it cannot enter, a name
 * that is not there, or the whole for which `mode` is refused. 0: nothing does, or the path is too long. */
int32_t wsgi_refused_part(const char *_Nonnull path, int32_t mode);

/* Whether a user with these groups has `mode` on `path`. Returns 0, or the errno of the refusal, with `refused` as
 * wsgi_refused_part says; a negated errno when it could not be found out. Needs the right to change users. Forks,
 * unless one of the last users is asked about again: their processes wait for further questions until wsgi_access_end.
 * Not to be called by two threads at a time. */
int32_t wsgi_access_as(const char *_Nonnull path, int32_t mode, uid_t user, gid_t group, const gid_t *_Nullable groups,
                       size_t group_count, int32_t *_Nonnull refused);

/* Ends the processes that wsgi_access_as has started. */
void wsgi_access_end(void);

#endif

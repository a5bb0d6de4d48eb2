/* Files as a user of this machine sees them.
 *
 * A process of root's must neither follow what a site's user can exchange, nor wait for it: a symbolic link, a FIFO, a
 * device, a lease, a file system that does not answer. So it does not look itself. A helper process does, with the
 * rights of the user in question, and this one waits for its answer for a limited time. The user cannot
 * signal or trace the helper. One helper serves all users, one after the other; another takes its place when it is
 * stuck.
 *
 * Not to be called by two threads at a time. */

#ifndef WSGI_FILES_H
#define WSGI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of `argument` of WSGI_FILES_ACCESS; 0 asks whether the path exists. */
enum wsgi_access_mode { WSGI_ACCESS_EXECUTE = 1, WSGI_ACCESS_WRITE = 2, WSGI_ACCESS_READ = 4 };

enum wsgi_files_question {
    WSGI_FILES_STATUS = 1, /* stat(2) of each path */
    WSGI_FILES_LINK,       /* lstat(2) of each path */
    WSGI_FILES_ACCESS,     /* of each path: whether the user has the rights of `argument` */
    WSGI_FILES_REAL_PATH,  /* realpath(3) of the path; where a directory is closed to the user, as far as links tell */
    WSGI_FILES_CONTENTS,   /* of a regular file, at most `argument` bytes */
    WSGI_FILES_SECRET, /* the same with root's rights, if nobody but root can exchange the file or a part of its path;
                          otherwise with the user's */
    WSGI_FILES_NAMES   /* the names in a directory, each with a NUL, at most `argument` */
};

/* The answer about one path. */
typedef struct {
    int32_t code;     /* errno; 0: the rest is valid */
    int32_t refused;  /* ACCESS with a code: as wsgi_refused_part; then the rest is about that part, if mode is not 0 */
    uint32_t mode;    /* st_mode */
    uint32_t user;    /* st_uid */
    uint32_t group;   /* st_gid */
    int64_t modified; /* microseconds since 1970 */
} wsgi_file_status;

/* Whose rights. */
typedef struct {
    bool is_self; /* those of this process: the rest does not count */
    uid_t user;
    gid_t group;
    const gid_t *_Nullable groups;
    size_t group_count;
} wsgi_files_user;

/* How long this process waits for answers, in milliseconds: about files of one user, and of all users together (-1: no
 * limit; then what is not `needed` is not asked any more, and for what is it waits a quarter of a second). Whoever
 * exceeds it is not asked any more for `pause` milliseconds, and has as much time in each such period (-1: until
 * wsgi_files_end; then only answers that take 10 ms or more count). */
void wsgi_files_limit(int64_t user, int64_t total, int64_t pause);

/* Asks about `length` bytes of paths, each with a NUL; more than one only where an enum says "each". Writes the answer,
 * an array of wsgi_file_status or bytes, to `answer`. Returns its size in bytes, or a negated errno: -ETIMEDOUT when
 * nobody knows, because the files of the user do not answer in time, or because there is no helper. */
int64_t wsgi_files_ask(int32_t question, int64_t argument, const wsgi_files_user *_Nonnull user, bool needed,
                       const char *_Nonnull paths, size_t length, void *_Nonnull answer, size_t capacity);

/* Starts the helper if there is none: the less memory this process has by then, the less a fork costs. */
void wsgi_files_begin(void);

/* Ends the helper if it was not asked anything for so many milliseconds; the next question starts another one. */
void wsgi_files_rest(int64_t milliseconds);

/* Ends the helper, and forgets who has exceeded the time, unless a helper is still stuck in their files. */
void wsgi_files_end(void);

/* The length of the shortest leading part of `path` that refuses this process: a directory that
 * it cannot enter, a name that is not there, or the whole for which `mode` is refused. 0: nothing does, or the path is
 * too long. */
int32_t wsgi_refused_part(const char *_Nonnull path, int32_t mode);

/* Gives the socket file `path` to a user; what is there and is no socket, such as a symbolic link, keeps its owner and
 * the result is -ENOTSOCK. Otherwise 0 or a negated errno. */
int32_t wsgi_give_socket(const char *_Nonnull path, uid_t user, gid_t group);

#endif

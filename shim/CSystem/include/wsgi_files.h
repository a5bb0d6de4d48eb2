/* Files as a user of this machine sees them.
 *
 * A process of root must neither follow paths that a site's user can change, nor wait for them: a symbolic link, a
 * FIFO, a device, a lease, a file system that does not respond. So it does not access them itself. A helper process
 * does, with the user's rights, and this process waits for its answer for a limited time. The user cannot signal or
 * trace the helper. One helper serves all users, one after another. If it is stuck, another replaces it.
 *
 * Must not be called by two threads at a time. */

#ifndef WSGI_FILES_H
#define WSGI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of `argument` of WSGI_FILES_ACCESS; 0: whether the path exists. */
enum wsgi_access_mode { WSGI_ACCESS_EXECUTE = 1, WSGI_ACCESS_WRITE = 2, WSGI_ACCESS_READ = 4 };

enum wsgi_files_question {
    WSGI_FILES_STATUS = 1, /* stat(2) of each path */
    WSGI_FILES_LINK,       /* lstat(2) of each path */
    WSGI_FILES_ACCESS,     /* of each path: whether the user has the rights of `argument` */
    WSGI_FILES_REAL_PATH,  /* realpath(3) of the path, as far as possible if a directory is closed to the user */
    WSGI_FILES_CONTENTS,   /* of a regular file, at most `argument` bytes */
    WSGI_FILES_SECRET,     /* the same with root's rights, if only root can replace the file or a component of its path;
                              otherwise with the user's */
    WSGI_FILES_NAMES       /* the names in a directory, each with a NUL, at most `argument` */
};

/* The answer about one path. */
typedef struct {
    int32_t code;          /* errno; 0: the rest is valid */
    int32_t denied_length; /* ACCESS with a code: as wsgi_denied_part. The rest is about that part if mode is not 0 */
    uint32_t mode;         /* st_mode */
    uint32_t user;         /* st_uid */
    uint32_t group;        /* st_gid */
    int64_t modified;      /* microseconds since 1970 */
} wsgi_file_status;

/* The rights of a query. */
typedef struct {
    bool is_self; /* those of this process: the rest is ignored */
    uid_t user;
    gid_t group;
    const gid_t *_Nullable groups;
    size_t group_count;
} wsgi_files_user;

/* Limits how long this process waits for answers, in milliseconds: about files of one user, and of all users together
 * (-1: no limit). After the limit for all, only `needed` queries are made, and each waits at most a quarter of a
 * second. After the limit for one user, there are no queries about the user's files for `pause` milliseconds, and then
 * the user has the same time again (-1: not before wsgi_files_end; then only answers that take 10 ms or more count). */
void wsgi_files_limit(int64_t user, int64_t total, int64_t pause);

/* Queries `length` bytes of paths, each with a NUL. More than one path is allowed only where the enum has "each".
 * Writes the answer, an array of wsgi_file_status or bytes, to `answer`. Returns its size in bytes, or a negated errno.
 * -ETIMEDOUT: the file system did not respond in time, or there is no helper. */
int64_t wsgi_files_ask(int32_t question, int64_t argument, const wsgi_files_user *_Nonnull user, bool needed,
                       const char *_Nonnull paths, size_t length, void *_Nonnull answer, size_t capacity);

/* Starts the helper if there is none. A fork is cheaper while this process uses little memory. */
void wsgi_files_begin(void);

/* Ends the helper if it has been idle for this number of milliseconds. The next query starts another. */
void wsgi_files_rest(int64_t milliseconds);

/* Ends the helper, and forgets which users have exceeded their time, except those in whose files a helper is stuck. */
void wsgi_files_end(void);

/* The length of the shortest leading part of `path` that denies access to this process: a directory that it cannot
 * enter, a name that does not exist, or the whole path if `mode` is denied. 0: access is allowed, or the path is too
 * long. */
int32_t wsgi_denied_part(const char *_Nonnull path, int32_t mode);

/* Writes that part to `denied`, a buffer of `size` bytes. If it is a symbolic link, follows it, and writes the part of
 * its target that denies access. Returns its length; 0: as above, or there is no space. Async-signal-safe. */
size_t wsgi_denied_path(const char *_Nonnull path, int32_t mode, char *_Nonnull denied, size_t size);

/* Changes the owner of the socket file `path`. Any other file, such as a symbolic link, keeps its owner, and the result
 * is -ENOTSOCK. Otherwise returns 0 or a negated errno. */
int32_t wsgi_give_socket(const char *_Nonnull path, uid_t user, gid_t group);

#endif

/* Checks and closes descriptors from workers without waiting.
 *
 * The last close of a socket can take as long as its sender wants (SO_LINGER), that of a file as long as the program
 * that implements its file system, and both can be in the queue of a connection that is closed. So a separate thread
 * closes them. */

#include "wsgi_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FUSE_MAGIC = 0x65735546 }; /* FUSE_SUPER_MAGIC of linux/magic.h */

void wsgi_close_received(int32_t descriptor) {
    struct linger none = {.l_onoff = 0};
    /* The sender of a socket may have set it to wait at its last close for a peer that never reads. */
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(descriptor);
}

typedef struct {
    uint32_t *closing;
    size_t count;
    int32_t descriptors[];
} foreign_files;

static void close_all(void *context) {
    foreign_files *files = context;
    for (size_t i = 0; i < files->count; i++)
        wsgi_close_received(files->descriptors[i]);
    __atomic_sub_fetch(files->closing, 1, __ATOMIC_RELEASE);
    free(files);
}

void wsgi_close_foreign(const int32_t *descriptors, size_t count, uint32_t *closing) {
    if (count == 0)
        return;
    /* Without memory or a thread they stay open, and remain counted. */
    __atomic_add_fetch(closing, 1, __ATOMIC_ACQUIRE);
    foreign_files *files = malloc(sizeof *files + count * sizeof *descriptors);
    if (!files)
        return;
    *files = (foreign_files){.closing = closing, .count = count};
    memcpy(files->descriptors, descriptors, count * sizeof *descriptors);
    if (wsgi_start_quiet_thread("wsgi-close", close_all, files) != 0)
        free(files);
}

void wsgi_close_connection(int32_t socket, uint32_t *closing) {
    char byte;
    /* Nothing is queued from now on. Another process may share the socket through a fork. */
    shutdown(socket, SHUT_RDWR);
    if (recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        wsgi_close_foreign(&socket, 1, closing);
    else
        close(socket);
}

bool wsgi_is_clogged(const uint32_t *closing) {
    return __atomic_load_n(closing, __ATOMIC_RELAXED) >= WSGI_MOST_CLOSING;
}

bool wsgi_is_part_of_file(int32_t descriptor, int64_t offset, int64_t length) {
    struct statx status;
    struct statfs system;
    int flags = fcntl(descriptor, F_GETFL);
    int access = flags & O_ACCMODE;
    if (flags < 0 || (flags & O_PATH) || (access != O_RDONLY && access != O_RDWR))
        return false;
    /* The kernel knows the type without querying the file system, which may be a program (FUSE) or a server. */
    if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &status) != 0 ||
        !S_ISREG(status.stx_mode))
        return false;
    if (offset < 0 || length < 0 || (uint64_t)offset > status.stx_size ||
        (uint64_t)length > status.stx_size - (uint64_t)offset)
        return false;
    return fstatfs(descriptor, &system) == 0 && (uint32_t)system.f_type != FUSE_MAGIC;
}

bool wsgi_is_on_local_disk(int32_t descriptor) {
    struct statfs system;
    if (fstatfs(descriptor, &system) != 0)
        return false;
    switch ((uint32_t)system.f_type) {
    case 0xEF53:     /* ext2, ext3, ext4 */
    case 0x58465342: /* XFS */
    case 0x9123683E: /* Btrfs */
    case 0xF2F52010: /* F2FS */
    case 0x2FC12FC1: /* ZFS */
    case 0x01021994: /* tmpfs */
    case 0x794C7630: /* overlay */
        return true;
    default:
        return false;
    }
}

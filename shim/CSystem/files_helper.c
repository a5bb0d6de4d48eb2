/* The helper of files.c accesses files with the rights of a user. It changes only the file system ids (fsuid, fsgid).
 * In every other respect it remains a process of root, which other users cannot signal, trace or slow down. */

#include "files.h"

#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

_Static_assert(WSGI_ACCESS_EXECUTE == X_OK && WSGI_ACCESS_WRITE == W_OK && WSGI_ACCESS_READ == R_OK, "as in unistd.h");

enum { MOST_LINKS = 40, MOST_BYTES = 16 << 20 };

static int may(const char *path, int mode) { return faccessat(AT_FDCWD, path, mode, AT_EACCESS); }

int32_t wsgi_denied_part(const char *path, int32_t mode) {
    char part[PATH_MAX];
    size_t length = strnlen(path, sizeof part);
    if (length == 0 || length >= sizeof part)
        return 0;
    for (size_t end = 1; end <= length; end++) {
        if (end < length && path[end] != '/')
            continue;
        memcpy(part, path, end);
        part[end] = 0;
        if (may(part, end < length ? X_OK : F_OK) != 0)
            return (int32_t)end;
    }
    return may(path, mode) != 0 ? (int32_t)length : 0;
}

/* Replaces the name at the end of a path by the target of the symbolic link that it is. Returns 0, or -1 if it is none
 * or the result is too long. */
static int follow_link(char path[PATH_MAX]) {
    char link[PATH_MAX];
    ssize_t size = readlink(path, link, sizeof link - 1);
    if (size <= 0)
        return -1;
    link[size] = 0;
    char *slash = strrchr(path, '/');
    size_t kept = link[0] == '/' || !slash ? 0 : (size_t)(slash - path) + 1;
    if (kept + (size_t)size >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(path + kept, link);
    return 0;
}

size_t wsgi_denied_path(const char *path, int32_t mode, char *denied, size_t size) {
    char part[PATH_MAX];
    size_t length = strnlen(path, sizeof part);
    if (length >= sizeof part)
        return 0;
    memcpy(part, path, length + 1);
    for (int links = 0; links < MOST_LINKS; links++) {
        length = (size_t)wsgi_denied_part(part, mode);
        if (length == 0 || length >= size)
            return 0;
        if (part[length] != 0)
            mode = WSGI_ACCESS_EXECUTE;
        part[length] = 0;
        memcpy(denied, part, length + 1);
        if (follow_link(part) != 0)
            return length;
    }
    return length;
}

/* --- rights --- */

static struct {
    bool is_known;
    wsgi_files_request request;
    gid_t *groups;
} present;

static bool is_present(const wsgi_files_request *request, const gid_t *groups) {
    const wsgi_files_request *known = &present.request;
    return present.is_known && known->is_self == request->is_self &&
           (request->is_self || (known->user == request->user && known->group == request->group &&
                                 known->group_count == request->group_count &&
                                 memcmp(present.groups, groups, request->group_count * sizeof *groups) == 0));
}

/* Sets all permitted capabilities, or only those for changing users. The kernel itself drops the capabilities for
 * files. Others would allow following links in /proc, or opening protected files. Returns 0 or an errno. */
static int set_capabilities(bool all) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) != 0)
        return errno;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        sets[i].effective = all ? sets[i].permitted : 0;
    if (!all)
        sets[0].effective = sets[0].permitted & (1u << CAP_SETUID | 1u << CAP_SETGID);
    return syscall(SYS_capset, &header, sets) == 0 ? 0 : errno;
}

/* These two do not report failures. */
static bool set_file_user(uid_t user) {
    setfsuid(user);
    return (uid_t)setfsuid((uid_t)-1) == user;
}

static bool set_file_group(gid_t group) {
    setfsgid(group);
    return (gid_t)setfsgid((gid_t)-1) == group;
}

/* Whether the rights of another user were assumed, or may have been. */
static bool is_other;

static int become_self(void) {
    present.is_known = false;
    if (!is_other)
        return 0;
    int code = set_capabilities(true);
    if (code != 0 || !set_file_user(geteuid()) || !set_file_group(getegid()))
        return code != 0 ? code : EPERM;
    is_other = false;
    return 0;
}

static int become_other(const wsgi_files_request *request, const gid_t *groups) {
    is_other = true;
    if (setgroups(request->group_count, groups) != 0)
        return errno;
    if (!set_file_group(request->group) || !set_file_user(request->user))
        return EPERM;
    return request->user == 0 ? 0 : set_capabilities(false);
}

/* Assumes the rights of the user of a query. Returns 0 or an errno. */
static int become(const wsgi_files_request *request, const gid_t *groups) {
    if (is_present(request, groups))
        return 0;
    int code = become_self();
    if (code == 0 && !request->is_self)
        code = become_other(request, groups);
    if (code != 0)
        return code;
    present.is_known = true;
    present.request = *request;
    if (request->group_count > 0)
        memcpy(present.groups, groups, request->group_count * sizeof *groups);
    return 0;
}

/* --- access --- */

static void take(wsgi_file_status *answer, const struct stat *status) {
    answer->mode = status->st_mode;
    answer->user = status->st_uid;
    answer->group = status->st_gid;
    answer->modified = (int64_t)status->st_mtim.tv_sec * 1000000 + status->st_mtim.tv_nsec / 1000;
}

static wsgi_file_status look(int question, int64_t mode, const char *path) {
    wsgi_file_status answer = {0};
    struct stat status;
    if (question != WSGI_FILES_ACCESS) {
        if ((question == WSGI_FILES_LINK ? lstat(path, &status) : stat(path, &status)) != 0)
            answer.code = errno;
        else
            take(&answer, &status);
        return answer;
    }
    if (may(path, (int)mode) == 0)
        return answer;
    answer.code = errno;
    answer.denied_length = wsgi_denied_part(path, (int32_t)mode);
    char part[PATH_MAX];
    size_t length = (size_t)answer.denied_length;
    if (length > 0 && length < sizeof part) {
        memcpy(part, path, length);
        part[length] = 0;
        if (stat(part, &status) == 0)
            take(&answer, &status);
    }
    return answer;
}

/* Buffer for the answer. */
static struct {
    char *bytes;
    size_t size, capacity;
} out;

static bool reserve(size_t more) {
    if (out.capacity >= out.size + more)
        return true;
    size_t wanted = out.size + more + 4096;
    char *grown = realloc(out.bytes, wanted);
    if (!grown)
        return false;
    out.bytes = grown;
    out.capacity = wanted;
    return true;
}

static int append(const void *bytes, size_t count) {
    if (!reserve(count))
        return ENOMEM;
    memcpy(out.bytes + out.size, bytes, count);
    out.size += count;
    return 0;
}

/* Reads an open file and closes it. Files of /proc and /sys are rejected: some of them look like regular files. */
static int read_file(int file, int64_t limit) {
    struct stat status;
    struct statfs system;
    int code = 0;
    if (fstat(file, &status) != 0 || fstatfs(file, &system) != 0)
        code = errno;
    else if (!S_ISREG(status.st_mode) || system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC)
        code = EINVAL;
    else if (status.st_size > limit)
        code = EFBIG;
    size_t first = out.size;
    while (code == 0) {
        size_t room = (size_t)limit + 1 - (out.size - first);
        if (room == 0) {
            code = EFBIG;
            break;
        }
        if (!reserve(room)) {
            code = ENOMEM;
            break;
        }
        ssize_t got = read(file, out.bytes + out.size, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            code = errno;
        if (got <= 0)
            break;
        out.size += (size_t)got;
    }
    close(file);
    return code;
}

/* Only regular files are opened, because opening others can have effects. O_NONBLOCK is needed because the file may
 * have been replaced since the check. */
static int contents(const char *path, int64_t limit) {
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EINVAL;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return file < 0 ? errno : read_file(file, limit);
}

/* Replaces a link in a path by its target, after the first `before` bytes and before the remaining path. Returns false
 * if the result would be too long. */
static bool put_link(char rest[PATH_MAX], size_t before, const char *link, const char *after) {
    char joined[PATH_MAX];
    if (before + 1 + strlen(link) + strlen(after) >= sizeof joined)
        return false;
    memcpy(joined, rest, before);
    joined[before] = '/';
    strcpy(joined + before + 1, link);
    strcat(joined, after);
    strcpy(rest, joined);
    return true;
}

/* Opens the directories of a path one after another, as long as only root can replace their entries. Symbolic links
 * there belong to root and are followed. Returns a descriptor of the regular file, or -1. */
static int open_of_root(const char *path) {
    char rest[PATH_MAX], link[PATH_MAX];
    int links = 0;
    if (path[0] != '/' || strnlen(path, sizeof rest) >= sizeof rest)
        return -1;
    strcpy(rest, path);
restart:;
    int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *next = rest;
    size_t done = 0; /* the part of `rest` that `folder` is */
    while (folder >= 0) {
        struct stat status;
        while (*next == '/')
            next++;
        size_t length = strcspn(next, "/");
        if (length == 0 || fstat(folder, &status) != 0 || status.st_uid != 0)
            break;
        /* In a sticky directory like /tmp, other users cannot replace a directory of root. */
        bool is_open = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (is_open && !(status.st_mode & S_ISVTX))
            break;
        char name[NAME_MAX + 1];
        if (length > NAME_MAX)
            break;
        memcpy(name, next, length);
        name[length] = 0;
        bool is_last = next[length + strspn(next + length, "/")] == 0;
        if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || (is_open && !S_ISDIR(status.st_mode)))
            break;
        if (S_ISLNK(status.st_mode)) {
            ssize_t size = readlinkat(folder, name, link, sizeof link - 1);
            if (size <= 0 || ++links > MOST_LINKS)
                break;
            link[size] = 0;
            if (!put_link(rest, link[0] == '/' ? 0 : done, link, next + length))
                break;
            close(folder);
            goto restart;
        }
        if (is_last && !S_ISREG(status.st_mode))
            break;
        int flags = is_last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
        int inner = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            break;
        close(folder);
        if (is_last)
            return inner;
        folder = inner;
        next += length;
        done = (size_t)(next - rest);
    }
    if (folder >= 0)
        close(folder);
    return -1;
}

/* If a directory on the path is closed to the user, only symbolic links of the last component are resolved. */
static int real_path(const char *path) {
    char resolved[PATH_MAX];
    if (realpath(path, resolved))
        return append(resolved, strlen(resolved));
    int code = errno;
    if (code != EACCES || strnlen(path, sizeof resolved) >= sizeof resolved)
        return code;
    strcpy(resolved, path);
    errno = 0;
    for (int links = 0; links < MOST_LINKS && follow_link(resolved) == 0; links++)
        ;
    if (errno == ENAMETOOLONG)
        return ENAMETOOLONG;
    return append(resolved, strlen(resolved));
}

static int names(const char *path, int64_t limit) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    int code = 0;
    if (!folder)
        return errno;
    while (code == 0 && limit > 0 && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        limit--;
        code = append(entry->d_name, strlen(entry->d_name) + 1);
    }
    closedir(folder);
    return code;
}

static int answer(const wsgi_files_request *request, const gid_t *groups, const char *paths) {
    int64_t limit = request->argument < MOST_BYTES ? request->argument : MOST_BYTES;
    if (request->question == WSGI_FILES_SECRET) {
        int code = become_self();
        if (code != 0)
            return code;
        int file = geteuid() == 0 ? open_of_root(paths) : -1;
        if (file >= 0)
            return read_file(file, limit);
    }
    int code = become(request, groups);
    if (code != 0)
        return code;
    switch (request->question) {
    case WSGI_FILES_STATUS:
    case WSGI_FILES_LINK:
    case WSGI_FILES_ACCESS:
        for (const char *path = paths; code == 0 && path < paths + request->length; path += strlen(path) + 1) {
            wsgi_file_status found = look(request->question, request->argument, path);
            code = append(&found, sizeof found);
        }
        return code;
    case WSGI_FILES_REAL_PATH:
        return real_path(paths);
    case WSGI_FILES_CONTENTS:
    case WSGI_FILES_SECRET:
        return contents(paths, limit);
    case WSGI_FILES_NAMES:
        return names(paths, request->argument);
    default:
        return ENOSYS;
    }
}

/* --- communication --- */

static void receive(int socket, void *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = recv(socket, bytes, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(0);
        bytes = (char *)bytes + got;
        count -= (size_t)got;
    }
}

static void respond(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(0);
        bytes += sent;
        count -= (size_t)sent;
    }
}

void wsgi_files_serve(int socket) {
    wsgi_close_between(0, socket - 1);
    wsgi_close_between(socket + 1, INT_MAX);
    static char paths[WSGI_FILES_ROOM + 1];
    static gid_t groups[WSGI_FILES_GROUPS], present_groups[WSGI_FILES_GROUPS];
    present.groups = present_groups;
    for (;;) {
        wsgi_files_request request;
        receive(socket, &request, sizeof request);
        if (request.length == 0 || request.length > WSGI_FILES_ROOM || request.group_count > WSGI_FILES_GROUPS)
            _exit(1);
        receive(socket, groups, request.group_count * sizeof *groups);
        receive(socket, paths, request.length);
        paths[request.length] = 0;
        out.size = sizeof(wsgi_files_reply);
        if (!out.bytes && !reserve(4096))
            _exit(1);
        wsgi_files_reply reply = {.code = answer(&request, groups, paths)};
        if (reply.code != 0)
            out.size = sizeof reply;
        reply.length = (uint32_t)(out.size - sizeof reply);
        memcpy(out.bytes, &reply, sizeof reply);
        respond(socket, out.bytes, out.size);
    }
}

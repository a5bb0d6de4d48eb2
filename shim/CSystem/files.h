/* The protocol between the process that queries files and its helper. wsgi_files.h is the interface. */

#ifndef WSGI_FILES_PRIVATE_H
#define WSGI_FILES_PRIVATE_H

#include "wsgi_files.h"

/* Maximum size of the paths in one query, and maximum number of groups of a user. */
enum { WSGI_FILES_ROOM = 32768, WSGI_FILES_GROUPS = 65536 };

/* Group numbers and paths follow. */
typedef struct {
    int32_t question;
    uint32_t is_self;
    int64_t argument;
    uid_t user;
    gid_t group;
    uint32_t group_count;
    uint32_t length; /* of the paths */
} wsgi_files_request;

/* The answer follows. */
typedef struct {
    int32_t code;
    uint32_t length;
} wsgi_files_reply;

/* Answers queries until the other end is closed. Called in a forked process. First closes all other inherited
 * descriptors. */
_Noreturn void wsgi_files_serve(int socket);

#endif

/* The requests that run in embedded mode: memory shared by the httpd parent and its children. A thread of a child takes
 * a place at its first request, and keeps it until the child has ended. Then the parent frees the place, so a child may
 * die at any point. A request costs no search and no system call.
 *
 * Applications in httpd's children can write into this memory. No value in it causes an access outside of it. */

#ifndef WSGI_EMBEDDED_H
#define WSGI_EMBEDDED_H

#include "wsgi_request_board.h"

enum { WSGI_EMBEDDED_PLACES = 4096 };

typedef struct wsgi_embedded {
    _Atomic uint32_t owners[WSGI_EMBEDDED_PLACES]; /* the process; 0: free */
    wsgi_thread_record records[WSGI_EMBEDDED_PLACES];
} wsgi_embedded;

/* Takes a place for a thread of the process. NULL: all are taken. */
wsgi_thread_record *_Nullable wsgi_embedded_take(wsgi_embedded *_Nonnull embedded, uint32_t process);
/* Frees all places of a process that has ended. */
void wsgi_embedded_free(wsgi_embedded *_Nonnull embedded, uint32_t process);
/* The record of place number `index`, and its process. NULL: the place is free, or `index` is too large. */
wsgi_thread_record *_Nullable wsgi_embedded_record(wsgi_embedded *_Nonnull embedded, uint32_t index,
                                                   uint32_t *_Nonnull process);

#endif

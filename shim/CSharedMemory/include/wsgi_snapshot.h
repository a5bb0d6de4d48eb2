/* A text that one process publishes and others read: the supervisor's facts for httpd's children, which map the memory
 * for reading only. A reader copies the text; if it has changed meanwhile, it copies it again. There is no lock, so
 * neither side waits for the other, and either may die at any point. */

#ifndef WSGI_SNAPSHOT_H
#define WSGI_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The size of the mapping. Pages that are never used take no memory. */
static inline size_t wsgi_snapshot_size(void) { return (size_t)8 << 20; }

typedef struct wsgi_snapshot {
    _Atomic uint64_t number; /* odd: the text is being written */
    _Atomic uint64_t length; /* bytes */
} wsgi_snapshot;

/* The longest text. */
static inline size_t wsgi_snapshot_capacity(void) { return wsgi_snapshot_size() - sizeof(wsgi_snapshot); }

/* Publishes a text; a longer one than the capacity is not published. The only writer calls it. */
void wsgi_snapshot_publish(wsgi_snapshot *_Nonnull snapshot, const void *_Nullable text, size_t length);
/* The number of the last publication; 0: there was none. */
uint64_t wsgi_snapshot_number(const wsgi_snapshot *_Nonnull snapshot);
/* Copies the text. Returns its length; 0: there is none, or it is longer than `capacity` or changes all the time. */
size_t wsgi_snapshot_read(const wsgi_snapshot *_Nonnull snapshot, void *_Nonnull text, size_t capacity);
/* The length of the text, which may change before it is read. */
size_t wsgi_snapshot_length(const wsgi_snapshot *_Nonnull snapshot);

#endif

/* The supervisor's status for httpd's parent, in memory that only these two share. It is not part of the scoreboard,
 * because applications in httpd's children can write there. */

#ifndef WSGI_SUPERVISOR_STATUS_H
#define WSGI_SUPERVISOR_STATUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct wsgi_supervisor_status {
    _Atomic uint64_t beats;               /* incremented in each round of the event loop */
    _Atomic uint32_t lacks_configuration; /* the last one was not received and must be sent again */
    uint32_t reserved[13];
} wsgi_supervisor_status;

/* Supervisor: records that its event loop runs, at least once a second. */
static inline void wsgi_supervisor_beat(wsgi_supervisor_status *_Nonnull status) {
    atomic_fetch_add(&status->beats, 1);
}

/* Parent: number of calls of `wsgi_supervisor_beat`. */
static inline uint64_t wsgi_supervisor_beats(wsgi_supervisor_status *_Nonnull status) {
    return atomic_load(&status->beats);
}

/* Supervisor: requests its configuration again, or not. Parent: clears the request. Returns the former value. */
static inline bool wsgi_supervisor_set_lacking(wsgi_supervisor_status *_Nonnull status, bool lacks) {
    return atomic_exchange(&status->lacks_configuration, lacks) != 0;
}

#endif

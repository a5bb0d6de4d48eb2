/* What the supervisor tells httpd's parent all the time: memory that these two share, and nobody else. It is not a part
 * of the scoreboard, because applications in httpd's children can write there. */

#ifndef WSGI_SUPERVISOR_STATUS_H
#define WSGI_SUPERVISOR_STATUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct wsgi_supervisor_status {
    _Atomic uint64_t beats;               /* raised each time that the supervisor's event loop comes round */
    _Atomic uint32_t lacks_configuration; /* it could not take the last one: it is to be sent again */
    uint32_t reserved[13];
} wsgi_supervisor_status;

/* Supervisor: its event loop is alive. It says so at least once a second. */
static inline void wsgi_supervisor_beat(wsgi_supervisor_status *_Nonnull status) {
    atomic_fetch_add(&status->beats, 1);
}

/* Parent: how often it has said so. */
static inline uint64_t wsgi_supervisor_beats(wsgi_supervisor_status *_Nonnull status) {
    return atomic_load(&status->beats);
}

/* Supervisor: whether it needs its configuration once more. Parent: takes that back. Returns what was so far. */
static inline bool wsgi_supervisor_set_lacking(wsgi_supervisor_status *_Nonnull status, bool lacks) {
    return atomic_exchange(&status->lacks_configuration, lacks) != 0;
}

#endif

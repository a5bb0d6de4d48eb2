#include "wsgi_embedded.h"

wsgi_thread_record *wsgi_embedded_take(wsgi_embedded *embedded, uint32_t process) {
    for (uint32_t i = 0; i < WSGI_EMBEDDED_PLACES; i++) {
        uint32_t owner = 0;
        if (atomic_load_explicit(&embedded->owners[i], memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&embedded->owners[i], &owner, process)) {
            /* Its former owner may have died during a request. */
            atomic_store(&embedded->records[i].state, WSGI_THREAD_IDLE);
            return &embedded->records[i];
        }
    }
    return NULL;
}

void wsgi_embedded_free(wsgi_embedded *embedded, uint32_t process) {
    for (uint32_t i = 0; i < WSGI_EMBEDDED_PLACES; i++) {
        uint32_t owner = process;
        atomic_compare_exchange_strong(&embedded->owners[i], &owner, 0);
    }
}

wsgi_thread_record *wsgi_embedded_record(wsgi_embedded *embedded, uint32_t index, uint32_t *process) {
    if (index >= WSGI_EMBEDDED_PLACES)
        return NULL;
    *process = atomic_load_explicit(&embedded->owners[index], memory_order_acquire);
    return *process != 0 ? &embedded->records[index] : NULL;
}

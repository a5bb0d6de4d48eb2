#include "wsgi_board.h"

#include <sched.h>
#include <string.h>

void wsgi_board_prepare(wsgi_board *board, uint32_t threads, uint32_t slot, uint32_t generation) {
    board->magic = WSGI_BOARD_MAGIC;
    board->version = WSGI_BOARD_VERSION;
    board->threads = threads;
    board->slot = slot;
    board->generation = generation;
}

wsgi_thread_record *wsgi_board_record(wsgi_board *board, uint32_t thread) {
    return (wsgi_thread_record *)(void *)(board + 1) + thread;
}

static uint16_t copy(char *place, size_t room, const void *text, size_t length) {
    if (length > room)
        length = room;
    if (length > 0)
        memcpy(place, text, length);
    return (uint16_t)length;
}

void wsgi_record_begin(wsgi_thread_record *record, const void *id, size_t id_length, const void *line,
                       size_t line_length, uint64_t now) {
    uint32_t sequence = atomic_load_explicit(&record->sequence, memory_order_relaxed) | 1u;
    atomic_store_explicit(&record->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    record->id_length = copy(record->id, sizeof record->id, id, id_length);
    record->line_length = copy(record->line, sizeof record->line, line, line_length);
    atomic_store_explicit(&record->started, now, memory_order_relaxed);
    atomic_store_explicit(&record->sequence, sequence + 1, memory_order_release);
    atomic_store_explicit(&record->state, WSGI_THREAD_BUSY, memory_order_release);
}

bool wsgi_record_end(wsgi_thread_record *record) {
    uint32_t state = WSGI_THREAD_BUSY;
    while (!atomic_compare_exchange_strong(&record->state, &state, WSGI_THREAD_IDLE) && state == WSGI_THREAD_CUTTING) {
        sched_yield();
        state = WSGI_THREAD_BUSY;
    }
    atomic_store(&record->state, WSGI_THREAD_IDLE);
    atomic_fetch_add_explicit(&record->requests, 1, memory_order_relaxed);
    return state != WSGI_THREAD_CUT;
}

bool wsgi_record_enter_send(wsgi_thread_record *record) {
    /* Either this store is seen by who cuts, or the cut is seen here: both are sequentially consistent. */
    atomic_store(&record->sending, 1);
    uint32_t state = atomic_load(&record->state);
    return state != WSGI_THREAD_CUTTING && state != WSGI_THREAD_CUT;
}

void wsgi_record_leave_send(wsgi_thread_record *record) {
    atomic_store_explicit(&record->sending, 0, memory_order_release);
}

bool wsgi_record_cut(wsgi_thread_record *record, uint64_t started) {
    uint32_t state = WSGI_THREAD_BUSY;
    if (!atomic_compare_exchange_strong(&record->state, &state, WSGI_THREAD_CUTTING))
        return false;
    /* The thread cannot begin another request now: what is seen here stays. */
    if (atomic_load(&record->started) == started)
        return true;
    atomic_store(&record->state, WSGI_THREAD_BUSY);
    return false;
}

bool wsgi_record_is_sending(wsgi_thread_record *record) { return atomic_load(&record->sending) != 0; }

void wsgi_record_cut_done(wsgi_thread_record *record) { atomic_store(&record->state, WSGI_THREAD_CUT); }

void wsgi_record_read(wsgi_thread_record *record, wsgi_thread_view *view) {
    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t before = atomic_load_explicit(&record->sequence, memory_order_acquire);
        view->state = atomic_load(&record->state);
        view->started = atomic_load(&record->started);
        view->requests = atomic_load(&record->requests);
        view->id_length = record->id_length;
        view->line_length = record->line_length;
        memcpy(view->id, record->id, sizeof view->id);
        memcpy(view->line, record->line, sizeof view->line);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load_explicit(&record->sequence, memory_order_relaxed))
            break;
    }
    /* The writer may be anything by now. */
    if (view->id_length > sizeof view->id)
        view->id_length = sizeof view->id;
    if (view->line_length > sizeof view->line)
        view->line_length = sizeof view->line;
}

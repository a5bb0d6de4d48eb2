#include "wsgi_request_board.h"

#include <sched.h>
#include <string.h>

void wsgi_request_board_prepare(wsgi_request_board *board, uint32_t threads, uint32_t slot, uint32_t generation) {
    board->magic = WSGI_BOARD_MAGIC;
    board->version = WSGI_BOARD_VERSION;
    board->threads = threads;
    board->slot = slot;
    board->generation = generation;
}

wsgi_thread_record *wsgi_request_board_record(wsgi_request_board *board, uint32_t thread) {
    return (wsgi_thread_record *)(void *)(board + 1) + thread;
}

void wsgi_request_board_count(wsgi_request_board *board, uint32_t threads, uint32_t id) {
    wsgi_board_messages *messages = (void *)((char *)board + wsgi_request_board_messages(threads));
    if (id < WSGI_BOARD_IDS)
        atomic_fetch_add_explicit(&messages->counts[id], 1, memory_order_relaxed);
}

/* Texts may be read during a write, and are then read again. Access is by atomic words to avoid a data race. */
typedef uint64_t __attribute__((may_alias)) word;
_Static_assert(offsetof(wsgi_thread_record, id) % sizeof(word) == 0, "the id is made of words");
_Static_assert(offsetof(wsgi_thread_record, line) % sizeof(word) == 0, "the line is made of words");
_Static_assert(sizeof((wsgi_thread_record *)0)->id % sizeof(word) == 0, "the id is made of words");
_Static_assert(sizeof((wsgi_thread_record *)0)->line % sizeof(word) == 0, "the line is made of words");

static void store(char *place, size_t room, uint16_t *place_of_length, const char *text, size_t length) {
    if (length > room)
        length = room;
    word *words = (word *)(void *)place;
    word value;
    const char *end = text + length;
    __atomic_store_n(place_of_length, (uint16_t)length, __ATOMIC_RELAXED);
    for (; (size_t)(end - text) >= sizeof value; text += sizeof value) {
        memcpy(&value, text, sizeof value);
        __atomic_store_n(words++, value, __ATOMIC_RELAXED);
    }
    /* A call of memcpy for the last bytes would cost more than the rest. */
    size_t left = (size_t)(end - text);
    if (left != 0 && length >= sizeof value) {
        memcpy(&value, end - sizeof value, sizeof value);
        size_t others = 8 * (sizeof value - left);
        value = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? value >> others : value << others;
        __atomic_store_n(words, value, __ATOMIC_RELAXED);
        return;
    }
    for (char *bytes = (char *)words; text < end; text++)
        __atomic_store_n(bytes++, *text, __ATOMIC_RELAXED);
}

static void load(char *copy, const char *place, size_t room) {
    const word *words = (const word *)(const void *)place;
    for (size_t i = 0; i < room / sizeof(word); i++) {
        word value = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
        memcpy(copy + i * sizeof value, &value, sizeof value);
    }
}

void wsgi_record_begin(wsgi_thread_record *record, const void *id, size_t id_length, const void *line,
                       size_t line_length, uint64_t now) {
    uint32_t sequence = atomic_load_explicit(&record->sequence, memory_order_relaxed) | 1u;
    atomic_store_explicit(&record->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    store(record->id, sizeof record->id, &record->id_length, id, id_length);
    store(record->line, sizeof record->line, &record->line_length, line, line_length);
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
    /* Either the cutting thread sees this store, or this thread sees the cut: both are sequentially consistent. */
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
    /* The thread cannot begin another request now, so `started` does not change. */
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
        view->id_length = __atomic_load_n(&record->id_length, __ATOMIC_RELAXED);
        view->line_length = __atomic_load_n(&record->line_length, __ATOMIC_RELAXED);
        load(view->id, record->id, sizeof view->id);
        load(view->line, record->line, sizeof view->line);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load_explicit(&record->sequence, memory_order_relaxed))
            break;
    }
    /* The contents of a worker's memory are not trusted. */
    if (view->id_length > sizeof view->id)
        view->id_length = sizeof view->id;
    if (view->line_length > sizeof view->line)
        view->line_length = sizeof view->line;
}

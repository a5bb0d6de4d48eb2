#include "wsgi_snapshot.h"

#include <string.h>

/* Texts are copied by words, which may change at the same time. */
typedef uint64_t __attribute__((may_alias)) word;

static word *words_of(const wsgi_snapshot *snapshot) { return (word *)(void *)(uintptr_t)(snapshot + 1); }

void wsgi_snapshot_publish(wsgi_snapshot *snapshot, const void *text, size_t length) {
    if (length > wsgi_snapshot_capacity())
        return;
    /* A former writer may have died. */
    uint64_t number = atomic_load_explicit(&snapshot->number, memory_order_relaxed) | 1u;
    atomic_store_explicit(&snapshot->number, number, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&snapshot->length, length, memory_order_relaxed);
    word *words = words_of(snapshot);
    for (size_t at = 0; at < length; at += sizeof(word)) {
        word value = 0;
        size_t rest = length - at;
        memcpy(&value, (const char *)text + at, rest < sizeof value ? rest : sizeof value);
        __atomic_store_n(&words[at / sizeof(word)], value, __ATOMIC_RELAXED);
    }
    atomic_store_explicit(&snapshot->number, number + 1, memory_order_release);
}

uint64_t wsgi_snapshot_number(const wsgi_snapshot *snapshot) {
    return atomic_load_explicit(&((wsgi_snapshot *)(uintptr_t)snapshot)->number, memory_order_acquire);
}

size_t wsgi_snapshot_length(const wsgi_snapshot *snapshot) {
    uint64_t length = atomic_load_explicit(&((wsgi_snapshot *)(uintptr_t)snapshot)->length, memory_order_relaxed);
    return length > wsgi_snapshot_capacity() ? 0 : (size_t)length;
}

size_t wsgi_snapshot_read(const wsgi_snapshot *snapshot, void *text, size_t capacity) {
    for (int attempt = 0; attempt < 100; attempt++) {
        uint64_t before = wsgi_snapshot_number(snapshot);
        size_t length = wsgi_snapshot_length(snapshot);
        if (before % 2 != 0 || length > capacity)
            continue;
        const word *words = words_of(snapshot);
        for (size_t at = 0; at < length; at += sizeof(word)) {
            word value = __atomic_load_n(&words[at / sizeof(word)], __ATOMIC_RELAXED);
            size_t rest = length - at;
            memcpy((char *)text + at, &value, rest < sizeof value ? rest : sizeof value);
        }
        atomic_thread_fence(memory_order_acquire);
        if (before == wsgi_snapshot_number(snapshot))
            return length;
    }
    return 0;
}

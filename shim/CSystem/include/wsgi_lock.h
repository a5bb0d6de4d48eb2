/* A lock of one word, with almost no cost without contention. */

#ifndef WSGI_LOCK_H
#define WSGI_LOCK_H

#include <stdint.h>

/* Zero is unlocked. A forked child never waits for a lock, because the thread that held it does not exist there. Not
 * for use between processes. */
typedef struct wsgi_lock {
    uint32_t word; /* 0: free, 1: held, 2: held with waiters */
} wsgi_lock;

/* The slow paths of the functions below. */
void wsgi_lock_wait(wsgi_lock *_Nonnull lock);
void wsgi_lock_wake(wsgi_lock *_Nonnull lock);

static inline __attribute__((always_inline)) _Bool wsgi_lock_try(wsgi_lock *_Nonnull lock) {
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&lock->word, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) void wsgi_lock_acquire(wsgi_lock *_Nonnull lock) {
    if (!wsgi_lock_try(lock))
        wsgi_lock_wait(lock);
}

static inline __attribute__((always_inline)) void wsgi_lock_release(wsgi_lock *_Nonnull lock) {
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        wsgi_lock_wake(lock);
}

#endif

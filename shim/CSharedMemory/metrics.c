#include "wsgi_metrics.h"

#include "clock.h"

#include <string.h>

const uint64_t wsgi_metrics_bounds[WSGI_METRICS_BUCKETS] = {1000,    2500,    5000,     10000,    25000,
                                                            50000,   100000,  250000,   500000,   1000000,
                                                            2500000, 5000000, 10000000, 30000000, UINT64_MAX};

/* Maximum number of rows that are inspected for a pair. */
enum { MOST_PROBES = 64 };
/* The least duration of a slow request, and the time for which it is kept, in nanoseconds. */
static const uint64_t least_slow = 100000000u, slow_period = 900000000000u;
/* A record that is being written for this long belongs to a process that has died. */
static const uint64_t abandoned_after = 1000000000u;

static void add(_Atomic uint64_t *counter, uint64_t value) {
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static uint64_t load(_Atomic uint64_t *counter) { return atomic_load_explicit(counter, memory_order_relaxed); }

void wsgi_metrics_prepare(wsgi_metrics *metrics) { atomic_store(&metrics->slow_from, least_slow); }

uint32_t wsgi_metrics_row_of(wsgi_metrics *metrics, uint32_t group, uint32_t host) {
    uint64_t key = ((uint64_t)(group + 1) << 32) | (host + 1);
    uint32_t place = (uint32_t)((key * 0x9E3779B97F4A7C15u) >> 54);
    for (int probe = 0; probe < MOST_PROBES; probe++, place++) {
        uint32_t index = place % WSGI_METRICS_ROWS;
        if (index == 0)
            continue;
        uint64_t found = load(&metrics->rows[index].key);
        if (found == key)
            return index;
        if (found == 0 && (atomic_compare_exchange_strong(&metrics->rows[index].key, &found, key) || found == key))
            return index;
    }
    return 0;
}

/* Threads have stacks in different places, so the address of a variable distinguishes them without a system call or
 * thread-local memory. */
static uint32_t stripe_of(uint32_t process) {
    char here;
    uint64_t place = (uint64_t)(uintptr_t)&here >> 16;
    return (uint32_t)(((place + process) * 0x9E3779B97F4A7C15u) >> 61) % WSGI_METRICS_STRIPES;
}

static void observe(wsgi_histogram *histogram, uint64_t nanoseconds) {
    /* Most requests need not wait. */
    if (nanoseconds == 0) {
        add(&histogram->counts[0], 1);
        return;
    }
    uint64_t microseconds = nanoseconds / 1000;
    uint32_t bucket = 0;
    while (microseconds > wsgi_metrics_bounds[bucket])
        bucket++;
    add(&histogram->counts[bucket], 1);
    if (microseconds > 0)
        add(&histogram->sum, microseconds);
}

bool wsgi_metrics_count(wsgi_metrics *metrics, uint32_t process, const wsgi_metrics_sample *sample) {
    uint32_t row = wsgi_metrics_row_of(metrics, sample->group, sample->host);
    wsgi_metrics_stripe *stripe = &metrics->rows[row].stripes[stripe_of(process)];
    uint32_t class = sample->status / 100;
    add(&stripe->classes[class < WSGI_METRICS_CLASSES ? class : 0], 1);
    if (sample->rejection < WSGI_METRICS_REASONS)
        add(&stripe->rejections[sample->rejection], 1);
    uint64_t duration = 0;
    for (uint32_t rest = sample->timed & ((1u << WSGI_TIMES) - 1); rest != 0; rest &= rest - 1) {
        uint32_t time = (uint32_t)__builtin_ctz(rest);
        observe(&stripe->times[time], sample->times[time]);
        duration += sample->times[time];
    }
    return duration >= load(&metrics->slow_from);
}

void wsgi_metrics_count_id(wsgi_metrics *metrics, uint32_t id) {
    if (id < WSGI_METRICS_IDS)
        add(&metrics->ids[id], 1);
}

uint64_t wsgi_metrics_id_count(wsgi_metrics *metrics, uint32_t id) {
    return id < WSGI_METRICS_IDS ? load(&metrics->ids[id]) : 0;
}

bool wsgi_metrics_read(wsgi_metrics *metrics, uint32_t index, wsgi_metrics_totals *totals) {
    if (index >= WSGI_METRICS_ROWS)
        return false;
    wsgi_metrics_row *row = &metrics->rows[index];
    uint64_t key = load(&row->key);
    if (key == 0 && index != 0)
        return false;
    memset(totals, 0, sizeof *totals);
    totals->group = (uint32_t)(key >> 32) - 1;
    totals->host = (uint32_t)key - 1;
    for (uint32_t i = 0; i < WSGI_METRICS_STRIPES; i++) {
        wsgi_metrics_stripe *stripe = &row->stripes[i];
        for (uint32_t class = 0; class < WSGI_METRICS_CLASSES; class ++)
            totals->classes[class] += load(&stripe->classes[class]);
        for (uint32_t reason = 0; reason < WSGI_METRICS_REASONS; reason++)
            totals->rejections[reason] += load(&stripe->rejections[reason]);
        for (uint32_t time = 0; time < WSGI_TIMES; time++) {
            for (uint32_t bucket = 0; bucket < WSGI_METRICS_BUCKETS; bucket++)
                totals->times[time].counts[bucket] += load(&stripe->times[time].counts[bucket]);
            totals->times[time].sum += load(&stripe->times[time].sum);
        }
    }
    return true;
}

/* --- The slowest requests. */

/* Copies a request word by word, because a reader may copy it at the same time, and then copies it again. */
typedef uint64_t __attribute__((may_alias)) word;
_Static_assert(sizeof(wsgi_slow_request) % sizeof(word) == 0, "a request is made of words");
_Static_assert(offsetof(wsgi_slow_record, request) % sizeof(word) == 0, "a request is made of words");

static void copy(wsgi_slow_request *to, const wsgi_slow_request *from) {
    word *target = (word *)(void *)to;
    const word *source = (const word *)(const void *)from;
    for (size_t i = 0; i < sizeof *to / sizeof(word); i++)
        __atomic_store_n(&target[i], __atomic_load_n(&source[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

/* A duration by which records are compared: those that are too old come first. */
static uint64_t rank(wsgi_slow_record *record, uint64_t now) {
    uint64_t ended = load(&record->ended);
    return ended == 0 || now - ended > slow_period ? 0 : load(&record->duration);
}

/* Requests that are not longer than all present ones need no further attention. */
static void update_limit(wsgi_metrics *metrics, uint64_t now) {
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < WSGI_SLOW_REQUESTS; i++) {
        uint64_t value = rank(&metrics->slow[i], now);
        least = value < least ? value : least;
    }
    atomic_store_explicit(&metrics->slow_from, least > least_slow ? least : least_slow, memory_order_relaxed);
}

/* Begins to write a record, unless another process does. */
static bool begin(wsgi_slow_record *record, uint64_t now) {
    uint32_t sequence = atomic_load(&record->sequence);
    if (sequence % 2 != 0 && now - load(&record->ended) < abandoned_after)
        return false;
    uint32_t next = sequence % 2 == 0 ? sequence + 1 : sequence + 2;
    return atomic_compare_exchange_strong(&record->sequence, &sequence, next);
}

void wsgi_metrics_note_slow(wsgi_metrics *metrics, const wsgi_slow_request *request) {
    uint64_t now = wsgi_clock(), duration = 0;
    for (uint32_t time = 0; time < WSGI_TIMES; time++)
        duration += request->times[time];
    wsgi_slow_record *shortest = &metrics->slow[0];
    for (uint32_t i = 1; i < WSGI_SLOW_REQUESTS; i++)
        if (rank(&metrics->slow[i], now) < rank(shortest, now))
            shortest = &metrics->slow[i];
    if (rank(shortest, now) < duration && begin(shortest, now)) {
        uint32_t sequence = atomic_load_explicit(&shortest->sequence, memory_order_relaxed);
        atomic_store_explicit(&shortest->ended, now, memory_order_relaxed);
        atomic_store_explicit(&shortest->duration, duration, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        copy(&shortest->request, request);
        atomic_store_explicit(&shortest->sequence, sequence + 1, memory_order_release);
    }
    update_limit(metrics, now);
}

void wsgi_metrics_review_slow(wsgi_metrics *metrics) { update_limit(metrics, wsgi_clock()); }

bool wsgi_metrics_read_slow(wsgi_metrics *metrics, uint32_t index, wsgi_slow_request *request) {
    if (index >= WSGI_SLOW_REQUESTS)
        return false;
    wsgi_slow_record *record = &metrics->slow[index];
    uint64_t now = wsgi_clock();
    if (rank(record, now) == 0)
        return false;
    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t before = atomic_load_explicit(&record->sequence, memory_order_acquire);
        copy(request, &record->request);
        request->ended = load(&record->ended);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 != 0 || before != atomic_load_explicit(&record->sequence, memory_order_relaxed))
            continue;
        if (request->id_length > sizeof request->id)
            request->id_length = sizeof request->id;
        if (request->line_length > sizeof request->line)
            request->line_length = sizeof request->line;
        return true;
    }
    return false;
}

/* Counters of requests: memory shared by the httpd parent and its children. It has no locks, and counting makes no
 * system call.
 *
 * A *row* counts the requests of one process group on one virtual host. Its key is the number of the group and that of
 * the host, which httpd's parent assigns to their names. A child claims a row at the first request of a pair, with one
 * compare-and-swap; a full table has one row for all other pairs. A row consists of *stripes*, which are summed by the
 * reader: threads that count at the same time rarely write to the same cache line.
 *
 * The *slow requests* are the slowest ones that ended within the last quarter of an hour.
 *
 * *Damage.* Applications in httpd's children can write into this memory. No value in it causes an access outside of it,
 * and every loop over it is bounded. Counters may then be wrong. */

#ifndef WSGI_METRICS_H
#define WSGI_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows: a power of two. The first one is for all pairs that found no row. */
enum { WSGI_METRICS_ROWS = 1024, WSGI_METRICS_STRIPES = 8 };
/* The hundreds of statuses: 1 to 5. Others are counted at 0. */
enum { WSGI_METRICS_CLASSES = 8 };
/* Reasons of rejections; see `RejectionReason`. */
enum { WSGI_METRICS_REASONS = 24 };
/* Buckets of a histogram; the last one has no upper bound. */
enum { WSGI_METRICS_BUCKETS = 15 };
/* Log ids are below this. */
enum { WSGI_METRICS_IDS = 2048 };
enum { WSGI_SLOW_REQUESTS = 32 };

/* The times of a request. */
enum wsgi_metrics_time {
    WSGI_TIME_QUEUE = 0,       /* until a thread of a worker was claimed */
    WSGI_TIME_APPLICATION = 1, /* in the application, without the following */
    WSGI_TIME_READ = 2,        /* reading the body from the client */
    WSGI_TIME_WRITE = 3,       /* passing the response to httpd's filters */
    WSGI_TIMES = 4
};

typedef struct wsgi_histogram {
    _Atomic uint64_t counts[WSGI_METRICS_BUCKETS];
    _Atomic uint64_t sum; /* microseconds */
} wsgi_histogram;

/* 768 bytes: twelve cache lines. */
typedef struct wsgi_metrics_stripe {
    _Atomic uint64_t classes[WSGI_METRICS_CLASSES];
    _Atomic uint64_t rejections[WSGI_METRICS_REASONS];
    wsgi_histogram times[WSGI_TIMES];
} wsgi_metrics_stripe;

typedef struct wsgi_metrics_row {
    _Atomic uint64_t key; /* group + 1 << 32 | host + 1; 0: free */
    uint64_t reserved[7];
    wsgi_metrics_stripe stripes[WSGI_METRICS_STRIPES];
} wsgi_metrics_row;

/* A request that took long. */
typedef struct wsgi_slow_request {
    uint64_t ended;             /* monotonic nanoseconds */
    uint64_t times[WSGI_TIMES]; /* nanoseconds */
    uint32_t group, host;
    uint32_t status;
    uint16_t id_length, line_length;
    char id[40];
    char line[152]; /* method and path, without the query */
} wsgi_slow_request;

typedef struct wsgi_slow_record {
    _Atomic uint32_t sequence; /* odd: being written */
    uint32_t reserved;
    _Atomic uint64_t duration; /* nanoseconds */
    _Atomic uint64_t ended;    /* monotonic nanoseconds; 0: none */
    wsgi_slow_request request;
} wsgi_slow_record;

typedef struct wsgi_metrics {
    _Atomic uint64_t slow_from; /* shorter requests, in nanoseconds, are not among the slowest */
    uint64_t reserved[7];
    _Atomic uint64_t ids[WSGI_METRICS_IDS]; /* log messages, by their ids */
    wsgi_slow_record slow[WSGI_SLOW_REQUESTS];
    wsgi_metrics_row rows[WSGI_METRICS_ROWS];
} wsgi_metrics;

/* The upper bounds of the buckets, in microseconds; the last one is UINT64_MAX. */
extern const uint64_t wsgi_metrics_bounds[WSGI_METRICS_BUCKETS];

/* A request that has ended. */
typedef struct wsgi_metrics_sample {
    uint32_t group, host;
    uint32_t status;
    uint32_t rejection;         /* the reason; WSGI_METRICS_REASONS: it was not rejected */
    uint32_t timed;             /* a bit for each of `times` that is known */
    uint64_t times[WSGI_TIMES]; /* nanoseconds */
} wsgi_metrics_sample;

/* Prepares fresh, zeroed memory. */
void wsgi_metrics_prepare(wsgi_metrics *_Nonnull metrics);

/* The index of the row of a pair, which is claimed if necessary. */
uint32_t wsgi_metrics_row_of(wsgi_metrics *_Nonnull metrics, uint32_t group, uint32_t host);
/* Counts a request that has ended. `process`: a small number that differs between children. Returns whether the request
 * may be among the slowest. */
bool wsgi_metrics_count(wsgi_metrics *_Nonnull metrics, uint32_t process, const wsgi_metrics_sample *_Nonnull sample);
/* Counts a log message. */
void wsgi_metrics_count_id(wsgi_metrics *_Nonnull metrics, uint32_t id);

/* Adds a request to the slowest ones, if it is one of them. */
void wsgi_metrics_note_slow(wsgi_metrics *_Nonnull metrics, const wsgi_slow_request *_Nonnull request);
/* Removes those that are too old; called from time to time. */
void wsgi_metrics_review_slow(wsgi_metrics *_Nonnull metrics);
/* Copies slow request number `index`. Returns false if there is none. */
bool wsgi_metrics_read_slow(wsgi_metrics *_Nonnull metrics, uint32_t index, wsgi_slow_request *_Nonnull request);

/* The sum of a row's stripes. */
typedef struct wsgi_histogram_totals {
    uint64_t counts[WSGI_METRICS_BUCKETS];
    uint64_t sum;
} wsgi_histogram_totals;
typedef struct wsgi_metrics_totals {
    uint32_t group, host; /* UINT32_MAX: the row of all other pairs */
    uint64_t classes[WSGI_METRICS_CLASSES];
    uint64_t rejections[WSGI_METRICS_REASONS];
    wsgi_histogram_totals times[WSGI_TIMES];
} wsgi_metrics_totals;
/* Sums a row up. Returns false if it is free, or `index` is too large. */
bool wsgi_metrics_read(wsgi_metrics *_Nonnull metrics, uint32_t index, wsgi_metrics_totals *_Nonnull totals);
uint64_t wsgi_metrics_id_count(wsgi_metrics *_Nonnull metrics, uint32_t id);

#endif

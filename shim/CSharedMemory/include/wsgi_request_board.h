/* The board of one worker: the state of each of its request threads, for the supervisor and for administrators.
 *
 * The supervisor creates this memory file for one worker and keeps it. Only that worker writes to it. So a worker that
 * dies or runs hostile code cannot damage another worker's board, and its last state remains known. Processes with the
 * right to trace the worker can read the file as its descriptor 5 (/proc/PID/fd/5). A record is read without a lock:
 * its sequence is odd during a write. A reader that sees a change reads again. If the writer has died, the reader takes
 * the record as it is.
 *
 * A thread's record also settles races between the end of a request and a thread that takes its connection away:
 * `wsgi_record_end` and `wsgi_record_cut` decide with one compare-and-swap which was first. */

#ifndef WSGI_REQUEST_BOARD_H
#define WSGI_REQUEST_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSGI_BOARD_MAGIC 0x57534742u /* "WSGB" */
#define WSGI_BOARD_VERSION 2u

/* Log messages are counted by their ids, which are below this. */
enum { WSGI_BOARD_IDS = 2048 };

/* The state of a request thread. */
enum wsgi_thread_state {
    WSGI_THREAD_IDLE = 0,
    WSGI_THREAD_BUSY = 1,
    WSGI_THREAD_CUTTING = 2, /* another thread takes the connection away */
    WSGI_THREAD_CUT = 3      /* the client was answered; the thread still runs the request */
};

/* Sizes of the texts of a record. */
enum { WSGI_REQUEST_ID = 40, WSGI_REQUEST_LINE = 184 };

/* One request thread: 256 bytes. */
typedef struct wsgi_thread_record {
    _Atomic uint32_t sequence; /* odd: the texts are being written */
    _Atomic uint32_t state;    /* wsgi_thread_state */
    _Atomic uint32_t sending;  /* 1: the thread is sending on its connection */
    uint16_t id_length, line_length;
    _Atomic uint64_t started;     /* start of the request, monotonic nanoseconds; 0: none */
    _Atomic uint64_t requests;    /* number of requests that the thread has ended */
    char id[WSGI_REQUEST_ID];     /* httpd's log id of the request */
    char line[WSGI_REQUEST_LINE]; /* client, method and path; of the query only its mark */
} wsgi_thread_record;

typedef struct wsgi_request_board {
    uint32_t magic, version, threads, slot, generation;
    uint32_t reserved[11];
} wsgi_request_board;

/* Messages that the worker has written to the log outside requests, after the records. */
typedef struct wsgi_board_messages {
    _Atomic uint32_t counts[WSGI_BOARD_IDS];
} wsgi_board_messages;

/* The place of the messages of a board for this number of threads, in bytes. */
static inline size_t wsgi_request_board_messages(uint32_t threads) {
    return sizeof(wsgi_request_board) + sizeof(wsgi_thread_record) * (size_t)threads;
}
/* The size of a board for this number of threads. Pages that are never used take no memory. */
static inline size_t wsgi_request_board_size(uint32_t threads) {
    return wsgi_request_board_messages(threads) + sizeof(wsgi_board_messages);
}

/* Prepares fresh, zeroed memory. */
void wsgi_request_board_prepare(wsgi_request_board *_Nonnull board, uint32_t threads, uint32_t slot,
                                uint32_t generation);
/* The record of a thread, counted from 0. The number is not checked. */
wsgi_thread_record *_Nonnull wsgi_request_board_record(wsgi_request_board *_Nonnull board, uint32_t thread);

/* Counts a message that the worker has written to the log. Any thread. */
void wsgi_request_board_count(wsgi_request_board *_Nonnull board, uint32_t threads, uint32_t id);

/* Thread: begins a request. Texts that are too long are truncated. */
void wsgi_record_begin(wsgi_thread_record *_Nonnull record, const void *_Nullable id, size_t id_length,
                       const void *_Nullable line, size_t line_length, uint64_t now);
/* Thread: ends its request. Returns false if its connection was taken away meanwhile. */
bool wsgi_record_end(wsgi_thread_record *_Nonnull record);
/* Thread: before and after sending. The first returns false if its connection was taken away and it must not send. */
bool wsgi_record_enter_send(wsgi_thread_record *_Nonnull record);
void wsgi_record_leave_send(wsgi_thread_record *_Nonnull record);

/* Any thread of the worker: begins to take the connection from the request that began at `started`. Returns false if
 * that request has ended. The thread cannot end it before `wsgi_record_cut_done`. */
bool wsgi_record_cut(wsgi_thread_record *_Nonnull record, uint64_t started);
/* Whether the thread is sending now. It does not begin to send after `wsgi_record_cut`. */
bool wsgi_record_is_sending(wsgi_thread_record *_Nonnull record);
void wsgi_record_cut_done(wsgi_thread_record *_Nonnull record);

/* Number of requests that the thread has ended. */
static inline uint64_t wsgi_record_requests(wsgi_thread_record *_Nonnull record) {
    return atomic_load_explicit(&record->requests, memory_order_relaxed);
}

/* A copy of a record. */
typedef struct wsgi_thread_view {
    uint32_t state;
    uint16_t id_length, line_length;
    uint64_t started, requests;
    char id[WSGI_REQUEST_ID];
    char line[WSGI_REQUEST_LINE];
} wsgi_thread_view;
/* Reads a record, which may be changed at the same time, or be half written if its writer has died. */
void wsgi_record_read(wsgi_thread_record *_Nonnull record, wsgi_thread_view *_Nonnull view);

#endif

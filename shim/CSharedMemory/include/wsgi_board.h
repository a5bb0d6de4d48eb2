/* The board of one worker: what each of its request threads is doing, for the supervisor, and for people who look.
 *
 * A memory file that the supervisor makes for one worker and keeps: only that worker writes to it, so one that dies, or
 * runs hostile code, can spoil nobody else's, and what it was doing is known afterwards. Anyone with the right to read
 * it finds it as descriptor 5 of the worker (/proc/PID/fd/5). A record is read without a lock: its sequence is odd
 * while it is written; a reader who finds it changed reads again, and takes it as it is when its writer has died.
 *
 * A thread's record is also the place where the request and whoever wants to take its connection away from it meet:
 * `wsgi_record_end` and `wsgi_record_cut` decide with one compare-and-swap who was first. */

#ifndef WSGI_BOARD_H
#define WSGI_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSGI_BOARD_MAGIC 0x57534742u /* "WSGB" */
#define WSGI_BOARD_VERSION 1u

/* What a request thread is doing. */
enum wsgi_thread_state {
    WSGI_THREAD_IDLE = 0,
    WSGI_THREAD_BUSY = 1,
    WSGI_THREAD_CUTTING = 2, /* somebody takes the request's connection away */
    WSGI_THREAD_CUT = 3      /* the client was answered without the thread, which has not come back yet */
};

/* One request thread: 256 bytes. */
typedef struct wsgi_thread_record {
    _Atomic uint32_t sequence; /* odd: the texts are being written */
    _Atomic uint32_t state;    /* wsgi_thread_state */
    _Atomic uint32_t sending;  /* 1: the thread is sending on its connection */
    uint16_t id_length, line_length;
    _Atomic uint64_t started;  /* when the request came in, monotonic nanoseconds; 0: none */
    _Atomic uint64_t requests; /* how many the thread has ended */
    char id[40];               /* httpd's log id of the request */
    char line[184];            /* method and path; of the query only its mark */
} wsgi_thread_record;

typedef struct wsgi_board {
    uint32_t magic, version, threads, slot, generation;
    uint32_t reserved[11];
} wsgi_board;

/* The size of a board for so many threads. */
static inline size_t wsgi_board_size(uint32_t threads) {
    return sizeof(wsgi_board) + sizeof(wsgi_thread_record) * (size_t)threads;
}

/* Prepares fresh, zeroed memory. */
void wsgi_board_prepare(wsgi_board *_Nonnull board, uint32_t threads, uint32_t slot, uint32_t generation);
/* The record of a thread, counted from 0; the caller knows how many there are. */
wsgi_thread_record *_Nonnull wsgi_board_record(wsgi_board *_Nonnull board, uint32_t thread);

/* The thread: its request begins. What is longer than its place is cut. */
void wsgi_record_begin(wsgi_thread_record *_Nonnull record, const void *_Nullable id, size_t id_length,
                       const void *_Nullable line, size_t line_length, uint64_t now);
/* The thread: its request has ended. False: its connection was taken away meanwhile. */
bool wsgi_record_end(wsgi_thread_record *_Nonnull record);
/* The thread: it is about to send, and has sent. False: it may not, because its connection was taken away. */
bool wsgi_record_enter_send(wsgi_thread_record *_Nonnull record);
void wsgi_record_leave_send(wsgi_thread_record *_Nonnull record);

/* Anybody in the worker: begins to take the connection from the request that began at `started`. False: that request
 * has ended. The thread cannot end it before `wsgi_record_cut_done`. */
bool wsgi_record_cut(wsgi_thread_record *_Nonnull record, uint64_t started);
/* Whether the thread is sending at this moment; while it is cut it does not begin to. */
bool wsgi_record_is_sending(wsgi_thread_record *_Nonnull record);
void wsgi_record_cut_done(wsgi_thread_record *_Nonnull record);

/* A copy of a record. */
typedef struct wsgi_thread_view {
    uint32_t state;
    uint16_t id_length, line_length;
    uint64_t started, requests;
    char id[40];
    char line[184];
} wsgi_thread_view;
/* Reads a record that its writer may be changing, or may have left half written when it died. */
void wsgi_record_read(wsgi_thread_record *_Nonnull record, wsgi_thread_view *_Nonnull view);

#endif

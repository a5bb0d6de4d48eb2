/* The contract between the carrier of a request (an httpd child, or a daemon process's connection) and the engine,
 * which runs it in Python. The engine exports one symbol, `wsgi_engine_entry_table`; an httpd child finds it with
 * dlsym, the engine's own worker calls the same adapter directly. Everything is plain C, so that the hot path has no
 * reference counting and both sides may be built apart. */

#ifndef WSGI_ENGINE_ABI_H
#define WSGI_ENGINE_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Incremented whenever a struct below, or an encoding that passes through it, changes its meaning. */
#define WSGI_ENGINE_ABI 5

/* Log levels, with httpd's numbers (APLOG_*). */
enum wsgi_log_level {
    WSGI_LOG_CRIT = 2,
    WSGI_LOG_ERR = 3,
    WSGI_LOG_WARNING = 4,
    WSGI_LOG_NOTICE = 5,
    WSGI_LOG_INFO = 6,
    WSGI_LOG_DEBUG = 7,
    WSGI_LOG_TRACE1 = 8,
    /* A flag: the text begins with the place where the record was made, as LogSource (WSGIWire) encodes it. */
    WSGI_LOG_SOURCE = 0x80
};

/* Errors of transport functions: all negative, so that byte counts can share the result. */
enum wsgi_transport_error {
    WSGI_TRANSPORT_DISCONNECTED = -1, /* the client, or the process in between, disconnected */
    WSGI_TRANSPORT_TIMEOUT = -2,      /* the client did not send or take data in time */
    WSGI_TRANSPORT_TOO_LARGE = -3,    /* the body is over LimitRequestBody */
    WSGI_TRANSPORT_INVALID = -4,      /* malformed (a broken chunk, a frame out of order) */
    WSGI_TRANSPORT_FAILED = -5        /* any other error; see errno */
};

/* The request's access to its client and the log. The functions block. They are called without the GIL, on the
 * request's thread or on another thread of the application, and never after `run` has returned. They are called one at
 * a time, but `log` may be called while any other, or `log` itself, runs. `context` belongs to the caller of `run`. */
typedef struct wsgi_transport {
    void *context;

    /* Puts up to `capacity` bytes of the request body into `buffer`, at least one unless the body has ended.
     * Returns their count, 0 at the end of the body, or a wsgi_transport_error, which then persists. */
    int64_t (*read_body)(void *context, uint8_t *buffer, size_t capacity);

    /* Sends an interim response (RFC 8297: status 103), before the head. `head` is encoded as that of the response.
     * Returns 0 or a wsgi_transport_error. */
    int32_t (*send_hints)(void *context, const uint8_t *head, size_t length);

    /* Announces status and headers, once, before the first data. `head` is an encoded ResponseHead (WSGIWire); it is
     * copied or sent before the call returns. Nothing need reach the client before the next call. */
    int32_t (*send_head)(void *context, const uint8_t *head, size_t length);

    /* Sends a block of the body. `flush` nonzero: it must be sent to the client now; zero: more follows at once.
     * Returns 0 or a wsgi_transport_error. */
    int32_t (*send_data)(void *context, const uint8_t *data, size_t length, int32_t flush);

    /* Sends `length` bytes at `offset` of the regular file `descriptor`, which stays the caller's. */
    int32_t (*send_file)(void *context, int32_t descriptor, int64_t offset, int64_t length);

    /* Writes one record to the error log with the request's context; `text` has no final newline. */
    void (*log)(void *context, int32_t level, const uint8_t *text, size_t length);

    /* httpd's request_rec, for `apache.request_rec`; NULL: not available to the script. */
    void *request;
} wsgi_transport;

/* The outcome of a request. A positive value is the HTTP status to respond with: nothing has been sent, the reason is
 * logged. */
enum wsgi_outcome {
    WSGI_OUTCOME_COMPLETE = 0,   /* head and whole body were handed to the transport */
    WSGI_OUTCOME_TRUNCATED = -1, /* head sent, body incomplete: the client must see a truncated response */
    WSGI_OUTCOME_RELOAD = -2,    /* daemon only: the script has changed; the application was not entered */
    WSGI_OUTCOME_UNUSABLE = -3,  /* daemon only: the script does not work here, but in other processes of the group */
    WSGI_OUTCOME_SHORT = -4      /* all was handed to the transport, and it is less than the declared length */
};

/* Text with a length, not terminated; a NULL start is None. */
typedef struct wsgi_text {
    const uint8_t *start;
    size_t length;
} wsgi_text;

/* The values that a function may return, as bits of `kinds`. Everything else is WSGI_RESULT_WRONG. */
enum wsgi_result_kinds {
    WSGI_KIND_NONE = 1 << 0,  /* None */
    WSGI_KIND_BOOL = 1 << 1,  /* True or False, and no other number */
    WSGI_KIND_STR = 1 << 2,   /* str */
    WSGI_KIND_BYTES = 1 << 3, /* bytes */
    WSGI_KIND_ITEMS = 1 << 4, /* an iterable, other than str and bytes, of str and bytes */
    WSGI_KIND_UTF8 = 1 << 5   /* no type: str is encoded in UTF-8, not in latin-1 where that is possible */
};

/* The value that it returned. */
enum wsgi_result {
    WSGI_RESULT_FAILED = 0,  /* it raised, or was not called at all: the reason is logged */
    WSGI_RESULT_MISSING = 1, /* the script has no such function; nothing is logged */
    WSGI_RESULT_WRONG = 2,   /* a value that is not accepted; the last text names its type. Nothing is logged */
    WSGI_RESULT_NONE = 3,
    WSGI_RESULT_TRUE = 4,
    WSGI_RESULT_FALSE = 5,
    WSGI_RESULT_TEXT = 6, /* one text */
    WSGI_RESULT_ITEMS = 7 /* one text for each item */
};

/* A function of a script, to be called with the environ and `arguments`. */
typedef struct wsgi_function_call {
    wsgi_text function;
    const wsgi_text *arguments; /* each becomes a str of latin-1, or None */
    size_t argument_count;
    uint32_t kinds;  /* wsgi_result_kinds */
    uint32_t result; /* wsgi_result, set by the engine */
} wsgi_function_call;

/* Functions that `call` uses in addition to the transport, with the transport's context. They are called on the thread
 * of `call`, the first two with the GIL, so they must neither block nor call the engine. */
typedef struct wsgi_call_functions {
    /* A text of the result of function number `index`; copied before the call returns. Texts contain no NUL. */
    void (*answer_text)(void *context, size_t index, const uint8_t *text, size_t length);

    /* An entry that a function has added to the environ. Neither key nor value contains NUL; both are str. */
    void (*added_entry)(void *context, wsgi_text key, wsgi_text value);

    /* The results of `mod_ssl.is_https` and `mod_ssl.var_lookup`. NULL: the environ has neither. */
    int32_t (*is_https)(void *context);
    const char *(*ssl_variable)(void *context, const char *name);
} wsgi_call_functions;

/* Functions of the process, which the engine may use for the life of the process. */
typedef struct wsgi_host {
    /* Writes one record to the process's error log; any thread. */
    void (*log)(int32_t level, const uint8_t *text, size_t length);

    /* The most detailed level that it writes, as httpd's number; any thread. */
    uint32_t (*log_level)(void);
} wsgi_host;

/* The engine's functions. All but `run` and `call` are called on one thread, before and after all requests. */
typedef struct wsgi_engine_entry_table_t {
    uint32_t abi; /* WSGI_ENGINE_ABI */
    uint32_t size;

    /* Embedded mode: starts Python in this process, after libpython was loaded RTLD_GLOBAL. `spec` is an encoded
     * ProcessSpec (WSGIWire); `host` must stay valid. Imports the preloads. Returns 0, or -1 with the reason logged. */
    int32_t (*start)(const uint8_t *spec, size_t length, const wsgi_host *host);

    /* Runs one request: `head` is an encoded RequestHead (WSGIWire), valid during the call. Any thread, many at once.
     * Returns a wsgi_outcome or a status. */
    int32_t (*run)(const uint8_t *head, size_t length, const wsgi_transport *transport);

    /* Calls functions of a hook script, which decides about a request before it reaches an application. `head` is an
     * encoded RequestHead, whose callable is not used; of `transport` only `context`, `log` and `request` are used. All
     * calls share one environ. Calls end after the first answer that is FAILED or WRONG. Any thread, many at once.
     */
    void (*call)(const uint8_t *head, size_t length, const wsgi_transport *transport,
                 const wsgi_call_functions *functions, wsgi_function_call *calls, size_t count);

    /* Ends the interpreters (atexit functions run) and Python. */
    void (*stop)(void);
} wsgi_engine_entry_table_t;

#endif

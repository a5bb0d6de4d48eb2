/* A transport and a host in memory, for the tests of the engine: they record what the adapter does. Plain C, so that
 * the calls come without the GIL as they do in httpd. */

#include "../../../shim/CEngineABI/wsgi_engine_abi.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct exchange {
    const uint8_t *body;    /* what read_body gives */
    size_t body_length, body_offset, body_step;
    int64_t body_error;     /* at the end of the body, if not 0 */
    int32_t head_error;     /* what send_head returns */
    int64_t fail_after;     /* send_data fails once so many bytes were taken; negative: never */
    uint8_t *output;        /* head, data and log, each as kind, length, bytes */
    size_t output_length, output_capacity;
    int64_t sent;
    int32_t delay;          /* microseconds that send_data takes */
    int32_t body_delay;     /* and read_body */
    void *request;          /* what apache.request_rec holds */
} exchange;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *host_log;
static size_t host_length, host_capacity;

static void append(uint8_t **memory, size_t *length, size_t *capacity, char kind, int32_t detail, const void *data, size_t count) {
    uint32_t size = (uint32_t)count;
    if (*length + count + 9 > *capacity) {
        *capacity = (*length + count + 9) * 2;
        *memory = realloc(*memory, *capacity);
    }
    uint8_t *place = *memory + *length;
    *place = (uint8_t)kind;
    memcpy(place + 1, &detail, 4);
    memcpy(place + 5, &size, 4);
    if (count != 0) memcpy(place + 9, data, count);
    *length += count + 9;
}

static void record(exchange *e, char kind, int32_t detail, const void *data, size_t count) {
    /* A line may come while another thread sends. */
    pthread_mutex_lock(&lock);
    append(&e->output, &e->output_length, &e->output_capacity, kind, detail, data, count);
    pthread_mutex_unlock(&lock);
}

static int64_t read_body(void *context, uint8_t *buffer, size_t capacity) {
    exchange *e = context;
    if (e->body_delay != 0) usleep((useconds_t)e->body_delay);
    size_t left = e->body_length - e->body_offset;
    if (left == 0) return e->body_error;
    if (e->body_step != 0 && left > e->body_step) left = e->body_step;
    if (left > capacity) left = capacity;
    memcpy(buffer, e->body + e->body_offset, left);
    e->body_offset += left;
    return (int64_t)left;
}

static int32_t send_head(void *context, const uint8_t *head, size_t length) {
    exchange *e = context;
    if (e->head_error != 0) return e->head_error;
    record(e, 'H', 0, head, length);
    return 0;
}

static int32_t send_hints(void *context, const uint8_t *head, size_t length) {
    exchange *e = context;
    if (e->head_error != 0) return e->head_error;
    record(e, 'I', 0, head, length);
    return 0;
}

static int32_t send_data(void *context, const uint8_t *data, size_t length, int32_t flush) {
    exchange *e = context;
    if (e->delay != 0) usleep((useconds_t)e->delay);
    if (e->fail_after >= 0 && e->sent >= e->fail_after) return WSGI_TRANSPORT_DISCONNECTED;
    e->sent += (int64_t)length;
    record(e, 'D', flush, data, length);
    return 0;
}

static int32_t send_file(void *context, int32_t descriptor, int64_t offset, int64_t length) {
    exchange *e = context;
    uint8_t *bytes = malloc((size_t)length + 1);
    ssize_t got = pread(descriptor, bytes, (size_t)length, offset);
    if (got > 0) record(e, 'F', 0, bytes, (size_t)got);
    free(bytes);
    return got == length ? 0 : WSGI_TRANSPORT_FAILED;
}

static void request_log(void *context, int32_t level, const uint8_t *text, size_t length) {
    record(context, 'L', level, text, length);
}

static void process_log(int32_t level, const uint8_t *text, size_t length) {
    pthread_mutex_lock(&lock);
    append(&host_log, &host_length, &host_capacity, 'L', level, text, length);
    pthread_mutex_unlock(&lock);
    if (getenv("ENGINE_VERBOSE")) fprintf(stderr, "[%d] %.*s\n", level, (int)length, text);
}

/* What process_log "writes": the tests change it. 0: unknown. */
uint32_t host_level;
static uint32_t process_log_level(void) { return host_level; }

const wsgi_host host = {.log = process_log, .log_level = process_log_level};

size_t take_host_log(uint8_t *buffer, size_t capacity) {
    pthread_mutex_lock(&lock);
    size_t count = host_length < capacity ? host_length : capacity;
    memcpy(buffer, host_log, count);
    host_length = 0;
    pthread_mutex_unlock(&lock);
    return count;
}

int32_t run(const wsgi_engine_entry_table_t *engine, const uint8_t *head, size_t length, exchange *e) {
    wsgi_transport transport = {.context = e, .read_body = read_body, .send_hints = send_hints, .send_head = send_head,
                                .send_data = send_data, .send_file = send_file, .log = request_log, .request = e->request};
    return engine->run(head, length, &transport);
}

static void answer_text(void *context, size_t index, const uint8_t *text, size_t length) {
    record(context, 'A', (int32_t)index, text, length);
}

static void added_entry(void *context, wsgi_text key, wsgi_text value) {
    record(context, 'K', 0, key.start, key.length);
    record(context, 'V', 0, value.start, value.length);
}

static int32_t is_https(void *context) {
    (void)context;
    return 1;
}

static const char *ssl_variable(void *context, const char *name) {
    record(context, 'S', 0, name, strlen(name));
    return strcmp(name, "SSL_PROTOCOL") == 0 ? "TLSv1.3" : NULL;
}

void call(const wsgi_engine_entry_table_t *engine, const uint8_t *head, size_t length, exchange *e, int32_t has_ssl,
          wsgi_function_call *questions, size_t count) {
    wsgi_transport transport = {.context = e, .log = request_log, .request = e->request};
    wsgi_call_functions functions = {.answer_text = answer_text, .added_entry = added_entry};
    if (has_ssl) functions.is_https = is_https, functions.ssl_variable = ssl_variable;
    engine->call(head, length, &transport, &functions, questions, count);
}

/* Runs the same request `count` times on this thread; the number that did not end with `expected`. */
int32_t run_many(const wsgi_engine_entry_table_t *engine, const uint8_t *head, size_t length, int32_t count, int32_t expected) {
    int32_t failures = 0;
    exchange e = {.fail_after = -1};
    for (int32_t i = 0; i < count; i++) {
        e.output_length = 0, e.sent = 0;
        if (run(engine, head, length, &e) != expected) failures++;
    }
    free(e.output);
    return failures;
}

void release(exchange *e) {
    free(e->output);
    e->output = NULL;
}

#include "chttpd.h"

#include <mod_core.h>
#include <mod_status.h>

#include <poll.h>
#include <sys/mman.h>

APLOG_USE_MODULE(wsgi);

/* Maximum length of a record. With its prefix it fits into the 8 KiB of ap_log_*. Longer texts make several records. */
#define LONGEST_RECORD 7600

/* Bytes of a file that are read at a time if sendfile() is not used. */
#define FILE_PIECE (64 << 10)

/* The number of bytes of `text` for the next record. ap_log_* writes a byte that is not printable ASCII as four. */
static int piece(const char *text, size_t length) {
    size_t size = 0;
    for (int room = LONGEST_RECORD; size < length; size++) {
        unsigned char byte = (unsigned char)text[size];
        room -= byte < 0x20 || byte >= 0x7F ? 4 : byte == '\\' || byte == '"' ? 2 : 1;
        if (room < 0)
            break;
    }
    return (int)size;
}

/* The length of the message's id at the beginning of `text`, which further records repeat. 0 if there is none. */
static int id_length(const char *text, size_t length) {
    if (length < 9 || strncmp(text, "WSGI", 4) != 0 || text[8] != ':')
        return 0;
    for (int i = 4; i < 8; i++)
        if (!apr_isdigit(text[i]))
            return 0;
    return 8;
}

/* The name of a file for the log; httpd does not escape it. */
static const char *printable(const void *file, size_t length, char *room, size_t size) {
    const unsigned char *bytes = file;
    size_t count = 0;
    for (; count < length && count < size - 1; count++)
        room[count] = apr_isgraph(bytes[count]) ? (char)bytes[count] : '?';
    room[count] = '\0';
    return room;
}

/* Writes all of `text` to the log of the request, or of the server if there is no request. */
static void write_records(const request_rec *r, const server_rec *s, int level, const char *file, int line,
                          const char *text, size_t length) {
    const char *rest = text;
    int id = id_length(text, length);
    do {
        int size = piece(rest, length);
        int repeated = rest == text ? 0 : id;
        const char *link = repeated > 0 ? " (continued): " : "";
        if (r != NULL)
            ap_log_rerror(file, line, APLOG_MODULE_INDEX, level, 0, r, "%.*s%s%.*s", repeated, text, link, size, rest);
        else
            ap_log_error(file, line, APLOG_MODULE_INDEX, level, 0, s, "%.*s%s%.*s", repeated, text, link, size, rest);
        rest += size;
        length -= (size_t)size;
    } while (length > 0);
}

/* Writes text with the place where it was made, or with this one. */
static void write_from(const request_rec *r, const server_rec *s, int level, const void *file, size_t file_length,
                       int line, const void *text, size_t length) {
    char name[256];
    if (file_length == 0)
        write_records(r, s, level, __FILE__, __LINE__, (const char *)text, length);
    else
        write_records(r, s, level, printable(file, file_length, name, sizeof name), line, (const char *)text, length);
}

void chttpd_log_request_bytes(const request_rec *r, int level, const void *file, size_t file_length, int line,
                              const void *text, size_t length) {
    write_from(r, NULL, level, file, file_length, line, text, length);
}

void chttpd_log_request(const request_rec *r, int level, const char *text) {
    write_records(r, NULL, level, __FILE__, __LINE__, text, strlen(text));
}

void chttpd_log_server_bytes(const server_rec *s, int level, const void *file, size_t file_length, int line,
                             const void *text, size_t length) {
    write_from(NULL, s, level, file, file_length, line, text, length);
}

bool chttpd_log_needs_ids(const request_rec *r) {
    const core_server_config *core = ap_get_core_module_config(r->server->module_config);
    while (r->main != NULL)
        r = r->main;
    return core->error_log_format != NULL && (r->log_id == NULL || r->connection->log_id == NULL);
}

void chttpd_log_server(const server_rec *s, int level, const char *text) {
    write_records(NULL, s, level, __FILE__, __LINE__, text, strlen(text));
}

void chttpd_log_startup(int level, const char *text) {
    ap_log_error(APLOG_MARK, level | APLOG_STARTUP, 0, NULL, "%s", text);
}

bool chttpd_logs_request(const request_rec *r, int level) { return APLOG_R_IS_LEVEL(r, level); }

bool chttpd_logs_server(const server_rec *s, int level) { return APLOG_IS_LEVEL(s, level); }

static int (*write_status)(request_rec *r, int is_short);

static int status_hook(request_rec *r, int flags) { return write_status(r, (flags & AP_STATUS_SHORT) != 0); }

void chttpd_hook_status(int (*function)(request_rec *r, int is_short)) {
    write_status = function;
    APR_OPTIONAL_HOOK(ap, status_hook, status_hook, NULL, NULL, APR_HOOK_MIDDLE);
}

bool chttpd_is_restricted(request_rec *r) {
    static const struct ap_logconf quiet = {.module_levels = NULL, .level = APLOG_EMERG};
    apr_sockaddr_t *nowhere = NULL;
    if (apr_sockaddr_info_get(&nowhere, "192.0.2.1", APR_INET, 0, 0, r->pool) != APR_SUCCESS)
        return false;
    const request_rec own = *r;
    r->useragent_addr = nowhere;
    r->useragent_ip = apr_pstrdup(r->pool, "192.0.2.1");
    r->useragent_host = NULL;
    r->user = NULL;
    r->ap_auth_type = NULL;
    r->headers_in = apr_table_make(r->pool, 1);
    r->subprocess_env = apr_table_make(r->pool, 1);
    r->log = &quiet;
    int result = ap_run_access_checker_ex(r);
    r->useragent_addr = own.useragent_addr;
    r->useragent_ip = own.useragent_ip;
    r->useragent_host = own.useragent_host;
    r->user = own.user;
    r->ap_auth_type = own.ap_auth_type;
    r->headers_in = own.headers_in;
    r->subprocess_env = own.subprocess_env;
    r->log = own.log;
    /* DECLINED: a user is required, or no module decides. */
    return result == DECLINED ? own.user != NULL : result != OK;
}

/* apr_os_file_put registers no cleanup. After a filter has set the file aside, this file has no descriptor. */
static apr_status_t close_file(void *file) { return apr_file_close((apr_file_t *)file); }

apr_status_t chttpd_append_file(apr_bucket_brigade *brigade, int descriptor, apr_off_t offset, apr_off_t length,
                                bool sendfile, apr_pool_t *pool) {
    apr_file_t *file = NULL;
    apr_os_file_t native = descriptor;
    apr_status_t status =
        apr_os_file_put(&file, &native, APR_FOPEN_READ | (sendfile ? APR_FOPEN_SENDFILE_ENABLED : 0), pool);
    if (status != APR_SUCCESS)
        return status;
    apr_pool_cleanup_register(pool, file, close_file, apr_pool_cleanup_null);
    apr_bucket *last = APR_BRIGADE_LAST(brigade);
    apr_brigade_insert_file(brigade, file, offset, length, pool);
    /* Not mapped into memory: a file that shrinks while a filter reads it would end the process with SIGBUS. */
    for (apr_bucket *bucket = APR_BUCKET_NEXT(last); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        apr_bucket_file_enable_mmap(bucket, 0);
        apr_bucket_file_set_buf_size(bucket, FILE_PIECE);
    }
    return APR_SUCCESS;
}

int64_t chttpd_set_client_timeout(request_rec *r, int64_t timeout) {
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    apr_interval_time_t former = -1;
    if (!socket || apr_socket_timeout_get(socket, &former) != APR_SUCCESS)
        return -1;
    apr_socket_timeout_set(socket, timeout);
    return former;
}

char *chttpd_join(apr_pool_t *pool, const char *first, const char *second) {
    return apr_pstrcat(pool, first, second, NULL);
}

struct mapping {
    void *start;
    size_t size;
};

static apr_status_t unmap(void *data) {
    struct mapping *mapping = data;
    munmap(mapping->start, mapping->size);
    return APR_SUCCESS;
}

uint8_t *chttpd_shared_bytes(apr_pool_t *pool, size_t count) {
    struct mapping *mapping = apr_palloc(pool, sizeof *mapping);
    mapping->size = count;
    mapping->start = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping->start == MAP_FAILED)
        return NULL;
    apr_pool_cleanup_register(pool, mapping, unmap, apr_pool_cleanup_null);
    return mapping->start;
}

static const core_dir_config *core_directory(const request_rec *r) {
    return (const core_dir_config *)ap_get_core_module_config(r->per_dir_config);
}

bool chttpd_passes_authorization(const request_rec *r) {
    return core_directory(r)->cgi_pass_auth == AP_CGI_PASS_AUTH_ON;
}

bool chttpd_wants_current_uri(const request_rec *r) {
    const core_dir_config *directory = core_directory(r);
    const char *rule = directory->cgi_var_rules
                           ? (const char *)apr_hash_get(directory->cgi_var_rules, "REQUEST_URI", APR_HASH_KEY_STRING)
                           : NULL;
    return rule && strcmp(rule, "current-uri") == 0;
}

const char *chttpd_parse_names(cmd_parms *command, const char *names, const void **parsed) {
    const char *message = NULL;
    *parsed = ap_expr_parse_cmd(command, names, AP_EXPR_FLAG_STRING_RESULT, &message, NULL);
    return message;
}

bool chttpd_qualifies_redirect_url(const request_rec *r) {
    return core_directory(r)->qualify_redirect_url == AP_CORE_CONFIG_ON;
}

int chttpd_client_socket(const request_rec *r) {
    apr_os_sock_t descriptor = -1;
    apr_socket_t *socket = r->connection->master ? NULL : ap_get_conn_socket(r->connection);
    if (!socket || apr_os_sock_get(&descriptor, socket) != APR_SUCCESS)
        return -1;
    return descriptor;
}

size_t chttpd_append_copy(apr_bucket_brigade *brigade, const void *data, size_t length) {
    const char *rest = data;
    size_t added = 0;
    while (length > 0) {
        apr_bucket *last = APR_BRIGADE_LAST(brigade);
        if (last == APR_BRIGADE_SENTINEL(brigade) || last->length == CHTTPD_BUCKET_SIZE) {
            char *memory = apr_bucket_alloc(CHTTPD_BUCKET_SIZE, brigade->bucket_alloc);
            last = apr_bucket_heap_create(memory, CHTTPD_BUCKET_SIZE, apr_bucket_free, brigade->bucket_alloc);
            last->length = 0;
            chttpd_append(brigade, last);
            added++;
        }
        size_t room = CHTTPD_BUCKET_SIZE - last->length;
        size_t size = length < room ? length : room;
        memcpy(((apr_bucket_heap *)last->data)->base + last->length, rest, size);
        last->length += size;
        rest += size;
        length -= size;
    }
    return added;
}

size_t chttpd_append_copies(apr_bucket_brigade *brigade, apr_bucket_brigade *from) {
    size_t added = 0;
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(from); bucket != APR_BRIGADE_SENTINEL(from);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data = NULL;
        apr_size_t length = 0;
        if (!APR_BUCKET_IS_METADATA(bucket) && apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ) == APR_SUCCESS)
            added += chttpd_append_copy(brigade, data, length);
    }
    apr_brigade_cleanup(from);
    return added;
}

size_t chttpd_move_buckets(apr_bucket_brigade *to, apr_bucket_brigade *from, size_t most) {
    size_t moved = 0;
    while (moved < most && !APR_BRIGADE_EMPTY(from)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(from);
        APR_BUCKET_REMOVE(bucket);
        chttpd_append(to, bucket);
        moved++;
    }
    return moved;
}

/* Removes the error bucket of an input filter. Everything else passes. */
static apr_status_t withhold(ap_filter_t *filter, apr_bucket_brigade *brigade) {
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (AP_BUCKET_IS_ERROR(bucket)) {
            *(int *)filter->ctx = ((ap_bucket_error *)bucket->data)->status;
            apr_brigade_cleanup(brigade);
            return AP_FILTER_ERROR;
        }
    }
    return ap_pass_brigade(filter->next, brigade);
}

static ap_filter_rec_t withholding = {
    .name = "wsgi_body", .filter_func = {.out_func = withhold}, .ftype = AP_FTYPE_RESOURCE};

apr_status_t chttpd_read_body(request_rec *r, apr_bucket_brigade *brigade, apr_off_t length, bool waits,
                              int *rejection) {
    ap_filter_t *filters = r->output_filters;
    ap_filter_t first = {.frec = &withholding, .ctx = rejection, .next = filters, .r = r, .c = r->connection};
    *rejection = 0;
    r->output_filters = &first;
    apr_read_type_e how = waits ? APR_BLOCK_READ : APR_NONBLOCK_READ;
    apr_status_t status = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, how, length);
    r->output_filters = filters;
    return status;
}

/* Both run after all content filters and before those of HTTP. */
static ap_filter_rec_t *length_filter;
static ap_filter_rec_t *range_filter;

static apr_status_t judge_length(ap_filter_t *filter, apr_bucket_brigade *brigade) {
    chttpd_shortfall *shortfall = filter->ctx;
    request_rec *r = filter->r;
    apr_off_t length = 0;
    if (apr_brigade_length(brigade, 1, &length) == APR_SUCCESS && length > 0)
        shortfall->total += length;
    if (APR_BRIGADE_EMPTY(brigade) || !APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade)))
        return ap_pass_brigade(filter->next, brigade);
    const char *declared = apr_table_get(r->headers_out, "Content-Length");
    bool is_whole = declared ? apr_atoi64(declared) <= shortfall->total : shortfall->is_empty;
    ap_remove_output_filter(filter);
    if (is_whole || r->header_only)
        return ap_pass_brigade(filter->next, brigade);
    shortfall->is_cut = true;
    r->connection->keepalive = AP_CONN_CLOSE;
    apr_bucket_delete(APR_BRIGADE_LAST(brigade));
    /* Sends the head unchanged. Together with the end of the response, httpd would write the actual length. */
    chttpd_append_flush(brigade);
    apr_status_t status = ap_pass_brigade(filter->next, brigade);
    apr_brigade_cleanup(brigade);
    if (status != APR_SUCCESS)
        return status;
    chttpd_append_cut(brigade, r);
    chttpd_append_eos(brigade);
    return ap_pass_brigade(filter->next, brigade);
}

chttpd_shortfall *chttpd_judge_length(request_rec *r, bool is_empty) {
    chttpd_shortfall *shortfall = apr_pcalloc(r->pool, sizeof *shortfall);
    shortfall->total = r->bytes_sent;
    shortfall->is_empty = is_empty;
    ap_add_output_filter_handle(length_filter, shortfall, r, r->connection);
    return shortfall;
}

static void remove_ranges(request_rec *r) {
    for (ap_filter_t *filter = r->output_filters; filter; filter = filter->next)
        if (filter->frec == ap_byterange_filter_handle) {
            ap_remove_output_filter(filter);
            return;
        }
}

/* Checks the first data that the content filters pass on. */
static apr_status_t judge_ranges(ap_filter_t *filter, apr_bucket_brigade *brigade) {
    apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
    while (bucket != APR_BRIGADE_SENTINEL(brigade) && APR_BUCKET_IS_METADATA(bucket) && !APR_BUCKET_IS_EOS(bucket))
        bucket = APR_BUCKET_NEXT(bucket);
    if (bucket != APR_BRIGADE_SENTINEL(brigade)) {
        if (!APR_BUCKET_IS_FILE(bucket) && !APR_BUCKET_IS_MMAP(bucket))
            remove_ranges(filter->r);
        ap_remove_output_filter(filter);
    }
    return ap_pass_brigade(filter->next, brigade);
}

void chttpd_register_filters(void) {
    length_filter = ap_register_output_filter("wsgi_length", judge_length, NULL, AP_FTYPE_CONTENT_SET + 5);
    range_filter = ap_register_output_filter("wsgi_range", judge_ranges, NULL, AP_FTYPE_CONTENT_SET + 5);
}

void chttpd_limit_ranges(request_rec *r) {
    if (r->main || (!apr_table_get(r->headers_in, "Range") && !apr_table_get(r->headers_in, "Request-Range")))
        return;
    if (r->method_number == M_GET && !r->header_only)
        ap_add_output_filter_handle(range_filter, NULL, r, r->connection);
    else
        remove_ranges(r);
}

enum chttpd_client chttpd_look_at_client(const request_rec *r) {
    const conn_rec *c = r->connection;
    if (c->aborted || (c->master && c->master->aborted))
        return CHTTPD_CLIENT_GONE;
    struct pollfd poller = {.fd = chttpd_client_socket(r), .events = POLLRDHUP};
    if (poller.fd < 0 || poll(&poller, 1, 0) <= 0)
        return CHTTPD_CLIENT_THERE;
    return poller.revents & (POLLHUP | POLLERR) ? CHTTPD_CLIENT_GONE
           : poller.revents & POLLRDHUP         ? CHTTPD_CLIENT_HALF_CLOSED
                                                : CHTTPD_CLIENT_THERE;
}

/* Read by a request that is made while another one runs on the same thread. */
static _Thread_local void *held_thread;

void *chttpd_held_thread(void) { return held_thread; }

void chttpd_set_held_thread(void *held) { held_thread = held; }

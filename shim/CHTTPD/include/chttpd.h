/* The only access to httpd and APR. Swift calls their functions directly. Macros, variadic functions and bit fields,
 * which it cannot use, have a one-line wrapper here, named chttpd_*. */

#ifndef CHTTPD_H
#define CHTTPD_H

#include <features.h>
#include <stdbool.h>
#include <sys/types.h>

#if __has_include(<httpd.h>)
#include <httpd.h>
#include <ap_expr.h>
#include <ap_mpm.h>
#include <ap_release.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <mod_auth.h>
#include <mpm_common.h>
#include <scoreboard.h>
#include <unixd.h>
#include <util_cfgtree.h>
#include <util_filter.h>
#include <util_script.h>
#elif __has_include(<apache2/httpd.h>)
#include <apache2/httpd.h>
#include <apache2/ap_expr.h>
#include <apache2/ap_mpm.h>
#include <apache2/ap_release.h>
#include <apache2/http_config.h>
#include <apache2/http_connection.h>
#include <apache2/http_core.h>
#include <apache2/http_log.h>
#include <apache2/http_main.h>
#include <apache2/http_protocol.h>
#include <apache2/http_request.h>
#include <apache2/http_ssl.h>
#include <apache2/mod_auth.h>
#include <apache2/mpm_common.h>
#include <apache2/scoreboard.h>
#include <apache2/unixd.h>
#include <apache2/util_cfgtree.h>
#include <apache2/util_filter.h>
#include <apache2/util_script.h>
#else
#include <httpd/httpd.h>
#include <httpd/ap_expr.h>
#include <httpd/ap_mpm.h>
#include <httpd/ap_release.h>
#include <httpd/http_config.h>
#include <httpd/http_connection.h>
#include <httpd/http_core.h>
#include <httpd/http_log.h>
#include <httpd/http_main.h>
#include <httpd/http_protocol.h>
#include <httpd/http_request.h>
#include <httpd/http_ssl.h>
#include <httpd/mod_auth.h>
#include <httpd/mpm_common.h>
#include <httpd/scoreboard.h>
#include <httpd/unixd.h>
#include <httpd/util_cfgtree.h>
#include <httpd/util_filter.h>
#include <httpd/util_script.h>
#endif
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include <stdint.h>

/* The module record, defined in mod_wsgi.c. */
extern module AP_MODULE_DECLARE_DATA wsgi_module;

/* --- Logging: ap_log_* are variadic macros. The text is data, never a format. */
void chttpd_log_request(const request_rec *r, int level, const char *text);
void chttpd_log_server(const server_rec *s, int level, const char *text);
/* The same for text with a length and without a final NUL, with the source file and line that created it;
 * `file_length` is 0 without a source. */
void chttpd_log_request_bytes(const request_rec *r, int level, const void *file, size_t file_length, int line,
                              const void *text, size_t length);
void chttpd_log_server_bytes(const server_rec *s, int level, const void *file, size_t file_length, int line,
                             const void *text, size_t length);
/* Whether the next line makes the ids of the request and of its connection, in their pools. */
bool chttpd_log_needs_ids(const request_rec *r);
/* Writes a line to the log and, during startup, to the console. */
void chttpd_log_startup(int level, const char *text);
bool chttpd_logs_request(const request_rec *r, int level);
bool chttpd_logs_server(const server_rec *s, int level);

/* --- Module configuration: macros or functions depending on the build. */
static inline void *chttpd_module_config(const ap_conf_vector_t *vector) {
    return ap_get_module_config(vector, &wsgi_module);
}
static inline void chttpd_set_module_config(ap_conf_vector_t *vector, void *value) {
    ap_set_module_config(vector, &wsgi_module, value);
}

/* --- Brigades and buckets: rings implemented by macros. */
static inline apr_bucket_brigade *chttpd_brigade(const request_rec *r) {
    return apr_brigade_create(r->pool, r->connection->bucket_alloc);
}
static inline apr_bucket *chttpd_first(const apr_bucket_brigade *brigade) { return APR_BRIGADE_FIRST(brigade); }
static inline bool chttpd_is_empty(const apr_bucket_brigade *brigade) { return APR_BRIGADE_EMPTY(brigade); }
static inline bool chttpd_is_eos(const apr_bucket *bucket) { return APR_BUCKET_IS_EOS(bucket); }
static inline bool chttpd_is_metadata(const apr_bucket *bucket) { return APR_BUCKET_IS_METADATA(bucket); }
static inline void chttpd_delete(apr_bucket *bucket) { apr_bucket_delete(bucket); }
static inline void chttpd_split(apr_bucket *bucket, apr_size_t at) { apr_bucket_split(bucket, at); }
static inline apr_status_t chttpd_read(apr_bucket *bucket, const char **data, apr_size_t *length) {
    return apr_bucket_read(bucket, data, length, APR_BLOCK_READ);
}
static inline void chttpd_append(apr_bucket_brigade *brigade, apr_bucket *bucket) {
    APR_BRIGADE_INSERT_TAIL(brigade, bucket);
}
/* Moves all buckets of `from` to the end of `to`. */
static inline void chttpd_concatenate(apr_bucket_brigade *to, apr_bucket_brigade *from) {
    APR_BRIGADE_CONCAT(to, from);
}
/* The number of bytes that a bucket of chttpd_append_copy holds, and its memory including APR's overhead. */
enum { CHTTPD_BUCKET_SIZE = 8000, CHTTPD_BUCKET_COST = 8704 };
/* Appends a copy of data: fills the last bucket, which must be one of these, and adds others. Returns the number of
 * added buckets. */
size_t chttpd_append_copy(apr_bucket_brigade *brigade, const void *data, size_t length);
/* The same for all data of another brigade, which is then emptied. */
size_t chttpd_append_copies(apr_bucket_brigade *brigade, apr_bucket_brigade *from);
/* Moves up to `most` buckets from the beginning of `from` to the end of `to`. Returns the number of moved buckets. */
size_t chttpd_move_buckets(apr_bucket_brigade *to, apr_bucket_brigade *from, size_t most);
/* Reads from the request's input filters, either blocking or only the available data. If a body is too large or
 * malformed, httpd's own filter sends an error response, even in the middle of the application's response. Here that
 * response is withheld, and its status is stored in `rejection` (0: none). */
apr_status_t chttpd_read_body(request_rec *r, apr_bucket_brigade *brigade, apr_off_t length, bool waits,
                              int *rejection);
/* The socket of a request's connection. -1 if the connection is a stream of another one. */
int chttpd_client_socket(const request_rec *r);
static inline void chttpd_append_transient(apr_bucket_brigade *brigade, const void *data, size_t length) {
    chttpd_append(brigade, apr_bucket_transient_create((const char *)data, length, brigade->bucket_alloc));
}
static inline void chttpd_append_flush(apr_bucket_brigade *brigade) {
    chttpd_append(brigade, apr_bucket_flush_create(brigade->bucket_alloc));
}
static inline void chttpd_append_eos(apr_bucket_brigade *brigade) {
    chttpd_append(brigade, apr_bucket_eos_create(brigade->bucket_alloc));
}
/* Appends the bucket that makes HTTP/1.1 omit the last chunk and HTTP/2 reset the stream. */
static inline void chttpd_append_cut(apr_bucket_brigade *brigade, request_rec *r) {
    chttpd_append(brigade, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, brigade->bucket_alloc));
}
/* Content filters may replace a body that is shorter than its declared length, and also the length. From now on their
 * output is compared with the Content-Length at that time. A body that is still shorter ends with chttpd_append_cut(),
 * and `is_cut` of the result is set when the end of the response has been passed on. `is_empty`: the application has
 * returned no data. A body whose length is then no longer declared is a filter's. */
typedef struct chttpd_shortfall {
    apr_off_t total;
    bool is_empty, is_cut;
} chttpd_shortfall;
chttpd_shortfall *chttpd_judge_length(request_rec *r, bool is_empty);
void chttpd_register_filters(void);
/* To be called before the first data of a response is passed on. httpd serves ranges only for GET (RFC 9110, 14.2) and
 * only of files, whether from the application or from a content filter. Ranges of other responses are left to the
 * application. */
void chttpd_limit_ranges(request_rec *r);
/* Appends a part of a file. The descriptor is closed with the pool. */
apr_status_t chttpd_append_file(apr_bucket_brigade *brigade, int descriptor, apr_off_t offset, apr_off_t length,
                                bool sendfile, apr_pool_t *pool);

/* --- Tables, pools, state. */
static inline const apr_table_entry_t *chttpd_table_entries(const apr_table_t *table, int *count) {
    const apr_array_header_t *array = apr_table_elts(table);
    *count = array->nelts;
    return (const apr_table_entry_t *)array->elts;
}
/* Concatenates two texts in `pool`, as apr_pstrcat, which is variadic. */
char *chttpd_join(apr_pool_t *pool, const char *first, const char *second);
/* Bytes, initially 0, that this process shares with processes forked from it. NULL if there is no memory. */
uint8_t *chttpd_shared_bytes(apr_pool_t *pool, size_t count);
/* Sets such a byte. Returns true only for the first call of all processes. */
static inline bool chttpd_set_once(uint8_t *byte) {
    return *(volatile uint8_t *)byte == 0 && __atomic_exchange_n(byte, 1, __ATOMIC_RELAXED) == 0;
}
/* Registers a function for the destruction of the pool, and none for exec. */
static inline void chttpd_cleanup(apr_pool_t *pool, void *data, apr_status_t (*function)(void *)) {
    apr_pool_cleanup_register(pool, data, function, apr_pool_cleanup_null);
}
static inline bool chttpd_status_is_timeup(apr_status_t status) { return APR_STATUS_IS_TIMEUP(status); }
static inline bool chttpd_status_is_again(apr_status_t status) { return APR_STATUS_IS_EAGAIN(status); }
/* Whether the body ended before its declared length. */
static inline bool chttpd_status_is_eof(apr_status_t status) {
    return APR_STATUS_IS_EOF(status) || APR_STATUS_IS_INCOMPLETE(status);
}
static inline bool chttpd_aborted(const conn_rec *c) { return c->aborted; }
enum chttpd_client {
    CHTTPD_CLIENT_THERE,
    CHTTPD_CLIENT_HALF_CLOSED, /* it has closed its half of the connection, or all of it */
    CHTTPD_CLIENT_GONE         /* the connection is reset, or the stream of HTTP/2 */
};
enum chttpd_client chttpd_look_at_client(const request_rec *r);
/* The worker thread that the innermost request of this thread holds. See HeldThread. */
void *chttpd_held_thread(void);
void chttpd_set_held_thread(void *held);
/* Ends the response: no more data is sent. The access log shows status 499, and X for %X. */
static inline void chttpd_give_up(request_rec *r) {
    r->status = 499;
    r->connection->aborted = 1;
}
static inline void chttpd_close_after(conn_rec *c) { c->keepalive = AP_CONN_CLOSE; }
/* Sets the timeout of one read or write on the client's connection, in microseconds. Returns the previous timeout, or
 * -1 if the connection has no socket. */
int64_t chttpd_set_client_timeout(request_rec *r, int64_t timeout);
/* Called when the response begins before the body was read. The client need not send the body, so the connection cannot
 * be reused. */
static inline void chttpd_respond_instead_of_100(request_rec *r) {
    if (r->expecting_100)
        r->connection->keepalive = AP_CONN_CLOSE;
    r->expecting_100 = 0;
}
static inline bool chttpd_is_https(request_rec *r) { return ap_ssl_conn_is_ssl(r->connection); }
/* CGIPassAuth On, and CGIVar REQUEST_URI current-uri, of the request's directory. */
bool chttpd_passes_authorization(const request_rec *r);
bool chttpd_wants_current_uri(const request_rec *r);
/* QualifyRedirectURL On. */
bool chttpd_qualifies_redirect_url(const request_rec *r);
/* Whether a request that is denied by address may still be allowed for a user: `Satisfy Any`. */
static inline bool chttpd_may_still_log_in(request_rec *r) {
    return ap_satisfies(r) == SATISFY_ANY && ap_some_auth_required(r);
}
/* Registers a function that adds a section to mod_status's page, if that module is there. `is_short`: the page is the
 * one of ?auto. */
void chttpd_hook_status(int (*function)(request_rec *r, int is_short));
/* `ExtendedStatus`, which is On if mod_status is loaded, unless it is set. */
static inline bool chttpd_has_extended_status(void) { return ap_extended_status != 0; }
/* Whether authorization lets in fewer than everybody: a client without credentials and headers, at an address that no
 * machine has (RFC 5737), would not be served. Call it for a request that was authorized. */
bool chttpd_is_restricted(request_rec *r);
/* Parses the names of a Require line, which may contain %{...}. Returns the error message, or NULL. */
const char *chttpd_parse_names(cmd_parms *command, const char *names, const void **parsed);
static inline bool chttpd_options_exec(request_rec *r) { return (ap_allow_options(r) & OPT_EXECCGI) != 0; }
/* Whether an output filter of this request processes the application's body, and needs it for HEAD, too. */
static inline bool chttpd_filters_content(const request_rec *r) {
    return r->output_filters && r->output_filters->frec->ftype < AP_FTYPE_PROTOCOL;
}
static inline int chttpd_used_path_info(const request_rec *r) { return r->used_path_info; }
static inline bool chttpd_script_has_file(const request_rec *r) { return r->finfo.filetype != APR_NOFILE; }
static inline bool chttpd_script_is_directory(const request_rec *r) { return r->finfo.filetype == APR_DIR; }
static inline int64_t chttpd_body_limit(const request_rec *r) { return ap_get_limit_req_body(r); }
static inline int chttpd_server_count(server_rec *s) {
    int count = 0;
    for (; s; s = s->next)
        count++;
    return count;
}
/* The main server, after the configuration has been read. A variable that httpd sets in its only thread. */
static inline server_rec *chttpd_main_server(void) { return ap_server_conf; }
/* httpd's default configuration file, relative to ServerRoot. */
static inline const char *chttpd_default_configuration(void) { return SERVER_CONFIG_FILE; }
/* The configuration that httpd has read. Also a variable. */
static inline const ap_directive_t *chttpd_config_tree(void) { return ap_conftree; }
static inline uid_t chttpd_user(void) { return ap_unixd_config.user_id; }
static inline gid_t chttpd_group(void) { return ap_unixd_config.group_id; }
/* Whether this pass over the configuration only checks it and is followed by the real one. */
static inline bool chttpd_is_first_pass(void) { return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG; }
static inline bool chttpd_is_config_test(void) { return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST; }
static inline bool chttpd_is_running_normally(void) { return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL; }
static inline int chttpd_log_level(const server_rec *s) {
    return ap_get_server_module_loglevel(s, wsgi_module.module_index);
}
static inline int chttpd_request_log_level(const request_rec *r) {
    return ap_get_request_module_loglevel(r, wsgi_module.module_index);
}
static inline int chttpd_error_log_descriptor(const server_rec *s) {
    apr_os_file_t descriptor = -1;
    if (s->error_log && apr_os_file_get(&descriptor, s->error_log) != APR_SUCCESS)
        return -1;
    return descriptor;
}

#endif

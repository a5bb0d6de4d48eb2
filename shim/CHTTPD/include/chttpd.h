/* The one door to httpd and APR. Swift calls their functions as they are; what it cannot call — macros, variadic
 * functions, bit fields — has a one-line wrapper here, named chttpd_*. */

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
/* The same for text with a length and without a final NUL. */
void chttpd_log_request_bytes(const request_rec *r, int level, const void *text, size_t length);
void chttpd_log_server_bytes(const server_rec *s, int level, const void *text, size_t length);
/* Whether the next line makes the ids of the request and of its connection, in memory of their pools. */
bool chttpd_log_needs_ids(const request_rec *r);
/* A line on the console during start-up as well as in the log. */
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

/* --- Brigades and buckets: rings made of macros. */
static inline apr_bucket_brigade *chttpd_brigade(const request_rec *r) {
    return apr_brigade_create(r->pool, r->connection->bucket_alloc);
}
static inline bool chttpd_is_sentinel(const apr_bucket_brigade *brigade, const apr_bucket *bucket) {
    return bucket == APR_BRIGADE_SENTINEL(brigade);
}
static inline apr_bucket *chttpd_first(const apr_bucket_brigade *brigade) { return APR_BRIGADE_FIRST(brigade); }
static inline apr_bucket *chttpd_next(const apr_bucket *bucket) { return APR_BUCKET_NEXT(bucket); }
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
/* How many bytes a bucket of chttpd_append_copy holds, and what it takes of memory with all that APR has around it. */
enum { CHTTPD_BUCKET_SIZE = 8000, CHTTPD_BUCKET_COST = 8704 };
/* Appends a copy of data: fills the last bucket, which must be one of these, and adds others. The result is how many.
 */
size_t chttpd_append_copy(apr_bucket_brigade *brigade, const void *data, size_t length);
/* Does so with all data of another brigade, and empties that. */
size_t chttpd_append_copies(apr_bucket_brigade *brigade, apr_bucket_brigade *from);
/* Moves up to `most` buckets from the beginning of `from` to the end of `to`; the result is how many. */
size_t chttpd_move_buckets(apr_bucket_brigade *to, apr_bucket_brigade *from, size_t most);
/* Reads from the request's input filters, blocking or what is there. httpd's own filter answers a body that is too
 * large or malformed by itself, in the middle of whatever the application is sending; here that answer is withheld, and
 * its status goes to `refusal` (0: there was none). */
apr_status_t chttpd_read_body(request_rec *r, apr_bucket_brigade *brigade, apr_off_t length, bool waits, int *refusal);
/* The socket of a request's connection; -1 when the connection is a stream of another one. */
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
/* The bucket that makes HTTP/1.1 leave out the last chunk and HTTP/2 reset the stream. */
static inline void chttpd_append_cut(apr_bucket_brigade *brigade, request_rec *r) {
    chttpd_append(brigade, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, brigade->bucket_alloc));
}
/* Content filters may replace a body that is shorter than its declared length, and the length with it. From now on what
 * leaves them is compared with the Content-Length as it is then: a body that is still shorter ends with
 * chttpd_append_cut(), and the result says so when the end of the response has been passed on. `is_empty`: the
 * application has returned nothing, so a body whose length is not declared any more is another one. */
typedef struct chttpd_shortfall {
    apr_off_t total;
    bool is_empty, is_cut;
} chttpd_shortfall;
chttpd_shortfall *chttpd_judge_length(request_rec *r, bool is_empty);
void chttpd_register_filters(void);
/* To be called before the first of a response is passed on: httpd answers ranges for GET (RFC 9110, 14.2) and for
 * files, whether the application has given the file or a content filter; those of a page are the application's
 * business. */
void chttpd_limit_ranges(request_rec *r);
/* Appends part of a file; the descriptor is closed with the pool. */
apr_status_t chttpd_append_file(apr_bucket_brigade *brigade, int descriptor, apr_off_t offset, apr_off_t length,
                                bool sendfile, apr_pool_t *pool);

/* --- Tables, pools, state. */
static inline const apr_table_entry_t *chttpd_table_entries(const apr_table_t *table, int *count) {
    const apr_array_header_t *array = apr_table_elts(table);
    *count = array->nelts;
    return (const apr_table_entry_t *)array->elts;
}
/* One text behind another, in `pool`; what apr_pstrcat does, which is variadic. */
char *chttpd_join(apr_pool_t *pool, const char *first, const char *second);
/* Bytes, 0 at first, that this process and those forked from it share; NULL when there is no memory. */
uint8_t *chttpd_shared_bytes(apr_pool_t *pool, size_t count);
/* Sets such a byte; true for the first who does. */
static inline bool chttpd_set_once(uint8_t *byte) {
    return *(volatile uint8_t *)byte == 0 && __atomic_exchange_n(byte, 1, __ATOMIC_RELAXED) == 0;
}
/* Registers the same function for destruction, and nothing for exec. */
static inline void chttpd_cleanup(apr_pool_t *pool, void *data, apr_status_t (*function)(void *)) {
    apr_pool_cleanup_register(pool, data, function, apr_pool_cleanup_null);
}
static inline bool chttpd_status_is_timeup(apr_status_t status) { return APR_STATUS_IS_TIMEUP(status); }
static inline bool chttpd_status_is_again(apr_status_t status) { return APR_STATUS_IS_EAGAIN(status); }
/* The body ends before its declared end. */
static inline bool chttpd_status_is_eof(apr_status_t status) {
    return APR_STATUS_IS_EOF(status) || APR_STATUS_IS_INCOMPLETE(status);
}
static inline bool chttpd_aborted(const conn_rec *c) { return c->aborted; }
enum chttpd_client {
    CHTTPD_CLIENT_THERE,
    CHTTPD_CLIENT_HALF_CLOSED, /* it has closed its half of the connection, or all of it: those cannot be told apart */
    CHTTPD_CLIENT_GONE         /* the connection is reset; a stream of HTTP/2: or the stream */
};
enum chttpd_client chttpd_look_at_client(const request_rec *r);
/* What the innermost request of this thread holds; see HeldThread. */
void *chttpd_held_thread(void);
void chttpd_set_held_thread(void *held);
/* Nothing is sent any more; the access log has the status 499, and X for %X. */
static inline void chttpd_give_up(request_rec *r) {
    r->status = 499;
    r->connection->aborted = 1;
}
static inline void chttpd_close_after(conn_rec *c) { c->keepalive = AP_CONN_CLOSE; }
/* Sets how long one read or write on the client's connection may take, in microseconds; the result is what it was
 * before, or -1 when the connection has no socket. */
int64_t chttpd_set_client_timeout(request_rec *r, int64_t timeout);
/* The answer begins before the body was asked for: the client need not send it, so the connection cannot go on. */
static inline void chttpd_answer_instead_of_100(request_rec *r) {
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
/* Whether a refusal by address is not the last word: `Satisfy Any`, and a user may still be let in. */
static inline bool chttpd_may_still_log_in(request_rec *r) {
    return ap_satisfies(r) == SATISFY_ANY && ap_some_auth_required(r);
}
/* Registers a function that adds a section to mod_status's page, if that module is there. `is_short`: the page is the
 * one of ?auto. */
void chttpd_hook_status(int (*function)(request_rec *r, int is_short));
/* Whether authorization lets in fewer than everybody: a client without credentials and headers, at an address that no
 * machine has (RFC 5737), would not be served. Call it for a request that was authorized. */
bool chttpd_is_restricted(request_rec *r);
/* Parses the names of a Require line, which may have %{...} in them; the message, or NULL. */
const char *chttpd_parse_names(cmd_parms *command, const char *names, const void **parsed);
static inline bool chttpd_options_exec(request_rec *r) { return (ap_allow_options(r) & OPT_EXECCGI) != 0; }
/* Whether an output filter of this request works on what the application sends: it must see a body for HEAD, too. */
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
/* The main server, once the configuration has been read; a variable that httpd sets in its one thread. */
static inline server_rec *chttpd_main_server(void) { return ap_server_conf; }
/* The configuration file of an httpd that is told no other, relative to ServerRoot. */
static inline const char *chttpd_default_configuration(void) { return SERVER_CONFIG_FILE; }
/* The configuration as httpd has read it; a variable likewise. */
static inline const ap_directive_t *chttpd_config_tree(void) { return ap_conftree; }
static inline uid_t chttpd_user(void) { return ap_unixd_config.user_id; }
static inline gid_t chttpd_group(void) { return ap_unixd_config.group_id; }
/* Whether this pass over the configuration only checks it, and is followed by the real one. */
static inline bool chttpd_is_first_pass(void) { return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG; }
static inline bool chttpd_is_config_test(void) { return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST; }
static inline bool chttpd_is_running_normally(void) { return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL; }
static inline int chttpd_log_level(const server_rec *s) {
    return ap_get_server_module_loglevel(s, wsgi_module.module_index);
}
static inline int chttpd_error_log_descriptor(const server_rec *s) {
    apr_os_file_t descriptor = -1;
    if (s->error_log && apr_os_file_get(&descriptor, s->error_log) != APR_SUCCESS)
        return -1;
    return descriptor;
}

#endif

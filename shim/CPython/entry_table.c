/* The engine's exported record: a C variable, because Swift cannot export constant data under a C name. */

#include "../CEngineABI/wsgi_engine_abi.h"

int32_t wsgi_engine_start(const uint8_t *spec, size_t length, const wsgi_host *host);
int32_t wsgi_engine_run(const uint8_t *head, size_t length, const wsgi_transport *transport);
void wsgi_engine_call(const uint8_t *head, size_t length, const wsgi_transport *transport,
                      const wsgi_call_functions *functions, wsgi_function_call *calls, size_t count);
void wsgi_engine_stop(void);

__attribute__((visibility("default"))) const wsgi_engine_entry_table_t wsgi_engine_entry_table = {
    .abi = WSGI_ENGINE_ABI,
    .size = sizeof(wsgi_engine_entry_table_t),
    .start = wsgi_engine_start,
    .run = wsgi_engine_run,
    .call = wsgi_engine_call,
    .stop = wsgi_engine_stop,
};

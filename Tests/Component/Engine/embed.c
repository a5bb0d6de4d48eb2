/* An httpd child in small: loads libpython and the engine at run time, runs a request on several threads, stops.
 *
 *     embed <libpython> <engine> <file with ProcessSpec> <file with RequestHead> <threads> <requests per thread>
 */

#include "transport.c"

#include <dlfcn.h>

static uint8_t *contents(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    *length = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static const wsgi_engine_entry_table_t *engine;
static uint8_t *head;
static size_t head_length;
static int count;

static void *work(void *unused) {
    (void)unused;
    return (void *)(intptr_t)run_many(engine, head, head_length, count, 0);
}

int main(int argc, char **argv) {
    if (argc != 7 || !dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL)) return 10;
    void *library = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 11;
    engine = dlsym(library, "wsgi_engine_entry_table");
    if (!engine || engine->abi != WSGI_ENGINE_ABI || engine->size != sizeof *engine) return 12;
    size_t length;
    uint8_t *spec = contents(argv[3], &length);
    head = contents(argv[4], &head_length);
    count = atoi(argv[6]);
    if (engine->start(spec, length, &host) != 0) return 13;
    int threads = atoi(argv[5]);
    long failures = (long)(intptr_t)work(NULL);
    pthread_t ids[64];
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, NULL);
    for (int i = 0; i < threads; i++) {
        void *result;
        pthread_join(ids[i], &result);
        failures += (long)(intptr_t)result;
    }
    engine->stop();
    printf("%ld failures\n", failures);
    return failures != 0;
}

/* Several processes with several threads count requests, and some are killed meanwhile: count ROUNDS. It fails when a
 * count of a process that was not killed is missing, or when nonsense in the memory stops a reader. */

#include "wsgi_metrics.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 4, THREADS = 4, PAIRS = 3 };

static wsgi_metrics *metrics;
static int rounds;

static int fail(const char *what) {
    fprintf(stderr, "count: %s\n", what);
    exit(1);
}

static void *count(void *process) {
    for (int i = 0; i < rounds * 10; i++) {
        wsgi_metrics_sample sample = {
            .group = (uint32_t)i % PAIRS, .host = 7, .status = 200, .rejection = WSGI_METRICS_REASONS, .timed = 3};
        sample.times[WSGI_TIME_APPLICATION] = 3000000u + (i % 100 == 0 ? 200000000u : 0);
        if (wsgi_metrics_count(metrics, (uint32_t)(uintptr_t)process, &sample)) {
            wsgi_slow_request slow = {.group = sample.group, .host = 7, .status = 200, .line_length = 5};
            slow.times[WSGI_TIME_APPLICATION] = sample.times[WSGI_TIME_APPLICATION] + (uint64_t)i;
            memcpy(slow.line, "GET /", 5);
            wsgi_metrics_note_slow(metrics, &slow);
        }
        wsgi_metrics_count_id(metrics, 116);
    }
    return NULL;
}

static pid_t start(uint32_t process) {
    pid_t child = fork();
    if (child != 0)
        return child;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, (void *)(uintptr_t)process);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

static uint64_t total(void) {
    uint64_t sum = 0;
    for (uint32_t index = 0; index < WSGI_METRICS_ROWS; index++) {
        wsgi_metrics_totals totals;
        if (!wsgi_metrics_read(metrics, index, &totals))
            continue;
        uint64_t counted = 0, timed = 0;
        for (int class = 0; class < WSGI_METRICS_CLASSES; class++)
            counted += totals.classes[class];
        for (int bucket = 0; bucket < WSGI_METRICS_BUCKETS; bucket++)
            timed += totals.times[WSGI_TIME_APPLICATION].counts[bucket];
        if (counted > 0 && (totals.host != 7 || totals.group >= PAIRS))
            fail("a row has another name");
        if (timed > counted)
            fail("there are more times than requests");
        sum += counted;
    }
    return sum;
}

static void read_slow(void) {
    wsgi_slow_request request;
    for (uint32_t index = 0; index <= WSGI_SLOW_REQUESTS; index++)
        if (wsgi_metrics_read_slow(metrics, index, &request) &&
            (request.line_length > sizeof request.line || request.id_length > sizeof request.id))
            fail("a text is longer than its room");
}

int main(int count_of_words, char **words) {
    rounds = count_of_words > 1 ? atoi(words[1]) : 100;
    alarm(60);
    metrics = mmap(NULL, sizeof *metrics, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    wsgi_metrics_prepare(metrics);

    /* All counts arrive. */
    for (uint32_t process = 0; process < PROCESSES; process++)
        start(process);
    while (wait(NULL) > 0)
        read_slow();
    uint64_t expected = (uint64_t)PROCESSES * THREADS * (uint64_t)rounds * 10;
    if (total() != expected || wsgi_metrics_id_count(metrics, 116) != expected)
        fail("counts are missing");
    read_slow();

    /* Killed processes leave nothing locked. */
    for (int i = 0; i < 20; i++) {
        pid_t child = start(9);
        usleep(500);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    uint64_t before = total();
    waitpid(start(1), NULL, 0);
    if (total() != before + (uint64_t)THREADS * (uint64_t)rounds * 10)
        fail("counts are missing after kills");

    /* A full table has a place for all others. */
    for (uint32_t host = 0; host < 4 * WSGI_METRICS_ROWS; host++)
        if (wsgi_metrics_row_of(metrics, 5, host) >= WSGI_METRICS_ROWS)
            fail("a row is outside of the table");

    /* Nonsense. */
    for (int i = 0; i < rounds; i++) {
        unsigned char *bytes = (unsigned char *)metrics;
        for (int j = 0; j < 1000; j++)
            bytes[(size_t)random() % sizeof *metrics] = (unsigned char)random();
        memset(metrics->slow, i % 2 ? 0xFF : (int)random(), sizeof metrics->slow);
        wsgi_metrics_sample sample = {.group = (uint32_t)random(),
                                      .host = (uint32_t)random(),
                                      .status = (uint32_t)random(),
                                      .rejection = (uint32_t)random(),
                                      .timed = 15};
        wsgi_metrics_count(metrics, (uint32_t)i, &sample);
        wsgi_slow_request slow = {.line_length = 60000};
        wsgi_metrics_note_slow(metrics, &slow);
        wsgi_metrics_review_slow(metrics);
        wsgi_metrics_count_id(metrics, (uint32_t)random());
        read_slow();
        wsgi_metrics_totals totals;
        for (uint32_t index = 0; index <= WSGI_METRICS_ROWS; index++)
            wsgi_metrics_read(metrics, index, &totals);
    }
    return 0;
}

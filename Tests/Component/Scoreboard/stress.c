/* Several processes claim threads of one group through the scoreboard, as httpd's children do, and are killed or
 * stopped at random: stress ROUNDS. It fails when requests are overtaken by many, when more threads are claimed than
 * there are, when nobody is served for long, or when anything is left behind. */

#include "wsgi_scoreboard.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* By how many a request may be overtaken that was called and has not been woken yet: the machine may be busy. */
enum { OVERTAKEN = 1000 };
enum { GROUP = 3, SLOTS = 2, THREADS = 2, CHILDREN = 4, REQUESTS = 8, LIMIT = 24 };
static const uint32_t slots[SLOTS] = {5, 9};

static wsgi_scoreboard *board;
/* What the processes have in common besides: counts, and what they found wrong. */
static struct {
    _Atomic uint64_t served, rejected, waited, put_out;
    _Atomic uint32_t last_ticket, busy, wrong_order, too_many;
} * shared;

static uint64_t milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int fail(const char *what) {
    fprintf(stderr, "stress: %s\n", what);
    exit(1);
}

/* --- A child: the steps of SlotChoice and QueueTicket. */

static uint32_t child;
static bool checks;

static int least_busy(void) {
    uint32_t least = UINT32_MAX;
    int best = -1;
    for (int index = 0; index < SLOTS; index++) {
        uint32_t load = wsgi_slot_load(board, slots[index]);
        if (load < least) {
            least = load;
            best = index;
        }
    }
    return best;
}

static int claim(uint32_t *generation) {
    int best;
    while ((best = least_busy()) >= 0)
        if ((*generation = wsgi_slot_claim(board, child, slots[best])))
            break;
    return best;
}

static void look_up(uint32_t ticket, uint64_t *idler) {
    uint32_t first;
    wsgi_children_look(board);
    if (least_busy() < 0 || !wsgi_queue_first(board, GROUP, &first) || first == ticket) {
        *idler = UINT64_MAX;
        return;
    }
    if (first == *idler) {
        atomic_fetch_add(&shared->put_out, 1);
        wsgi_queue_put_out(board, GROUP, first);
    } else
        wsgi_queue_call(board, GROUP);
    *idler = first;
}

static int claim_in_turn(uint32_t *generation) {
    uint32_t ticket;
    uint64_t idler = UINT64_MAX;
    if (!wsgi_queue_enter(board, GROUP, LIMIT, &ticket))
        return -1;
    atomic_fetch_add(&shared->waited, 1);
    /* Some lose patience. */
    uint64_t end = milliseconds() + (rand() % 16 ? 20000 : (uint64_t)(rand() % 20));
    int slot = -1;
    for (;;) {
        enum wsgi_queue_turn turn = wsgi_queue_look(board, GROUP, ticket);
        if (turn == WSGI_TURN_NOW && (slot = claim(generation)) >= 0) {
            /* Those who have been called overtake each other. */
            uint32_t last = atomic_load(&shared->last_ticket);
            if (checks && last > ticket + OVERTAKEN)
                atomic_fetch_add(&shared->wrong_order, 1);
            while (last < ticket && !atomic_compare_exchange_weak(&shared->last_ticket, &last, ticket))
                ;
            break;
        }
        if (turn == WSGI_TURN_NEVER) {
            if (!wsgi_queue_enter(board, GROUP, WSGI_MAX_WAITING, &ticket))
                return -1;
            continue;
        }
        uint64_t now = milliseconds();
        if (now >= end)
            break;
        if (!wsgi_queue_wait(board, GROUP, ticket, end - now < 100 ? (uint32_t)(end - now) : 100))
            look_up(ticket, &idler);
    }
    if (wsgi_queue_leave(board, GROUP, ticket) || slot < 0)
        wsgi_queue_call(board, GROUP);
    else if (least_busy() >= 0)
        wsgi_queue_call_first(board, GROUP);
    return slot;
}

static void *requests(void *arrives_late) {
    for (;;) {
        uint32_t generation = 0;
        int slot = wsgi_queue_exists(board, GROUP) ? -1 : claim(&generation);
        if (slot < 0)
            slot = claim_in_turn(&generation);
        if (slot < 0) {
            atomic_fetch_add(&shared->rejected, 1);
            usleep(2000);
            continue;
        }
        if (checks && atomic_fetch_add(&shared->busy, 1) >= SLOTS * THREADS)
            atomic_fetch_add(&shared->too_many, 1);
        if (rand() % 4 == 0)
            usleep((useconds_t)(rand() % 500));
        if (checks)
            atomic_fetch_sub(&shared->busy, 1);
        wsgi_slot_release(board, child, GROUP, slots[slot], generation, true);
        atomic_fetch_add(&shared->served, 1);
        if (arrives_late && rand() % 2)
            usleep((useconds_t)(rand() % 3000));
    }
    return NULL;
}

static pid_t start(void) {
    pid_t pid = fork();
    if (pid)
        return pid;
    srand((unsigned)getpid());
    child = wsgi_child_register(board);
    pthread_t thread;
    for (intptr_t number = 1; number < REQUESTS; number++)
        pthread_create(&thread, NULL, requests, (void *)(number % 3));
    requests(NULL);
    return 0;
}

/* --- The parent. */

/* Requests are served; fails when none is for two seconds. */
static void expect_progress(const char *when) {
    uint64_t before = atomic_load(&shared->served), end = milliseconds() + 2000;
    while (atomic_load(&shared->served) == before) {
        if (milliseconds() > end)
            fail(when);
        usleep(200);
    }
}

static void expect_nothing_left(void) {
    for (int index = 0; index < SLOTS; index++)
        if (wsgi_slot_load(board, slots[index]) != 0)
            fail("a thread is still claimed");
    if (wsgi_queue_exists(board, GROUP) || wsgi_queue_length(board, GROUP))
        fail("somebody still waits");
}

static void end(pid_t pid, bool tell) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (tell)
        wsgi_child_ended(board, pid);
}

static void print(const char *title) {
    printf("%-22s served %8llu, waited %8llu, rejected or impatient %6llu, put out %3llu\n", title,
           (unsigned long long)shared->served, (unsigned long long)shared->waited, (unsigned long long)shared->rejected,
           (unsigned long long)shared->put_out);
    memset(shared, 0, sizeof *shared);
}

/* Nobody is killed: the order and the number of claims must be right. */
static void test_order(int rounds) {
    pid_t pids[CHILDREN];
    checks = true;
    for (int index = 0; index < CHILDREN; index++)
        pids[index] = start();
    for (int round = 0; round < rounds; round++) {
        usleep(10000);
        expect_progress("nobody is served");
    }
    if (shared->wrong_order)
        fail("a later request was served before an earlier one");
    if (shared->too_many)
        fail("more threads are claimed than there are");
    if (shared->served < 20 * (uint64_t)rounds)
        fail("calls are lost");
    if (wsgi_queue_length(board, GROUP) > LIMIT)
        fail("more requests wait than may");
    for (int index = 0; index < CHILDREN; index++)
        end(pids[index], true);
    checks = false;
    expect_nothing_left();
    print("order");
}

/* Children are killed at any point, and stopped; the parent hears of it late or never. */
static void test_kills(int rounds) {
    pid_t pids[CHILDREN];
    for (int index = 0; index < CHILDREN; index++)
        pids[index] = start();
    for (int round = 0; round < rounds; round++) {
        usleep((useconds_t)(rand() % 10000));
        int index = rand() % CHILDREN;
        if (round % 50 == 49) {
            kill(pids[index], SIGSTOP);
            expect_progress("a stopped child keeps the others waiting");
            usleep(300000);
            expect_progress("a stopped child keeps the others waiting for long");
            kill(pids[index], SIGCONT);
        } else if (round % 10 == 9) {
            kill(pids[index], SIGKILL); /* It stays a zombie. */
            expect_progress("a killed child keeps the others waiting");
            usleep(20000);
            expect_progress("a killed child keeps the others waiting for long");
            waitpid(pids[index], NULL, 0);
            pids[index] = start();
        } else {
            end(pids[index], rand() % 2);
            pids[index] = start();
        }
        expect_progress("nobody is served after a child was killed");
    }
    for (int index = 0; index < CHILDREN; index++)
        end(pids[index], index % 2);
    /* Whatever the parent has not heard of is found by looking. */
    usleep(260000);
    wsgi_children_look(board);
    expect_nothing_left();
    print("kills");
}

int main(int count, char **words) {
    int rounds = count > 1 ? atoi(words[1]) : 100;
    board =
        mmap(NULL, wsgi_scoreboard_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED || shared == MAP_FAILED)
        fail("mmap");
    wsgi_scoreboard_prepare(board);
    for (int index = 0; index < SLOTS; index++)
        wsgi_slot_publish(board, GROUP, slots[index], 1, THREADS, getpid());
    test_order(rounds);
    test_kills(rounds);
    return 0;
}

/* Code in one of httpd's children writes nonsense into the scoreboard: damage ROUNDS. It fails when the parent, the
 * supervisor or another child does not come back from it within a second, or when a request cannot wait and be served
 * afterwards. */

#include "wsgi_scoreboard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 3, SLOT = 5, LIMIT = 100 };

static wsgi_scoreboard *board;
static const char *doing = "nothing";
static double longest;

static int fail(const char *what) {
    fprintf(stderr, "damage: %s: %s\n", doing, what);
    exit(1);
}

static void too_long(int number) {
    (void)number;
    static const char text[] = "damage: it hangs: ";
    ssize_t written = write(2, text, sizeof text - 1) + write(2, doing, strlen(doing)) + write(2, "\n", 1);
    _exit(written > 0 ? 1 : 2);
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The place of a ticket; the places are the last thing in the memory. */
static _Atomic uint64_t *place(uint32_t ticket) {
    char *end = (char *)board + wsgi_scoreboard_size();
    return (_Atomic uint64_t *)(void *)end - (size_t)WSGI_MAX_GROUPS * WSGI_MAX_WAITING +
           (size_t)GROUP * WSGI_MAX_WAITING + ticket % WSGI_MAX_WAITING;
}

static void step(const char *name, double began) {
    double took = seconds() - began;
    if (took > longest)
        longest = took;
    if (took > 1)
        fail(name);
}

/* What the parent, the supervisor and other children do with the group. */
static void use(void) {
    uint32_t ticket;
    double began = seconds();
    wsgi_child_ended(board, 77);
    step("parent: a child has ended", began);
    began = seconds();
    wsgi_slot_close(board, GROUP, SLOT);
    wsgi_group_set_state(board, GROUP, WSGI_GROUP_FAILED);
    step("parent: there is no supervisor", began);
    began = seconds();
    wsgi_slot_withdraw(board, GROUP, SLOT);
    wsgi_slot_replacement_failed(board, GROUP, SLOT);
    wsgi_group_set_state(board, GROUP, WSGI_GROUP_SERVING);
    wsgi_slot_publish(board, GROUP, SLOT, 8, 2, getpid());
    step("supervisor", began);
    began = seconds();
    wsgi_queue_length(board, GROUP);
    wsgi_queue_ahead(board, GROUP, 12345);
    wsgi_queue_first(board, GROUP, &ticket);
    wsgi_queue_put_out(board, GROUP, ticket);
    wsgi_children_look(board);
    wsgi_slot_release(board, 1, GROUP, SLOT, 8, true);
    step("child", began);
}

/* A request waits, gets a thread and gives it back. */
static void serve(void) {
    uint32_t ticket, generation = 0;
    for (int attempt = 0; attempt < 3 && !generation; attempt++) {
        if (!wsgi_queue_enter(board, GROUP, WSGI_MAX_WAITING, &ticket))
            fail("a request cannot wait");
        if (wsgi_queue_look(board, GROUP, ticket) == WSGI_TURN_NOW)
            generation = wsgi_slot_claim(board, 0, SLOT);
        wsgi_queue_leave(board, GROUP, ticket);
    }
    if (generation != 8)
        fail("a request is not served");
    wsgi_slot_release(board, 0, GROUP, SLOT, generation, true);
    if (wsgi_queue_length(board, GROUP) != 0)
        fail("somebody waits");
}

static void check(const char *name) {
    doing = name;
    alarm(20);
    use();
    serve();
    alarm(0);
}

static void queue(uint32_t first, uint32_t next) { board->groups[GROUP].queue = (uint64_t)first << 32 | next; }

static uint64_t noise(void) { return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand(); }

static void scribble(void) {
    switch (rand() % 6) {
    case 0:
        board->groups[GROUP].queue = noise();
        break;
    case 1:
        queue((uint32_t)rand() % 20, (uint32_t)rand() % 20);
        break;
    case 2:
        *place((uint32_t)rand()) = noise();
        break;
    case 3:
        board->slots[SLOT].word = rand() % 2 ? noise() : 8ull << 32 | (uint32_t)rand();
        break;
    case 4:
        board->children[rand() % WSGI_MAX_CHILDREN] = (int32_t)noise();
        break;
    default: {
        wsgi_claim_cell *claims = (wsgi_claim_cell *)(void *)(board + 1);
        claims[(size_t)(rand() % 64) * WSGI_MAX_SLOTS + SLOT] = noise();
    }
    }
}

static void cases(int rounds) {
    queue(1, 2);
    check("a ticket without a place");
    queue(0, UINT32_MAX);
    check("a queue longer than there are places");
    queue(7, 3);
    check("a queue that ends before it begins");
    queue(20, 20 + WSGI_MAX_WAITING);
    check("a full queue of nobody");
    queue(50, 50);
    for (uint32_t ticket = 0; ticket < WSGI_MAX_WAITING; ticket++)
        *place(ticket) = noise() | 1u << 24;
    check("places of others");
    queue(50, 50);
    *place(50) = (uint64_t)49 << 32 | 1u << 24 | 99;
    check("a place that is never free");
    for (int child = 0; child < WSGI_MAX_CHILDREN; child++)
        board->children[child] = child % 2 ? INT32_MIN : -77;
    check("children that never were");
    memset(board->children, 0, sizeof board->children);
    board->slots[SLOT].threads = UINT32_MAX;
    board->slots[SLOT].word = UINT64_MAX;
    check("a slot of nonsense");
    for (int round = 0; round < rounds; round++) {
        for (int count = rand() % 200; count >= 0; count--)
            scribble();
        check("noise");
    }
    memset(board->children, 0, sizeof board->children);
}

/* A process writes all the time. */
static void under_fire(void) {
    doing = "noise all the time";
    pid_t writer = fork();
    if (writer < 0)
        fail("there is no process for it");
    if (writer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            scribble();
    }
    for (double end = seconds() + 3; seconds() < end;) {
        alarm(20);
        use();
        alarm(0);
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    memset(board->children, 0, sizeof board->children);
    check("after the noise");
}

int main(int count, char **words) {
    signal(SIGALRM, too_long);
    board =
        mmap(NULL, wsgi_scoreboard_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (board == MAP_FAILED)
        fail("mmap");
    wsgi_scoreboard_prepare(board);
    cases(count > 1 ? atoi(words[1]) : 100);
    if (wsgi_scoreboard_take_resets(board) == 0)
        fail("nobody has noticed");
    under_fire();
    printf("damage                 the longest step took %.0f ms\n", longest * 1000);
    return 0;
}

#include "cpython.h"

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "interpreter_config.h"

static __thread void *context;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* All threads write the same value. */
static void (*_Atomic retire_context)(void *);

static void thread_ends(void *value) {
    context = NULL;
    void (*retire)(void *) = atomic_load_explicit(&retire_context, memory_order_relaxed);
    retire(value);
}

static void make_key(void) { pthread_key_create(&key, thread_ends); }

void *wsgi_thread_context(void) { return context; }

void wsgi_set_thread_context(void *value, void (*retire)(void *)) {
    atomic_store_explicit(&retire_context, retire, memory_order_relaxed);
    pthread_once(&once, make_key);
    context = value;
    pthread_setspecific(key, value);
}

static __thread const void *line_ended;

void wsgi_note_line_end(const void *stream) { line_ended = stream; }

bool wsgi_take_line_end(const void *stream) {
    if (line_ended != stream)
        return false;
    line_ended = NULL;
    return true;
}

bool wsgi_waits_are_measured;
static __thread uint64_t waited;
static __thread uint32_t waits;

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void wsgi_restore_measured(PyThreadState *state) {
    uint64_t start = nanoseconds();
    PyEval_RestoreThread(state);
    waited += nanoseconds() - start;
    waits++;
}

uint64_t wsgi_waits(uint32_t *count) {
    *count = waits;
    return waited;
}

void wsgi_reset_waits(void) {
    waited = 0;
    waits = 0;
}

void wsgi_processor_times(bool process, int64_t *user, int64_t *system) {
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    getrusage(process ? RUSAGE_SELF : RUSAGE_THREAD, &usage);
    *user = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    *system = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
}

enum { FUSE_MAGIC = 0x65735546 }; /* FUSE_SUPER_MAGIC of linux/magic.h */

int64_t wsgi_regular_file_size(int32_t descriptor) {
    struct stat status;
    struct statfs system;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
        return -1;
    if (fstatfs(descriptor, &system) != 0 || (uint32_t)system.f_type == FUSE_MAGIC)
        return -1;
    return status.st_size;
}

void wsgi_close(int32_t descriptor) { close(descriptor); }

int32_t wsgi_reopen_file(int32_t descriptor) {
    char path[32];
    struct stat before, after;
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)descriptor);
    int again = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (again < 0)
        return -1;
    if (fstat(descriptor, &before) == 0 && fstat(again, &after) == 0 && before.st_dev == after.st_dev &&
        before.st_ino == after.st_ino)
        return again;
    close(again);
    return -1;
}

/* Weak, so that the engine can be loaded into a Python that lacks them. The result is then false. */
__attribute__((weak)) PyThreadState *PyInterpreterState_ThreadHead(PyInterpreterState *);
__attribute__((weak)) PyThreadState *PyThreadState_Next(PyThreadState *);

bool wsgi_delete_other_thread_states(void) {
    if (PyInterpreterState_ThreadHead == NULL || PyThreadState_Next == NULL)
        return false;
    PyThreadState *self = PyThreadState_Get();
    PyThreadState *state = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    while (state != NULL) {
        PyThreadState *next = PyThreadState_Next(state);
        if (state != self) {
            PyThreadState_Clear(state);
            PyThreadState_Delete(state);
        }
        state = next;
    }
    return true;
}

PyObject *wsgi_thread_frame(PyThreadState *state) { return (PyObject *)PyThreadState_GetFrame(state); }

void wsgi_end_interpreter(PyThreadState *next) {
    Py_EndInterpreter(PyThreadState_Get());
    if (Py_Version < 0x030C0000) {
        PyThreadState_Swap(next);
    } else {
        PyEval_RestoreThread(next);
    }
}

__attribute__((weak)) PyInterpreterState *PyInterpreterState_Head(void);
__attribute__((weak)) PyInterpreterState *PyInterpreterState_Next(PyInterpreterState *);

bool wsgi_has_one_interpreter(void) {
    if (PyInterpreterState_Head == NULL || PyInterpreterState_Next == NULL)
        return true;
    return PyInterpreterState_Next(PyInterpreterState_Head()) == NULL;
}

__attribute__((weak)) struct status Py_NewInterpreterFromConfig(PyThreadState **, const struct interpreter_config *);

bool wsgi_has_own_gils(void) { return Py_NewInterpreterFromConfig != NULL; }

PyThreadState *wsgi_new_interpreter(bool has_own_gil, bool is_known) {
    struct interpreter_config config = {.allow_threads = 1};
    if (has_own_gil) {
        config.check_multi_interp_extensions = 1;
        config.gil = OWN_GIL;
    } else if (!is_known || Py_NewInterpreterFromConfig == NULL) {
        return Py_NewInterpreter();
    } else { /* as Py_NewInterpreter, which ends the process if it fails */
        config.use_main_obmalloc = config.allow_fork = config.allow_exec = config.allow_daemon_threads = 1;
        config.gil = SHARED_GIL;
    }
    PyThreadState *made = NULL;
    struct status status = Py_NewInterpreterFromConfig(&made, &config);
    return status.type == 0 ? made : NULL;
}

/* Public, but not in the limited API: a copy of what CPython declares, which is the same from 3.8 to 3.15. */
struct preconfig {
    int config_init;
    int parse_argv;
    int isolated;
    int use_environment;
    int configure_locale;
    int coerce_c_locale;
    int coerce_c_locale_warn;
    int utf8_mode;
    int dev_mode;
    int allocator;
    int spare[22];
};
__attribute__((weak)) void PyPreConfig_InitPythonConfig(struct preconfig *);
__attribute__((weak)) struct status Py_PreInitialize(const struct preconfig *);

bool wsgi_preinitialize(uint32_t newest) {
    if ((uint32_t)Py_Version >> 16 > newest >> 16 || PyPreConfig_InitPythonConfig == NULL || Py_PreInitialize == NULL)
        return false;
    struct preconfig config;
    memset(&config, 0, sizeof config);
    PyPreConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    config.utf8_mode = 1;
    const char *now = setlocale(LC_ALL, NULL);
    char *before = now ? strdup(now) : NULL;
    struct status status = Py_PreInitialize(&config);
    /* Python sets all categories when it replaces the C locale, and otherwise LC_CTYPE. */
    now = setlocale(LC_CTYPE, NULL);
    char *wanted = now ? strdup(now) : NULL;
    if (before != NULL && wanted != NULL) {
        setlocale(LC_ALL, before);
        setlocale(LC_CTYPE, wanted);
    }
    free(before);
    free(wanted);
    return status.type == 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
__attribute__((weak)) void Py_SetProgramName(const wchar_t *);

void wsgi_set_program_name(const char *path) {
    /* Python keeps the pointer: the memory is never freed. */
    if (Py_SetProgramName != NULL)
        Py_SetProgramName(Py_DecodeLocale(path, NULL));
}

__attribute__((weak)) void PySys_AddWarnOption(const wchar_t *);

bool wsgi_add_warning_filter(const char *filter) {
    wchar_t *wide = PySys_AddWarnOption ? Py_DecodeLocale(filter, NULL) : NULL;
    if (wide == NULL)
        return false;
    /* The memory is never freed: the function that frees it is not in the limited API. */
    PySys_AddWarnOption(wide);
    return true;
}
#pragma GCC diagnostic pop

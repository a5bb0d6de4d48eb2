/* The one place that includes Python.h, under the limited API: the engine is built once and serves CPython 3.11 and
 * later. Each inline below is here because Swift cannot import the original: a macro, a variadic function, or a data
 * symbol that Swift would treat as mutable global state. */

#ifndef WSGI_CPYTHON_H
#define WSGI_CPYTHON_H

#include <features.h>

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* Instances of the engine's types. `call` is the request's state, NULL once the request has ended. */
typedef struct wsgi_call_object {
    PyObject_HEAD void *_Nullable call;
} wsgi_call_object;

/* A binary stream into the error log. `pending`: its unfinished lines (process-level streams only); `kind`: its use. */
typedef struct wsgi_log_object {
    PyObject_HEAD void *_Nullable call;
    void *_Nullable pending;
    int32_t kind;
} wsgi_log_object;

/* Singletons: macros over data symbols. Borrowed. */
static inline PyObject *_Nonnull wsgi_none(void) { return Py_None; }
static inline PyObject *_Nonnull wsgi_bool(bool value) { return value ? Py_True : Py_False; }

/* Exceptions: data symbols. Borrowed. */
enum wsgi_exception {
    WSGI_RUNTIME_ERROR,
    WSGI_TYPE_ERROR,
    WSGI_VALUE_ERROR,
    WSGI_OS_ERROR,
    WSGI_ATTRIBUTE_ERROR,
    WSGI_ASSERTION_ERROR,
    WSGI_SYSTEM_EXIT,
    WSGI_BASE_EXCEPTION,
    WSGI_MEMORY_ERROR,
    WSGI_PERMISSION_ERROR,
    WSGI_UNSUPPORTED,
    WSGI_DEPRECATION_WARNING
};
static inline PyObject *_Nonnull wsgi_exception(enum wsgi_exception which) {
    switch (which) {
    case WSGI_RUNTIME_ERROR:
        return PyExc_RuntimeError;
    case WSGI_TYPE_ERROR:
        return PyExc_TypeError;
    case WSGI_VALUE_ERROR:
        return PyExc_ValueError;
    case WSGI_OS_ERROR:
        return PyExc_OSError;
    case WSGI_ATTRIBUTE_ERROR:
        return PyExc_AttributeError;
    case WSGI_ASSERTION_ERROR:
        return PyExc_AssertionError;
    case WSGI_SYSTEM_EXIT:
        return PyExc_SystemExit;
    case WSGI_BASE_EXCEPTION:
        return PyExc_BaseException;
    case WSGI_MEMORY_ERROR:
        return PyExc_MemoryError;
    case WSGI_PERMISSION_ERROR:
        return PyExc_PermissionError;
    case WSGI_UNSUPPORTED:
        return PyExc_OSError;
    case WSGI_DEPRECATION_WARNING:
        return PyExc_DeprecationWarning;
    }
    return PyExc_RuntimeError;
}

/* Type tests: macros. */
static inline bool wsgi_is_list(PyObject *_Nonnull o) { return PyList_Check(o); }
static inline bool wsgi_is_list_exact(PyObject *_Nonnull o) { return PyList_CheckExact(o); }
static inline bool wsgi_is_tuple(PyObject *_Nonnull o) { return PyTuple_Check(o); }
static inline bool wsgi_is_tuple_exact(PyObject *_Nonnull o) { return PyTuple_CheckExact(o); }
static inline bool wsgi_is_bytes(PyObject *_Nonnull o) { return PyBytes_Check(o); }
static inline bool wsgi_is_text(PyObject *_Nonnull o) { return PyUnicode_Check(o); }
static inline bool wsgi_is_text_exact(PyObject *_Nonnull o) { return PyUnicode_CheckExact(o); }
static inline bool wsgi_is_int(PyObject *_Nonnull o) { return PyLong_Check(o); }
static inline PyTypeObject *_Nonnull wsgi_type(PyObject *_Nonnull o) { return Py_TYPE(o); }
/* The number of references: exact for objects that are not immortal, never too small. */
static inline intptr_t wsgi_reference_count(PyObject *_Nonnull o) { return (intptr_t)Py_REFCNT(o); }

/* Calls: variadic. New references, NULL with an exception set. */
static inline PyObject *_Nullable wsgi_call1(PyObject *_Nonnull f, PyObject *_Nonnull a) {
    return PyObject_CallFunctionObjArgs(f, a, NULL);
}
static inline PyObject *_Nullable wsgi_call2(PyObject *_Nonnull f, PyObject *_Nonnull a, PyObject *_Nonnull b) {
    return PyObject_CallFunctionObjArgs(f, a, b, NULL);
}
static inline PyObject *_Nullable wsgi_call3(PyObject *_Nonnull f, PyObject *_Nonnull a, PyObject *_Nonnull b,
                                             PyObject *_Nonnull c) {
    return PyObject_CallFunctionObjArgs(f, a, b, c, NULL);
}
static inline PyObject *_Nullable wsgi_call_method1(PyObject *_Nonnull o, const char *_Nonnull name,
                                                    PyObject *_Nonnull a) {
    return PyObject_CallMethod(o, name, "(O)", a);
}

/* Instances of a heap type without GC: macros. */
static inline PyObject *_Nullable wsgi_new_call_object(PyTypeObject *_Nonnull type) {
    wsgi_call_object *object = PyObject_New(wsgi_call_object, type);
    if (object != NULL)
        object->call = NULL;
    return (PyObject *)object;
}
static inline PyObject *_Nullable wsgi_new_log_object(PyTypeObject *_Nonnull type, int32_t kind) {
    wsgi_log_object *object = PyObject_New(wsgi_log_object, type);
    if (object != NULL)
        object->call = NULL, object->pending = NULL, object->kind = kind;
    return (PyObject *)object;
}
static inline void wsgi_free_object(PyObject *_Nonnull object) {
    PyTypeObject *type = Py_TYPE(object);
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

/* Flags of types that only the engine instantiates: a macro of macros. */
static inline unsigned int wsgi_internal_type_flags(void) {
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
}

/* PyModuleDef_HEAD_INIT is a macro. */
static inline void wsgi_prepare_module(PyModuleDef *_Nonnull definition, const char *_Nonnull name,
                                       const char *_Nonnull doc, PyMethodDef *_Nonnull methods) {
    static const PyModuleDef_Base head = PyModuleDef_HEAD_INIT;
    memset(definition, 0, sizeof *definition);
    definition->m_base = head;
    definition->m_name = name;
    definition->m_doc = doc;
    definition->m_methods = methods;
}

/* Deletes all thread states of the current interpreter except the current one, as Py_EndInterpreter requires: their
 * threads must never return. False, without effect, if this Python does not list them: the functions are public, but
 * not in the limited API. */
bool wsgi_delete_other_thread_states(void);
/* The frame that a thread state of the attached interpreter runs, a new reference; NULL: none. */
PyObject *_Nullable wsgi_thread_frame(PyThreadState *_Nonnull state);

/* Ends the current interpreter, whose only thread state is the current one, and attaches `next`, of another
 * interpreter: up to 3.11 Py_EndInterpreter keeps the GIL, later versions release it. */
void wsgi_end_interpreter(PyThreadState *_Nonnull next);

/* Whether the process has the main interpreter only; also true if this Python does not list interpreters. */
bool wsgi_has_one_interpreter(void);

/* Whether this Python can give each interpreter a GIL of its own. */
bool wsgi_has_own_gils(void);
/* Makes an interpreter from a thread that holds the main interpreter's GIL. With a GIL of its own it is isolated as
 * CPython requires. Returns its thread state, which is now current in place of the caller's; NULL: nothing has changed.
 * Python 3.11, and a version whose configuration is not known, end the process instead of returning NULL. */
PyThreadState *_Nullable wsgi_new_interpreter(bool has_own_gil, bool is_known);
/* The version of the running Python, as PY_VERSION_HEX. */
static inline uint32_t wsgi_python_version(void) { return (uint32_t)Py_Version; }

/* Before everything else: UTF-8 mode (PEP 540), and C.UTF-8 in place of the C locale (PEP 538), as with `python -X
 * utf8`. Of the process's locale only LC_CTYPE changes; the variable LC_CTYPE is set for child processes, if Python
 * sets it. False, without effect, if this Python does not support it or is newer than `newest`, the last version whose
 * structure is known, in the form of Py_Version. */
bool wsgi_preinitialize(uint32_t newest);

/* Before Py_InitializeEx: adds a filter of warnings, as the option -W does. PySys_AddWarnOption is deprecated, but its
 * replacement is not in the limited API. False: this Python does not have it. */
bool wsgi_add_warning_filter(const char *_Nonnull filter);

/* Before Py_InitializeEx: the executable whose environment Python is to use. Py_SetProgramName is deprecated, but its
 * replacement is not in the limited API. A Python without it uses the environment of the library itself. */
void wsgi_set_program_name(const char *_Nonnull path);

/* A pointer of this thread, passed to `retire` when the thread ends. Swift has no thread-local storage. */
void *_Nullable wsgi_thread_context(void);
void wsgi_set_thread_context(void *_Nonnull context, void (*_Nonnull retire)(void *_Nonnull));

/* Records that this thread's last write to `stream` had a line break; NULL: it had none. */
void wsgi_note_line_end(const void *_Nullable stream);
/* Whether that was recorded for `stream`. The first call after the write clears the record. */
bool wsgi_take_line_end(const void *_Nonnull stream);

/* The size of the regular file `descriptor`, or -1: other kinds of file cannot be sent by descriptor. Nor can a file of
 * a FUSE file system, whose program may block its reader forever: httpd rejects it. */
int64_t wsgi_regular_file_size(int32_t descriptor);
/* The same file with its own position, for reading; -1: it cannot be opened. */
int32_t wsgi_reopen_file(int32_t descriptor);
void wsgi_close(int32_t descriptor);

/* How long threads wait for the GIL. It is measured only after wsgi_measure_waits(), for the life of the process. */
extern bool wsgi_waits_are_measured;
static inline bool wsgi_measures_waits(void) { return __atomic_load_n(&wsgi_waits_are_measured, __ATOMIC_RELAXED); }
static inline void wsgi_measure_waits(void) { __atomic_store_n(&wsgi_waits_are_measured, true, __ATOMIC_RELAXED); }
/* PyEval_RestoreThread, and adds its time to those of this thread. */
void wsgi_restore_measured(PyThreadState *_Nullable state);
/* The time of this thread since wsgi_reset_waits, in nanoseconds, and the number of calls. */
uint64_t wsgi_waits(uint32_t *_Nonnull count);
void wsgi_reset_waits(void);
/* The processor time of the process or of this thread, in microseconds. */
void wsgi_processor_times(bool process, int64_t *_Nonnull user, int64_t *_Nonnull system);

/* Microseconds since 1970. */
static inline int64_t wsgi_wall_clock_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Sleeps for ten milliseconds. */
static inline void wsgi_pause(void) {
    struct timespec time = {0, 10000000};
    nanosleep(&time, NULL);
}

/* memcmp, memchr and strlen without importing the C library into the adapter. */
static inline bool wsgi_bytes_equal(const void *_Nonnull one, const void *_Nonnull other, size_t count) {
    return memcmp(one, other, count) == 0;
}
static inline const void *_Nullable wsgi_find_byte(const void *_Nonnull start, uint8_t byte, size_t count) {
    return memchr(start, byte, count);
}
static inline intptr_t wsgi_text_length(const char *_Nonnull text) { return (intptr_t)strlen(text); }

#endif

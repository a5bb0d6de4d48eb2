/* Compiled, never run: compares the engine's copies of CPython's structures with the headers of a Python. */
#include <Python.h>

#include <stddef.h>

#include "../../../shim/CPython/interpreter_config.h"

#define SAME(field)                                                                                                    \
    _Static_assert(offsetof(struct interpreter_config, field) == offsetof(PyInterpreterConfig, field), #field);        \
    _Static_assert(sizeof(((PyInterpreterConfig *)0)->field) == sizeof(int), #field)

#if PY_VERSION_HEX >= 0x030C0000
_Static_assert(sizeof(struct interpreter_config) == sizeof(PyInterpreterConfig), "PyInterpreterConfig");
SAME(use_main_obmalloc);
SAME(allow_fork);
SAME(allow_exec);
SAME(allow_threads);
SAME(allow_daemon_threads);
SAME(check_multi_interp_extensions);
SAME(gil);
_Static_assert(SHARED_GIL == PyInterpreterConfig_SHARED_GIL, "PyInterpreterConfig_SHARED_GIL");
_Static_assert(OWN_GIL == PyInterpreterConfig_OWN_GIL, "PyInterpreterConfig_OWN_GIL");
_Static_assert(sizeof(struct status) == sizeof(PyStatus), "PyStatus");
_Static_assert(offsetof(struct status, type) == offsetof(PyStatus, _type), "PyStatus");
_Static_assert(_PyStatus_TYPE_OK == 0, "PyStatus");

/* A function of another type would not be this one. */
PyStatus Py_NewInterpreterFromConfig(PyThreadState **, const PyInterpreterConfig *);
#endif

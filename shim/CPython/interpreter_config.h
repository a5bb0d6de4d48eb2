/* The types of Py_NewInterpreterFromConfig: public in CPython, but not in the limited API. These copies are
 * the same from 3.12 to 3.15: Tests/Component/Engine/interpreter_config.c compares them with CPython's headers, up to
 * the version in PythonVersion.newestTested. */

#ifndef WSGI_INTERPRETER_CONFIG_H
#define WSGI_INTERPRETER_CONFIG_H

/* PyInterpreterConfig */
struct interpreter_config {
    int use_main_obmalloc;
    int allow_fork;
    int allow_exec;
    int allow_threads;
    int allow_daemon_threads;
    int check_multi_interp_extensions;
    int gil;
};

/* PyInterpreterConfig_SHARED_GIL, PyInterpreterConfig_OWN_GIL */
enum { SHARED_GIL = 1, OWN_GIL = 2 };

/* PyStatus */
struct status {
    int type; /* 0: success */
    const char *function;
    const char *message;
    int exit_code;
};

#endif

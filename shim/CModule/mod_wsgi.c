/* The module record, through which httpd uses this module. Its functions are written in Swift (Sources/ModWSGI).
 * `<IfModule mod_wsgi.c>` depends on the name of this file. */

#include "cmodule.h"

#include <dlfcn.h>

extern void wsgi_fill_commands(void);
extern const char *wsgi_set_directive(int row, cmd_parms *command, void *directory, const char *arguments);
extern void *wsgi_create_directory(apr_pool_t *pool, char *path);
extern void *wsgi_merge_directory(apr_pool_t *pool, void *parent, void *child);
extern void *wsgi_create_server(apr_pool_t *pool, server_rec *server);
extern void *wsgi_merge_server(apr_pool_t *pool, void *parent, void *child);
extern void wsgi_register_hooks(apr_pool_t *pool);

static const char *set_directive(cmd_parms *command, void *directory, const char *arguments) {
    return wsgi_set_directive((int)(intptr_t)command->info, command, directory, arguments);
}

static command_rec commands[CMODULE_MAXIMUM_COMMANDS];

void cmodule_set_command(int row, const char *name, const char *help, int override) {
    if (row < 0 || row >= CMODULE_MAXIMUM_COMMANDS - 1)
        return;
    commands[row] = (command_rec)AP_INIT_RAW_ARGS(name, set_directive, (void *)(intptr_t)row, override, help);
}

/* Runs while the module is loaded, because httpd reads the table immediately afterwards. */
__attribute__((constructor)) static void fill_commands(void) { wsgi_fill_commands(); }

__attribute__((visibility("default")))
AP_DECLARE_MODULE(wsgi) = {STANDARD20_MODULE_STUFF, wsgi_create_directory, wsgi_merge_directory,
                           wsgi_create_server,      wsgi_merge_server,     commands,
                           wsgi_register_hooks,     AP_MODULE_FLAG_NONE};

const char *cmodule_file(void) {
    Dl_info info;
    return dladdr(&wsgi_module, &info) != 0 ? info.dli_fname : NULL;
}

/* The directive table, which Swift fills, and the module's file. */

#ifndef CMODULE_H
#define CMODULE_H

#include "chttpd.h"

/* Rows of the directive table, including its end. */
enum { CMODULE_MAXIMUM_COMMANDS = 128 };

/* Fills one row. `name` and `help` must live as long as the module. Called while the module is loaded. */
void cmodule_set_command(int row, const char *name, const char *help, int override);

/* The file from which this module was loaded. NULL if it is unknown. */
const char *cmodule_file(void);

#endif

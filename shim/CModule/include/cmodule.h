/* What Swift gives to the module record, and the row it fills. */

#ifndef CMODULE_H
#define CMODULE_H

#include "chttpd.h"

/* Places in the directive table, the end included. */
enum { CMODULE_MAXIMUM_COMMANDS = 128 };

/* Fills one row; `name` and `help` must live as long as the module. Called while the module is loaded. */
void cmodule_set_command(int row, const char *name, const char *help, int override);

/* The file this module was loaded from; NULL when the system cannot tell. */
const char *cmodule_file(void);

#endif

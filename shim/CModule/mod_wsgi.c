#include "cmodule.h"

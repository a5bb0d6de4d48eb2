#include "cpython.h"

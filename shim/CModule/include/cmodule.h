#ifndef CMODULE_H
#define CMODULE_H
#endif

#ifndef CPYTHON_H
#define CPYTHON_H
#endif

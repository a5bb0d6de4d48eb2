/* Descriptors that travel over UNIX sockets. In C because the CMSG_* macros cannot be called from Swift. */

#ifndef WSGI_DESCRIPTORS_H
#define WSGI_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

/* The most descriptors in one message; the kernel's own limit is 253. */
enum { WSGI_MAX_DESCRIPTORS = 200 };

/* sendmsg with `count` descriptors (SCM_RIGHTS) attached to the first byte; `length` must not be 0. Restarts on EINTR. */
ssize_t wsgi_send_descriptors(int socket, const void *_Nonnull data, size_t length, const int *_Nullable descriptors,
                              size_t count, int flags);

/* recvmsg; descriptors that came are close-on-exec and the caller's: `*count` is room on entry, their number on return.
 * More than there is room for are closed. Restarts on EINTR. */
ssize_t wsgi_receive_descriptors(int socket, void *_Nonnull buffer, size_t capacity, int *_Nonnull descriptors,
                                 size_t *_Nonnull count, int flags);

#endif

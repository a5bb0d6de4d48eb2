/* System calls that Swift cannot make: variadic ones, those of headers that Swift's C library module omits, those that
 * need macros (control messages), and code for signal handlers and forked children. Results are those of the call, with
 * a negated errno for failure, so that errno need not survive the return to Swift. */

#ifndef WSGI_SYSTEM_H
#define WSGI_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* --- descriptors --- */

/* A memory file (close-on-exec). */
int32_t wsgi_memory_file(const char *_Nonnull name);
/* A memory file of this size, all zeros. Its size cannot change, so that reading the mapping never fails. */
int32_t wsgi_fixed_memory_file(const char *_Nonnull name, int64_t size);
int32_t wsgi_set_nonblocking(int32_t descriptor, bool nonblocking);
int32_t wsgi_set_close_on_exec(int32_t descriptor, bool close_on_exec);
/* A duplicate with close-on-exec, numbered at least `lowest`. */
int32_t wsgi_duplicate(int32_t descriptor, int32_t lowest);
/* Raises the soft limit of descriptors to `wanted`, at most to the hard limit. Returns the former soft limit. */
uint64_t wsgi_raise_open_files(uint64_t wanted);

/* Modification time of a file, in microseconds since 1970, or a negated errno. */
int64_t wsgi_file_modified(const char *_Nonnull path);

/* A pipe in packet mode: each write of at most PIPE_BUF bytes is one read. Both ends are close-on-exec and do not wait.
 */
int32_t wsgi_packet_pipe(int32_t *_Nonnull reading, int32_t *_Nonnull writing);
/* write(2) to a pipe that may have no reader, without SIGPIPE. Returns the count or a negated errno. */
int64_t wsgi_write_to_pipe(int32_t pipe, const void *_Nullable bytes, size_t count);
/* Opens the regular file or FIFO behind a descriptor again for appending, with its own description; close-on-exec.
 * Returns a negated errno if it is not such a file or cannot be opened. */
int32_t wsgi_open_for_appending(int32_t descriptor);

/* --- sockets --- */

/* A connected pair of UNIX sockets, close-on-exec; `packets`: SOCK_SEQPACKET, else SOCK_STREAM. */
int32_t wsgi_socket_pair(bool packets, int32_t *_Nonnull one, int32_t *_Nonnull other);
/* Both functions use another process, because descriptors sent on a connection can block the process that closes it for
 * as long as the sender wants (SO_LINGER). There is at least one descriptor, and they are sorted by number.
 *
 * The first closes the pending connections of listening sockets. `is_repeated`: the caller repeats the call, which has
 * no effect while a few such processes still run. */
void wsgi_turn_away(const int32_t *_Nonnull listeners, size_t count, bool is_repeated);
/* The second closes the descriptors. Those that are not sockets are closed at once. Returns the number of descriptors
 * that remain open for lack of a process, and moves them to the front. */
size_t wsgi_close_aside(int32_t *_Nonnull descriptors, size_t count);
/* Removes the file that a UNIX socket is bound to. */
void wsgi_unlink_socket(int32_t socket);
/* Accepts with close-on-exec; the new socket blocks. */
int32_t wsgi_accept(int32_t listener);
/* The user and process that connected (process 0: not visible from here), or a negated errno. */
int64_t wsgi_peer(int32_t socket, int32_t *_Nonnull process);
/* Limits each blocking send and receive; 0: no limit. */
int32_t wsgi_set_timeouts(int32_t socket, int64_t seconds);
/* SO_SNDBUF, or SO_RCVBUF, in bytes. */
void wsgi_set_buffer(int32_t socket, bool sending, int64_t size);
/* send(MSG_NOSIGNAL) / recv, repeated on EINTR. */
int64_t wsgi_send(int32_t socket, const void *_Nonnull bytes, size_t count, bool wait);
int64_t wsgi_receive(int32_t socket, void *_Nonnull bytes, size_t capacity, bool wait, bool peek);
/* sendmsg/recvmsg with descriptors and bytes, repeated on EINTR. Received descriptors are close-on-exec. If there is
 * not enough room for all, the kernel closes the others and the result is -EMSGSIZE. */
int64_t wsgi_send_parts(int32_t socket, const struct iovec *_Nonnull parts, size_t count,
                        const int32_t *_Nullable descriptors, size_t descriptor_count, bool wait);
int64_t wsgi_receive_parts(int32_t socket, const struct iovec *_Nonnull parts, size_t count,
                           int32_t *_Nullable descriptors, size_t descriptor_capacity,
                           size_t *_Nullable descriptor_count, bool wait);
/* The same for one part and one descriptor of a worker. If more arrive, all are closed as by `wsgi_close_foreign`, and
 * the result is -EMSGSIZE. */
int64_t wsgi_receive_answer(int32_t socket, const struct iovec *_Nonnull part, int32_t *_Nonnull file,
                            size_t *_Nonnull files, uint32_t *_Nonnull closing, bool wait);

/* Whether the other end of a UNIX stream socket has not received all bytes that were sent to it. */
bool wsgi_has_unread_bytes(int32_t socket);
/* Number of bytes in the receive buffer of a UNIX stream socket; 0 if that is not known. */
int64_t wsgi_arrived_bytes(int32_t socket);

/* --- waiting --- */

int32_t wsgi_epoll_create(void);
/* The events to watch for, and those that have occurred. */
enum wsgi_interest { WSGI_READABLE = 1, WSGI_WRITABLE = 2, WSGI_ONCE = 4, WSGI_HANGUP = 8 };
enum wsgi_epoll_change { WSGI_EPOLL_ADD = 1, WSGI_EPOLL_REMOVE = 2, WSGI_EPOLL_CHANGE = 3 };
int32_t wsgi_epoll_control(int32_t epoll, int32_t change, int32_t descriptor, uint32_t interest, uint64_t token);
/* Waits for one event, at most `milliseconds` (-1: no limit). Returns 1, 0 if the time has expired, or a negated errno
 * (also -EINTR). */
int32_t wsgi_epoll_wait(int32_t epoll, int32_t milliseconds, uint64_t *_Nonnull token, uint32_t *_Nonnull ready);

/* --- processes --- */

int32_t wsgi_pidfd_open(pid_t process);
int32_t wsgi_pidfd_kill(int32_t pidfd, int32_t signal);
/* Reaps a child without waiting. Returns 1 (exited: `code` is the exit code, `signal` 0; or killed by `signal`),
 * 0 if it still runs, or a negated errno. */
int32_t wsgi_reap(pid_t process, int32_t *_Nonnull code, int32_t *_Nonnull signal);
/* Whether the caller may raise the priority of processes. */
bool wsgi_may_raise_priority(void);

/* Number of processors that this process may use. */
int32_t wsgi_processors(void);
/* Raises the priority of each thread of a process by `amount`, as of nice(1), and that of its session. */
void wsgi_raise_priority(pid_t process, int32_t amount);
/* The state of a process in /proc. */
typedef struct wsgi_process_facts {
    int32_t process, parent, session;
    uint32_t user;    /* the real one; UINT32_MAX: not queried, or unknown */
    uint64_t started; /* in ticks, since the machine was started */
    bool has_ended;   /* it has not been reaped */
} wsgi_process_facts;

/* Reads the state of one process, without its user. Returns false if there is no such process. */
bool wsgi_read_process(pid_t process, wsgi_process_facts *_Nonnull facts);
/* The use of resources by a process, as in /proc. */
typedef struct wsgi_process_usage {
    uint64_t memory; /* resident, in bytes */
    uint64_t cpu;    /* microseconds */
    uint32_t descriptors, sockets;
} wsgi_process_usage;
/* Reads it; what is not known is 0. `files`: count descriptors, at most 4,000. */
void wsgi_read_usage(pid_t process, bool files, wsgi_process_usage *_Nonnull usage);
/* Writes the ids of the children of the calling process, which has one thread, to `found`. Returns their number. */
size_t wsgi_children(int32_t *_Nonnull found, size_t capacity);
/* Reads the state of all processes, with the users of this process's children. Returns their number. */
size_t wsgi_processes(wsgi_process_facts *_Nonnull found, size_t capacity);

/* --- signals --- */

/* From now on each of the signals writes its number, as one byte, into a pipe. Returns its reading end
 * (non-blocking, close-on-exec). In processes forked later, the signals have their default action. */
int32_t wsgi_signal_pipe(const int32_t *_Nonnull signals, size_t count);
/* Writes a byte into that pipe from ordinary code. */
void wsgi_signal_pipe_write(uint8_t byte);
void wsgi_ignore_signal(int32_t signal);

/* The signal's name without `SIG`, or NULL. */
const char *_Nullable wsgi_signal_name(int32_t signal);

/* --- threads --- */

/* Starts a detached thread. `stack` is in bytes, 0: the default. Returns 0 or a negated errno. */
int32_t wsgi_start_thread(size_t stack, const char *_Nonnull name, void (*_Nonnull run)(void *_Nullable),
                          void *_Nullable context);
/* The same for a thread in which no signal handler runs, with the default stack size. */
int32_t wsgi_start_quiet_thread(const char *_Nonnull name, void (*_Nonnull run)(void *_Nullable),
                                void *_Nullable context);

/* --- this process --- */

/* Sets whether processes of the same user may inspect this one (PR_SET_DUMPABLE). */
void wsgi_set_dumpable(bool dumpable);
/* From now on descendants whose parents end become children of this process (PR_SET_CHILD_SUBREAPER). */
void wsgi_adopt_orphans(void);
/* From now on the process is killed when the thread of its parent that created it ends. */
void wsgi_end_with_parent(void);

/* Overwrites the program's arguments, which ps shows, with `title`. Returns false if there is not enough space, or the
 * arguments cannot be located. */
bool wsgi_set_title(const char *_Nonnull title);
/* setlocale(LC_ALL, name). Returns false if there is no such locale. */
bool wsgi_set_locale(const char *_Nonnull name);

/* Descriptors that processes forked by the application must not keep. They are closed there right after fork. */
void wsgi_fork_guard_install(void);
/* The same for a process of httpd, called before the application's code runs. Its listening sockets and the connections
 * of its clients are also closed. */
void wsgi_fork_guard_server(void);
void wsgi_fork_guard_set(int32_t descriptor, bool guarded);
/* Whether this process was forked by one that installed the guard. */
bool wsgi_fork_guard_tripped(void);

/* Closes a descriptor that another process has sent: a socket at once, regardless of its SO_LINGER. */
void wsgi_close_received(int32_t descriptor);

/* The same for any descriptors that a worker has sent, without waiting. `closing` counts the calls for one sender that
 * have not closed all descriptors yet. It must exist as long as the process. */
void wsgi_close_foreign(const int32_t *_Nonnull descriptors, size_t count, uint32_t *_Nonnull closing);
/* Ends a connection to a worker without waiting, regardless of its queue. */
void wsgi_close_connection(int32_t socket, uint32_t *_Nonnull closing);
/* Whether so many descriptors of one sender are being closed that no more should be accepted from it. */
enum { WSGI_MOST_CLOSING = 64 };
bool wsgi_is_clogged(const uint32_t *_Nonnull closing);

/* Whether a descriptor that another process has sent can be read as `length` bytes of a regular file from `offset`.
 * Queries no file system that a program or a network provides, and rejects the former: reading there may never end. */
bool wsgi_is_part_of_file(int32_t descriptor, int64_t offset, int64_t length);

/* Whether a file is on a file system that is known to be local. False also if that cannot be determined. */
bool wsgi_is_on_local_disk(int32_t descriptor);

/* --- time --- */

/* The monotonic clock in nanoseconds. */
uint64_t wsgi_monotonic_nanoseconds(void);
/* The wall clock in microseconds since 1970. */
int64_t wsgi_wall_microseconds(void);
/* Writes the local time as `Sat Nov 21 05:25:42.123456 2026` into at least 40 bytes. Returns its length. */
size_t wsgi_log_time(int64_t microseconds, char *_Nonnull text, size_t capacity);

#endif

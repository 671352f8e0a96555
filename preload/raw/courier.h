/* SPDX-License-Identifier: MIT */
/* preload/raw/courier.h: writes the raw report to a file system that may never answer (FUSE, NFS, one of unknown type), by a process
 * that can be left behind: a child that shares only the memory, opens the file, and writes to it what comes by a pipe.
 *
 * The crashing process has no descriptor of that file, since its end would have to close it, which a file server has to answer,
 * too; the courier passes the descriptors on by a socket, to the intermediate process.
 * Signal context: async-signal-safe; all signals that can be blocked are. Every wait is bounded. One user at a time: the thread
 * that claimed the crash.
 */
#ifndef CRASHPRE_PRELOAD_COURIER_H
#define CRASHPRE_PRELOAD_COURIER_H

#include <stdbool.h>
#include <stdint.h>

/* Opens directory and file: sets fd[0] and fd[1] and returns 0, or returns -errno. */
typedef int courier_open(void *ctx, int fd[2]);

/* Starts the process and waits, at most `wait_ns`, until it has called open(ctx, ...), where it has no other descriptor. `ctx` must
 * remain valid, unchanged, until courier_gone(). Returns 0, -ETIMEDOUT, or -errno; after an error the process was killed.
 * *pipe_fd: where the file's contents are to be written. */
int courier_start(courier_open *open, void *ctx, uint64_t wait_ns, int *pipe_fd);

/* Called when a report begins: forgets what a stray write of the program may have left here. */
void courier_reset(void);

/* Whether a courier was started and not finished. */
bool courier_active(void);

/* Waits, at most `wait_ns`, until all `sent` bytes are in the file. Returns 0 or -errno. */
int courier_sync(uint64_t sent, uint64_t wait_ns);

/* A socket from which courier_receive() gets the descriptors; -1: none. */
int courier_socket(void);

/* Receives the descriptors, in whatever process has the socket. Returns 0 or -errno; does not wait. */
int courier_receive(int socket_fd, int fd[2]);

/* Closes pipe and socket, and waits a little for the process, which then ends by itself; kills it if it does not. */
void courier_finish(void);

/* Whether the process of courier_start() has exited. */
bool courier_gone(void);

/* Whether `sp`, of an interrupted context, is on the stack of that process, which runs with this library's handlers;
 * courier_end() ends it then. */
bool courier_stands_on(uint64_t sp);
_Noreturn void courier_end(void);

#endif

/*
 * Pipes and fifos (pipe(7)): 64 KiB between writers and readers, in pages that are there only while
 * they hold bytes. Up to PIPE_BUF bytes are written in one piece.
 */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

#define PIPE_SIZE 65536u

/* Both ends of a new pipe, each with one reference; flags: O_NONBLOCK. 0, -ENOMEM. */
must_check int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end);
/* True for a pipe or fifo, to whose writer SIGPIPE belongs. */
bool file_is_pipe(const struct file *file);
/* Bytes that wait in it (FIONREAD). */
uint32_t pipe_used(const struct file *file);

/* Files of a fifo's inode. */
extern const struct file_ops fifo_ops;

#endif

/*
 * Files that processes run from. While one does, the file cannot be opened for writing (ETXTBSY), and
 * one that is open for writing cannot be run.
 */
#ifndef FS_TREE_PROGRAM_H
#define FS_TREE_PROGRAM_H

#include "fs/tree/dentry.h"
#include "lib/compiler.h"

/* Takes the caller's reference on a dentry for one more process that runs from it. 0; -ETXTBSY, and
 * the reference stays the caller's. */
must_check int program_begin(struct dentry *program);
/* One process more runs from it, as fork makes. */
void program_ref(struct dentry *program);
/* One process less; the last one makes it writable again. NULL is ignored. */
void program_unref(struct dentry *program);

#endif

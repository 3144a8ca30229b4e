/* Files that are cut while processes map them (bad-input F13). */
#ifndef KERNEL_USER_CUT_H
#define KERNEL_USER_CUT_H

/* Installs what takes the pages past a file's new end out of all processes' maps. Once, at start. */
void cut_start(void);

#endif

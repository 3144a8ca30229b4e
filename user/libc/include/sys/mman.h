/*
 * <sys/mman.h>: POSIX's and Linux's calls on mappings. The teaching interface with the same names
 * is <vm.h>; only the linker sees both.
 */
#ifndef FL_SYS_MMAN_H
#define FL_SYS_MMAN_H

#ifdef FL_VM_H
#error "<vm.h> and <sys/mman.h> both declare mmap and munmap: include only one of them in a file"
#endif

#include <linux/mman.h>
#include <stddef.h>
#include <sys/types.h>

#define MAP_FAILED ((void *)-1)
#ifndef MAP_ANON
#define MAP_ANON MAP_ANONYMOUS
#endif

#ifdef __cplusplus
extern "C" {
#endif

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
int munmap(void *addr, size_t length);
int mprotect(void *addr, size_t length, int prot);
void *mremap(void *addr, size_t old_length, size_t new_length, int flags, ...);
int madvise(void *addr, size_t length, int advice);
int mincore(void *addr, size_t length, unsigned char *vector);
int msync(void *addr, size_t length, int flags);
int mlock(const void *addr, size_t length);
int munlock(const void *addr, size_t length);

/* Returns the machine's free page frames (Faultline's own call, as in <vm.h>). */
int freemem(void);

#ifdef __cplusplus
}
#endif

#endif

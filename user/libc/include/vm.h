/*
 * <vm.h>: the teaching interface to virtual memory (contract 2). mmap, munmap and freemem take
 * plain numbers and are as small as they can be. docs/abi.md says what each call does and when it
 * fails.
 *
 * POSIX's calls of the same names are in <sys/mman.h>. One libc has both sets. The prototypes here
 * have assembler names of their own, so a program may link files that use one set and files that
 * use the other. One file cannot use both, because C has one name space for functions.
 */
#ifndef FL_VM_H
#define FL_VM_H

#ifdef FL_SYS_MMAN_H
#error "<vm.h> and <sys/mman.h> both declare mmap and munmap: include only one of them in a file"
#endif

/* These mappings lie in [MMAPBASE, 0x80000000). */
#ifndef MMAPBASE
#define MMAPBASE 0x40000000
#endif
#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* Linux's values, spelled as in <asm-generic/mman-common.h>, so that a file may include both. */
#ifndef PROT_READ
#define PROT_READ 0x1
#endif
#ifndef PROT_WRITE
#define PROT_WRITE 0x2
#endif
#ifndef PROT_EXEC
#define PROT_EXEC 0x4
#endif
#ifndef MAP_PRIVATE
#define MAP_PRIVATE 0x02
#endif
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif
#ifndef MAP_POPULATE
#define MAP_POPULATE 0x008000
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned int uint;

/* Returns the start address, or 0. addr 0: anywhere; below MMAPBASE: an offset from it; else the
 * address itself. */
uint mmap(uint addr, int length, int prot, int flags, int fd, int offset) __asm__("area_mmap");
/* Returns 1, or -1 if addr is not the start of an area that mmap returned. */
int munmap(uint addr) __asm__("area_munmap");
/* Returns the machine's free page frames. */
int freemem(void);

#ifdef __cplusplus
}
#endif

#endif

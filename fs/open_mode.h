/*
 * Access modes: the lowest two bits of open flags. Linux numbers them so that mode + 1 has a bit
 * for reading and one for writing: O_RDONLY 1, O_WRONLY 2, O_RDWR 3. The remaining mode, 3, needs
 * the permissions of O_RDWR to open and allows neither reading nor writing afterwards.
 */
#ifndef FS_OPEN_MODE_H
#define FS_OPEN_MODE_H

#include <stdbool.h>
#include <stdint.h>

#define OPEN_MODE_MASK       3u
#define OPEN_MODE_READ_ONLY  0u
#define OPEN_MODE_WRITE_ONLY 1u

/* Returns true if a file opened with these flags may be read. */
static inline bool open_mode_allows_read(uint32_t flags)
{
    return ((flags + 1u) & 1u) != 0;
}

/* Returns true if a file opened with these flags may be written. */
static inline bool open_mode_allows_write(uint32_t flags)
{
    return ((flags + 1u) & 2u) != 0;
}

/* Returns true if opening with these flags needs the permission to read. */
static inline bool open_mode_needs_read(uint32_t flags)
{
    return (flags & OPEN_MODE_MASK) != OPEN_MODE_WRITE_ONLY;
}

/* Returns true if opening with these flags needs the permission to write. */
static inline bool open_mode_needs_write(uint32_t flags)
{
    return (flags & OPEN_MODE_MASK) != OPEN_MODE_READ_ONLY;
}

#endif

/*
 * Checks ELF32 i386 executables. The file is hostile until proven otherwise. Every field is copied
 * out before use (so nothing depends on alignment), every sum is formed in 64 bits, and what is not
 * needed is never read: section headers, e_ehsize, p_align.
 *
 * Decisions that the rules leave open (bad input E1 to E22):
 *   - EM_486 (6) is accepted as well as EM_386, as in Linux.
 *   - The table may have at most 64 KiB, which is also Linux's limit; a larger one is a bad table.
 *   - A PT_LOAD with p_memsz 0 is ignored. One with p_filesz 0 has no bytes in the file, so its
 *     p_offset is meaningless and is not checked.
 *   - Segments may overlap; where bytes overlap, the later one in the table wins.
 *   - Segments end below the stack's guard, so no page can have two owners.
 *
 * A reason starts with the phrase that names the kind of mistake. Details follow after a colon.
 */
#include "loader/elf32.h"

#include <asm/errno.h>
#include <elf.h>
#include <linux/elf-em.h> /* EM_486, which glibc's <elf.h> has under another name */
#include <stdarg.h>

#include "lib/addr.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/vm_map.h"

/* Linux's limit; a larger table is a mistake or an attack. */
#define TABLE_BYTES_MAX 65536u

static void explain(struct elf32_reason *why, const char *fmt, ...) printf_like(2, 3);
static void explain(struct elf32_reason *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)format_buffer_v(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
}

/* ---- File header ----------------------------------------------------------------------------- */

static int check_ident(const Elf32_Ehdr *h, struct elf32_reason *why)
{
    const unsigned char *id = h->e_ident;
    if (memcmp(id, ELFMAG, SELFMAG) != 0) {
        explain(why, "not an ELF file");
    } else if (id[EI_CLASS] != ELFCLASS32) {
        explain(why, "class is %d%s, not 1 (32-bit)", id[EI_CLASS],
                id[EI_CLASS] == ELFCLASS64 ? " (64-bit)" : "");
    } else if (id[EI_DATA] != ELFDATA2LSB) {
        explain(why, "byte order is %d%s, not 1 (little endian)", id[EI_DATA],
                id[EI_DATA] == ELFDATA2MSB ? " (big endian)" : "");
    } else if (id[EI_VERSION] != EV_CURRENT) {
        explain(why, "version is %d, not 1", id[EI_VERSION]);
    } else {
        return 0;
    }
    return -ENOEXEC;
}

static const char *type_word(uint32_t type)
{
    switch (type) {
    case ET_REL:
        return " (relocatable object)";
    case ET_DYN:
        return " (shared object or PIE; not supported)";
    case ET_CORE:
        return " (core dump)";
    default:
        return "";
    }
}

static int check_kind(const Elf32_Ehdr *h, struct elf32_reason *why)
{
    if (h->e_machine != EM_386 && h->e_machine != EM_486) {
        explain(why, "machine is %d, not 3 (i386)", h->e_machine);
    } else if (h->e_version != EV_CURRENT) {
        explain(why, "version is %u, not 1", (unsigned int)h->e_version);
    } else if (h->e_type != ET_EXEC) {
        explain(why, "not an executable: type is %d%s", h->e_type, type_word(h->e_type));
    } else {
        return 0;
    }
    return -ENOEXEC;
}

static int check_table_place(const Elf32_Ehdr *h, uint64_t file_size, struct elf32_reason *why)
{
    uint32_t bytes = (uint32_t)h->e_phnum * (uint32_t)sizeof(Elf32_Phdr);
    if (h->e_phentsize != sizeof(Elf32_Phdr)) {
        explain(why, "bad program header table: entry size is %d, not 32", h->e_phentsize);
    } else if (h->e_phnum == 0 || bytes > TABLE_BYTES_MAX) {
        explain(why, "bad program header table: %d entries", h->e_phnum);
    } else if (h->e_phoff == 0 || h->e_phoff % 2 != 0) {
        explain(why, "bad program header table: it starts at byte %u", (unsigned int)h->e_phoff);
    } else if ((uint64_t)h->e_phoff + bytes > file_size) {
        explain(why, "bad program header table: it ends at byte %llu of %llu",
                (unsigned long long)h->e_phoff + bytes, (unsigned long long)file_size);
    } else {
        return 0;
    }
    return -ENOEXEC;
}

int elf32_check_header(const void *bytes, size_t n, uint64_t file_size, struct elf32_info *out,
                       struct elf32_reason *why)
{
    Elf32_Ehdr h;
    if (n < sizeof(h) || file_size < sizeof(h)) {
        explain(why, "too short: %llu bytes, an ELF header has 52", (unsigned long long)file_size);
        return -ENOEXEC;
    }
    memcpy(&h, bytes, sizeof(h));
    if (check_ident(&h, why) != 0 || check_kind(&h, why) != 0 ||
        check_table_place(&h, file_size, why) != 0) {
        return -ENOEXEC;
    }
    *out = (struct elf32_info){.entry = h.e_entry, .phoff = h.e_phoff, .phnum = h.e_phnum};
    return 0;
}

/* ---- Program headers ------------------------------------------------------------------------- */

static int check_load_address(const Elf32_Phdr *p, uint32_t i, struct elf32_reason *why)
{
    uint64_t end = (uint64_t)p->p_vaddr + p->p_memsz;
    const char *where = NULL;
    if (p->p_vaddr < USER_BASE) {
        where = "in page 0";
    } else if (p->p_vaddr >= KERNEL_BASE) {
        where = "in the kernel";
    } else if (end > KERNEL_BASE) {
        where = "it ends past the user half";
    } else if (end > VM_STACK_GUARD_FLOOR) {
        where = "it covers the stack";
    } else {
        return 0;
    }
    explain(why, "segment address: entry %u at %#x, %#x bytes: %s", (unsigned int)i,
            (unsigned int)p->p_vaddr, (unsigned int)p->p_memsz, where);
    return -ENOEXEC;
}

static int check_load(const Elf32_Phdr *p, uint32_t i, uint64_t file_size, struct elf32_reason *why)
{
    if (p->p_filesz > p->p_memsz) {
        explain(why, "segment is larger in the file than in memory: entry %u, %#x and %#x bytes",
                (unsigned int)i, (unsigned int)p->p_filesz, (unsigned int)p->p_memsz);
        return -ENOEXEC;
    }
    if (p->p_filesz > 0 && (uint64_t)p->p_offset + p->p_filesz > file_size) {
        explain(why, "segment lies outside the file: entry %u ends at byte %llu of %llu",
                (unsigned int)i, (unsigned long long)p->p_offset + p->p_filesz,
                (unsigned long long)file_size);
        return -ENOEXEC;
    }
    return check_load_address(p, i, why);
}

static struct elf32_segment segment_of(const Elf32_Phdr *p)
{
    return (struct elf32_segment){
        .vaddr = p->p_vaddr,
        .memsz = p->p_memsz,
        .offset = p->p_offset,
        .filesz = p->p_filesz,
        .prot = ((p->p_flags & PF_R) ? VM_READ : 0) | ((p->p_flags & PF_W) ? VM_WRITE : 0) |
                ((p->p_flags & PF_X) ? VM_EXEC : 0),
    };
}

/* Finds AT_PHDR, by which the program finds its own headers (PT_TLS above all) if a segment happens
 * to contain the whole table. */
static void note_table(struct elf32_info *info, const struct elf32_segment *s)
{
    uint64_t table_end = (uint64_t)info->phoff + (uint64_t)info->phnum * sizeof(Elf32_Phdr);
    if (info->phdr_vaddr == 0 && s->offset <= info->phoff &&
        table_end <= (uint64_t)s->offset + s->filesz) {
        info->phdr_vaddr = s->vaddr + (info->phoff - s->offset);
    }
}

static int add_load(const Elf32_Phdr *p, uint32_t i, uint64_t file_size, struct elf32_info *info,
                    struct elf32_segment *segments, uint32_t max, struct elf32_reason *why)
{
    if (p->p_memsz == 0) {
        return 0;
    }
    int err = check_load(p, i, file_size, why);
    if (err != 0) {
        return err;
    }
    if (info->n_segments == max) {
        explain(why, "too many segments: more than %u", (unsigned int)max);
        return -ENOEXEC;
    }
    segments[info->n_segments] = segment_of(p);
    note_table(info, &segments[info->n_segments]);
    info->n_segments++;
    return 0;
}

int elf32_check_segments(const void *table, uint64_t file_size, struct elf32_info *info,
                         struct elf32_segment *segments, uint32_t max, struct elf32_reason *why)
{
    info->n_segments = 0;
    info->phdr_vaddr = 0;
    info->has_executable_stack = false;
    for (uint32_t i = 0; i < info->phnum; i++) {
        Elf32_Phdr p;
        memcpy(&p, (const char *)table + i * sizeof(p), sizeof(p));
        if (p.p_type == PT_INTERP) {
            explain(why, "needs a dynamic loader");
            return -ENOENT;
        }
        if (p.p_type == PT_GNU_STACK) {
            info->has_executable_stack = (p.p_flags & PF_X) != 0; /* the last one counts */
        }
        int err = p.p_type == PT_LOAD ? add_load(&p, i, file_size, info, segments, max, why) : 0;
        if (err != 0) {
            return err;
        }
    }
    if (info->n_segments == 0) {
        explain(why, "nothing to load");
        return -ENOEXEC;
    }
    return 0;
}

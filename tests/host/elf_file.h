/*
 * ELF files made to measure: a good one with the segments a test asks for, to be spoiled afterwards.
 * Layout: file header, program header table, then whatever the segments' offsets say.
 */
#ifndef TESTS_HOST_ELF_FILE_H
#define TESTS_HOST_ELF_FILE_H

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ELF_FILE_MAX 65536u

struct elf_file {
    uint32_t size;
    uint8_t bytes[ELF_FILE_MAX];
};

static inline Elf32_Ehdr *elf_header(struct elf_file *f)
{
    return (Elf32_Ehdr *)(void *)f->bytes;
}

static inline Elf32_Phdr *elf_entry(struct elf_file *f, uint32_t i)
{
    return (Elf32_Phdr *)(void *)(f->bytes + sizeof(Elf32_Ehdr)) + i;
}

/* A header that is right in every field, no program headers, size as given. Every byte behind the
 * header tells its offset. */
static inline void elf_file_init(struct elf_file *f, uint32_t size)
{
    f->size = size;
    for (uint32_t i = 0; i < ELF_FILE_MAX; i++) {
        f->bytes[i] = (uint8_t)(i * 7 + i / 256 + 1);
    }
    *elf_header(f) = (Elf32_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = 0x08048000,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_ehsize = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
    };
}

static inline Elf32_Phdr *elf_file_add(struct elf_file *f, uint32_t type, uint32_t offset,
                                       uint32_t vaddr, uint32_t filesz, uint32_t memsz,
                                       uint32_t flags)
{
    Elf32_Phdr *p = elf_entry(f, elf_header(f)->e_phnum++);
    *p = (Elf32_Phdr){
        .p_type = type,
        .p_offset = offset,
        .p_vaddr = vaddr,
        .p_paddr = vaddr,
        .p_filesz = filesz,
        .p_memsz = memsz,
        .p_flags = flags,
        .p_align = 0x1000,
    };
    return p;
}

/* Text with the headers in it, data with bss, a note: what a linker makes. */
static inline void elf_file_usual(struct elf_file *f)
{
    elf_file_init(f, 0x1800);
    elf_file_add(f, PT_LOAD, 0, 0x08048000, 0x1200, 0x1200, PF_R | PF_X);
    elf_file_add(f, PT_LOAD, 0x1200, 0x0804A200, 0x600, 0x3000, PF_R | PF_W);
    elf_file_add(f, PT_NOTE, 0x100, 0x08048100, 0x20, 0x20, PF_R);
    elf_file_add(f, PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W);
}

#endif

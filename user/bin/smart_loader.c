/*
 * A lazy loader that is an ordinary program: contract 1's loader as its original was, on top of
 * SIGSEGV and mmap. It maps nothing of the file and jumps to its entry. The fault that follows is a
 * signal; the handler maps the page, or with --segment the whole segment, and returns, and the
 * access is repeated. The kernel's own loader (loader/) does the same without a signal.
 *
 *     smart_loader [--segment] FILE
 *
 * The Makefile links this program at a high address, because FILE is linked where programs usually
 * are.
 */
#include <fcntl.h>
#include <linux/elf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE         4096u
#define SEGMENTS_MAX 16
#define LOWEST       PAGE        /* nothing may be loaded below */
#define HIGHEST      0x60000000u /* nor from here on: this program and its memory */

static struct {
    int fd;
    uint32_t entry;
    Elf32_Phdr segments[SEGMENTS_MAX];
    uint32_t n_segments;
    bool whole_segments;
} image;

static struct {
    uint32_t faults, pages, bytes_lost;
} figures;

/* ---- The file -------------------------------------------------------------------------------- */

static bool is_elf(const Elf32_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS32 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_type == ET_EXEC && header->e_machine == EM_386 &&
           header->e_phentsize == sizeof(Elf32_Phdr);
}

static bool is_loadable(const Elf32_Phdr *segment)
{
    return segment->p_filesz <= segment->p_memsz && segment->p_vaddr >= LOWEST &&
           segment->p_vaddr < HIGHEST && segment->p_memsz <= HIGHEST - segment->p_vaddr;
}

/* Reads the headers and nothing else. */
static bool read_headers(void)
{
    Elf32_Ehdr header;

    if (pread(image.fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        !is_elf(&header)) {
        return false;
    }
    image.entry = header.e_entry;
    for (uint32_t i = 0; i < header.e_phnum; i++) {
        Elf32_Phdr segment;
        off_t at = (off_t)header.e_phoff + (off_t)(i * sizeof(segment));

        if (pread(image.fd, &segment, sizeof(segment), at) != (ssize_t)sizeof(segment)) {
            return false;
        }
        if (segment.p_type != PT_LOAD || segment.p_memsz == 0) {
            continue;
        }
        if (image.n_segments == SEGMENTS_MAX || !is_loadable(&segment)) {
            return false;
        }
        image.segments[image.n_segments++] = segment;
    }
    return image.n_segments > 0;
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static uint32_t page_of(uint32_t address)
{
    return address & ~(PAGE - 1);
}

static const Elf32_Phdr *segment_at(uint32_t address)
{
    for (uint32_t i = 0; i < image.n_segments; i++) {
        const Elf32_Phdr *segment = &image.segments[i];

        if (address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_memsz) {
            return segment;
        }
    }
    return NULL;
}

static uint32_t max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Reads the file's part of what a segment has in a page. Past that the page is zeros already. */
static bool fill_from(const Elf32_Phdr *segment, uint32_t page)
{
    uint32_t from = max(page, segment->p_vaddr);
    uint32_t to = min(page + PAGE, segment->p_vaddr + segment->p_filesz);
    off_t at = (off_t)segment->p_offset + (off_t)(from - segment->p_vaddr);

    return from >= to || pread(image.fd, (void *)from, to - from, at) == (ssize_t)(to - from);
}

static int rights_of(const Elf32_Phdr *segment)
{
    return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
           (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Counts the bytes of a page that belong to a segment, each once: segments may overlap. */
static uint32_t bytes_used(uint32_t page)
{
    uint32_t used = 0;

    for (uint32_t address = page; address < page + PAGE; address++) {
        used += segment_at(address) != NULL ? 1 : 0;
    }
    return used;
}

/* Maps a page with what every segment has there and the rights of all. A page that is there already
 * stays, since it may have been written. Returns false without memory or the file's bytes. */
static bool load_page(uint32_t page)
{
    const int writable = PROT_READ | PROT_WRITE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    int rights = 0;
    unsigned char resident;

    if (mincore((void *)page, PAGE, &resident) == 0) {
        return true;
    }
    if (mmap((void *)page, PAGE, writable, flags, -1, 0) == MAP_FAILED) {
        return false;
    }
    for (uint32_t i = 0; i < image.n_segments; i++) {
        const Elf32_Phdr *segment = &image.segments[i];

        if (segment->p_vaddr < page + PAGE && segment->p_vaddr + segment->p_memsz > page) {
            rights |= rights_of(segment);
            if (!fill_from(segment, page)) {
                return false;
            }
        }
    }
    figures.pages++;
    figures.bytes_lost += PAGE - bytes_used(page);
    return mprotect((void *)page, PAGE, rights) == 0;
}

static bool load_segment(const Elf32_Phdr *segment)
{
    uint32_t end = segment->p_vaddr + segment->p_memsz;

    for (uint32_t page = page_of(segment->p_vaddr); page < end; page += PAGE) {
        if (!load_page(page)) {
            return false;
        }
    }
    return true;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* Only an absent page of a segment is the loader's. For every other fault the default action is
 * restored: the access is repeated and the kernel says what was wrong with it. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    const struct sigaction by_default = {.sa_flags = 0};
    uint32_t address = (uint32_t)info->si_addr;
    const Elf32_Phdr *segment = info->si_code == SEGV_MAPERR ? segment_at(address) : NULL;

    (void)context;
    if (segment == NULL) {
        (void)sigaction(signal, &by_default, NULL);
        return;
    }
    figures.faults++;
    if (!(image.whole_segments ? load_segment(segment) : load_page(page_of(address)))) {
        (void)sigaction(signal, &by_default, NULL);
    }
}

static void catch_faults(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = on_fault;
    (void)sigaction(SIGSEGV, &action, NULL);
}

/* ---- The run --------------------------------------------------------------------------------- */

static int start_image(void)
{
    int (*start)(void) = (int (*)(void))image.entry;

    return start();
}

static void report(int value)
{
    printf("User _start return value = %d\n", value);
    printf("Total page faults: %u\n", figures.faults);
    printf("Pages Allocated: %u\n", figures.pages);
    printf("Total fragmentation (in KB): %.4fKB\n", figures.bytes_lost / 1024.0);
}

int main(int argc, char **argv)
{
    image.whole_segments = argc == 3 && strcmp(argv[1], "--segment") == 0;
    if (argc != (image.whole_segments ? 3 : 2)) {
        fprintf(stderr, "usage: smart_loader [--segment] FILE\n");
        return 2;
    }
    image.fd = open(argv[argc - 1], O_RDONLY | O_CLOEXEC);
    if (image.fd < 0) {
        perror(argv[argc - 1]);
        return 1;
    }
    if (!read_headers()) {
        printf("This is an invalid elf file\n");
        return 1;
    }
    catch_faults();
    int value = start_image();

    report(value);
    return value & 0xFF;
}

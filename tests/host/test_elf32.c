/*
 * loader/elf32.c: bad input E1 to E17 and E22, which a file's headers decide,
 * each with the words its reason must have. Headers and tables are handed over in memory of exactly
 * their size, so that AddressSanitizer sees a byte read too far.
 */
#include "tests/host/support.h"

#include <asm/errno.h>

#include "lib/addr.h"
#include "lib/compiler.h"
#include "loader/elf32.h"
#include "mm/vm_map.h"
#include "tests/host/elf_file.h"

static struct elf_file file;
static struct elf32_info info;
static struct elf32_segment segments[ELF32_SEGMENTS_MAX];
static struct elf32_reason why;

/* ---- The two steps of opening an image --------------------------------------------------------- */

static void *exact_copy(const void *bytes, size_t n)
{
    void *copy = malloc(n > 0 ? n : 1);
    memcpy(copy, bytes, n);
    return copy;
}

static int check_file(void)
{
    size_t n = file.size < sizeof(Elf32_Ehdr) ? file.size : sizeof(Elf32_Ehdr);
    void *head = exact_copy(file.bytes, n);
    memset(&why, 0, sizeof(why));
    int err = elf32_check_header(head, n, file.size, &info, &why);
    free(head);
    if (err != 0) {
        return err;
    }
    size_t bytes = info.phnum * sizeof(Elf32_Phdr);
    assert_true((uint64_t)info.phoff + bytes <= file.size); /* what was promised */
    void *table = exact_copy(file.bytes + info.phoff, bytes);
    err = elf32_check_segments(table, file.size, &info, segments, ELF32_SEGMENTS_MAX, &why);
    free(table);
    return err;
}

static void expect_refused(int err, const char *reason)
{
    assert_int_equal(check_file(), err);
    if (strstr(why.text, reason) != why.text) {
        fail_msg("reason is \"%s\", not \"%s...\"", why.text, reason);
    }
}

static void expect_accepted(uint32_t n_segments)
{
    if (check_file() != 0) {
        fail_msg("refused: %s", why.text);
    }
    assert_int_equal(info.n_segments, n_segments);
}

/* Whatever the file says: refused with a reason, or every promise of the header file is kept. */
static void expect_sane(void)
{
    int err = check_file();
    if (err != 0) {
        assert_true(err == -ENOEXEC || err == -ENOENT);
        assert_true(why.text[0] != '\0' && strlen(why.text) < sizeof(why.text));
        return;
    }
    assert_in_range(info.n_segments, 1, ELF32_SEGMENTS_MAX);
    for (uint32_t i = 0; i < info.n_segments; i++) {
        const struct elf32_segment *s = &segments[i];
        uint64_t end = (uint64_t)s->vaddr + s->memsz;
        assert_true(s->vaddr >= USER_BASE && end <= VM_STACK_GUARD_FLOOR);
        assert_true(s->memsz > 0 && s->filesz <= s->memsz);
        assert_true(s->filesz == 0 || (uint64_t)s->offset + s->filesz <= file.size);
        assert_int_equal(s->prot & ~(VM_READ | VM_WRITE | VM_EXEC), 0);
    }
}

/* ---- A good file ------------------------------------------------------------------------------- */

static void test_usual_file(void **state)
{
    (void)state;
    elf_file_usual(&file);
    expect_accepted(2);
    assert_int_equal(info.entry, 0x08048000);
    assert_int_equal(info.phnum, 4);
    assert_int_equal(info.phdr_vaddr, 0x08048034);
    assert_int_equal(segments[0].vaddr, 0x08048000);
    assert_int_equal(segments[0].prot, VM_READ | VM_EXEC);
    assert_int_equal(segments[1].vaddr, 0x0804A200);
    assert_int_equal(segments[1].offset, 0x1200);
    assert_int_equal(segments[1].filesz, 0x600);
    assert_int_equal(segments[1].memsz, 0x3000);
    assert_int_equal(segments[1].prot, VM_READ | VM_WRITE);
}

/* AT_PHDR is 0 unless one segment holds the whole table. */
static void test_table_not_loaded(void **state)
{
    (void)state;
    elf_file_init(&file, 0x2000);
    elf_file_add(&file, PT_LOAD, 0x1000, 0x08048000, 0x100, 0x100, PF_R | PF_X);
    expect_accepted(1);
    assert_int_equal(info.phdr_vaddr, 0);

    elf_entry(&file, 0)->p_offset = sizeof(Elf32_Ehdr);
    elf_entry(&file, 0)->p_filesz = sizeof(Elf32_Phdr) - 1;
    expect_accepted(1);
    assert_int_equal(info.phdr_vaddr, 0);

    elf_entry(&file, 0)->p_filesz = sizeof(Elf32_Phdr);
    expect_accepted(1);
    assert_int_equal(info.phdr_vaddr, 0x08048000);
}

/* ---- E1..E5: the file header ------------------------------------------------------------------- */

static void test_e1_short_files(void **state)
{
    (void)state;
    elf_file_usual(&file);
    for (file.size = 0; file.size < sizeof(Elf32_Ehdr); file.size++) {
        expect_refused(-ENOEXEC, "too short");
    }
}

static void test_e1_magic_bit_flips(void **state)
{
    (void)state;
    elf_file_usual(&file);
    for (unsigned int bit = 0; bit < SELFMAG * 8; bit++) {
        file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_refused(-ENOEXEC, "not an ELF file");
        file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memset(file.bytes, 'x', 100);
    expect_refused(-ENOEXEC, "not an ELF file");
}

static void test_e2_class_order_version_machine(void **state)
{
    (void)state;
    static const struct {
        unsigned int index, value;
        const char *reason;
    } rows[] = {
        {EI_CLASS, ELFCLASS64, "class is 2 (64-bit)"},
        {EI_CLASS, ELFCLASSNONE, "class is 0"},
        {EI_CLASS, 255, "class is 255"},
        {EI_DATA, ELFDATA2MSB, "byte order is 2 (big endian)"},
        {EI_DATA, ELFDATANONE, "byte order is 0"},
        {EI_VERSION, EV_NONE, "version is 0"},
        {EI_VERSION, 2, "version is 2"},
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        elf_file_usual(&file);
        file.bytes[rows[i].index] = (uint8_t)rows[i].value;
        expect_refused(-ENOEXEC, rows[i].reason);
    }
    elf_file_usual(&file);
    elf_header(&file)->e_version = 0;
    expect_refused(-ENOEXEC, "version is 0");
    elf_file_usual(&file);
    elf_header(&file)->e_machine = EM_X86_64;
    expect_refused(-ENOEXEC, "machine is 62");
    elf_header(&file)->e_machine = 0;
    expect_refused(-ENOEXEC, "machine is 0");
    elf_header(&file)->e_machine = 6; /* the 486, as Linux */
    expect_accepted(2);
}

static void test_e3_types(void **state)
{
    (void)state;
    static const uint16_t types[] = {ET_NONE, ET_REL, ET_CORE, 0xFF00, 0xFFFF};
    elf_file_usual(&file);
    for (size_t i = 0; i < array_size(types); i++) {
        elf_header(&file)->e_type = types[i];
        expect_refused(-ENOEXEC, "not an executable");
    }
    elf_header(&file)->e_type = ET_DYN;
    expect_refused(-ENOEXEC, "not an executable: type is 3 (shared object or PIE; not supported)");
}

static void test_e4_table_place(void **state)
{
    (void)state;
    static const uint32_t offsets[] = {0,          1,          0x33,        0x35,
                                       0x1800,     0x1801,     0x1800 - 32, 0xFFFFFFF0,
                                       0xFFFFFFE0, 0xFFFFFF80, 0x80000000,  0xFFFFFFFE};
    for (size_t i = 0; i < array_size(offsets); i++) {
        elf_file_usual(&file);
        elf_header(&file)->e_phoff = offsets[i];
        expect_refused(-ENOEXEC, "bad program header table");
    }
}

static void test_e4_table_sizes(void **state)
{
    (void)state;
    static const uint16_t entry_sizes[] = {0, 1, 31, 33, 56, 0xFFFF};
    static const uint16_t counts[] = {0, 2049, 0x8000, 65535};
    for (size_t i = 0; i < array_size(entry_sizes); i++) {
        elf_file_usual(&file);
        elf_header(&file)->e_phentsize = entry_sizes[i];
        expect_refused(-ENOEXEC, "bad program header table");
    }
    for (size_t i = 0; i < array_size(counts); i++) {
        elf_file_usual(&file);
        elf_header(&file)->e_phnum = counts[i];
        expect_refused(-ENOEXEC, "bad program header table");
    }
}

/* However large the file is, Linux's 64 KiB are the limit. */
static void test_e4_table_limit(void **state)
{
    (void)state;
    elf_file_usual(&file);
    elf_header(&file)->e_phnum = 2048;
    assert_int_equal(elf32_check_header(file.bytes, 52, 1u << 30, &info, &why), 0);
    elf_header(&file)->e_phnum = 2049;
    assert_int_equal(elf32_check_header(file.bytes, 52, 1u << 30, &info, &why), -ENOEXEC);
    assert_string_equal(why.text, "bad program header table: 2049 entries");
}

static void test_e4_table_at_the_last_byte(void **state)
{
    (void)state;
    elf_file_usual(&file);
    uint32_t bytes = 4 * sizeof(Elf32_Phdr);
    uint8_t table[4 * sizeof(Elf32_Phdr)];
    memcpy(table, elf_entry(&file, 0), bytes);
    memcpy(file.bytes + file.size - bytes, table, bytes);
    elf_header(&file)->e_phoff = file.size - bytes;
    expect_accepted(2);
    elf_header(&file)->e_phoff += 2;
    expect_refused(-ENOEXEC, "bad program header table");
}

static void test_e4_ehsize_is_ignored(void **state)
{
    (void)state;
    elf_file_usual(&file);
    elf_header(&file)->e_ehsize = 0;
    expect_accepted(2);
    elf_header(&file)->e_ehsize = 0xFFFF;
    expect_accepted(2);
}

static void test_e5_nothing_to_load(void **state)
{
    (void)state;
    elf_file_usual(&file);
    elf_entry(&file, 0)->p_type = PT_NOTE;
    elf_entry(&file, 1)->p_type = PT_NULL;
    expect_refused(-ENOEXEC, "nothing to load");
}

/* ---- E6..E17: program headers ------------------------------------------------------------------ */

/* A file with one spoiled PT_LOAD behind a good one. */
static void one_load(uint32_t offset, uint32_t vaddr, uint32_t filesz, uint32_t memsz)
{
    elf_file_init(&file, 0x2000);
    elf_file_add(&file, PT_LOAD, 0, 0x08048000, 0x400, 0x400, PF_R | PF_X);
    elf_file_add(&file, PT_LOAD, offset, vaddr, filesz, memsz, PF_R | PF_W);
}

static void test_e6_filesz_above_memsz(void **state)
{
    (void)state;
    one_load(0x1000, 0x0804A000, 0x101, 0x100);
    expect_refused(-ENOEXEC, "segment is larger in the file than in memory");
    one_load(0x1000, 0x0804A000, 0xFFFFFFFF, 0x100);
    expect_refused(-ENOEXEC, "segment is larger in the file than in memory");
}

static void test_e7_outside_the_file(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, filesz;
    } rows[] = {
        {0x2000, 1},          {0x1FFF, 2},      {0x2001, 0x10},       {0xFFFFFFFF, 1},
        {0xFFFFFFFF, 0x1000}, {0, 0x2001},      {0xFFFFF000, 0x1000}, {0x80000000, 0x100},
        {1, 0x2000},          {0x1000, 0x1001},
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        one_load(rows[i].offset, 0x0804A000, rows[i].filesz, 0x10000);
        expect_refused(-ENOEXEC, "segment lies outside the file");
    }
    one_load(0x1FFF, 0x0804A000, 1, 0x10000);
    expect_accepted(2);
    one_load(0, 0x0804A000, 0x2000, 0x10000);
    expect_accepted(2);
}

/* No bytes in the file: its place there says nothing. */
static void test_e7_offset_of_an_empty_part(void **state)
{
    (void)state;
    one_load(0xFFFFFFFF, 0x0804A000, 0, 0x1000);
    expect_accepted(2);
}

static void test_e7_cut_at_every_byte(void **state)
{
    (void)state;
    elf_file_usual(&file);
    uint32_t whole = file.size, table_end = 52 + 4 * 32;
    expect_accepted(2);
    for (file.size = 0; file.size < whole; file.size++) {
        expect_refused(-ENOEXEC, file.size < 52          ? "too short"
                                 : file.size < table_end ? "bad program header table"
                                                         : "segment lies outside the file");
    }
}

static void test_e8_addresses(void **state)
{
    (void)state;
    static const struct {
        uint32_t vaddr, memsz;
    } rows[] = {
        {0, 0x100},
        {1, 1},
        {0xFFF, 1},
        {0xFFF, 0x2000},
        {KERNEL_BASE, 1},
        {KERNEL_BASE - 1, 2},
        {0xBFFFF000, 0x2000},
        {0xFFFFFFFF, 1},
        {0xFFFFF000, 0x1000},
        {0xFFFFF000, 0x2000}, /* wraps */
        {0x08048000, 0xC0000000},
        {0x08048000, 0xFFFFFFFF},
        {0x80000000, 0x80000000},
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        one_load(0, rows[i].vaddr, 0, rows[i].memsz);
        expect_refused(-ENOEXEC, "segment address");
    }
    one_load(0, USER_BASE, 0, 1);
    expect_accepted(2);
}

static void test_e9_empty_segments(void **state)
{
    (void)state;
    one_load(0x1000, 0x0804A000, 0, 0);
    expect_accepted(1);
    one_load(0x1000, 0x0804A000, 0x100, 0);
    expect_accepted(1);
    one_load(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0);
    expect_accepted(1);
}

static void test_e10_alignment_is_not_trusted(void **state)
{
    (void)state;
    static const uint32_t aligns[] = {0, 1, 3, 0x80000000, 0xFFFFFFFF};
    for (size_t i = 0; i < array_size(aligns); i++) {
        one_load(0x123, 0x0804A456, 0x100, 0x200);
        elf_entry(&file, 1)->p_align = aligns[i];
        expect_accepted(2);
        assert_int_equal(segments[1].vaddr, 0x0804A456);
        assert_int_equal(segments[1].offset, 0x123);
    }
}

/* Table order is kept, whatever the addresses are: the later segment wins (test_image). */
static void test_e11_order_and_overlap(void **state)
{
    (void)state;
    one_load(0x1000, 0x00100000, 0x100, 0x100);
    expect_accepted(2);
    assert_int_equal(segments[0].vaddr, 0x08048000);
    assert_int_equal(segments[1].vaddr, 0x00100000);
    one_load(0x1000, 0x08048100, 0x100, 0x100);
    expect_accepted(2);
}

static void many_loads(uint32_t n)
{
    elf_file_init(&file, ELF_FILE_MAX);
    for (uint32_t i = 0; i < n; i++) {
        elf_file_add(&file, PT_LOAD, 0x1000 + i, 0x08048000 + i * 0x1000, 1, 1, PF_R);
    }
}

static void test_e12_many_segments(void **state)
{
    (void)state;
    many_loads(ELF32_SEGMENTS_MAX);
    expect_accepted(ELF32_SEGMENTS_MAX);
    many_loads(ELF32_SEGMENTS_MAX + 1);
    expect_refused(-ENOEXEC, "too many segments");
    many_loads(1000);
    expect_refused(-ENOEXEC, "too many segments");
}

static void test_e13_entry_is_not_checked(void **state)
{
    (void)state;
    static const uint32_t entries[] = {0, 0x0804B000, 0x0804A200, 0xC0100000, 0xFFFFFFFF, 0x10};
    elf_file_usual(&file);
    for (size_t i = 0; i < array_size(entries); i++) {
        elf_header(&file)->e_entry = entries[i];
        expect_accepted(2);
        assert_int_equal(info.entry, entries[i]);
    }
}

static void test_e14_flags(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags, prot;
    } rows[] = {
        {0, 0},
        {PF_R, VM_READ},
        {PF_W, VM_WRITE},
        {PF_X, VM_EXEC},
        {PF_W | PF_X, VM_WRITE | VM_EXEC},
        {PF_R | PF_W | PF_X, VM_READ | VM_WRITE | VM_EXEC},
        {0xFFFFFFF8, 0},
        {0xFFFFFFFF, VM_READ | VM_WRITE | VM_EXEC},
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        elf_file_usual(&file);
        elf_entry(&file, 0)->p_flags = rows[i].flags;
        expect_accepted(2);
        assert_int_equal(segments[0].prot, rows[i].prot);
    }
}

static void test_e15_interpreter(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 0x10, 1u << 20, 0xFFFFFFFF};
    for (size_t i = 0; i < array_size(sizes); i++) {
        elf_file_usual(&file);
        elf_file_add(&file, PT_INTERP, 0x200, 0x08048200, sizes[i], sizes[i], PF_R);
        expect_refused(-ENOENT, "needs a dynamic loader");
    }
}

static void test_e15_other_types(void **state)
{
    (void)state;
    static const uint32_t types[] = {PT_PHDR,      PT_NOTE,    PT_TLS,    PT_GNU_STACK,
                                     PT_GNU_RELRO, PT_DYNAMIC, PT_SHLIB,  PT_GNU_EH_FRAME,
                                     0x12345678,   0x70000001, 0xFFFFFFFF};
    for (size_t i = 0; i < array_size(types); i++) {
        elf_file_usual(&file);
        elf_file_add(&file, types[i], 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 7);
        expect_accepted(2);
    }
}

static void test_e23_stack_header(void **state)
{
    (void)state;
    elf_file_usual(&file);
    elf_file_add(&file, PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W | PF_X);
    expect_accepted(2);
    assert_true(info.has_executable_stack);
    elf_file_add(&file, PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W);
    expect_accepted(2);
    assert_false(info.has_executable_stack); /* of two the last counts */
    elf_file_add(&file, PT_GNU_STACK, 0, 0, 0, 0, PF_X);
    expect_accepted(2);
    assert_true(info.has_executable_stack);
    one_load(0x1000, 0x10000000, 0x100, 0x1000);
    expect_accepted(2);
    assert_false(info.has_executable_stack); /* without a header */
}

static void test_e16_huge_bss(void **state)
{
    (void)state;
    one_load(0x1000, 0x10000000, 0x100, 0x80000000);
    expect_accepted(2);
    assert_int_equal(segments[1].memsz, 0x80000000);
}

static void test_e17_covers_the_stack(void **state)
{
    (void)state;
    one_load(0, 0xBFFFF000, 0, 0x1000);
    expect_refused(-ENOEXEC, "segment address");
    one_load(0, VM_STACK_FLOOR, 0, 1);
    expect_refused(-ENOEXEC, "segment address");
    one_load(0, VM_STACK_GUARD_FLOOR - 1, 0, 2);
    expect_refused(-ENOEXEC, "segment address");
    one_load(0, VM_STACK_GUARD_FLOOR - 1, 0, 1);
    expect_accepted(2);
}

static void test_e17_mmapbase_is_allowed(void **state)
{
    (void)state;
    one_load(0, FL_MMAPBASE, 0, 0x1000);
    expect_accepted(2);
}

/* ---- E22: every byte, every word --------------------------------------------------------------- */

static const uint32_t headers_end = sizeof(Elf32_Ehdr) + 4 * sizeof(Elf32_Phdr);

static void test_e22_every_byte(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 0x7F, 0x80, 0xFF};
    for (uint32_t at = 0; at < headers_end; at++) {
        for (size_t v = 0; v < array_size(values); v++) {
            elf_file_usual(&file);
            file.bytes[at] = values[v];
            expect_sane();
        }
    }
}

static void test_e22_every_word(void **state)
{
    (void)state;
    static const uint32_t values[] = {0,      1,      0xFFFFFFFF, 0x7FFFFFFF,
                                      0x0FFF, 0x1800, 0x1801,     0x80000000};
    for (uint32_t at = 0; at + 4 <= headers_end; at += 2) {
        for (size_t v = 0; v < array_size(values); v++) {
            elf_file_usual(&file);
            memcpy(file.bytes + at, &values[v], 4);
            expect_sane();
        }
    }
}

/* Several spoiled places at once, and cut files: what no table of single changes reaches. */
static void test_e22_random_headers(void **state)
{
    (void)state;
    for (int round = 0; round < 50000; round++) {
        elf_file_usual(&file);
        for (uint32_t changes = 1 + support_random() % 6; changes > 0; changes--) {
            file.bytes[support_random() % headers_end] = (uint8_t)support_random();
        }
        if (support_random() % 4 == 0) {
            file.size = support_random() % (file.size + 1);
        }
        expect_sane();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_file),
        cmocka_unit_test(test_table_not_loaded),
        cmocka_unit_test(test_e1_short_files),
        cmocka_unit_test(test_e1_magic_bit_flips),
        cmocka_unit_test(test_e2_class_order_version_machine),
        cmocka_unit_test(test_e3_types),
        cmocka_unit_test(test_e4_table_place),
        cmocka_unit_test(test_e4_table_sizes),
        cmocka_unit_test(test_e4_table_limit),
        cmocka_unit_test(test_e4_table_at_the_last_byte),
        cmocka_unit_test(test_e4_ehsize_is_ignored),
        cmocka_unit_test(test_e5_nothing_to_load),
        cmocka_unit_test(test_e6_filesz_above_memsz),
        cmocka_unit_test(test_e7_outside_the_file),
        cmocka_unit_test(test_e7_offset_of_an_empty_part),
        cmocka_unit_test(test_e7_cut_at_every_byte),
        cmocka_unit_test(test_e8_addresses),
        cmocka_unit_test(test_e9_empty_segments),
        cmocka_unit_test(test_e10_alignment_is_not_trusted),
        cmocka_unit_test(test_e11_order_and_overlap),
        cmocka_unit_test(test_e12_many_segments),
        cmocka_unit_test(test_e13_entry_is_not_checked),
        cmocka_unit_test(test_e14_flags),
        cmocka_unit_test(test_e15_interpreter),
        cmocka_unit_test(test_e15_other_types),
        cmocka_unit_test(test_e16_huge_bss),
        cmocka_unit_test(test_e23_stack_header),
        cmocka_unit_test(test_e17_covers_the_stack),
        cmocka_unit_test(test_e17_mmapbase_is_allowed),
        cmocka_unit_test(test_e22_every_byte),
        cmocka_unit_test(test_e22_every_word),
        cmocka_unit_test(test_e22_random_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

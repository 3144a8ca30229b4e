#!/usr/bin/env perl
# The loader from outside, through `./faultline run` (contract 1; bad-input, section 5): the line for a
# file that is refused, the figures of odd images under both policies, what linkers make when they are
# asked for it, and programs of glibc and musl as they come.
#
# tests/guest/t_exec.c runs all of the files that tests/guest/make-elf-files makes; here are a few of
# each kind.
use strict;
use warnings;
use FindBin ();
use JSON::PP ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder read_file write_file);
use Runs qw(faultline compile report gave_all_back);
use Test::More;

# The report, the fragmentation from bytes.
sub report_of_bytes {
    my ($value, $faults, $pages, $lost) = @_;
    return report($value, $faults, $pages, sprintf '%.4f', $lost / 1024);
}

# ---- Files that are refused -----------------------------------------------------------------------

system("$root/tests/guest/make-elf-files", "$folder/elf") == 0 or die "make-elf-files failed\n";
my %index = map { my @f = split /\t/; $f[1] => [@f[0, 2 .. $#f]] }
    split /\n/, read_file("$folder/elf/index");

my @refused = qw(short-0 short-51 text magic-bit-5
    class-2 order-2 ident_version-0 machine-40 type-1 type-4
    phentsize-40 phnum-0 phnum-65535 phoff-4294967200
    no-load filesz-2305-memsz-2304 offset-wraps cut-250 vaddr-0-memsz-10 vaddr-c0000000-memsz-10
    vaddr-8060000-memsz-ffffffff segments-129 stack-guard);
for my $name (@refused) {
    my ($id, $kind, undef, $reason) = @{$index{$name}};
    my ($status, $out, $err) = faultline("elf/$name");
    is $status, 126, "$id $name: the status says that it cannot be run";
    is $out, "This is an invalid elf file: $reason\n", "$id $name: the line, and nothing else";
    is $err, '', "$id $name: nothing on standard error";
}
# These the front door recognises itself, to name the compiler line that helps.
for my $case (['E3', 'type-3'], ['E15', 'interp-missing']) {
    my ($id, $name) = @$case;
    my ($status, $out, $err) = faultline("elf/$name");
    is $status, 126, "$id $name: the status says that it cannot be run";
    like $out, qr/\AThis is an invalid elf file: .+\n\z/, "$id $name: the line";
}
my ($status, $out, $err) = faultline('./missing');
is $status, 127, 'E21 a missing file: the status';
like $err, qr/\.\/missing: No such file or directory$/m, 'E21 a missing file is named';
($status, $out, $err) = faultline('./elf');
is $status, 126, 'E21 a directory: the status';
like $err, qr/\.\/elf: Is a directory$/m, 'E21 a directory is named';

# ---- Odd images, figure by figure -----------------------------------------------------------------

for my $name (qw(plain offset-301-vaddr-7 offset-1fff-vaddr-800 omagic text-crosses-page descending
    shared-page three-on-a-page overlap-later-wins segments-128 entry-second-segment bss-64-mib
    mmapbase))
{
    my ($id, undef, $value, @figures) = @{$index{$name}};
    for my $policy ('page', 'segment') {
        my $wanted = report_of_bytes($value, splice @figures, 0, 3);
        ($status, $out, $err) = faultline("--policy $policy elf/$name");
        is $status, $value, "$id $name, $policy: the status" or diag $err;
        is substr($out, 0, length $wanted), $wanted, "$id $name, $policy: the report";
    }
}
($status, $out) = faultline('elf/bss-2-gib');
my $wanted = report_of_bytes(42, @{$index{'bss-2-gib'}}[3 .. 5]);
is substr($out, 0, length $wanted), $wanted, 'E16 2 GiB of .bss: three pages are touched, and come';
gave_all_back($out, 'E16');

for my $case (['entry-0', 'null', 1], ['entry-outside', 'no-area', 1], ['entry-kernel', 'kernel-address', 1],
    ['entry-in-data', 'no-exec area [image]', 0], ['no-access-entry', 'no-access area [image]', 0])
{
    my ($name, $cause, $is_outside) = @$case;
    ($status, $out) = faultline("elf/$name");
    is $status, 128 + 11, "E13 $name: killed by SIGSEGV";
    my $line = $is_outside ? "Fault address not in segments\\.\n" : '';
    like $out, qr/\A${line}\Q$name\E\[2\]: segfault at .*: \Q$cause\E\nTotal page faults: 0\nPages Allocated: 0\n/,
        "E13 $name: at the first instruction, by its cause";
    gave_all_back($out, "E13 $name");
}

# ---- What linkers make ----------------------------------------------------------------------------

my $plain = 'gcc -m32 -nostdlib -no-pie -fno-asynchronous-unwind-tables -Wl,--no-warn-rwx-segments';
my $sections = <<'END';
const char text[] = "read-only";
int data = 40;
int bss[3000];
int after = 1;
int _start(void)
{
    for (int i = 0; i < 3000; i++) {
        if (bss[i] != 0)
            return 1;
        bss[i] = i;
    }
    data++;
    return text[0] == 'r' && text[8] == 'y' && text[9] == 0 ? data + after : 2;
}
END
my %linked = (
    usual => '', nmagic => '-Wl,-n', omagic => '-Wl,-N', unaligned_text => '-Wl,-Ttext=0x8048123',
    one_text => '-Wl,-z,noseparate-code', shared_page => '-Wl,-z,noseparate-code -Wl,-z,max-page-size=16',
    high => '-Wl,-Ttext-segment=0xB0000000', low => '-Wl,-Ttext-segment=0x1000',
    data_below => '-Wl,-Tdata=0x7000123', large_pages => '-Wl,-z,max-page-size=0x200000',
    stack_flag => '-Wl,-z,execstack', relro => '-Wl,-z,separate-code -Wl,-z,relro',
);
for my $name (sort keys %linked) {
    compile("ld_$name", $sections, "$plain $linked{$name}");
    for my $policy ('page', 'segment') {
        ($status, $out) = faultline("--policy $policy ./ld_$name");
        is $status, 42, "E10 ld $linked{$name}, $policy policy";
        gave_all_back($out, "E10 ld $name");
    }
}

compile('sparse', <<'END', $plain);
char big[64 << 20];
int _start(void) { big[0] = 1; big[32 << 20] = 2; big[sizeof(big) - 1] = 3; return big[0] + big[5]; }
END
for my $case (['page', 4, 4], ['segment', 2, 16386]) {
    my ($policy, $faults, $pages) = @$case;
    faultline("--policy $policy --json json ./sparse");
    my $json = JSON::PP::decode_json(read_file("$folder/json"));
    is $json->{exit}{value}, 1, "64 MiB of sparse .bss, $policy policy";
    is $json->{report}{page_faults}, $faults, "64 MiB of sparse .bss, $policy policy: page faults";
    # Where the linker puts .bss into its first page decides about the last one.
    ok abs($json->{report}{pages_allocated} - $pages) <= ($policy eq 'segment'), "64 MiB of sparse .bss, $policy policy: pages";
}

# ---- Write and execute (L10, E14) -----------------------------------------------------------------

my $self_writing = <<'END';
int _start(void)
{
    volatile unsigned char *code = (volatile unsigned char *)_start;
    code[0] = 0x90;
    return code[0] == 0x90 ? 42 : 1;
}
END
compile('writes_text', $self_writing, $plain);
($status, $out) = faultline('./writes_text');
is $status, 128 + 11, 'E14 text cannot be written';
like $out, qr/^writes_text\[2\]: segfault at .*: read-only area \[image\]$/m, 'E14 the line about a write to text names the area';
compile('writes_omagic', $self_writing, "$plain -Wl,-N");
($status) = faultline('./writes_omagic');
is $status, 42, 'E14 text that asks for it can be written';

my $runs_data = <<'END';
unsigned char code[] = {0xB8, 42, 0, 0, 0, 0xC3};
int _start(void) { return ((int (*)(void))code)(); }
END
compile('runs_data', $runs_data, $plain);
($status, $out) = faultline('./runs_data');
is $status, 128 + 11, 'E14 data cannot be executed';
like $out, qr/^runs_data\[2\]: segfault at .*: no-exec area \[image\]$/m, 'E14 the line about executing data names the area';
($status) = faultline('--cpu qemu32 ./runs_data');
is $status, 42, 'E14 without NX it runs';
compile('runs_omagic', $runs_data, "$plain -Wl,-N");
($status) = faultline('./runs_omagic');
is $status, 42, 'E14 data that asks for it can be executed';

# ---- _start that returns (L5), and what is counted (L6) -------------------------------------------

compile('returns', 'int _start(void) { return -2147483647 - 1; }', $plain);
($status, $out) = faultline('./returns a b c d e');
is $status, 0, 'L5 the status is the last byte';
like $out, qr/\AUser _start return value = -2147483648\n/, 'L5 with arguments, as a signed number';
compile('jumps', <<'END', $plain);
__asm__(".globl _start\n_start: movl (%esp), %eax\n jmp *%eax\n");
END
($status, $out) = faultline('./jumps');
is $status, 128 + 11, 'L5 a jump to where a return would lead is a fault';
like $out, qr/: null$/m, 'L5 a jump to where a return would lead is reported as null';

compile('counted', <<'END', $plain);
static long call(long nr, long a, long b, long c)
{
    long r;
    __asm__ volatile("int $0x80" : "=a"(r) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return r;
}
char text[3 * 4096] __attribute__((aligned(4096))) = "a";
char zeros[2 * 4096] __attribute__((aligned(4096)));
int _start(void)
{
    int status = 0;
    call(4, 2, (long)(text + 4095), 2);         /* two pages, brought in by write */
    long child = call(2, 0, 0, 0);
    text[0]++;                                  /* in both: copied on write */
    if (child == 0)
        call(1, 0, 0, 0);
    call(7, child, 0, 0);
    return *(volatile char *)zeros;             /* a page of its own, though only read */
}
END
($status, $out) = faultline('./counted');
like $out, qr/\AUser _start return value = 0\nTotal page faults: 4\nPages Allocated: [45]\n/,
    'L6 pages that a call brings in count, and a .bss page that is only read';
gave_all_back($out, 'L6');

# ---- Programs as other libraries make them --------------------------------------------------------

my $hello = <<'END';
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/auxv.h>
static __thread int thread_local_ = 40;
static char zeros[100000];
int main(int argc, char **argv)
{
    char *memory = malloc(300000);
    memset(memory, 7, 300000);
    free(memory);
    thread_local_ += 2;
    printf("hello from %s, %d arguments, %s, %.3f %d\n", argv[0], argc, getenv("HOME"),
        sqrt(argc + 2.0), thread_local_ + zeros[argc * 1000]);
    fprintf(stderr, "page size %ld %ld\n", sysconf(_SC_PAGESIZE), (long)getauxval(AT_PAGESZ));
    return 7;
}
END
my $i386 = "$root/build/i386-root";
system("$root/tools/fetch-i386") == 0 or die "fetch-i386 failed\n";
my ($musl_lib, $musl_include) = ("$i386/usr/lib/i386-linux-musl", "$i386/usr/include/i386-linux-musl");
my $gcc_include = `gcc -m32 -print-file-name=include`;
my $libgcc = `gcc -m32 -print-libgcc-file-name`;
chomp($gcc_include, $libgcc);
write_file('musl-gcc', <<"END");
#!/bin/sh
gcc -m32 -O2 -c -nostdinc -isystem $musl_include -isystem $gcc_include "\$1" -o "\$3.o" &&
gcc -m32 -static -no-pie -nostdlib $musl_lib/crt1.o $musl_lib/crti.o "\$3.o" $musl_lib/libc.a \\
    $libgcc $musl_lib/crtn.o -o "\$3"
END
write_file('glibc-gcc', "#!/bin/sh\ngcc -m32 -O2 -static -no-pie \"\$1\" -lm -o \"\$3\"\n");
chmod 0755, "$folder/musl-gcc", "$folder/glibc-gcc";
compile('glibc_hello', $hello, './glibc-gcc');
compile('musl_hello', $hello, './musl-gcc');
for my $name ('glibc_hello', 'musl_hello') {
    for my $policy ('page', 'segment') {
        ($status, $out, $err) = faultline("--policy $policy ./$name a b");
        is $status, 7, "$name, $policy policy: the status";
        like $out, qr{\Ahello from /$name, 3 arguments, /, 2\.236 42\n}, "$name: what it prints";
        is $err, "page size 4096 4096\n", "$name: what it finds in the auxiliary vector";
        gave_all_back($out, $name);
    }
    ($status) = faultline("--cpu qemu32 ./$name");
    is $status, 7, "$name: on a CPU without NX";
    ($status) = faultline("--cpu pentium3 --mem 16M ./$name");
    is $status, 7, "$name: with 16 MiB";
}

done_testing;

#!/usr/bin/env perl
# `./faultline run` and `./faultline cc` with the real kernel: contract 1's figures in both policies,
# endings, input and output, crash lines, --json, --file, and the files that are refused.
use strict;
use warnings;
use FindBin ();
use JSON::PP ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder read_file write_file);
use Runs qw(faultline compile report gave_all_back);
use Test::More;

my $plain = 'gcc -m32 -nostdlib -no-pie';

# ---- Contract 1's figures -------------------------------------------------------------------------

my @figures = (
    # program, policy, status, and the report
    [sum   => 'page',    2048 & 255,      2048,      3, 3, '7.8887'],
    [sum   => 'segment', 2048 & 255,      2048,      2, 4, '11.8770'],
    [prime => 'page',    255,             -1,        1, 1, '3.9092'],
    [prime => 'segment', 255,             -1,        1, 1, '3.9092'],
    [fib   => 'page',    102334155 & 255, 102334155, 1, 1, '3.8887'],
    [fib   => 'segment', 102334155 & 255, 102334155, 1, 1, '3.8887'],
);
for my $case (@figures) {
    my ($program, $policy, $wanted, @report) = @$case;
    my ($status, $out) = faultline("--policy $policy $program");
    is $status, $wanted, "$program, $policy: the exit status is the value's last byte";
    is substr($out, 0, length report(@report)), report(@report), "$program, $policy: the report";
}
my %text_bytes = (fib => 114, sum => 110, prime => 93);
for my $name (sort keys %text_bytes) {
    my @sizes = map { hex((split)[4]) } grep { /R E/ } `readelf -lW $root/build/release/bin/$name`;
    is $sizes[0], $text_bytes{$name}, "$name: its text segment has the contract's size";
}

my $sparse = compile('sparse', <<'END', $plain);
char big[64 << 20];
int _start(void) { big[0] = 1; big[32 << 20] = 2; big[sizeof(big) - 1] = 3; return big[0] + big[5]; }
END
my ($status, $out, $err) = faultline('./sparse');
is $status, 1, '64 MiB of sparse .bss';
like $out, qr/^Total page faults: 4\nPages Allocated: 4\n/m, '64 MiB of sparse .bss brings in the text and three pages';

my $omagic = compile('omagic', 'int x = 41; int _start(void) { x++; return x; }',
    "$plain -Wl,-N -Wl,--no-warn-rwx-segments");
($status, $out) = faultline('./omagic');
is $status, 42, 'ld -N: an image whose offsets and addresses are not congruent';

# ---- Endings --------------------------------------------------------------------------------------

for my $case ([0, 0], [7, 7], [255, 255], [256, 0], [300, 44], [-1, 255], [2147483647, 255]) {
    my ($value, $wanted) = @$case;
    ($status, $out) = faultline("exit_code $value");
    is $status, $wanted, "exit($value): the status";
    like $out, qr/^User _start return value = \Q$value\E$/m, "exit($value): all 32 bits are shown";
}

# Program, signal, its lines (0x stands for any number in hexadecimal).
my $no_area = "Fault address not in segments.\n";
my $user = 'present, user)';
my @deaths = (
    [die_null => 11, $no_area . "die_null[2]: segfault at 0 ip 0x sp 0x error 4 (read, not $user: null\n"],
    [die_null_call => 11, $no_area
        . "die_null_call[2]: segfault at 0 ip 00000000 sp 0x error 14 (exec, not $user: null\n"],
    [die_hole => 11, $no_area
        . "die_hole[2]: segfault at 70000000 ip 0x sp 0x error 6 (write, not $user: no-area\n"],
    [die_kernel => 11, $no_area
        . "die_kernel[2]: segfault at c0000000 ip 0x sp 0x error 5 (read, $user: kernel-address\n"],
    [die_stack => 11, $no_area
        . "die_stack[2]: segfault at 0x ip 0x sp 0x error 6 (write, not $user: guard\n"],
    [die_munmapped => 11, $no_area
        . "die_munmapped[2]: segfault at 40000000 ip 0x sp 0x error 4 (read, not $user: no-area\n"],
    [die_read_only => 11, 'die_read_only[2]: segfault at 40000000 ip 0x sp 0x error 6 '
        . "(write, not $user: read-only area [anonymous]\n"],
    [die_own_code => 11, 'die_own_code[2]: segfault at 0x ip 0x sp 0x error 7 '
        . "(write, $user: read-only area [image]\n"],
    [die_no_exec => 11, 'die_no_exec[2]: segfault at 0x ip 0x sp 0x error 15 '
        . "(exec, $user: no-exec area [anonymous]\n"],
    [die_prot_none => 11, 'die_prot_none[2]: segfault at 0x ip 0x sp 0x error 4 '
        . "(read, not $user: no-access area [anonymous]\n"],
    [die_privileged => 11,
        "die_privileged[2]: SIGSEGV at ip 0x: general protection, privileged instruction\n"],
    [die_port => 11, "die_port[2]: SIGSEGV at ip 0x: general protection, privileged instruction\n"],
    [die_div0 => 8, "die_div0[2]: SIGFPE at ip 0x: divide error\n"],
    [die_ud2 => 4, "die_ud2[2]: SIGILL at ip 0x: invalid opcode\n"],
    [die_int3 => 5, "die_int3[2]: SIGTRAP at ip 0x: breakpoint\n"],
    [die_past_file => 7, "die_past_file[2]: SIGBUS at 0x ip 0x: i/o\n"],
    [die_memory => 9, 'Out of memory: killed die_memory[2], oom_score 0x (adj 0), 0x KB resident of '
        . "0x KB, 0x KB in tables and records, 0x KB in shared objects, for a page of die_memory[2]\n"],
);
for my $case (@deaths) {
    my ($program, $signal, $lines) = @$case;
    my $pattern = join '[0-9a-f]+', map { quotemeta } split /0x/, $lines, -1;
    ($status, $out, $err) = faultline($program);
    is $status, 128 + $signal, "$program: 128 + signal";
    like $out, qr/\A${pattern}Total page faults: \d+\nPages Allocated: \d+\n/,
        "$program: its last words, and no return value";
    gave_all_back($out, $program);
}

# A program that kills its children and ends at once: the report waits until their frames are free.
compile('kill_and_go', <<'END');
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#define SIZE (200u << 20)
int main(void)
{
    volatile char *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        if (fork() == 0) {
            char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            for (size_t at = 0; at < SIZE; at += 4096) {
                p[at] = 1;
            }
            for (ready[i] = 1;; sched_yield()) {
            }
        }
    }
    while (!ready[0] || !ready[1] || !ready[2]) {
        sched_yield();
    }
    kill(-1, SIGKILL);
    _exit(0);
}
END
($status, $out) = faultline('--mem 1000M ./kill_and_go');
is $status, 0, 'a program that kills its children and ends';
gave_all_back($out, 'a program that kills its children and ends');

# ---- Input, output, arguments ---------------------------------------------------------------------

my $cat = compile('cat', <<'END');
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char buffer[5000];
    for (ssize_t n; (n = read(0, buffer, sizeof(buffer))) > 0;)
        write(1, buffer, (size_t)n);
    for (int i = 0; i < argc; i++)
        fprintf(stderr, "[%s]", argv[i]);
    return 0;
}
END
my $bytes = join('', map { chr } 0 .. 255) x 40;
($status, $out, $err) = faultline("--report rep ./cat 'a b' '' --json '\$x'", $bytes);
is $out, $bytes, 'standard input arrives byte by byte with its end, output is exact';
is $err, '[/cat][a b][][--json][$x]', 'arguments and standard error arrive unchanged';
($status, $out) = faultline('--report rep ./cat', '');
is $out, '', 'an empty input is at its end at once';
($status, $out) = faultline('--icount --report rep ./cat', $bytes);
is $out, $bytes, '--icount: standard input arrives whole';

my $environment = compile('environment', <<'END');
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    for (char **at = environ; *at != NULL; at++)
        puts(*at);
    return 0;
}
END
(undef, $out) = faultline('--report rep --env A=1 --env B= ./environment');
is $out, "PATH=/bin\nHOME=/\nA=1\nB=\n", '--env adds to a fixed environment';

my $reader = compile('reader', <<'END');
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
int main(int argc, char **argv)
{
    struct stat st;
    FILE *in = fopen(argv[1], "r");
    if (in == NULL || stat(argv[1], &st) != 0)
        return 1;
    for (int c; (c = getc(in)) != EOF;)
        putchar(c);
    fprintf(stderr, "%o %d", st.st_mode & 07777, (int)st.st_size);
    return 0;
}
END
mkdir "$folder/sub" or die "mkdir: $!\n";
write_file("$folder/sub/data file", $bytes);
chmod 0640, "$folder/sub/data file";
($status, $out, $err) = faultline("--report rep --file 'sub/data file' ./reader 'data file'");
is $status, 0, '--file puts a file into the working directory';
is $out, $bytes, '--file keeps the file\'s bytes';
is $err, '640 ' . length $bytes, '--file keeps the file\'s mode and size';

# ---- Figures for programs -------------------------------------------------------------------------

faultline('--json json --trace trace --icount sum');
my $json = JSON::PP::decode_json(read_file("$folder/json"));
is_deeply $json->{report}, {page_faults => 3, pages_allocated => 3, bytes_lost => 8078,
    fragmentation_kb => 8078 / 1024}, '--json: the report';
is $json->{exit}{kind}, 'exited', '--json: how it ended';
is $json->{exit}{value}, 2048, '--json: the value, all of it';
is $json->{exit}{signal}, undef, '--json: no signal';
ok $json->{exit}{is_return}, '--json: _start returned';
is $json->{policy}, 'page', '--json: the policy';
is $json->{faults}{'demand-zero'} + $json->{faults}{'image-in'}, 4, '--json: faults by cause';
is $json->{memory}{freemem_after}, $json->{memory}{freemem_before}, '--json: free frames';
ok $json->{memory}{rss_peak_kb} >= 16, '--json: the peak resident size';
is scalar(grep { $_->{kind} eq 'segment' } @{$json->{accounts}}), 4, '--json: the segments';
my @trace = grep { !/^#/ && / 0804/ } split /\n/, read_file("$folder/trace");
ok @trace >= 3, '--trace: a line per fault';
my @again = do {
    faultline('--trace trace --icount sum');
    grep { !/^#/ && / 0804/ } split /\n/, read_file("$folder/trace");
};
is_deeply \@again, \@trace, '--icount: two runs are the same, clock and all';

faultline('--json json die_null');
$json = JSON::PP::decode_json(read_file("$folder/json"));
is $json->{exit}{kind}, 'killed', '--json: a killed program';
is $json->{exit}{signal}, 11, '--json: its signal';
is $json->{exit}{value}, undef, '--json: no value';
like $json->{crash}[-1], qr/^die_null\[2\]: segfault at 0 .*: null$/, '--json: its last words';

# ---- What cannot run ------------------------------------------------------------------------------

my $hello = 'int main(void) { return 0; }';
for my $case (['wide', 'gcc', '64-bit'], ['pie', 'gcc -m32 -pie', 'position-independent'],
    ['dynamic', 'gcc -m32 -no-pie', 'dynamically linked'])
{
    my ($name, $with, $what) = @$case;
    compile($name, $hello, $with);
    ($status, $out, $err) = faultline("./$name");
    is $status, 126, "a $what program is refused";
    like $err, qr/\b$what\b/, "$name: it is said what it is";
    like $err, qr/^Build it so.*gcc -m32 -static -no-pie -o $name $name\.c$/m,
        "$name: the line that helps is given";
}
my $elf = read_file("$folder/cat");
for my $case (['empty', '', 'too short'], ['text', "#!/bin/sh\n" x 20, 'not an ELF file'],
    ['short', substr($elf, 0, 51), 'too short'],
    ['machine', substr($elf, 0, 18) . "\x28" . substr($elf, 19), 'machine'],
    ['relocatable', substr($elf, 0, 16) . "\x01" . substr($elf, 17), 'not an executable'],
    ['cut', substr($elf, 0, 4096), 'outside the file'])
{
    my ($name, $text, $reason) = @$case;
    write_file($name, $text);
    ($status, $out, $err) = faultline("./$name");
    is $status, 126, "a bad image is refused: $name";
    like $out, qr/\AThis is an invalid elf file: .*\b\Q$reason\E.*\n\z/,
        "$name: with the reason, and without a report";
}

# ---- ./faultline cc -------------------------------------------------------------------------------

mkdir "$folder/include" or die "mkdir: $!\n";
write_file("$folder/include/mine.h", "#define MINE 5\n");
write_file('part.c', "#include <mine.h>\nint part(void) { return MINE + MORE; }\n");
compile('cc_options', <<'END', "$root/faultline cc -std=c99 -O0 -Iinclude -DMORE=2 -include mine.h part.c");
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
int part(void);
int main(void)
{
    unsigned long long big = ULLONG_MAX / (unsigned)part();
    printf("%d %llu %zu\n", part() + MINE, big, strlen("four"));
    return 0;
}
END
(undef, $out) = faultline('--report rep ./cc_options');
is $out, "12 2635249153387078802 4\n", 'cc: -std, -O, -I, -D, -include, two files, 64-bit division';
is system("cd $folder && $root/faultline cc -c part.c -DMORE=1 -Iinclude -o part.o"), 0, 'cc: -c';
is system("cd $folder && $root/faultline cc -E part.c -Iinclude >/dev/null"), 0, 'cc: -E';
isnt system("cd $folder && $root/faultline cc nonexistent.c 2>/dev/null"), 0, 'cc: errors are errors';
isnt system("echo '#include <gnu/libc-version.h>' | $root/faultline cc -x c -c -o /dev/null - 2>/dev/null"),
    0, 'cc: the host\'s headers are out of sight';
SKIP: {
    skip 'no clang', 1 if system('command -v clang >/dev/null') != 0;
    is system("cd $folder && CC=clang $root/faultline cc cat.c -o cat_clang"), 0, 'cc: CC=clang';
}

done_testing;

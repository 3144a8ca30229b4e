#!/usr/bin/env perl
# The user side without a machine: every header of the sysroot compiles alone in both dialects with
# both compilers, <vm.h> keeps its promises (contract 2), and contract 1's programs have the sizes that
# its figures rest on.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/lib";
use Files qw($root $build $folder read_file write_file);
use Test::More;

my @warnings = qw(-Wall -Wextra -Wpedantic -Werror);

# Gives success and everything that was printed.
sub run {
    my $command = join ' ', @_;
    my $output = `$command 2>&1`;
    return ($? == 0, $output);
}

my $n_files = 0;

# Compiles C text against the sysroot alone.
sub compile {
    my ($compiler, $text, @options) = @_;
    my $source = write_file('file' . $n_files++ . '.c', $text);
    chomp(my $own = `$compiler -m32 -print-file-name=include`);
    return run($compiler, qw(-m32 -nostdinc -fno-pie -c), "-isystem $build/sysroot/include",
        "-isystem $own", @warnings, @options, $source, "-o $source.o");
}

sub compiles {
    my ($name, @arguments) = @_;
    my ($is_done, $output) = compile(@arguments);
    return ok($is_done, $name) || diag($output);
}

# ---- Headers ---------------------------------------------------------------------------------------

chomp(my @headers = `cd $root/user/libc/include && find . -name '*.h' | sed 's,^[.]/,,' | sort`);
# Those of musl that programs include by name.
my ($musl_headers) = read_file("$root/user/libc/musl.list") =~ /^headers (.*?)\n\n/ms;
push @headers, grep { !m{^bits/} } split ' ', $musl_headers;
for my $compiler (qw(gcc clang)) {
    for my $dialect (qw(c11 gnu11)) {
        for my $header (@headers) {
            compiles("<$header> alone, $compiler -std=$dialect", $compiler,
                "#include <$header>\n#include <$header>\nint dummy;\n", "-std=$dialect");
        }
        for my $mmap (qw(vm.h sys/mman.h)) {
            my $all = join '', map { "#include <$_>\n" }
                grep { !m{^(?:vm|sys/mman)\.h$} || $_ eq $mmap } @headers;
            compiles("all headers with <$mmap>, $compiler -std=$dialect", $compiler,
                "${all}int dummy;\n", "-std=$dialect");
        }
    }
}

# The same for C++, and for C as it was before `restrict` and `inline`.
for my $language ('-x c++ -std=c++11', '-std=c89 -Wno-long-long') {
    for my $compiler (qw(gcc clang)) {
        for my $mmap (qw(vm.h sys/mman.h)) {
            my $all = join '', map { "#include <$_>\n" }
                grep { !m{^(?:vm|sys/mman|complex|tgmath|uchar)\.h$} || $_ eq $mmap } @headers;
            compiles("all headers with <$mmap>, $compiler $language", $compiler,
                "${all}int dummy;\n", $language);
        }
    }
}

# ---- <vm.h> ----------------------------------------------------------------------------------------

for my $order ("#include <vm.h>\n#include <sys/mman.h>\n", "#include <sys/mman.h>\n#include <vm.h>\n") {
    my ($is_done, $output) = compile('gcc', "${order}int dummy;\n");
    ok(!$is_done, 'both mmap headers in one file are refused');
    like($output, qr/#error .*<vm\.h> and <sys\/mman\.h> both declare mmap/, 'the refusal of both mmap headers names them');
}
compiles("<vm.h>'s values are Linux's", 'gcc', <<'END', '-std=c11');
#include <linux/mman.h>
#include <vm.h>
_Static_assert(MMAPBASE == 0x40000000 && PAGE_SIZE == 4096, "region and page");
_Static_assert(PROT_READ == 1 && PROT_WRITE == 2 && PROT_EXEC == 4, "rights");
_Static_assert(MAP_PRIVATE == 2 && MAP_ANONYMOUS == 0x20 && MAP_POPULATE == 0x8000, "flags");
END
compiles('each macro of <vm.h> may be defined before', 'gcc', <<'END', '-std=c11');
#define MMAPBASE 0x40000000
#define PAGE_SIZE 4096
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20
#define MAP_POPULATE 0x8000
#include <vm.h>
uint (*call)(uint addr, int length, int prot, int flags, int fd, int offset) = mmap;
int (*back)(uint addr) = munmap;
int (*count)(void) = freemem;
END

my $teaching = write_file('teaching.c', <<'END');
#include <vm.h>
int teaching(void);
int teaching(void) { return munmap(mmap(0, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0)) + freemem(); }
END
my $posix = write_file('posix.c', <<'END');
#include <sys/mman.h>
int teaching(void);
int main(void)
{
    void *p = mmap(0, 4096, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    return munmap(p, 4096) + teaching() + freemem();
}
END
my ($is_linked, $link_output) = run("$root/faultline cc $teaching $posix -o $folder/both");
ok($is_linked, 'both interfaces in one program') || diag($link_output);
my (undef, $symbols) = run("nm $folder/both");
like($symbols, qr/ T $_\n/, "it links $_") for qw(mmap munmap area_mmap area_munmap freemem);

# ---- Contract 1's programs -------------------------------------------------------------------------

my %size_of_text = (sum => 110, fib => 114, prime => 93);
for my $name (sort keys %size_of_text) {
    my (undef, $table) = run("readelf -lW $build/bin/$name");
    my ($size) = $table =~ /LOAD\s+\S+\s+\S+\s+\S+\s+(0x[0-9a-f]+)\s+\S+\s+R E/;
    is(hex($size // 0), $size_of_text{$name}, "$name: bytes of its text segment");
}

done_testing;

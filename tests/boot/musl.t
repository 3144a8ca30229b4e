#!/usr/bin/env perl
# `./faultline cc --libc musl`: programs with Debian's musl and the project's allocators.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder);
use Runs qw(run_command faultline compile gave_all_back);
use Test::More;

my $options = '--report /dev/null';

# The demonstrations print what they print with our libc, wherever the kernel puts their pages.
sub masked {
    my ($status, $out, $err) = @_;
    return [$status, $out =~ s/0x[0-9a-f]{5}([0-9a-f]{3})\b/page+0x$1/gr, $err];
}

for my $name (qw(mems_demo simple_demo elastic_demo)) {
    my ($status, undef, $messages) = run_command(
        "$root/faultline cc --libc musl -Wall -Werror $root/user/bin/$name.c -o $name");
    is($status, 0, "$name compiles with musl") or diag($messages);
    is_deeply(masked(faultline("$options ./$name")), masked(faultline("$options $root/build/release/bin/$name")),
        'and prints the same as with our libc');
}

compile('with_musl', <<'END', "$root/faultline cc --libc=musl -Wall -Wextra -Werror");
#include <errno.h>
#include <linux/limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tamalloc.h>
#include <vm.h>
#include <wchar.h>

int main(void)
{
    wchar_t text[32];
    setlocale(LC_ALL, "C.UTF-8");
    swprintf(text, 32, L"%ls %d %.3f", L"wide", PATH_MAX, sqrt(2.0));
    printf("%ls\n", text);
    char *lazy = tamalloc(1 << 20), *block = strdup("block");
    lazy[5000] = 1;
    printf("%d %d %s\n", lazy != NULL, lazy[5000] + lazy[9000], block);
    errno = 0;
    void *nothing = tamalloc(0);
    printf("%d %d\n", nothing == NULL, errno == EINVAL);
    /* The second time all code is there, so that the areas alone move freemem. */
    int with = 0, before = 0, after = 0;
    uint area = 0;
    for (int i = 0; i < 2; i++) {
        before = freemem();
        area = mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        with = freemem();
        munmap(area);
        after = freemem();
    }
    printf("%d %d %d\n", area >= MMAPBASE, with < before, after == before);
    return 0;
}
END
my ($status, $out, $err) = faultline('./with_musl');
like($out, qr/\Awide 4096 1[.]414\n1 1 block\n1 1\n1 1 1\n/, 'errno, <vm.h>, tamalloc and musl in one program');
is($err, '', 'which says nothing else');
gave_all_back($out, 'with musl');

($status, undef, $err) = run_command("$root/faultline cc --libc glibc x.c");
is($status, 125, 'another libc is refused');
is($err, "faultline: --libc: there is faultline and musl, not 'glibc'\n", 'in these words');

done_testing;

#!/usr/bin/env perl
# The libc against glibc: each program of tests/libc/ is built with both and prints the same in the guest,
# on both of its outputs, and ends with the same status.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder write_file);
use Runs qw(run_command faultline compile);
use Test::More;

# The first difference of two texts.
sub difference {
    my ($ours, $glibcs) = map { [split /^/] } @_;
    for my $i (0 .. ($#$ours > $#$glibcs ? $#$ours : $#$glibcs)) {
        my ($here, $there) = map { $_->[$i] // "(end)\n" } $ours, $glibcs;
        return "line " . ($i + 1) . "\n ours:  $here glibc: $there" if $here ne $there;
    }
    return '';
}

my @files = map { write_file($_, "$_\n") } qw(a.txt b.txt c.dat .hidden.txt);
my $options = join ' ', '--report /dev/null', map { "--file $_" } @files;
mkdir "$folder/glibc";

for my $source (sort glob "$root/tests/libc/*.c") {
    my ($name) = $source =~ m{([^/]+)\.c\z};
    my ($status, undef, $messages) =
        run_command("$root/faultline cc -Wall -Wextra -Werror $source -o $name");
    is($status, 0, "$name.c compiles with our headers") or diag($messages);
    ($status, undef, $messages) =
        run_command("gcc -m32 -O2 -std=gnu11 -static -w $source -o glibc/$name -lm");
    is($status, 0, "$name.c compiles with glibc's") or diag($messages);
    my @ours = faultline("$options $name");
    my @glibcs = faultline("$options glibc/$name");
    is(difference($ours[1], $glibcs[1]), '', "$name: standard output");
    is(difference($ours[2], $glibcs[2]), '', "$name: standard error");
    is($ours[0], $glibcs[0], "$name: status");
    cmp_ok(length $ours[1], '>', 40, "$name: prints something");
}

# ---- system and popen, with busybox's shell ---------------------------------------------------------

compile('commands', <<'END');
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char line[100];
    printf("%d ", system(NULL));
    printf("%d ", symlink("/busybox", "/bin/sh"));
    printf("%d ", system(NULL));
    int status = system("echo by the shell; exit 3");
    printf("%d ", WEXITSTATUS(status));
    status = system("kill -9 $$");
    printf("%d\n", WTERMSIG(status));
    FILE *f = popen("echo one; echo two; exit 4", "r");
    while (fgets(line, sizeof(line), f) != NULL) {
        printf("got %s", line);
    }
    status = pclose(f);
    printf("%d\n", WEXITSTATUS(status));
    f = popen("exec /busybox tr a-z A-Z", "w");
    fputs("what was written\n", f);
    status = pclose(f);
    printf("%d %d\n", status, popen("true", "x") == NULL);
    return 0;
}
END
my ($status, $out, $err) =
    faultline("$options --file $root/build/i386-root/bin/busybox commands");
is($out, "by the shell\n0 0 1 3 9\ngot one\ngot two\n4\nWHAT WAS WRITTEN\n0 1\n", 'system and popen')
    or diag($err);

done_testing;

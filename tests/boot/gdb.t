#!/usr/bin/env perl
# The gdb commands of tools/gdb on a running kernel: they read kernel structures by name, so a renamed
# field would break them unseen.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Boots qw(boot_build socket_arguments start_beside);
use Files qw($root $build $folder read_file);
use Test::More;

plan skip_all => 'no gdb' if system('command -v gdb >/dev/null') != 0;

my @script = ("target remote $folder/socket", 'hbreak sys_write', 'continue', 'pt 0x08049000',
    'pt 0xC0100000', 'pt 0x70000000', 'vm-map', 'frames', 'frame-of 1000', 'delete', 'continue');

my $pid = start_beside(sub {
    exec 'timeout', '80', 'gdb', '-q', '-nx', '-batch',
        (map { ('-x', $_) } glob "$root/tools/gdb/*.gdb"), (map { ('-ex', $_) } @script),
        "$build/faultline.elf";
});
my $result = boot_build(timeout => 90, append => 'exit=qemu run=/bin/hello',
    arguments => ['-S', socket_arguments('gdb')]);
waitpid $pid, 0;
is $result->{status}, 33, 'the kernel goes on after gdb';

my $log = read_file("$folder/log");
like $log, qr/^pointers  \[  0\] .* present.*\ndirectory \[ 64\] .* present.*\ntable     \[ 73\] .* user.*\nphysical   [0-9a-f]+$/m,
    'pt: a page of the program, level by level';
like $log, qr/^pointers  \[  3\] .*\ndirectory \[  0\] .*\n(?:table .*\n)?physical   100000$/m,
    'pt: the kernel\'s first page';
like $log, qr/^pointers  \[  1\] .*\n(?:directory .*not present|directory .*\ntable .*not present)$/m, 'pt: says where the walk ends';
like $log, qr/^\d+ areas, \d+ pages, \d+ resident\n08048000-08049000 r--/m, 'vm-map: the areas';
like $log, qr/^usable \d+\nfree   \d+\nkernel \d+\n(?:\w+ +\d+\n){5}/m, 'frames: by owner';
like $log, qr/\{refs = \d+,/, 'frame-of: a record';
unlike $log, qr/syntax error|No symbol/, 'no command complains' or diag $log;

done_testing;

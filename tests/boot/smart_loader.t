#!/usr/bin/env perl
# The loader that is an ordinary program (user/bin/smart_loader.c) prints contract 1's four lines for
# contract 1's programs, in both modes, and leaves every other fault to the kernel.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder);
use Runs qw(compile);
use Test::More;

sub loaded {
    my ($arguments, @options) = @_;
    my $output = `$root/faultline run --timeout 300 --report /dev/null @options smart_loader $arguments </dev/null 2>&1`;
    return ($output, $? >> 8);
}

sub figures {
    my ($value, $faults, $pages, $lost) = @_;
    return "User _start return value = $value\nTotal page faults: $faults\nPages Allocated: $pages\n"
        . "Total fragmentation (in KB): ${lost}KB\n";
}

my @runs = (
    ['/bin/sum', 2048, 3, 3, '7.8887'],
    ['--segment /bin/sum', 2048, 2, 4, '11.8770'],
    ['/bin/prime', -1, 1, 1, '3.9092'],
    ['--segment /bin/prime', -1, 1, 1, '3.9092'],
    ['/bin/fib', 102334155, 1, 1, '3.8887'],
    ['--segment /bin/fib', 102334155, 1, 1, '3.8887'],
);
for my $run (@runs) {
    my ($arguments, @figures) = @$run;
    my ($output, $status) = loaded($arguments);
    is $output, figures(@figures), "smart_loader $arguments: contract 1's lines";
    is $status, $figures[0] & 255, "smart_loader $arguments: the status is the value";
}

my $outside = compile('outside', <<'END', 'gcc -m32 -nostdlib -no-pie');
int _start(void) { return *(volatile int *)0x20000000; }
END
my ($output, $status) = loaded('/outside', "--file $outside");
like $output, qr/\AFault address not in segments\.\nsmart_loader\[\d+\]: segfault at 20000000 .* no-area\n\z/,
    'an access outside the segments ends it with the line of the kernel';
is $status, 139, 'and with its status';

my $writes = compile('writes', <<'END', 'gcc -m32 -nostdlib -no-pie');
static const int constant = 1;
int _start(void) { *(volatile int *)&constant = 2; return 0; }
END
($output, $status) = loaded('/writes', "--file $writes");
like $output, qr/\Asmart_loader\[\d+\]: segfault at .*: read-only area \[.*\]\n\z/,
    'so does a write to a segment that is read-only';

open my $file, '>', "$folder/short" or die "short: $!\n";
print {$file} "\x7fELF\x01\x01\x01";
close $file or die "short: $!\n";
($output, $status) = loaded('/short', "--file $folder/short");
is $output, "This is an invalid elf file\n", 'a file that is cut short is rejected';
is $status, 1, 'with a status that is not 0';

done_testing;

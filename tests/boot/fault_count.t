#!/usr/bin/env perl
# The kernel's count of page faults against QEMU's own log of interrupts (-d int): what the CPU raised
# on the program's image is what the report says, no more and no less.
#
# The program is linked where no other program is, so that its faults can be told from init's in the
# log. It passes no untouched buffer to a call: those faults would be the kernel's.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder);
use Runs qw(compile);
use Test::More;

my $base = 0x20000000;
my $span = 0x10000000;

my $with = 'gcc -m32 -nostdlib -no-pie -fno-pie -Wl,-Ttext-segment=0x20000000';
my $touch = compile('touch', <<'END', $with);
static char page_aligned[64 * 4096];
static int initialised[3000] = {1, 2, 3};
static int far(int n) { return n + 1; }
int (*volatile function)(int) = far;
int _start(void)
{
    int sum = initialised[2999] + function(1);
    for (unsigned i = 0; i < sizeof(page_aligned); i += 3 * 4096)
        page_aligned[i] = 1;
    for (unsigned i = 0; i < sizeof(page_aligned); i += 2 * 4096)
        sum += page_aligned[i];
    return sum;
}
END

for my $policy (qw(page segment)) {
    local $ENV{FAULTLINE_QEMU} = "-d int -D $folder/int.log";
    my $report = `$root/faultline run --timeout 100 --policy $policy $touch </dev/null`;
    my ($counted) = $report =~ /^Total page faults: (\d+)$/m;
    ok $counted, "$policy: the program ran" or diag $report;

    open my $log, '<', "$folder/int.log" or die "int.log: $!\n";
    my $raised = 0;
    while (my $line = <$log>) {
        # 12: v=0e e=0014 i=0 cpl=3 IP=0023:20001000 pc=20001000 SP=002b:bfffff00 CR2=20001000
        my ($level, $address) = $line =~ /v=0e .*cpl=(\d).*CR2=([0-9a-f]+)/ or next;
        $raised++ if $level == 3 && hex $address >= $base && hex $address < $base + $span;
    }
    is $counted, $raised, "$policy: the report counts the page faults that the CPU raised";
}

done_testing;

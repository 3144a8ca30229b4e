#!/usr/bin/env perl
# Every system call with edge arguments (S16, S17), and a million random calls, seeded (docs/testing.md):
# release and debug kernels, and the CPU models that lack something. CALLS and TEST_SEED in the environment
# are passed on.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($root $build);
use Test::More;

# Calls for each machine: together 1 000 000.
my @machines = (
    [$build,               'max',      400_000],
    [$build,               'qemu32',   200_000],
    [$build,               'pentium3', 150_000],
    [$build,               'Nehalem',  150_000],
    ["$root/build/debug",  'max',      100_000],
);

run_guest_test($_, 'matrix') for $build, "$root/build/debug";

my $part = 0;
for my $machine (@machines) {
    my ($from, $cpu, $calls) = @$machine;
    my $seed = ($ENV{TEST_SEED} // 0x46415545) + $part++;    # no two make the same calls
    my $output = run_guest_test($from, 'random_calls', '--cpu', $cpu,
        '--env', 'CALLS=' . ($ENV{CALLS} // $calls), '--env', "TEST_SEED=$seed");
    diag "$cpu: $1" if $output =~ /^# (\d+ calls by .*)$/m;
}
done_testing;

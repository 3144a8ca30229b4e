#!/usr/bin/env perl
# 20 000 000 random system calls (S17), in ten seeds on the release kernel and two on the debug kernel.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($root);
use Test::More;

my @cpus = qw(max qemu32 pentium3 Nehalem);
for my $part (0 .. 11) {
    my $build = $part < 10 ? 'release' : 'debug';
    my $calls = $part < 10 ? 1_800_000 : 1_000_000;
    my $seed = ($ENV{TEST_SEED} // 1) + $part;
    my $output = run_guest_test("$root/build/$build", 'random_calls', '--cpu', $cpus[$part % @cpus],
        '--timeout', 1800, '--env', "CALLS=$calls", '--env', "TEST_SEED=$seed");
    diag "$build: $1" if $output =~ /^# (\d+ calls by .*)$/m;
}
done_testing;

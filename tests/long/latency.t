#!/usr/bin/env perl
# bad-input S18 at full size: populate, munmap, exit and fork of 1.7 GiB, 65 000 areas, 600 children, on
# the instruction clock. tests/boot/latency.t has the same on a small machine.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($root);
use Test::More;

for my $build (qw(debug latency)) {
    my $output = run_guest_test("$root/build/$build", 't_latency', '--icount', '--mem', '2G',
        '--env', 'LATENCY=all', '--timeout', 1800);
    my @stretches = sort { $b <=> $a } $output =~ /: at most (\d+), in /g;
    ok @stretches > 30 && $stretches[0] < 1_000_000, "$build: S18 with 1.7 GiB";
    diag "$build: interrupts are off for at most $stretches[0] instructions" if @stretches;
}
done_testing;

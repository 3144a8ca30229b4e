#!/usr/bin/env perl
# bad-input S18: how long interrupts are off, on the instruction clock. The debug kernel measures it; the
# kernel of `make LATENCY=1`, which is the release kernel but for that, gives the release's figures.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($root);
use Test::More;

for my $build (qw(debug latency)) {
    my $output = run_guest_test("$root/build/$build", 't_latency', '--icount');
    my @stretches = sort { $a <=> $b } $output =~ /: at most (\d+), in /g;
    ok @stretches > 30 && $stretches[0] > 0, "$build: S18 every stretch was measured";
    diag("$build: interrupts are off for at most $stretches[-1] instructions") if @stretches;
}
done_testing;

#!/usr/bin/env perl
# What takes its time: ten thousand runs of a program in one boot, and a process limit that needs
# memory to be reached. LONG=1 in the environment asks for the long form: a hundred thousand runs,
# processes and strings of random code.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($build);
use Test::More;

my $is_long = ($ENV{LONG} // '') eq '1';
my @long = $is_long ? ('--env', 'LONG=1') : ();

run_guest_test($build, 'long_runs', @long);
run_guest_test($build, 't_processes', '--mem', '512M', @long);
SKIP: {
    skip 'LONG=1 asks for 100 000 random strings', 2 unless $is_long;
    run_guest_test($build, 't_random_code', '--cpu', $_, @long) for 'max,-avx', 'qemu32';
}
done_testing;

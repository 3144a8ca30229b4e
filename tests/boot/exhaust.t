#!/usr/bin/env perl
# Memory used up in every way and in each overcommit mode, on a small, a middling and a large machine:
# no panic, no hang, and every frame is back.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Test::More;

my $builds = "$FindBin::RealBin/../../build";

run_guest_test("$builds/release", 'exhaust', '--mem', $_) for '16M', '64M', '512M';
run_guest_test("$builds/debug", 'exhaust', '--mem', '64M');
done_testing;

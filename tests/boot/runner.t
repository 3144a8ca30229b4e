#!/usr/bin/env perl
# Tests of the test runner itself: tiny guests that go wrong in every way a kernel can, each of which
# tools/run-qemu must report as failed, and one good guest that must pass.
use strict;
use warnings;
use FindBin ();
use File::Temp ();
use lib "$FindBin::RealBin/../lib";
use Guests qw(assemble);
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $folder = File::Temp->newdir;

sub run_guest {
    my ($name) = @_;
    my $elf = assemble($root, "$folder", $name);
    # Only the guest that hangs waits for the limit; the others need time on a busy machine.
    my $limit = $name eq 'hang' ? 5 : 60;
    my $output = `$root/tools/run-qemu --timeout $limit --kernel $elf 2>&1`;
    return ($? >> 8, $output);
}

my ($status, $output) = run_guest('good');
is $status, 0, 'a good guest passes' or diag $output;
like $output, qr/^1\.\.2\nok 1 - first\n# some other output\nok 2 - second\n\z/,
    'the guest\'s TAP is passed on, the rest as comments';

my @bad = (
    [panic => qr/status is 35/],
    [panic_line => qr/the kernel panicked/],
    [hang => qr/did not end in time/],
    [triple_fault => qr/status is 0, .*reset/],
    [short_plan => qr/plan says 3 tests, 2 ran/],
    [no_plan => qr/no test plan/],
    [late_not_ok => qr/1 tests failed/],
    [failed_test => qr/1 tests failed/],
);
for my $case (@bad) {
    my ($name, $reason) = @$case;
    ($status, $output) = run_guest($name);
    is $status, 1, "$name is reported as failed";
    like $output, $reason, "$name: the reason is named";
    like $output, qr/^  \| ok 1 - first$/m, "$name: the last lines are shown";
}

$output = `$root/tools/run-qemu --kernel /nonexistent 2>&1`;
is $? >> 8, 1, 'a kernel that does not exist is a failure';
like $output, qr/qemu:/, 'QEMU says why';

done_testing;

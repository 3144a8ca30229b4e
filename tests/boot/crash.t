#!/usr/bin/env perl
# What the kernel says about a program's death, byte for byte: tests/guest/deed.h's programs print
# behind "# wanted: " each line that their children's deaths have to bring, with pid, address, ip,
# sp, error code and cause, and `./faultline run` passes on what the kernel said. With every build,
# and with and without NX, SMEP, SMAP and UMIP.
use strict;
use warnings;
use File::Basename qw(basename);
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Test::More;

my $root = "$FindBin::RealBin/../..";

sub check_lines {
    my ($build, $cpu, $name) = @_;
    my $output = run_guest_test($build, $name, '--cpu', $cpu);
    my @wanted = $output =~ /^# wanted: (.*)$/mg;
    my @said = $output =~ /^(Fault address not in segments\.|\Q$name\E\[\d+\]: .*)$/mg;
    my $n_lines = @wanted;
    ok $n_lines > 50, "there are lines to compare ($n_lines)";
    is_deeply \@said, \@wanted, basename($build) . " on $cpu: $name: every line is as it should be";
    return;
}

my @builds = $ENV{FAULTLINE_BUILD} // grep { -e "$_/tests/t_faults" }
    map { "$root/build/$_" } qw(release debug clang-release clang-debug);
for my $build (@builds) {
    for my $cpu (qw(max qemu32)) {
        check_lines($build, $cpu, 't_faults');
        check_lines($build, $cpu, 't_instructions');
    }
    run_guest_test($build, 't_state', '--cpu', $_, '--file', "$build/tests/entry_state")
        for ('max', 'qemu32', 'max,-fxsr');
    run_guest_test($build, 't_random_code', '--cpu', 'qemu32');
}
check_lines($builds[0], 'max,-fxsr', 't_instructions'); # P5: SSE switched off

# F1's exception, contract L5: a plain return from _start is no fault.
my $output = `$root/faultline run sum </dev/null`;
is $? >> 8, 0, 'F1 a return from _start is no fault';
like $output, qr/\AUser _start return value = 2048\n/, 'F1 a return from _start reports its value';

done_testing;

#!/usr/bin/env perl
# Under --icount time is the instruction clock: a nanosecond is a unit of the time stamp counter, the
# date is the machine's, and two runs read the same times, sleeps and all.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder write_file);
use Runs qw(run_command faultline);
use Test::More;

my $program = <<'END';
#include <faultline.h>
#include <stdio.h>
#include <asm/unistd.h>
#include <unistd.h>

#define MS 1000000ll

static long long now(int clock)
{
    struct { long long seconds, ns; } time = {0, 0};
    (void)syscall(__NR_clock_gettime64, clock, &time);
    return time.seconds * 1000000000ll + time.ns;
}

static void sleep_for(long long ns)
{
    struct { long long seconds, ns; } time = {ns / 1000000000, ns % 1000000000};
    (void)syscall(__NR_clock_nanosleep_time64, 1, 0, &time, 0);
}

int main(void)
{
    long long cycles = (long long)__builtin_ia32_rdtsc(), start = now(1);
    for (int i = 0; i < 5; i++) {
        sleep_for(i * 7 * MS);
        printf("now %lld, CPU time %lld\n", now(1), now(2));
    }
    printf("seconds %lld\n", now(0) / 1000000000);
    long long drift = (long long)__builtin_ia32_rdtsc() - cycles - (now(1) - start);
    printf("slept %s, drift %s\n", now(1) - start >= 70 * MS ? "enough" : "too little",
           drift > -10000 && drift < 10000 ? "none" : "some");
    return 0;
}
END

my $source = write_file('times.c', $program);
my ($status, undef, $messages) =
    run_command("$root/faultline cc -Wall -Wextra -Werror $source -o times");
is($status, 0, 'the program compiles') or diag($messages);
my @runs = map { [faultline('--icount --report /dev/null times')] } 1, 2;
is($runs[0][0], 0, 'the program runs');
is($runs[0][1], $runs[1][1], 'two runs read the same times');
like($runs[0][1], qr/^seconds 1577836800$/m, 'the time of day is that of the machine');
like($runs[0][1], qr/^slept enough, drift none$/m, 'a nanosecond is a unit of the counter');
is(scalar(() = $runs[0][1] =~ /^now \d+, CPU time \d+$/mg), 5, 'five times were printed');

# Another date, read from the CMOS clock by a kernel whose time is the host's.
my @real = faultline('--report /dev/null times');
my ($seconds) = $real[1] =~ /^seconds (\d+)$/m;
cmp_ok($seconds // 0, '>', 1577836800, 'without --icount the time of day is later than 2020');
like($real[1], qr/^slept enough/m, 'and sleeps are not too short');
done_testing();

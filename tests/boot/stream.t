#!/usr/bin/env perl
# What `./faultline run` prints comes in the guest's order, over the virtio port and over a serial port
# (docs/stream.md): interleaved writes, crash lines, large output to a slow reader, and programs that
# would like to write the report themselves (R14).
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder read_file);
use Runs qw(compile faultline run_command);
use Test::More;

my $run = "timeout 200 $root/faultline run --timeout 180";

# Both descriptors are one file of the host.
sub merged {
    my ($arguments) = @_;
    return run_command("sh -c '$run $arguments 2>&1'");
}

# ---- Order -----------------------------------------------------------------------------------------

compile('both', <<'END');
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    char line[32];
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(line, sizeof(line), "%d to %d\n", i, i % 2 + 1);
        if (write(i % 2 + 1, line, (unsigned int)n) != n) {
            return 1;
        }
    }
    return 0;
}
END
my @lines = map { "$_ to " . ($_ % 2 + 1) . "\n" } 0 .. 999;
my $in_order = 0;
for (1 .. 20) {
    my (undef, $out) = merged("--report /dev/null ./both");
    $in_order++ if $out eq join '', @lines;
}
is $in_order, 20, '1 000 interleaved writes come in order, 20 times';
my ($status, $out, $err) = faultline('--report /dev/null ./both');
is $out, join('', @lines[map { 2 * $_ } 0 .. 499]), 'what is written to 1 alone';
is $err, join('', @lines[map { 2 * $_ + 1 } 0 .. 499]), 'what is written to 2 alone';
($status, $out) = merged("--stream serial --report /dev/null ./both");
is $out, join('', @lines), 'over a serial port they come in order, too';
my @twice = map { (merged("--icount ./both"))[1] } 1, 2;
is $twice[0], $twice[1], 'two runs on the instruction clock are identical, report included';

# ---- Crash lines -----------------------------------------------------------------------------------

compile('dies', <<'END');
#include <stdio.h>
int main(void)
{
    printf("ok 1\n");
    int *volatile nowhere = (int *)16;
    *nowhere = 1;
    return 0;
}
END
(undef, $out) = faultline('./dies');
like $out, qr/\Aok 1\nFault address not in segments\.\ndies\[2\]: segfault at 10 .*\nTotal page/,
    'the output of a killed program, its crash line, the report';
(undef, $out, $err) = faultline("--report $folder/report ./dies");
is $out, "ok 1\n", 'with --report: output alone on standard output';
like $err, qr/\AFault address.*\ndies\[2\]: segfault/, 'with --report: the crash line on standard error';
like read_file("$folder/report"), qr/\ATotal page faults: \d+\n/, 'with --report: the report in the file';

# ---- Much output -----------------------------------------------------------------------------------

my $much = 20 << 20;
compile('much', <<'END');
#include <string.h>
#include <unistd.h>
static char piece[65536];
int main(void)
{
    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 320; i++) {
        if (write(1, piece, sizeof(piece)) != (int)sizeof(piece)) {
            return 1;
        }
    }
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    char end[17];
    for (int i = 0; i < 16; i++) {
        unsigned int word = i < 8 ? high : low;
        end[i] = "0123456789abcdef"[word >> (28 - i % 8 * 4) & 15];
    }
    end[16] = '\n';
    return write(1, end, 17) != 17;
}
END
my @clocks;
for (1, 2) {
    ($status, $out) = run_command("sh -c '$run --icount --report /dev/null ./much | (sleep 2; cat)'");
    is length($out), $much + 17, 'a reader that sleeps for two seconds gets all of 20 MiB';
    push @clocks, substr $out, $much;
}
is $clocks[0], $clocks[1], 'a reader that sleeps does not change the guest\'s clock';

# ---- R14 -------------------------------------------------------------------------------------------

compile('forger', <<'END');
#include <fcntl.h>
#include <faultline.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    int fd = open("/dev/report", O_WRONLY);
    printf("open %d, power_off %d\n", fd, power_off(0));
    static const char frame[] = "X\x0a\0\0exited 0\n\nK\1\0\0z1\xff\xff\xff";
    (void)write(1, frame, sizeof(frame) - 1);
    (void)write(2, frame, sizeof(frame) - 1);
    return 42;
}
END
($status, $out, $err) = faultline("--report /dev/null ./forger");
is $status, 42, 'R14 bytes that look like frames end nothing';
my $frame = "X\x0a\0\0exited 0\n\nK\1\0\0z1\xff\xff\xff";
is $out, "open -1, power_off -1\n$frame", 'R14 /dev/report and power_off are refused; the bytes arrive';
is $err, $frame, 'R14 bytes that look like frames arrive on standard error';

# ---- Terminals ---------------------------------------------------------------------------------------

compile('tty', <<'END');
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    fprintf(stderr, "%d%d%d\n", isatty(0), isatty(1), isatty(2));
    return 0;
}
END
(undef, undef, $err) = faultline('--report /dev/null ./tty');
is $err, "000\n", 'no descriptor is a terminal where the host has none';
SKIP: {
    skip 'script is not installed', 2 unless `sh -c 'command -v script'`;
    my (undef, $all) = run_command("script -qec '$run --report /dev/null ./tty' /dev/null");
    like $all, qr/^111\r?$/m, 'all three descriptors are terminals where the host has them';
    (undef, $all) = run_command("script -qec '$run --report /dev/null ./tty | cat' /dev/null");
    like $all, qr/^101\r?$/m, 'standard output alone is none if it is a pipe';
}

done_testing;

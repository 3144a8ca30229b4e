#!/usr/bin/env perl
# Memory used up in every way and in each overcommit mode, on a small, a middling and a large machine:
# no panic, no hang, and every frame is back. For each process that tests/guest/exhaust.c says was killed
# for want of memory the kernel has said so in one line, with the score that the figures in it make.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Deeds qw(run_guest_test);
use Files qw($root);
use List::Util qw(max min);
use Test::More;

use constant { KB_OF_PAGE => 4, SCORE_MAX => 1000 };

my $LINE = qr{
    ^Out\ of\ memory:\ killed\ (exhaust\[\d+\]),\ oom_score\ (\d+)\ \(adj\ (-?\d+)\),
    \ (\d+)\ KB\ resident\ of\ (\d+)\ KB,\ (\d+)\ KB\ in\ tables\ and\ records,
    \ (\d+)\ KB\ in\ shared\ objects,\ for\ a\ page\ of\ (exhaust\[\d+\])$
}x;

sub check_lines {
    my ($output, $name) = @_;
    my @wanted = $output =~ /^# wanted: (.*)$/mg;
    my %is_wanted = map { $_ => 1 } @wanted;
    my ($frames) = $output =~ /^# (\d+) frames$/m;
    my (@said, @odd);
    for my $line (grep { /^(?:Out of memory|exhaust\[)/ } split /\n/, $output) {
        my ($dead, $score, $adj, $kb, $all_kb, $kernel_kb, $shared_kb, $asked) = $line =~ $LINE;
        if (!defined $dead) {
            push @odd, $line;
            next;
        }
        my $held = ($kb + $kernel_kb + $shared_kb) / KB_OF_PAGE;
        my $right = max(0, min(SCORE_MAX, int($held * SCORE_MAX / $frames) + $adj));
        push @odd, $line if $score != $right || $kb > $all_kb || $kernel_kb == 0;
        # Whose page it was is not always known beforehand.
        my $death = "$dead (adj $adj)";
        push @said, $is_wanted{$death} ? $death : "$death for $asked";
    }
    ok @wanted > 100, "$name: processes were killed (" . @wanted . ')';
    is_deeply [sort @said], [sort @wanted], "$name: a line for each";
    is_deeply \@odd, [], "$name: with right figures, and no other line";
    return;
}

for my $case (['release', '16M'], ['release', '64M'], ['release', '512M'], ['debug', '64M']) {
    my ($build, $memory) = @$case;
    check_lines(run_guest_test("$root/build/$build", 'exhaust', '--mem', $memory), "$build, $memory");
}
done_testing;

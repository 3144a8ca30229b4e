#!/usr/bin/env perl
# docs/tour.md, and the examples of other pages: every command of their console blocks is run, in order
# and from the project's folder, and must print what stands below it. A line `...` of a page stands for
# any lines.
#
# Not compared are the addresses of instructions and on the stack in crash lines: they are the compiler's.
use strict;
use warnings;
use FindBin ();
use Test::More;

my $root = "$FindBin::RealBin/../..";
my @pages = qw(docs/tour.md README.md docs/command-line.md);
chdir $root or die "$root: $!\n";
mkdir 'build';

# [place, command, expected output] of every command of a page.
sub read_experiments {
    my ($page) = @_;
    open my $in, '<', $page or die "$page: $!\n";
    my ($is_console, @experiments);
    while (my $line = <$in>) {
        if ($line =~ /\A```(\w*)/) {
            $is_console = $1 eq 'console';
        } elsif (!$is_console) {
            next;
        } elsif ($line =~ /\A\$ (.*)/) {
            push @experiments, ["$page:$.", $1, ''];
        } else {
            $experiments[-1][2] .= $line;
        }
    }
    return @experiments;
}

sub without_pointers {
    my ($text) = @_;
    $text =~ s/ ip [0-9a-f]{8} sp [0-9a-f]{8} / ip - sp - /g;
    return $text =~ s/ segfault at bf[0-9a-f]{6} / segfault at bf- /gr;
}

# Gives what the command prints on both channels. Nobody types: its input is at its end.
sub output_of {
    my ($command) = @_;
    my $pid = open my $out, '-|';
    die "fork: $!\n" unless defined $pid;
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        exec 'timeout', '120', 'sh', '-c', $command or exit 127;
    }
    my $output = do { local $/; <$out> } // '';
    close $out;
    return $output;
}

for my $experiment (map { read_experiments($_) } @pages) {
    my ($place, $command, $expected) = @$experiment;
    my $pattern = join '(?:.*\n)*', map { quotemeta } split /^\.\.\.\n/m,
        without_pointers($expected), -1;
    like without_pointers(output_of($command)), qr/\A$pattern\z/, "$place: $command";
}

done_testing;

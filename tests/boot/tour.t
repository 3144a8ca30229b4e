#!/usr/bin/env perl
# docs/tour.md: every command of its console blocks is run, in order and from the project's folder, and
# must print what stands below it. A line `...` of the page stands for any lines.
#
# Not compared are the addresses of instructions and on the stack in crash lines: they are the compiler's.
use strict;
use warnings;
use FindBin ();
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $page = "$root/docs/tour.md";
chdir $root or die "$root: $!\n";

# [line number, command, expected output] of every command.
sub read_experiments {
    open my $in, '<', $page or die "$page: $!\n";
    my ($is_console, @experiments);
    while (my $line = <$in>) {
        if ($line =~ /\A```(\w*)/) {
            $is_console = $1 eq 'console';
        } elsif (!$is_console) {
            next;
        } elsif ($line =~ /\A\$ (.*)/) {
            push @experiments, [$., $1, ''];
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

my @experiments = read_experiments();
cmp_ok scalar @experiments, '>=', 20, 'the page has its experiments';
for my $experiment (@experiments) {
    my ($line, $command, $expected) = @$experiment;
    my $pattern = join '(?:.*\n)*', map { quotemeta } split /^\.\.\.\n/m,
        without_pointers($expected), -1;
    like without_pointers(output_of($command)), qr/\A$pattern\z/, "line $line: $command";
}

done_testing;

#!/usr/bin/env perl
# Programs that ran on Linux (tests/oracle/NAME.txt, made by `make oracle`) print the same here, line by
# line, and end with the same status. The first line of a golden file names the Linux that made it.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/lib";
use Files qw($root $build read_file);
use Test::More;

# Both sides as [lines], without the golden file's first line.
sub golden {
    my ($file) = @_;
    my ($version, @lines) = split /^/, read_file($file);
    like $version, qr/\A# Linux \d+\.\d+\S*\n\z/, "$file names its Linux";
    return @lines;
}

sub answers {
    my ($program) = @_;
    my $output = `$root/faultline run --timeout 120 --report /dev/null $program 2>&1 </dev/null`;
    return split(/^/, $output), "# status " . ($? >> 8) . "\n";
}

sub first_difference {
    my ($got, $expected) = @_;
    for my $i (0 .. ($#$got > $#$expected ? $#$got : $#$expected)) {
        my ($here, $there) = map { $_->[$i] // "(end)\n" } $got, $expected;
        return "line " . ($i + 1) . "\n Faultline: $here     Linux: $there" if $here ne $there;
    }
    return '';
}

my @golden = sort glob "$root/tests/oracle/*.txt";
ok scalar @golden, 'there are golden files';
for my $file (@golden) {
    my ($name) = $file =~ m{([^/]+)\.txt\z};
    my @expected = golden($file);
    my @got = answers("$build/tests/$name");
    my $difference = first_difference(\@got, \@expected);
    is $difference, '', "$name: " . scalar(@expected) . ' lines as on Linux';
}

done_testing;

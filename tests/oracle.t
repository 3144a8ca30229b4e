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

# The lines in blocks; a program without lines "block N" has one.
sub blocks {
    my %block;
    my $name = 'all';
    for my $line (@_) {
        $name = "block $1" if $line =~ /\Ablock (\d+)$/;
        push @{$block{$name}}, $line;
    }
    return \%block;
}

sub first_difference {
    my ($got, $expected) = @_;
    for my $i (0 .. ($#$got > $#$expected ? $#$got : $#$expected)) {
        my ($here, $there) = map { $_->[$i] // "(end)\n" } $got, $expected;
        return "line " . ($i + 1) . "\n Faultline: $here     Linux: $there" if $here ne $there;
    }
    return '';
}

# Blocks that are known to differ: lines "block N: section of docs/differences.md".
sub known_differences {
    my ($file) = @_;
    return {} unless -e $file;
    return {map { /\A(block \d+): (\S.*)\n\z/ ? ($1 => $2) : () } split /^/, read_file($file)};
}

# Answers of a block that agree, and how many there are.
sub count_answers {
    my ($got, $expected) = @_;
    my @there = map { split ' ' } grep { /\A / } @$expected;
    my @here = map { split ' ' } grep { /\A / } @$got;
    return (scalar(grep { ($here[$_] // '') eq $there[$_] } 0 .. $#there), scalar @there);
}

my @golden = sort glob "$root/tests/oracle/*.txt";
ok scalar @golden, 'there are golden files';
my $sections = read_file("$root/docs/differences.md");
for my $file (@golden) {
    my ($name) = $file =~ m{([^/]+)\.txt\z};
    my ($expected, $got) = (blocks(golden($file)), blocks(answers("$build/tests/$name")));
    my $known = known_differences($file =~ s/txt\z/differences/r);
    my ($n_equal, $n_answers) = (0, 0);
    is join(' ', sort keys %$got), join(' ', sort keys %$expected), "$name: the blocks that Linux has";
    for my $block (sort keys %$expected) {
        my ($equal, $answers) = count_answers($got->{$block} // [], $expected->{$block});
        ($n_equal, $n_answers) = ($n_equal + $equal, $n_answers + $answers);
        my $difference = first_difference($got->{$block} // [], $expected->{$block});
        if (defined $known->{$block}) {
            isnt $difference, '', "$name: $block differs as listed";
            like $sections, qr/^## \Q$known->{$block}\E$/m, "$name: docs/differences.md has the reason";
        } else {
            is $difference, '', "$name: $block as on Linux";
        }
    }
    diag "$name: $n_equal of $n_answers answers as on Linux" if $n_answers;
}

done_testing;

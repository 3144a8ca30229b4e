#!/usr/bin/env perl
# docs/howto-add-a-*.md: the steps of the worked examples are done in a copy of the tree, which must
# build without a warning, and the tests that the pages add must print what the pages show.
#
# A block of C belongs to the file that is named last before it. A file that does not exist yet is made
# of the block. In a header the block goes before the last #endif, elsewhere after the last line, but
# its includes go to their place in the file's list.
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder read_file write_file);
use Test::More;

delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL FAULTLINE_BUILD)};
my $copy = "$folder/tree";
my @pages = map { "docs/howto-add-a-$_.md" } qw(system-call pager);

# Time stamps are kept, so that only what the examples change is built again.
sub copy_tree {
    mkdir $copy or die "$copy: $!\n";
    my $command = "tar -C $root --exclude=./.git --exclude='./build/*/*.iso' --exclude='./build/host*' "
        . "--exclude='./build/*debug' --exclude='./build/clang-*' -cf - . | tar -C $copy -xf -";
    return system($command) == 0;
}

# [file, code] of every block of C.
sub steps {
    my ($page) = @_;
    my @steps;
    my ($file, $is_block) = ('', 0);
    for my $line (split /^/, read_file("$root/$page")) {
        if ($line =~ /\A```(\w*)/) {
            $is_block = $1 eq 'c';
            push @steps, [$file, ''] if $is_block;
        } elsif ($is_block) {
            $steps[-1][1] .= $line;
        } else {
            $file = $_ for $line =~ m{`([\w-]+/[\w/.-]+\.\w+)`}g;
        }
    }
    return @steps;
}

sub apply {
    my ($file, $code) = @_;
    my $path = "$copy/$file";
    if (!-e $path) {
        write_file($path, $code);
        return;
    }
    my $text = read_file($path);
    while ($code =~ s/\A#include "(.*)"\n//) {
        my $name = $1;
        $text =~ s{^(?=#include "(.*)"$)(??{$1 gt $name ? '' : '(?!)'})}{#include "$name"\n}m
            or die "$file has no place for $name\n";
    }
    $code =~ s/\A\n+//;
    if ($file =~ /\.h\z/) {
        $text =~ s/^(?=#endif\b(?!.*^#endif\b))/$code\n/ms or die "$file has no #endif\n";
    } else {
        $text .= "\n$code";
    }
    write_file($path, $text);
    return;
}

sub run {
    my ($command) = @_;
    my $output = `cd $copy && timeout 500 $command 2>&1`;
    return ($? >> 8, $output);
}

ok copy_tree(), 'a copy of the tree';
for my $page (@pages) {
    my @steps = steps($page);
    cmp_ok scalar @steps, '>=', 4, "$page: its blocks of C";
    for my $step (@steps) {
        ok -d dirname("$copy/$step->[0]"), "$page: the folder of $step->[0]";
        apply(@$step);
    }
}

my ($status, $output) = run('make --silent WERROR=1 all guest-tests');
is $status, 0, 'the tree with the examples builds without a warning' or diag $output;
my ($misses, $why) = run('make --silent lint-format');
is $misses, 0, 'the examples are formatted as the rest' or diag $why;

# The command of a page that runs its new test, and what it prints.
for my $page (@pages) {
    my ($command, $expected)
        = read_file("$root/$page") =~ m{^\$ (\./faultline run .*)\n((?:(?!\$ |```).*\n)+)}m;
    my ($end, $printed) = run($command // 'false');
    is $printed, $expected, "$page: $command";
    is $end, 0, "$page: its test passes";
}

# The first block of docs/howto-add-a-program.md, whose C file is a here-document. What it makes in /tmp
# is made in the test's folder.
my ($console) = read_file("$root/docs/howto-add-a-program.md") =~ /^```console\n(.*?)^```/ms;
my ($commands, $shown, $end_of_text) = ('', '', undef);
for my $line (split /^/, $console =~ s{/tmp/}{$folder/}gr) {
    if (defined $end_of_text || $line =~ s/\A\$ //) {
        $commands .= $line;
        $end_of_text = undef if defined $end_of_text && $line eq "$end_of_text\n";
        $end_of_text = $1 if $line =~ /<<'(\w+)'/;
    } else {
        $shown .= $line;
    }
}
write_file('program.sh', "set -e\n$commands");
my ($program_end, $program_printed) = run("sh $folder/program.sh");
is $program_printed, $shown, 'docs/howto-add-a-program.md: a program that one has';
is $program_end, 0, 'docs/howto-add-a-program.md: its commands succeed';

done_testing;

package Runs;

# Compiles programs and runs them by `./faultline run`, with everything that they print kept apart.
#
#     compile('answer', 'int main(void) { return 42; }');
#     my ($status, $out, $err) = faultline('--policy segment ./answer');

use strict;
use warnings;
use Exporter qw(import);
use Files qw($root $folder read_file write_file);
use Test::More ();

our @EXPORT_OK = qw(run_command faultline compile report gave_all_back);

# Runs shell words in the test's folder. Gives status, standard output, standard error.
sub run_command {
    my ($command, $input) = @_;
    write_file('in', $input // '');
    my $status = system "cd $folder && $command <$folder/in >$folder/out 2>$folder/err";
    return ($status >> 8, read_file("$folder/out"), read_file("$folder/err"));
}

# `./faultline run` with the arguments, which are shell words.
sub faultline {
    my ($arguments, $input) = @_;
    return run_command("timeout 120 $root/faultline run --timeout 100 $arguments", $input);
}

# Compiles C text with `./faultline cc`, or by `with`; gives the program's path.
sub compile {
    my ($name, $text, $with) = @_;
    write_file("$name.c", $text);
    $with //= "$root/faultline cc -Wall -Werror";
    system("cd $folder && $with $name.c -o $name") == 0 or die "$name.c does not compile\n";
    return "$folder/$name";
}

# The four lines of contract L7.
sub report {
    my ($value, $faults, $pages, $kb) = @_;
    return "User _start return value = $value\nTotal page faults: $faults\n"
        . "Pages Allocated: $pages\nTotal fragmentation (in KB): ${kb}KB\n";
}

# A test of what `faultline run` printed: it says that as many frames are free as before.
sub gave_all_back {
    my ($out, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($before, $after) = $out =~ /free frames (\d+) before and (\d+) after/;
    Test::More::is($after // 'not said', $before // 'a number', "$name: every frame came back");
    return;
}

1;

package Deeds;

# Runs a program of tests/guest by `./faultline run` and makes its TAP tests one test of ours.

use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(basename);
use File::Temp ();
use Files qw($root);
use Test::More ();

our @EXPORT_OK = qw(run_guest_test);

# Runs NAME of a build with more options of `faultline run`. Gives standard output, crash lines and
# report behind the program's own.
sub run_guest_test {
    my ($build, $name, @options) = @_;
    my $test = join ' ', basename($build), $name, map { m{/} ? basename($_) : $_ } @options;
    my $folder = File::Temp->newdir;
    my @command = ("$root/faultline", 'run', '--timeout', 600, @options, '--append', 'failframe=0',
        "$build/tests/$name");
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $ENV{FAULTLINE_BUILD} = $build;
        open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";
        open STDOUT, '>', "$folder/out" or die "out: $!\n";
        open STDERR, '>', "$folder/err" or die "err: $!\n";
        exec @command or die "@command: $!\n";
    }
    waitpid $pid, 0;
    my $status = $? >> 8;
    open my $in, '<:raw', "$folder/out" or die "out: $!\n";
    my $output = do { local $/; <$in> } // '';
    my ($plan) = $output =~ /^1\.\.(\d+)$/m;
    my @passed = $output =~ /^ok \d+/mg;
    my @failed = $output =~ /^(not ok .*)$/mg;
    my $is_good = $status == 0 && defined $plan && @passed == $plan && !@failed;
    Test::More::ok($is_good, "$test: all " . ($plan // 'its') . ' tests pass')
        or Test::More::diag("status $status, plan ", $plan // 'missing', ', passed ',
            scalar @passed, "\n", join("\n", @failed), "\n", `tail -n 20 $folder/err`);
    return $output;
}

1;

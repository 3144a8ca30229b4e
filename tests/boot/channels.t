#!/usr/bin/env perl
# The plumbing of `./faultline run`, without a kernel: a guest of a few instructions speaks the run
# mode's protocol (tests/boot/guests/echo.asm), and every byte, record and ending must come through.
use strict;
use warnings;
use FindBin ();
use JSON::PP ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $folder read_file write_file);
use Guests qw(assemble);
use Runs qw(run_command);
use Test::More;

my $report = "echo[2]: a crash line\nTotal page faults: 3\n";

# A build folder with a guest in the kernel's place.
sub build_with {
    my ($guest) = @_;
    my $build = "$folder/$guest";
    mkdir $build or -d $build or die "$build: $!\n";
    rename assemble($root, "$folder", $guest), "$build/faultline.elf" or die "rename: $!\n";
    write_file("$build/initrd.tar", "\0" x 1024);
    return $build;
}

# `faultline run` of a build, with options and the program. Gives status, standard output, standard error.
sub faultline {
    my ($build, $input, $options) = @_;
    return run_command("FAULTLINE_BUILD=$build timeout 60 $root/faultline run $options", $input);
}

my $program = write_file('program', 'whatever');
my $echo = build_with('echo');

my ($status, $out, $err) = faultline($echo, '', $program);
is $status, 7, 'the exit status is the program\'s';
is $out, $report, 'crash line and report follow on standard output';
is $err, "to standard error\n", 'standard error is passed through, nothing is added';

my $bytes = join '', map { chr } 0 .. 255, reverse 0 .. 255;
my $all = $bytes . "\x10\x10\x10\x04\x10";
($status, $out, $err) = faultline($echo, $all, "--report $folder/report $program");
is $out, $all, 'every byte value passes both ways, the escape too';
is read_file("$folder/report"), "Total page faults: 3\n", '--report takes the report';
is $err, "to standard error\necho[2]: a crash line\n", '... and crash lines go to standard error';

(undef, $out) = faultline($echo, 'no newline', $program);
is $out, "no newline\n$report", 'the report starts on a line of its own';
(undef, $out) = faultline($echo, "newline\n", $program);
is $out, "newline\n$report", '... without an empty line';

faultline($echo, '', "--json $folder/json --trace $folder/trace --log $folder/log $program");
my $json = JSON::PP::decode_json(read_file("$folder/json"));
is_deeply $json, {schema => 1, report => {page_faults => 3}, crash => ['echo[2]: a crash line'],
    accounts => [{kind => 'segment', faults => {'i/o' => 2}}],
    exit => {kind => 'exited', status => 7, value => 7, signal => undef}},
    '--json nests the figures';
like read_file("$folder/trace"), qr/\A# clock pid .*\n300 2 a fault\n\z/,
    '--trace takes the trace, without the runner\'s';
is read_file("$folder/log"), "starting\n", '--log takes the kernel\'s log';

# Endings that are none of the program's.
($status, $out, $err) = faultline(build_with('panic'), '', $program);
is $status, 125, 'a panic is 125';
like $err, qr/^faultline: the kernel panicked$/m, '... and is named';
($status, $out, $err) = faultline(build_with('triple_fault'), '', $program);
is $status, 125, 'a reset is 125';
like $err, qr/^faultline: the machine reset itself$/m, '... and is named';
($status, $out, $err) = faultline(build_with('good'), '', $program);
is $status, 125, 'an end without a word about the program is 125';
($status, $out, $err) = faultline(build_with('hang'), '', "--timeout 1 $program");
is $status, 124, 'the time limit is 124';
like $err, qr/^faultline: stopped after 1 seconds/m, '... and is named';
($status, $out, $err) = faultline($echo, '', "--cpu nonesuch $program");
is $status, 125, 'QEMU refusing to start is 125';
like $err, qr/^  qemu: .*nonesuch/m, '... with its own words';

# Wrong usage.
for my $case (['', 'which program'], ["--policy both $program", '--policy'],
    ["--mem lots $program", '--mem'], ["--timeout soon $program", '--timeout'],
    ["--env novalue $program", '--env'], ["--nonesuch $program", 'nonesuch'],
    ["--file /nonexistent/x $program", 'No such file'], ["--file / $program", 'Is a directory'],
    ["--file $program $program", 'both'], ["--json /nonexistent/x $program", '--json'])
{
    my ($options, $message) = @$case;
    ($status, $out, $err) = faultline($echo, '', $options);
    is $status, 2, "usage error: $options";
    like $err, qr/\Q$message\E/, '... is named';
}
($status, $out, $err) = faultline($echo, '', '/nonexistent/program');
is $status, 127, 'a missing program is 127';
like $err, qr{/nonexistent/program: No such file or directory}, '... and named';
($status) = faultline($echo, '', '/');
is $status, 126, 'a directory is 126';
($status, $out) = faultline($echo, '', '--help');
is $status, 0, '--help is no error';
like $out, qr/^options of run:/m, '... and lists the options';

# A reader that goes away ends the run.
$status = system("head -c 100000 /dev/zero | FAULTLINE_BUILD=$echo timeout 60 $root/faultline run "
    . "$program 2>/dev/null | head -c 10 >/dev/null; exit 0");
is $status >> 8, 0, 'a closed standard output ends the run';

# ^C: QEMU and the temporary files go too.
write_file('out', '');
my $pid = fork // die "fork: $!\n";
if ($pid == 0) {
    $ENV{FAULTLINE_BUILD} = "$folder/hang";
    $ENV{TMPDIR} = "$folder";
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$folder/out";
    exec "$root/faultline", 'run', $program;
}
for (1 .. 300) {    # until the guest runs
    last if -s "$folder/out";
    select undef, undef, undef, 0.1;
}
kill 'INT', $pid;
waitpid $pid, 0;
is $? >> 8, 130, '^C gives 130';
is_deeply [glob "$folder/faultline-*"], [], '... and leaves no files';

done_testing;

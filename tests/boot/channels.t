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
is $out, $all, 'every byte value passes both ways, also the escape';
is read_file("$folder/report"), "Total page faults: 3\n", '--report takes the report';
is $err, "to standard error\necho[2]: a crash line\n", 'crash lines go to standard error';

(undef, $out) = faultline($echo, 'no newline', $program);
is $out, "no newline\n$report", 'the report starts on a line of its own';
(undef, $out) = faultline($echo, "newline\n", $program);
is $out, "newline\n$report", 'no empty line comes before the report';

faultline($echo, '', "--json $folder/json --trace $folder/trace --log $folder/log $program");
my $json = JSON::PP::decode_json(read_file("$folder/json"));
is_deeply $json, {schema => 1, report => {page_faults => 3}, crash => ['echo[2]: a crash line'],
    accounts => [{kind => 'segment', faults => {'i/o' => 2}}],
    exit => {kind => 'exited', status => 7, value => 7, signal => undef}},
    '--json nests the figures';
like read_file("$folder/trace"), qr/\A# clock pid .*\n300 2 08049000 08050000 write demand-zero 7f 1000 40 20 99\n\z/,
    '--trace takes the trace, without the runner\'s';
my @dropped = ('x.2000000000 1', 'x.1001 1', 'a.b.c.d.e.f.g 1', 'Not-a-name 1', '');
is read_file("$folder/log"), join('', "starting\n", "dropped a trace record of 18 bytes\n",
    map { "dropped a figure: $_\n" } @dropped),
    'R14 --log takes the kernel\'s log, and names records that are not believed';

# Endings that are none of the program's.
($status, $out, $err) = faultline(build_with('panic'), '', $program);
is $status, 125, 'a panic is 125';
like $err, qr/^faultline: the kernel panicked$/m, 'a panic is named';
($status, $out, $err) = faultline(build_with('garbled'), '', $program);
is $status, 125, 'R14 a stream that cannot be true is 125';
is $out, "before\n", 'R14 what came before a stream that cannot be true is shown';
like $err, qr/cannot be understood: a frame of kind 0x31 with 16777215 bytes/, 'R14 a stream that cannot be true is named';
($status, $out, $err) = faultline(build_with('triple_fault'), '', $program);
is $status, 125, 'a reset is 125';
like $err, qr/^faultline: the machine reset itself$/m, 'a reset is named';
($status, $out, $err) = faultline(build_with('good'), '', $program);
is $status, 125, 'an end without a word about the program is 125';
($status, $out, $err) = faultline(build_with('hang'), '', "--timeout 1 $program");
is $status, 124, 'the end by the time limit is 124';
like $err, qr/^faultline: stopped after 1 seconds/m, 'the time limit is named';
($status, $out, $err) = faultline($echo, '', "--cpu nonesuch $program");
is $status, 125, 'QEMU refusing to start is 125';
like $err, qr/^  qemu: .*nonesuch/m, 'QEMU refusing to start is shown in its own words';

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
    like $err, qr/\Q$message\E/, "usage error is named: $options";
}
($status, $out, $err) = faultline($echo, '', '/nonexistent/program');
is $status, 127, 'a missing program is 127';
like $err, qr{/nonexistent/program: No such file or directory}, 'a missing program is named';
($status) = faultline($echo, '', '/');
is $status, 126, 'a directory is 126';
($status, $out) = faultline($echo, '', '--help');
is $status, 0, '--help is no error';
like $out, qr/^options of run:/m, '--help lists the options';

# A reader that goes away ends the run.
$status = system("head -c 100000 /dev/zero | FAULTLINE_BUILD=$echo timeout 60 $root/faultline run "
    . "$program 2>/dev/null | head -c 10 >/dev/null; exit 0");
is $status >> 8, 0, 'a closed standard output ends the run';

# Starts a run in the background and comes back when the guest has said something: its standard output
# is in the file out, its log in the file log.
sub start {
    my ($build) = @_;
    write_file('log', '');
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $ENV{FAULTLINE_BUILD} = $build;
        $ENV{TMPDIR} = "$folder";
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$folder/out";
        open STDERR, '>', "$folder/err";
        exec "$root/faultline", 'run', '--log', "$folder/log", $program;
    }
    return $pid;
}

sub wait_until {
    my ($is_so) = @_;
    for (1 .. 300) {
        return 1 if $is_so->();
        select undef, undef, undef, 0.1;
    }
    return 0;
}

# ^C: QEMU and the temporary files go too. A guest that does not speak yet cannot hear it.
my $pid = start("$folder/hang");
wait_until(sub { glob "$folder/faultline-*/qemu.log" });
kill 'INT', $pid;
waitpid $pid, 0;
is $? >> 8, 130, '^C ends the run with 130';
is_deeply [glob "$folder/faultline-*"], [], '^C leaves no files';

# One that listens gets the first ^C, framed; the second within a second ends the machine.
$pid = start(build_with('listen'));
ok wait_until(sub { read_file("$folder/out") eq "ready\n\x10\x04" }),
    'a guest that listens hears the end of file';
kill 'INT', $pid;
ok wait_until(sub { read_file("$folder/out") eq "ready\n\x10\x04\x10\x03" }),
    'a guest that listens gets ^C';
is waitpid($pid, 1), 0, 'the machine runs on after ^C';
select undef, undef, undef, 1.1;
kill 'INT', $pid;
ok wait_until(sub { read_file("$folder/out") eq "ready\n\x10\x04\x10\x03\x10\x03" }),
    'a guest that listens gets a second ^C';
kill 'INT', $pid;
waitpid $pid, 0;
is $? >> 8, 130, 'a second ^C within a second ends the machine';

done_testing;

#!/usr/bin/env perl
# tests/cases/: small programs that found faults from outside. None may panic, hang or leave freemem()
# changed. The p* programs use Faultline's own calls by number; the others are Linux programs.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $build $folder);
use Runs qw(faultline gave_all_back);
use Test::More;

my $cases = "$root/tests/cases";

sub compile_case {
    my ($name) = @_;
    system("$root/faultline cc -I$cases $cases/$name.c -o $folder/$name") == 0
        or die "$name.c does not compile\n";
    return;
}

sub assemble_case {
    my ($name) = @_;
    system("nasm -f bin $cases/$name.asm -o $folder/$name && chmod +x $folder/$name") == 0
        or die "$name.asm does not assemble\n";
    return;
}

# Runs a case: its status, and what it prints matches; every frame is back.
sub check {
    my ($title, $command, $expected_status, @patterns) = @_;
    my ($status, $out) = faultline($command);
    is $status, $expected_status, "$title: its status";
    like $out, $_, "$title: what it prints" for @patterns;
    gave_all_back($out, $title) if $out =~ /free frames/;
    return $out;
}

# Nobody but the one that is named dies.
sub deaths { return scalar(() = $_[0] =~ /^(?:Out of memory: killed|died:|\S+\[\d+\]: SIG)/mg) }

my @programs = map { m{([^/]+)\.c\z} ? $1 : () } sort glob "$cases/*.c";
compile_case($_) for @programs;
assemble_case($_) for map { m{([^/]+)\.asm\z} ? $1 : () } sort glob "$cases/*.asm";

for my $name (grep { /\A\d/ } @programs) {
    my $out = check($name, "./$name", 0, qr/^1\.\.\d+$/m);
    unlike $out, qr/^not ok/m, "$name: every line is ok";
}

check('S17 ioctl on a directory', './p01_ioctl_directory', 0, qr/TCGETS\) on a directory = -25$/m);
for my $machine ('', '--cpu pentium3') {
    check("S16 mremap of shared memory onto itself $machine", "$machine ./p02_mremap_uaf", 0,
        qr/\(-14\)$/m);
}
{
    local $ENV{FAULTLINE_BUILD} = "$root/build/debug";
    check('S16 the same, debug kernel', './p02_mremap_uaf', 0, qr/\(-14\)$/m);
}
check('M25 past a shared object', './p03_shared_beyond', 128 + 7, qr/^p03\S+: SIGBUS at /m);
for my $form ('', 'fair', 'hidden') {
    check("R12 a hog of $form memory", "./p04_oom_shared $form", 0,
        qr/^died: pid \d+ status 9 \(the hog\)\n1 processes died/m);
}
check('R13 a stack beyond the strict limit', './p05_strict_stack', 0,
    qr/commit-limit\ndied: pid \d+ status b \(the one that recursed\)\n(?!died)/);
check("R14 $_", "./$_", $_ eq 'p06_report_spoof' ? 77 : $_ eq 'p06b_report_swallow' ? 42 : 5,
    qr/^User _start return value = \d+\nTotal page faults: /m)
    for qw(p06_report_spoof p06b_report_swallow p06d_host_memory);
check('R13 fork after large promises in mode 0', './p09_fork_commit', 0, qr/fork = \d+ /);
check('R13 a page number beyond shared memory', './p10_efbig', 0,
    qr/SIGBUS at .*\ndied: pid \d+ status 7 \(the one that touched\)\n(?!died)/);
# On the instruction clock: on the host's, a slow machine may free the memory in time.
my $out = check('R12 a kill while another is dying', '--icount ./p11_kill_for_dying', 0, qr/^child died$/m);
is scalar(() = $out =~ /Out of memory/g), 1, 'R12 nobody dies for a process that is dying already';
(my $status, $out) = faultline('./p12_init_panic');
is $status, 0, 'R12 pid 1 waits for the memory of a dying process';
like $out, qr/^Out of memory: killed p12.*for a page of init\[1\]$/m, 'R12 ... which it asked for';
($status, $out) = faultline('--mem 32M ./p13_never_killed');
is $status, 0, 'R12 pid 1 takes memory from a process that asked never to be killed';
like $out, qr/^Out of memory: killed p13_never_kill.*\(adj -1000\).*for a page of init\[1\]$/m,
    'R12 ... and says so';
check('R12 what an execve holds counts', '--icount --mem 32M ./p14_exec_hog', 0,
    qr/^innocent: status 0$/m);

check('E11 two segments for one address', './41-same-address-twice', 0, qr/^ok 1 - /m);
check('E1 a file shorter than its header', './46-shorter-than-its-header', 126,
    qr/^This is an invalid elf file: too short: 45 bytes/);
check('L3 bytes behind p_filesz', './47-tail-after-filesz', 0,
    qr/^# behind the segment: zeros\nok 1.*\nok 2/m);
check('E23 code in a segment without X', './48-read-implies-exec', 128 + 11, qr/: no-exec area \[image\]$/m);
done_testing;

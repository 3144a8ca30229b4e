#!/usr/bin/env perl
# The panic screen, seen whole: for a machine it cannot run on, and for kernel bugs, which gdb makes
# by bending a register of the running kernel. All of them must end with the panic status.
use strict;
use warnings;
use FindBin ();
use IO::Socket::UNIX ();
use lib "$FindBin::RealBin/../lib";
use Boots qw(boot_build show socket_arguments start_beside);
use Files qw($root $folder);
use Test::More;

our $build = $Files::build;

# Boots with somebody beside QEMU.
sub boot_with {
    my ($work, %option) = @_;
    my $pid = start_beside($work);
    my $result = boot_build(build => $build, timeout => 90,
        append => 'exit=qemu run=/bin/hello', %option);
    kill 'TERM', $pid;
    waitpid $pid, 0;
    return $result;
}

# Stops the kernel at a function, runs gdb commands there, lets it go on.
sub boot_with_gdb {
    my ($function, @commands) = @_;
    my @script = ('set confirm off', "target remote $folder/socket", "hbreak $function", 'continue',
        'delete', @commands, 'continue');
    return boot_with(
        sub { system 'timeout', '80', 'gdb', '-q', '-nx', '-batch', (map { ('-ex', $_) } @script),
            "$build/faultline.elf" },
        arguments => [socket_arguments('gdb'), '-S']);
}

# A QEMU monitor command a moment after the start.
sub boot_with_monitor {
    my ($command, %option) = @_;
    return boot_with(
        sub {
            my $monitor = IO::Socket::UNIX->new(Peer => "$folder/socket") or die "monitor: $!\n";
            sleep 1;
            print {$monitor} "$command\n";
            $monitor->flush;
            sleep 5;
        },
        arguments => [socket_arguments('mon')], %option);
}

sub is_panic {
    my ($result, $reason, $name) = @_;
    my $is_right = is $result->{status}, 35, "$name: ends with the panic status";
    $is_right &= like $result->{output}, qr/^KERNEL PANIC: .*$reason/m, "$name: the reason is named";
    $is_right &= like $result->{output}, qr/^eip [0-9a-f]{8}  (?:esp|cs)/m,
        "$name: the registers are shown";
    $is_right &= like $result->{output}, qr/^cr0 [0-9a-f]+ .*cr2 .*cr3 .*cr4/m,
        "$name: so are the control registers";
    my $n_screens = () = $result->{output} =~ /KERNEL PANIC/g;
    $is_right &= is $n_screens, 1, "$name: there is one screen";
    show($result) unless $is_right;
    return;
}

my $no_init = boot_build(timeout => 90, append => 'exit=qemu init=/nonexistent');
is_panic $no_init, qr/no init/, 'no init';
like $no_init->{output}, qr/^call trace.*\n.*\bkernel_main\+0x/m, 'no init: the trace has names';

SKIP: {
    skip 'no gdb', 18 if system('command -v gdb >/dev/null') != 0;

    # F17: the kernel itself faults, outside of a copy from or to a program.
    my $jump = boot_with_gdb('sys_write', 'set $eip = 0xdeadbee0');
    is_panic $jump, qr/page fault|fault/, 'F17 the kernel jumps to nowhere';
    like $jump->{output}, qr/deadbee0/, 'F17: the address is shown';
    like $jump->{output}, qr/\bhello\b|\binit\b/, 'F17: so is the process that ran';
    like $jump->{output}, qr/pdpt\[/, 'F17: and the page tables of the address';

    my $read = boot_with_gdb('sys_write', 'set frame_table = 0', 'set $eip = frame_check');
    is_panic $read, qr/./, 'F17 the kernel reads page 0';

    # P18: esp runs into the guard below the stack; only a stack of its own can tell.
    my $overflow = boot_with_gdb('sys_write', 'set $esp = process_running->thread.stack_top - 0x2000');
    is_panic $overflow, qr/stack overflow/, 'P18 kernel stack overflow';
}

# F15: a fault that is answered "resolved" and changes nothing. gdb answers in vm_fault()'s place.
for my $variant (qw(release debug)) {
    my @answer = ('set $eax = 0', 'set $eip = *(unsigned int *)$esp', 'set $esp = $esp + 4');
    local $build = "$root/build/$variant";
    SKIP: {
        skip "no gdb, or no $variant build", 2
            if system('command -v gdb >/dev/null') != 0 || !-e "$build/faultline.elf";
        my $place = "vm_fault if process_running != 0 && process_running->id.name[0] == 'h'"; # hello
        my $repeated = boot_with_gdb($place, "hbreak $place",
            (@answer, 'continue') x 12); # more often than it can take
        if ($variant eq 'debug') {
            is_panic $repeated, qr/a page fault that changes nothing/, 'F15 in a debug build';
            next;
        }
        is $repeated->{status}, 33, 'F15 the machine goes on';
        like $repeated->{output}, qr/^\S+\[\d+\]: SIGSEGV at .*: the same page fault again and again$/m,
            'F15 the program is killed, and the reason named';
    }
}

# B12: what no handler of a device asked for.
my $nmi = boot_with_monitor('nmi', append => 'exit=qemu');
is_panic $nmi, qr/NMI|non-maskable/i, 'B12 a non-maskable interrupt';

done_testing;

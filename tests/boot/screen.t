#!/usr/bin/env perl
# The prompt on the screen and the PC keyboard: QEMU's monitor presses keys and reads the text memory
# of the VGA card, as a person at the machine would.
use strict;
use warnings;
use File::Temp ();
use FindBin ();
use IO::Socket::UNIX ();
use lib "$FindBin::RealBin/../../tools/lib";
use Faultline::Boot qw(boot last_lines);
use Test::More;

use constant { TEXT => 0xB8000, COLUMNS => 80, ROWS => 25 };

my $root = "$FindBin::RealBin/../..";
my $build = "$root/build/release";
my $folder = File::Temp->newdir;
my %key_name = ("\n" => 'ret', ' ' => 'spc', '-' => 'minus', '/' => 'slash');

# Meanwhile what the monitor echoes is thrown away, for else it would wait for us.
sub pause {
    my ($monitor) = @_;
    select undef, undef, undef, 0.1;
    sysread $monitor, my $echo, 65536 if defined $monitor;
    return;
}

# The screen's text; the monitor writes it into a file, a character and an attribute by turns.
sub read_screen {
    my ($monitor) = @_;
    my $file = "$folder/screen";
    unlink $file;
    # In quotes: a bare slash would go on as a division.
    printf {$monitor} "pmemsave %d %d \"%s\"\n", TEXT, 2 * COLUMNS * ROWS, $file;
    for (1 .. 50) {
        last if (-s $file // 0) == 2 * COLUMNS * ROWS;
        pause($monitor);
    }
    open my $in, '<:raw', $file or return '';
    local $/;
    my $characters = (<$in> // '') =~ s/(.)./$1/gsr;
    return join "\n", map { s/[\0 ]+\z//r } unpack '(a80)*', $characters;
}

sub wait_for {
    my ($monitor, $pattern) = @_;
    my $screen = '';
    for (1 .. 300) {
        $screen = read_screen($monitor);
        last if $screen =~ $pattern;
        pause($monitor);
    }
    return $screen;
}

sub type {
    my ($monitor, $text) = @_;
    for my $key (split //, $text) {
        my $name = $key_name{$key} // ($key =~ /[A-Z]/ ? 'shift-' . lc $key : $key);
        print {$monitor} "sendkey $name 20\n";
        pause($monitor);
    }
    return;
}

# Runs beside QEMU; what it saw goes to files.
sub sit_at_the_machine {
    my $monitor;
    for (1 .. 100) {
        $monitor = IO::Socket::UNIX->new(Peer => "$folder/socket") and last;
        pause();
    }
    $monitor->autoflush(1);
    $monitor->blocking(0);
    keep('start', wait_for($monitor, qr/^faultline> ?$/m));
    type($monitor, "run sum\n");
    keep('sum', wait_for($monitor, qr/free frames/));
    type($monitor, "off\n");
    pause() for 1 .. 20;
    return;
}

sub keep {
    my ($name, $text) = @_;
    open my $out, '>', "$folder/$name.txt" or die "$name: $!\n";
    print {$out} $text;
    close $out or die "$name: $!\n";
    return;
}

sub kept {
    my ($name) = @_;
    open my $in, '<', "$folder/$name.txt" or return '';
    local $/;
    return <$in> // '';
}

my $pid = fork // die "fork: $!\n";
if ($pid == 0) {
    sit_at_the_machine();
    require POSIX;
    POSIX::_exit(0);
}
my $result = boot(kernel => "$build/faultline.elf", initrd => "$build/initrd.tar", timeout => 120,
    append => 'exit=qemu', vga => 1, arguments => ['-chardev',
        "socket,id=mon,path=$folder/socket,server=on,wait=off", '-mon', 'chardev=mon']);
kill 'TERM', $pid;
waitpid $pid, 0;

my $is_well = is $result->{status}, 33, 'the keyboard powers the machine off';
$is_well &= like kept('start'), qr/^faultline>/m, 'the prompt is on the screen';
$is_well &= like kept('sum'), qr/^faultline> run sum$/m, 'keys are echoed on the screen';
$is_well &= like kept('sum'), qr/^User _start return value = 2048$/m, 'a program runs there';
$is_well &= like $result->{output}, qr/^User _start return value = 2048$/m,
    'the serial port shows the same';
diag kept('start'), kept('sum'), map { "  | $_\n" } last_lines($result) unless $is_well;

done_testing;

#!/usr/bin/env perl
# The prompt on the screen and the PC keyboard: QEMU's monitor presses keys and reads the text memory
# of the VGA card, as a person at the machine would.
use strict;
use warnings;
use FindBin ();
use IO::Socket::UNIX ();
use lib "$FindBin::RealBin/../lib";
use Boots qw(boot_build show socket_arguments start_beside);
use Files qw($folder read_file write_file);
use Test::More;

use constant { TEXT => 0xB8000, COLUMNS => 80, ROWS => 25 };

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

# Beside QEMU; what is seen goes to files.
sub sit_at_the_machine {
    my $monitor = IO::Socket::UNIX->new(Peer => "$folder/socket") or die "monitor: $!\n";
    $monitor->autoflush(1);
    $monitor->blocking(0);
    write_file('start', wait_for($monitor, qr/^faultline> ?$/m));
    type($monitor, "run sum\n");
    write_file('sum', wait_for($monitor, qr/free frames/));
    type($monitor, "off\n");
    pause() for 1 .. 20;
    return;
}

sub seen {
    my ($name) = @_;
    return -e "$folder/$name" ? read_file("$folder/$name") : '';
}

my $pid = start_beside(\&sit_at_the_machine);
my $result = boot_build(timeout => 120, append => 'exit=qemu', vga => 1,
    arguments => [socket_arguments('mon')]);
kill 'TERM', $pid;
waitpid $pid, 0;

my $is_well = is $result->{status}, 33, 'the keyboard powers the machine off';
$is_well &= like seen('start'), qr/^faultline>/m, 'the prompt is on the screen';
$is_well &= like seen('sum'), qr/^faultline> run sum$/m, 'keys are echoed on the screen';
$is_well &= like seen('sum'), qr/^User _start return value = 2048$/m, 'a program runs there';
$is_well &= like $result->{output}, qr/^User _start return value = 2048$/m,
    'the serial port shows what the screen shows';
if (!$is_well) {
    diag seen('start'), seen('sum');
    show($result);
}

done_testing;

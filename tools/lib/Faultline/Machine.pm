package Faultline::Machine;

# Runs QEMU for `faultline run` and carries bytes between it and this process.
#
# The guest's three serial ports are the program's standard input and output, its standard error,
# and a record channel (kernel log, crash lines, report, figures). The input is framed because a
# serial line has no end of file: byte 0x10 announces a control byte.
#
# All transfers go through one select loop. QEMU's output pipes are always read, and its input pipe
# is written without blocking, so the two sides cannot deadlock.

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EPIPE);
use Fcntl qw(F_DUPFD F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Time::HiRes qw(time);

use constant {
    ESCAPE => "\x10",
    END_OF_FILE => "\x10\x04",
    CHUNK => 65536,
    F_SETPIPE_SZ => 1031, # Linux's; Fcntl does not know it
    PIPE_BYTES => 1 << 20, # as much as everybody may have
    SETPRIV => '/usr/bin/setpriv', # of util-linux
    FIRST_SPARE_FD => 64, # above what is open, so that no descriptor is overwritten
    KILL_AFTER => 2,     # seconds that QEMU has to exit by itself
};

# The arguments of every headless run. -nodefaults omits the devices that nothing here drives, which
# also speeds up the firmware.
sub base_arguments {
    return (qw(-nodefaults -no-user-config -display none -no-reboot -machine pc), '-device',
        'isa-debug-exit,iobase=0xf4,iosize=4');
}

# The instruction clock: RDTSC counts guest instructions, and two runs are identical byte by byte.
sub repeatable_arguments {
    return ('-accel', 'tcg', '-icount', 'shift=0,sleep=off', '-rtc', 'base=2020-01-01,clock=vm',
        '-seed', '1');
}

# arguments: QEMU's, without the serial ports; folder: where QEMU starts; error_log: file for QEMU's
# own messages; timeout: seconds or undef; on_output, on_error: called with bytes, on_record with
# tag and text; input: file handle or undef; is_framed: the input is the run mode's, with an end of
# file. Returns the object; run() returns how it ended.
sub new {
    my ($class, %options) = @_;
    return bless {%options, pending => '', partial => '', outcome => undef}, $class;
}

# Returns 'ended' (then status is QEMU's), 'timeout', 'output-closed' if nobody reads our output, or
# what a callback passed to finish().
sub run {
    my ($self) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->start;
    $self->pump;
    $self->stop if $self->{outcome};
    $self->reap;
    $self->take_record($self->{partial}) if $self->{partial} ne '';
    delete @$self{qw(to_guest from_guest on_output on_error on_record input)};
    return $self->{outcome} // 'ended';
}

sub start {
    my ($self) = @_;
    pipe my $in_read, my $in_write or die "pipe: $!\n";
    my (%reader, %writer);
    for my $name (qw(output error record)) {
        pipe $reader{$name}, $writer{$name} or die "pipe: $!\n";
        # If the pipe is full, QEMU retries later, in the host's time, so never let it fill up.
        fcntl $reader{$name}, F_SETPIPE_SZ, PIPE_BYTES;
    }
    $self->{pid} = fork // die "fork: $!\n";
    $self->exec_qemu($in_read, \%writer) if $self->{pid} == 0;
    my $flags = fcntl $in_write, F_GETFL, 0;
    fcntl $in_write, F_SETFL, $flags | O_NONBLOCK or die "fcntl: $!\n";
    $self->{to_guest} = $in_write;
    $self->{from_guest} = \%reader;
    $self->{deadline} = time + $self->{timeout} if defined $self->{timeout};
    $self->{pending} = END_OF_FILE if $self->{is_framed} && !$self->{input};
    return;
}

sub exec_qemu {
    my ($self, $input, $writer) = @_;
    setpgrp 0, 0;    # the terminal's ^C is for us; we stop QEMU properly
    chdir $self->{folder} or POSIX::_exit(127);
    POSIX::dup2(fileno $input, 0);
    POSIX::dup2(fileno $writer->{output}, 1);
    open STDERR, '>', $self->{error_log} or POSIX::_exit(127);
    # append=on: QEMU would truncate a plain file, which a pipe refuses.
    my @ports = ('-chardev', 'stdio,id=program,signal=off', '-serial', 'chardev:program');
    for my $name (qw(error record)) {
        my $fd = fcntl $writer->{$name}, F_DUPFD, FIRST_SPARE_FD; # stays open over exec
        push @ports, '-add-fd', "fd=$fd,set=$fd", '-chardev',
            "file,id=$name,path=/dev/fdset/$fd,append=on", '-serial', "chardev:$name";
    }
    # QEMU must not outlive us, even if we are killed without a chance to stop it.
    my @bound = -x SETPRIV ? (SETPRIV, '--pdeathsig', 'TERM') : ();
    my @command = (@bound, 'qemu-system-i386', @{$self->{arguments}}, @ports);
    { no warnings 'exec'; exec @command }
    print STDERR "cannot start qemu-system-i386: $!\n";
    POSIX::_exit(127);
}

sub pump {
    my ($self) = @_;
    while (%{$self->{from_guest}} && !$self->{outcome}) {
        my ($readable, $writable) = ('', '');
        vec($readable, fileno $_, 1) = 1 for values %{$self->{from_guest}};
        vec($readable, fileno $self->{input}, 1) = 1 if $self->wants_input;
        vec($writable, fileno $self->{to_guest}, 1) = 1 if $self->has_output;
        my $wait = defined $self->{deadline} ? $self->{deadline} - time : undef;
        if (defined $wait && $wait <= 0) {
            $self->{outcome} = 'timeout';
            last;
        }
        next if select($readable, $writable, undef, $wait) <= 0;
        $self->read_input if $self->wants_input && vec $readable, fileno $self->{input}, 1;
        $self->write_guest if vec $writable, fileno $self->{to_guest}, 1;
        for my $name (grep { $self->{from_guest}{$_} } qw(output error record)) {
            my $handle = $self->{from_guest}{$name};
            $self->read_guest($name, $handle) if vec $readable, fileno $handle, 1;
        }
    }
    return;
}

# The serial port accepts a byte before the kernel has set it up, and setting it up loses that byte.
# Framed input therefore waits for the first record, which the kernel sends when its ports are
# ready.
sub has_output {
    my ($self) = @_;
    return $self->{pending} ne '' && ($self->{is_ready} || !$self->{is_framed});
}

sub wants_input {
    my ($self) = @_;
    return $self->{input} && length $self->{pending} < CHUNK;
}

sub read_input {
    my ($self) = @_;
    my $count = sysread $self->{input}, my $bytes, CHUNK;
    return if !defined $count && ($! == EINTR || $! == EAGAIN);
    if (!$count) {
        $self->{input} = undef;
        $self->{pending} .= END_OF_FILE if $self->{is_framed};
        return;
    }
    $bytes =~ s/\x10/\x10\x10/g if $self->{is_framed};
    $self->send($bytes);
    return;
}

# Queues bytes for the guest's first port. For callbacks that reply to what they read.
sub send {
    my ($self, $bytes) = @_;
    $self->{pending} .= $bytes;
    return;
}

# Makes run() return `outcome` soon. For callbacks that have seen enough.
sub finish {
    my ($self, $outcome) = @_;
    $self->{outcome} //= $outcome;
    return;
}

sub write_guest {
    my ($self) = @_;
    my $count = syswrite $self->{to_guest}, $self->{pending};
    if (defined $count) {
        substr $self->{pending}, 0, $count, '';
    } elsif ($! == EPIPE) {
        $self->{pending} = '';    # QEMU is gone; its output explains the rest
        $self->{input} = undef;
    }
    return;
}

sub read_guest {
    my ($self, $name, $handle) = @_;
    my $count = sysread $handle, my $bytes, CHUNK;
    return if !defined $count && ($! == EINTR || $! == EAGAIN);
    if (!$count) {
        delete $self->{from_guest}{$name};
        return;
    }
    if ($name eq 'record') {
        my @lines = split /\n/, $self->{partial} . $bytes, -1;
        $self->{partial} = pop @lines;
        $self->take_record($_) for @lines;
        return;
    }
    my $is_taken = $name eq 'output' ? $self->{on_output}->($bytes) : $self->{on_error}->($bytes);
    $self->{outcome} = 'output-closed' if $name eq 'output' && !$is_taken;
    return;
}

# A record is a one-letter tag, a space and text. Other lines are passed on as kernel log, because a
# kernel in trouble writes them.
sub take_record {
    my ($self, $line) = @_;
    $line =~ s/\r\z//;
    $self->{is_ready} = 1;
    my ($tag, $text) = $line =~ /\A([A-Z])(?: (.*))?\z/s ? ($1, $2 // '') : ('K', $line);
    $self->{on_record}->($tag, $text);
    return;
}

# Stops QEMU, first politely, then by force. Safe to call at any time, even from a signal handler.
sub stop {
    my ($self) = @_;
    return unless $self->{pid};
    kill 'TERM', $self->{pid};
    for (1 .. KILL_AFTER * 50) {
        return if $self->is_reaped;
        select undef, undef, undef, 0.02;
    }
    kill 'KILL', $self->{pid};
    return;
}

sub is_reaped {
    my ($self) = @_;
    return 1 unless $self->{pid};
    return 0 if waitpid($self->{pid}, POSIX::WNOHANG()) != $self->{pid};
    $self->note_status;
    return 1;
}

sub reap {
    my ($self) = @_;
    return unless $self->{pid};
    waitpid $self->{pid}, 0;
    $self->note_status;
    return;
}

sub note_status {
    my ($self) = @_;
    $self->{status} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    $self->{pid} = undef;
    return;
}

sub status { return $_[0]{status} }

1;

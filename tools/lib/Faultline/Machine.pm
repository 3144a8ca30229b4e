package Faultline::Machine;

# Runs QEMU for `faultline run` and carries bytes between it and this process.
#
# What the guest says comes as one stream in its own order (Faultline::Stream, docs/stream.md): over a
# virtio port if the machine has one, else over the first serial port. Input goes to the first serial
# port. It is framed because a serial line has no end of file: byte 0x10 announces a control byte.
#
# All transfers go through one select loop. QEMU's output pipes are always read, and its input pipe
# is written without blocking, so neither side can wait for the other for ever.

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EPIPE);
use Fcntl qw(F_DUPFD F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Time::HiRes qw(time);
use Faultline::Stream;

use constant {
    ESCAPE => "\x10",
    END_OF_FILE => "\x10\x04",
    BREAK => "\x10\x03",
    CHUNK => 65536,
    GUEST_CHUNK => 1 << 20,
    F_SETPIPE_SZ => 1031, # Linux's; Fcntl does not know it
    PIPE_BYTES => 1 << 20, # as much as everybody may have
    SETPRIV => '/usr/bin/setpriv', # of util-linux
    FIRST_SPARE_FD => 64, # above what is open, so that no descriptor is overwritten
    KILL_AFTER => 2,     # seconds that QEMU has to end by itself
    UNBLOCK_PAUSE => 0.002, # seconds between looks whether QEMU has opened its pipes
};

# What every headless run of the project has in common. -nodefaults leaves out the devices that
# nobody here drives, which also makes the firmware quicker.
sub base_arguments {
    return (qw(-nodefaults -no-user-config -display none -no-reboot -machine pc), '-device',
        'isa-debug-exit,iobase=0xf4,iosize=4');
}

# The instruction clock: RDTSC counts guest instructions, and two runs are the same byte by byte.
sub repeatable_arguments {
    return ('-accel', 'tcg', '-icount', 'shift=0,sleep=off', '-rtc', 'base=2020-01-01,clock=vm',
        '-seed', '1');
}

# The device that carries the stream. ioeventfd=off: QEMU takes a buffer during the notification;
# vectors=0 leaves out MSI-X, which nobody needs. Never a virtconsole: it drops what a pipe refuses.
sub stream_arguments {
    return ('-device', 'virtio-serial-pci,ioeventfd=off,vectors=0', '-device',
        'virtserialport,nr=1,chardev=stream');
}

# arguments: QEMU's, without the serial ports; folder: where QEMU starts; error_log: file for what QEMU
# itself says; timeout: seconds or undef; has_device: the machine has the virtio port;
# on_output, on_error: called with bytes, on_record with tag and text, on_raw with bytes of the first
# port that are not framed; input: file handle or undef; is_framed: the input is the run mode's, with
# an end of file. Gives the object; run() gives how it ended.
sub new {
    my ($class, %options) = @_;
    my $self = bless {%options, pending => '', is_half => 0, outcome => undef}, $class;
    for my $name (qw(program stream)) {
        $self->{decoder}{$name} = Faultline::Stream->new(
            (map { $_ => $options{$_} } qw(on_output on_error on_raw)),
            on_record => sub { $self->take_record(@_) });
    }
    return $self;
}

# 'ended' (then status is QEMU's), 'timeout', 'output-closed' when nobody reads our output, 'garbled'
# when the stream cannot be read (then problem says why), or what a callback gave to finish().
sub run {
    my ($self) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->start;
    $self->pump;
    $self->stop if $self->{outcome};
    $self->reap;
    $_->end for values %{$self->{decoder}};
    delete @$self{qw(to_guest from_guest to_unblock decoder on_output on_error on_record on_raw input)};
    return $self->{outcome} // 'ended';
}

sub start {
    my ($self) = @_;
    pipe my $in_read, my $in_write or die "pipe: $!\n";
    my (%reader, %writer);
    for my $name ('program', $self->{has_device} ? 'stream' : ()) {
        pipe $reader{$name}, $writer{$name} or die "pipe: $!\n";
        fcntl $reader{$name}, F_SETPIPE_SZ, PIPE_BYTES;
    }
    $self->{pid} = fork // die "fork: $!\n";
    $self->exec_qemu($in_read, \%writer) if $self->{pid} == 0;
    my $flags = fcntl $in_write, F_GETFL, 0;
    fcntl $in_write, F_SETFL, $flags | O_NONBLOCK or die "fcntl: $!\n";
    $self->{to_guest} = $in_write;
    $self->{from_guest} = \%reader;
    $self->{to_unblock} = \%writer;
    $self->{deadline} = time + $self->{timeout} if defined $self->{timeout};
    $self->{pending} = END_OF_FILE if $self->{is_framed} && !$self->{input};
    return;
}

sub exec_qemu {
    my ($self, $input, $writer) = @_;
    setpgrp 0, 0;    # the terminal's ^C is for us: we end QEMU in order
    chdir $self->{folder} or POSIX::_exit(127);
    POSIX::dup2(fileno $input, 0);
    POSIX::dup2(fileno $writer->{program}, 1);
    open STDERR, '>', $self->{error_log} or POSIX::_exit(127);
    my @ports = ('-chardev', 'stdio,id=program,signal=off', '-serial', 'chardev:program');
    if ($self->{has_device}) {
        my $fd = fcntl $writer->{stream}, F_DUPFD, FIRST_SPARE_FD; # stays open over exec
        # append=on: QEMU would truncate a plain file, which a pipe refuses.
        push @ports, '-add-fd', "fd=$fd,set=$fd", '-chardev',
            "file,id=stream,path=/dev/fdset/$fd,append=on", stream_arguments();
    }
    # QEMU shall not outlive us even if we are killed without a chance to stop it.
    my @bound = -x SETPRIV ? (SETPRIV, '--pdeathsig', 'TERM') : ();
    my @command = (@bound, 'qemu-system-i386', @{$self->{arguments}}, @ports);
    { no warnings 'exec'; exec @command }
    print STDERR "cannot start qemu-system-i386: $!\n";
    POSIX::_exit(127);
}

# QEMU makes its ends of the pipes non-blocking when it opens them. A write that a full pipe refuses
# costs the guest instructions while it waits, as many as the host likes, so we take that back: the
# flag belongs to the pipe's end, and that we still have. It is closed then, for the end of file.
sub unblock {
    my ($self, $is_open) = @_;
    $is_open ||= $self->is_reaped;
    for my $name (keys %{$self->{to_unblock}}) {
        my $handle = $self->{to_unblock}{$name};
        my $flags = fcntl $handle, F_GETFL, 0;
        next if !($flags & O_NONBLOCK) && !$is_open;
        fcntl $handle, F_SETFL, $flags & ~O_NONBLOCK;
        delete $self->{to_unblock}{$name};
    }
    return;
}

sub pump {
    my ($self) = @_;
    while (%{$self->{from_guest}} && !$self->{outcome}) {
        $self->unblock if %{$self->{to_unblock}};
        my ($readable, $writable) = ('', '');
        vec($readable, fileno $_, 1) = 1 for values %{$self->{from_guest}};
        vec($readable, fileno $self->{input}, 1) = 1 if $self->wants_input;
        vec($writable, fileno $self->{to_guest}, 1) = 1 if $self->has_output;
        my $wait = defined $self->{deadline} ? $self->{deadline} - time : undef;
        if (defined $wait && $wait <= 0) {
            $self->{outcome} = 'timeout';
            last;
        }
        $wait = UNBLOCK_PAUSE if %{$self->{to_unblock}} && (!defined $wait || $wait > UNBLOCK_PAUSE);
        next if select($readable, $writable, undef, $wait) <= 0;
        $self->read_input if $self->wants_input && vec $readable, fileno $self->{input}, 1;
        $self->write_guest if vec $writable, fileno $self->{to_guest}, 1;
        for my $name (grep { $self->{from_guest}{$_} } qw(program stream)) {
            my $handle = $self->{from_guest}{$name};
            $self->read_guest($name, $handle) if vec $readable, fileno $handle, 1;
        }
    }
    return;
}

# The serial port takes a byte before the kernel has set it up, and setting it up loses that byte. So
# framed input waits for the stream's hello, which the kernel sends when its ports are ready.
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

# Queues bytes for the guest's first port. For callbacks that answer what they read.
sub send {
    my ($self, $bytes) = @_;
    $self->{pending} .= $bytes;
    return;
}

# ^C for the guest's foreground group, before what is queued. False: nobody there listens yet.
sub interrupt {
    my ($self) = @_;
    return 0 if !$self->{is_ready};
    substr $self->{pending}, $self->{is_half}, 0, BREAK;
    return 1;
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
        my $written = substr $self->{pending}, 0, $count, '';
        substr $written, 0, 1, '' if $self->{is_half};
        # Was it cut between the escape and its byte?
        $self->{is_half} = $written =~ /\A(?:[^\x10]|\x10.)*\x10\z/s ? 1 : 0;
    } elsif ($! == EPIPE) {
        $self->{pending} = '';    # QEMU is gone; its output says the rest
        $self->{input} = undef;
    }
    return;
}

sub read_guest {
    my ($self, $name, $handle) = @_;
    my $count = sysread $handle, my $bytes, GUEST_CHUNK;
    return if !defined $count && ($! == EINTR || $! == EAGAIN);
    if (!$count) {
        delete $self->{from_guest}{$name};
        return;
    }
    $self->unblock(1);    # a guest that speaks has its pipes
    my $decoder = $self->{decoder}{$name};
    my $is_taken = $decoder->take($bytes);
    $self->{outcome} //= 'output-closed' if !$is_taken;
    $self->{problem} //= $decoder->problem;
    $self->{outcome} //= 'garbled' if defined $self->{problem};
    return;
}

sub take_record {
    my ($self, $tag, $text) = @_;
    $self->{is_ready} = 1;
    $self->{on_record}->($tag, $text) if $tag ne 'H';
    return;
}

# Ends QEMU: politely, then by force. Safe to call at any time, also from a signal handler.
sub stop {
    my ($self) = @_;
    return unless $self->{pid};
    delete @$self{qw(from_guest to_unblock)};    # QEMU may wait for us to read
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
sub problem { return $_[0]{problem} }

1;

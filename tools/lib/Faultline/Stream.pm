package Faultline::Stream;

# Takes apart what the guest says to the host (docs/stream.md): frames of a kind and a payload, in the
# guest's order. A device that carries no frames (console=serial, a guest of a test) is passed on raw.
#
# Nothing that is read is believed: a kind that does not exist or a length beyond the limit breaks the
# stream and ends the reading, a record that is not as it should be is named and dropped. Program
# output is moved in large pieces; no byte of it is looked at.

use strict;
use warnings;

use constant {
    HELLO => "H\x12\0\0faultline-stream 1",
    HEAD_BYTES => 4,
    PAYLOAD_MAX => 65536,
    TRACE_BYTES => 60,
    RAW_LINE_MAX => 4096,
};
my %is_line = map { $_ => 1 } qw(K C L R S X);
my %access_word = (r => 'read', w => 'write', x => 'exec');

# on_output, on_error: called with bytes; on_record with a tag and a line; on_raw with bytes that are
# no frames. The first two return false when nobody takes bytes any more.
sub new {
    my ($class, %callback) = @_;
    return bless {%callback, buffer => '', mode => 'unknown', problem => undef}, $class;
}

sub is_framed { return $_[0]{mode} eq 'framed' }

# Why the stream cannot be read on; undef while it can.
sub problem { return $_[0]{problem} }

# More bytes of the device. False if the one who wants them is gone.
sub take {
    my ($self, $bytes) = @_;
    return 1 if defined $self->{problem};
    return $self->{on_raw}->($bytes) if $self->{mode} eq 'raw';
    $self->{buffer} .= $bytes;
    $self->find_out if $self->{mode} eq 'unknown';
    return 1 if $self->{mode} eq 'unknown';
    return $self->take_frames if $self->{mode} eq 'framed';
    $bytes = $self->{buffer};
    $self->{buffer} = '';
    return $self->{on_raw}->($bytes);
}

# The device has ended: what has been kept to find out is raw, and a frame may have been cut off.
sub end {
    my ($self) = @_;
    return 1 if $self->{buffer} eq '';
    my $rest = $self->{buffer};
    $self->{buffer} = '';
    return $self->{on_raw}->($rest) if $self->{mode} ne 'framed';
    return 1 if defined $self->{problem};
    $self->{on_record}->('L', 'the last frame was cut off after ' . length($rest) . ' bytes');
    return 1;
}

sub find_out {
    my ($self) = @_;
    my $seen = length $self->{buffer};
    if ($seen < length HELLO) {
        $self->{mode} = 'raw' if $self->{buffer} ne substr HELLO, 0, $seen;
    } elsif (substr($self->{buffer}, 0, length HELLO) eq HELLO) {
        $self->{mode} = 'framed';
        substr $self->{buffer}, 0, length HELLO, '';
        $self->{on_record}->('H', 'faultline-stream 1');
    } else {
        $self->{mode} = 'raw';
    }
    return;
}

# All frames that are complete. Output to the same descriptor is passed on in one piece.
sub take_frames {
    my ($self) = @_;
    my ($at, $end, $is_taken) = (0, length $self->{buffer}, 1);
    my ($to, $gathered) = ('', '');
    while ($end - $at >= HEAD_BYTES && $is_taken) {
        my $head = unpack 'V', substr $self->{buffer}, $at, HEAD_BYTES;
        my ($kind, $length) = (chr($head & 0xFF), $head >> 8);
        last if !$self->is_possible($kind, $length);
        last if $end - $at - HEAD_BYTES < $length;
        if ($kind ne $to) {
            $is_taken = $self->pass_on($to, $gathered);
            ($to, $gathered) = ($kind, '');
        }
        if ($kind eq '1' || $kind eq '2') {
            $gathered .= substr $self->{buffer}, $at + HEAD_BYTES, $length;
        } else {
            $self->take_record($kind, substr $self->{buffer}, $at + HEAD_BYTES, $length);
        }
        $at += HEAD_BYTES + $length;
    }
    substr $self->{buffer}, 0, $at, '';
    $self->{buffer} = '' if defined $self->{problem};
    return $self->pass_on($to, $gathered) && $is_taken;
}

sub is_possible {
    my ($self, $kind, $length) = @_;
    my $is_kind = $is_line{$kind} || $kind eq '1' || $kind eq '2' || $kind eq 'T';
    return 1 if $is_kind && $length <= PAYLOAD_MAX;
    $self->{problem} = sprintf 'a frame of kind 0x%02x with %d bytes', ord $kind, $length;
    return 0;
}

sub pass_on {
    my ($self, $to, $bytes) = @_;
    return 1 if $bytes eq '';
    return $to eq '1' ? $self->{on_output}->($bytes) : $self->{on_error}->($bytes);
}

# Control characters would act on the terminal of who reads the line.
sub take_record {
    my ($self, $kind, $payload) = @_;
    if ($kind eq 'T') {
        my $line = trace_line($payload);
        return $self->{on_record}->('T', $line) if defined $line;
        return $self->{on_record}->('L', 'dropped a trace record of ' . length($payload) . ' bytes');
    }
    $payload =~ tr/\x00-\x08\x0a-\x1f\x7f/?/;
    return $self->{on_record}->($kind, $payload);
}

# struct log_trace as the line of docs/command-line.md; undef if it is none.
sub trace_line {
    my ($payload) = @_;
    return undef if length $payload != TRACE_BYTES;
    my ($low, $high, $pid, $ip, $address, $frame, $freemem, $vmsize, $rss, $cost, $access, $cause) =
        unpack 'V V l< V7 a Z19', $payload;
    return undef if $cause !~ /\A[a-z\/-]+\z/ || !$access_word{$access};
    return sprintf '%.0f %d %08x %08x %s %s %x %d %d %d %d', $high * 4294967296 + $low, $pid, $ip,
        $address, $access_word{$access}, $cause, $frame, $freemem, $vmsize, $rss, $cost;
}

1;

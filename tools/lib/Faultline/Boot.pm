package Faultline::Boot;

# Boots a kernel or an image for the tests, captures everything, and judges test runs.
#
# The judgement is strict on purpose: a guest passes only if QEMU ended with the agreed status, the
# TAP plan is complete, no line says `not ok`, and nothing panicked. Time-outs, resets (QEMU ends
# with 0) and missing plans are failures.

use strict;
use warnings;
use Exporter qw(import);
use File::Spec ();
use File::Temp ();
use Faultline::Machine;

our @EXPORT_OK = qw(boot judge last_lines);

use constant {
    ALL_WELL => 33, PANICKED => 35,
    DEFAULT_TIMEOUT => 60,
    TAIL => 30,
};

# Options: kernel and initrd, or iso; append, cpu, mem, timeout; vga (0 or 1); repeatable;
# device (1: with the virtio port, 0: the stream comes over the first serial port); arguments (more of
# QEMU's); input (a file handle, framed) or answers: [pattern, text] pairs, each
# text sent once the output after the previous answer matches; until: a pattern that ends the run.
#
# Gives a hash: outcome ('ended', 'timeout', 'matched', 'garbled'), status, output (a terminal's, or what
# programs write to descriptor 1 in run mode; CR taken away), raw (with CR), errors (descriptor 2 in
# run mode), records ("TAG TEXT"), both (all three in their order), qemu_log.
sub boot {
    my (%option) = @_;
    my $folder = File::Temp->newdir('faultline-test-XXXXXXXX', TMPDIR => 1);
    my %seen = (raw => '', errors => '', both => '', records => [], answers => [@{$option{answers} // []}],
        at => 0);
    my $machine;
    $machine = Faultline::Machine->new(
        arguments => [qemu_arguments(\%option)], folder => "$folder",
        error_log => "$folder/qemu.log", timeout => $option{timeout} // DEFAULT_TIMEOUT,
        input => $option{input}, is_framed => defined $option{input},
        has_device => $option{device},
        on_output => sub { $seen{both} .= $_[0]; take_output($machine, \%seen, $option{until}, @_) },
        on_raw => sub { take_output($machine, \%seen, $option{until}, @_) },
        on_error => sub { $seen{both} .= $_[0]; $seen{errors} .= $_[0]; return 1 },
        on_record => sub {
            $seen{both} .= "$_[0] $_[1]\n";
            push @{$seen{records}}, "$_[0] $_[1]";
        },
    );
    my $outcome = $machine->run;
    open my $log, '<', "$folder/qemu.log" or die "qemu.log: $!\n";
    my $qemu_log = do { local $/; <$log> } // '';
    my $output = $seen{raw} =~ s/\r\n/\n/gr;
    return {outcome => $outcome, status => $machine->status, output => $output, raw => $seen{raw},
        errors => $seen{errors}, both => $seen{both}, records => $seen{records}, qemu_log => $qemu_log};
}

sub qemu_arguments {
    my ($option) = @_;
    my @arguments = (Faultline::Machine::base_arguments(), '-cpu', $option->{cpu} // 'max',
        '-m', $option->{mem} // '128M',
        $option->{repeatable} ? Faultline::Machine::repeatable_arguments() : qw(-accel tcg));
    push @arguments, '-vga', 'std' if $option->{vga} // defined $option->{iso};
    # Absolute, because QEMU starts in a folder of its own.
    push @arguments, '-boot', 'd', '-cdrom', File::Spec->rel2abs($option->{iso}) if $option->{iso};
    push @arguments, '-kernel', File::Spec->rel2abs($option->{kernel}) if $option->{kernel};
    push @arguments, '-initrd', File::Spec->rel2abs($option->{initrd}) if $option->{initrd};
    push @arguments, '-append', $option->{append} if defined $option->{append};
    return (@arguments, @{$option->{arguments} // []});
}

sub take_output {
    my ($machine, $seen, $until, $bytes) = @_;
    $seen->{raw} .= $bytes;
    while (my $answer = $seen->{answers}[0]) {
        my ($pattern, $text) = @$answer;
        pos $seen->{raw} = $seen->{at};
        last unless $seen->{raw} =~ /$pattern/g;
        $seen->{at} = pos $seen->{raw};
        $machine->send($text);
        shift @{$seen->{answers}};
    }
    return 1 if !defined $until || @{$seen->{answers}};
    $machine->finish('matched') if substr($seen->{raw}, $seen->{at}) =~ $until;
    return 1;
}

# The list of reasons why a finished boot is not a passed test run; empty if it is one.
sub judge {
    my ($result) = @_;
    my @lines = split /\n/, $result->{output};
    my @reasons = end_problems($result);
    push @reasons, 'the kernel panicked'
        if grep { /KERNEL PANIC|\A(?:K )?panic\b/ } @lines, @{$result->{records}};
    push @reasons, plan_problems(grep { /\A(?:1\.\.\d|ok\b|not ok\b|Bail out!)/ } @lines);
    return @reasons;
}

sub end_problems {
    my ($result) = @_;
    return 'it did not end in time' if $result->{outcome} eq 'timeout';
    return "it was stopped: $result->{outcome}" if $result->{outcome} ne 'ended';
    my $status = $result->{status};
    return if $status == ALL_WELL;
    return "QEMU's status is $status, not " . ALL_WELL
        . ($status == 0 ? ' (a reset, or a power-off)' : $status == PANICKED ? ' (a panic)' : '');
}

sub plan_problems {
    my (@lines) = @_;
    my @plans = grep { /\A1\.\./ } @lines;
    my @results = grep { /\A(?:not )?ok\b/ } @lines;
    my @failed = grep { /\Anot ok\b(?!.*# *TODO)/i } @lines;
    my @reasons;
    push @reasons, 'there is no test plan' if !@plans;
    push @reasons, 'there is more than one test plan' if @plans > 1;
    if (@plans == 1) {
        my ($planned) = $plans[0] =~ /\A1\.\.(\d+)/;
        push @reasons, sprintf 'the plan says %d tests, %d ran', $planned, scalar @results
            if $planned != @results;
    }
    push @reasons, scalar(@failed) . ' tests failed' if @failed;
    push @reasons, 'it bailed out' if grep { /\ABail out!/ } @lines;
    return @reasons;
}

# What a person needs to see of a failed run.
sub last_lines {
    my ($result) = @_;
    my @lines = (split(/\n/, $result->{output}), split(/\n/, $result->{errors}),
        @{$result->{records}}, map { "qemu: $_" } split /\n/, $result->{qemu_log});
    splice @lines, 0, @lines - TAIL if @lines > TAIL;
    return @lines;
}

1;

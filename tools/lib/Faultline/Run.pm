package Faultline::Run;

# `./faultline run`: options, the initrd, the machine, and the output.

use strict;
use warnings;
use File::Basename qw(basename);
use File::Spec ();
use File::Temp ();
use Getopt::Long qw(GetOptionsFromArray);
use POSIX ();
use Faultline::Build;
use Faultline::Elf;
use Faultline::Figures;
use Faultline::Machine;
use Faultline::Ustar;

use constant {
    USAGE => 2, TIME_LIMIT => 124, MACHINE_FAILED => 125, CANNOT_RUN => 126, NOT_FOUND => 127,
    SIGNAL_BASE => 128,
    ALL_WELL => 33,      # QEMU's status when the guest writes 0x10 to port 0xF4; 35 is a panic
    PANICKED => 35,
    LOG_TAIL => 40,      # a panic screen is about that long
    TRACE_HEAD => "# clock pid ip address access cause frame freemem vmsize_kb rss_kb cost\n",
    SCRIPT_LIMIT => 600, # seconds, when no terminal is there to press ^C on
};

# Ends the run with a status and the lines that say why.
sub fail {
    my ($status, $message) = @_;
    die {status => $status, message => $message};
}

sub main {
    my ($root, $usage, @arguments) = @_;
    my $status = eval { run($root, $usage, @arguments) };
    return $status if defined $status;
    my $error = $@;
    $error = {status => MACHINE_FAILED, message => $error} unless ref $error eq 'HASH';
    print STDERR "faultline: $error->{message}" if $error->{message} ne '';
    return $error->{status};
}

sub run {
    my ($root, $usage, @arguments) = @_;
    my $option = parse_options($usage, \@arguments);
    if ($option->{help}) {
        print $usage;
        return 0;
    }
    my ($name, @rest) = @arguments;
    my $program = find_program($root, $name);
    my $bytes = read_program($program);
    my $sink = open_sinks($option);
    refuse_foreign($program, $bytes, $sink);
    my $kernel = Faultline::Build::ensure($root, 'faultline.elf');
    my $input = usable_input();
    my @files = ($option->{icount} ? whole_input(\$input) : ());
    my $initrd = make_initrd($root, $program, $bytes, \@rest, $option, @files);
    return boot($kernel, $initrd, $option, $sink, $input);
}

# ---- Options --------------------------------------------------------------------------------------

sub parse_options {
    my ($usage, $arguments) = @_;
    my %option = (
        policy => 'page', mem => '128M', cpu => 'max', append => '', file => [], env => [],
        timeout => (-t STDIN && -t STDOUT) ? 0 : SCRIPT_LIMIT,
    );
    my $wrong = '';
    local $SIG{__WARN__} = sub { $wrong .= lcfirst $_[0] };
    Getopt::Long::Configure(qw(default bundling require_order no_auto_abbrev));
    GetOptionsFromArray($arguments, \%option, 'policy=s', 'file=s@', 'env=s@', 'mem=s', 'cpu=s',
        'icount', 'timeout=s', 'report=s', 'json=s', 'trace=s', 'log=s', 'append=s', 'help|h')
        or fail(USAGE, $wrong . short($usage));
    return \%option if $option{help};
    my $problem = option_problem(\%option) // (@$arguments ? undef : 'which program?');
    fail(USAGE, "$problem\n" . short($usage)) if defined $problem;
    return \%option;
}

# After a mistake the first lines help; the whole text would scroll the mistake off the screen.
sub short {
    my ($usage) = @_;
    return $usage =~ s/\n\n.*/\n(.\/faultline help lists the options)\n/sr;
}

sub option_problem {
    my ($option) = @_;
    return "--policy is page or segment, not '$option->{policy}'"
        unless $option->{policy} =~ /\A(?:page|segment)\z/;
    return "--mem is a size such as 128M, not '$option->{mem}'"
        unless $option->{mem} =~ /\A[1-9][0-9]{0,9}[KMGkmg]?\z/;
    return "--cpu is a QEMU CPU model, not '$option->{cpu}'"
        unless $option->{cpu} =~ /\A\w[\w.,+=-]*\z/;
    return "--timeout is a number of seconds, not '$option->{timeout}'"
        unless $option->{timeout} =~ /\A[0-9]+(?:\.[0-9]+)?\z/;
    for my $env (@{$option->{env}}) {
        return "--env is NAME=VALUE, not '$env'" unless $env =~ /\A[^=]+=/;
    }
    return;
}

# ---- The program ----------------------------------------------------------------------------------

sub find_program {
    my ($root, $name) = @_;
    return $name if $name =~ m{/} || -f $name;
    # The ISO's programs may need a build first; other names fail without one.
    my @sources = map { "$root/user/bin/$_" } "$name.c", "$name.asm", "plain/$name.c";
    return $name unless grep { -e } @sources;
    return Faultline::Build::ensure($root, "bin/$name");
}

sub read_program {
    my ($path) = @_;
    fail(NOT_FOUND, "$path: No such file or directory\n") unless -e $path;
    fail(CANNOT_RUN, "$path: Is a directory\n") if -d $path;
    return read_file($path) // fail(CANNOT_RUN, "$path: $!\n");
}

sub read_file {
    my ($path) = @_;
    open my $in, '<:raw', $path or return undef;
    local $/;
    my $bytes = <$in>;
    return defined $bytes ? $bytes : $in->error ? undef : '';
}

sub refuse_foreign {
    my ($program, $bytes, $sink) = @_;
    my $kind = Faultline::Elf::refusal($bytes) // return;
    my %seen = (figures => Faultline::Figures->new);
    note_end(\%seen, 'failed', CANNOT_RUN);
    print {$sink->{json}} $seen{figures}->text if $sink->{json};
    my $name = basename($program) =~ s/\.[^.]*\z//r;
    print "This is an invalid elf file: $kind\n"; # as init words it
    fail(CANNOT_RUN, <<"END");
$program is $kind; Faultline runs static 32-bit programs.
Build it so, with any C library:   gcc -m32 -static -no-pie -o $name $name.c
or against Faultline's own:        ./faultline cc -o $name $name.c
END
}

# ---- The initrd -----------------------------------------------------------------------------------

# Concatenates the built initrd, the program as /NAME, the --file files, and the files that tell
# init to run one program: /.faultline/argv and /.faultline/env, each string ended by a NUL.
sub make_initrd {
    my ($root, $program, $bytes, $arguments, $option, @members_besides) = @_;
    my $base = read_file(Faultline::Build::ensure($root, 'initrd.tar')) // die "initrd.tar: $!\n";
    my $name = basename($program);
    my %taken = map { $_ => 'a folder of the system' } qw(bin dev .faultline);
    fail(USAGE, "$program: /$name is $taken{$name}; give the program another name\n")
        if $taken{$name};
    $taken{$name} = $program;
    my @members = (Faultline::Ustar::without_end($base), member($name, 0755, $bytes),
        @members_besides);
    for my $path (@{$option->{file}}) {
        my $file = basename($path);
        fail(USAGE, "--file: both $taken{$file} and $path would be /$file\n") if $taken{$file};
        $taken{$file} = $path;
        push @members, host_member($file, $path);
    }
    my @environment = ('PATH=/bin', 'HOME=/', @{$option->{env}});
    push @members, member('.faultline/argv', 0644, join '', map { "$_\0" } "/$name", @$arguments),
        member('.faultline/env', 0644, join '', map { "$_\0" } @environment);
    return join '', @members, Faultline::Ustar::end_marker();
}

sub host_member {
    my ($name, $path) = @_;
    fail(USAGE, "--file: $path: Is a directory\n") if -d $path;
    my $bytes = read_file($path) // fail(USAGE, "--file: $path: $!\n");
    return member($name, (stat $path)[2], $bytes);
}

sub member {
    my @what = @_;
    return eval { Faultline::Ustar::member(@what) } // fail(USAGE, $@);
}

# ---- The run --------------------------------------------------------------------------------------

# Opens the files before the machine starts, so that one that cannot be written is reported at once.
sub open_sinks {
    my ($option) = @_;
    my %sink;
    for my $kind (grep { defined $option->{$_} } qw(report json trace log)) {
        open $sink{$kind}, '>', $option->{$kind}
            or fail(USAGE, "--$kind: $option->{$kind}: $!\n");
    }
    print {$sink{trace}} TRACE_HEAD if $sink{trace};
    return \%sink;
}

sub qemu_arguments {
    my ($kernel, $initrd, $option) = @_;
    my $line = "console=run exit=qemu policy=$option->{policy}"
        . (defined $option->{trace} ? ' trace=1' : '')
        . ($option->{append} ne '' ? " $option->{append}" : '');
    # An absolute path for the kernel, none for the initrd: QEMU cuts module names at commas.
    return (Faultline::Machine::base_arguments(), '-cpu', $option->{cpu}, '-m', $option->{mem},
        $option->{icount} ? Faultline::Machine::repeatable_arguments() : (qw(-accel tcg)),
        '-kernel', File::Spec->rel2abs($kernel), '-initrd', $initrd, '-append', $line,
        split ' ', $ENV{FAULTLINE_QEMU} // ''); # for tests that look over QEMU's shoulder
}

# An input that would stop us (a background job's terminal) counts as empty.
sub usable_input {
    return undef unless defined fileno STDIN;
    return undef if -t STDIN && POSIX::tcgetpgrp(fileno STDIN) != getpgrp;
    binmode STDIN;
    return \*STDIN;
}

# For a repeatable run the input is part of the initrd, because on the serial port its bytes would
# arrive at other instructions each time. A person at a terminal types during the run.
sub whole_input {
    my ($input) = @_;
    return () if defined $$input && -t $$input;
    local $/;
    my $bytes = defined $$input ? readline($$input) // '' : '';
    $$input = undef;
    return member('.faultline/stdin', 0444, $bytes);
}

sub boot {
    my ($kernel, $initrd, $option, $sink, $input) = @_;
    my $folder = File::Temp->newdir('faultline-XXXXXXXX', TMPDIR => 1);
    write_file("$folder/initrd.tar", $initrd);
    my %seen = (log => [], crash => [], report => [], figures => Faultline::Figures->new,
        end => undef, last_byte => "\n");
    my @arguments = qemu_arguments($kernel, 'initrd.tar', $option);
    my $machine = Faultline::Machine->new(
        arguments => \@arguments, folder => "$folder", error_log => "$folder/qemu.log",
        timeout => $option->{timeout} > 0 ? $option->{timeout} : undef,
        input => $input, is_framed => defined $input || !$option->{icount},
        on_output => sub { $seen{last_byte} = substr $_[0], -1; return write_all(\*STDOUT, $_[0]) },
        on_error => sub { return write_all(\*STDERR, $_[0]) },
        on_record => sub { take_record(\%seen, $sink, @_) },
    );
    for my $signal (qw(INT TERM HUP)) {
        $SIG{$signal} = sub {
            $machine->stop;
            undef $folder;    # an exit from here would not delete it
            exit SIGNAL_BASE + POSIX->can("SIG$signal")->();
        };
    }
    my $outcome = $machine->run;
    return finish(\%seen, $sink, $option, $outcome, $machine, "$folder/qemu.log");
}

# Handles one record of the guest (tags: docs/abi.md).
sub take_record {
    my ($seen, $sink, $tag, $text) = @_;
    if ($tag eq 'K') {
        push @{$seen->{log}}, $text;
        shift @{$seen->{log}} if @{$seen->{log}} > LOG_TAIL;
        print {$sink->{log}} "$text\n" if $sink->{log};
    } elsif ($tag eq 'C') {
        $seen->{figures}->put('crash.' . @{$seen->{crash}}, $text);
        push @{$seen->{crash}}, $text;
    } elsif ($tag eq 'R') {
        push @{$seen->{report}}, $text;
    } elsif ($tag eq 'T') {
        # Pid 1 is init, whose faults are of no interest here.
        print {$sink->{trace}} "$text\n" if $sink->{trace} && $text !~ /\A\d+ 1 /;
    } elsif ($tag eq 'S') {
        my ($name, $value) = split / /, $text, 2;
        $seen->{figures}->add($name, $value // '');
    } elsif ($tag eq 'X') {
        $seen->{end} = $text;
    }
    return;
}

sub finish {
    my ($seen, $sink, $option, $outcome, $machine, $qemu_log) = @_;
    return SIGNAL_BASE + POSIX::SIGPIPE() if $outcome eq 'output-closed';
    my $status = program_status($seen, $outcome, $machine);
    show_report($seen, $sink);
    print {$sink->{json}} $seen->{figures}->text if $sink->{json};
    for my $kind (keys %$sink) {
        close $sink->{$kind} or fail(USAGE, "--$kind: $option->{$kind}: $!\n");
    }
    explain($seen, $outcome, $machine, $qemu_log, $option) unless defined $status;
    return $status // ($outcome eq 'timeout' ? TIME_LIMIT : MACHINE_FAILED);
}

# Returns the exit status for the shell, and sets "exit" for --json; undef if the machine failed.
sub program_status {
    my ($seen, $outcome, $machine) = @_;
    my ($how, $value) = split / /, $seen->{end} // '';
    if ($outcome ne 'ended' || $machine->status != ALL_WELL || !defined $how) {
        note_end($seen, $outcome eq 'timeout' ? 'timeout'
            : $outcome eq 'ended' && $machine->status == PANICKED ? 'panic' : 'machine');
        return undef;
    }
    return note_end($seen, 'killed', SIGNAL_BASE + $value, undef, $value) if $how eq 'killed';
    return note_end($seen, 'failed', $value // CANNOT_RUN) if $how eq 'failed';
    return note_end($seen, 'exited', $value & 255, $value);
}

# Notes how the program ended: status for the shell, value of an exit, signal of a death; null if it
# does not apply. Returns the status.
sub note_end {
    my ($seen, $kind, $status, $value, $signal) = @_;
    my %end = (kind => $kind, status => $status, value => $value, signal => $signal);
    $seen->{figures}->put("exit.$_", $end{$_}) for keys %end;
    return $status;
}

# Prints crash lines and the report after the program's output, at the start of a line. With
# --report standard output holds only the program's bytes.
sub show_report {
    my ($seen, $sink) = @_;
    my @crash = map { "$_\n" } @{$seen->{crash}};
    my @report = map { "$_\n" } @{$seen->{report}};
    if ($sink->{report}) {
        print {$sink->{report}} @report;
        print STDERR @crash;
        return;
    }
    return unless @crash || @report;
    write_all(\*STDOUT, join '', $seen->{last_byte} eq "\n" ? '' : "\n", @crash, @report);
    return;
}

sub explain {
    my ($seen, $outcome, $machine, $qemu_log, $option) = @_;
    my $status = $machine->status;
    my $reason =
          $outcome eq 'timeout' ? "stopped after $option->{timeout} seconds (--timeout)"
        : $status == PANICKED   ? 'the kernel panicked'
        : $status == ALL_WELL   ? 'the machine ended without saying how the program did'
        : $status == 0          ? 'the machine reset itself'
        :                         "QEMU ended with status $status";
    my $said = read_file($qemu_log) // '';
    print STDERR "faultline: $reason\n";
    return if $outcome eq 'timeout';
    print STDERR map { "  $_\n" } @{$seen->{log}};
    print STDERR map { "  qemu: $_\n" } split /\n/, $said if $status != PANICKED;
    return;
}

# ---- Small helpers --------------------------------------------------------------------------------

# Returns false if nobody reads any more.
sub write_all {
    my ($to, $bytes) = @_;
    while ($bytes ne '') {
        my $count = syswrite $to, $bytes;
        if (defined $count) {
            substr $bytes, 0, $count, '';
        } elsif (!$!{EINTR} && !$!{EAGAIN}) {
            return 0;
        }
    }
    return 1;
}

sub write_file {
    my ($path, $bytes) = @_;
    open my $out, '>:raw', $path or die "$path: $!\n";
    print {$out} $bytes;
    close $out or die "$path: $!\n";
    return;
}

1;

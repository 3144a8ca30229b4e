package Faultline::Run;

# `./faultline run`: options, the initrd, the machine, and what the person gets to see.

use strict;
use warnings;
use File::Basename qw(basename);
use File::Spec ();
use File::Temp ();
use Getopt::Long qw(GetOptionsFromArray);
use POSIX ();
use Time::HiRes qw(time);
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
    CRASH_MAX => 1000,   # crash lines for --json; a guest may let any number of processes die
    REPORT_MAX => 1000,  # lines
    LAST_RECORD => qr/\A(exited|killed|failed) (-?\d{1,10})\z/,
    TWICE => 1,          # seconds in which a second ^C ends the machine
    TIOCGWINSZ => 0x5413,
    TRACE_HEAD => "# clock pid ip address access cause frame freemem vmsize_kb rss_kb cost\n",
    SCRIPT_LIMIT => 600, # seconds, when no terminal is there to press ^C on
};

# A refusal that ends the run: a status and the lines that say why.
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
        policy => 'page', stream => 'virtio', mem => '128M', cpu => 'max', append => '', file => [], env => [],
        timeout => (-t STDIN && -t STDOUT) ? 0 : SCRIPT_LIMIT,
    );
    my $wrong = '';
    local $SIG{__WARN__} = sub { $wrong .= lcfirst $_[0] };
    Getopt::Long::Configure(qw(default bundling require_order no_auto_abbrev));
    GetOptionsFromArray($arguments, \%option, 'policy=s', 'file=s@', 'env=s@', 'mem=s', 'cpu=s',
        'icount', 'stream=s', 'timeout=s', 'report=s', 'json=s', 'trace=s', 'log=s', 'append=s', 'help|h')
        or fail(USAGE, $wrong . short($usage));
    return \%option if $option{help};
    my $problem = option_problem(\%option) // (@$arguments ? undef : 'which program?');
    fail(USAGE, "$problem\n" . short($usage)) if defined $problem;
    return \%option;
}

# After a mistake the first lines help; the whole text would push the mistake off the screen.
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
    return "--stream is virtio or serial, not '$option->{stream}'"
        unless $option->{stream} =~ /\A(?:virtio|serial)\z/;
    for my $env (@{$option->{env}}) {
        return "--env is NAME=VALUE, not '$env'" unless $env =~ /\A[^=]+=/;
    }
    return;
}

# ---- The program ----------------------------------------------------------------------------------

sub find_program {
    my ($root, $name) = @_;
    return $name if $name =~ m{/} || -f $name;
    # Names of the ISO's programs may need a build first; others fail without waiting for one.
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

# The built initrd, then the program as /NAME, the --file files, and what init reads to know that
# it shall run one program: /.faultline/argv and /.faultline/env, each string ended by a NUL.
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

# Opened before the machine starts: a file that cannot be written is known at once.
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
        . (defined $option->{trace} ? ' trace=1' : '') . terminal_words()
        . ($option->{append} ne '' ? " $option->{append}" : '');
    # An absolute path for the kernel, none for the initrd: QEMU cuts module names at commas.
    return (Faultline::Machine::base_arguments(), '-cpu', $option->{cpu}, '-m', $option->{mem},
        $option->{icount} ? Faultline::Machine::repeatable_arguments() : (qw(-accel tcg)),
        '-kernel', File::Spec->rel2abs($kernel), '-initrd', $initrd, '-append', $line,
        split ' ', $ENV{FAULTLINE_QEMU} // ''); # for tests that look over QEMU's shoulder
}

# Which of our descriptors are terminals, and their size, for the program's isatty and TIOCGWINSZ.
sub terminal_words {
    my @handles = (\*STDIN, \*STDOUT, \*STDERR);
    my @terminals = grep { defined fileno $handles[$_] && -t $handles[$_] } 0 .. 2;
    return '' if !@terminals;
    my $size = pack 'S4', 0, 0, 0, 0;
    my ($rows, $columns) =
        ioctl($handles[$terminals[-1]], TIOCGWINSZ, $size) ? unpack 'S2', $size : (0, 0);
    return ' tty=' . join('', @terminals) . " window=${rows}x$columns";
}

# An input that would stop us (a background job's terminal) counts as empty.
sub usable_input {
    return undef unless defined fileno STDIN;
    return undef if -t STDIN && POSIX::tcgetpgrp(fileno STDIN) != getpgrp;
    binmode STDIN;
    return \*STDIN;
}

# For a repeatable run the input travels in the initrd: on the serial port its bytes would arrive at
# other instructions each time. A person at a terminal types as the run goes on.
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
        end => undef, last_byte => {1 => "\n", 2 => "\n"}, raw => '',
        is_one_file => is_same_file(\*STDOUT, \*STDERR));
    my @arguments = qemu_arguments($kernel, 'initrd.tar', $option);
    my $machine = Faultline::Machine->new(
        arguments => \@arguments, folder => "$folder", error_log => "$folder/qemu.log",
        timeout => $option->{timeout} > 0 ? $option->{timeout} : undef,
        has_device => $option->{stream} eq 'virtio',
        input => $input, is_framed => defined $input || !$option->{icount},
        on_output => sub { show(\%seen, 1, $_[0]) },
        on_error => sub { show(\%seen, 2, $_[0]); return 1 },
        on_record => sub { take_record(\%seen, $sink, @_) },
        on_raw => sub { take_raw(\%seen, $sink, @_) },
    );
    my $leave = sub {
        my ($signal) = @_;
        $machine->stop;
        undef $folder;    # an exit from here would leave it behind
        exit SIGNAL_BASE + POSIX->can("SIG$signal")->();
    };
    my $last = 0;
    $SIG{INT} = sub {
        my $now = time;
        $leave->('INT') if $now - $last < TWICE || !$machine->interrupt;
        $last = $now;
    };
    $SIG{$_} = $leave for qw(TERM HUP);
    my $outcome = $machine->run;
    return finish(\%seen, $sink, $option, $outcome, $machine, "$folder/qemu.log");
}

sub is_same_file {
    my @files = map { defined fileno $_ ? join ':', (stat $_)[0, 1] : '' } @_;
    return $files[0] ne '' && $files[0] eq $files[1];
}

# Bytes for our standard output or error. False when nobody reads any more.
sub show {
    my ($seen, $descriptor, $bytes) = @_;
    return 1 if $bytes eq '';
    $seen->{last_byte}{$_} = substr $bytes, -1
        for $seen->{is_one_file} ? (1, 2) : $descriptor;
    return write_all($descriptor == 1 ? \*STDOUT : \*STDERR, $bytes);
}

# Lines of ours, from the start of a line.
sub show_lines {
    my ($seen, $descriptor, @lines) = @_;
    return 1 if !@lines;
    my $start = $seen->{last_byte}{$descriptor} eq "\n" ? '' : "\n";
    return show($seen, $descriptor, join '', $start, map { "$_\n" } @lines);
}

# Bytes of the first serial port that are no stream: what a kernel in trouble writes.
sub take_raw {
    my ($seen, $sink, $bytes) = @_;
    my @lines = split /\r*\n/, $seen->{raw} . $bytes, -1;
    $seen->{raw} = substr pop @lines, 0, Faultline::Stream::RAW_LINE_MAX;
    take_record($seen, $sink, 'K', tr/\x00-\x08\x0a-\x1f\x7f/?/r) for @lines;
    return 1;
}

# A record of the guest's (docs/stream.md). None of them is believed to be as it should.
sub take_record {
    my ($seen, $sink, $tag, $text) = @_;
    if ($tag eq 'K' || $tag eq 'L') {
        note_log($seen, $sink, $text);
    } elsif ($tag eq 'C') {
        take_crash($seen, $sink, $text);
    } elsif ($tag eq 'R') {
        push @{$seen->{report}}, $text if @{$seen->{report}} < REPORT_MAX;
    } elsif ($tag eq 'T') {
        # Pid 1 is the runner; its faults are not what was asked for.
        print {$sink->{trace}} "$text\n" if $sink->{trace} && $text !~ /\A\d+ 1 /;
    } elsif ($tag eq 'S') {
        my ($name, $value) = split / /, $text, 2;
        $seen->{figures}->add($name // '', $value // '')
            or note_log($seen, $sink, 'dropped a figure: ' . substr $text, 0, 80);
    } elsif ($tag eq 'X') {
        $seen->{end} = $text;
    }
    return;
}

sub note_log {
    my ($seen, $sink, $text) = @_;
    push @{$seen->{log}}, $text;
    shift @{$seen->{log}} if @{$seen->{log}} > LOG_TAIL;
    print {$sink->{log}} "$text\n" if $sink->{log};
    return;
}

# Last words stand where they were said. With --report standard output is the program's alone.
sub take_crash {
    my ($seen, $sink, $text) = @_;
    my $count = @{$seen->{crash}};
    if ($count < CRASH_MAX) {
        $seen->{figures}->put("crash.$count", $text);
        push @{$seen->{crash}}, $text;
    }
    show_lines($seen, $sink->{report} ? 2 : 1, $text);
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

# The exit status for the shell, and "exit" for --json; undef if the machine did not end well.
sub program_status {
    my ($seen, $outcome, $machine) = @_;
    my ($how, $value) = ($seen->{end} // '') =~ LAST_RECORD;
    if ($outcome ne 'ended' || $machine->status != ALL_WELL || !defined $how) {
        note_end($seen, $outcome eq 'timeout' ? 'timeout'
            : $outcome eq 'ended' && $machine->status == PANICKED ? 'panic' : 'machine');
        return undef;
    }
    return note_end($seen, 'killed', SIGNAL_BASE + ($value & 127), undef, $value)
        if $how eq 'killed';
    return note_end($seen, 'failed', $value & 255) if $how eq 'failed';
    return note_end($seen, 'exited', $value & 255, $value);
}

# How it ended: status for the shell, value of an exit, signal of a death; what does not apply is
# null. Gives the status.
sub note_end {
    my ($seen, $kind, $status, $value, $signal) = @_;
    my %end = (kind => $kind, status => $status, value => $value, signal => $signal);
    $seen->{figures}->put("exit.$_", $end{$_}) for keys %end;
    return $status;
}

# The report follows the program's output.
sub show_report {
    my ($seen, $sink) = @_;
    if ($sink->{report}) {
        print {$sink->{report}} map { "$_\n" } @{$seen->{report}};
        return;
    }
    show_lines($seen, 1, @{$seen->{report}});
    return;
}

sub explain {
    my ($seen, $outcome, $machine, $qemu_log, $option) = @_;
    my $status = $machine->status;
    my $reason =
          $outcome eq 'timeout' ? "stopped after $option->{timeout} seconds (--timeout)"
        : $outcome eq 'garbled' ? 'the guest cannot be understood: ' . $machine->problem
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

# False when nobody reads any more.
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

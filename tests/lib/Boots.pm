package Boots;

# Boots the kernel for a test, and tests how that went: what the machine said and how it ended. A test
# that fails shows the last lines of its boot.
#
#     my $result = boot_kernel(mem => '16M', typed('run sum', 'off'));
#     ends_well $result, '16 MiB';
#     says $result, qr/^User _start return value = 2048$/m, '16 MiB: runs a program';
#
# The options and the result are those of Faultline::Boot::boot.

use strict;
use warnings;
use Exporter qw(import);
use Files qw($root $build $folder);
use Test::More ();
use lib "$root/tools/lib";
use Faultline::Boot qw(boot last_lines);

our @EXPORT_OK = qw(boot_build boot_kernel typed show ends_well says refuses
    start_beside socket_arguments);

use constant { ALL_WELL => 33, PANICKED => 35 };

our $timeout = 60;    # seconds, of a boot that does not say otherwise

# ---- Boots -----------------------------------------------------------------------------------------

# The kernel and the initrd of the build, or of the one that the option `build` names, unless the
# options say otherwise.
sub boot_build {
    my (%option) = @_;
    my $from = delete $option{build} // $build;
    return boot(kernel => "$from/faultline.elf", initrd => "$from/initrd.tar",
        timeout => $timeout, %option);
}

# The same with a kernel that ends the machine by itself, well or badly; append: more words for it.
sub boot_kernel {
    my (%option) = @_;
    my $append = join ' ', 'exit=qemu panic=halt', delete $option{append} // ();
    return boot_build(append => $append, %option);
}

# What a person does at the prompt; every answer is typed when the prompt is there.
sub typed { return answers => [map { [qr/^faultline> /m, "$_\r"] } @_] }

# ---- Tests of a result -----------------------------------------------------------------------------
# Level: a failure is reported at the caller's line.

sub show { Test::More::diag(map { "  | $_\n" } last_lines($_[0])) }

sub ends_well {
    my ($result, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $is_well = $result->{outcome} eq 'ended' && $result->{status} == ALL_WELL;
    return Test::More::ok($is_well, "$name: ends well") || show($result);
}

sub says {
    my ($result, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::like($result->{output}, $pattern, $name) || show($result);
}

# One clear line, the panic status, and no prompt: three tests.
sub refuses {
    my ($result, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    says($result, $pattern, "$name: is named");
    Test::More::is($result->{status}, PANICKED, "$name: ends with the panic status");
    Test::More::unlike($result->{output}, qr/^faultline> /m, "$name: no prompt comes");
    return;
}

# ---- Somebody beside QEMU --------------------------------------------------------------------------

# QEMU's arguments for a socket in the test's folder, at which its gdb stub or its monitor listens.
sub socket_arguments {
    my ($id) = @_;    # 'gdb' or 'mon'
    return ('-chardev', "socket,id=$id,path=$folder/socket,server=on,wait=off",
        $id eq 'gdb' ? ('-gdb', 'chardev:gdb') : ('-mon', "chardev=$id"));
}

# A process that does $work as soon as that socket is there, for up to ten seconds; started before the
# boot. What it prints goes into the file `log` of the test's folder. Gives its pid.
sub start_beside {
    my ($work) = @_;
    unlink "$folder/socket";
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid != 0;
    open STDOUT, '>', "$folder/log" or die "log: $!\n";
    open STDERR, '>&', \*STDOUT;
    for (1 .. 100) {
        last if -S "$folder/socket";
        select undef, undef, undef, 0.1;
    }
    $work->();
    require POSIX;
    POSIX::_exit(0);    # no end blocks: the test is the parent's
}

1;

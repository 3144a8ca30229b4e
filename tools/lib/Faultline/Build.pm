package Faultline::Build;

# Finds built files and builds them if they are missing.

use strict;
use warnings;

# Returns the folder of the build to use. FAULTLINE_BUILD lets tests choose another variant.
sub folder {
    my ($root) = @_;
    return $ENV{FAULTLINE_BUILD} // "$root/build/release";
}

# Builds the release variant if `file` is missing from it. Dies with a reason.
sub ensure {
    my ($root, $file) = @_;
    my $path = folder($root) . "/$file";
    return $path if -e $path;
    die "$path does not exist\n" if $ENV{FAULTLINE_BUILD};
    print STDERR "faultline: building first (make)...\n";
    # The calling make must not lend its job slots, because its file descriptors are not open here.
    local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
    delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', \*STDERR;
        exec 'make', '-C', $root, '--silent', 'all' or exit 127;
    }
    waitpid $pid, 0;
    die "the build failed; `make doctor` says what is missing\n" if $? != 0 || !-e $path;
    return $path;
}

1;

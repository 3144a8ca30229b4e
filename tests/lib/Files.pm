package Files;

# The tree under test, and a folder for the files of one test, which goes when the test ends.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();

our @EXPORT_OK = qw($root $build $folder read_file write_file);

our $root = abs_path(dirname(__FILE__) . '/../..');
our $build = $ENV{FAULTLINE_BUILD} // "$root/build/release";
our $folder = File::Temp->newdir;

# Gives the path. A name without a slash is one in the test's folder.
sub write_file {
    my ($name, $bytes) = @_;
    my $path = $name =~ m{/} ? $name : "$folder/$name";
    open my $out, '>:raw', $path or die "$path: $!\n";
    print {$out} $bytes;
    close $out or die "$path: $!\n";
    return $path;
}

sub read_file {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$in> // '';
}

1;

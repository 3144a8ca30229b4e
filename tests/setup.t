#!/usr/bin/env perl
# tools/setup on machines that lack something: dpkg-query, apt-get, id and sudo are replaced by small
# programs that say what the case needs and write down what was asked of them.
use strict;
use warnings;
use File::Temp ();
use FindBin ();
use Test::More;

my $setup = "$FindBin::RealBin/../tools/setup";

# Options: missing (packages), uid, sudo (0 or 1), apt_status. Gives status, output, what apt-get got.
sub run_setup {
    my ($target, %option) = @_;
    my $folder = File::Temp->newdir;
    my $missing = join '|', @{$option{missing} // []}, 'nothing';
    my %program = (
        'dpkg-query' => "for last; do :; done\ncase \$last in $missing) exit 1 ;; esac\necho installed",
        'apt-get' => "echo \"\$*\" >>$folder/asked\nexit " . ($option{apt_status} // 0),
        id => 'echo ' . ($option{uid} // 0),
    );
    $program{sudo} = "echo sudo >>$folder/asked\nexec \"\$@\"" if $option{sudo};
    for my $name (keys %program) {
        open my $out, '>', "$folder/$name" or die "$name: $!\n";
        print {$out} "#!/bin/sh\n$program{$name}\n";
        close $out or die "$name: $!\n";
        chmod 0755, "$folder/$name";
    }
    # Everything else the script uses, without the machine's own sudo.
    symlink "/usr/bin/$_", "$folder/$_" for qw(env mktemp tail rm);
    symlink '/bin/sh', "$folder/sh";
    my $output = `PATH=$folder /bin/sh $setup $target 2>&1`;
    my $status = $? >> 8;
    open my $in, '<', "$folder/asked" or return ($status, $output, '');
    local $/;
    return ($status, $output, <$in>);
}

my ($status, $output, $asked) = run_setup('run');
is_deeply [$status, $output, $asked], [0, '', ''], 'everything there: nothing is said or done';

my $install = 'install -y --no-install-recommends nasm xorriso';
($status, $output, $asked) = run_setup('run', missing => [qw(xorriso nasm)]);
is $status, 0, 'root: succeeds';
is $output, "setup: installing nasm xorriso\n", 'root: says what it installs';
is $asked, "update\n$install\n", 'root: asks apt for just that';

($status, $output, $asked) = run_setup('run', missing => ['nasm'], uid => 1000, sudo => 1);
is $status, 0, 'sudo: succeeds';
like $asked, qr/\Asudo\nupdate\nsudo\ninstall .* nasm\n\z/, 'sudo: is used for both steps';

($status, $output, $asked) = run_setup('run', missing => [qw(nasm xorriso)], uid => 1000);
is $status, 1, 'neither: fails';
like $output, qr/^  apt-get update && apt-get \Q$install\E$/m, 'neither: the exact line is printed';
is $asked, '', 'neither: apt is not asked';

($status, $output) = run_setup('run', missing => ['nasm'], apt_status => 100);
is $status, 1, 'apt fails: so does setup';
like $output, qr/^setup: apt-get failed/m, 'apt fails: it is said';

($status, $output) = run_setup('run', missing => ['clang']);
is_deeply [$status, $output], [0, ''], 'make run does not need clang';
($status, $output, $asked) = run_setup('test', missing => ['clang']);
like $asked, qr/ clang$/m, 'make test does';
is +(run_setup('nonsense'))[0], 2, 'another target is an error';

done_testing;

#!/usr/bin/env perl
# Programs that nobody here wrote compile unchanged by `./faultline cc` and pass their own tests in the
# guest: Lua, zlib, cJSON and TLSF, from the sources of Debian's packages (TLSF lies in supercollider's). Lua's
# package has no tests; a script of ours must print what it prints by a Lua with glibc.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Files qw($root $build $folder read_file);
use Runs qw(run_command faultline);
use Test::More;

my $sources = "$root/build/sources";
my (undef, undef, $reason) = run_command("$root/tools/fetch-sources $sources lua5.4 zlib cjson"
        . ' supercollider:external_libraries/TLSF-2.4.6');
plan skip_all => "no sources: $reason" if $reason ne '';

my $options = '--report /dev/null';

# Compiles files of a folder; both are shell words.
sub builds {
    my ($name, $where, $words, $compiler) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, undef, $messages) =
        run_command("cd $where && " . ($compiler // "$root/faultline cc") . " -O2 $words -o $folder/$name");
    return is($status, 0, "$name compiles") || diag($messages);
}

# ---- Lua -------------------------------------------------------------------------------------------

my $lua = "$sources/lua5.4/src";
my $lua_words = '-std=gnu99 -Wall -Wextra -Werror -DLUA_COMPAT_5_3 -DLUA_USE_POSIX '
    . '$(ls *.c | grep -v luac)';
builds('lua', $lua, $lua_words);
builds('lua_glibc', $lua, "-m32 -static $lua_words -lm 2>/dev/null", 'gcc');
builds('luac', $lua, '-std=gnu99 -Wall -Wextra -Werror -DLUA_COMPAT_5_3 $(ls *.c | grep -v "lua[.]c")');
my $script = read_file("$root/tests/boot/ports/language.lua");
my @ours = faultline("$options lua -", $script);
my @glibcs = faultline("$options lua_glibc -", $script);
is($ours[1], $glibcs[1], 'Lua prints the same as with glibc');
is($ours[2], $glibcs[2], 'and says the same on standard error');
is($ours[0], 3, "its status is the script's");
is($glibcs[0], 3, 'with glibc too');

# ---- zlib ------------------------------------------------------------------------------------------

my $zlib = '-DHAVE_UNISTD_H -I. *.c';
builds('example', "$sources/zlib", "test/example.c -Wall -Werror $zlib");
my ($status, $out, $err) = faultline("$options example");
is($status, 0, "zlib's example.c passes") or diag($out, $err);
like($out, qr/^gzgets\(\) after gzseek:  hello!$/m, 'its functions on files too');
like($out, qr/inflate with dictionary: hello, hello!\n\z/, 'to its last line');
builds('infcover', "$sources/zlib", "-w test/infcover.c $zlib");
($status, $out, $err) = faultline("$options infcover");
is($status, 0, "zlib's infcover.c passes") or diag($out, $err);
builds('minigzip', "$sources/zlib", 'test/minigzip.c -Wall -Werror -DHAVE_UNISTD_H -I. *.c');
my $text = join '', map { "line $_ of what is compressed\n" } 1 .. 2000;
($status, $out) = faultline("$options minigzip", $text);
cmp_ok(length $out, '<', length($text) / 5, 'minigzip compresses');
my (undef, $again) = run_command('gzip -dc', $out);
is($again, $text, 'what gzip reads');
($status, $again) = faultline("$options minigzip -d", $out);
is($again, $text, 'and what it reads itself');

# ---- cJSON -----------------------------------------------------------------------------------------

# Some of its tests read folders of the current one, so they are put into an image of their own.
my $json = "$sources/cjson/tests";
system("mkdir $folder/build && ln -s $build/* $folder/build/ && rm $folder/build/initrd.tar"
        . " && cp -r $build/root $folder/tree && cp -r $json/inputs $json/json-patch-tests $folder/tree"
        . " && tar --format=ustar -C $folder/tree -cf $folder/build/initrd.tar .") == 0
    or die "no image\n";
for my $path (sort glob "$json/*.c") {
    my ($test) = $path =~ m{([^/]+)\.c\z};
    next if $test eq 'unity_setup'; # for another compiler
    my $utils = read_file($path) =~ /cJSON_Utils/ ? '../cJSON_Utils.c' : '';
    builds($test, $json, "-O0 -std=c89 -w -Iunity/src -I.. $test.c $utils unity/src/unity.c");
    local $ENV{FAULTLINE_BUILD} = "$folder/build";
    ($status, $out, $err) = faultline("$options $test");
    is($status, 0, "cJSON's $test passes") or diag($out, $err);
    like($out, qr/^\d+ Tests 0 Failures \d Ignored \nOK$/m, 'every test of it');
}

# ---- TLSF ------------------------------------------------------------------------------------------

# test1 and test2 run for minutes.
my $tlsf = "$sources/supercollider/external_libraries/TLSF-2.4.6";
for my $test (qw(test1 test2)) {
    builds("tlsf_$test", $tlsf, "-w -DUSE_MMAP=1 -DUSE_SBRK=1 -Isrc examples/$test.c src/tlsf.c");
}
for my $test (qw(test test3 test4)) {
    builds("tlsf_$test", $tlsf, "-w -DUSE_MMAP=1 -DUSE_SBRK=1 -Isrc examples/$test.c src/tlsf.c");
    ($status, $out, $err) = faultline("$options tlsf_$test");
    is($status, 0, "TLSF's $test passes") or diag($err);
    like($out, qr/Test OK\n\z/, 'and says so');
}

done_testing;

#!/usr/bin/env perl
# The allocators' demonstrations, byte for byte (contracts 3 and 4). The addresses of pages are the
# kernel's choice, so only their place within the page is compared.
use strict;
use warnings;
use FindBin ();
use Test::More;

my $root = "$FindBin::RealBin/../..";

# What a program of the ISO prints, memory addresses shown as their offset in the page.
sub output_of {
    my (@command) = @_;
    my $output = `'$root/faultline' run --timeout 60 --report /dev/null @command`;
    is($?, 0, "@command ends well");
    return $output =~ s/0x[0-9a-f]{5}([0-9a-f]{3})\b/page+0x$1/gr;
}

# The lines of contract 3's figures around a first line that differs.
sub stats {
    my ($first_region, $unused, $lengths) = @_;
    return <<"END";
----- MeMS SYSTEM STATS -----
MAIN[1000:5095]-> P[1000:1999] <-> P[2000:2999] <-> P[3000:3999] <-> $first_region <-> NULL
MAIN[5096:9191]-> P[5096:6095] <-> P[6096:7095] <-> P[7096:8095] <-> P[8096:9095] <-> H[9096:9191] <-> NULL
MAIN[9192:13287]-> P[9192:10191] <-> P[10192:11191] <-> H[11192:13287] <-> NULL
Pages used:\t3
Space unused:\t$unused
Main Chain Length:\t3
Sub-chain Length array: [$lengths]
-----------------------------
END
}

my $full = stats('P[4000:4999] <-> H[5000:5095]', 2288, '5, 5, 3, ');
my $one_freed = stats('H[4000:5095]', 3288, '4, 5, 3, ');
my @addresses = (1000, 2000, 3000, 4000, 5096, 6096, 7096, 8096, 9192, 10192);

is(output_of('mems_demo'),
    "------- Allocated virtual addresses [mems_malloc] -------\n"
        . join('', map { "Virtual address: $_\n" } @addresses)
        . "------ Assigning value to Virtual address [mems_get] -----\n"
        . "Virtual address: 1004\tPhysical Address: page+0x004\nValue written: 200\n"
        . "$full------- Freeing up the memory [mems_free] -------\n$one_freed$full",
    'mems_demo: the chains, one array freed, taken again');

is(output_of('simple_demo'), <<'END', 'simple_demo: contract 4');
hello from a
b-size:128
allocated d at page+0x040
Done
END

is(output_of('elastic_demo'), <<'END', 'elastic_demo: contract 4');
hello elastic
d allocated at page+0x100
elastic done
END

like(output_of(qw(heapmap simple 2048 1024 512 -2)),
    qr/^ {2}0 [0-9a-f]{8} #{32}\.{16}={8}\.{8}\n.*\nused 2560, holes 1536 bytes\n/m,
    'heapmap: blocks and holes to scale');

like(output_of(qw(heapmap malloc 16 48 48 48 -3 200)),
    qr/^ {2}0 [0-9a-f]{8} #\.{31}={3}\.{3}#{3}\.{23}\n {2}1 [0-9a-f]{8} ={13}\.{51}\n/m,
    'heapmap: slabs and the heap of malloc');

done_testing();

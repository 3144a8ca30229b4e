package Faultline::Figures;

# Turns the guest's flat figures into the nested object that --json writes (docs/json.md).
#
# The guest sends lines "S name value" on its record port; a dot in a name opens an object, a
# number between dots an array. Values that look like integers become numbers.

use strict;
use warnings;

sub new { return bless {root => {}}, shift }

sub add {
    my ($self, $name, $value) = @_;
    my @path = split /\./, $name;
    my $slot = \$self->{root};
    $slot = step($slot, $_) for @path;
    $$slot = $value =~ /\A-?\d+\z/ ? 0 + $value : $value;
    return;
}

# The place of one path component below $slot, made if it is not there.
sub step {
    my ($slot, $key) = @_;
    if ($key =~ /\A\d+\z/) {
        $$slot = [] unless ref $$slot eq 'ARRAY';
        return \$$slot->[$key];
    }
    $$slot = {} unless ref $$slot eq 'HASH';
    return \$$slot->{$key};
}

sub text {
    my ($self) = @_;
    require JSON::PP;    # only --json pays for loading it
    return JSON::PP->new->canonical->pretty->encode($self->{root});
}

1;

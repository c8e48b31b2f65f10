#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Stands in for the client of a MySQL 8, which no package has here: an account cloud at two hosts, each with a limit in memory and on
# disk, in files of $MYSQL. It knows the statements that mysql.sh sends, no SQL, and logs them.
use strict;
use warnings;
my ($sql, $dir) = ('', $ENV{MYSQL});
$ARGV[$_] eq '-e' and $sql = $ARGV[$_ + 1] for 0 .. $#ARGV;
$sql = join '', <STDIN> if $sql eq '';
sub get { open my $f, '<', "$dir/$_[0]" or die; chomp(my $v = <$f>); $v }
sub put { open my $f, $_[2] || '>', "$dir/$_[0]" or die; print $f "$_[1]\n" }
put('log', "$sql", '>>');
if ($sql =~ /SELECT VERSION/) { print "8.0.39\n" }
elsif ($sql =~ /CURRENT_USER/) { print "root\@localhost\n" }
elsif ($sql =~ /SELECT HEX\(User\), HEX\(Host\), max_user_connections/) {
	print "636C6F7564\t25\t" . get('disk.%') . "\n636C6F7564\t6C6F63616C686F7374\t" . get('disk.localhost') . "\n";
} elsif ($sql =~ /\@h = CONVERT\(0x(\w+)/) {
	my $host = pack 'H*', $1;
	if ($sql =~ /MAX_USER_CONNECTIONS (\d+)/) { put("memory.$host", $1) } else { print "SHOW CREATE USER 'cloud'\@'$host'\n" }
} elsif ($sql =~ /^SHOW CREATE USER 'cloud'\@'(.*)'/) {
	my $n = get("memory.$1");
	print "CREATE USER `cloud`\@`$1` IDENTIFIED WITH 'x' REQUIRE NONE " . ($n ? "WITH MAX_USER_CONNECTIONS $n " : '') . "PASSWORD EXPIRE DEFAULT\n";
} elsif ($sql =~ /CONCAT\('KILL /) { print "KILL 5;\nKILL 6;\n" }

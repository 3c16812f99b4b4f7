# shellcheck shell=bash
#
# server.sh -- a private PostgreSQL for the scripts: source it, do not run it.
#
# Nothing of the system is written to and nothing runs as root.  A script that
# needs a server begins with
#
#	. "$(dirname "${BASH_SOURCE[0]}")/server.sh"
#	enter_scratch server "$@"	# or: enter_scratch tests "$@"
#	build_arbiter
#	start_server main fsync=on shared_buffers=256MB
#
# enter_scratch makes a scratch directory, copies the source tree into it,
# and starts the script again from that copy, as an unprivileged user where
# the caller is root.  It returns in that second life only, with
#
#	$scratch	the scratch directory, removed at exit (ARBITER_KEEP=1 keeps it)
#	$top		the copy of the source tree, which is also the working directory
#
# build_arbiter stages a private copy of the PostgreSQL installation: a
# PostgreSQL program finds its library and share directories relative to its
# own place, so the programs are copied and all they look for is linked.  Then
# it builds arbiter with PGXS and installs it there.  From then on PATH and
# $PG_CONFIG name the private copy, and
#
#	$bindir		has its programs (initdb, pg_ctl, psql, ...)
#	$perl_library	has PostgreSQL::Test::Cluster, for prove -I
#
# start_server NAME [SETTING=VALUE ...] makes and starts a server, and sets
# PGHOST, PGPORT, PGUSER and PGDATABASE for it; stop_server NAME stops it.  All
# servers are stopped at exit, unless the script sets leave_running=1.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
scratch=
leave_running=

# The caller's settings are for the caller's servers.
for variable in $(compgen -e); do
	case $variable in
		PG_CONFIG) ;;
		PG*) unset "$variable" ;;
		MAKEFLAGS | MFLAGS | MAKELEVEL | MAKEOVERRIDES) unset "$variable" ;;
	esac
done
unset variable
export LC_ALL=C
umask 022

say() { printf '%s\n' "$*"; }

die()
{
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# usable_postgres PG_CONFIG
#	...succeeds if an extension can be built and a server run with it.
usable_postgres()
{
	local version

	version=$("$1" --version 2>/dev/null) || return 1
	version=${version#PostgreSQL }
	version=${version%%[!0-9]*}
	[ -n "$version" ] && [ "$version" -ge 15 ] || return 1
	[ -x "$("$1" --bindir)/postgres" ] && [ -x "$("$1" --bindir)/initdb" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] && [ -f "$("$1" --pgxs)" ] &&
		[ -f "$("$1" --sharedir)/extension/btree_gist.control" ]
}

# find_postgres
#	...sets PG_CONFIG: the caller's choice, else the one in PATH, else the
#	newest of Debian's.
find_postgres()
{
	local candidate

	if [ -n "${PG_CONFIG:-}" ]; then
		candidate=$(command -v "$PG_CONFIG") && usable_postgres "$candidate" || return 1
		PG_CONFIG=$candidate
		return 0
	fi
	for candidate in "$(command -v pg_config || :)" \
		$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -t/ -k5,5nr); do
		if [ -n "$candidate" ] && usable_postgres "$candidate"; then
			PG_CONFIG=$candidate
			return 0
		fi
	done
	return 1
}

# make_scratch
#	...makes the scratch directory and copies the source tree into it.
make_scratch()
{
	local parent=${TMPDIR:-/tmp}

	[ -z "$scratch" ] || return 0
	# the path of a socket has about a hundred bytes, also below a test's own directory
	[ ${#parent} -le 40 ] || parent=/tmp
	scratch=$(mktemp -d "$parent/arbiter-XXXXXX")
	trap leave_scratch EXIT
	mkdir "$scratch/source" "$scratch/tmp"
	tar -C "$top" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude=./results --exclude=./output_iso --exclude='./tmp_check*' -cf - . |
		tar -C "$scratch/source" --no-same-owner -xf -
	chmod -R u+rwX "$scratch/source"
}

# leave_scratch
#	...stops whatever server still runs below the scratch directory, and
#	removes it.
leave_scratch()
{
	local pidfile

	[ -n "$scratch" ] && [ -z "$leave_running" ] || return 0
	if [ -n "${bindir:-}" ]; then
		while IFS= read -r pidfile; do
			"$bindir/pg_ctl" -D "$(dirname "$pidfile")" -s -m immediate -w stop || :
		done < <(find "$scratch" -name postmaster.pid)
	fi
	cd /
	if [ -n "${ARBITER_KEEP:-}" ]; then
		say "kept: $scratch" >&2
	else
		rm -rf "$scratch"
	fi
}

# enter_scratch server|tests [ARGUMENT ...]
#	...see above.
enter_scratch()
{
	local needs=$1 script user
	shift

	if [ -n "${ARBITER_SCRATCH:-}" ]; then
		scratch=$ARBITER_SCRATCH
		trap leave_scratch EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM HUP
		cd "$top"
		export TMPDIR=$scratch/tmp HOME=$scratch/tmp
		find_postgres || die "no PostgreSQL to build with"
		return
	fi

	"$top/scripts/prerequisites" "$needs"
	find_postgres || die "no PostgreSQL to build with"
	make_scratch
	script=$(cd "$(dirname "$0")" && pwd -P)/$(basename "$0")
	script=$scratch/source/${script#"$top/"}
	export ARBITER_SCRATCH=$scratch PG_CONFIG
	cd "$scratch"
	if [ "$(id -u)" -ne 0 ]; then
		exec bash "$script" "$@"
	fi
	for user in postgres nobody; do
		if id "$user" >/dev/null 2>&1; then
			chown -R "$user:$(id -gn "$user")" "$scratch"
			exec setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups \
				env USER="$user" LOGNAME="$user" bash "$script" "$@"
		fi
	done
	die "PostgreSQL does not run as root, and there is neither a user postgres nor nobody"
}

# link_entries FROM TO
#	...links each entry of directory FROM into TO, but for what is arbiter's.
link_entries()
{
	local entry

	mkdir -p "$2"
	[ -d "$1" ] || return 0
	for entry in "$1"/*; do
		case $(basename "$entry") in
			arbiter | arbiter.* | arbiter--*) ;;
			*) [ -e "$2/$(basename "$entry")" ] || ln -s "$entry" "$2/" ;;
		esac
	done
}

# stage_postgres
#	...makes the private copy of the PostgreSQL installation.
stage_postgres()
{
	local stage=$scratch/stage original=$PG_CONFIG directory program

	directory=$("$original" --bindir)
	bindir=$stage$directory
	mkdir -p "$bindir"
	for program in postgres initdb pg_config pg_ctl psql pgbench createdb dropdb createuser \
		dropuser vacuumdb pg_dump pg_dumpall pg_restore pg_basebackup pg_isready pg_controldata \
		pg_waldump pg_amcheck pg_rewind pg_verifybackup pg_receivewal pg_recvlogical \
		pg_resetwal pg_checksums reindexdb clusterdb; do
		[ ! -x "$directory/$program" ] || cp -L "$directory/$program" "$bindir/"
	done

	directory=$("$original" --pkglibdir)
	link_entries "$directory/bitcode" "$stage$directory/bitcode"
	link_entries "$directory" "$stage$directory"
	directory=$("$original" --sharedir)
	link_entries "$directory/extension" "$stage$directory/extension"
	link_entries "$directory" "$stage$directory"
	for directory in "$("$original" --includedir)" "$("$original" --pkgincludedir)" \
		"$("$original" --includedir-server)"; do
		if [ ! -e "$stage$directory" ]; then
			mkdir -p "$(dirname "$stage$directory")"
			ln -s "$directory" "$stage$directory"
		fi
	done

	PG_CONFIG=$bindir/pg_config
	[ "$("$PG_CONFIG" --bindir)" = "$bindir" ] && [ -f "$("$PG_CONFIG" --pgxs)" ] ||
		die "cannot stage a private copy of $("$original" --version) below $scratch"
	export PG_CONFIG PATH=$bindir:$PATH
	# shellcheck disable=SC2034 # for the scripts that run TAP tests
	perl_library=$(dirname "$("$PG_CONFIG" --pgxs)")/../test/perl
}

# build_arbiter
#	...stages PostgreSQL, builds arbiter with $ARBITER_CFLAGS added to the
#	compiler's flags, and installs it into the stage.
build_arbiter()
{
	local -a settings
	local global

	stage_postgres
	settings=("PG_CONFIG=$PG_CONFIG" "COPT=${ARBITER_CFLAGS:-}")
	global=$(dirname "$("$PG_CONFIG" --pgxs)")/../Makefile.global
	# bitcode for the JIT compiler is an extra that needs clang
	if grep -q '^with_llvm[[:space:]]*=[[:space:]]*yes' "$global" &&
		! command -v "$(sed -n 's/^CLANG[[:space:]]*=[[:space:]]*//p' "$global")" >/dev/null; then
		settings+=("with_llvm=no")
	fi
	if ! make -s -j "$(nproc 2>/dev/null || echo 2)" -C "$top" "${settings[@]}" all \
		>"$scratch/build.log" 2>&1 ||
		! make -s -C "$top" "${settings[@]}" install >>"$scratch/build.log" 2>&1; then
		cat "$scratch/build.log" >&2
		die "arbiter does not build"
	fi
	cat "$scratch/build.log"
}

# start_server NAME [SETTING=VALUE ...]
#	...makes a server that listens on a socket in the scratch directory alone,
#	and starts it.
start_server()
{
	local name=$1 setting
	shift

	mkdir -p "$scratch/socket"
	chmod 700 "$scratch/socket"
	"$bindir/initdb" -D "$scratch/$name" -U postgres --auth=trust --no-locale --encoding=UTF8 \
		--no-sync >"$scratch/$name.log" 2>&1 || {
		cat "$scratch/$name.log" >&2
		die "initdb failed"
	}
	server_number=$((${server_number:-0} + 1))
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$scratch/socket'"
		echo "port = $((5431 + server_number))"
		for setting in "$@"; do
			echo "${setting%%=*} = '${setting#*=}'"
		done
	} >>"$scratch/$name/postgresql.conf"
	"$bindir/pg_ctl" -D "$scratch/$name" -l "$scratch/$name.log" -s -w start >&2 || {
		cat "$scratch/$name.log" >&2
		die "the server did not start"
	}
	export PGHOST=$scratch/socket PGPORT=$((5431 + server_number)) PGUSER=postgres PGDATABASE=postgres
}

# stop_server NAME
#	...stops it; its data directory stays until the script ends.
stop_server()
{
	"$bindir/pg_ctl" -D "$scratch/$1" -s -m fast -w stop >&2
}

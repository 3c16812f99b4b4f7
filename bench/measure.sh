# shellcheck shell=bash disable=SC2154
#
# measure.sh -- how bench/run measures and reports.
#
# A template is a database in the state in which a case begins.  Every single
# measurement works in a fresh copy of it, so that no candidate finds what
# another left behind and the tenth run meets the same tables as the first.

results=$scratch/results
mkdir -p "$results"

# sql DATABASE COMMAND ...
#	...runs each command on its own and prints bare values.
sql()
{
	local database=$1 command
	local -a commands=()
	shift

	for command in "$@"; do
		commands+=(-c "$command")
	done
	psql -XqAt -v ON_ERROR_STOP=1 -d "$database" "${commands[@]}"
}

# template NAME [COMMAND ...]
#	...makes a template database: the schema, then the commands.
template()
{
	local name=$1
	shift

	progress "preparing $name"
	sql postgres "CREATE DATABASE \"$name\" TEMPLATE bench_schema"
	sql "$name" "$@" "VACUUM ANALYZE" >/dev/null
}

# fresh TEMPLATE [DATABASE]
#	...makes DATABASE (default: bench) a copy of the template.
fresh()
{
	local database=${2:-bench}

	# The checkpoint that DROP DATABASE makes comes before the copy is written,
	# so that the pages of the copy need no full image in the run to come.
	sql postgres "SET client_min_messages = warning" "DROP DATABASE IF EXISTS \"$database\"" \
		"CREATE DATABASE \"$database\" TEMPLATE \"$1\""
}

# median FILE
#	...prints the median of a file of numbers.
median()
{
	sort -g "$1" | awk '
		{ value[NR] = $1 }
		END {
			middle = int((NR + 1) / 2)
			print NR % 2 ? value[middle] : (value[middle] + value[middle + 1]) / 2
		}'
}

# pgbench_runs CASE TEMPLATE DRAW CLIENTS CANDIDATE ...
#	...runs the candidates in turn, $runs times, and leaves the transactions a
#	second of each in $results/CASE.CLIENTS.CANDIDATE.
pgbench_runs()
{
	local case=$1 template=$2 draw=$3 clients=$4 candidate run tps
	local script=$results/script.sql output=$results/pgbench.out
	shift 4

	for ((run = 1; run <= runs; run++)); do
		for candidate in "$@"; do
			cat "$bench/pgbench/$draw.draw.sql" "$bench/pgbench/$candidate.sql" >"$script"
			fresh "$template"
			if ! pgbench -n -M prepared -c "$clients" -j "$((clients < 2 ? 1 : 2))" \
				-T "$seconds" -f "$script" bench >"$output" 2>&1; then
				cat "$output" >&2
				die "pgbench failed: $case, $candidate, $clients clients"
			fi
			tps=$(awk '/^tps = / { print $3 }' "$output")
			progress "$case, $clients clients, run $run: $candidate $tps/s"
			echo "$tps" >>"$results/$case.$clients.$candidate"
		done
	done
}

# timer_runs CASE TEMPLATE CANDIDATE=ARGUMENTS ...
#	...calls the procedure time_CANDIDATE(ARGUMENTS) of each in turn, $runs
#	times, with commits that do not wait for the disk, and leaves the
#	microseconds of each in $results/CASE.CANDIDATE.  LABEL:CANDIDATE=ARGUMENTS
#	leaves them in $results/CASE.LABEL.  A command in $prelude is run before, in
#	the same session, and not measured.
timer_runs()
{
	local case=$1 template=$2 candidate label run value
	shift 2

	for ((run = 1; run <= runs; run++)); do
		for candidate in "$@"; do
			label=${candidate%%=*}
			fresh "$template"
			value=$(sql bench "SET synchronous_commit = off" ${prelude:+"$prelude"} \
				"CALL time_${label#*:}(${candidate#*=})")
			label=${label%%:*}
			progress "$case, run $run: $label $value us"
			echo "$value" >>"$results/$case.$label"
		done
	done
}

# net CASE LABEL
#	...makes $results/CASE.LABEL.net: the microseconds of a timer less those of
#	the empty loop in the same round.
net()
{
	local label
	local case=$1
	shift

	for label in "$@"; do
		paste "$results/$case.$label" "$results/$case.nothing" |
			awk '{ printf "%.2f\n", $1 - $2 }' >"$results/$case.$label.net"
	done
}

# quotient A B
#	...prints the median of the quotients of two files of numbers, round by
#	round: what disturbs the machine disturbs neighbours alike.
quotient()
{
	paste "$results/$1" "$results/$2" | awk '{ printf "%.3f\n", $1 / $2 }' >"$results/quotients"
	median "$results/quotients"
}

# holds VALUE BAR
#	...succeeds if the value is within the bar, such as "<= 1.5" or "< 100".
holds()
{
	awk -v value="$1" -v operator="${2%% *}" -v bar="${2##* }" 'BEGIN {
		gsub(",", "", bar)
		if (operator == ">=") ok = value + 0 >= bar + 0
		else if (operator == "<=") ok = value + 0 <= bar + 0
		else if (operator == "<") ok = value + 0 < bar + 0
		exit !ok }'
}

missed=0
printed_header=

# report CASE MEASURED WHAT VALUE [BAR]
#	...prints one row of the table: WHAT is the kind of VALUE that the bar is
#	about ("x F0", "us", ...).
report()
{
	local verdict=-

	if [ -z "$printed_header" ]; then
		printed_header=1
		printf '| %-50s | %-38s | %18s | %10s | %-4s |\n' case "medians" result bar ""
		printf '|%s|%s|%s:|%s:|%s|\n' "$(dashes 52)" "$(dashes 40)" "$(dashes 19)" \
			"$(dashes 11)" "$(dashes 6)"
	fi
	if [ -n "${5:-}" ]; then
		if holds "$4" "$5"; then
			verdict=pass
		else
			verdict=MISS
			missed=$((missed + 1))
		fi
	fi
	printf '| %-50s | %-38s | %18s | %10s | %-4s |\n' "$1" "$2" "$4 $3" "${5:-}" "$verdict"
}

dashes() { printf '%*s' "$1" '' | tr ' ' -; }

# compare_tps LABEL CASE CLIENTS CANDIDATE REFERENCE NAME [BAR]
#	...reports how many times the transactions of the reference were made.
compare_tps()
{
	report "$1" "$(printf '%.0f/s against %.0f/s' "$(median "$results/$2.$3.$4")" \
		"$(median "$results/$2.$3.$5")")" "x $6" "$(quotient "$2.$3.$4" "$2.$3.$5")" "${7:-}"
}

# compare_us LABEL A B NAME [BAR]
#	...reports how many times the microseconds in file B those in file A are.
compare_us()
{
	report "$1" "$(median "$results/$2") us against $(median "$results/$3") us" "x $4" \
		"$(quotient "$2" "$3")" "${5:-}"
}

progress() { [ -n "$quiet" ] || printf '%s  %s\n' "$(date +%T)" "$*" >&2; }

# healthy DATABASE
#	...ends the benchmark if the timeline is not what the tables say: a fast
#	wrong answer is no answer.
healthy()
{
	local found

	found=$(sql "$1" "SELECT count(*) FROM arbiter_check()")
	[ "$found" = 0 ] || die "arbiter_check() finds $found discrepancies after the run"
}

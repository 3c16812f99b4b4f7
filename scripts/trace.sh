# shellcheck shell=bash disable=SC2154
#
# trace.sh -- the trace of a GPU cluster that demo and demo-claims replay
#
# It is the folder $ARBITER_TRACE_DIR with pods.csv and nodes.csv, or else a
# made-up one of the same shape.  Source it after server.sh:
#
#	take_trace	before enter_scratch: copies what there is, while it can be read
#	have_trace	after it: makes one where there is none; sets $trace, a folder,
#			$trace_title, what it is, and $trace_made_up, if it is

take_trace()
{
	local from=${ARBITER_TRACE_DIR:-$top/../shared/data/gpu-cluster-trace}

	[ -z "${ARBITER_SCRATCH:-}" ] || return 0
	make_scratch
	mkdir "$scratch/trace"
	if [ -r "$from/pods.csv" ] && [ -r "$from/nodes.csv" ]; then
		cp "$from/pods.csv" "$from/nodes.csv" "$scratch/trace/"
	elif [ -n "${ARBITER_TRACE_DIR:-}" ]; then
		die "no pods.csv and nodes.csv in $from"
	fi
}

have_trace()
{
	trace=$scratch/trace
	trace_title="A production GPU cluster's trace"
	trace_made_up=
	if [ ! -f "$trace/pods.csv" ]; then
		trace_title="A made-up GPU cluster's trace"
		trace_made_up=1
		awk -v what=pods -f scripts/demo-trace.awk >"$trace/pods.csv"
		awk -v what=nodes -f scripts/demo-trace.awk >"$trace/nodes.csv"
	fi
}

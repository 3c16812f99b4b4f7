# demo-trace.awk -- a made-up trace of a GPU cluster, for where there is no real one
#
#	awk -v what=pods|nodes -f demo-trace.awk
#
# The same numbers from every awk: the generator stays below 2^53.

function draw(limit)
{
	state = (state * 16807) % 2147483647
	return int(state / 2147483647 * limit)
}

BEGIN {
	state = 20260101
	# of five nodes one has no cards, and one as many as the largest task needs
	split("0 4 4 4 8", cards, " ")
	split(",T4,T4,M16,M32", models, ",")
	if (what == "nodes") {
		print "sn,cpu_milli,memory_mib,gpu,model"
		for (node = 0; node < 1500; node++)
			printf "node-%04d,%d,%d,%d,%s\n", node, 96000, 393216, cards[node % 5 + 1],
				models[node % 5 + 1]
		exit
	}

	print "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase," \
		"creation_time,deletion_time,scheduled_time"
	now = 0
	for (task = 0; task < 8000; task++) {
		# one in ten never runs; half of the others end within minutes, a few stay for days
		now += draw(240)
		cpu = (1 + draw(16)) * 1000
		memory = (1 + draw(32)) * 1024
		gpu = draw(3) == 0 ? 0 : draw(10) == 0 ? 8 : 1
		models_wanted = gpu > 0 && task % 10 == 0 ? "M16|M32" : ""
		length_class = draw(20)
		if (length_class < 10)
			duration = 60 + draw(480)
		else if (length_class < 19)
			duration = 600 + draw(14400)
		else
			duration = 86400 + draw(864000)
		if (draw(10) == 0)
			printf "task-%04d,%d,%d,%d,,%s,,Pending,%d,%d,\n", task, cpu, memory, gpu,
				models_wanted, now, now + duration
		else
			printf "task-%04d,%d,%d,%d,,%s,,Succeeded,%d,%d,%d\n", task, cpu, memory, gpu,
				models_wanted, now, now + draw(30) + duration, now
	}
}

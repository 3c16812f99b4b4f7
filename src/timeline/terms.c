/*-------------------------------------------------------------------------
 *
 * terms.c
 *	  What those who take from a resource are held to, of its capacity.
 *
 * The timeline stores declared capacity less what is reserved, and knows of no
 * terms.  Both of them are shares of declared capacity, and follow its steps, not
 * those of reservations:
 *
 *	- the float is kept back from ordinary users, at any time;
 *
 *	- from an instant on, more may be reserved than there is: over-commit.  The
 *	  instant is the firm horizon, counted from the clock of whoever asks or
 *	  takes, and each instant of a range is on its own side of it.  The float
 *	  stays a share of what there is.
 *
 * Readers add the terms to what they read (timeline_view.c), and a change is
 * judged by them (timeline_plan.c).  Who has none reads no capacity for them.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/terms.h"

#include "common/int.h"
#include "timeline/base_rows.h"
#include "utils/memutils.h"

/*
 * float_amount returns the part of a capacity that is kept back, rounded up; the
 * share is in hundredths of a per cent.
 */
int64
float_amount(int64 capacity, int32 share)
{
	/* divided first: the product might not fit */
	return capacity / FLOAT_SHARE_ALL * share +
		(capacity % FLOAT_SHARE_ALL * share + FLOAT_SHARE_ALL - 1) / FLOAT_SHARE_ALL;
}

/*
 * overcommit_amount returns what may be reserved beyond a capacity, rounded down,
 * and with it no more than fits 64 bits; overcommit is in hundredths.
 */
int64
overcommit_amount(int64 capacity, int32 overcommit)
{
	int64		most = PG_INT64_MAX - capacity;
	int64		amount;

	if (pg_mul_s64_overflow(capacity / OVERCOMMIT_ONE, overcommit, &amount) ||
		pg_add_s64_overflow(amount,
							capacity % OVERCOMMIT_ONE * overcommit / OVERCOMMIT_ONE,
							&amount))
		return most;
	return Min(amount, most);
}

/*
 * terms_matter tells whether terms make a difference before an end.
 */
bool
terms_matter(const Terms *terms, TimestampTz end)
{
	return terms->float_share > 0 ||
		(terms->overcommit > 0 && end > terms->firm_until);
}

/*
 * terms_combine makes terms those of a change that others are held to as well:
 * the stricter ones, where both have any.
 */
void
terms_combine(Terms *terms, const Terms *others)
{
	terms->float_share = Max(terms->float_share, others->float_share);
	if (terms->overcommit == 0)
	{
		terms->overcommit = others->overcommit;
		terms->firm_until = others->firm_until;
	}
	else if (others->overcommit > 0)
	{
		terms->overcommit = Min(terms->overcommit, others->overcommit);
		terms->firm_until = Max(terms->firm_until, others->firm_until);
	}
}

/*
 * terms_steps returns what is kept back, and what may be over-committed, as step
 * functions over [from, to), which is not empty.
 *
 * Takes AccessShareLock on arbiter_capacity.
 */
RuleStep *
terms_steps(const Terms *terms, int32 resource_id, TimestampTz from,
			TimestampTz to, Snapshot snapshot, int *nsteps)
{
	int			ncapacity;
	Step	   *capacity = capacity_steps(resource_id, from, to, snapshot, &ncapacity);
	RuleStep   *steps;
	int			n = 0;

	steps = palloc_extended(sizeof(RuleStep) * ((Size) ncapacity + 1), MCXT_ALLOC_HUGE);
	for (int i = steps_find(capacity, ncapacity, from);
		 i < ncapacity && capacity[i].start < to; i++)
	{
		TimestampTz start = Max(capacity[i].start, from);
		TimestampTz end = i + 1 < ncapacity ? Min(capacity[i + 1].start, to) : to;
		int64		amount = capacity[i].available;
		int64		kept = float_amount(amount, terms->float_share);

		if (start < terms->firm_until || terms->overcommit == 0)
			steps[n++] = (RuleStep) {.start = start,.kept = kept};
		if (end > terms->firm_until && terms->overcommit > 0)
			steps[n++] = (RuleStep) {
				.start = Max(start, terms->firm_until),
				.kept = kept,
				.extra = overcommit_amount(amount, terms->overcommit)
			};
	}
	pfree(capacity);
	*nsteps = n;
	return steps;
}

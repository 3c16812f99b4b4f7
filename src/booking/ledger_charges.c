/*-------------------------------------------------------------------------
 *
 * ledger_charges.c
 *	  What is left of the quotas that a request of a ledger counts against.
 *
 * A quota has an account in the ledger, as resources have: whoever decides many
 * requests in turn asks it after the resource, and takes from it what is granted.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/ledger_charges.h"

/*
 * ledger_charges_expect prepares the accounts of the quotas to be asked; before
 * the ledger is loaded.
 */
void
ledger_charges_expect(LedgerCharges *counted, Ledger *ledger)
{
	counted->accounts = palloc(sizeof(LedgerAccount *) * Max(counted->charges.n, 1));
	for (int i = 0; i < counted->charges.n; i++)
	{
		const Charge *charge = &counted->charges.charges[i];
		Resource	quota = {.id = quota_timeline_id(charge->quota_id),.name = "quota"};

		counted->accounts[i] = ledger_account(ledger, &quota);
		ledger_expect(counted->accounts[i], charge->start, charge->end);
	}
}

/*
 * ledger_charges_exceeded returns the index of the first charge that its quota has
 * not enough for, or -1.
 */
int
ledger_charges_exceeded(const LedgerCharges *counted)
{
	for (int i = 0; i < counted->charges.n; i++)
	{
		const Charge *charge = &counted->charges.charges[i];

		if (ledger_available(counted->accounts[i], true, charge->start,
							 charge->end, NULL) < charge->amount)
			return i;
	}
	return -1;
}

/*
 * ledger_charges_refuse composes the refusal of a charge that its quota has not
 * enough for (RV010), without alternatives.
 */
void
ledger_charges_refuse(const LedgerCharges *counted, int which, Refusal *refusal)
{
	const Charge *charge = &counted->charges.charges[which];
	QuotaShortage shortage = {.quota_id = charge->quota_id,.asked = charge->amount};

	shortage.available = ledger_available(counted->accounts[which], true,
										  charge->start, charge->end,
										  &shortage.instant);
	refuse_quota(NULL, &shortage, refusal);
}

/*
 * ledger_charges_take takes the charges of what is granted.
 */
void
ledger_charges_take(const LedgerCharges *counted)
{
	for (int i = 0; i < counted->charges.n; i++)
	{
		const Charge *charge = &counted->charges.charges[i];

		ledger_take(counted->accounts[i], charge->start, charge->end,
					charge->amount);
	}
}

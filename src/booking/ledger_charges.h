/*-------------------------------------------------------------------------
 *
 * ledger_charges.h
 *	  What is left of the quotas that a request of a ledger counts against.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LEDGER_CHARGES_H
#define ARBITER_LEDGER_CHARGES_H

#include "postgres.h"

#include "booking/ledger.h"
#include "booking/quota_refusal.h"
#include "charge/charge.h"

/* what a request counts against quotas, and the accounts of these */
typedef struct LedgerCharges
{
	Charges		charges;
	LedgerAccount **accounts;	/* one per charge */
} LedgerCharges;

extern void ledger_charges_expect(LedgerCharges *counted, Ledger *ledger);
extern int	ledger_charges_exceeded(const LedgerCharges *counted);
extern void ledger_charges_refuse(const LedgerCharges *counted, int which,
								  Refusal *refusal);
extern void ledger_charges_take(const LedgerCharges *counted);

#endif							/* ARBITER_LEDGER_CHARGES_H */

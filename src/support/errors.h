/*-------------------------------------------------------------------------
 *
 * errors.h
 *	  The SQLSTATEs of class RV: conditions a program branches on.
 *
 * The README lists them; every other condition has its standard code.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_ERRORS_H
#define ARBITER_ERRORS_H

#include "utils/elog.h"

#define ERRCODE_ARBITER_INSUFFICIENT_CAPACITY	MAKE_SQLSTATE('R','V','0','0','1')
#define ERRCODE_ARBITER_OUTSIDE_SCHEDULE		MAKE_SQLSTATE('R','V','0','0','2')
#define ERRCODE_ARBITER_INVALID_RANGE			MAKE_SQLSTATE('R','V','0','0','3')
#define ERRCODE_ARBITER_IMPLAUSIBLE_EPOCH		MAKE_SQLSTATE('R','V','0','0','4')
#define ERRCODE_ARBITER_INVALID_AMOUNT			MAKE_SQLSTATE('R','V','0','0','5')
#define ERRCODE_ARBITER_TOO_EARLY				MAKE_SQLSTATE('R','V','0','0','6')
#define ERRCODE_ARBITER_NOT_ALIGNED				MAKE_SQLSTATE('R','V','0','0','7')
#define ERRCODE_ARBITER_NOT_FOUND				MAKE_SQLSTATE('R','V','0','0','8')
#define ERRCODE_ARBITER_HOLD_EXPIRED			MAKE_SQLSTATE('R','V','0','0','9')
#define ERRCODE_ARBITER_QUOTA_EXCEEDED			MAKE_SQLSTATE('R','V','0','1','0')
#define ERRCODE_ARBITER_UNCOVERED				MAKE_SQLSTATE('R','V','0','1','1')
#define ERRCODE_ARBITER_NO_PROVIDER				MAKE_SQLSTATE('R','V','0','1','2')
#define ERRCODE_ARBITER_KEY_REUSED				MAKE_SQLSTATE('R','V','0','1','3')

#endif							/* ARBITER_ERRORS_H */

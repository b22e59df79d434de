/*
 * forecast.h
 *		What the last batches have brought, and so what further ones can be expected to.
 */
#ifndef GTL_FORECAST_H
#define GTL_FORECAST_H

#include "reports/job_facts.h"
#include "reports/report.h"

/* Adds a row with the topic "forecast", where there is something to say. */
extern void gtl_forecast(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts);

#endif							/* GTL_FORECAST_H */

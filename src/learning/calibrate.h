/*
 * calibrate.h
 *		How probable a classifier's answer is right, by its margin.
 */
#ifndef GTL_CALIBRATE_H
#define GTL_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

/* P(right | margin) = 1 / (1 + exp(-(intercept + slope * log((1 + margin) / (1 - margin))))) */
typedef struct GtlCalibration
{
	double		intercept;
	double		slope;			/* >= 0; NaN: nothing is known */
} GtlCalibration;

/* From objects that the classifier has not learned from: margins, and whether its answers were right. */
extern void gtl_calibrate(const double *margin, const bool *right, int64_t count, GtlCalibration *calibration);

/* NaN if nothing is known. */
extern double gtl_calibrated(const GtlCalibration *calibration, double margin);

#endif							/* GTL_CALIBRATE_H */

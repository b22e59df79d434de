/*
 * report_style.h
 *		The style sheet of gt_report.
 */
#ifndef GTL_REPORT_STYLE_H
#define GTL_REPORT_STYLE_H

extern const char gtl_report_style[];

#endif							/* GTL_REPORT_STYLE_H */

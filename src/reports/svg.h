/*
 * svg.h
 *		Plain pieces of a chart: a picture with its words for those who do not see it,
 *		panels with scales, axes, marks.
 *
 * Colours come from the page's style sheet by class, so that they follow light, dark
 * and print.  Words in a picture are our own or numbers: gtl_svg_text does not escape.
 */
#ifndef GTL_SVG_H
#define GTL_SVG_H

#include "base/compat.h"
#include "lib/stringinfo.h"

/* A panel: a rectangle of the picture, and what its edges stand for. */
typedef struct GtlPanel
{
	StringInfo	page;
	double		left;
	double		top;
	double		width;
	double		height;
	double		x_last;			/* the right edge; the left one is 0 */
	double		y_last;			/* the upper edge; the lower one is 0 */
} GtlPanel;

/* id, unique in the page, names the two texts. */
extern void gtl_svg_begin(StringInfo page, const char *id, int width, int height,
						  const char *title, const char *description);
extern void gtl_svg_end(StringInfo page);

extern double gtl_panel_x(const GtlPanel *panel, double value);
extern double gtl_panel_y(const GtlPanel *panel, double value);

extern void gtl_svg_text(StringInfo page, double x, double y, const char *class, const char *words);
extern void gtl_svg_line(StringInfo page, double x1, double y1, double x2, double y2, const char *class);
extern void gtl_svg_rectangle(StringInfo page, double x, double y, double width, double height, const char *class);

/* A number as the axes write it; percent: the values are shares. */
typedef enum GtlTickFormat
{
	GTL_TICK_COUNT,
	GTL_TICK_PERCENT,
	GTL_TICK_MARGIN
} GtlTickFormat;

/* About `count` marks at round numbers. */
extern void gtl_panel_axis_x(const GtlPanel *panel, int count, GtlTickFormat format, const char *title);
extern void gtl_panel_axis_y_from(const GtlPanel *panel, int count, GtlTickFormat format, double first);	/* begins there */
extern void gtl_panel_axis_y(const GtlPanel *panel, int count, GtlTickFormat format);	/* names the top of counts too */

#endif							/* GTL_SVG_H */

/*
 * svg.c
 *		Plain pieces of a chart.
 */
#include "reports/svg.h"

#include <math.h>

#include "base/format.h"

void
gtl_svg_begin(StringInfo page, const char *id, int width, int height, const char *title, const char *description)
{
	appendStringInfo(page, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-title %s-desc\">\n"
						   "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n",
					 width, height, id, id, id, title, id, description);
}

void
gtl_svg_end(StringInfo page)
{
	appendStringInfoString(page, "</svg>\n");
}

double
gtl_panel_x(const GtlPanel *panel, double value)
{
	return panel->left + panel->width * value / panel->x_last;
}

double
gtl_panel_y(const GtlPanel *panel, double value)
{
	return panel->top + panel->height * (1 - value / panel->y_last);
}

void
gtl_svg_text(StringInfo page, double x, double y, const char *class, const char *words)
{
	appendStringInfo(page, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, words);
}

void
gtl_svg_line(StringInfo page, double x1, double y1, double x2, double y2, const char *class)
{
	appendStringInfo(page, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class);
}

void
gtl_svg_rectangle(StringInfo page, double x, double y, double width, double height, const char *class)
{
	appendStringInfo(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n",
					 x, y, Max(width, 0), Max(height, 0), class);
}

/* 1, 2 or 5 times a power of ten, so that about `count` of them make the range; whole for counts. */
static double
tick_step(double range, int count, GtlTickFormat format)
{
	double		raw = range / count;
	double		power = pow(10, floor(log10(raw)));
	double		step = power * (raw <= power ? 1 : raw <= 2 * power ? 2 : raw <= 5 * power ? 5 : 10);

	return format == GTL_TICK_COUNT ? Max(step, 1) : step;
}

static char *
tick_text(double value, GtlTickFormat format)
{
	switch (format)
	{
		case GTL_TICK_COUNT:
			return gtl_format_count((int64) rint(value));
		case GTL_TICK_PERCENT:
			return psprintf("%.3g&#160;%%", 100 * value);
		case GTL_TICK_MARGIN:
			return psprintf("%.3g", value);
	}
	return pstrdup("");
}

void
gtl_panel_axis_x(const GtlPanel *panel, int count, GtlTickFormat format, const char *title)
{
	double		step = tick_step(panel->x_last, count, format);
	double		bottom = panel->top + panel->height;

	gtl_svg_line(panel->page, panel->left, bottom, panel->left + panel->width, bottom, "axis");
	for (int i = 0; i * step <= panel->x_last * (1 + 1e-9); i++)
	{
		double		x = gtl_panel_x(panel, i * step);

		gtl_svg_line(panel->page, x, bottom, x, bottom + 4, "axis");
		gtl_svg_text(panel->page, x, bottom + 18, "tick middle", tick_text(i * step, format));
	}
	gtl_svg_text(panel->page, panel->left + panel->width / 2, bottom + 36, "tick middle", title);
}

void
gtl_panel_axis_y_from(const GtlPanel *panel, int count, GtlTickFormat format, double first)
{
	double		step = tick_step(panel->y_last, count, format);

	for (double value = ceil(first / step - 1e-9) * step; value <= first + panel->y_last * (1 + 1e-9); value += step)
	{
		double		y = gtl_panel_y(panel, value - first);

		gtl_svg_line(panel->page, panel->left, y, panel->left + panel->width, y, "grid");
		gtl_svg_text(panel->page, panel->left - 8, y + 4, "tick end", tick_text(value, format));
	}
}

void
gtl_panel_axis_y(const GtlPanel *panel, int count, GtlTickFormat format)
{
	double		step = tick_step(panel->y_last, count, format);

	for (int i = 0; i * step <= panel->y_last * (1 + 1e-9); i++)
	{
		double		y = gtl_panel_y(panel, i * step);

		gtl_svg_line(panel->page, panel->left, y, panel->left + panel->width, y, "grid");
		if (format != GTL_TICK_COUNT || y > panel->top + 28)
			gtl_svg_text(panel->page, panel->left - 8, y + 4, "tick end", tick_text(i * step, format));
	}
	if (format == GTL_TICK_COUNT)
		gtl_svg_text(panel->page, panel->left - 8, panel->top + 4, "tick end", tick_text(panel->y_last, format));
}

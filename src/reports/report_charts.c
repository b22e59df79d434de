/*
 * report_charts.c
 *		The pictures of gt_report.
 *
 * Each is drawn twice, for wide and for narrow windows, so that its letters have their
 * size in both; the style sheet shows one of them.
 */
#include "reports/report_charts.h"

#include <math.h>

#include "base/format.h"
#include "reports/html.h"
#include "reports/svg.h"

/* What differs between a wide and a narrow picture. */
typedef struct Format
{
	const char *name;
	int			width;
	int			height;			/* of a large panel */
	int			small;			/* of a small one */
	int			left;			/* margin */
	int			right;
	int			ticks;
} Format;

static const Format formats[] = {
	{"wide", 880, 250, 120, 56, 84, 8},
	{"narrow", 340, 200, 100, 46, 10, 4}
};

/* The format with room on the left for the largest count on the axis. */
static Format
with_room_for(const Format *format, int64 count)
{
	Format		wider = *format;

	wider.left = Max(wider.left, 14 + 8 * (int) strlen(gtl_format_count(count)));
	return wider;
}

/* A panel below what is there already, with room for a heading. */
static GtlPanel
panel_at(StringInfo page, const Format *format, double top, double height, double x_last, double y_last)
{
	GtlPanel	panel = {page, format->left, top, format->width - format->left - format->right, height, x_last, y_last};

	return panel;
}

static void
heading(const GtlPanel *panel, const char *words)
{
	gtl_svg_text(panel->page, 0, panel->top - 14, "heading", words);
}

/* The line of the promise, named beside its right end, or above its left one. */
static void
draw_target(const GtlPanel *panel, const Format *format, double target_error)
{
	double		y = gtl_panel_y(panel, target_error);
	double		right = panel->left + panel->width;
	char	   *words = psprintf("target %s", gtl_format_percent(target_error));

	gtl_svg_line(panel->page, panel->left, y, right, y, "target");
	if (format->right > 50)
		gtl_svg_text(panel->page, right + 6, y + 4, "mark", words);
	else
		gtl_svg_text(panel->page, panel->left + 4, y - 5, "mark", words);
}

/* ---- Shares ---- */

void
gtl_chart_shares(StringInfo page, int32 people, int32 machine, int32 failed, int32 objects)
{
	const char *const class[] = {"people", "machine", "failed"};
	int32		count[] = {people, machine, failed};
	double		x = 0;

	gtl_html_raw(page, "<svg class=\"shares\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\""
					   " aria-labelledby=\"shares-title\">\n");
	gtl_html_format(page, "<title id=\"shares-title\">Of %s objects people labeled %s, the machine %s</title>\n",
					gtl_format_count(objects), gtl_format_count(people), gtl_format_count(machine));
	gtl_svg_rectangle(page, 0, 0, 1000, 14, "open");
	for (int i = 0; i < (int) lengthof(count); i++)
	{
		double		width = 1000.0 * count[i] / Max(objects, 1);

		if (count[i] > 0)
			gtl_svg_rectangle(page, x, 0, width, 14, class[i]);
		x += width;
	}
	gtl_svg_end(page);
}

/* ---- Progress ---- */

/*
 * The area between the axis and the number of labels: people's grow along the
 * axis, the machine's in a step at each round.
 */
static void
draw_area(const GtlPanel *panel, const GtlHistory *history, bool with_machine)
{
	StringInfo	page = panel->page;
	int32		machine = 0;

	gtl_html_format(page, "<path class=\"%s\" d=\"M%.1f %.1f", with_machine ? "machine" : "people",
					gtl_panel_x(panel, 0), gtl_panel_y(panel, 0));
	for (int i = 0; i < history->count; i++)
	{
		const GtlMoment *m = &history->moment[i];
		double		x = gtl_panel_x(panel, m->people);

		if (m->round_no < 0)	/* an audit: people take labels over from the machine */
			machine = m->machine;
		gtl_html_format(page, "L%.1f %.1f", x, gtl_panel_y(panel, m->people + (with_machine ? machine : 0)));
		if (with_machine && m->machine != machine)
		{
			machine = m->machine;
			gtl_html_format(page, "V%.1f", gtl_panel_y(panel, m->people + machine));
		}
	}
	gtl_html_format(page, "V%.1fZ\"/>\n", gtl_panel_y(panel, 0));
}

/* One invisible strip a moment says in words, under the pointer, what the areas show there. */
static void
draw_moments(const GtlPanel *panel, const GtlHistory *history)
{
	for (int i = 0; i < history->count; i++)
	{
		const GtlMoment *m = &history->moment[i];
		int32		next = i + 1 < history->count ? history->moment[i + 1].people : (int32) panel->x_last;

		gtl_html_format(panel->page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"touch\"><title>",
						gtl_panel_x(panel, m->people), panel->top,
						Max(gtl_panel_x(panel, next) - gtl_panel_x(panel, m->people), 2), panel->height);
		if (m->round_no >= 0)
			gtl_html_format(panel->page, "round %d: ", m->round_no);
		gtl_html_format(panel->page, "%s by people, %s by machine, %s left</title></rect>\n",
						gtl_format_count(m->people), gtl_format_count(m->machine),
						gtl_format_count(history->objects - m->people - m->machine));
	}
}

/* The names of the areas, at the height of their right ends. */
static void
name_areas(const GtlPanel *panel, const Format *format, const GtlHistory *history)
{
	const GtlMoment *last = &history->moment[history->count - 1];
	double		x = panel->left + panel->width + 8;
	double		people = gtl_panel_y(panel, last->people / 2.0) + 4;
	double		machine = gtl_panel_y(panel, last->people + last->machine / 2.0) + 4;

	if (format->right < 50)
		return;
	people = Max(people, machine + 18);
	if (people > panel->top + panel->height)
	{
		people = panel->top + panel->height;
		machine = Min(machine, people - 18);
	}
	gtl_svg_text(panel->page, x, people, "name", "people");
	if (last->machine > 0)
		gtl_svg_text(panel->page, x, machine, "name strong", "machine");
}

/* Points of the rounds: full if the bound keeps the promise, hollow if not. */
static void
draw_bounds(const GtlPanel *panel, const Format *format, const GtlHistory *history, int rounds)
{
	double		named = panel->left - 12;	/* where the last number stands */

	heading(panel, "Error bound of each round");
	gtl_panel_axis_y(panel, 3, GTL_TICK_PERCENT);
	draw_target(panel, format, history->target_error);
	for (int i = 0; i < history->count; i++)
	{
		const GtlMoment *m = &history->moment[i];
		bool		above = m->bound > panel->y_last;
		double		x = gtl_panel_x(panel, m->people);

		if (m->round_no < 0 || isnan(m->bound))
			continue;
		if (above)				/* beyond the panel: an arrow at its edge */
			gtl_html_format(panel->page, "<path class=\"%s\" d=\"M%.1f %.1fl4 7h-8Z\">", "miss", x, panel->top - 3);
		else
			gtl_html_format(panel->page, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\">",
							m->passed ? "hit" : "miss", x, gtl_panel_y(panel, m->bound), rounds > 60 ? "2.5" : "4");
		gtl_html_format(panel->page, "<title>round %d: %s %s", m->round_no,
						m->passed ? "bound" : "nothing keeps the promise, lowest bound", gtl_format_percent(m->bound));
		if (m->passed)
			gtl_html_format(panel->page, ", margin of at least %.4f", m->threshold);
		gtl_html_format(panel->page, "</title></%s>\n", above ? "path" : "circle");
		if (above || x - named < 52)
			continue;
		gtl_svg_text(panel->page, x, gtl_panel_y(panel, m->bound) + (m->passed ? 18 : -9),
					 x + 20 > format->width ? "mark end" : "mark middle", gtl_format_percent(m->bound));
		named = x;
	}
}

/* The learning curve: how often the model of each round is right on the validation set. */
static void
draw_accuracies(const GtlPanel *panel, const Format *format, const GtlHistory *history, double lowest)
{
	double		named = panel->left - 12;	/* where the last number stands */
	StringInfo	page = panel->page;
	const char *move = "M";

	heading(panel, "Right in validation, the model of each round");
	gtl_panel_axis_y_from(panel, 3, GTL_TICK_PERCENT, lowest);
	gtl_html_raw(page, "<path class=\"bound\" d=\"");
	for (int i = 0; i < history->count; i++)
		if (!isnan(history->moment[i].accuracy))
		{
			gtl_html_format(page, "%s%.1f %.1f", move, gtl_panel_x(panel, history->moment[i].people),
							gtl_panel_y(panel, history->moment[i].accuracy - lowest));
			move = "L";
		}
	gtl_html_raw(page, "\"/>\n");
	for (int i = 0; i < history->count; i++)
	{
		const GtlMoment *m = &history->moment[i];
		double		x = gtl_panel_x(panel, m->people);

		if (isnan(m->accuracy))
			continue;
		gtl_html_format(page, "<circle class=\"hit\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>round %d: %s</title></circle>\n",
						x, gtl_panel_y(panel, m->accuracy - lowest), m->round_no, gtl_format_percent(m->accuracy));
		if (x - named < (x + 20 > format->width ? 76 : 52))
			continue;
		gtl_svg_text(page, x, gtl_panel_y(panel, m->accuracy - lowest) + 18, x + 20 > format->width ? "mark end" : "mark middle",
					 gtl_format_percent(m->accuracy));
		named = x;
	}
}

/* Where the axis of accuracies begins: a round number, with room below the lowest. */
static double
lowest_accuracy(const GtlHistory *history)
{
	double		lowest = 1;

	for (int i = 0; i < history->count; i++)
		if (history->moment[i].accuracy < lowest)
			lowest = history->moment[i].accuracy;
	lowest = fmin(1 - 1.5 * (1 - lowest), 0.98);	/* also where nothing is wrong the axis has a length */
	return lowest < 0.5 ? 0 : lowest < 0.9 ? floor(lowest * 10) / 10 : floor(lowest * 50) / 50;
}

static int
count_accuracies(const GtlHistory *history)
{
	int			count = 0;

	for (int i = 0; i < history->count; i++)
		count += !isnan(history->moment[i].accuracy);
	return count;
}

/* As high as the bounds need, up to four times the target. */
static double
highest_bound(const GtlHistory *history)
{
	double		highest = 1.5 * history->target_error;

	for (int i = 0; i < history->count; i++)
		if (history->moment[i].round_no >= 0 && history->moment[i].bound * 1.1 > highest)
			highest = history->moment[i].bound * 1.1;
	return Min(Min(highest, 4 * history->target_error), 1.0);
}

static int
count_bounds(const GtlHistory *history)
{
	int			count = 0;

	for (int i = 0; i < history->count; i++)
		count += history->moment[i].round_no >= 0 && !isnan(history->moment[i].bound);
	return count;
}

static void
draw_progress(StringInfo page, const Format *usual, const GtlHistory *history)
{
	const Format roomy = with_room_for(usual, history->objects);
	const Format *format = &roomy;
	const GtlMoment *last = &history->moment[history->count - 1];
	int			rounds = count_bounds(history);
	GtlPanel	labels = panel_at(page, format, 34, format->height, Max(last->people, 1), history->objects);
	bool		curve = count_accuracies(history) > 0;
	double		least = lowest_accuracy(history);
	GtlPanel	models = panel_at(page, format, labels.top + labels.height + 46, format->small, labels.x_last, 1 - least);
	double		above = curve ? models.top + models.height : labels.top + labels.height;
	GtlPanel	bounds = panel_at(page, format, above + 46, format->small, labels.x_last, highest_bound(history));
	const GtlPanel *lowest = rounds > 0 ? &bounds : curve ? &models : &labels;

	gtl_svg_begin(page, psprintf("progress-%s", format->name), format->width, (int) (lowest->top + lowest->height + 44),
				  "Labels over the number of labels that people gave",
				  psprintf("After %s labels by people, %s of %s objects have a label by machine and %s have none.",
						   gtl_format_count(last->people), gtl_format_count(last->machine), gtl_format_count(history->objects),
						   gtl_format_count(history->objects - last->people - last->machine)));
	heading(&labels, "Objects");
	gtl_svg_rectangle(page, labels.left, labels.top, labels.width, labels.height, "open");
	draw_area(&labels, history, true);
	draw_area(&labels, history, false);
	gtl_svg_text(page, labels.left + 12, labels.top + 22, "quiet", "no label yet");
	gtl_panel_axis_y(&labels, 4, GTL_TICK_COUNT);
	name_areas(&labels, format, history);
	draw_moments(&labels, history);
	if (curve)
		draw_accuracies(&models, format, history, least);
	if (rounds > 0)
		draw_bounds(&bounds, format, history, rounds);
	gtl_panel_axis_x(lowest, format->ticks, GTL_TICK_COUNT, "labels that people gave");
	gtl_svg_end(page);
}

/* Draws one picture for wide and one for narrow windows. */
#define DRAW_BOTH(page, call) \
	do { \
		for (int f = 0; f < (int) lengthof(formats); f++) \
		{ \
			const Format *format = &formats[f]; \
			gtl_html_format(page, "<div class=\"%s\">\n", format->name); \
			call; \
			gtl_html_raw(page, "</div>\n"); \
		} \
	} while (0)

void
gtl_chart_progress(StringInfo page, const GtlHistory *history)
{
	DRAW_BOTH(page, draw_progress(page, format, history));
}

/* ---- Coverage ---- */

/* A line through the steps, in a picture of the panel's size that cuts off what is above it. */
static void
draw_curve(const GtlPanel *panel, const double *values, int steps, const char *class, bool area)
{
	GtlPanel	inner = {panel->page, 0, 0, panel->width, panel->height, panel->x_last, panel->y_last};

	gtl_html_format(panel->page, "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><path class=\"%s\" d=\"",
					panel->left, panel->top, panel->width, panel->height, class);
	for (int i = 0; i <= steps; i++)
		gtl_html_format(panel->page, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
						gtl_panel_x(&inner, (double) i / GTL_COVERAGE_STEPS),
						Max(gtl_panel_y(&inner, values[i]), -panel->height));
	if (area)
		gtl_html_format(panel->page, "V%.1fH0Z", panel->height);
	gtl_html_raw(panel->page, "\"/></svg>\n");
}

/* The chosen threshold, through both panels; without one the closest, hollow. */
static void
draw_threshold(const GtlPanel *covered, const GtlPanel *bounds, const GtlRound *round)
{
	const GtlCertificate *c = &round->certificate;
	double		margin = c->passed ? c->threshold : c->best_threshold;
	double		bound = c->passed ? c->bound : c->best_bound;
	double		admits = (double) (c->passed ? round->auto_labeled : round->best_admits) / Max(round->scored, 1);
	double		x = gtl_panel_x(covered, margin);
	char	   *words = psprintf(c->passed ? "margin &#8805; %.3f" : "closest: margin &#8805; %.3f", margin);
	bool		left_side = margin > 0.6;

	if (!c->passed && c->best_n == 0)
		return;
	gtl_svg_line(covered->page, x, covered->top, x, covered->top + covered->height, c->passed ? "choice" : "closest");
	gtl_svg_line(bounds->page, x, bounds->top, x, bounds->top + bounds->height, c->passed ? "choice" : "closest");
	gtl_svg_text(covered->page, x + (left_side ? -7 : 7), covered->top + covered->height - 24,
				 left_side ? "mark strong end" : "mark strong", words);
	gtl_svg_text(covered->page, x + (left_side ? -7 : 7), covered->top + covered->height - 8,
				 left_side ? "mark end" : "mark",
				 psprintf("%s of the pool", gtl_format_percent(admits)));
	gtl_html_format(covered->page, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
					c->passed ? "hit" : "miss", x, gtl_panel_y(covered, admits));
	if (bound <= bounds->y_last)
		gtl_html_format(bounds->page, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>bound %s</title></circle>\n",
						c->passed ? "hit" : "miss", x, gtl_panel_y(bounds, bound), gtl_format_percent(bound));
}

static char *
describe_coverage(const GtlRound *round)
{
	const GtlCertificate *c = &round->certificate;

	if (c->passed)
		return psprintf("A margin of at least %.3f covers %s of the pool with an error bound of %s; the target is %s.",
						c->threshold, gtl_format_percent((double) round->auto_labeled / Max(round->scored, 1)),
						gtl_format_percent(c->bound), gtl_format_percent(round->promise.target_error));
	return psprintf("No threshold keeps the promise: the lowest error bound is %s, the target %s.",
					gtl_format_percent(c->best_bound), gtl_format_percent(round->promise.target_error));
}

static void
draw_coverage(StringInfo page, const Format *format, const GtlCoverage *coverage, const GtlRound *round)
{
	double		target = round->promise.target_error;
	double		closest = round->certificate.passed ? 0 : Min(1.3 * round->certificate.best_bound, 8 * target);
	double		highest = Min(1.0, Max(3 * target, closest));
	GtlPanel	covered = panel_at(page, format, 34, format->small + 30, 1.0, 1.0);
	GtlPanel	bounds = panel_at(page, format, covered.top + covered.height + 46, format->small + 30, 1.0, highest);

	gtl_svg_begin(page, psprintf("coverage-%s", format->name), format->width, (int) (bounds.top + bounds.height + 44),
				  "Coverage and error bound over the margin threshold", describe_coverage(round));
	heading(&covered, "Share of the pool at or above the margin");
	draw_curve(&covered, coverage->covered, GTL_COVERAGE_STEPS, "cover", true);
	draw_curve(&covered, coverage->covered, GTL_COVERAGE_STEPS, "bound", false);
	gtl_panel_axis_y(&covered, 4, GTL_TICK_PERCENT);
	gtl_svg_line(page, covered.left, covered.top + covered.height, covered.left + covered.width,
				 covered.top + covered.height, "axis");
	heading(&bounds, "Error above it: bound, observed (thin)");
	gtl_panel_axis_y(&bounds, 3, GTL_TICK_PERCENT);
	draw_target(&bounds, format, target);
	draw_curve(&bounds, coverage->error, coverage->steps, "observed", false);
	draw_curve(&bounds, coverage->bound, coverage->steps, "bound", false);
	draw_threshold(&covered, &bounds, round);
	gtl_panel_axis_x(&bounds, format->ticks, GTL_TICK_MARGIN, "margin threshold");
	gtl_svg_end(page);
}

void
gtl_chart_coverage(StringInfo page, const GtlCoverage *coverage, const GtlRound *round)
{
	DRAW_BOTH(page, draw_coverage(page, format, coverage, round));
}

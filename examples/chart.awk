# Draws a labeling job as an SVG file: what people and the machine have labeled, and the bound of
# the machine's error in each round, over the number of people's labels.
#
#	awk -F '\t' -v wrong=36 -v error=0.91 -v goal=5 -v confidence=95 -f chart.awk rounds.tsv >labels.svg
#
# rounds.tsv is written by examples/demo.sh: a header, then a line for each closed batch.

function number(n,    s) {
	s = sprintf("%d", n)
	while (match(s, /^[0-9]+[0-9][0-9][0-9]/) && s ~ /[0-9][0-9][0-9][0-9]/)
		s = gensub_first(s)
	return s
}
function gensub_first(s,    head, tail, comma) {
	comma = index(s, ",")
	head = comma ? substr(s, 1, comma - 1) : s
	tail = comma ? substr(s, comma) : ""
	return substr(head, 1, length(head) - 3) "," substr(head, length(head) - 2) tail
}

# A step for about `count` marks on an axis: 1, 2 or 5 times a power of ten.
function step(range, count,    raw, power) {
	raw = range / count
	power = 10 ^ int(log(raw) / log(10) - (raw < 1 ? 1 : 0) + 1e-9)
	raw /= power
	return power * (raw <= 1 ? 1 : raw <= 2 ? 2 : raw <= 5 ? 5 : 10)
}
function x(labels) { return left + width * labels / last }
function y(labels) { return top + height * (1 - labels / total) }
function e(share)  { return lower + depth * (1 - share / worst) }
function text(px, py, class, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", px, py, class, words
}
function line(ax, ay, bx, by, class) {
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", ax, ay, bx, by, class
}

NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
	n++
	people[n] = $column["people"]
	machine[n] = $column["machine"]
	total = $column["total"]
	target = $column["target"]
	round[n] = $column["round"]
	bound[n] = $column["bound"]
	threshold[n] = $column["threshold"]
	learned[n] = $column["training"] + $column["validation"]
}

END {
	if (!n) exit 1
	left = 76; width = 620; top = 104; height = 280; lower = 452; depth = 110
	last = people[n]
	worst = 2 * target
	for (i = 1; i <= n; i++)
		if (threshold[i] != "" && bound[i] * 1.15 > worst) worst = bound[i] * 1.15

	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 620\" width=\"860\" height=\"620\" role=\"img\">"
	print "<title>Labels of a gtlabel job over the number of labels that people gave</title>"
	print "<style>"
	print "text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 13px; fill: #3d4852 }"
	print ".head { font-size: 20px; font-weight: 600; fill: #1b2733 } .sub { font-size: 14px }"
	print ".tick { font-size: 12px; fill: #66727e } .left { text-anchor: end } .middle { text-anchor: middle }"
	print ".grid { stroke: #1b2733; stroke-opacity: .09 } .axis { stroke: #8a96a3 } .round { stroke: #1b2733; stroke-opacity: .45; stroke-dasharray: 2 3 }"
	print ".people { fill: #2f6db3 } .machine { fill: #3fae7a } .open { fill: #eef1f4 }"
	print ".b { font-weight: 600 } .tp { fill: #24578f } .tm { fill: #23805a } .to { fill: #66727e }"
	print ".target { stroke: #c0392b; stroke-width: 1.5; stroke-dasharray: 6 4 } .tt { fill: #a93226 }"
	print ".bound { fill: none; stroke: #23805a; stroke-width: 2 } .dot { fill: #23805a } .truth { fill: #fff; stroke: #1b2733; stroke-width: 2 }"
	print "</style>"
	print "<rect width=\"860\" height=\"620\" fill=\"#fff\"/>"

	text(left, 40, "head", "People labeled " number(people[n]) " of " number(total) " digits, the machine " number(machine[n]))
	if (machine[n] > 0)
		text(left, 66, "sub", number(wrong) " of the machine's labels are wrong: " error " %. Promised: at most " goal " %, with " confidence " % confidence.")
	else
		text(left, 66, "sub", "No round of the machine could keep the promise: at most " goal " % wrong, with " confidence " % confidence.")

	# What is labeled. People's labels grow as they work; the machine's change in a round.
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"open\"/>\n", left, top, width, height
	path = sprintf("M%.1f %.1f", x(0), y(0))
	before = 0
	for (i = 1; i <= n; i++) {
		# The last batch may end the job without another round.
		path = path sprintf(" L%.1f %.1f L%.1f %.1f", x(people[i]), y(people[i] + before), x(people[i]), y(people[i] + machine[i]))
		before = machine[i]
	}
	printf "<path class=\"machine\" d=\"%s L%.1f %.1f Z\"/>\n", path, x(last), y(last)
	printf "<path class=\"people\" d=\"M%.1f %.1f L%.1f %.1f L%.1f %.1f Z\"/>\n", x(0), y(0), x(last), y(last), x(last), y(0)

	gap = width
	before = 0
	for (i = 1; i <= n; i++)
		if (round[i] != "") {
			if (before && x(people[i]) - before < gap) gap = x(people[i]) - before
			before = x(people[i])
		}

	for (v = 0; v <= total; v += step(total, 5)) {
		line(left, y(v), left + width, y(v), "grid")
		text(left - 8, y(v) + 4, "tick left", number(v))
	}
	text(left, top - 12, "tick", "labels")
	for (i = 1; i <= n; i++)
		if (round[i] != "") {
			line(x(people[i]), top, x(people[i]), lower + depth, "round")
			text(x(people[i]), top - 12, "tick middle", (gap < 60 ? "" : "round ") round[i])
			if (gap >= 55 && threshold[i] != "")
				text(x(people[i]) - 5, top + height + 19, "tick left", sprintf("%s %.2f", gap < 100 ? "≥" : "margin ≥", threshold[i]))
		}

	text(left, top + height + 19, "tick", "labeled by machine: margin between the two likeliest classes")

	text(left + width + 10, y(people[n] / 2) + 4, "b tp", "people " number(people[n]))
	if (machine[n] > 0)
		text(left + width + 10, y(people[n] + machine[n] / 2) + 4, "b tm", "machine " number(machine[n]))
	text(left + 14, top + 26, "to", "not labeled yet")

	# What the machine's labels are certified with.
	for (v = 0; v <= worst + 1e-9; v += step(worst, 3)) {
		line(left, e(v), left + width, e(v), "grid")
		text(left - 8, e(v) + 4, "tick left", sprintf("%g %%", 100 * v))
	}
	text(left, lower - 14, "tick", "error of the machine's labels: bound, and the truth at the end")
	line(left, e(target), left + width, e(target), "target")
	text(left + width + 10, e(target) + 4, "b tt", "promise " goal " %")
	path = ""
	for (i = 1; i <= n; i++)
		if (round[i] != "" && threshold[i] != "")
			path = path (path == "" ? "M" : " L") sprintf("%.1f %.1f", x(people[i]), e(bound[i]))
	if (path != "") printf "<path class=\"bound\" d=\"%s\"/>\n", path
	for (i = 1; i <= n; i++) {
		if (round[i] == "") continue
		if (threshold[i] == "") {
			text(x(people[i]), e(target) - 8, "tick middle", "nothing passes")
			continue
		}
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"dot\"><title>round %d: learned from %s labels; margin of at least %.3f; at most %.2f %% wrong</title></circle>\n",
			x(people[i]), e(bound[i]), round[i], number(learned[i]), threshold[i], 100 * bound[i]
		# Above the point, or below where the line of the promise would run through it
		if (gap >= 40 || i == n)
			text(x(people[i]) - 9, e(bound[i]) + (bound[i] > 0.6 * target && bound[i] <= 1.1 * target ? 18 : -8), \
				"b tm left", sprintf("%.1f %%", 100 * bound[i]))
	}
	if (machine[n] > 0) {
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"truth\"><title>true error %s %%</title></circle>\n", x(last), e(error / 100), error
		text(left + width + 10, e(error / 100) + 4, "b", "truth " error " %")
	}

	line(left, lower + depth, left + width, lower + depth, "axis")
	for (v = 0; v <= last; v += step(last, 6)) {
		line(x(v), lower + depth, x(v), lower + depth + 5, "axis")
		text(x(v), lower + depth + 20, "tick middle", number(v))
	}
	text(left + width / 2, lower + depth + 42, "tick middle", "labels that people gave")
	print "</svg>"
}

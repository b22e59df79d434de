# Made tables that are hard on a promise, as COPY text: awk -v table=NAME -v seed=N -f tables.awk
#
#	ties       3,000 rows of four distinct vectors; one of them is a coin toss, one 20 % of another class
#	vectors12  3,000 rows of twelve distinct vectors with a share of errors each
#	flips5.0, flips5.5   1,758 rows of three classes far apart; so many per cent of the labels are another
#	           class, at random: the machine's error is the target or more at every margin
#	bump       1,758 rows of two classes; 19 % of the labels are wrong where the margin is between the
#	           20 and 50 % largest, none elsewhere

# Park and Miller's generator: the same rows from every awk.
function random() { state = (state * 16807) % 2147483647; return state / 2147483647 }
function normal(    u, v) { u = random(); v = random(); return sqrt(-2 * log(u)) * cos(6.283185307179586 * v) }
function row(i, features, label) { printf "%d\t{%s}\t%s\n", i, features, label }

function ties(    i, g) {
	for (i = 1; i <= 3000; i++) {
		g = i % 10
		if (g == 0) row(i, "0,0", random() < .5 ? "a" : "b")
		else if (g == 1) row(i, "0,1", random() < .2 ? "b" : "a")
		else if (g == 2) row(i, "1,1", "b")
		else row(i, "1,0", "a")
	}
}

function vectors12(    i, c, d, share) {
	split("0 0.02 0.5 0 1 0.9 0 0.3 0.05 1 0 0.6", share, " ")
	for (i = 1; i <= 3000; i++) {
		c = i % 3; d = int(i / 3) % 4
		row(i, (c == 0) "," (c == 1) "," (c == 2) "," (d == 0) "," (d == 1) "," (d == 2) "," (d == 3),
			random() < share[c * 4 + d + 1] ? "b" : "a")
	}
}

function flips(share,    i, c, label) {
	for (i = 1; i <= 1758; i++) {
		c = int(3 * random())
		label = random() < share ? (c + 1 + int(2 * random())) % 3 : c
		row(i, sprintf("%.4f,%.4f,%.4f,%.4f", 4 * (c == 0) + .5 * normal(), 4 * (c == 1) + .5 * normal(),
			4 * (c == 2) + .5 * normal(), normal()), label)
	}
}

function bump(    i, x, size, label) {
	for (i = 1; i <= 1758; i++) {
		x = normal(); size = x < 0 ? -x : x; label = x > 0
		# between these quantiles of |x|
		if (size > .6745 && size < 1.2816 && random() < .19) label = !label
		row(i, sprintf("%.4f,%.4f,%.4f,%.4f", x, normal(), normal(), normal()), label)
	}
}

BEGIN {
	state = 20260607 + 1000003 * seed
	for (i = 0; i < 10; i++) random()
	if (table == "ties") ties()
	else if (table == "vectors12") vectors12()
	else if (table == "flips5.0") flips(.05)
	else if (table == "flips5.5") flips(.055)
	else if (table == "bump") bump()
	else { print "unknown table: " table > "/dev/stderr"; exit 2 }
}

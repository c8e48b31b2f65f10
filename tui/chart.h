/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_CHART_H
#define TUI_CHART_H
/* Values to text: charts of dots, and numbers with their units. Knows no screen. */
#include <stddef.h>

#include "theme.h"

/* Values of one column of the screen: braille has them side by side, else the higher is shown. */
#define CHART_DOTS 2

/*
 * The next round number that no value exceeds: 1, 2 or 5 times a power of ten, or a power of two
 * where UNIT counts bytes. 1 if all are 0.
 */
double chart_top(const float *v, size_t n, const char *unit);
/*
 * One row of a chart that is HEIGHT rows high, row 0 on top, as UTF-8: N values (oldest first),
 * CHART_DOTS a column. NAN is drawn as nothing: a gap; a measured 0 is a line at the bottom. STYLE
 * is not CHART_AUTO.
 */
void chart_row(char *dst, size_t size, const float *v, size_t n, double top, int height, int row,
	       enum chart_style style);
/* "41 %", "1.8 k/s", "512 MiB", "0.3 MiB/s"; "" in UNIT gives the number alone. */
char *chart_value(char *dst, size_t n, double v, const char *unit);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_bytes(const char *unit)
{
	return strcmp(unit, "B") == 0 || strcmp(unit, "B/s") == 0;
}

double chart_top(const float *v, size_t n, const char *unit)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double max = 0, power = 1;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]) && v[i] > max)
			max = v[i];
	if (max <= 0 || !isfinite(max))
		return 1;
	if (is_bytes(unit))
		return exp2(ceil(log2(max)));
	while (power > max)
		power /= 10;
	while (power * 10 <= max)
		power *= 10;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i] * power >= max)
			return steps[i] * power;
	return 10 * power;
}

/* Filled dots of V in a row whose bottom is BELOW dots over the chart's, 0 to PER. */
static int dots_of(float v, double top, int height, int below, int per)
{
	int level;

	if (isnan(v))
		return 0;
	level = (int)lround((double)v / top * per * height);
	level = (level < 1 ? 1 : level) - below;
	return level < 0 ? 0 : level > per ? per : level;
}

/* Of a column that is LEVEL of eight high in this row. */
static size_t put_block(char *dst, int level)
{
	dst[0] = (char)0xe2; /* U+2581 to U+2588 */
	dst[1] = (char)0x96;
	dst[2] = (char)(0x80 + level);
	return 3;
}

static size_t put_braille(char *dst, int a, int b)
{
	static const unsigned char left[] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const unsigned char right[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };
	unsigned bits = left[a] | right[b];

	dst[0] = (char)0xe2;
	dst[1] = (char)(0xa0 | bits >> 6);
	dst[2] = (char)(0x80 | (bits & 0x3f));
	return 3;
}

void chart_row(char *dst, size_t size, const float *v, size_t n, double top, int height, int row,
	       enum chart_style style)
{
	int per = style == CHART_BLOCK ? 8 : 4, below = (height - 1 - row) * per;
	size_t len = 0;

	for (size_t i = 0; i + 1 < n && len + 4 < size; i += CHART_DOTS) {
		int a = dots_of(v[i], top, height, below, per);
		int b = dots_of(v[i + 1], top, height, below, per);
		int high = a > b ? a : b;

		if (!high)
			dst[len++] = ' ';
		else if (style == CHART_BRAILLE)
			len += put_braille(dst + len, a, b);
		else if (style == CHART_BLOCK)
			len += put_block(dst + len, high);
		else
			dst[len++] = " .:|#"[high];
	}
	if (size)
		dst[len] = '\0';
}

char *chart_value(char *dst, size_t n, double v, const char *unit)
{
	static const char *const binary[] = { "", "Ki", "Mi", "Gi", "Ti" };
	static const char *const decimal[] = { "", "k", "M", "G", "T" };
	bool bytes = is_bytes(unit);
	double step = bytes ? 1024 : 1000;
	int p = 0;

	if (!isfinite(v)) {
		snprintf(dst, n, "-");
		return dst;
	}
	while (fabs(v) >= step && p < 4 && strcmp(unit, "%") != 0) {
		v /= step;
		p++;
	}
	snprintf(dst, n, "%.*f%s%s%s", v != 0 && fabs(v) < 9.95 && (p || v != floor(v)) ? 1 : 0, v,
		 *unit || p ? " " : "", bytes ? binary[p] : decimal[p], unit);
	return dst;
}

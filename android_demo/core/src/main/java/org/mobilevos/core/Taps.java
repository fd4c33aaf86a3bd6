package org.mobilevos.core;

import java.util.Arrays;

/**
 * Which positions of a source line each position of a scaled line is made of, and how much each of them counts. Weights
 * are rounded to 32 bits where OpenCV rounds them.
 */
final class Taps {
    /** Weights of 8-bit linear scaling are in units of this part, as OpenCV has them. */
    private static final float FIXED_POINT = 2048;
    // OpenCV leaves out what covers less of a source position.
    private static final double LEAST_SHARE = 1e-3;

    private final int multiple;
    /** Taps of each position; those that it has not count 0. */
    int count;
    /** The source position of the first tap. Taps before the first position or past the last stand for those. */
    int[] first = {};
    /** {@code count} for each position. */
    float[] weights = {};

    /**
     * No taps yet; each call of a method below makes them anew, for any sizes.
     *
     * @param multiple of what the number of taps is; further ones count 0
     */
    Taps(int multiple) {
        this.multiple = multiple;
    }

    /** A whole number of positions for each, to be summed: each counts 1. */
    void sum(int from, int to) {
        int each = from / to;
        begin(each, to);
        for (int position = 0; position < to; position++) {
            first[position] = position * each;
            Arrays.fill(weights, position * count, position * count + each, 1);
        }
    }

    /** The mean over the stretch of the source that a position covers. */
    void area(int from, int to) {
        double scale = from / (double) to;
        begin((int) Math.ceil(scale) + 1, to);
        for (int position = 0; position < to; position++) {
            double begin = position * scale;
            double end = begin + scale;
            double covered = Math.min(scale, from - begin);
            int last = Math.min((int) Math.floor(end), from - 1);
            int whole = Math.min((int) Math.ceil(begin), last);
            int at = position * count;
            first[position] = whole;
            if (whole - begin > LEAST_SHARE) {
                first[position] = whole - 1;
                weights[at++] = (float) ((whole - begin) / covered);
            }
            for (int source = whole; source < last; source++) {
                weights[at++] = (float) (1 / covered);
            }
            if (end - last > LEAST_SHARE) {
                weights[at] = (float) (Math.min(Math.min(end - last, 1), covered) / covered);
            }
        }
    }

    /** A mix of the two positions whose centres are nearest. */
    void linear(int from, int to) {
        begin(2, to);
        for (int position = 0; position < to; position++) {
            double source = Math.min(Math.max((position + 0.5) * from / to - 0.5, 0), from - 1);
            int nearest = (int) source;
            set(position, nearest, 1 - (float) (source - nearest), (float) (source - nearest));
        }
    }

    /**
     * As {@link #linear}, in the units of {@link #FIXED_POINT}.
     *
     * @param inside whether no tap with a weight may lie outside the source
     */
    void fixedLinear(int from, int to, boolean inside) {
        begin(2, to);
        double scale = 1 / (to / (double) from);
        for (int position = 0; position < to; position++) {
            float source = (float) ((position + 0.5) * scale - 0.5);
            int nearest = (int) Math.floor(source);
            float far = source - nearest;
            if (inside && (nearest < 0 || nearest >= from - 1)) {
                nearest = Math.max(nearest, 0);
                far = 0;
            }
            float near = (float) Math.rint((1 - far) * FIXED_POINT);
            set(position, nearest, near, (float) Math.rint(far * FIXED_POINT));
        }
    }

    private void begin(int taps, int positions) {
        count = (taps + multiple - 1) / multiple * multiple;
        first = Buffers.atLeast(positions, first);
        weights = Buffers.atLeast(count * positions, weights);
        Arrays.fill(weights, 0, count * positions, 0);
    }

    private void set(int position, int nearest, float near, float far) {
        first[position] = nearest;
        weights[count * position] = near;
        weights[count * position + 1] = far;
    }
}

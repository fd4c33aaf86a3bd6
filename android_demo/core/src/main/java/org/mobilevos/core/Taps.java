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

    /** Taps of each position; those that it has not count 0. */
    final int count;
    /** The source position of the first tap. Taps before the first position or past the last stand for those. */
    final int[] first;
    /** {@code count} for each position. */
    final float[] weights;

    private Taps(int count, int positions) {
        this.count = count;
        first = new int[positions];
        weights = new float[count * positions];
    }

    /** A whole number of positions for each, to be summed: each counts 1. */
    static Taps sum(int from, int to) {
        Taps taps = new Taps(from / to, to);
        for (int position = 0; position < to; position++) {
            taps.first[position] = position * taps.count;
        }
        Arrays.fill(taps.weights, 1);
        return taps;
    }

    /** The mean over the stretch of the source that a position covers. */
    static Taps area(int from, int to) {
        double scale = from / (double) to;
        Taps taps = new Taps((int) Math.ceil(scale) + 1, to);
        for (int position = 0; position < to; position++) {
            double begin = position * scale;
            double end = begin + scale;
            double covered = Math.min(scale, from - begin);
            int last = Math.min((int) Math.floor(end), from - 1);
            int whole = Math.min((int) Math.ceil(begin), last);
            int at = position * taps.count;
            taps.first[position] = whole;
            if (whole - begin > LEAST_SHARE) {
                taps.first[position] = whole - 1;
                taps.weights[at++] = (float) ((whole - begin) / covered);
            }
            for (int source = whole; source < last; source++) {
                taps.weights[at++] = (float) (1 / covered);
            }
            if (end - last > LEAST_SHARE) {
                taps.weights[at] = (float) (Math.min(Math.min(end - last, 1), covered) / covered);
            }
        }
        return taps;
    }

    /** A mix of the two positions whose centres are nearest. */
    static Taps linear(int from, int to) {
        Taps taps = new Taps(2, to);
        for (int position = 0; position < to; position++) {
            double source = Math.min(Math.max((position + 0.5) * from / to - 0.5, 0), from - 1);
            int nearest = (int) source;
            taps.set(position, nearest, 1 - (float) (source - nearest), (float) (source - nearest));
        }
        return taps;
    }

    /**
     * As {@link #linear}, in the units of {@link #FIXED_POINT}.
     *
     * @param inside whether no tap with a weight may lie outside the source
     */
    static Taps fixedLinear(int from, int to, boolean inside) {
        Taps taps = new Taps(2, to);
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
            taps.set(position, nearest, near, (float) Math.rint(far * FIXED_POINT));
        }
        return taps;
    }

    /** The same with more taps that count 0, so that their number is a multiple of another. */
    Taps padded(int multiple) {
        int more = (count + multiple - 1) / multiple * multiple;
        Taps taps = new Taps(more, first.length);
        for (int position = 0; position < first.length; position++) {
            taps.first[position] = first[position];
            System.arraycopy(weights, position * count, taps.weights, position * more, count);
        }
        return taps;
    }

    private void set(int position, int nearest, float near, float far) {
        first[position] = nearest;
        weights[2 * position] = near;
        weights[2 * position + 1] = far;
    }
}

package org.mobilevos.core;

import java.util.Arrays;

/**
 * Scales an image row by row, as OpenCV's resize does: the mean over the area where it shrinks, bilinear where it
 * grows. Columns are mixed before rows and numbers are rounded where OpenCV rounds them, so 8-bit images agree to the
 * last bit.
 */
final class Resize {
    /** Where the rows of an image come from. */
    interface Rows {
        /** Writes all numbers of a row, from position 0 on. */
        void read(int y, float[] values);
    }

    /** Horizontal taps that are mixed in one go. */
    private static final int GROUP = 3;
    // Above it a float has no bits for fractions: adding it rounds to the nearest integer, of two to the even one.
    private static final float ROUNDING = 1 << 23;
    private static final int NONE = -1;

    private final Rows rows;
    private final int fromHeight;
    private final int channels;
    private final boolean same;
    private final boolean fixedPoint;
    private final boolean rounds;
    private final Taps across;
    private final Taps down;
    private final float gain;
    private final float nudge;
    private final float[] source;
    // The latest mixed rows by the row of the source modulo their number, and which ones they are.
    private final float[][] mixed;
    private final int[] held;

    private Resize(int fromWidth, int fromHeight, int toWidth, int toHeight, int channels, boolean bytes, Rows rows) {
        this.rows = rows;
        this.fromHeight = fromHeight;
        this.channels = channels;
        same = fromWidth == toWidth && fromHeight == toHeight;
        boolean shrinks = (long) toWidth * toHeight < (long) fromWidth * fromHeight;
        boolean whole = shrinks && fromWidth % toWidth == 0 && fromHeight % toHeight == 0;
        fixedPoint = bytes && !shrinks;
        rounds = bytes && shrinks;
        if (whole) {
            across = Taps.sum(fromWidth, toWidth).padded(GROUP);
            down = Taps.sum(fromHeight, toHeight);
        } else if (shrinks) {
            across = Taps.area(fromWidth, toWidth).padded(GROUP);
            down = Taps.area(fromHeight, toHeight);
        } else if (bytes) {
            across = Taps.fixedLinear(fromWidth, toWidth, true).padded(GROUP);
            down = Taps.fixedLinear(fromHeight, toHeight, false);
        } else {
            across = Taps.linear(fromWidth, toWidth).padded(GROUP);
            down = Taps.linear(fromHeight, toHeight);
        }
        int cells = whole ? fromWidth / toWidth * (fromHeight / toHeight) : 1;
        gain = 1f / cells;
        // OpenCV takes the greater integer of two for the mean of 2x2, and the even one for all others.
        nudge = whole && fromWidth == 2 * toWidth && fromHeight == 2 * toHeight ? 1 / 8f : 0;
        source = new float[(fromWidth + across.count) * channels];
        mixed = new float[down.count][toWidth * channels];
        held = new int[down.count];
    }

    /** Scales an RGB image of bytes: rows are of 3 numbers for each pixel, integers of 0..255 as they come and go. */
    static Resize ofRgb(int fromWidth, int fromHeight, int toWidth, int toHeight, Rows rows) {
        return new Resize(fromWidth, fromHeight, toWidth, toHeight, RgbImage.CHANNELS, true, rows);
    }

    /** Scales a plane of float numbers. */
    static Resize ofPlane(int fromWidth, int fromHeight, int toWidth, int toHeight, Rows rows) {
        return new Resize(fromWidth, fromHeight, toWidth, toHeight, 1, false, rows);
    }

    /** Begins with an image: nothing is known of its rows. */
    void begin() {
        Arrays.fill(held, NONE);
    }

    /**
     * Computes one row of the scaled image.
     *
     * @param y in ascending order from {@link #begin} on, for speed
     * @param out its numbers come from position 0 on
     */
    void row(int y, float[] out) {
        if (same) {
            rows.read(y, out);
        } else if (fixedPoint) {
            int first = down.first[y];
            mixFixedPoint(across(first), (int) down.weights[2 * y],
                    across(first + 1), (int) down.weights[2 * y + 1], out);
        } else {
            mix(y, out);
        }
    }

    private void mix(int y, float[] out) {
        int length = mixed[0].length;
        Arrays.fill(out, 0, length, 0);
        for (int tap = 0; tap < down.count; tap++) {
            float weight = down.weights[y * down.count + tap];
            if (weight != 0) {
                add(across(down.first[y] + tap), weight, out, length);
            }
        }
        if (gain != 1 || rounds) {
            finish(out, length);
        }
    }

    private static void add(float[] row, float weight, float[] out, int length) {
        for (int index = 0; index < length; index++) {
            out[index] += weight * row[index];
        }
    }

    private void finish(float[] out, int length) {
        float rounding = rounds ? ROUNDING : 0;
        float more = rounds ? nudge : 0;
        for (int index = 0; index < length; index++) {
            out[index] = out[index] * gain + more + rounding - rounding;
        }
    }

    /** OpenCV's own arithmetic of 8-bit images; its truncations are part of it. */
    private void mixFixedPoint(float[] above, int aboveWeight, float[] below, int belowWeight, float[] out) {
        for (int index = 0; index < above.length; index++) {
            int near = ((int) above[index] >> 4) * aboveWeight >> 16;
            int far = ((int) below[index] >> 4) * belowWeight >> 16;
            out[index] = near + far + 2 >> 2;
        }
    }

    /** A row of the source whose columns are mixed. */
    private float[] across(int y) {
        int inside = Math.min(Math.max(y, 0), fromHeight - 1);
        int slot = inside % held.length;
        if (held[slot] != inside) {
            rows.read(inside, source);
            Arrays.fill(mixed[slot], 0);
            for (int group = 0; group < across.count; group += GROUP) {
                if (channels == 1) {
                    mixPlane(group, mixed[slot]);
                } else {
                    mixRgb(group, mixed[slot]);
                }
            }
            held[slot] = inside;
        }
        return mixed[slot];
    }

    private void mixPlane(int group, float[] out) {
        float[] from = source;
        float[] weights = across.weights;
        int[] first = across.first;
        for (int x = 0, at = group; x < out.length; x++, at += across.count) {
            int tap = first[x] + group;
            out[x] = out[x] + weights[at] * from[tap] + weights[at + 1] * from[tap + 1]
                    + weights[at + 2] * from[tap + 2];
        }
    }

    private void mixRgb(int group, float[] out) {
        float[] from = source;
        float[] weights = across.weights;
        int[] first = across.first;
        for (int x = 0, at = group, to = 0; to < out.length; x++, at += across.count, to += 3) {
            int tap = (first[x] + group) * 3;
            float one = weights[at];
            float two = weights[at + 1];
            float three = weights[at + 2];
            out[to] = out[to] + one * from[tap] + two * from[tap + 3] + three * from[tap + 6];
            out[to + 1] = out[to + 1] + one * from[tap + 1] + two * from[tap + 4] + three * from[tap + 7];
            out[to + 2] = out[to + 2] + one * from[tap + 2] + two * from[tap + 5] + three * from[tap + 8];
        }
    }
}

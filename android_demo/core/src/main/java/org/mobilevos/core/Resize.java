package org.mobilevos.core;

import java.util.Arrays;

/**
 * Scales an image row by row, as OpenCV's resize does: the mean over the area where it shrinks, bilinear where it
 * grows. Columns are mixed before rows and numbers are rounded where OpenCV rounds them, so 8-bit images agree to the
 * last bit. Its buffers grow with the images, and then stay; for one thread at a time.
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
    private static final float[] NO_ROW = {};

    private final Rows rows;
    private final int channels;
    private final boolean bytes;
    private int fromWidth;
    private int fromHeight;
    private int toWidth;
    private int toHeight;
    private boolean same;
    private boolean fixedPoint;
    private boolean rounds;
    private final Taps across = new Taps(GROUP);
    private final Taps down = new Taps(1);
    private float gain;
    private float nudge;
    private float[] source = {};
    // The latest mixed rows by the row of the source modulo the taps down, and which ones they are.
    private float[][] mixed = {};
    private int[] held = {};

    private Resize(int channels, boolean bytes, Rows rows) {
        this.channels = channels;
        this.bytes = bytes;
        this.rows = rows;
    }

    /** Scales RGB images of bytes: rows are of 3 numbers for each pixel, integers of 0..255 as they come and go. */
    static Resize ofRgb(Rows rows) {
        return new Resize(RgbImage.CHANNELS, true, rows);
    }

    /** Scales planes of float numbers. */
    static Resize ofPlane(Rows rows) {
        return new Resize(1, false, rows);
    }

    /** Begins with an image, of which no row is known yet, and the size that it shall have. */
    void begin(int fromWidth, int fromHeight, int toWidth, int toHeight) {
        if (fromWidth != this.fromWidth || fromHeight != this.fromHeight
                || toWidth != this.toWidth || toHeight != this.toHeight) {
            this.fromWidth = fromWidth;
            this.fromHeight = fromHeight;
            this.toWidth = toWidth;
            this.toHeight = toHeight;
            choose();
            reserve();
        }
        Arrays.fill(held, NONE);
    }

    /** How images of these sizes are scaled. */
    private void choose() {
        same = fromWidth == toWidth && fromHeight == toHeight;
        boolean shrinks = (long) toWidth * toHeight < (long) fromWidth * fromHeight;
        boolean whole = shrinks && fromWidth % toWidth == 0 && fromHeight % toHeight == 0;
        fixedPoint = bytes && !shrinks;
        rounds = bytes && shrinks;
        if (whole) {
            across.sum(fromWidth, toWidth);
            down.sum(fromHeight, toHeight);
        } else if (shrinks) {
            across.area(fromWidth, toWidth);
            down.area(fromHeight, toHeight);
        } else if (bytes) {
            across.fixedLinear(fromWidth, toWidth, true);
            down.fixedLinear(fromHeight, toHeight, false);
        } else {
            across.linear(fromWidth, toWidth);
            down.linear(fromHeight, toHeight);
        }
        int cells = whole ? fromWidth / toWidth * (fromHeight / toHeight) : 1;
        gain = 1f / cells;
        // OpenCV takes the greater integer of two for the mean of 2x2, and the even one for all others.
        nudge = whole && fromWidth == 2 * toWidth && fromHeight == 2 * toHeight ? 1 / 8f : 0;
    }

    private void reserve() {
        int end = fromWidth * channels;
        source = Buffers.atLeast(end + across.count * channels, source);
        // Taps past the end count 0, but nothing may be left there that is not a number.
        Arrays.fill(source, end, source.length, 0);
        held = Buffers.atLeast(down.count, held);
        if (mixed.length < down.count) {
            mixed = Arrays.copyOf(mixed, down.count);
        }
        for (int row = 0; row < down.count; row++) {
            mixed[row] = Buffers.atLeast(toWidth * channels, mixed[row] == null ? NO_ROW : mixed[row]);
        }
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
                    across(first + 1), (int) down.weights[2 * y + 1], out, toWidth * channels);
        } else {
            mix(y, out);
        }
    }

    private void mix(int y, float[] out) {
        int length = toWidth * channels;
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
    private static void mixFixedPoint(
            float[] above, int aboveWeight, float[] below, int belowWeight, float[] out, int length) {
        for (int index = 0; index < length; index++) {
            int near = ((int) above[index] >> 4) * aboveWeight >> 16;
            int far = ((int) below[index] >> 4) * belowWeight >> 16;
            out[index] = near + far + 2 >> 2;
        }
    }

    /** A row of the source whose columns are mixed. */
    private float[] across(int y) {
        int inside = Math.min(Math.max(y, 0), fromHeight - 1);
        int slot = inside % down.count;
        if (held[slot] != inside) {
            rows.read(inside, source);
            Arrays.fill(mixed[slot], 0, toWidth * channels, 0);
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
        int width = toWidth;
        int taps = across.count;
        for (int x = 0, at = group; x < width; x++, at += taps) {
            int tap = first[x] + group;
            out[x] = out[x] + weights[at] * from[tap] + weights[at + 1] * from[tap + 1]
                    + weights[at + 2] * from[tap + 2];
        }
    }

    private void mixRgb(int group, float[] out) {
        float[] from = source;
        float[] weights = across.weights;
        int[] first = across.first;
        int length = toWidth * 3;
        int taps = across.count;
        for (int x = 0, at = group, to = 0; to < length; x++, at += taps, to += 3) {
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

package org.mobilevos.core;

import java.util.Arrays;

/** A line that the user painted: everything within a radius of it belongs to the object (plus), or does not (minus). */
final class Stroke {
    // No frame reaches so far, and sums of what is no farther are still integers.
    private static final int FARTHEST = 1 << 20;

    private final int[] xs;
    private final int[] ys;
    private final int radius;
    final boolean plus;

    /**
     * A line through points; one point alone is a dot. They may leave the frame.
     *
     * @throws InvalidInputException no points, more than there are, or a radius under 0
     */
    Stroke(int[] xs, int[] ys, int count, int radius, boolean plus) {
        if (count < 1 || count > Math.min(xs.length, ys.length) || radius < 0) {
            throw new InvalidInputException("a stroke of " + count + " points and radius " + radius + " out of "
                    + Math.min(xs.length, ys.length) + " points cannot be painted; give 1 point or more, and a radius "
                    + "of 0 or more");
        }
        this.xs = near(xs, count);
        this.ys = near(ys, count);
        this.radius = Math.min(radius, FARTHEST);
        this.plus = plus;
    }

    private static int[] near(int[] positions, int count) {
        int[] near = Arrays.copyOf(positions, count);
        for (int index = 0; index < count; index++) {
            near[index] = Math.max(-FARTHEST, Math.min(FARTHEST, near[index]));
        }
        return near;
    }

    /** Gives all pixels of a frame that the stroke covers a value. */
    void paint(byte[] pixels, int width, int height, byte value) {
        for (int index = 0; index < xs.length; index++) {
            int before = Math.max(index - 1, 0);
            paintSegment(before, index, pixels, width, height, value);
        }
    }

    private void paintSegment(int from, int to, byte[] pixels, int width, int height, byte value) {
        int left = Math.max(Math.min(xs[from], xs[to]) - radius, 0);
        int right = Math.min(Math.max(xs[from], xs[to]) + radius, width - 1);
        int top = Math.max(Math.min(ys[from], ys[to]) - radius, 0);
        int bottom = Math.min(Math.max(ys[from], ys[to]) + radius, height - 1);
        double across = xs[to] - xs[from];
        double down = ys[to] - ys[from];
        double length = across * across + down * down;
        // Half a pixel more, so that a line of radius 0 has no gaps.
        double reach = (radius + 0.5) * (radius + 0.5);
        for (int y = top; y <= bottom; y++) {
            for (int x = left; x <= right; x++) {
                double along = (x - xs[from]) * across + (y - ys[from]) * down;
                double share = length == 0 ? 0 : Math.max(0, Math.min(1, along / length));
                double dx = x - xs[from] - share * across;
                double dy = y - ys[from] - share * down;
                if (dx * dx + dy * dy <= reach) {
                    pixels[y * width + x] = value;
                }
            }
        }
    }

    /** The smallest rectangle around all that it covers of a frame; null where that is nothing. */
    Box bounds(int width, int height) {
        Box bounds = new Box(xs[0], ys[0], 1, 1);
        for (int index = 1; index < xs.length; index++) {
            bounds = bounds.with(new Box(xs[index], ys[index], 1, 1));
        }
        bounds = bounds.grown(radius, radius, width, height);
        return bounds.width < 1 || bounds.height < 1 ? null : bounds;
    }
}

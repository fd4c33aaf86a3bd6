package org.mobilevos.demo.logic;

/** Which of a camera's sizes is used, and by how much a large video is made smaller. */
public final class FrameSize {
    /** The size that the camera is asked for: that of the official figures. */
    public static final int WIDTH = 1280;
    public static final int HEIGHT = 720;
    /** The longer side of a video's frame that is followed as it is. */
    public static final int LONGEST = 1920;

    private FrameSize() {}

    /**
     * The index of the size that comes nearest to {@link #WIDTH} x {@link #HEIGHT}: of the same shape if there is one,
     * else of nearly as many pixels; -1 where there is none at all.
     *
     * @param widths of the sizes that can be had
     * @param heights of the same sizes
     */
    public static int choose(int[] widths, int[] heights) {
        int best = -1;
        double least = Double.MAX_VALUE;
        for (int index = 0; index < widths.length; index++) {
            double pixels = Math.abs(Math.log((double) widths[index] * heights[index] / (WIDTH * HEIGHT)));
            double shape = Math.abs(Math.log((double) widths[index] * HEIGHT / ((double) heights[index] * WIDTH)));
            double distance = pixels + shape;
            if (distance < least) {
                least = distance;
                best = index;
            }
        }
        return best;
    }

    /** The whole number by which both sides of a video are divided, so that the longer is {@link #LONGEST} at most. */
    public static int divisor(int width, int height) {
        return Math.max(1, (Math.max(width, height) + LONGEST - 1) / LONGEST);
    }
}

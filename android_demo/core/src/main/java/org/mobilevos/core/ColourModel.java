package org.mobilevos.core;

/** The colours of one side of a cut: a mixture of Gaussians with full covariances (GrabCut, section 3.1). */
final class ColourModel {
    static final int COMPONENTS = 5;
    private static final int CHANNELS = RgbImage.CHANNELS;
    // Added to each channel's variance, in squared grey levels: an even surface has none, and would have no inverse.
    private static final double LEAST_VARIANCE = 0.01;

    private final double[] means = new double[COMPONENTS * CHANNELS];
    /** Of each covariance: rr, rg, rb, gg, gb, bb of its inverse. */
    private final double[] inverses = new double[COMPONENTS * 6];
    /** Half of the logarithm of each covariance's determinant; infinite for a component without any pixel. */
    private final double[] offsets = new double[COMPONENTS];
    /** Of each component, its share of all pixels. */
    private final double[] weights = new double[COMPONENTS];

    /**
     * Takes the colours of some pixels.
     *
     * @param rgb all pixels' colours
     * @param pixels the first {@code count} are the numbers of those to learn from, 1 or more
     * @param componentOf which component each of them belongs to
     */
    void learn(byte[] rgb, int[] pixels, int count, byte[] componentOf) {
        int[] sizes = new int[COMPONENTS];
        // Sums of r, g, b, rr, rg, rb, gg, gb, bb; integers, so that a difference of large ones loses nothing.
        long[][] sums = new long[COMPONENTS][9];
        for (int index = 0; index < count; index++) {
            int pixel = pixels[index];
            int red = rgb[pixel * CHANNELS] & 0xff;
            int green = rgb[pixel * CHANNELS + 1] & 0xff;
            int blue = rgb[pixel * CHANNELS + 2] & 0xff;
            long[] sum = sums[componentOf[pixel]];
            sizes[componentOf[pixel]]++;
            sum[0] += red;
            sum[1] += green;
            sum[2] += blue;
            sum[3] += red * red;
            sum[4] += red * green;
            sum[5] += red * blue;
            sum[6] += green * green;
            sum[7] += green * blue;
            sum[8] += blue * blue;
        }
        for (int component = 0; component < COMPONENTS; component++) {
            weights[component] = (double) sizes[component] / count;
            if (sizes[component] > 0) {
                fit(component, sums[component], sizes[component]);
            } else {
                offsets[component] = Double.POSITIVE_INFINITY;
            }
        }
    }

    private void fit(int component, long[] sums, double size) {
        double red = sums[0] / size;
        double green = sums[1] / size;
        double blue = sums[2] / size;
        double rr = sums[3] / size - red * red + LEAST_VARIANCE;
        double rg = sums[4] / size - red * green;
        double rb = sums[5] / size - red * blue;
        double gg = sums[6] / size - green * green + LEAST_VARIANCE;
        double gb = sums[7] / size - green * blue;
        double bb = sums[8] / size - blue * blue + LEAST_VARIANCE;
        double determinant = rr * (gg * bb - gb * gb) - rg * (rg * bb - gb * rb) + rb * (rg * gb - gg * rb);
        // No smaller than that of an even surface, which rounding could make it.
        determinant = Math.max(determinant, LEAST_VARIANCE * LEAST_VARIANCE * LEAST_VARIANCE);
        means[component * CHANNELS] = red;
        means[component * CHANNELS + 1] = green;
        means[component * CHANNELS + 2] = blue;
        int at = component * 6;
        inverses[at] = (gg * bb - gb * gb) / determinant;
        inverses[at + 1] = (rb * gb - rg * bb) / determinant;
        inverses[at + 2] = (rg * gb - rb * gg) / determinant;
        inverses[at + 3] = (rr * bb - rb * rb) / determinant;
        inverses[at + 4] = (rg * rb - rr * gb) / determinant;
        inverses[at + 5] = (rr * gg - rg * rg) / determinant;
        offsets[component] = 0.5 * Math.log(determinant);
    }

    /** The component that makes each of some pixels likeliest, into {@code componentOf}. */
    void assign(byte[] rgb, int[] pixels, int count, byte[] componentOf) {
        for (int index = 0; index < count; index++) {
            int best = 0;
            double least = Double.POSITIVE_INFINITY;
            for (int component = 0; component < COMPONENTS; component++) {
                double cost = cost(component, rgb, pixels[index]);
                if (cost < least) {
                    least = cost;
                    best = component;
                }
            }
            componentOf[pixels[index]] = (byte) best;
        }
    }

    /** Minus the logarithm of a pixel's likelihood, without the constant of all Gaussians; may be infinite. */
    double cost(byte[] rgb, int pixel) {
        double likelihood = 0;
        for (int component = 0; component < COMPONENTS; component++) {
            likelihood += weights[component] * Math.exp(-cost(component, rgb, pixel));
        }
        return -Math.log(likelihood);
    }

    private double cost(int component, byte[] rgb, int pixel) {
        double red = (rgb[pixel * CHANNELS] & 0xff) - means[component * CHANNELS];
        double green = (rgb[pixel * CHANNELS + 1] & 0xff) - means[component * CHANNELS + 1];
        double blue = (rgb[pixel * CHANNELS + 2] & 0xff) - means[component * CHANNELS + 2];
        int at = component * 6;
        double squares = inverses[at] * red * red + inverses[at + 3] * green * green + inverses[at + 5] * blue * blue;
        double products = inverses[at + 1] * red * green + inverses[at + 2] * red * blue
                + inverses[at + 4] * green * blue;
        return offsets[component] + 0.5 * squares + products;
    }
}

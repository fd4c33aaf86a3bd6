package org.mobilevos.core;

import java.util.Arrays;
import java.util.Random;

/**
 * Splits pixels into groups of like colours: k-means from centres that lie far apart (k-means++), always with one
 * seed.
 */
final class ColourClusters {
    private static final int ROUNDS = 10;
    private static final long SEED = 0;
    private static final int CHANNELS = RgbImage.CHANNELS;

    private final byte[] rgb;
    private final int[] pixels;
    private final int count;
    private final int groups;
    private final double[] centres;

    private ColourClusters(byte[] rgb, int[] pixels, int count, int groups) {
        this.rgb = rgb;
        this.pixels = pixels;
        this.count = count;
        this.groups = groups;
        centres = new double[groups * CHANNELS];
    }

    /**
     * Finds the groups.
     *
     * @param rgb all pixels' colours
     * @param pixels the first {@code count} are the numbers of those to split, 1 or more
     * @param groupOf gets each of those pixels' group, 0 to {@code groups - 1}; a group may stay empty
     */
    static void split(byte[] rgb, int[] pixels, int count, int groups, byte[] groupOf) {
        ColourClusters clusters = new ColourClusters(rgb, pixels, count, groups);
        clusters.scatter();
        for (int round = 0; round < ROUNDS; round++) {
            clusters.assign(groupOf);
            clusters.centre(groupOf);
        }
        clusters.assign(groupOf);
    }

    /** Each centre is a pixel, drawn the likelier the farther it is from the centres before it. */
    private void scatter() {
        Random random = new Random(SEED);
        double[] nearest = new double[count];
        Arrays.fill(nearest, Double.MAX_VALUE);
        place(0, pixels[random.nextInt(count)]);
        for (int group = 1; group < groups; group++) {
            double sum = 0;
            for (int index = 0; index < count; index++) {
                nearest[index] = Math.min(nearest[index], distance(pixels[index], group - 1));
                sum += nearest[index];
            }
            double left = random.nextDouble() * sum;
            int chosen = 0;
            while (chosen < count - 1 && left >= nearest[chosen]) {
                left -= nearest[chosen++];
            }
            place(group, pixels[chosen]);
        }
    }

    private void place(int group, int pixel) {
        for (int channel = 0; channel < CHANNELS; channel++) {
            centres[group * CHANNELS + channel] = rgb[pixel * CHANNELS + channel] & 0xff;
        }
    }

    private double distance(int pixel, int group) {
        double red = (rgb[pixel * CHANNELS] & 0xff) - centres[group * CHANNELS];
        double green = (rgb[pixel * CHANNELS + 1] & 0xff) - centres[group * CHANNELS + 1];
        double blue = (rgb[pixel * CHANNELS + 2] & 0xff) - centres[group * CHANNELS + 2];
        return red * red + green * green + blue * blue;
    }

    private void assign(byte[] groupOf) {
        for (int index = 0; index < count; index++) {
            int best = 0;
            double least = Double.MAX_VALUE;
            for (int group = 0; group < groups; group++) {
                double distance = distance(pixels[index], group);
                if (distance < least) {
                    least = distance;
                    best = group;
                }
            }
            groupOf[pixels[index]] = (byte) best;
        }
    }

    /** Moves each centre into the middle of its group; that of an empty group stays. */
    private void centre(byte[] groupOf) {
        double[] sums = new double[groups * CHANNELS];
        int[] sizes = new int[groups];
        for (int index = 0; index < count; index++) {
            int pixel = pixels[index];
            int group = groupOf[pixel];
            sizes[group]++;
            for (int channel = 0; channel < CHANNELS; channel++) {
                sums[group * CHANNELS + channel] += rgb[pixel * CHANNELS + channel] & 0xff;
            }
        }
        for (int index = 0; index < sums.length; index++) {
            if (sizes[index / CHANNELS] > 0) {
                centres[index] = sums[index] / sizes[index / CHANNELS];
            }
        }
    }
}

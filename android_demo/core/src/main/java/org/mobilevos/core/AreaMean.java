package org.mobilevos.core;

import java.util.Arrays;

/** Makes a part of a picture smaller: each new pixel is the mean of the area that it covers. */
final class AreaMean {
    private AreaMean() {}

    /**
     * Scales a part down.
     *
     * @param part of the image
     * @param width of the result, at most the part's
     * @param height of the result, at most the part's
     */
    static RgbImage shrink(RgbImage image, Box part, int width, int height) {
        RgbImage result = new RgbImage(width, height);
        double[] row = new double[width * RgbImage.CHANNELS];
        double across = (double) part.width / width;
        double down = (double) part.height / height;
        for (int y = 0; y < height; y++) {
            Arrays.fill(row, 0);
            double top = y * down;
            double bottom = Math.min(top + down, part.height);
            for (int from = (int) top; from < bottom; from++) {
                double share = (Math.min(bottom, from + 1) - Math.max(top, from)) / (across * down);
                addRow(image, ((part.y + from) * image.width + part.x) * RgbImage.CHANNELS, part.width, across, share,
                        row);
            }
            for (int index = 0; index < row.length; index++) {
                result.pixels[y * row.length + index] = (byte) Math.min(255, Math.round(row[index]));
            }
        }
        return result;
    }

    private static void addRow(RgbImage image, int start, int length, double across, double share, double[] row) {
        for (int x = 0; x < row.length / RgbImage.CHANNELS; x++) {
            double left = x * across;
            double right = Math.min(left + across, length);
            for (int from = (int) left; from < right; from++) {
                double weight = share * (Math.min(right, from + 1) - Math.max(left, from));
                int at = start + from * RgbImage.CHANNELS;
                for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
                    row[x * RgbImage.CHANNELS + channel] += weight * (image.pixels[at + channel] & 0xff);
                }
            }
        }
    }
}

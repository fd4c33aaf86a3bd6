package org.mobilevos.demo.logic;

import java.nio.ByteBuffer;
import org.mobilevos.core.RgbImage;

/**
 * Pictures for a video encoder: BT.601 with limited range (ITU-R BT.601-7, section 2.5), two colour samples for four
 * pixels, in planes with strides as Android's Image has them.
 */
public final class RgbToYuv {
    private static final int SHIFT = 16;
    private static final int HALF = 1 << (SHIFT - 1);

    private RgbToYuv() {}

    /**
     * Writes the brightness of an even number of rows and columns.
     *
     * @param plane written from its position 0 on
     */
    public static void luma(RgbImage image, int width, int height, ByteBuffer plane, int rowStride, int pixelStride) {
        byte[] rgb = image.pixels;
        for (int row = 0; row < height; row++) {
            int from = row * image.width * RgbImage.CHANNELS;
            int to = row * rowStride;
            for (int column = 0; column < width; column++) {
                int red = rgb[from] & 0xff;
                int green = rgb[from + 1] & 0xff;
                int blue = rgb[from + 2] & 0xff;
                plane.put(to, (byte) (16 + ((16829 * red + 33039 * green + 6416 * blue + HALF) >> SHIFT)));
                from += RgbImage.CHANNELS;
                to += pixelStride;
            }
        }
    }

    /**
     * Writes one colour difference, each sample from the mean of four pixels.
     *
     * @param red false for Cb, true for Cr
     */
    public static void chroma(
            RgbImage image, int width, int height, boolean red, ByteBuffer plane, int rowStride, int pixelStride) {
        int ofRed = red ? 28784 : -9714;
        int ofGreen = red ? -24103 : -19070;
        int ofBlue = red ? -4681 : 28784;
        byte[] rgb = image.pixels;
        int below = image.width * RgbImage.CHANNELS;
        // A sum of four pixels has two bits more than one.
        for (int row = 0; row < height / 2; row++) {
            int from = 2 * row * below;
            int to = row * rowStride;
            for (int column = 0; column < width / 2; column++) {
                int sum = ofRed * four(rgb, from, below) + ofGreen * four(rgb, from + 1, below)
                        + ofBlue * four(rgb, from + 2, below);
                plane.put(to, (byte) (128 + ((sum + 4 * HALF) >> (SHIFT + 2))));
                from += 2 * RgbImage.CHANNELS;
                to += pixelStride;
            }
        }
    }

    private static int four(byte[] rgb, int at, int below) {
        return (rgb[at] & 0xff) + (rgb[at + RgbImage.CHANNELS] & 0xff) + (rgb[at + below] & 0xff)
                + (rgb[at + below + RgbImage.CHANNELS] & 0xff);
    }
}

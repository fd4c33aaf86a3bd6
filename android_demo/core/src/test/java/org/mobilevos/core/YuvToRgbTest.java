package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.Test;

public class YuvToRgbTest {
    private static final int[] ROTATIONS = {0, 90, 180, 270};

    /** A random frame in planes with some strides, which end with their last number. */
    private static final class Planes {
        final int width;
        final int height;
        final int yStride;
        final int uvStride;
        final int pixelStride;
        final ByteBuffer y;
        final ByteBuffer u;
        final ByteBuffer v;

        Planes(int width, int height, int padding, int pixelStride, long seed) {
            this.width = width;
            this.height = height;
            this.pixelStride = pixelStride;
            yStride = width + padding;
            uvStride = (width + 1) / 2 * pixelStride + padding;
            Random random = new Random(seed);
            int last = ((width + 1) / 2 - 1) * pixelStride + 1;
            y = filled((height - 1) * yStride + width, random);
            u = filled(((height + 1) / 2 - 1) * uvStride + last, random);
            v = filled(((height + 1) / 2 - 1) * uvStride + last, random);
        }

        private static ByteBuffer filled(int size, Random random) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            ByteBuffer buffer = ByteBuffer.allocateDirect(size + 5);
            buffer.position(5); // a position that is not 0 must be kept
            buffer.put(bytes);
            buffer.position(5);
            return buffer;
        }

        int y(int column, int row) {
            return y.get(5 + row * yStride + column) & 0xff;
        }

        int chroma(ByteBuffer plane, int column, int row) {
            return plane.get(5 + row / 2 * uvStride + column / 2 * pixelStride) & 0xff;
        }

        RgbImage convert(YuvToRgb converter) {
            RgbImage out = converter.newImage();
            converter.convert(y, u, v, yStride, uvStride, pixelStride, out);
            assertEquals(5, y.position());
            assertEquals(5, u.position());
            assertEquals(5, v.position());
            return out;
        }
    }

    /** One pixel by the formula of the standards, before it is rounded. */
    private static double[] exact(int y, int u, int v, double red, double blue, boolean video) {
        double luma = video ? (y - 16) / 219.0 : y / 255.0;
        double blueDifference = (u - 128) / (video ? 224.0 : 255.0);
        double redDifference = (v - 128) / (video ? 224.0 : 255.0);
        double r = luma + 2 * (1 - red) * redDifference;
        double b = luma + 2 * (1 - blue) * blueDifference;
        double g = (luma - red * r - blue * b) / (1 - red - blue);
        return new double[] {255 * r, 255 * g, 255 * b};
    }

    private static void check(Planes planes, int rotation, YuvToRgb.Encoding encoding, double red, double blue,
            boolean video) {
        RgbImage out = planes.convert(new YuvToRgb(planes.width, planes.height, rotation, encoding));
        for (int row = 0; row < planes.height; row++) {
            for (int column = 0; column < planes.width; column++) {
                double[] expected = exact(planes.y(column, row), planes.chroma(planes.u, column, row),
                        planes.chroma(planes.v, column, row), red, blue, video);
                int x = column;
                int y = row;
                for (int turned = 0, height = planes.height, width = planes.width; turned < rotation; turned += 90) {
                    int left = height - 1 - y; // a quarter turn clockwise
                    y = x;
                    x = left;
                    int side = width;
                    width = height;
                    height = side;
                }
                for (int channel = 0; channel < 3; channel++) {
                    double level = Math.min(Math.max(expected[channel], 0), 255);
                    int actual = out.pixels[(y * out.width + x) * 3 + channel] & 0xff;
                    assertEquals(column + "," + row, level, actual, 0.51);
                }
            }
        }
    }

    @Test
    public void pixelsAreThoseOfTheStandards() {
        for (int rotation : ROTATIONS) {
            for (int pixelStride = 1; pixelStride <= 2; pixelStride++) {
                Planes planes = new Planes(62, 44, 0, pixelStride, rotation);
                check(planes, rotation, YuvToRgb.Encoding.BT601_VIDEO, 0.299, 0.114, true);
                check(planes, rotation, YuvToRgb.Encoding.BT601_FULL, 0.299, 0.114, false);
                check(planes, rotation, YuvToRgb.Encoding.BT709_VIDEO, 0.2126, 0.0722, true);
            }
        }
    }

    @Test
    public void rowsMayBePaddedAndSidesMayBeOdd() {
        for (int rotation : ROTATIONS) {
            for (int pixelStride = 1; pixelStride <= 2; pixelStride++) {
                int[][] sizes = {{33, 17, 13}, {1, 7, 3}, {5, 1, 0}};
                for (int[] size : sizes) {
                    Planes planes = new Planes(size[0], size[1], size[2], pixelStride, 1);
                    check(planes, rotation, YuvToRgb.Encoding.BT601_VIDEO, 0.299, 0.114, true);
                }
            }
        }
    }

    @Test
    public void camerasGiveTheVideoRange() {
        Planes planes = new Planes(1, 1, 0, 1, 0);
        planes.y.put(5, (byte) 235);
        planes.u.put(5, (byte) 128);
        planes.v.put(5, (byte) 128);
        assertEquals(-1, planes.convert(new YuvToRgb(1, 1, 0)).pixels[0]);
    }

    @Test
    public void aBufferThatIsTooShortIsRefused() {
        Planes planes = new Planes(33, 17, 4, 2, 0);
        for (ByteBuffer plane : new ByteBuffer[] {planes.y, planes.u, planes.v}) {
            plane.limit(plane.limit() - 1);
            String name = plane == planes.y ? "plane y" : plane == planes.u ? "plane u" : "plane v";
            refused(planes, planes.yStride, planes.pixelStride, new RgbImage(33, 17),
                    name + " has " + plane.remaining());
            plane.limit(plane.capacity());
        }
    }

    @Test
    public void stridesAndSizesThatCannotBeAreRefused() {
        Planes planes = new Planes(33, 17, 4, 1, 0);
        refused(planes, 32, 1, new RgbImage(33, 17), "row stride of 32");
        refused(planes, planes.yStride, 3, new RgbImage(33, 17), "pixel stride of 3");
        refused(planes, planes.yStride, 1, new RgbImage(17, 33), "17x33");
        try {
            new YuvToRgb(33, 17, 45);
            fail("45 degrees were taken");
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("45"));
        }
    }

    private static void refused(Planes planes, int yStride, int pixelStride, RgbImage out, String message) {
        YuvToRgb converter = new YuvToRgb(planes.width, planes.height, 0);
        try {
            converter.convert(planes.y, planes.u, planes.v, yStride, planes.uvStride, pixelStride, out);
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains(message));
            return;
        }
        fail(message + " was taken");
    }
}

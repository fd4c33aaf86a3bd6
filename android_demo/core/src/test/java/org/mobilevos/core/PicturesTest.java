package org.mobilevos.core;

import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import org.junit.Test;

public class PicturesTest {
    @Test
    public void sizesThatCannotBeAreClearErrors() {
        int[][] sizes = {{0, 16}, {16, 0}, {-1, 16}, {-4, -4}, {65536, 65536}, {30000, 30000}, {Integer.MAX_VALUE, 3}};
        for (int[] size : sizes) {
            refused(size[0], size[1], null);
            refused(size[0], size[1], new byte[0]);
        }
        refused(2, 2, new byte[11]);
    }

    private static void refused(int width, int height, byte[] pixels) {
        try {
            if (pixels == null) {
                new RgbImage(width, height);
            } else {
                new RgbImage(width, height, pixels);
            }
            fail("taken: " + width + "x" + height);
        } catch (InvalidInputException expected) {
            assertTrue(expected.getMessage(), expected.getMessage().contains(width + "x" + height));
        }
        try {
            new Mask(width, height, pixels == null ? new byte[1] : pixels);
            fail("taken: " + width + "x" + height);
        } catch (InvalidInputException expected) {
            assertTrue(expected.getMessage(), expected.getMessage().contains(width + "x" + height));
        }
    }
}

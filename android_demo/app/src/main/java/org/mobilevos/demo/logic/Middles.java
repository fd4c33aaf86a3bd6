package org.mobilevos.demo.logic;

import java.util.Arrays;
import org.mobilevos.core.Mask;

/** Where the numbers of the objects are written: in the middle of each. Made once and filled for each frame. */
public final class Middles {
    // A label does not need every pixel, and a frame has a million of them.
    private static final int STEP = 4;
    private static final int IDS = 256;

    private final long[] sumX = new long[IDS];
    private final long[] sumY = new long[IDS];
    private final int[] pixels = new int[IDS];

    /** Finds the objects of a mask. */
    public void find(Mask mask) {
        Arrays.fill(sumX, 0);
        Arrays.fill(sumY, 0);
        Arrays.fill(pixels, 0);
        for (int row = 0; row < mask.height; row += STEP) {
            for (int column = 0; column < mask.width; column += STEP) {
                int id = mask.ids[row * mask.width + column] & 0xff;
                sumX[id] += column;
                sumY[id] += row;
                pixels[id]++;
            }
        }
    }

    /** Takes over what another one has found. */
    public void copyFrom(Middles other) {
        System.arraycopy(other.sumX, 0, sumX, 0, IDS);
        System.arraycopy(other.sumY, 0, sumY, 0, IDS);
        System.arraycopy(other.pixels, 0, pixels, 0, IDS);
    }

    /** Takes all objects out. */
    public void clear() {
        Arrays.fill(pixels, 0);
    }

    /** Whether an object, 1 to 255, is in sight. */
    public boolean has(int id) {
        return pixels[id] > 0;
    }

    /** The middle of an object that is in sight, in columns of the mask. */
    public int x(int id) {
        return (int) (sumX[id] / pixels[id]);
    }

    /** The middle of an object that is in sight, in rows of the mask. */
    public int y(int id) {
        return (int) (sumY[id] / pixels[id]);
    }
}

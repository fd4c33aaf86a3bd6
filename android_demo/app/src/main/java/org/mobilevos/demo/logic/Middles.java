package org.mobilevos.demo.logic;

import java.util.Arrays;
import org.mobilevos.core.Mask;

/**
 * Where the numbers of the objects are written: in the middle of each, or above one that a number would hide. Made once and
 * filled for each frame.
 */
public final class Middles {
    // A label does not need every pixel, and a frame has a million of them.
    private static final int STEP = 4;
    private static final int IDS = 256;
    // An object has to be so many times higher than the radius of its number to be seen behind it.
    private static final float ROOM = 5;

    private final long[] sumX = new long[IDS];
    private final long[] sumY = new long[IDS];
    private final int[] pixels = new int[IDS];
    private final int[] top = new int[IDS];
    private final int[] bottom = new int[IDS];

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
                top[id] = pixels[id] == 0 ? row : top[id];
                bottom[id] = row;
                pixels[id]++;
            }
        }
    }

    /** Takes over what another one has found. */
    public void copyFrom(Middles other) {
        System.arraycopy(other.sumX, 0, sumX, 0, IDS);
        System.arraycopy(other.sumY, 0, sumY, 0, IDS);
        System.arraycopy(other.pixels, 0, pixels, 0, IDS);
        System.arraycopy(other.top, 0, top, 0, IDS);
        System.arraycopy(other.bottom, 0, bottom, 0, IDS);
    }

    /** Takes all objects out. */
    public void clear() {
        Arrays.fill(pixels, 0);
    }

    /** Whether an object, 1 to 255, is in sight. */
    public boolean has(int id) {
        return pixels[id] > 0;
    }

    /** Where the number of an object in sight has its middle, across the view. */
    public float viewX(int id, ViewMap map) {
        return map.viewX((int) (sumX[id] / pixels[id]));
    }

    /**
     * The same down the view.
     *
     * @param radius of the number's disk in pixels of the view
     */
    public float viewY(int id, ViewMap map, float radius) {
        float above = map.viewY(top[id]) - radius;
        boolean hidden = map.viewY(bottom[id]) - map.viewY(top[id]) < ROOM * radius;
        return hidden && above > radius ? above : map.viewY((int) (sumY[id] / pixels[id]));
    }
}

package org.mobilevos.core;

import java.util.Arrays;

/** Object ids of a frame's pixels, row by row: 0 is background, 1 to 255 (unsigned) are the caller's own ids. */
public final class Mask {
    public final int width;
    public final int height;
    /** {@code height * width} ids. */
    public final byte[] ids;

    /**
     * A mask without any object.
     *
     * @throws InvalidInputException it has no pixel, or more than an array holds
     */
    public Mask(int width, int height) {
        this(width, height, new byte[Checks.bytes(width, height, 1)]);
    }

    /**
     * A mask around ids that exist already; they are not copied.
     *
     * @throws InvalidInputException as above, or there are more or fewer ids than pixels
     */
    public Mask(int width, int height, byte[] ids) {
        int pixels = Checks.bytes(width, height, 1);
        if (ids.length != pixels) {
            throw new InvalidInputException("a mask of " + width + "x" + height + " has " + pixels
                    + " ids, not " + ids.length + "; pass one for each pixel");
        }
        this.width = width;
        this.height = height;
        this.ids = ids;
    }

    /** A copy that shares nothing with this one. */
    public Mask copy() {
        return new Mask(width, height, ids.clone());
    }

    /** Makes this mask equal to another of the same size. */
    public void copyFrom(Mask other) {
        System.arraycopy(other.ids, 0, ids, 0, ids.length);
    }

    /** Puts the objects of another mask of the same size over those of this one. */
    void paint(Mask other) {
        for (int pixel = 0; pixel < ids.length; pixel++) {
            if (other.ids[pixel] != 0) {
                ids[pixel] = other.ids[pixel];
            }
        }
    }

    /** Takes all objects out. */
    public void clear() {
        Arrays.fill(ids, (byte) 0);
    }

    /** The ids of the objects that have a pixel, in ascending order, without the background. */
    public int[] objectIds() {
        boolean[] found = new boolean[256];
        for (byte id : ids) {
            found[id & 0xff] = true;
        }
        int count = 0;
        int[] result = new int[255];
        for (int id = 1; id < 256; id++) {
            if (found[id]) {
                result[count++] = id;
            }
        }
        return Arrays.copyOf(result, count);
    }
}

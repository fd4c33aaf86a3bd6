package org.mobilevos.core;

/** The colours of DAVIS (and PASCAL VOC): the bits of an id, from the lowest, go to red, green, blue in turn. */
public final class Palette {
    /** The number of colours. */
    public static final int SIZE = 256;

    private Palette() {}

    /**
     * The colour of an object.
     *
     * @param id 0..255
     * @return {@code 0xRRGGBB}
     */
    public static int rgb(int id) {
        return channel(id) << 16 | channel(id >> 1) << 8 | channel(id >> 2);
    }

    /** Every third bit of an id becomes the next of the highest bits of a channel. */
    private static int channel(int bits) {
        return (bits & 1) << 7 | (bits >> 3 & 1) << 6 | (bits >> 6 & 1) << 5;
    }
}

package org.mobilevos.core;

/** A picture of a fixed size that is written to again and again: RGB bytes (0..255, unsigned), row by row. */
public final class RgbImage {
    public static final int CHANNELS = 3;

    public final int width;
    public final int height;
    /** {@code height * width * 3} bytes: red, green, blue of the top left pixel come first. */
    public final byte[] pixels;

    /**
     * A black picture.
     *
     * @param width in pixels, 1 or more
     * @param height in pixels, 1 or more
     * @throws InvalidInputException it has no pixel, or more than an array holds
     */
    public RgbImage(int width, int height) {
        this(width, height, new byte[Checks.bytes(width, height, CHANNELS)]);
    }

    /**
     * A picture around bytes that exist already; they are not copied.
     *
     * @throws InvalidInputException as above, or there are more or fewer bytes than the size needs
     */
    public RgbImage(int width, int height, byte[] pixels) {
        int bytes = Checks.bytes(width, height, CHANNELS);
        if (pixels.length != bytes) {
            throw new InvalidInputException("an RGB image of " + width + "x" + height + " has " + bytes
                    + " bytes, not " + pixels.length + "; pass three for each pixel");
        }
        this.width = width;
        this.height = height;
        this.pixels = pixels;
    }
}

package org.mobilevos.core;

/**
 * How frames of one size lie in the model's input: scaled with their aspect kept, centred, the rest is border. The same
 * as {@code Fit} of the Python SDK, to the pixel.
 */
public final class Fit {
    /** The frame's own size in pixels. */
    public final int frameWidth;
    public final int frameHeight;
    /** The model's size in pixels. */
    public final int modelWidth;
    public final int modelHeight;
    /** Whether the frame is turned by 90 degrees counter-clockwise, as a portrait video on a landscape model. */
    public final boolean rotated;
    /** The size of the scaled (and turned) frame within the model's input. */
    public final int contentWidth;
    public final int contentHeight;
    /** Where it begins there. */
    public final int left;
    public final int top;

    private Fit(int frameWidth, int frameHeight, int modelWidth, int modelHeight) {
        this.frameWidth = frameWidth;
        this.frameHeight = frameHeight;
        this.modelWidth = modelWidth;
        this.modelHeight = modelHeight;
        double upright = Math.min(modelHeight / (double) frameHeight, modelWidth / (double) frameWidth);
        double turned = Math.min(modelHeight / (double) frameWidth, modelWidth / (double) frameHeight);
        rotated = turned >= upright * Constants.ROTATION_GAIN;
        double scale = rotated ? turned : upright;
        contentWidth = scaled(rotated ? frameHeight : frameWidth, scale, modelWidth);
        contentHeight = scaled(rotated ? frameWidth : frameHeight, scale, modelHeight);
        left = (modelWidth - contentWidth) / 2;
        top = (modelHeight - contentHeight) / 2;
    }

    /** Fits a frame's size into a model's size; all sides are in pixels, 1 or more. */
    public static Fit between(int frameWidth, int frameHeight, int modelWidth, int modelHeight) {
        return new Fit(frameWidth, frameHeight, modelWidth, modelHeight);
    }

    /** The width of the content before it is turned. */
    int uprightWidth() {
        return rotated ? contentHeight : contentWidth;
    }

    /** The height of the content before it is turned. */
    int uprightHeight() {
        return rotated ? contentWidth : contentHeight;
    }

    /** The position of a pixel of the content among all pixels of the model's input. */
    int cell(int x, int y) {
        return (top + y) * modelWidth + left + x;
    }

    private static int scaled(int side, double scale, int limit) {
        return Math.min(Math.max((int) Math.rint(side * scale), 1), limit);
    }
}

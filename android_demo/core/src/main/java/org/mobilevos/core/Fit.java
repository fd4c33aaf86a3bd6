package org.mobilevos.core;

/**
 * How a region of frames of one size lies in the model's input: scaled with its aspect kept, centred, the rest is
 * border. The same as {@code Fit} of the Python SDK, to the pixel, but that it may show another region later.
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
    /** The part of the frame that the model sees; what is outside counts as background. */
    final Region region = new Region();
    /** The size of the scaled (and turned) region within the model's input. */
    int contentWidth;
    int contentHeight;
    /** Where it begins there. */
    int left;
    int top;

    private Fit(int frameWidth, int frameHeight, int modelWidth, int modelHeight) {
        this.frameWidth = frameWidth;
        this.frameHeight = frameHeight;
        this.modelWidth = modelWidth;
        this.modelHeight = modelHeight;
        double upright = largestScale(frameWidth, frameHeight, modelWidth, modelHeight);
        double turned = largestScale(frameHeight, frameWidth, modelWidth, modelHeight);
        rotated = turned >= upright * Constants.ROTATION_GAIN;
        show(0, 0, frameWidth, frameHeight);
    }

    /** Fits a frame's size, all of it, into a model's size; all sides are in pixels, 1 or more. */
    public static Fit between(int frameWidth, int frameHeight, int modelWidth, int modelHeight) {
        return new Fit(frameWidth, frameHeight, modelWidth, modelHeight);
    }

    /** Fits another region of the frame, in its pixels. */
    void show(int left, int top, int width, int height) {
        region.set(left, top, width, height);
        double scale = largestScale(width, height);
        contentWidth = scaled(rotated ? height : width, scale, modelWidth);
        contentHeight = scaled(rotated ? width : height, scale, modelHeight);
        this.left = (modelWidth - contentWidth) / 2;
        this.top = (modelHeight - contentHeight) / 2;
    }

    /** Whether the model sees all of the frame. */
    boolean isWhole() {
        return region.width == frameWidth && region.height == frameHeight;
    }

    /** The largest scale at which a part of the frame of some size fits into the model's. */
    double largestScale(double width, double height) {
        return largestScale(width, height, uprightModelWidth(), uprightModelHeight());
    }

    /** The model's width as the frame lies in it. */
    int uprightModelWidth() {
        return rotated ? modelHeight : modelWidth;
    }

    /** The model's height as the frame lies in it. */
    int uprightModelHeight() {
        return rotated ? modelWidth : modelHeight;
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

    /** The position of the first pixel of one of the region's rows among all pixels of the frame. */
    int pixel(int y) {
        return (region.top + y) * frameWidth + region.left;
    }

    private static double largestScale(double width, double height, int modelWidth, int modelHeight) {
        return Math.min(modelHeight / height, modelWidth / width);
    }

    private static int scaled(int side, double scale, int limit) {
        return Math.min(Math.max((int) Math.rint(side * scale), 1), limit);
    }
}

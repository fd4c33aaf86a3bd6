package org.mobilevos.core;

/**
 * Which part of a frame the model sees: the objects and what is around them, so that small ones get more pixels. The
 * same as {@code View} of the Python SDK, to the pixel, but that a view is used again for other frames.
 */
final class View {
    /** How it lies in the model's input. */
    final Fit fit;
    // Pixels of the model's input for a pixel of the frame, and the fewest of them, with all of the frame in view.
    private double scale;
    private final double least;
    // How wide and high, in pixels of the frame, the box around the objects is taken to be with what is out of sight of
    // them; a pixel, as long as nothing is known.
    private double wide = 1;
    private double tall = 1;
    private final Bulk bulk = new Bulk();

    /** All of the frame in the model's input; all sides are in pixels, 1 or more. */
    View(int frameWidth, int frameHeight, int modelWidth, int modelHeight) {
        fit = Fit.between(frameWidth, frameHeight, modelWidth, modelHeight);
        least = fit.largestScale(frameWidth, frameHeight);
        scale = least;
    }

    /** Pixels of the model's input for a pixel of the frame. */
    double scale() {
        return scale;
    }

    /**
     * Becomes the view of a frame with the objects of a mask in it. All of the frame, if one of the objects is not in
     * the mask: it may come back anywhere.
     *
     * @param before another view of that frame, or this one
     */
    void showAround(View before, Mask mask, int[] ids) {
        Region box = bulk.box(mask, ids);
        if (box == null) {
            wide = before.wide;
            tall = before.tall;
            place(least, before.fit.region);
            return;
        }
        wide = box.width;
        tall = box.height;
        place(wanted(wide, tall), box);
    }

    /**
     * Becomes the view of the next frame: around the objects, at nearly the same scale.
     *
     * @param before the view of the frame before, or this one
     * @param mask of the frame before
     */
    void showNext(View before, Mask mask, int[] ids) {
        Region box = bulk.box(mask, ids);
        double share = box == null || isCut(mask, before.scale) ? 1 : shareLeft(before, box);
        wide = before.wide * share;
        tall = before.tall * share;
        double fitting = least;
        if (box != null) {
            wide = Math.max(wide, box.width);
            tall = Math.max(tall, box.height);
            fitting = wanted(Math.max(box.width, Constants.VIEW_KEPT * wide),
                    Math.max(box.height, Constants.VIEW_KEPT * tall));
        }
        double slow = Math.max(fitting, before.scale / Constants.VIEW_WIDENING);
        place(Math.min(slow, before.scale * Constants.VIEW_NARROWING), box == null ? before.fit.region : box);
    }

    /** Some objects have left or were wrong: how large they were says nothing any more. */
    void forgetExtent() {
        wide = 1;
        tall = 1;
    }

    /** Whether all objects of a mask are within the view. */
    boolean holds(Mask mask) {
        Region region = fit.region;
        return isInside(mask, region.left, region.top, region.width, region.height);
    }

    /** Whether an object reaches the frame's border: what is seen of it may not be all of it. */
    private static boolean isCut(Mask mask, double scale) {
        int reach = (int) Math.ceil(Constants.VIEW_EDGE / scale);
        return !isInside(mask, reach, reach, mask.width - 2 * reach, mask.height - 2 * reach);
    }

    private static boolean isInside(Mask mask, int left, int top, int width, int height) {
        int pixel = 0;
        for (int y = 0; y < mask.height; y++) {
            boolean beside = y >= top && y < top + height;
            for (int x = 0; x < mask.width; x++) {
                if (mask.ids[pixel++] != 0 && !(beside && x >= left && x < left + width)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** How much is left of the objects' extent with a box: what recedes gets smaller in both directions. */
    private static double shareLeft(View before, Region box) {
        double smaller = Math.max(box.height / before.tall, box.width / before.wide);
        return Math.min(Math.max(smaller, 1 / Constants.VIEW_NARROWING), 1 / Constants.VIEW_FORGETTING);
    }

    /** The scale at which the view is so many times a size as it should be, within bounds. */
    private double wanted(double width, double height) {
        double fitting = fit.largestScale(width, height) / Constants.VIEW_MARGIN;
        double most = Math.min(Constants.VIEW_ZOOM * least, Constants.VIEW_MAGNIFICATION);
        return Math.max(Math.min(fitting, most), least);
    }

    /** Shows what is around the middle of a box, moved into the frame. */
    private void place(double newScale, Region centre) {
        scale = newScale;
        int width = Math.min((int) Math.rint(fit.uprightModelWidth() / scale), fit.frameWidth);
        int height = Math.min((int) Math.rint(fit.uprightModelHeight() / scale), fit.frameHeight);
        // A shift rounds down, also what is negative, as Python does.
        int left = centre.left + (centre.width - width >> 1);
        int top = centre.top + (centre.height - height >> 1);
        fit.show(within(left, fit.frameWidth - width), within(top, fit.frameHeight - height), width, height);
    }

    private static int within(int value, int most) {
        return Math.min(Math.max(value, 0), most);
    }
}

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
        place(wanted(box), box == null ? before.fit.region : box);
    }

    /**
     * Becomes the view of the next frame: around the objects, at nearly the same scale.
     *
     * @param before the view of the frame before, or this one
     * @param mask of the frame before
     */
    void showNext(View before, Mask mask, int[] ids) {
        Region box = bulk.box(mask, ids);
        double slow = Math.max(wanted(box), before.scale / Constants.VIEW_WIDENING);
        place(Math.min(slow, before.scale * Constants.VIEW_NARROWING), box == null ? before.fit.region : box);
    }

    /** Whether all objects of a mask are within the view. */
    boolean holds(Mask mask) {
        Region region = fit.region;
        for (int pixel = 0; pixel < mask.ids.length; pixel++) {
            int x = pixel % mask.width - region.left;
            int y = pixel / mask.width - region.top;
            if (mask.ids[pixel] != 0 && (x < 0 || y < 0 || x >= region.width || y >= region.height)) {
                return false;
            }
        }
        return true;
    }

    /** The scale at which the view is so many times the box as it should be, within bounds. */
    private double wanted(Region box) {
        if (box == null) {
            return least;
        }
        double fitting = fit.largestScale(box.width, box.height) / Constants.VIEW_MARGIN;
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

package org.mobilevos.core;

/**
 * What the model sees of the newest frame. What it sees of another, or of the same from elsewhere, is written to a
 * spare sight, and the two change places when all that depends on it has succeeded.
 */
final class Sights {
    private final FrameFitter fitter;
    private final boolean zoom;
    private final KeptFrame kept = new KeptFrame();
    private Sight newest;
    private Sight spare;

    /**
     * No frame is seen yet; all must have this size.
     *
     * @param zoom whether the model sees the objects and what is around them in place of the whole frame
     */
    Sights(ArtifactSpec spec, FrameFitter fitter, int frameWidth, int frameHeight, boolean zoom) {
        this.fitter = fitter;
        this.zoom = zoom;
        newest = new Sight(spec, frameWidth, frameHeight);
        spare = new Sight(spec, frameWidth, frameHeight);
    }

    /** The newest frame. */
    Sight newest() {
        return newest;
    }

    /** The first frame, in the spare sight. */
    Sight first(RgbImage frame, Mask mask, int[] ids) {
        if (zoom) {
            spare.view.showAround(newest.view, mask, ids);
        }
        fitter.fitFrame(frame, spare.fit(), spare.pixels);
        return spare;
    }

    /**
     * The next frame, in the spare sight.
     *
     * @param mask of the newest one
     */
    Sight next(RgbImage frame, Mask mask, int[] ids) {
        if (zoom) {
            spare.view.showNext(newest.view, mask, ids);
        }
        fitter.fitFrame(frame, spare.fit(), spare.pixels);
        return spare;
    }

    /**
     * The newest frame with a mask in view: as it is seen already, or else in the spare sight.
     *
     * @param mask of the newest frame
     * @param given what has to be in view, with the objects of the mask that it does not cover
     * @param ids all objects that shall be in view
     */
    Sight withInView(Mask given, Mask mask, int[] ids) {
        if (newest.view.holds(given)) {
            return newest;
        }
        Mask merged = mask.copy();
        merged.paint(given);
        spare.view.showAround(newest.view, merged, ids);
        fitter.fitFrame(kept.image(), spare.fit(), spare.pixels);
        return spare;
    }

    /** Makes the spare sight that of the newest frame: of this one. */
    void take(RgbImage frame) {
        kept.keep(frame, spare.fit());
        swap();
    }

    /** Makes the spare sight that of the newest frame, which is the same. */
    void swap() {
        Sight old = newest;
        newest = spare;
        spare = old;
    }
}

package org.mobilevos.core;

/** What the model sees of one frame: a part of it, and its pixels. Written anew for frame after frame. */
final class Sight {
    final View view;
    /** (1, H, W, 3), 0..255. */
    final Tensor pixels;

    /** All of a frame of some size; no pixels yet. */
    Sight(ArtifactSpec spec, int frameWidth, int frameHeight) {
        view = new View(frameWidth, frameHeight, spec.width, spec.height);
        pixels = new Tensor(1, spec.height, spec.width, RgbImage.CHANNELS);
    }

    /** Where the frame lies in the model's input. */
    Fit fit() {
        return view.fit;
    }
}

package org.mobilevos.core;

/** The newest frame, where its tensor holds only a part of it: what joins later may lie outside. */
final class KeptFrame {
    private RgbImage image;

    /** Copies a frame that is not seen as a whole; callers use their images again. */
    void keep(RgbImage frame, Fit fit) {
        if (fit.isWhole()) {
            return;
        }
        if (image == null) {
            image = new RgbImage(frame.width, frame.height);
        }
        System.arraycopy(frame.pixels, 0, image.pixels, 0, image.pixels.length);
    }

    /** The frame; it is of no use while the newest one is seen as a whole. */
    RgbImage image() {
        return image;
    }
}

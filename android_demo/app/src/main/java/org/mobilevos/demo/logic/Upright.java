package org.mobilevos.demo.logic;

/** How a camera's or a video's pictures are turned so that they stand upright on the screen. */
public final class Upright {
    private static final int CIRCLE = 360;

    private Upright() {}

    /**
     * Degrees by which a picture of a camera that faces away is turned clockwise.
     *
     * @param sensor clockwise, from the device's natural orientation to the sensor's: 0, 90, 180, 270
     * @param display counter-clockwise, by which the screen's content is turned: 0, 90, 180, 270
     */
    public static int camera(int sensor, int display) {
        return modulo(sensor - display);
    }

    /** A file's own number of degrees, as 0, 90, 180 or 270. */
    public static int file(int degrees) {
        return modulo(Math.round(degrees / 90f) * 90);
    }

    /** Whether a picture that is turned by so much has its sides exchanged. */
    public static boolean exchanges(int degrees) {
        return degrees % 180 != 0;
    }

    private static int modulo(int degrees) {
        return (degrees % CIRCLE + CIRCLE) % CIRCLE;
    }
}

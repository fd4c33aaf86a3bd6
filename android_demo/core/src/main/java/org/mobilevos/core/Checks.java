package org.mobilevos.core;

/** What every frame and mask of a caller goes through, in the words of the Python SDK. */
final class Checks {
    private Checks() {}

    /** The number of bytes of a picture, so many for each pixel; it has a pixel and fits into an array. */
    static int bytes(int width, int height, int each) {
        if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE / each) {
            throw new InvalidInputException("a picture cannot be " + width + "x" + height
                    + "; give it 1 pixel or more on each side, and no more than an array holds");
        }
        return width * height * each;
    }

    /** Makes sure that a frame is large enough for anything to be followed in it. */
    static void first(RgbImage frame) {
        if (Math.min(frame.width, frame.height) < Constants.SMALLEST_SIDE) {
            throw new InvalidInputException("the frame is " + frame.width + "x" + frame.height + "; it must be "
                    + Constants.SMALLEST_SIDE + " pixels or more on each side");
        }
    }

    /** Makes sure that a frame has the video's size. */
    static void next(RgbImage frame, Fit fit) {
        if (frame.width != fit.frameWidth || frame.height != fit.frameHeight) {
            throw new InvalidInputException("the frame is " + frame.width + "x" + frame.height
                    + " but the video began with " + fit.frameWidth + "x" + fit.frameHeight
                    + "; resize it, or start a new session for the new size");
        }
    }

    /** Makes sure that a mask has the frame's size, and finds its objects: at least one, in ascending order. */
    static int[] objects(Mask mask, int width, int height) {
        if (mask.width != width || mask.height != height) {
            throw new InvalidInputException("the mask is " + mask.width + "x" + mask.height + " but the frame is "
                    + width + "x" + height + "; give a mask of the frame's own size");
        }
        int[] ids = mask.objectIds();
        if (ids.length == 0) {
            throw new InvalidInputException("the mask is empty; mark at least one object with an id from 1 to 255");
        }
        return ids;
    }
}

package org.mobilevos.core;

/**
 * Weighs objects against each other that were followed apart from each other: at a pixel the odds of each against its
 * own background are normalised together (STM, Oh et al., 2019, equation 4).
 */
final class SoftAggregation {
    // The least probability of a background that odds are taken of.
    private static final float EPSILON = (float) Constants.EPSILON;

    private SoftAggregation() {}

    /**
     * Makes odds of the probabilities of objects that were followed together.
     *
     * @param planes for each object the probability of each pixel, 0..1; is written to
     * @param begin the first of the objects
     * @param end the one behind the last of them
     */
    static void odds(float[][] planes, int begin, int end) {
        for (int pixel = 0; pixel < planes[begin].length; pixel++) {
            float sum = 0;
            for (int object = begin; object < end; object++) {
                sum += planes[object][pixel];
            }
            float background = Math.max(1 - sum, EPSILON);
            for (int object = begin; object < end; object++) {
                planes[object][pixel] /= background;
            }
        }
    }

    /**
     * Gives every pixel to the most probable of background and objects.
     *
     * @param odds for each object those of each pixel; the background's are 1
     * @param ids of the objects
     */
    static void label(float[][] odds, int[] ids, Mask out) {
        for (int pixel = 0; pixel < out.ids.length; pixel++) {
            float best = 1;
            int id = 0;
            for (int object = 0; object < odds.length; object++) {
                if (odds[object][pixel] > best) {
                    best = odds[object][pixel];
                    id = ids[object];
                }
            }
            out.ids[pixel] = (byte) id;
        }
    }
}

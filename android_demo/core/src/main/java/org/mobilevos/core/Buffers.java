package org.mobilevos.core;

/** Arrays that are used again for sizes that change from frame to frame. */
final class Buffers {
    private Buffers() {}

    /** An array of a length or more: the one there is, or a new one with room to grow, so that few are made. */
    static float[] atLeast(int length, float[] present) {
        return present.length >= length ? present : new float[length + length / 2];
    }

    /** The same for integers. */
    static int[] atLeast(int length, int[] present) {
        return present.length >= length ? present : new int[length + length / 2];
    }
}

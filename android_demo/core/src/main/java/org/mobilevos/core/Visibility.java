package org.mobilevos.core;

import java.util.Arrays;

/**
 * Which objects are hidden: those of which much less is seen than shortly before, as {@code visibility.py} of the Python
 * SDK has it. A frame that hides an object is not memorised for it. Nothing is allocated after the constructor.
 */
final class Visibility {
    private static final int IDS = 256;

    private final int[] seen = new int[IDS];
    private final double[] recent = new double[IDS];
    // By id: whether an object is hidden in the newest frame, and in the one that is being looked at.
    private boolean[] hidden = new boolean[IDS];
    private boolean[] next = new boolean[IDS];

    /** Takes in a mask of some objects that was given: all is seen of each that there is. */
    void give(Mask mask, int[] ids) {
        count(mask);
        for (int id : ids) {
            recent[id] = seen[id];
            hidden[id] = false;
        }
    }

    /**
     * Looks at the next frame's mask; {@link #take} makes it the newest frame.
     *
     * @param among is written to: whether each of the objects, in the order of `ids`, is hidden there
     * @return how many of them are
     */
    int look(Mask mask, int[] ids, boolean[] among) {
        count(mask);
        int found = 0;
        for (int position = 0; position < ids.length; position++) {
            int id = ids[position];
            next[id] = seen[id] <= Constants.HIDDEN_SHARE * recent[id];
            among[position] = next[id];
            found += next[id] ? 1 : 0;
        }
        return found;
    }

    /** Makes the frame that was looked at the newest one. */
    void take(int[] ids) {
        for (int id : ids) {
            recent[id] = Math.max(seen[id], Constants.AREA_FADING * recent[id]);
        }
        boolean[] before = hidden;
        hidden = next;
        next = before;
    }

    /** Whether an object is hidden in the newest frame. */
    boolean isHidden(int id) {
        return hidden[id];
    }

    private void count(Mask mask) {
        Arrays.fill(seen, 0);
        for (byte id : mask.ids) {
            seen[id & 0xff]++;
        }
    }
}

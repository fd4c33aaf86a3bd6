package org.mobilevos.demo.logic;

import org.mobilevos.core.Mask;

/** Which ids new objects get, and which object lies under a finger. */
public final class ObjectIds {
    private ObjectIds() {}

    /** The smallest id, from 1 on, that no object has. */
    public static int next(int[] taken) {
        int id = 1;
        while (has(taken, id)) {
            id++;
        }
        return id;
    }

    /** Whether an id is among others. */
    public static boolean has(int[] ids, int id) {
        for (int other : ids) {
            if (other == id) {
                return true;
            }
        }
        return false;
    }

    /**
     * The object at a pixel, or the nearest one within a finger's breadth; 0 where there is none.
     *
     * @param radius of the finger, in pixels of the mask
     */
    public static int at(Mask mask, int x, int y, int radius) {
        int found = 0;
        long least = Long.MAX_VALUE;
        for (int row = Math.max(0, y - radius); row <= Math.min(mask.height - 1, y + radius); row++) {
            for (int column = Math.max(0, x - radius); column <= Math.min(mask.width - 1, x + radius); column++) {
                long distance = (long) (row - y) * (row - y) + (long) (column - x) * (column - x);
                int id = mask.ids[row * mask.width + column] & 0xff;
                if (id != 0 && distance < least && distance <= (long) radius * radius) {
                    found = id;
                    least = distance;
                }
            }
        }
        return found;
    }
}

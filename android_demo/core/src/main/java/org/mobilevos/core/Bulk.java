package org.mobilevos.core;

import java.util.Arrays;

/**
 * The box around the bulk of some objects: at each side of an object the outermost of so many parts of its pixels does
 * not count, so that thin things which stick out do not widen it. Its buffers are made for the most objects so far; for
 * masks of one size.
 */
final class Bulk {
    // How many pixels of each object are in each column and row.
    private int[][] columns = {};
    private int[][] rows = {};
    // One more than where each id is among the objects; 0 for an id that is not.
    private final int[] places = new int[256];
    private final Region box = new Region();

    /** The box around all objects, which the next call changes; null if one of them has no pixel. */
    Region box(Mask mask, int[] ids) {
        count(mask, ids);
        int left = mask.width;
        int top = mask.height;
        int right = 0;
        int bottom = 0;
        for (int index = 0; index < ids.length; index++) {
            int pixels = 0;
            for (int inRow : rows[index]) {
                pixels += inRow;
            }
            if (pixels == 0) {
                return null;
            }
            int outermost = pixels / Constants.VIEW_PARTS;
            left = Math.min(left, reaching(outermost + 1, columns[index]));
            top = Math.min(top, reaching(outermost + 1, rows[index]));
            right = Math.max(right, reaching(pixels - outermost, columns[index]) + 1);
            bottom = Math.max(bottom, reaching(pixels - outermost, rows[index]) + 1);
        }
        box.set(left, top, right - left, bottom - top);
        return box;
    }

    private void count(Mask mask, int[] ids) {
        if (rows.length < ids.length) {
            columns = new int[ids.length][mask.width];
            rows = new int[ids.length][mask.height];
        }
        Arrays.fill(places, 0);
        for (int index = 0; index < ids.length; index++) {
            places[ids[index]] = index + 1;
            Arrays.fill(columns[index], 0);
            Arrays.fill(rows[index], 0);
        }
        int pixel = 0;
        for (int y = 0; y < mask.height; y++) {
            for (int x = 0; x < mask.width; x++) {
                int place = places[mask.ids[pixel++] & 0xff];
                if (place != 0) {
                    columns[place - 1][x]++;
                    rows[place - 1][y]++;
                }
            }
        }
    }

    /** The first position up to which there are so many pixels. */
    private static int reaching(int pixels, int[] counts) {
        int position = 0;
        for (int reached = counts[0]; reached < pixels; reached += counts[position]) {
            position++;
        }
        return position;
    }
}

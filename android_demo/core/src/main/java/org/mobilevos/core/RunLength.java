package org.mobilevos.core;

import java.util.Arrays;

/**
 * Masks as runs of equal ids, to keep many of them: the width, the height, then for each object in ascending order its
 * id, the number of its runs, and the start and length of each. A run goes through the pixels row by row and may go on
 * in the next row.
 */
public final class RunLength {
    private static final int HEADER = 2;

    private RunLength() {}

    /** The runs of a mask in an array of just their size. */
    public static int[] encode(Mask mask) {
        byte[] ids = mask.ids;
        int[] counts = new int[Palette.SIZE];
        for (int start = 0; start < ids.length; start = end(ids, start)) {
            counts[ids[start] & 0xff]++;
        }
        // Where the next run of each object goes.
        int[] next = new int[Palette.SIZE];
        int size = HEADER;
        for (int id = 1; id < Palette.SIZE; id++) {
            if (counts[id] > 0) {
                next[id] = size + 2;
                size += 2 + 2 * counts[id];
            }
        }
        int[] runs = new int[size];
        runs[0] = mask.width;
        runs[1] = mask.height;
        for (int id = 1; id < Palette.SIZE; id++) {
            if (counts[id] > 0) {
                runs[next[id] - 2] = id;
                runs[next[id] - 1] = counts[id];
            }
        }
        for (int start = 0; start < ids.length; start = end(ids, start)) {
            int id = ids[start] & 0xff;
            if (id > 0) {
                runs[next[id]] = start;
                runs[next[id] + 1] = end(ids, start) - start;
                next[id] += 2;
            }
        }
        return runs;
    }

    private static int end(byte[] ids, int start) {
        int end = start + 1;
        while (end < ids.length && ids[end] == ids[start]) {
            end++;
        }
        return end;
    }

    /**
     * Makes a mask equal to one that was encoded.
     *
     * @param out of the encoded mask's size
     * @throws InvalidInputException the runs are damaged, or of another size; the mask is undefined then
     */
    public static void decode(int[] runs, Mask out) {
        if (runs.length < HEADER || runs[0] != out.width || runs[1] != out.height) {
            throw new InvalidInputException("the runs are not of a mask of " + out.width + "x" + out.height
                    + "; pass a mask of the size that was encoded");
        }
        out.clear();
        int at = HEADER;
        int lastId = 0;
        while (at < runs.length) {
            if (at + 2 > runs.length || runs[at] <= lastId || runs[at] >= Palette.SIZE || runs[at + 1] < 1
                    || runs[at + 1] > (runs.length - at - 2) / 2) {
                throw damaged(at);
            }
            lastId = runs[at];
            int end = at + 2 + 2 * runs[at + 1];
            for (at += 2; at < end; at += 2) {
                fill(runs, at, lastId, out.ids);
            }
        }
    }

    private static void fill(int[] runs, int at, int id, byte[] ids) {
        int start = runs[at];
        int length = runs[at + 1];
        if (start < 0 || length < 1 || length > ids.length - start) {
            throw damaged(at);
        }
        Arrays.fill(ids, start, start + length, (byte) id);
    }

    private static InvalidInputException damaged(int at) {
        return new InvalidInputException("the runs are damaged at position " + at + "; encode the mask again");
    }
}

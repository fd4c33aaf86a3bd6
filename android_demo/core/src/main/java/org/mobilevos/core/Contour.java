package org.mobilevos.core;

import java.util.Arrays;

/**
 * The outlines of objects as the Python SDK draws them: where a square of the outline's thickness plus 1 pixels holds
 * more than one id (the mask dilated differs from the mask eroded). They lie on both sides of every border, between two
 * objects too; the higher id colours them.
 */
public final class Contour {
    /** The id that colours the outline at a pixel, row by row; 0 where there is none. */
    public final byte[] ids;
    private final int width;
    private final int height;
    // A square reaches so far to the left and up, and so far to the right and down.
    private final int before;
    private final int after;
    private int left;
    private int top;
    private int right;
    private int bottom;

    /** Outlines of masks of one size in pixels. */
    public Contour(int width, int height) {
        this.width = width;
        this.height = height;
        ids = new byte[width * height];
        int side = thickness(height) + 1;
        before = side / 2;
        after = side - 1 - before;
    }

    /** The width of outlines in pixels in a frame of some height: they look the same at every size. */
    public static int thickness(int height) {
        return Math.max(1, (int) Math.rint(Constants.OUTLINE_WIDTH * height / Constants.OUTLINE_ROWS));
    }

    /** The first column with an object or outline; all four bounds are 0 where the mask is empty. */
    public int left() {
        return left;
    }

    /** The first row with an object or outline. */
    public int top() {
        return top;
    }

    /** The column after the last one with an object or outline. */
    public int right() {
        return right;
    }

    /** The row after the last one with an object or outline. */
    public int bottom() {
        return bottom;
    }

    /** Finds the outlines in a mask of this size, instead of those before. */
    public void trace(Mask mask) {
        for (int y = top; y < bottom; y++) {
            Arrays.fill(ids, y * width + left, y * width + right, (byte) 0);
        }
        bound(mask.ids);
        // A square holds more than one id where it holds two neighbours that differ, so those are looked for: most
        // pixels have none and cost two comparisons.
        int lastX = Math.min(right, width - 1);
        int lastY = Math.min(bottom, height - 1);
        for (int y = top; y <= lastY; y++) {
            if (y > 0) {
                compareWithAbove(mask.ids, y, lastX);
            }
            compareWithLeft(mask.ids, y, lastX);
        }
        if (right > left) {
            left = Math.max(left - after, 0);
            top = Math.max(top - after, 0);
            right = Math.min(right + before, width);
            bottom = Math.min(bottom + before, height);
        }
    }

    /** Sets the bounds to those of the objects. */
    private void bound(byte[] mask) {
        left = width;
        right = 0;
        top = height;
        bottom = 0;
        for (int y = 0; y < height; y++) {
            int start = y * width;
            int x = 0;
            while (x < width && mask[start + x] == 0) {
                x++;
            }
            if (x < width) {
                int end = width;
                while (mask[start + end - 1] == 0) {
                    end--;
                }
                left = Math.min(left, x);
                right = Math.max(right, end);
                top = Math.min(top, y);
                bottom = y + 1;
            }
        }
        if (right == 0) {
            left = 0;
            top = 0;
        }
    }

    private void compareWithLeft(byte[] mask, int y, int lastX) {
        int start = y * width;
        for (int x = Math.max(left, 1); x <= lastX; x++) {
            if (mask[start + x] != mask[start + x - 1]) {
                int id = Math.max(mask[start + x] & 0xff, mask[start + x - 1] & 0xff);
                mark(x - after, y - after, x + before, y + before + 1, id);
            }
        }
    }

    private void compareWithAbove(byte[] mask, int y, int lastX) {
        int start = y * width;
        for (int x = left; x <= lastX; x++) {
            if (mask[start + x] != mask[start + x - width]) {
                int id = Math.max(mask[start + x] & 0xff, mask[start + x - width] & 0xff);
                mark(x - after, y - after, x + before + 1, y + before, id);
            }
        }
    }

    /** Marks the pixels whose squares hold both of two neighbours. */
    private void mark(int fromX, int fromY, int toX, int toY, int id) {
        int endX = Math.min(toX, width);
        int endY = Math.min(toY, height);
        for (int y = Math.max(fromY, 0); y < endY; y++) {
            for (int x = Math.max(fromX, 0); x < endX; x++) {
                int at = y * width + x;
                if ((ids[at] & 0xff) < id) {
                    ids[at] = (byte) id;
                }
            }
        }
    }
}

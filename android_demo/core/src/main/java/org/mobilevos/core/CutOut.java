package org.mobilevos.core;

import java.util.Arrays;

/** An object in a part of a frame, cut out at a size that takes no longer than a second. */
final class CutOut {
    private final RgbImage frame;
    /** The part of the frame. */
    final Box part;
    /** What is known of the part's pixels, as {@link GrabCut} has it; at first all are background. */
    final byte[] labels;

    CutOut(RgbImage frame, Box part) {
        this.frame = frame;
        this.part = part;
        labels = new byte[part.width * part.height];
    }

    /** The surroundings of a box, which teach the background, as far as the frame goes. */
    static Box surroundings(Box box, int frameWidth, int frameHeight) {
        return box.grown(margin(box.width), margin(box.height), frameWidth, frameHeight);
    }

    private static int margin(int side) {
        return Math.max((int) Math.rint(Constants.SURROUNDINGS * side), Constants.LEAST_SURROUNDINGS);
    }

    /** Gives those pixels of a box that are in the part a label. */
    void label(Box box, byte label) {
        int left = Math.max(box.x - part.x, 0);
        int right = Math.min(box.right() - part.x, part.width);
        for (int y = Math.max(box.y, part.y); left < right && y < Math.min(box.bottom(), part.bottom()); y++) {
            int row = (y - part.y) * part.width;
            Arrays.fill(labels, row + left, row + right, label);
        }
    }

    /**
     * Finds the object.
     *
     * @param leastPiece pieces of less than this share of the largest one are left out; {@link Pieces#ONLY_MARKED}
     * @return 1 for each of the part's pixels that belongs to it, 0 for the others
     */
    byte[] find(double leastPiece) {
        if (!hasBackground()) {
            labelBorder();
        }
        double scale = Math.min(1.0, (double) Constants.WORKING_SIDE / Math.max(part.width, part.height));
        int width = Math.max((int) Math.rint(part.width * scale), 1);
        int height = Math.max((int) Math.rint(part.height * scale), 1);
        byte[] small = shrinkLabels(width, height);
        GrabCut.run(AreaMean.shrink(frame, part, width, height), small, Constants.ITERATIONS);
        byte[] found = new byte[small.length];
        for (int pixel = 0; pixel < found.length; pixel++) {
            found[pixel] = (byte) (GrabCut.isObject(small[pixel]) ? 1 : 0);
        }
        Pieces.keepLarge(found, width, height, small, leastPiece);
        return enlarge(found, width, height);
    }

    private boolean hasBackground() {
        for (byte label : labels) {
            if (label == GrabCut.BACKGROUND) {
                return true;
            }
        }
        return false;
    }

    /** The object may be anywhere in the frame: its border has to be background. */
    private void labelBorder() {
        for (int y = 0; y < part.height; y++) {
            int step = y == 0 || y == part.height - 1 ? 1 : Math.max(part.width - 1, 1);
            for (int x = 0; x < part.width; x += step) {
                int pixel = y * part.width + x;
                if (labels[pixel] != GrabCut.FOREGROUND) {
                    labels[pixel] = GrabCut.BACKGROUND;
                }
            }
        }
    }

    /** The label at the corner of each pixel's area; a thin stroke on the object is never lost. */
    private byte[] shrinkLabels(int width, int height) {
        byte[] small = new byte[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int from = y * part.height / height * part.width + x * part.width / width;
                small[y * width + x] = labels[from];
            }
        }
        for (int pixel = 0; pixel < labels.length; pixel++) {
            if (labels[pixel] == GrabCut.FOREGROUND) {
                int y = pixel / part.width * height / part.height;
                int x = pixel % part.width * width / part.width;
                small[y * width + x] = GrabCut.FOREGROUND;
            }
        }
        return small;
    }

    /** Back to the part's size: bilinear, and one half is the border. */
    private byte[] enlarge(byte[] small, int width, int height) {
        byte[] full = new byte[labels.length];
        for (int y = 0; y < part.height; y++) {
            double row = inside((y + 0.5) * height / part.height - 0.5, height);
            int top = (int) row;
            int bottom = Math.min(top + 1, height - 1);
            for (int x = 0; x < part.width; x++) {
                double column = inside((x + 0.5) * width / part.width - 0.5, width);
                int left = (int) column;
                int right = Math.min(left + 1, width - 1);
                double above = mix(small[top * width + left], small[top * width + right], column - left);
                double below = mix(small[bottom * width + left], small[bottom * width + right], column - left);
                full[y * part.width + x] = (byte) (mix(above, below, row - top) > 0.5 ? 1 : 0);
            }
        }
        return full;
    }

    private static double inside(double position, int size) {
        return Math.max(0, Math.min(position, size - 1));
    }

    private static double mix(double first, double second, double share) {
        return first + (second - first) * share;
    }
}

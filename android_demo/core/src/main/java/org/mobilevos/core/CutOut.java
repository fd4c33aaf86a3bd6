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
        GrabCut.run(shrinkFrame(width, height), small, Constants.ITERATIONS);
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

    private RgbImage shrinkFrame(int width, int height) {
        Resize resize = Resize.ofRgb(new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                int start = ((part.y + y) * frame.width + part.x) * RgbImage.CHANNELS;
                for (int index = 0; index < part.width * RgbImage.CHANNELS; index++) {
                    values[index] = frame.pixels[start + index] & 0xff;
                }
            }
        });
        RgbImage small = new RgbImage(width, height);
        float[] row = new float[width * RgbImage.CHANNELS];
        resize.begin(part.width, part.height, width, height);
        for (int y = 0; y < height; y++) {
            resize.row(y, row);
            for (int index = 0; index < row.length; index++) {
                small.pixels[y * row.length + index] = (byte) row[index];
            }
        }
        return small;
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
    private byte[] enlarge(final byte[] small, final int width, int height) {
        Resize resize = Resize.ofPlane(new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                for (int x = 0; x < width; x++) {
                    values[x] = small[y * width + x];
                }
            }
        });
        byte[] full = new byte[labels.length];
        float[] row = new float[part.width];
        resize.begin(width, height, part.width, part.height);
        for (int y = 0; y < part.height; y++) {
            resize.row(y, row);
            for (int x = 0; x < part.width; x++) {
                full[y * part.width + x] = (byte) (row[x] > 0.5f ? 1 : 0);
            }
        }
        return full;
    }
}

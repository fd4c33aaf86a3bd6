package org.mobilevos.demo.logic;

import java.nio.ByteBuffer;
import org.mobilevos.core.Mask;

/**
 * A clip that needs no file: a disc that moves over a pattern, as a camera gives it (YUV 4:2:0, limited range). The
 * time of a frame does not depend on what is seen; the official figures are of the clip that is built in.
 */
public final class SyntheticClip {
    private static final int DISC_CB = 100;
    private static final int DISC_CR = 200;
    private static final int GREY = 128;

    public final int width;
    public final int height;
    /** Brightness; rows of {@code width} bytes. */
    public final ByteBuffer y;
    /** Colour differences; rows of {@code width / 2} bytes. */
    public final ByteBuffer u;
    public final ByteBuffer v;

    /** Both sides are even. */
    public SyntheticClip(int width, int height) {
        this.width = width;
        this.height = height;
        y = ByteBuffer.allocateDirect(width * height);
        u = ByteBuffer.allocateDirect(width * height / 4);
        v = ByteBuffer.allocateDirect(width * height / 4);
    }

    /** Draws a frame, 0 for the first. */
    public void draw(int index) {
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int pattern = 40 + ((column ^ row) & 0x7f);
                y.put(row * width + column, (byte) (inside(index, column, row) ? 170 : pattern));
            }
        }
        for (int row = 0; row < height / 2; row++) {
            for (int column = 0; column < width / 2; column++) {
                boolean disc = inside(index, 2 * column, 2 * row);
                u.put(row * (width / 2) + column, (byte) (disc ? DISC_CB : GREY));
                v.put(row * (width / 2) + column, (byte) (disc ? DISC_CR : GREY));
            }
        }
    }

    /** The disc of a frame, as object 1. */
    public Mask mask(int index) {
        Mask mask = new Mask(width, height);
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                mask.ids[row * width + column] = (byte) (inside(index, column, row) ? 1 : 0);
            }
        }
        return mask;
    }

    private boolean inside(int index, int column, int row) {
        int radius = height / 6;
        int distance = width - 4 * radius;
        // To the right and back again.
        int way = index * 8 % (2 * distance);
        int x = column - 2 * radius - (way < distance ? way : 2 * distance - way);
        int yy = row - height / 2;
        return x * x + yy * yy < radius * radius;
    }
}

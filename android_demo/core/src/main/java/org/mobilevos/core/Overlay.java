package org.mobilevos.core;

import java.util.Arrays;

/**
 * Masks over frames of one size: a translucent fill and an outline in the colour of each object, as {@code overlay} of
 * the Python SDK. Works on the part that holds objects only, to keep up with a live video. Its buffers are made once;
 * for one thread at a time.
 */
public final class Overlay {
    private static final int CHANNELS = RgbImage.CHANNELS;
    private static final int OPAQUE = 0xff << 24;
    private static final int LEVELS = 256;

    private final int width;
    private final int height;
    private final Contour contour;
    private final int[] fills = new int[Palette.SIZE];
    private final int[] outlines = new int[Palette.SIZE];
    // For each level of a colour, what becomes of each level of a frame below it.
    private final byte[] blended = new byte[LEVELS * LEVELS];
    // The layer that was drawn last, and where.
    private int[] layer;
    private int left;
    private int top;
    private int right;
    private int bottom;

    /** An overlay for frames and masks of one size in pixels. */
    public Overlay(int width, int height) {
        this.width = width;
        this.height = height;
        contour = new Contour(width, height);
        int alpha = (int) Math.rint(Constants.FILL_OPACITY * 255) << 24;
        for (int id = 1; id < Palette.SIZE; id++) {
            int colour = Palette.rgb(id);
            fills[id] = alpha | colour;
            outlines[id] = OPAQUE | bright(colour >> 16) << 16 | bright(colour >> 8 & 0xff) << 8
                    | bright(colour & 0xff);
        }
        for (int index = 0; index < blended.length; index++) {
            double colour = index / LEVELS * Constants.FILL_OPACITY;
            blended[index] = (byte) Math.rint(index % LEVELS * (1 - Constants.FILL_OPACITY) + colour);
        }
    }

    /** Outlines are brighter than fills, to be seen where the object has the fill's colour. */
    private static int bright(int level) {
        return (int) Math.rint((level + 255) / 2.0);
    }

    /**
     * Draws a mask as a layer to lie over a picture.
     *
     * @param argb one {@code 0xAARRGGBB} (not premultiplied) for each pixel, row by row. 0 where there is no object.
     *     The array of the call before is cleared only where that call drew, so nothing else may have been drawn on it
     *     meanwhile; another array is cleared as a whole.
     * @throws InvalidInputException the mask or the layer has another size than this overlay
     */
    public void draw(Mask mask, int[] argb) {
        check(mask);
        if (argb.length != width * height) {
            throw new InvalidInputException("a layer of " + width + "x" + height + " has " + width * height
                    + " pixels, not " + argb.length + "; pass one number for each pixel");
        }
        clear(argb);
        contour.trace(mask);
        left = contour.left();
        top = contour.top();
        right = contour.right();
        bottom = contour.bottom();
        for (int y = top; y < bottom; y++) {
            for (int at = y * width + left; at < y * width + right; at++) {
                int outline = contour.ids[at] & 0xff;
                argb[at] = outline != 0 ? outlines[outline] : fills[mask.ids[at] & 0xff];
            }
        }
    }

    /**
     * Draws a mask over a frame.
     *
     * @param out becomes the picture; it may be the frame itself
     * @throws InvalidInputException frame, mask or out have another size than this overlay
     */
    public void blend(RgbImage frame, Mask mask, RgbImage out) {
        check(mask);
        check(frame);
        check(out);
        System.arraycopy(frame.pixels, 0, out.pixels, 0, frame.pixels.length);
        contour.trace(mask);
        for (int y = contour.top(); y < contour.bottom(); y++) {
            for (int at = y * width + contour.left(); at < y * width + contour.right(); at++) {
                if (contour.ids[at] != 0) {
                    put(outlines[contour.ids[at] & 0xff], out.pixels, at * CHANNELS);
                } else if (mask.ids[at] != 0) {
                    mix(fills[mask.ids[at] & 0xff], out.pixels, at * CHANNELS);
                }
            }
        }
    }

    private static void put(int colour, byte[] pixels, int at) {
        pixels[at] = (byte) (colour >> 16);
        pixels[at + 1] = (byte) (colour >> 8);
        pixels[at + 2] = (byte) colour;
    }

    private void mix(int colour, byte[] pixels, int at) {
        pixels[at] = blended[(colour >> 16 & 0xff) * LEVELS + (pixels[at] & 0xff)];
        pixels[at + 1] = blended[(colour >> 8 & 0xff) * LEVELS + (pixels[at + 1] & 0xff)];
        pixels[at + 2] = blended[(colour & 0xff) * LEVELS + (pixels[at + 2] & 0xff)];
    }

    private void clear(int[] argb) {
        if (argb != layer) {
            Arrays.fill(argb, 0);
            layer = argb;
            return;
        }
        for (int y = top; y < bottom; y++) {
            Arrays.fill(argb, y * width + left, y * width + right, 0);
        }
    }

    private void check(Mask mask) {
        if (mask.width != width || mask.height != height) {
            throw unfit("a mask " + mask.width + "x" + mask.height);
        }
    }

    private void check(RgbImage frame) {
        if (frame.width != width || frame.height != height) {
            throw unfit("a frame " + frame.width + "x" + frame.height);
        }
    }

    private InvalidInputException unfit(String what) {
        return new InvalidInputException("cannot draw with " + what + " in an overlay of " + width + "x" + height
                + "; pass a mask and frames of one size");
    }
}

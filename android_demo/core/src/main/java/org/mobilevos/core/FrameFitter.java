package org.mobilevos.core;

import java.nio.FloatBuffer;

/**
 * Brings frames and masks to the model's size, as {@code fit_frame}, {@code fit_masks} and {@code fit_planes} of the
 * Python SDK. Its buffers grow with what it is given, and then stay; for one thread at a time.
 */
public final class FrameFitter {
    private static final int CHANNELS = RgbImage.CHANNELS;
    private static final int BORDER_CELLS = 64;

    private final float[] border = new float[BORDER_CELLS * CHANNELS];
    private final Resize pixels;
    private final Resize shares;
    private final Resize numbers;
    // One scaled row, and the whole content where it is turned; both hold pixels or shares.
    private float[] row = {};
    private float[] turned = {};
    // Cells of one row of the content with the shares of all objects.
    private float[] cells = {};
    private Fit fit;
    private RgbImage frame;
    private Mask mask;
    private byte object;
    private float[] plane;

    /** A fitter with the colour, 0..255, of what the model sees around a frame of another aspect ratio. */
    public FrameFitter(int red, int green, int blue) {
        for (int cell = 0; cell < BORDER_CELLS; cell++) {
            border[cell * CHANNELS] = red;
            border[cell * CHANNELS + 1] = green;
            border[cell * CHANNELS + 2] = blue;
        }
        pixels = Resize.ofRgb(new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                readPixels(y, values);
            }
        });
        shares = Resize.ofPlane(new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                readShares(y, values);
            }
        });
        numbers = Resize.ofPlane(new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                readNumbers(y, values);
            }
        });
    }

    /**
     * Writes a frame into a tensor, and its border.
     *
     * @param fit where the frame lies
     * @param out (1, H, W, 3), becomes integers of 0..255
     * @throws InvalidInputException the frame has not the fit's size
     */
    public void fitFrame(RgbImage frame, Fit fit, Tensor out) {
        Checks.next(frame, fit);
        this.frame = frame;
        begin(pixels, CHANNELS, fit);
        int length = fit.contentWidth * CHANNELS;
        int right = fit.modelWidth - fit.left - fit.contentWidth;
        out.floats.rewind();
        putBorder(fit.top * fit.modelWidth, out.floats);
        for (int y = 0; y < fit.contentHeight; y++) {
            putBorder(fit.left, out.floats);
            if (fit.rotated) {
                out.floats.put(turned, y * length, length);
            } else {
                pixels.row(y, row);
                out.floats.put(row, 0, length);
            }
            putBorder(right, out.floats);
        }
        putBorder((fit.modelHeight - fit.top - fit.contentHeight) * fit.modelWidth, out.floats);
        out.floats.rewind();
    }

    /**
     * Writes the masks of some objects into a tensor. Each number is the share of the cell that the object covers, so
     * that a small object does not vanish.
     *
     * @param mask of the frame's size
     * @param ids the objects
     * @param fit where the frame lies
     * @param out (1, H, W, C) with as many channels as ids or more, becomes 0..1; further channels and the border
     *     become 0
     */
    public void fitMasks(Mask mask, int[] ids, Fit fit, Tensor out) {
        this.mask = mask;
        out.fill(0);
        for (int channel = 0; channel < ids.length; channel++) {
            object = (byte) ids[channel];
            fitChannel(shares, channel, fit, out);
        }
    }

    /**
     * Writes a plane of numbers into one channel of a tensor.
     *
     * @param plane (H, W) of the frame, row by row
     * @param fit where the frame lies
     * @param out (1, H, W, C); all but the channel's content stays as it is
     */
    void fitPlane(float[] plane, int channel, Fit fit, Tensor out) {
        this.plane = plane;
        fitChannel(numbers, channel, fit, out);
    }

    private void fitChannel(Resize resize, int channel, Fit fit, Tensor out) {
        int channels = out.side(3);
        cells = Buffers.atLeast(fit.contentWidth * channels, cells);
        begin(resize, 1, fit);
        for (int y = 0; y < fit.contentHeight; y++) {
            if (fit.rotated) {
                System.arraycopy(turned, y * fit.contentWidth, row, 0, fit.contentWidth);
            } else {
                resize.row(y, row);
            }
            putShares(y, channel, channels, out.floats);
        }
        out.floats.rewind();
    }

    /** Begins with the fit's region of what `resize` reads, and turns it if need be. */
    private void begin(Resize resize, int channels, Fit fit) {
        this.fit = fit;
        int width = fit.uprightWidth();
        int height = fit.uprightHeight();
        resize.begin(fit.region.width, fit.region.height, width, height);
        row = Buffers.atLeast(Math.max(width, fit.contentWidth) * channels, row);
        if (fit.rotated) {
            turned = Buffers.atLeast(width * height * channels, turned);
            turn(resize, channels);
        }
    }

    private void putBorder(int count, FloatBuffer out) {
        for (int left = count; left > 0; left -= BORDER_CELLS) {
            out.put(border, 0, Math.min(left, BORDER_CELLS) * CHANNELS);
        }
    }

    private void putShares(int y, int channel, int channels, FloatBuffer out) {
        int start = fit.cell(0, y) * channels;
        int length = fit.contentWidth * channels;
        out.position(start);
        out.get(cells, 0, length);
        for (int x = 0; x < fit.contentWidth; x++) {
            cells[x * channels + channel] = row[x];
        }
        out.position(start);
        out.put(cells, 0, length);
    }

    /** Scales and turns counter-clockwise: the right-most column becomes the first row. */
    private void turn(Resize resize, int channels) {
        int width = fit.contentHeight;
        for (int y = 0; y < fit.contentWidth; y++) {
            resize.row(y, row);
            for (int x = 0; x < width; x++) {
                int to = ((width - 1 - x) * fit.contentWidth + y) * channels;
                for (int channel = 0; channel < channels; channel++) {
                    turned[to + channel] = row[x * channels + channel];
                }
            }
        }
    }

    private void readPixels(int y, float[] values) {
        byte[] from = frame.pixels;
        int length = fit.region.width * CHANNELS;
        int start = fit.pixel(y) * CHANNELS;
        for (int index = 0; index < length; index++) {
            values[index] = from[start + index] & 0xff;
        }
    }

    private void readShares(int y, float[] values) {
        int width = fit.region.width;
        int start = fit.pixel(y);
        for (int x = 0; x < width; x++) {
            values[x] = mask.ids[start + x] == object ? 1 : 0;
        }
    }

    private void readNumbers(int y, float[] values) {
        System.arraycopy(plane, fit.pixel(y), values, 0, fit.region.width);
    }
}

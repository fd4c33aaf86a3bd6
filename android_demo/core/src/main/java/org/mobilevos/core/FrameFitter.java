package org.mobilevos.core;

import java.nio.FloatBuffer;

/**
 * Brings frames and masks of one size to the model's size, as {@code fit_frame} and {@code fit_masks} of the Python
 * SDK. Its buffers are made once; for one thread at a time.
 */
public final class FrameFitter {
    private static final int CHANNELS = RgbImage.CHANNELS;

    private final Fit fit;
    private final Resize pixels;
    private final Resize shares;
    // One scaled row, and the whole content where it is turned; both hold pixels or shares.
    private final float[] row;
    private final float[] turned;
    // Cells of one row of the content with the shares of all objects.
    private float[] cells = new float[0];
    private RgbImage frame;
    private Mask mask;
    private byte object;

    /** A fitter for frames and masks of the size that the fit is for. */
    public FrameFitter(Fit fit) {
        this.fit = fit;
        int width = fit.uprightWidth();
        int height = fit.uprightHeight();
        pixels = Resize.ofRgb(fit.frameWidth, fit.frameHeight, width, height, new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                readPixels(y, values);
            }
        });
        shares = Resize.ofPlane(fit.frameWidth, fit.frameHeight, width, height, new Resize.Rows() {
            @Override
            public void read(int y, float[] values) {
                readShares(y, values);
            }
        });
        row = new float[Math.max(width, fit.contentWidth) * CHANNELS];
        turned = new float[fit.rotated ? width * height * CHANNELS : 0];
    }

    /** A tensor (1, H, W, 3) filled with the border's colour, for {@link #fitFrame} to write to again and again. */
    public Tensor newFrameTensor(ArtifactSpec spec) {
        Tensor tensor = new Tensor(1, fit.modelHeight, fit.modelWidth, CHANNELS);
        for (int index = 0; index < tensor.size(); index++) {
            tensor.floats.put(index, spec.border(index % CHANNELS));
        }
        return tensor;
    }

    /**
     * Writes a frame into a tensor; its border stays as it is.
     *
     * @param out (1, H, W, 3), becomes integers of 0..255
     * @throws InvalidInputException the frame has not the fit's size
     */
    public void fitFrame(RgbImage frame, Tensor out) {
        Checks.next(frame, fit);
        this.frame = frame;
        pixels.begin();
        if (fit.rotated) {
            turn(pixels, CHANNELS);
        }
        for (int y = 0; y < fit.contentHeight; y++) {
            out.floats.position(fit.cell(0, y) * CHANNELS);
            int length = fit.contentWidth * CHANNELS;
            if (fit.rotated) {
                out.floats.put(turned, y * length, length);
            } else {
                pixels.row(y, row);
                out.floats.put(row, 0, length);
            }
        }
        out.floats.rewind();
    }

    /**
     * Writes the masks of some objects into a tensor. Each number is the share of the cell that the object covers, so
     * that a small object does not vanish.
     *
     * @param mask of the frame's size
     * @param ids the objects
     * @param out (1, H, W, C) with as many channels as ids or more, becomes 0..1; further channels and the border
     *     become 0
     */
    public void fitMasks(Mask mask, int[] ids, Tensor out) {
        this.mask = mask;
        int channels = out.side(3);
        if (cells.length < fit.contentWidth * channels) {
            cells = new float[fit.contentWidth * channels];
        }
        out.fill(0);
        for (int channel = 0; channel < ids.length; channel++) {
            object = (byte) ids[channel];
            shares.begin();
            if (fit.rotated) {
                turn(shares, 1);
            }
            for (int y = 0; y < fit.contentHeight; y++) {
                if (fit.rotated) {
                    System.arraycopy(turned, y * fit.contentWidth, row, 0, fit.contentWidth);
                } else {
                    shares.row(y, row);
                }
                putShares(y, channel, channels, out.floats);
            }
        }
        out.floats.rewind();
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
        int length = fit.frameWidth * CHANNELS;
        int start = y * length;
        for (int index = 0; index < length; index++) {
            values[index] = from[start + index] & 0xff;
        }
    }

    private void readShares(int y, float[] values) {
        int start = y * fit.frameWidth;
        for (int x = 0; x < fit.frameWidth; x++) {
            values[x] = mask.ids[start + x] == object ? 1 : 0;
        }
    }
}

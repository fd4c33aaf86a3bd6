package org.mobilevos.core;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * From the model's probabilities to object ids at the frame's own size, as {@code label} of the Python SDK. Its buffers
 * grow with the frames that need them, and then stay; for one thread at a time.
 */
public final class Labels {
    private static final float HALF = 0.5f;

    private Channel[] channels = new Channel[0];
    private float[] cells = {};
    // The probability of the likeliest of background and objects so far.
    private float[] best = {};
    private Fit fit;
    private FloatBuffer probabilities;
    private int stride;

    /**
     * Gives every pixel of the frame to the most probable of background and objects; what the model does not see is
     * background.
     *
     * @param probabilities (1, H, W, C) in 0..1 at the model's size; the background's is 1 minus the sum of the
     *     channels
     * @param idsByChannel of the first channels; 0 for an object that counts as background
     * @param channels how many of them count, 0 to C
     * @param fit where the frame lies
     * @param out of the frame's size
     */
    public void label(Tensor probabilities, int[] idsByChannel, int channels, Fit fit, Mask out) {
        begin(probabilities, channels, fit);
        int width = fit.region.width;
        if (!fit.isWhole()) {
            out.clear();
        }
        for (int y = 0; y < fit.region.height; y++) {
            for (int channel = 0; channel < channels; channel++) {
                this.channels[channel].row(y);
            }
            if (channels == 1) {
                threshold(this.channels[0].row, width, (byte) idsByChannel[0], out.ids, fit.pixel(y));
            } else {
                choose(idsByChannel, channels, width, out.ids, fit.pixel(y));
            }
        }
    }

    /**
     * Brings the probabilities of one channel to the frame's size.
     *
     * @param probabilities (1, H, W, C) at the model's size
     * @param fit where the frame lies
     * @param out (H, W) of the frame, row by row; 0 where the model does not see it
     */
    public void plane(Tensor probabilities, int channel, Fit fit, float[] out) {
        begin(probabilities, channel + 1, fit);
        if (!fit.isWhole()) {
            Arrays.fill(out, 0);
        }
        for (int y = 0; y < fit.region.height; y++) {
            channels[channel].row(y);
            System.arraycopy(channels[channel].row, 0, out, fit.pixel(y), fit.region.width);
        }
    }

    private void begin(Tensor tensor, int count, Fit fit) {
        this.fit = fit;
        probabilities = tensor.floats;
        stride = tensor.side(3);
        cells = Buffers.atLeast(fit.contentWidth * stride, cells);
        best = Buffers.atLeast(fit.region.width, best);
        int made = channels.length;
        if (made < count) {
            channels = Arrays.copyOf(channels, count);
            for (int channel = made; channel < count; channel++) {
                channels[channel] = new Channel(channel);
            }
        }
        for (int channel = 0; channel < count; channel++) {
            channels[channel].begin();
        }
    }

    private static void threshold(float[] probability, int width, byte id, byte[] out, int start) {
        for (int x = 0; x < width; x++) {
            out[start + x] = probability[x] > HALF ? id : 0;
        }
    }

    private void choose(int[] ids, int count, int width, byte[] out, int start) {
        Arrays.fill(best, 0, width, 0);
        for (int channel = 0; channel < count; channel++) {
            float[] probability = channels[channel].row;
            for (int x = 0; x < width; x++) {
                best[x] += probability[x];
            }
        }
        for (int x = 0; x < width; x++) {
            best[x] = 1 - best[x];
        }
        Arrays.fill(out, start, start + width, (byte) 0);
        for (int channel = 0; channel < count; channel++) {
            float[] probability = channels[channel].row;
            byte id = (byte) ids[channel];
            for (int x = 0; x < width; x++) {
                if (probability[x] > best[x]) {
                    best[x] = probability[x];
                    out[start + x] = id;
                }
            }
        }
    }

    /** The content of one channel on its way to the frame's size. */
    private final class Channel implements Resize.Rows {
        final int channel;
        final Resize resize = Resize.ofPlane(this);
        float[] row = {};

        Channel(int channel) {
            this.channel = channel;
        }

        void begin() {
            resize.begin(fit.uprightWidth(), fit.uprightHeight(), fit.region.width, fit.region.height);
            row = Buffers.atLeast(fit.region.width, row);
        }

        void row(int y) {
            resize.row(y, row);
        }

        @Override
        public void read(int y, float[] values) {
            if (fit.rotated) { // turned back clockwise: a column of the content, from below, is a row
                for (int x = 0; x < fit.contentHeight; x++) {
                    values[x] = probabilities.get(fit.cell(y, fit.contentHeight - 1 - x) * stride + channel);
                }
                return;
            }
            probabilities.position(fit.cell(0, y) * stride);
            probabilities.get(cells, 0, fit.contentWidth * stride);
            probabilities.rewind();
            for (int x = 0; x < fit.contentWidth; x++) {
                values[x] = cells[x * stride + channel];
            }
        }
    }
}

package org.mobilevos.core;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * From the model's probabilities to object ids at the frame's own size, as {@code label} of the Python SDK. Its buffers
 * are made with the first frame that needs them; for one thread at a time.
 */
public final class Labels {
    private static final float HALF = 0.5f;

    private final Fit fit;
    private Channel[] channels = new Channel[0];
    private float[] cells = new float[0];
    // The probability of the likeliest of background and objects so far.
    private final float[] best;
    private FloatBuffer probabilities;
    private int stride;

    /** Labels for frames of the size that the fit is for. */
    public Labels(Fit fit) {
        this.fit = fit;
        best = new float[fit.frameWidth];
    }

    /**
     * Gives every pixel of the frame to the most probable of background and objects.
     *
     * @param probabilities (1, H, W, C) in 0..1 at the model's size; the background's is 1 minus the sum of the
     *     channels
     * @param idsByChannel of the first channels; 0 for an object that counts as background
     * @param channels how many of them count, 0 to C
     * @param out of the frame's size
     */
    public void label(Tensor probabilities, int[] idsByChannel, int channels, Mask out) {
        begin(probabilities, channels);
        for (int y = 0; y < fit.frameHeight; y++) {
            for (int channel = 0; channel < channels; channel++) {
                this.channels[channel].row(y);
            }
            if (channels == 1) {
                threshold(this.channels[0].row, (byte) idsByChannel[0], out.ids, y * fit.frameWidth);
            } else {
                choose(idsByChannel, channels, out.ids, y * fit.frameWidth);
            }
        }
    }

    /**
     * Brings the probabilities of one channel to the frame's size.
     *
     * @param probabilities (1, H, W, C) at the model's size
     * @param out (H, W) of the frame, row by row
     */
    public void plane(Tensor probabilities, int channel, float[] out) {
        begin(probabilities, channel + 1);
        for (int y = 0; y < fit.frameHeight; y++) {
            channels[channel].row(y);
            System.arraycopy(channels[channel].row, 0, out, y * fit.frameWidth, fit.frameWidth);
        }
    }

    private void begin(Tensor tensor, int count) {
        probabilities = tensor.floats;
        stride = tensor.side(3);
        if (cells.length < fit.contentWidth * stride) {
            cells = new float[fit.contentWidth * stride];
        }
        int made = channels.length;
        if (made < count) {
            channels = Arrays.copyOf(channels, count);
            for (int channel = made; channel < count; channel++) {
                channels[channel] = new Channel(channel);
            }
        }
        for (int channel = 0; channel < count; channel++) {
            channels[channel].resize.begin();
        }
    }

    private static void threshold(float[] probability, byte id, byte[] out, int start) {
        for (int x = 0; x < probability.length; x++) {
            out[start + x] = probability[x] > HALF ? id : 0;
        }
    }

    private void choose(int[] ids, int count, byte[] out, int start) {
        Arrays.fill(best, 0);
        for (int channel = 0; channel < count; channel++) {
            float[] probability = channels[channel].row;
            for (int x = 0; x < best.length; x++) {
                best[x] += probability[x];
            }
        }
        for (int x = 0; x < best.length; x++) {
            best[x] = 1 - best[x];
        }
        Arrays.fill(out, start, start + best.length, (byte) 0);
        for (int channel = 0; channel < count; channel++) {
            float[] probability = channels[channel].row;
            byte id = (byte) ids[channel];
            for (int x = 0; x < best.length; x++) {
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
        final Resize resize;
        final float[] row = new float[fit.frameWidth];

        Channel(int channel) {
            this.channel = channel;
            resize = Resize.ofPlane(fit.uprightWidth(), fit.uprightHeight(), fit.frameWidth, fit.frameHeight, this);
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
